"""Proof that a post comes from a page of ours.

Respondents have no session: their forms carry an HMAC over the return, which never expires, or a start ticket, which
carries the token of the return to be. The desk uses Flask-WTF, tied to the session and without a time limit. Where the
proof is wrong the page comes back with everything typed: a desk view names who shows it with `@show_again_with`, a
respondent's view catches `ProofFault`.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Literal, TypeVar

from flask import Blueprint, Flask, current_app, request
from flask_wtf import CSRFProtect
from itsdangerous import BadSignature, URLSafeSerializer

from surveyapp.settings import Settings

View = TypeVar("View", bound=Callable[..., Any])
LinkKind = Literal["part", "own"]
FIELD = "csrf_token"
TICKET_FIELD = "ticket"
TOKEN_BYTES = 32
START_SALT = "start-ticket"
LINK_SALT = "link-ticket"


class ProofFault(Exception):
    """The posted proof is missing, wrong or of another form."""


def sign_draft(settings: Settings, draft_id: str) -> str:
    """The proof that the forms of one return carry (hexadecimal HMAC-SHA-256)."""
    return hmac.new(f"csrf:{settings.secret_key}".encode(), draft_id.encode(), sha256).hexdigest()


def name_browser_store(settings: Settings, draft_id: str) -> str:
    """Under which name a browser keeps what was typed into one return: it leads to nothing, unlike the link."""
    return hmac.new(f"store:{settings.secret_key}".encode(), draft_id.encode(), sha256).hexdigest()[:24]


def check_draft(settings: Settings, draft_id: str, posted: str | None) -> None:
    """Raises ProofFault unless `posted` is the proof of this return."""
    expected = sign_draft(settings, draft_id)
    if posted is None or not hmac.compare_digest(expected.encode(), posted.encode("utf-8", "replace")):
        raise ProofFault


def _open_serializer(settings: Settings, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(settings.secret_key, salt=salt, signer_kwargs={"digest_method": sha256})


def issue_start_ticket(settings: Settings, slug: str) -> str:
    """A signed ticket that carries a new token (256 random bits) for one round; posting it twice is one return."""
    return str(_open_serializer(settings, START_SALT).dumps([slug, secrets.token_urlsafe(TOKEN_BYTES)]))


def read_start_ticket(settings: Settings, slug: str, posted: str | None) -> str:
    """The token inside a ticket. Raises ProofFault where the ticket is not ours or is of another round."""
    return _read_ticket(settings, START_SALT, slug, posted)


def issue_link_ticket(settings: Settings, kind: LinkKind, draft_id: str) -> str:
    """A signed ticket that carries the token of a further link to a return; posting it twice makes one link."""
    name = f"{kind}:{sign_draft(settings, draft_id)}"
    return str(_open_serializer(settings, LINK_SALT).dumps([name, secrets.token_urlsafe(TOKEN_BYTES)]))


def read_link_ticket(settings: Settings, kind: LinkKind, draft_id: str, posted: str | None) -> str:
    """The token inside a ticket. Raises ProofFault where it is not ours, of another return or for another kind."""
    return _read_ticket(settings, LINK_SALT, f"{kind}:{sign_draft(settings, draft_id)}", posted)


def _read_ticket(settings: Settings, salt: str, name: str, posted: str | None) -> str:
    try:
        ticket_name, token = _open_serializer(settings, salt).loads(posted or "")
    except (BadSignature, ValueError, TypeError) as fault:
        raise ProofFault from fault
    if ticket_name != name:
        raise ProofFault
    return str(token)


def show_again_with(show: Callable[..., Any]) -> Callable[[View], View]:
    """Name the function that shows a desk form again, with what was typed, when its token is wrong."""

    def name_function(view: View) -> View:
        setattr(view, "show_again", show)  # noqa: B010 - functions have no such typed attribute
        return view

    return name_function


def find_page_to_show_again() -> Callable[..., Any] | None:
    return getattr(current_app.view_functions.get(request.endpoint or ""), "show_again", None)


def set_up_csrf(app: Flask, *without_session: Blueprint) -> None:
    app.config["WTF_CSRF_TIME_LIMIT"] = None
    app.config["WTF_CSRF_SSL_STRICT"] = False  # it wants a referrer, and ours are never sent
    protect = CSRFProtect(app)
    for blueprint in without_session:
        protect.exempt(blueprint)
