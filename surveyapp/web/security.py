"""Flask-Security for the desk: sessions, password hashing and reset tokens over the account tables.

Its own views stay unregistered; `desk/sign_in.py` has ours, with our templates and one message for every failure.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext
from flask_security import RoleMixin, Security, SQLAlchemySessionUserDatastore, UserMixin
from werkzeug.middleware.proxy_fix import ProxyFix

from surveyapp.records.accounts import map_accounts, open_account_session
from surveyapp.records.database import Database
from surveyapp.settings import Settings

PASSWORD_LENGTH = 12
SESSION_HOURS = 12
RESET_LINK_DAYS = 3
SESSION_PATH = "/desk"  # respondents' pages never see the staff's session

User, Role = map_accounts(UserMixin, RoleMixin)


def set_up_security(app: Flask, settings: Settings, database: Database) -> None:
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="desk_session",
        SESSION_COOKIE_PATH=SESSION_PATH,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=SESSION_HOURS),
        SECURITY_PASSWORD_SALT=settings.password_salt,
        SECURITY_PASSWORD_HASH="argon2",
        SECURITY_PASSWORD_SCHEMES=["argon2", "plaintext"],  # the second is a form that Flask-Security wants listed
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=["plaintext"],
        SECURITY_PASSWORD_LENGTH_MIN=PASSWORD_LENGTH,
        SECURITY_PASSWORD_NORMALIZE_FORM="NFKC",
        SECURITY_RETURN_GENERIC_RESPONSES=True,
        SECURITY_RESET_PASSWORD_WITHIN=timedelta(days=RESET_LINK_DAYS),
        SECURITY_SEND_PASSWORD_RESET_NOTICE_EMAIL=False,
        SECURITY_API_ENABLED_METHODS=["session"],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False, "test_environment": True},
        SECURITY_USE_REGISTER_V2=True,
        SECURITY_MSG_PASSWORD_INVALID_LENGTH=(
            lazy_gettext("Choose a password of %(length)s to 128 characters."),
            "error",
        ),
        SECURITY_MSG_PASSWORD_NOT_PROVIDED=(lazy_gettext("Enter a password."), "error"),
        SECURITY_MSG_RETYPE_PASSWORD_MISMATCH=(lazy_gettext("The two passwords are not the same."), "error"),
    )
    session = open_account_session(database)
    app.teardown_appcontext(lambda fault: session.remove())
    security = Security(app, SQLAlchemySessionUserDatastore(session, User, Role), register_blueprint=False)
    security.login_manager.request_loader(lambda request: None)  # nobody signs in by a token in an address or header
    drop_hooks(app, security.principal)  # it would load the account before every request, also of respondents


def drop_hooks(app: Flask, extension: object) -> None:
    """Take back what an extension asked to be run before and after every request."""
    groups: tuple[Any, ...] = (app.before_request_funcs, app.after_request_funcs)
    for hooks in groups:
        hooks[None] = [hook for hook in hooks.get(None, []) if getattr(hook, "__self__", None) is not extension]


def trust_proxies(app: Flask, settings: Settings) -> None:
    """Take scheme and address of the client from as many proxies as the settings name."""
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
