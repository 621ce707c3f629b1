"""How often one address may try to sign in or start a return."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from surveyapp.settings import Settings
from surveyapp.web.security import drop_hooks

EXTENSION = "surveyapp-limits"
LEAST_WAIT_S = 60
View = TypeVar("View", bound=Callable[..., Any])


def limit_sign_in(view: View) -> View:
    """Count the posts to this view against the limit of sign-ins."""
    setattr(view, "rate_limit", "rate_limit_sign_in")  # noqa: B010 - functions have no such typed attribute
    return view


def limit_start(view: View) -> View:
    """Count the posts to this view against the limit of returns started."""
    setattr(view, "rate_limit", "rate_limit_start")  # noqa: B010 - functions have no such typed attribute
    return view


def set_up_limits(app: Flask, settings: Settings) -> None:
    """Wrap the marked views. To be called after every view is registered."""
    limiter = Limiter(
        get_remote_address,
        app=app,
        storage_uri=settings.rate_limit_storage,
        strategy="fixed-window",
        headers_enabled=False,  # its Retry-After would replace that of other faults
    )
    app.extensions[EXTENSION] = limiter
    drop_hooks(app, limiter)  # the marked views check for themselves
    for endpoint, view in list(app.view_functions.items()):
        setting = getattr(view, "rate_limit", None)
        if setting is not None:
            limit: Callable[[Any], Any] = limiter.limit(getattr(settings, setting), methods=["POST"])
            app.view_functions[endpoint] = limit(view)


def count_seconds_to_wait() -> int:
    """After a limit was passed: seconds until the address may try again."""
    limiter: Limiter = current_app.extensions[EXTENSION]
    passed = limiter.current_limit
    return max(1, round(passed.reset_at - time.time())) if passed is not None else LEAST_WAIT_S
