"""Figures that a browser may keep, if it asks every time whether they still hold.

The mark of a page (`ETag`) is made from all that it says, so it changes with the responses, the filters, the language,
the notes and the program, and nothing has to be listed. It also holds whose session the page was made for: another
session's forms carry a proof that is refused. That proof itself is new every second and left out.

No shared cache keeps such a page, and signing out clears the browser's own.
"""

from __future__ import annotations

import hmac
from hashlib import sha256

from flask import Flask, current_app, g, request, session
from flask_security import current_user
from werkzeug.wrappers import Response

from surveyapp.web.csrf import FIELD

KEPT = "private, no-cache"  # kept by the browser alone, and shown only after asking


def let_browser_keep() -> None:
    """Let the browser keep this reply and ask whether it still holds."""
    g.may_be_kept = True


def may_be_kept(response: Response) -> bool:
    return bool(g.get("may_be_kept", False)) and response.status_code in (200, 304)


def _revalidate(response: Response) -> Response:
    if not may_be_kept(response) or request.method not in ("GET", "HEAD") or response.is_streamed:
        return response
    response.set_etag(_find_mark(response.get_data()), weak=True)  # the same page, compressed or not
    return response.make_conditional(request.environ)


def _find_mark(body: bytes) -> str:
    token = g.get(FIELD, "").encode()
    said = body.replace(token, b"") if token else body
    owner = f"{current_user.get_id()} {session.get(FIELD, '')}"
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, owner.encode() + b"\n" + said, sha256).hexdigest()[:32]


def set_up_revalidation(app: Flask) -> None:
    app.after_request(_revalidate)
