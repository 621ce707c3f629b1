"""`user add` and `user reset`: staff accounts, whose owners set the password themselves through a link."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from surveyapp.commands.installation import find_actor, open_installation
from surveyapp.records.account_changes import (
    ROLE_NAMES,
    AccountExists,
    AccountUnknown,
    add_account,
    find_account,
)
from surveyapp.records.audit import write_audit
from surveyapp.settings import Settings
from surveyapp.web.password_links import RESET_LINK_DAYS, AddressUnusable, check_address, make_password_link


@click.group()
def user() -> None:
    """Staff accounts."""


@user.command()
@click.argument("address")
@click.option("--role", required=True, type=click.Choice(ROLE_NAMES), help="What the account may see and do.")
def add(address: str, role: str) -> None:
    """Make an account for the e-mail ADDRESS and print the link that sets its password."""
    with open_installation() as installation:
        try:
            email = check_address(address)
            now = datetime.now(UTC)
            with installation.database.write() as connection:
                add_account(connection, email=email, role_name=role, now=now)
                details = {"account": email, "role": role}
                write_audit(connection, actor=find_actor(), action="account.added", details=details, at=now)
        except (AddressUnusable, AccountExists) as fault:
            raise click.ClickException(str(fault)) from fault
        _print_link(installation.settings, email)


@user.command()
@click.argument("address")
def reset(address: str) -> None:
    """Print a link that sets a new password for the account ADDRESS. The old password works until it is used."""
    with open_installation() as installation:
        try:
            with installation.database.write() as connection:
                found = find_account(connection, address)
                details = {"account": found.email}
                at = datetime.now(UTC)
                write_audit(connection, actor=find_actor(), action="account.link_made", details=details, at=at)
        except AccountUnknown as fault:
            raise click.ClickException(str(fault)) from fault
        _print_link(installation.settings, found.email)


def _print_link(settings: Settings, email: str) -> None:
    click.echo(f"{email} sets the password here (works once, for {RESET_LINK_DAYS} days):")
    click.echo(make_password_link(settings, email))
