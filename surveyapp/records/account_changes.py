"""Changes to staff accounts, each in the caller's transaction, so that it is kept together with its audit row."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from surveyapp.records.database import lock_additions
from surveyapp.records.tables import role, user_account, user_roles

ROLE_NAMES = ("viewer", "analyst", "manager", "admin")


class AccountUnknown(Exception):
    """No account has this address."""


class AccountExists(Exception):
    """An account with this address exists already."""


class RoleUnknown(Exception):
    """There is no such role; the message names it and those there are."""


@dataclass(frozen=True, slots=True)
class Account:
    """A staff account. `has_password` is False until its first link was used."""

    account_id: int
    email: str
    is_active: bool
    has_password: bool


def find_account(connection: Connection, email: str) -> Account:
    """The account with this address, in whatever case it is written. Raises AccountUnknown."""
    query = select(user_account).where(func.lower(user_account.c.email) == email.lower())
    row = connection.execute(query).one_or_none()
    if row is None:
        raise AccountUnknown(f"no account has the address {email}")
    return Account(row.id, row.email, row.active, row.password is not None)


def list_accounts_of_role(connection: Connection, role_name: str) -> tuple[Account, ...]:
    query = (
        select(user_account)
        .join(user_roles, user_roles.c.user_id == user_account.c.id)
        .join(role, role.c.id == user_roles.c.role_id)
        .where(role.c.name == role_name)
        .order_by(user_account.c.id)
    )
    return tuple(Account(row.id, row.email, row.active, row.password is not None) for row in connection.execute(query))


def add_account(connection: Connection, *, email: str, role_name: str, now: datetime) -> Account:
    """An account without a password, which a link sets later. Raises AccountExists and RoleUnknown."""
    role_id = _find_role_id(connection, role_name)
    try:
        find_account(connection, email)
    except AccountUnknown:
        pass
    else:
        raise AccountExists(f"an account with the address {email} exists already")
    added = connection.execute(
        insert(user_account)
        .values(
            email=email,
            password=None,
            active=True,
            fs_uniquifier=_make_uniquifier(),
            create_datetime=now,
            update_datetime=now,
        )
        .returning(user_account.c.id)
    ).scalar_one()
    connection.execute(insert(user_roles).values(user_id=added, role_id=role_id))
    return Account(added, email, True, False)


def replace_role(connection: Connection, account_id: int, role_name: str, now: datetime) -> None:
    """Give the account this role alone. Raises RoleUnknown."""
    role_id = _find_role_id(connection, role_name)
    connection.execute(delete(user_roles).where(user_roles.c.user_id == account_id))
    connection.execute(insert(user_roles).values(user_id=account_id, role_id=role_id))
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(update_datetime=now))


def replace_password(connection: Connection, account_id: int, password_hash: str, now: datetime) -> None:
    """Keep a new hash. The account's key changes with it, which ends every session and spends every link."""
    values = {"password": password_hash, "fs_uniquifier": _make_uniquifier(), "update_datetime": now}
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(values))


def end_sessions(connection: Connection, account_id: int, now: datetime) -> None:
    """Make every session of the account worthless, and every link that was not used yet, by changing its key."""
    values = {"fs_uniquifier": _make_uniquifier(), "update_datetime": now}
    connection.execute(update(user_account).where(user_account.c.id == account_id).values(values))


def note_sign_in(connection: Connection, account_id: int, now: datetime) -> None:
    connection.execute(
        update(user_account)
        .where(user_account.c.id == account_id)
        .values(
            last_login_at=func.coalesce(user_account.c.current_login_at, now),
            current_login_at=now,
            login_count=func.coalesce(user_account.c.login_count, 0) + 1,
        )
    )


def _make_uniquifier() -> str:
    return secrets.token_hex(16)


def _find_role_id(connection: Connection, role_name: str) -> int:
    if role_name not in ROLE_NAMES:
        raise RoleUnknown(f"there is no role {role_name}; there are {', '.join(ROLE_NAMES)}")
    lock_additions(connection)
    found = connection.scalar(select(role.c.id).where(role.c.name == role_name))
    if found is None:
        found = connection.execute(insert(role).values(name=role_name).returning(role.c.id)).scalar_one()
    return int(found)
