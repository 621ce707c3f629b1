from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from surveyapp.records.accounts import map_accounts, open_account_session
from surveyapp.records.database import Database, DatabaseRefused
from surveyapp.records.tables import survey, user_account
from tests.records.databases import NOW, insert_row


class Person:
    email: str
    roles: list[Any]
    create_datetime: datetime

    def greet(self) -> str:
        return f"hello {self.email}"


class Duty:
    pass


User, Role = map_accounts(Person, Duty)


def _make_user(email: str, *roles: Any) -> Any:
    return User(
        email=email, active=True, fs_uniquifier=email, create_datetime=NOW, update_datetime=NOW, roles=list(roles)
    )


def test_accounts_have_the_given_bases_and_their_roles(database: Database) -> None:
    session = open_account_session(database)
    session.add(_make_user("a@example.org", Role(name="viewer"), Role(name="analyst")))
    session.commit()
    session.remove()
    user = session.execute(select(User)).scalar_one()
    assert isinstance(user, Person) and user.greet() == "hello a@example.org"
    assert [role.name for role in user.roles] == ["analyst", "viewer"]
    assert [role.users for role in user.roles] == [[user], [user]]
    assert user.create_datetime == NOW
    session.remove()


def test_classes_can_be_mapped_for_more_than_one_application() -> None:
    other_user, other_role = map_accounts(Person, Duty)
    assert other_user is not User and other_role is not Role


def test_a_session_that_only_reads_holds_nobody_up(database: Database) -> None:
    session = open_account_session(database)
    assert session.execute(select(User)).scalars().all() == []
    with database.write() as connection:
        insert_row(connection, "survey")
    assert session.execute(select(survey.c.revision)).scalar_one() == 1
    session.remove()


def test_a_session_that_has_read_can_write_after_another_writer(database: Database) -> None:
    """With an ordinary deferred transaction SQLite would refuse the flush as busy."""
    session = open_account_session(database)
    session.add(_make_user("a@example.org"))
    session.commit()
    user = session.execute(select(User)).scalar_one()
    with database.write() as connection:
        connection.execute(update(user_account).values(login_count=1))
    user.active = False
    session.commit()
    session.remove()
    with database.read() as reader:
        assert reader.execute(select(user_account.c.active)).scalar_one() is False


def test_a_change_that_is_rolled_back_leaves_nothing(database: Database) -> None:
    session = open_account_session(database)
    session.add(_make_user("a@example.org"))
    session.flush()
    session.rollback()
    assert session.execute(select(User)).scalars().all() == []
    session.remove()


def test_deleting_an_account_takes_its_roles_along(database: Database) -> None:
    session = open_account_session(database)
    session.add(_make_user("a@example.org", Role(name="viewer")))
    session.commit()
    session.delete(session.execute(select(User)).scalar_one())
    session.commit()
    assert session.execute(select(Role)).scalar_one().users == []
    session.remove()


def test_accounts_written_beside_the_session_are_held_to_the_same_rules(database: Database) -> None:
    values = {"email": "a@example.org", "active": True, "create_datetime": NOW, "update_datetime": NOW}
    twice = [{**values, "fs_uniquifier": uniquifier} for uniquifier in ("1", "2")]
    with pytest.raises(DatabaseRefused), database.write() as connection:
        connection.execute(user_account.insert(), twice)
