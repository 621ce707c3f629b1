"""Submitting on SQLite with every commit flushed to the disk, against the bare driver committing the same row."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from surveyapp.fieldwork.answering import submit
from surveyapp.records.tables import response
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.installation import build_vault
from tests.benchmarks.measuring import Action, compare_prepared
from tests.benchmarks.returns import InventedReturn, draw_returns
from tests.benchmarks.stores import NOW, Store, Stores, build_row, make_draft

REPEATS = 200
WARM_UPS = 10
_LARGEST = 100_000  # responses already there: more of them only deepen the trees by a page
_PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON")


def measure_submitting(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    size = max((size for size in sizes if size <= _LARGEST), default=sizes[0])
    repeats = repeats or REPEATS
    warm_ups = min(WARM_UPS, repeats)
    ours, bare = stores.copy(size, "submit"), stores.copy(size, "bare")
    with closing(open_bare(bare)) as connection:
        paired = compare_prepared(
            prepare_submit(ours, repeats + warm_ups),
            _prepare_insert(bare, connection),
            repeats=repeats,
            warm_ups=warm_ups,
        )
    flush = find_flush_seconds(ours.settings.instance)
    stores.drop(size, "submit")
    stores.drop(size, "bare")
    yield Figure.of_pair(
        "submit",
        "submitting, SQLite FULL",
        size,
        paired,
        against=f"bare sqlite3: insert + commit of the same row (the disk flushes in {flush * 1e3:.1f} ms)",
        goal=Goal("at least", 0.8),
        is_speed=True,
    )


def find_flush_seconds(folder: Path) -> float:
    """How long the disk takes to make a page of 4 kB safe: the part of a commit that no program can shorten."""
    times = []
    with (folder / "flush").open("wb", buffering=0) as file:
        for _ in range(21):
            file.write(bytes(4096))
            begin = perf_counter()
            os.fsync(file.fileno())
            times.append(perf_counter() - begin)
    return median(times)


def draw_submitted(store: Store) -> Iterator[InventedReturn]:
    """Returns that are not yet in the store; both sides take the same ones."""
    return draw_returns(store.questionnaire, seed="submitted")


def draw_rows(store: Store, last_number: int, last_revision: int) -> Iterator[dict[str, Any]]:
    """The rows of `response` that they become, after the store's last one."""
    for place, invented in enumerate(draw_submitted(store), start=1):
        yield build_row(store, last_number + place, last_revision + place, invented)


def write_json(value: dict[str, Any]) -> str:
    """As `records.database` writes it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def prepare_submit(store: Store, count: int) -> Callable[[], Action]:
    """Complete drafts, filled in page by page before anything is timed."""
    vault = build_vault(store.settings)
    drafts = iter([make_draft(store, vault, invented)[1] for invented in islice(draw_submitted(store), count)])

    def prepare() -> Action:
        draft = next(drafts)

        def submit_once() -> None:
            with store.database.write() as connection:
                submit(connection, vault, draft, store.questionnaire, now=NOW)

        return submit_once

    return prepare


def open_bare(store: Store) -> sqlite3.Connection:
    """The driver alone, with the pragmas of `records.database`."""
    connection = sqlite3.connect(store.path, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _prepare_insert(store: Store, connection: sqlite3.Connection) -> Callable[[], Action]:
    names = [column.name for column in response.columns]
    statement = f"INSERT INTO response ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    rows = draw_rows(store, *connection.execute("SELECT last_number, revision FROM survey").fetchone())

    def prepare() -> Action:
        row = next(rows)
        values = [_write_value(row[name]) for name in names]

        def insert_once() -> None:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute(statement, values)
            connection.execute("COMMIT")

        return insert_once

    return prepare


def _write_value(value: Any) -> Any:
    """A value as SQLAlchemy hands it to the driver."""
    if isinstance(value, dict):
        return write_json(value)
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if hasattr(value, "strftime") else value
