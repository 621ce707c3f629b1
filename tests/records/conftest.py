"""Tests of records run on both databases; what only SQLite has is in the files that are named after it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, insert

from surveyapp.records.audit import write_audit
from surveyapp.records.database import Database, open_database
from surveyapp.records.tables import audit_event, role, user_account, user_roles
from tests.database_kinds import DatabaseKind, run_on_both
from tests.postgres_server import PostgresServer
from tests.records.databases import NOW, ROWS, insert_rows

__all__ = ["run_on_both"]

ACCOUNT = {"email": "a@example.org", "active": True, "create_datetime": NOW, "update_datetime": NOW}


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    database = open_database(migrated_url, wait_seconds=2)
    yield database
    database.close()


@pytest.fixture
def source(database: Database) -> Database:
    """A database with rows in every table, of which some numbers were given out and are gone."""
    with database.write() as connection:
        insert_rows(connection, *ROWS)
        connection.execute(insert(role), [{"name": "viewer"}, {"name": "analyst"}])
        for number in (1, 2, 3):
            email = f"{number}@example.org"
            connection.execute(insert(user_account), {**ACCOUNT, "email": email, "fs_uniquifier": f"{number}"})
            write_audit(connection, actor=email, action="a", at=NOW, details={"수": number, "없음": None})
        connection.execute(insert(user_roles), {"user_id": 2, "role_id": 1})
        connection.execute(delete(user_account).where(user_account.c.id == 1))
        connection.execute(delete(audit_event).where(audit_event.c.audit_id == 1))
    return database


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A database with all tables and no rows, beside the one of the test."""
    kind: DatabaseKind = request.param
    if kind == "sqlite":
        path = tmp_path / "target.sqlite3"
        shutil.copy(migrated_file, path)
        database = open_database(f"sqlite:///{path}")
        yield database
        database.close()
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create()
    database = open_database(url)
    yield database
    database.close()
    server.drop(url)
