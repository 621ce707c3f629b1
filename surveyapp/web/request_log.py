"""One line a request, in which no token, answer or address of a person can stand.

Only the path is written, never the query or the body, and the secret part of a private link is masked. Of a fault the
log holds its type and the places in the code, not its message: messages of libraries quote what was typed.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback

from flask import Flask, g, request
from werkzeug.wrappers import Response

SECRET_PART = re.compile(r"(/r/|/desk/reset/)[^/?#\s]+")
NOT_ON_A_LINE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")  # an address that holds these would forge lines
logger = logging.getLogger("surveyapp.requests")


def mask_path(path: str) -> str:
    return SECRET_PART.sub(r"\1…", path)


def write_path(path: str) -> str:
    """A requested path as it may stand in a log: on one line, without the secret part of a private link."""
    return mask_path(NOT_ON_A_LINE.sub("\N{REPLACEMENT CHARACTER}", path))


class MaskSecrets(logging.Filter):
    """Masks private links in messages of servers and libraries."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = mask_path(record.getMessage())
        record.args = None
        return True


def describe_fault(fault: BaseException) -> str:
    """Type and stack of a fault and of what caused it, without any message."""
    lines: list[str] = []
    seen: BaseException | None = fault
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def _open_entry() -> None:
    g.request_id = secrets.token_hex(6)
    g.started = time.perf_counter()


def _write_entry(response: Response) -> Response:
    took_ms = (time.perf_counter() - g.get("started", time.perf_counter())) * 1000
    logger.info(
        "%s %s %s %d %.0fms",
        g.get("request_id", "-"),
        request.method,
        write_path(request.path),
        response.status_code,
        took_ms,
    )
    return response


def set_up_request_log(app: Flask) -> None:
    app.before_request(_open_entry)
    app.after_request(_write_entry)


def write_to_standard_error(level: int = logging.INFO) -> None:
    """Send our log lines to standard error, where a service manager collects them."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    handler.addFilter(MaskSecrets())
    root = logging.getLogger("surveyapp")
    root.handlers[:] = [handler]
    root.setLevel(level)
    root.propagate = False
