from __future__ import annotations

import os
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select, text, update

from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnreachable,
    open_database,
    request_scrub,
)
from surveyapp.records.faults import find_postgres_fault
from surveyapp.records.tables import audit_event, survey
from tests.records.databases import NOW, ROWS, SURVEY, insert_row


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


def test_a_write_is_committed_at_the_end_of_its_block_and_not_before(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
        with database.read() as reader:
            assert reader.execute(select(survey)).all() == []
    with database.read() as reader:
        assert reader.execute(select(survey.c.survey_id)).scalars().all() == [SURVEY]


def test_nothing_is_kept_of_a_write_that_raises(database: Database) -> None:
    with pytest.raises(DatabaseRefused), database.write() as connection:
        connection.execute(insert(survey), [ROWS["survey"], {**ROWS["survey"], "survey_id": "b", "revision": -1}])
    with database.read() as reader:
        assert reader.execute(select(survey)).all() == []


def test_a_read_sees_one_moment_and_changes_nothing(database: Database) -> None:
    with database.read() as reader:
        assert reader.execute(select(survey)).all() == []
        with database.write() as connection:
            insert_row(connection, "survey")
        assert reader.execute(select(survey)).all() == []
    with database.read() as reader:
        reader.execute(update(survey).values(revision=99))
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 1


def test_a_transaction_that_reads_before_it_writes_waits_for_another_writer(database: Database, path: Path) -> None:
    """A deferred transaction would fail here at once, in spite of the waiting time."""
    other = open_database(f"sqlite:///{path}", wait_seconds=5)
    with database.write() as connection:
        insert_row(connection, "survey")
    begun = threading.Barrier(2)

    def add_one(door: Database) -> None:
        begun.wait(5)
        for _ in range(20):
            with door.write() as connection:
                seen = connection.execute(select(survey.c.revision)).scalar_one()
                connection.execute(update(survey).values(revision=seen + 1))

    threads = [threading.Thread(target=add_one, args=(door,)) for door in (database, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 1 + 2 * 20
    other.close()


def test_what_was_never_set_up_is_said_to_be_so(tmp_path: Path) -> None:
    database = open_database(f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    with pytest.raises(DatabaseNotMigrated, match="surveyapp init"):
        database.check_ready()
    with pytest.raises(DatabaseNotMigrated), database.read() as reader:
        reader.execute(select(survey))
    database.close()


@pytest.mark.parametrize("found", ["0000", "9999"])
def test_tables_of_another_version_are_not_ready(database: Database, found: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(DatabaseNotMigrated):
        database.check_ready()


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


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnreachable):
        open_database(url)


def test_a_refused_row_leaves_the_door_as_our_own_fault(database: Database) -> None:
    with pytest.raises(DatabaseRefused, match="FOREIGN KEY"), database.write() as connection:
        insert_row(connection, "company")


def test_a_wrong_statement_leaves_the_door_as_our_own_fault(database: Database) -> None:
    with pytest.raises(DatabaseFault, match="syntax"), database.read() as reader:
        reader.execute(text("SELEKT 1"))


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


def test_a_forked_process_opens_connections_of_its_own(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
    child = os.fork()
    if child == 0:
        try:
            with database.write() as connection:
                connection.execute(update(survey).values(revision=survey.c.revision + 1))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    with database.write() as connection:
        connection.execute(update(survey).values(revision=survey.c.revision + 1))
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 3


@pytest.mark.parametrize(
    ("sqlstate", "kind"),
    [
        ("42P01", DatabaseNotMigrated),
        ("42703", DatabaseNotMigrated),
        ("25006", DatabaseReadOnly),
        ("53100", DatabaseFull),
        ("40001", DatabaseBusy),
        ("40P01", DatabaseBusy),
        ("55P03", DatabaseBusy),
        ("08006", DatabaseUnreachable),
        ("28P01", DatabaseUnreachable),
        ("3D000", DatabaseUnreachable),
        ("53300", DatabaseUnreachable),
        ("57P03", DatabaseUnreachable),
        (None, DatabaseUnreachable),
        ("23505", type(None)),
        ("42601", type(None)),
    ],
)
def test_faults_of_postgresql_have_the_same_names(sqlstate: str | None, kind: type[object]) -> None:
    assert type(find_postgres_fault(sqlstate)) is kind


def _fill_up(connection: Connection) -> None:
    connection.execute(update(survey).values(revision=7))
    connection.execute(insert(audit_event).values(at=NOW, actor="a", action="b", details={"long": "x" * 500_000}))


def _read_files(path: Path) -> str:
    files = [path, path.with_name(path.name + "-wal")]
    return "".join(file.read_bytes().decode("latin-1") for file in files if file.exists())
