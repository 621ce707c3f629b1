"""What every reply tells the browser: content security policy, referrer, caching, framing.

Form pages forbid everything but our own files and demand Trusted Types. Pages with charts say `permit_charts()`: the
chart library writes an empty style element (its hash is allowed) and breaks under Trusted Types.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from flask import Flask, g, request
from werkzeug.wrappers import Response

from surveyapp.web.revalidation import KEPT, may_be_kept

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

EMPTY_STYLE = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
TRUSTED_TYPES_POLICY = "surveyapp"  # the one policy that our own script may create, for refreshed page fragments
# Of a page of somebody else's words: no script, no form, nothing loaded; styles stand in its elements.
SEALED = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in ("accelerometer", "camera", "geolocation", "gyroscope", "microphone", "payment", "usb")
)
FIXED = [
    ("Referrer-Policy", "no-referrer"),  # addresses of returns are their keys
    ("X-Content-Type-Options", "nosniff"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", PERMISSIONS),
    ("X-Robots-Tag", "noindex"),
]


def find_nonce() -> str:
    """The nonce of this reply's own script elements."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    nonce: str = g.nonce
    return nonce


def permit_charts() -> None:
    """Let this reply draw charts."""
    g.draws_charts = True


def permit_own_frames() -> None:
    """Let this reply hold a frame with another page of ours."""
    g.holds_frames = True


def seal_framed_page() -> None:
    """This reply is HTML that was written for others, such as a mail: shown in a frame, and able to do nothing."""
    g.is_framed = True


def build_policy(nonce: str, *, draws_charts: bool, holds_frames: bool = False) -> str:
    policy = [
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'",
        f"style-src 'self' {EMPTY_STYLE}" if draws_charts else "style-src 'self'",
        "img-src 'self' data: blob:" if draws_charts else "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    if holds_frames:
        policy.append("frame-src 'self'")
    if not draws_charts:
        policy += ["require-trusted-types-for 'script'", f"trusted-types {TRUSTED_TYPES_POLICY}"]
    return "; ".join(policy)


def _find_policy() -> str:
    return build_policy(
        find_nonce(), draws_charts=g.get("draws_charts", False), holds_frames=g.get("holds_frames", False)
    )


def _write_headers(response: Response) -> Response:
    headers = response.headers
    is_framed = g.get("is_framed", False) and response.status_code < 400
    if response.status_code != 304:  # what the browser kept has the policy that it came with
        headers["Content-Security-Policy"] = SEALED if is_framed else _find_policy()
    headers["X-Frame-Options"] = "SAMEORIGIN" if is_framed else "DENY"
    headers["X-Request-Id"] = g.get("request_id", "-")
    if request.is_secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    if may_be_kept(response):
        headers["Cache-Control"] = KEPT
    elif request.endpoint != "static" or response.status_code >= 400:
        headers["Cache-Control"] = "no-store"
    return response


class _FixedHeaders:
    """Adds what is the same on every reply, around the application, where it costs least."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status: str, headers: list[tuple[str, str]], *fault: Any) -> Any:
            return start_response(status, [*headers, *FIXED], *fault)

        return self._application(environ, start)


def set_up_headers(app: Flask) -> None:
    app.after_request(_write_headers)
    app.wsgi_app = _FixedHeaders(app.wsgi_app)  # type: ignore[method-assign]
    app.jinja_env.globals["csp_nonce"] = find_nonce
