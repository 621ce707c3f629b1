"""The name under which a browser keeps what is sent."""

from __future__ import annotations

from urllib.parse import quote

from werkzeug.wrappers import Response


def name_sent_file(response: Response, name: str, *, is_shown: bool = False) -> Response:
    """The reply as a file of that name (RFC 6266), to be kept; `is_shown` lets the browser show what it can."""
    disposition = "inline" if is_shown else "attachment"
    response.headers["Content-Disposition"] = f"{disposition}; filename=\"{name}\"; filename*=UTF-8''{quote(name)}"
    return response
