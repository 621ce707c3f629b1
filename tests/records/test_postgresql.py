"""What only PostgreSQL does: a server that ends what hangs, has roles, and may go away and come back."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import func, insert, make_url, select, text, update

from surveyapp.records.audit import write_audit
from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFault,
    DatabaseReadOnly,
    DatabaseUnreachable,
    lock_additions,
    open_database,
    request_scrub,
)
from surveyapp.records.tables import audit_event, survey
from tests.database_kinds import DatabaseKind
from tests.records.databases import NOW, SURVEY, insert_row

# As docs/postgresql.md gives them to the account that serves.
SERVING = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {role}",
)


@pytest.fixture
def database_kind() -> DatabaseKind:
    return "postgresql"


@contextmanager
def open_with(url: str, options: str, *, wait_seconds: float = 2) -> Iterator[Database]:
    address = make_url(url).update_query_dict({"options": options}).render_as_string(hide_password=False)
    database = open_database(address, wait_seconds=wait_seconds)
    try:
        yield database
    finally:
        database.close()


def read_setting(database: Database, name: str) -> str:
    with database.read() as reader:
        return str(reader.scalar(select(func.current_setting(name))))


def cut_connections(database: Database) -> None:
    """As a restart of the server does, or a router in between."""
    others = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
    with database.engine.connect() as connection:
        connection.execute(text(f"{others} WHERE datname = current_database() AND pid <> pg_backend_pid()"))


def test_nothing_hangs_for_ever(database: Database) -> None:
    expected = {
        "lock_timeout": "2s",
        "statement_timeout": "1min",
        "idle_in_transaction_session_timeout": "10min",
        "TimeZone": "UTC",
        "transaction_isolation": "repeatable read",
        "transaction_read_only": "on",
    }
    assert {name: read_setting(database, name) for name in expected} == expected
    with database.write() as connection:
        assert connection.scalar(text("SHOW transaction_isolation")) == "read committed"
        assert connection.scalar(text("SHOW transaction_read_only")) == "off"


def test_the_addresss_own_options_come_last(migrated_url: str) -> None:
    with open_with(migrated_url, "-c statement_timeout=5000 -c work_mem=8MB") as database:
        assert read_setting(database, "statement_timeout") == "5s"
        assert read_setting(database, "work_mem") == "8MB"
        assert read_setting(database, "lock_timeout") == "2s"


def test_waiting_for_another_transaction_ends(database: Database, migrated_url: str) -> None:
    hasty = open_database(migrated_url, wait_seconds=0.1)
    with database.write() as connection:
        insert_row(connection, "survey")
    with database.write() as connection:
        connection.execute(update(survey).values(revision=5))
        with pytest.raises(DatabaseBusy), hasty.write() as other:
            other.execute(update(survey).values(revision=6))
        with hasty.read() as reader:  # reading goes on
            assert reader.scalar(select(survey.c.revision)) == 1
    hasty.close()


def test_a_statement_without_end_is_ended(migrated_url: str) -> None:
    with open_with(migrated_url, "-c statement_timeout=50") as database:
        with pytest.raises(DatabaseBusy), database.read() as reader:
            reader.execute(text("SELECT pg_sleep(30)"))
        database.check_ready()


def test_a_transaction_in_which_nothing_happens_is_ended(migrated_url: str) -> None:
    with open_with(migrated_url, "-c idle_in_transaction_session_timeout=50") as database:

        def dawdle() -> None:
            with database.write() as connection:
                insert_row(connection, "survey")
                time.sleep(0.5)
                connection.execute(select(survey))

        with pytest.raises((DatabaseBusy, DatabaseUnreachable)):
            dawdle()
        with database.read() as reader:
            assert reader.execute(select(survey)).all() == []


def test_transactions_that_wait_for_each_other_are_parted(migrated_url: str) -> None:
    faults: list[DatabaseFault] = []
    met = threading.Barrier(2)
    with open_with(migrated_url, "-c deadlock_timeout=20", wait_seconds=20) as database:
        with database.write() as connection:
            insert_row(connection, "survey", survey_id="a")
            insert_row(connection, "survey", survey_id="b")

        def change(*names: str) -> None:
            try:
                with database.write() as connection:
                    for name in names:
                        connection.execute(update(survey).where(survey.c.survey_id == name).values(revision=9))
                        if name == names[0]:
                            met.wait(10)
            except DatabaseFault as fault:
                faults.append(fault)

        threads = [threading.Thread(target=change, args=names) for names in (("a", "b"), ("b", "a"))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert [type(fault) for fault in faults] == [DatabaseBusy]


def test_running_out_of_connections_is_being_busy(migrated_url: str) -> None:
    database = open_database(migrated_url, wait_seconds=0.05)
    held = [database.engine.connect() for _ in range(16)]
    with pytest.raises(DatabaseBusy), database.read():
        pass
    for connection in held:
        connection.close()
    database.close()


def test_a_lost_connection_loses_the_transaction_alone(database: Database, migrated_url: str) -> None:
    other = open_database(migrated_url)

    def write_before_it() -> None:
        with database.write() as connection:
            insert_row(connection, "survey")
            cut_connections(other)  # only the commit is left

    def write_around_it() -> None:
        with database.write() as connection:
            insert_row(connection, "survey")
            cut_connections(other)
            insert_row(connection, "survey", survey_id="second")

    def read_around_it() -> None:
        with database.read() as reader:
            reader.execute(select(survey))
            cut_connections(other)
            reader.execute(select(survey))

    for work in (write_before_it, write_around_it, read_around_it):
        with pytest.raises(DatabaseUnreachable):
            work()
    with database.read() as reader:
        assert reader.execute(select(survey)).all() == []
    other.close()


def test_a_server_that_went_away_and_came_back_is_used_again(database: Database, postgres: Any) -> None:
    """The connections that wait in the pool are all dead; nobody who comes next notices."""
    name = database.engine.url.database
    held = [database.engine.connect() for _ in range(4)]
    for connection in held:
        connection.close()
    server = open_database(postgres.url.render_as_string(hide_password=False))
    administrator = server.engine.execution_options(isolation_level="AUTOCOMMIT")
    with administrator.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'))
        connection.execute(
            text("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = :name"), {"name": name}
        )
        with pytest.raises(DatabaseUnreachable, match="SURVEYAPP_DATABASE_URL"):
            database.check_ready()
        with pytest.raises(DatabaseUnreachable), database.read() as reader:
            reader.execute(select(survey))
        connection.execute(text(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'))
    server.close()
    for _ in range(6):
        database.check_ready()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://nobody@127.0.0.1:1/x",
        "postgresql+psycopg://nobody@/x?host=/nonexistent",
        "postgresql+psycopg://nobody@no-such-host.invalid/x",
    ],
)
def test_what_cannot_be_connected_to_is_unreachable(url: str) -> None:
    database = open_database(url)
    with pytest.raises(DatabaseUnreachable, match="SURVEYAPP_DATABASE_URL"):
        database.check_ready()
    database.close()


def test_a_database_that_is_not_there_is_unreachable(database: Database) -> None:
    elsewhere = database.engine.url.set(database="surveyapp_of_nobody").render_as_string(hide_password=False)
    missing = open_database(elsewhere)
    with pytest.raises(DatabaseUnreachable):
        missing.check_ready()
    missing.close()


@pytest.fixture
def role(database: Database) -> Iterator[str]:
    """A role without rights. Roles belong to the whole server, so it has a name of its own and is removed."""
    name = f"{database.engine.url.database}_role"
    with database.write() as connection:
        connection.execute(text(f"CREATE ROLE {name}"))
    yield name
    with database.write() as connection:
        connection.execute(text(f"DROP OWNED BY {name}"))
        connection.execute(text(f"DROP ROLE {name}"))


def test_the_account_that_serves_needs_no_more_than_the_four_rights(
    database: Database, migrated_url: str, role: str
) -> None:
    with database.write() as connection:
        for statement in SERVING:
            connection.execute(text(statement.format(role=role)))
    with open_with(migrated_url, f"-c role={role}") as serving:
        serving.check_ready()
        with serving.write() as connection:
            lock_additions(connection)
            insert_row(connection, "survey")
            write_audit(connection, actor="a", action="b", at=NOW)
            connection.execute(audit_event.delete())
            request_scrub(connection)
        with pytest.raises(DatabaseReadOnly), serving.write() as connection:
            connection.execute(text("DROP TABLE survey"))


def test_an_account_that_can_only_read_is_not_ready(database: Database, migrated_url: str, role: str) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
        connection.execute(text(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
    for options in (f"-c role={role}", "-c default_transaction_read_only=on"):
        with open_with(migrated_url, options) as reading:
            with reading.read() as reader:
                assert reader.scalar(select(survey.c.survey_id)) == SURVEY
            with pytest.raises(DatabaseReadOnly):
                reading.check_ready()
            with pytest.raises(DatabaseReadOnly), reading.write() as connection:
                insert_row(connection, "survey", survey_id="another")


def test_a_value_that_cannot_be_written_is_no_fault_of_the_server(database: Database) -> None:
    for bad in ("a\x00b", "a" * 65):
        with pytest.raises(DatabaseFault) as fault, database.write() as connection:
            insert_row(connection, "survey", survey_id=bad)
        assert type(fault.value) is DatabaseFault


def test_a_refusal_does_not_repeat_the_row(database: Database) -> None:
    with pytest.raises(DatabaseFault) as fault, database.write() as connection:
        connection.execute(insert(audit_event).values(at=NOW, actor=None, action="b", details={"said": "secret"}))
    assert "actor" in str(fault.value)
    assert "secret" not in str(fault.value)


def test_the_missing_driver_is_named() -> None:
    program = (
        "import sys\n"
        "sys.modules['psycopg'] = None\n"
        "from surveyapp.records.database import DatabaseUnreachable, open_database\n"
        "try:\n"
        "    open_database('postgresql+psycopg://a@b/c')\n"
        "except DatabaseUnreachable as fault:\n"
        "    print(fault)\n"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert "pip install 'surveyapp[postgres]'" in told
