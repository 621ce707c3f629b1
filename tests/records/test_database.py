from __future__ import annotations

import os
import threading
from contextlib import suppress

import pytest
from sqlalchemy import insert, select, text, update

from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnreachable,
    lock_rows,
    open_database,
)
from surveyapp.records.faults import find_postgres_fault
from surveyapp.records.tables import survey
from tests.records.databases import ROWS, SURVEY, insert_row


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
    with suppress(DatabaseReadOnly), database.read() as reader:  # PostgreSQL refuses; SQLite takes it back
        reader.execute(update(survey).values(revision=99))
    with database.read() as reader:
        assert reader.execute(select(survey.c.revision)).scalar_one() == 1


def test_a_transaction_that_reads_before_it_writes_waits_for_another_writer(
    database: Database, migrated_url: str
) -> None:
    """On SQLite a deferred transaction would fail here at once, in spite of the waiting time."""
    other = open_database(migrated_url, wait_seconds=5)
    with database.write() as connection:
        insert_row(connection, "survey")
    begun = threading.Barrier(2)

    def add_one(door: Database) -> None:
        begun.wait(5)
        for _ in range(20):
            with door.write() as connection:
                lock_rows(connection, select(survey.c.revision).with_for_update(), {})
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


@pytest.mark.parametrize("found", ["0000", "9999"])
def test_tables_of_another_version_are_not_ready(database: Database, found: str) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :found"), {"found": found})
    with pytest.raises(DatabaseNotMigrated):
        database.check_ready()


@pytest.mark.parametrize("url", ["", "nonsense", "sqlite://", "sqlite:///:memory:", "mysql://host/name"])
def test_an_address_of_another_kind_is_refused(url: str) -> None:
    with pytest.raises(DatabaseUnreachable):
        open_database(url)


def test_a_refused_row_leaves_the_door_as_our_own_fault(database: Database) -> None:
    with pytest.raises(DatabaseRefused, match=r"(?i)foreign key"), database.write() as connection:
        insert_row(connection, "company")


def test_a_wrong_statement_leaves_the_door_as_our_own_fault(database: Database) -> None:
    with pytest.raises(DatabaseFault, match="syntax"), database.read() as reader:
        reader.execute(text("SELEKT 1"))


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
