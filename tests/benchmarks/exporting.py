"""The raw CSV with labels: rows a second against a dump of the raw rows, and memory that stays flat."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Collection, Container, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import find_round
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.reports.csv_export import RawOptions, stream_raw_csv
from surveyapp.reports.words import Words
from tests.benchmarks.counting import load_index
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import compare, run_in_child
from tests.benchmarks.stores import LATER, Store, Stores

_SHELL = shutil.which("sqlite3")
_MB = 1_000_000


def measure_exporting(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    for size in sizes:
        yield measure_rows(stores.find(size), stores.folder, repeats or (5 if size < 100_000 else 3))
    yield from measure_memory(stores, sizes)


def export_raw(
    database: Database, questionnaire: Questionnaire, slug: str, file: BinaryIO, counted: Container[int]
) -> None:
    """Write a round's raw CSV with Korean labels."""
    options = RawOptions(Words("ko", load_translator("ko")), with_labels=True)
    with database.read() as connection:
        survey_round = find_round(connection, questionnaire.form_id, slug)
        returns = stream_returns(connection, survey_round.survey_id, survey_round.round_id)
        for chunk in stream_raw_csv(returns, questionnaire, survey_round, options, counted=counted):
            file.write(chunk)


def measure_rows(store: Store, folder: Path, repeats: int) -> Figure:
    counted = cast(Collection[int], load_index(store).of_round(store.later.round_id))
    ours, theirs = folder / "ours.csv", folder / "theirs.csv"

    def export() -> None:
        with ours.open("wb") as file:
            export_raw(store.database, store.questionnaire, LATER, file, counted)

    dump, name = _choose_dump(store, theirs)
    paired = compare(export, dump, repeats=repeats)
    rows = len(counted)
    ours.unlink()
    theirs.unlink()
    return Figure(
        "csv",
        "CSV of all responses with labels",
        store.size,
        value=rows / paired.subject,
        unit="rows/s",
        against=name,
        yardstick=rows / paired.yardstick,
        ratio=1 / paired.ratio,
        goal=Goal("at least", 0.15),
        low=1 / paired.high,
        high=1 / paired.low,
        pairs=paired.pairs,
    )


def measure_memory(stores: Stores, sizes: Sequence[int]) -> Iterator[Figure]:
    """Peak memory of a process that does nothing but write the file: the largest database against the one before."""
    peaks = {size: run_in_child("export", stores.find(size).settings.instance) for size in sizes[-2:]}
    for size, measured in peaks.items():
        over = measured["peak"] - measured["idle"]
        yield Figure(
            "csv-over-idle",
            "CSV, memory over the idle process",
            size,
            value=measured["peak"],
            unit="B",
            against="the process before it writes",
            yardstick=measured["idle"],
            ratio=over / _MB,
            goal=Goal("at most", 100, "MB"),
        )
    if len(peaks) == 2:
        (smaller, before), (larger, after) = peaks.items()
        yield Figure(
            "csv-memory",
            "CSV, peak memory",
            larger,
            value=after["peak"],
            unit="B",
            against=f"itself with {smaller:,}",
            yardstick=before["peak"],
            ratio=after["peak"] / before["peak"],
            goal=Goal("at most", 1.1),
        )


def _choose_dump(store: Store, target: Path) -> tuple[Callable[[], None], str]:
    """The raw rows as they are stored, by the shell of SQLite where it is installed, else by Python."""
    statement = f"SELECT * FROM response WHERE survey_id = '{store.survey_id}' AND round_id = {store.later.round_id}"

    def dump_by_shell() -> None:
        assert _SHELL is not None
        with target.open("wb") as file:
            subprocess.run([_SHELL, "-readonly", "-csv", "-header", store.path, statement], check=True, stdout=file)

    def dump_by_python() -> None:
        connection = sqlite3.connect(store.path)
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(connection.execute(statement))
        connection.close()

    if _SHELL is not None:
        return dump_by_shell, "sqlite3 -csv of the raw rows"
    return dump_by_python, "sqlite3 and csv of Python, raw rows"
