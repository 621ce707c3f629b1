"""How often one address may try to sign in, start a return, ask for a mail, or open a link that leads to nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, parse

from surveyapp.settings import Settings
from surveyapp.web.security import drop_hooks

EXTENSION = "surveyapp-limits"
LINK_EXTENSION = "surveyapp-unknown-links"
_LINKS = "unknown link"
LEAST_WAIT_S = 60
_MARK = "rate_limit"
View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Which setting limits the posts to a view, and which of them it does not count."""

    setting: str
    exempt_when: Callable[[], bool] | None = None
    find_further_key: Callable[[], str] | None = None  # counted besides the network address, under the same limit


def limit_sign_in(view: View) -> View:
    """Count the posts to this view against the limit of sign-ins."""
    return _mark(view, RateLimit("rate_limit_sign_in"))


def limit_start(*, exempt_when: Callable[[], bool]) -> Callable[[View], View]:
    """Count the posts to this view against the limit of returns started, but for those that start none."""
    return lambda view: _mark(view, RateLimit("rate_limit_start", exempt_when))


def limit_mail(*, find_recipient: Callable[[], str]) -> Callable[[View], View]:
    """Count the posts to this view against the limit of mails asked for: from one address, and to one recipient."""
    return lambda view: _mark(view, RateLimit("rate_limit_mail", find_further_key=find_recipient))


def find_rate_limit(view: object) -> RateLimit | None:
    return getattr(view, _MARK, None)


def _mark(view: View, limit: RateLimit) -> View:
    setattr(view, _MARK, limit)
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
    app.extensions[LINK_EXTENSION] = parse(settings.rate_limit_link)
    drop_hooks(app, limiter)  # the marked views check for themselves
    for endpoint, view in list(app.view_functions.items()):
        marked = find_rate_limit(view)
        if marked is not None:
            allowed: str = getattr(settings, marked.setting)
            limit: Callable[[Any], Any] = limiter.limit(allowed, methods=["POST"], exempt_when=marked.exempt_when)
            limited = limit(view)
            if marked.find_further_key is not None:
                limited = limiter.limit(allowed, key_func=marked.find_further_key, methods=["POST"])(limited)
            app.view_functions[endpoint] = limited


def count_unknown_link() -> int:
    """Count a link that leads to nothing; seconds to wait where the address has tried too many, else 0.

    Whoever holds a genuine link is never kept waiting by others behind the same address: 192 random bits are not
    guessed, and the limit is there so that nobody makes us work by trying.
    """
    limiter: Limiter = current_app.extensions[EXTENSION]
    limit: RateLimitItem = current_app.extensions[LINK_EXTENSION]
    key = (_LINKS, get_remote_address())
    if limiter.limiter.hit(limit, *key):
        return 0
    reset_at, _left = limiter.limiter.get_window_stats(limit, *key)
    return max(1, round(reset_at - time.time()))


def count_seconds_to_wait() -> int:
    """After a limit was passed: seconds until the address may try again."""
    limiter: Limiter = current_app.extensions[EXTENSION]
    passed = limiter.current_limit
    return max(1, round(passed.reset_at - time.time())) if passed is not None else LEAST_WAIT_S
