"""How long a page may work on what it releases: somebody waits for it, and nobody for a job."""

from __future__ import annotations

from contextlib import ExitStack

from flask import Flask, g

from surveyapp.analysis.disclosure import limit_time
from surveyapp.web.installation import find_installation


def set_up_time_limit(app: Flask) -> None:
    def begin() -> None:
        g.time_limit = ExitStack()
        g.time_limit.enter_context(limit_time(find_installation().settings.disclosure_seconds))

    def end(fault: BaseException | None) -> None:
        stack: ExitStack | None = g.pop("time_limit", None)
        if stack is not None:
            stack.close()

    app.before_request(begin)
    app.teardown_request(end)
