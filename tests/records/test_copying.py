"""Everything moves from one database to another, whichever they are, and is proved to be the same; or nothing moves."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, insert, select, text, update

from surveyapp.records.audit import list_audit, write_audit
from surveyapp.records.copying import (
    CopyDiffers,
    SourceChanged,
    TargetNotEmpty,
    copy_database,
    measure_database,
)
from surveyapp.records.database import Database, DatabaseFault, DatabaseNotMigrated, open_database
from surveyapp.records.migrations import revert
from surveyapp.records.tables import draft, metadata, response, role, survey, user_account
from tests.records.conftest import ACCOUNT
from tests.records.databases import NOW, insert_row, is_empty, read_rows

# Statements after which the database stores another receipt than it was given.
MEDDLING = {
    "sqlite": ("CREATE TRIGGER meddle AFTER INSERT ON response BEGIN UPDATE response SET receipt = 'another'; END",),
    "postgresql": (
        "CREATE FUNCTION meddle() RETURNS trigger AS $$BEGIN NEW.receipt = 'x'; RETURN NEW; END$$ LANGUAGE plpgsql",
        "CREATE TRIGGER meddle BEFORE INSERT ON response FOR EACH ROW EXECUTE FUNCTION meddle()",
    ),
}


def test_every_table_is_the_same_afterwards_and_counting_goes_on(source: Database, target: Database) -> None:
    tables = copy_database(source, target)
    assert {table.name for table in tables} == set(metadata.tables)
    assert all(table.is_equal and table.source.rows > 0 for table in tables)
    rows = read_rows(target)
    assert rows == read_rows(source)
    assert rows["survey"][0][3] == NOW and rows["round"][0][5]["ko"] == "가"
    with target.read() as connection:
        missing = connection.execute(
            select(role.c.name).where(role.c.permissions.is_(None), text("permissions IS NULL"))
        )
        assert len(missing.all()) == 2
    for database in (source, target):
        with database.write() as connection:
            write_audit(connection, actor="a", action="next", at=NOW)
            account = {**ACCOUNT, "fs_uniquifier": "4"}
            number = connection.execute(insert(user_account).values(account).returning(user_account.c.id)).scalar_one()
            insert_row(connection, "response", number=2, revision=2, submit_key="key-2", receipt="2345-6789-ABCE")
        with database.read() as connection:
            assert (list_audit(connection)[0].audit_id, number) == (4, 4)
    assert read_rows(target) == read_rows(source)


def test_a_target_with_rows_is_left_alone_unless_they_are_to_be_replaced(source: Database, target: Database) -> None:
    with target.write() as connection:
        insert_row(connection, "survey", survey_id="other")
        write_audit(connection, actor="a", action="b", at=NOW)
    before = read_rows(target)
    with pytest.raises(TargetNotEmpty, match=r"survey 1, audit_event 1|audit_event 1, survey 1.*--replace"):
        copy_database(source, target)
    assert read_rows(target) == before
    copy_database(source, target, replace=True)
    assert read_rows(target) == read_rows(source)
    copy_database(source, target, replace=True)  # and again
    assert read_rows(target) == read_rows(source)


def test_a_target_without_tables_is_given_them(source: Database, target: Database) -> None:
    revert(target, "base")
    copy_database(source, target)
    target.check_ready()


def test_a_source_of_another_version_is_refused(source: Database, target: Database) -> None:
    with source.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    with pytest.raises(DatabaseNotMigrated):
        copy_database(source, target)
    assert is_empty(target)


def test_a_value_that_comes_back_changed_is_noticed_and_nothing_kept(source: Database, target: Database) -> None:
    with target.write() as connection:
        for statement in MEDDLING[target.engine.dialect.name]:
            connection.execute(text(statement))
    with pytest.raises(CopyDiffers, match=r"in: response\.") as found:
        copy_database(source, target)
    assert [table.name for table in found.value.tables if not table.is_equal] == ["response"]
    assert is_empty(target)


def test_what_is_written_meanwhile_is_noticed_and_nothing_kept(source: Database, target: Database) -> None:
    others: list[Database] = [open_database(source.engine.url.render_as_string(hide_password=False))]

    def write_meanwhile(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        if "INSERT INTO response" in statement and others:
            other = others.pop()
            with other.write() as writing:
                writing.execute(update(draft).values(answers={"company_type": "bio"}))
            other.close()

    event.listen(target.engine, "before_cursor_execute", write_meanwhile)
    with pytest.raises(SourceChanged, match="stop `surveyapp serve`"):
        copy_database(source, target)
    assert others == []
    assert is_empty(target)


def test_the_proof_sees_any_change_and_no_order(source: Database) -> None:
    def measure() -> dict[str, str]:
        return {name: each.digest for name, each in measure_database(source).items()}

    with source.write() as connection:
        further = {"number": 2, "revision": 2, "submit_key": "key-2", "receipt": "2345-6789-ABCE"}
        insert_row(connection, "response", **further)
    before = measure()
    with source.write() as connection:  # the same rows, written in another order
        connection.execute(delete(response).where(response.c.number == 2))
        insert_row(connection, "response", **further)
    assert measure() == before
    for table, values in (
        (response, {"answers": {"company_type": "bio"}}),
        (response, {"edited_at": NOW}),
        (survey, {"revision": 7}),
        (draft, {"token_hash": b"u" * 32}),
        (user_account, {"active": False}),
    ):
        with source.write() as connection:
            first = list(table.primary_key.columns)[-1]
            lowest = connection.scalar(select(first).order_by(first).limit(1))
            connection.execute(update(table).where(first == lowest).values(**values))
        changed = measure()
        assert {name for name in before if changed[name] != before[name]} == {table.name}, values
        before = changed


def test_what_the_target_cannot_hold_stops_the_copy(migrated_file: Path, tmp_path: Path, postgres_url: str) -> None:
    """SQLite holds no text to the length of its column, PostgreSQL does: nothing half is kept, and no value told."""
    shutil.copy(migrated_file, tmp_path / "source.sqlite3")
    source, target = open_database(f"sqlite:///{tmp_path / 'source.sqlite3'}"), open_database(postgres_url)
    with source.write() as connection:
        insert_row(connection, "survey")
        insert_row(connection, "survey", survey_id="a very secret word " * 10)
    with pytest.raises(DatabaseFault, match="too long") as fault:
        copy_database(source, target)
    assert "secret" not in str(fault.value)
    assert is_empty(target)
    for database in (source, target):
        database.close()
