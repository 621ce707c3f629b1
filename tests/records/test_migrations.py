from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, select, text
from sqlalchemy.exc import IntegrityError

from surveyapp.records import migrations
from surveyapp.records.database import Database, DatabaseNotMigrated, open_database
from surveyapp.records.migrations import find_current, find_head, migrate, revert
from surveyapp.records.tables import SCHEMA_VERSION, metadata, release, released_value, response
from tests.database_kinds import DatabaseKind
from tests.postgres_server import PostgresServer
from tests.records.databases import ROWS, insert_row, insert_rows

FOLDER = Path(migrations.__file__).parent


@pytest.fixture
def empty_url(database_kind: DatabaseKind, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without a table."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_empty()
    yield url
    server.drop(url)


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    database = open_database(empty_url)
    yield database
    database.close()


def test_up_from_nothing_makes_a_database_that_is_ready(empty: Database) -> None:
    migrate(empty)
    empty.check_ready()
    with empty.read() as reader:
        assert find_current(reader) == find_head() == SCHEMA_VERSION


def test_up_twice_changes_nothing(database: Database) -> None:
    with database.write() as connection:
        insert_rows(connection, *ROWS)
    migrate(database)
    with database.read() as reader:
        assert reader.execute(select(response.c.receipt)).scalar_one() == ROWS["response"]["receipt"]


def test_the_newest_migration_makes_exactly_the_tables_of_the_program(database: Database, empty: Database) -> None:
    with database.read() as reader:
        context = MigrationContext.configure(reader, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    with empty.write() as connection:
        metadata.create_all(connection)
    migrated = _describe_schema(database)
    migrated.pop("alembic_version", None)
    assert migrated == _describe_schema(empty)  # checks and names too, letter by letter


def test_down_leaves_nothing_and_up_again_works(database: Database) -> None:
    with database.write() as connection:
        insert_rows(connection, *ROWS)
    revert(database, "base")
    with database.read() as reader:
        assert inspect(reader).get_table_names() == ["alembic_version"]
        assert find_current(reader) is None
    with pytest.raises(DatabaseNotMigrated):
        database.check_ready()
    migrate(database)
    database.check_ready()


def test_every_step_goes_up_and_down_with_data_in_all_tables(empty: Database) -> None:
    """Walks one migration at a time, so that a later one is tried on the data of the one before it."""
    steps = [script.revision for script in ScriptDirectory(str(FOLDER)).walk_revisions()][::-1]
    migrate(empty)
    with empty.write() as connection:
        insert_rows(connection, *ROWS)
    for before in reversed([*steps[:-1]]):
        revert(empty, before)
        migrate(empty)
        with empty.read() as reader:
            assert reader.execute(select(response.c.receipt)).scalar_one() == ROWS["response"]["receipt"]
    empty.check_ready()


def test_releases_from_before_changed_returns_were_kept_stay_whole(empty: Database) -> None:
    migrate(empty)
    with empty.write() as connection:
        insert_rows(connection, *ROWS)
    revert(empty, "0006")
    migrate(empty)
    with empty.read() as reader:
        assert reader.execute(select(release.c.digest, release.c.changed_returns)).one() == (
            ROWS["release"]["digest"],
            None,
        )
        assert reader.execute(select(released_value.c.members)).scalar_one() == ROWS["released_value"]["members"]
    with empty.write() as connection, pytest.raises(IntegrityError):
        insert_row(connection, "released_value", release_number=2)  # its values still refer to it


def test_a_migration_that_fails_changes_nothing(empty: Database) -> None:
    with empty.write() as connection:
        connection.execute(text("CREATE TABLE response (something_else INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        migrate(empty)
    with empty.read() as reader:
        assert inspect(reader).get_table_names() == ["response"]


def test_a_database_of_a_newer_program_is_left_alone(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNotMigrated, match="newer version"):
        migrate(database)


def test_processes_that_start_at_once_migrate_once(empty: Database, empty_url: str) -> None:
    program = (
        "import sys\n"
        "from surveyapp.records.database import open_database\n"
        "from surveyapp.records.migrations import migrate\n"
        "sys.stdin.readline()\n"
        "database = open_database(sys.argv[1], wait_seconds=20)\n"
        "migrate(database)\n"
        "database.check_ready()\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", program, empty_url], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:  # all have imported what they need and wait for this line
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    with empty.read() as reader:
        assert find_current(reader) == SCHEMA_VERSION


def test_migrations_follow_one_another_and_are_named_in_order() -> None:
    scripts = list(ScriptDirectory(str(FOLDER)).walk_revisions())[::-1]
    for place, script in enumerate(scripts, start=1):
        assert script.revision == f"{place:04}"
        assert script.down_revision == (f"{place - 1:04}" if place > 1 else None)
        assert Path(script.path).name.startswith(f"{place:04}_")
    assert len(scripts) == len(list((FOLDER / "versions").glob("*.py")))


def _describe_schema(database: Database) -> dict[str, str]:
    if database.engine.dialect.name == "postgresql":
        return _describe_postgres(database)
    with database.read() as reader:
        rows = reader.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")).all()
    return {  # a table that was rebuilt under another name has its own in quotes
        name: "\n".join(sorted(line.strip().rstrip(",") for line in sql.replace(f'"{name}"', name).splitlines()))
        for name, sql in rows
    }


def _describe_postgres(database: Database) -> dict[str, str]:
    """Columns without their order, constraints and indexes, as the server itself would write them down."""
    columns = """
        SELECT table_name || '.' || column_name AS name,
               concat_ws(' ', data_type, character_maximum_length, is_nullable, column_default) AS sql
        FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'alembic_version'
    """
    constraints = """
        SELECT conname AS name, pg_get_constraintdef(oid) AS sql FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'
    """
    indexes = """
        SELECT indexname AS name, indexdef AS sql FROM pg_indexes
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    """
    found: dict[str, str] = {}
    for query in (columns, constraints, indexes):
        with database.read() as reader:
            found |= {row.name: row.sql for row in reader.execute(text(query))}
    return found
