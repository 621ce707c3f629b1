"""One line a request, in which no token, answer or address of a person can stand, and the id that people can quote.

A line holds the pattern of the route, with `<token>` where the token was, and never a path, query, body or header. The
client's address is left out: companies answer from fixed ones, so that a log of addresses would be a log of who
answered when. Against misuse the limits count addresses in memory, and the reverse proxy has its own log
(docs/server.md).
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, g, request
from werkzeug.wrappers import Response

from surveyapp.log_lines import open_logger
from surveyapp.settings import Settings
from surveyapp.web.access import name_kind_of_person
from surveyapp.web.metrics import Metrics

REQUEST_ID_HEADER = "X-Request-ID"
WELL_FORMED = re.compile(r"[0-9a-fA-F-]{16,64}", re.ASCII)  # a UUID or digits: nothing that could name a person
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

logger = open_logger("surveyapp.requests")


def find_route() -> str | None:
    """The pattern of the address asked for, `/r/<token>/check`; None where there is no such page."""
    return request.url_rule.rule if request.url_rule is not None else None


def name_method() -> str:
    """The method, as far as it is one: an unknown one is the client's own words."""
    return request.method if request.method in METHODS else "other"


def find_request_id(*, proxy_is_trusted: bool) -> str:
    """The id that a trusted proxy gave the request, if it is an id and nothing else; otherwise a new one."""
    given = request.headers.get(REQUEST_ID_HEADER, "") if proxy_is_trusted else ""
    return given if WELL_FORMED.fullmatch(given) else str(uuid.uuid4())


def set_up_request_log(app: Flask, settings: Settings, metrics: Metrics) -> None:
    def open_entry() -> None:
        g.request_id = find_request_id(proxy_is_trusted=settings.trusted_proxies > 0)
        g.started = time.perf_counter()  # monotonic, unlike the time of day
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        metrics.open_request()

    def close_entry(response: Response) -> Response:
        write = prepare_entry(response, metrics)
        if response.is_streamed and not response.direct_passthrough:
            response.call_on_close(write)  # only then is it known how long the making and sending took
        else:
            write()
        return response

    def forget_entry(fault: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()
        metrics.close_request()

    app.before_request(open_entry)
    app.after_request(close_entry)
    app.teardown_request(forget_entry)


def prepare_entry(response: Response, metrics: Metrics) -> Callable[[], None]:
    """A function that writes the line and counts the request, with all that is known while the request lasts."""
    started, deeds = g.get("started", time.perf_counter()), g.pop("deeds", [])
    endpoint, status = request.endpoint or "none", response.status_code
    fields: dict[str, Any] = {
        "request_id": g.get("request_id"),
        "method": name_method(),
        "route": find_route(),
        "endpoint": request.endpoint,
        "status": status,
    }
    size, role = response.content_length, name_kind_of_person()

    def write() -> None:
        seconds = time.perf_counter() - started
        logger.info("request", **fields, duration_ms=round(seconds * 1000, 1), bytes=size, role=role)
        metrics.count_request(fields["method"], endpoint, status, seconds, deeds)

    return write
