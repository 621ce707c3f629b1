"""Style sheets, scripts and fonts: addressed by their content, kept for a year, compressed once."""

from __future__ import annotations

import gzip
import mimetypes
import os
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

from flask import Flask, abort, request
from werkzeug.security import safe_join
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from surveyapp.web.access import PUBLIC, allow

FOLDER = Path(__file__).parent / "static"
YEAR = 365 * 24 * 3600
COMPRESSED = frozenset({".css", ".js", ".svg", ".json", ".txt"})
NEVER_EDITED = frozenset({".woff2"})  # a font that changes gets another name; style sheets name it without a digest


@lru_cache(maxsize=512)
def _digest_content(path: str, changed_ns: int) -> str:
    return sha256(Path(path).read_bytes()).hexdigest()[:12]


@lru_cache(maxsize=64)
def _compress_content(path: str, changed_ns: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), compresslevel=9, mtime=0)


def _name_digest(endpoint: str, values: dict[str, Any]) -> None:
    """Let `url_for("static", filename=…)` hold the digest of the file's content."""
    if endpoint == "static" and "digest" not in values:
        path = FOLDER / values["filename"]
        values["digest"] = _digest_content(str(path), path.stat().st_mtime_ns)


@lru_cache(maxsize=512)
def _write_address(filename: str, changed_ns: int) -> str:
    return f"/static/{_digest_content(str(FOLDER / filename), changed_ns)}/{quote(filename)}"


def find_static_url(filename: str) -> str:
    """The address of a file with the digest of its content. A page names ten, so each is put together once."""
    return request.script_root + _write_address(filename, os.stat(f"{FOLDER}/{filename}").st_mtime_ns)


@allow(PUBLIC)
def send_static_file(digest: str, filename: str) -> Response:
    joined = safe_join(str(FOLDER), filename)
    if joined is None or not Path(joined).is_file():
        abort(404)
    path = Path(joined)
    changed_ns = path.stat().st_mtime_ns
    own_digest = _digest_content(joined, changed_ns)
    if path.suffix in COMPRESSED and request.accept_encodings["gzip"]:
        mimetype = mimetypes.guess_type(path.name)[0]
        response = Response(_compress_content(joined, changed_ns), mimetype=mimetype)
        response.headers["Content-Encoding"] = "gzip"
        response.set_etag(f"{own_digest}-gzip")
        response.make_conditional(request.environ)
    else:
        response = send_file(path, request.environ, etag=own_digest, conditional=True)
    if path.suffix in COMPRESSED:
        response.headers["Vary"] = "Accept-Encoding"
    is_lasting = digest == own_digest or path.suffix in NEVER_EDITED
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable" if is_lasting else "no-cache"
    return response


def set_up_static_files(app: Flask) -> None:
    app.add_url_rule("/static/<digest>/<path:filename>", endpoint="static", view_func=send_static_file)
    app.url_defaults(_name_digest)
    app.jinja_env.globals["static_url"] = find_static_url
