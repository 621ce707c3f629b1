"""Signing in to the desk and out of it, and setting a password through a link that works once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_security import current_user, hash_password, login_user, logout_user
from flask_security.forms import LoginForm, ResetPasswordForm
from flask_security.recoverable import reset_password_token_status
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.records.account_changes import end_sessions, note_sign_in, replace_password
from surveyapp.records.audit import write_audit
from surveyapp.web.access import PUBLIC, SIGNED_IN, allow, find_desk_target
from surveyapp.web.csrf import show_again_with
from surveyapp.web.frame import Frame, Notice, SummaryFault, build_frame
from surveyapp.web.installation import find_installation
from surveyapp.web.limits import limit_sign_in
from surveyapp.web.locale import find_language, find_language_urls
from surveyapp.web.security import PASSWORD_LENGTH, RESET_LINK_DAYS

account = Blueprint("account", __name__, url_prefix="/desk")

UNKNOWN_ACTOR = "unknown account"  # what was typed is not kept: it may be a password in the wrong field


@dataclass(frozen=True, slots=True)
class SignInPage:
    """What templates/desk/sign_in.html shows."""

    frame: Frame
    csrf_token: str
    action: str
    email: str
    target: str  # path of the desk that was wanted
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class NewPasswordPage:
    """What templates/desk/new_password.html shows."""

    frame: Frame
    csrf_token: str
    action: str
    email: str
    minimum_length: int
    faults: tuple[SummaryFault, ...]
    password_fault: str
    repeat_fault: str


@dataclass(frozen=True, slots=True)
class LinkSpentPage:
    """What templates/desk/link_spent.html shows."""

    frame: Frame
    is_expired: bool
    days: int
    sign_in_url: str


def _build_frame() -> Frame:
    return build_frame(
        find_language(),
        site_name=_("Survey desk"),
        language_urls=find_language_urls(),
        home_url=url_for("account.sign_in"),
    )


def _show_sign_in(*, fault: str = "", notice: Notice | None = None) -> str:
    page = SignInPage(
        frame=_build_frame(),
        csrf_token=generate_csrf(),
        action=url_for("account.sign_in"),
        email=request.form.get("email", ""),
        target=find_desk_target(request.values.get("next", "")),
        faults=(SummaryFault(fault, "#email"),) if fault else (),
        notice=notice,
    )
    return render_template("desk/sign_in.html", page=page)


def _show_sign_in_again() -> str:
    return _show_sign_in(fault=_("The form had become stale. Please enter the password again and sign in."))


def _audit(actor: str, action: str) -> None:
    with find_installation().database.write() as connection:
        details = {"address": request.remote_addr or ""}
        write_audit(connection, actor=actor, action=action, details=details, at=datetime.now(UTC))


@account.route("/sign-in", methods=["GET", "POST"])
@allow(PUBLIC)
@limit_sign_in
@show_again_with(_show_sign_in_again)
def sign_in() -> Response | str | tuple[str, int]:
    target = find_desk_target(request.values.get("next", ""))
    if current_user.is_authenticated:
        return redirect(target, 303)
    if request.method != "POST":
        is_password_set = request.args.get("notice") == "password"
        notice = Notice(_("The password is set. You can sign in now."), "success") if is_password_set else None
        return _show_sign_in(notice=notice)
    form = LoginForm()
    if not form.validate():
        _audit(form.user.email if form.user else UNKNOWN_ACTOR, "account.sign_in_failed")
        return _show_sign_in(fault=_("The e-mail address or the password is not right.")), 422
    current_app.extensions["security"].datastore.commit()  # a hash that was renewed while it was checked
    user: Any = form.user
    with find_installation().database.write() as connection:
        now = datetime.now(UTC)
        note_sign_in(connection, user.id, now)
        details = {"address": request.remote_addr or ""}
        write_audit(connection, actor=user.email, action="account.signed_in", details=details, at=now)
    session.clear()
    session.permanent = True
    login_user(user, remember=False, authn_via=["password"])
    return redirect(target, 303)


@account.post("/sign-out")
@allow(SIGNED_IN)
def sign_out() -> Response:
    """End the account's sessions everywhere: the cookie holds the session, so a copy of it would outlive this one."""
    with find_installation().database.write() as connection:
        now = datetime.now(UTC)
        end_sessions(connection, current_user.id, now)
        details = {"address": request.remote_addr or ""}
        write_audit(connection, actor=current_user.email, action="account.signed_out", details=details, at=now)
    logout_user()
    session.clear()
    reply = redirect(url_for("account.sign_in"), 303)
    reply.headers["Clear-Site-Data"] = '"cache"'  # figures that the browser kept, also those behind its back button
    return reply


def _show_new_password(token: str, email: str, *, password_fault: str = "", repeat_fault: str = "") -> str:
    faults = (
        (password_fault, "#password", _("New password")),
        (repeat_fault, "#password_confirm", _("The same password again")),
    )
    page = NewPasswordPage(
        frame=_build_frame(),
        csrf_token=generate_csrf(),
        action=url_for("account.reset_password", token=token),
        email=email,
        minimum_length=PASSWORD_LENGTH,
        faults=tuple(SummaryFault(text, place, about) for text, place, about in faults if text),
        password_fault=password_fault,
        repeat_fault=repeat_fault,
    )
    return render_template("desk/new_password.html", page=page)


def _show_link_spent(*, is_expired: bool) -> str:
    page = LinkSpentPage(_build_frame(), is_expired, RESET_LINK_DAYS, url_for("account.sign_in"))
    return render_template("desk/link_spent.html", page=page)


def _show_new_password_again(token: str) -> str:
    expired, invalid, user = reset_password_token_status(token)
    if user is None or expired or invalid:
        return _show_link_spent(is_expired=expired)
    stale = _("The form had become stale. Please enter the new password again.")
    return _show_new_password(token, user.email, password_fault=stale)


@account.route("/reset/<token>", methods=["GET", "POST"])
@allow(PUBLIC)
@limit_sign_in
@show_again_with(_show_new_password_again)
def reset_password(token: str) -> Response | str | tuple[str, int]:
    """Whoever holds the link sets the password; the link works once, since the account's key changes with it."""
    expired, invalid, user = reset_password_token_status(token)
    if user is None or expired or invalid or not user.active:
        return _show_link_spent(is_expired=expired), 404
    if request.method != "POST":
        return _show_new_password(token, user.email)
    form = ResetPasswordForm()
    form.user = user
    if not form.validate():
        faults = {name: str(messages[0]) for name, messages in form.errors.items() if name and messages}
        shown = _show_new_password(
            token,
            user.email,
            password_fault=faults.get("password", ""),
            repeat_fault=faults.get("password_confirm", ""),
        )
        return shown, 422
    with find_installation().database.write() as connection:
        now = datetime.now(UTC)
        replace_password(connection, user.id, hash_password(form.password.data or ""), now)
        write_audit(connection, actor=user.email, action="account.password_set", details={}, at=now)
    session.clear()
    return redirect(url_for("account.sign_in", notice="password"), 303)
