"""Compress pages and figures.

Compression beside a secret is safe here because nobody else can ask for the page: a respondent's address is itself the
secret, and the staff's cookie is not sent with requests from other sites.
"""

from __future__ import annotations

import gzip

from flask import Flask, request
from werkzeug.wrappers import Response

SMALLEST = 1024
LEVEL = 4
COMPRESSED = frozenset({"text/html", "application/json"})


def _compress(response: Response) -> Response:
    if (
        response.mimetype not in COMPRESSED
        or response.is_streamed
        or response.direct_passthrough
        or "Content-Encoding" in response.headers
    ):
        return response
    response.headers["Vary"] = "Accept-Encoding"
    body = response.get_data()
    if len(body) >= SMALLEST and request.accept_encodings["gzip"] and request.method != "HEAD":
        response.set_data(gzip.compress(body, compresslevel=LEVEL, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def set_up_compression(app: Flask) -> None:
    app.after_request(_compress)
