"""What only SQLite does: its file, its log, its one writer."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select, update

from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnreachable,
    open_database,
    request_scrub,
)
from surveyapp.records.tables import audit_event, survey
from tests.database_kinds import DatabaseKind
from tests.records.databases import NOW, ROWS, SURVEY, insert_row, insert_rows


@pytest.fixture
def database_kind() -> DatabaseKind:
    return "sqlite"


@pytest.fixture
def path(migrated_url: str) -> Path:
    """A database file of the test's own, with all tables and no rows."""
    return Path(migrated_url.removeprefix("sqlite:///"))


def test_it_keeps_what_is_committed_through_a_loss_of_power_and_erases_for_good(database: Database) -> None:
    expected = {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "secure_delete": 1,
        "busy_timeout": 2000,
    }
    with database.read() as reader:
        for pragma, value in expected.items():
            assert reader.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == value


def test_a_file_that_can_only_be_read_is_readable_and_says_why_it_cannot_be_written(
    database: Database, path: Path
) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
    read_only = open_database(f"sqlite:///file:{path}?mode=ro&uri=true")
    with read_only.read() as reader:
        assert reader.execute(select(survey.c.survey_id)).scalar_one() == SURVEY
    with pytest.raises(DatabaseReadOnly), read_only.write() as connection:
        insert_row(connection, "company")
    with pytest.raises(DatabaseReadOnly):
        read_only.check_ready()
    read_only.close()


def test_a_full_database_keeps_what_it_has_and_nothing_of_what_did_not_fit(path: Path) -> None:
    database = open_database(f"sqlite:///{path}")

    def allow_no_more_pages(driver: sqlite3.Connection, entry: object) -> None:
        pages = driver.execute("PRAGMA page_count").fetchone()[0]
        driver.execute(f"PRAGMA max_page_count={pages}")

    event.listen(database.engine, "connect", allow_no_more_pages)
    with database.write() as connection:
        insert_row(connection, "survey")
    with pytest.raises(DatabaseFull), database.write() as connection:
        _fill_up(connection)
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 1
        assert reader.execute(select(audit_event)).all() == []
    database.check_ready()
    database.close()


def test_waiting_for_another_process_ends(path: Path) -> None:
    database = open_database(f"sqlite:///{path}", wait_seconds=0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseBusy), database.write():
        pass
    other.execute("ROLLBACK")
    with database.write():
        pass
    other.close()
    database.close()


def test_waiting_for_another_thread_ends(path: Path) -> None:
    database = open_database(f"sqlite:///{path}", wait_seconds=0.1)
    with database.write(), pytest.raises(DatabaseBusy), database.write():
        pass
    with database.write():
        pass
    database.close()


def test_running_out_of_connections_is_being_busy(path: Path) -> None:
    database = open_database(f"sqlite:///{path}", wait_seconds=0.05)
    held = [database.engine.connect() for _ in range(32)]
    with pytest.raises(DatabaseBusy), database.read():
        pass
    for connection in held:
        connection.close()
    database.close()


def test_a_file_that_was_never_set_up_is_said_to_be_so(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with pytest.raises(DatabaseNotMigrated, match="surveyapp init"):
        database.check_ready()
    with pytest.raises(DatabaseNotMigrated), database.read() as reader:
        reader.execute(select(survey))
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///{folder}/missing/survey.sqlite3",
        "sqlite:///{folder}",
        "sqlite:///{folder}/letter.txt",
    ],
)
def test_what_cannot_be_opened_is_unreachable(tmp_path: Path, url: str) -> None:
    (tmp_path / "letter.txt").write_text("This is a letter and no database. " * 100)
    database = open_database(url.format(folder=tmp_path))
    with pytest.raises(DatabaseUnreachable, match="SURVEYAPP_DATABASE_URL"):
        database.check_ready()
    with pytest.raises(DatabaseUnreachable), database.read() as reader:
        reader.execute(select(survey))


def test_a_scrubbed_erasure_leaves_no_trace_in_any_file(database: Database, path: Path) -> None:
    canary = "secret word of a company"
    with database.write() as connection:
        connection.execute(
            insert(audit_event).values(at=NOW, actor="a", action="b", details={"said": canary + "x" * 20_000})
        )
    assert canary in _read_files(path)
    with database.write() as connection:
        connection.execute(audit_event.delete())
        request_scrub(connection)
    assert canary not in _read_files(path)
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_scrub_never_fails_an_erasure_because_someone_reads(database: Database, path: Path) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
    with database.read() as reader:
        reader.execute(select(survey)).all()
        with database.write() as connection:
            connection.execute(update(survey).values(revision=5))
            request_scrub(connection)
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 5
        assert reader.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 2000


def test_rows_that_would_refer_to_nothing_stop_a_migration(database: Database) -> None:
    with database.write() as connection:
        insert_rows(connection, "survey", "questionnaire_version")
    with pytest.raises(DatabaseRefused, match="refer to nothing"), database.change_schema() as connection:
        connection.execute(survey.delete())
    with database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
        assert connection.execute(select(survey.c.survey_id)).scalar_one() == ROWS["survey"]["survey_id"]


def _fill_up(connection: Connection) -> None:
    connection.execute(update(survey).values(revision=7))
    connection.execute(insert(audit_event).values(at=NOW, actor="a", action="b", details={"long": "x" * 500_000}))


def _read_files(path: Path) -> str:
    files = [path, path.with_name(path.name + "-wal")]
    return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())
