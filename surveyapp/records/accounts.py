"""Staff accounts as mapped classes, and the session that reads and writes them.

What a user and a role can do is the affair of the sign-in library, which later steps know; they hand their base
classes in, and get classes mapped on our tables.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event
from sqlalchemy.orm import Session, registry, relationship, scoped_session, sessionmaker

from surveyapp.records.database import Database
from surveyapp.records.tables import metadata, role, user_account, user_roles


def map_accounts(user_base: type[Any], role_base: type[Any]) -> tuple[type[Any], type[Any]]:
    """Two new classes, `User(user_base)` and `Role(role_base)`, mapped on `user_account` and `role`.

    `User.roles` is a list of `Role`, `Role.users` its other side. Both take their columns as keyword arguments.
    """
    accounts = registry(metadata=metadata)
    user_class = type("User", (user_base,), {"__init__": _set_columns, "__module__": __name__})
    role_class = type("Role", (role_base,), {"__init__": _set_columns, "__module__": __name__})
    accounts.map_imperatively(role_class, role)
    accounts.map_imperatively(
        user_class,
        user_account,
        properties={
            "roles": relationship(
                role_class, secondary=user_roles, backref="users", lazy="selectin", order_by=role.c.name
            )
        },
    )
    accounts.configure()
    return user_class, role_class


def _set_columns(self: Any, **values: Any) -> None:
    for name, value in values.items():
        setattr(self, name, value)


class AccountSession(Session):
    """A session whose reads hold no transaction open and whose first change begins one that may write.

    On SQLite a transaction that has read and then writes fails at once when another process wrote in between, so the
    writing transaction is begun where the first change is flushed.
    """


def open_account_session(database: Database) -> scoped_session[AccountSession]:
    """One session for each thread; the edge calls `remove()` when a request ends."""
    engine = database.engine.execution_options(begin="LATE")
    return scoped_session(sessionmaker(engine, class_=AccountSession))


@event.listens_for(AccountSession, "before_flush")
def _begin_writing(session: Session, context: object, instances: object) -> None:
    _begin_late(session.connection())


def _begin_late(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite" and driver is not None and not driver.in_transaction:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
