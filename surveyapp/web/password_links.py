"""Links that set a password once, made by commands for staff accounts."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email
from flask import current_app, url_for
from flask_security.recoverable import generate_reset_password_token

from surveyapp.settings import Settings
from surveyapp.web import create_app
from surveyapp.web.security import RESET_LINK_DAYS

__all__ = ["RESET_LINK_DAYS", "AddressUnusable", "check_address", "make_password_link"]


class AddressUnusable(Exception):
    """An e-mail address that nobody could sign in with."""


def check_address(address: str) -> str:
    """The address as sign-in will compare it. Raises AddressUnusable."""
    try:
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as fault:
        raise AddressUnusable(f"{address} is no e-mail address: {fault}") from fault


def make_password_link(settings: Settings, email: str) -> str:
    """A link for the account with this address; it works once and for `RESET_LINK_DAYS` days."""
    app = create_app(settings)
    with app.test_request_context(base_url=settings.base_url):
        account = current_app.extensions["security"].datastore.find_user(case_insensitive=True, email=email)
        return url_for("account.reset_password", token=generate_reset_password_token(account), _external=True)
