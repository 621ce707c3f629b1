"""The raw CSV with labels: rows a second against a dump of the raw rows, and memory that stays flat."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import cast

from tests.benchmarks.counting import load_index
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.installation import LATER
from tests.benchmarks.measuring import compare, run_in_child
from tests.benchmarks.raw_file import export_raw
from tests.benchmarks.stores import Store, Stores

Dump = Callable[[Path], None]  # writes the raw rows of the measured round to a file

_SHELL = shutil.which("sqlite3")
_MB = 1_000_000


def measure_exporting(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    for size in sizes:
        store = stores.find(size)
        dump, against = _choose_dump(store)
        yield measure_rows(
            store, stores.folder, repeats or (5 if size < 100_000 else 3), dump, against, Goal("at least", 0.15)
        )
    yield from measure_memory(stores, sizes)
    yield from measure_formats(stores.find(sizes[-1]))


def measure_rows(
    store: Store,
    folder: Path,
    repeats: int,
    dump: Dump,
    against: str,
    goal: Goal,
    *,
    key: str = "csv",
    title: str = "CSV of all responses with labels",
) -> Figure:
    """Rows a second of the raw file against those of a dump of the same rows."""
    counted = cast(Collection[int], load_index(store).of_round(store.later.round_id))
    ours, theirs = folder / "ours.csv", folder / "theirs.csv"

    def export() -> None:
        with ours.open("wb") as file:
            export_raw(store.database, store.questionnaire, LATER, file, counted)

    paired = compare(export, lambda: dump(theirs), repeats=repeats)
    rows = len(counted)
    ours.unlink()
    theirs.unlink()
    return Figure(
        key,
        title,
        store.size,
        value=rows / paired.subject,
        unit="rows/s",
        against=against,
        yardstick=rows / paired.yardstick,
        ratio=1 / paired.ratio,
        goal=goal,
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


# What each is called, the least share of the CSV's rows a second, and the most megabytes: pyarrow alone takes fifty.
FORMATS = {
    "xlsx": ("Workbook (XLSX)", 0.02, 100),
    "sav": ("SPSS file", 0.1, 100),
    "parquet": ("Parquet file", 0.1, 150),
}


def measure_formats(store: Store) -> Iterator[Figure]:
    """Rows a second of each format against our own CSV of the same rows, and the memory of a process that makes it."""
    yardstick = run_in_child("make-csv", store.settings.instance)
    for key, (title, least, most) in FORMATS.items():
        made = run_in_child(f"make-{key}", store.settings.instance)
        rate, csv_rate = made["rows"] / made["seconds"], yardstick["rows"] / yardstick["seconds"]
        yield Figure(
            key,
            f"{title} of all responses",
            store.size,
            value=rate,
            unit="rows/s",
            against="our CSV of the same rows",
            yardstick=csv_rate,
            ratio=rate / csv_rate,
            goal=Goal("at least", least),
        )
        yield Figure(
            f"{key}-over-idle",
            f"{title}, memory over the idle process",
            store.size,
            value=made["peak"],
            unit="B",
            against="the process before it writes",
            yardstick=made["idle"],
            ratio=(made["peak"] - made["idle"]) / _MB,
            goal=Goal("at most", most, "MB"),
        )


def _choose_dump(store: Store) -> tuple[Dump, str]:
    """The raw rows as they are stored, by the shell of SQLite where it is installed, else by Python."""
    statement = f"SELECT * FROM response WHERE survey_id = '{store.survey_id}' AND round_id = {store.later.round_id}"

    def dump_by_shell(target: Path) -> None:
        assert _SHELL is not None
        with target.open("wb") as file:
            subprocess.run([_SHELL, "-readonly", "-csv", "-header", store.path, statement], check=True, stdout=file)

    def dump_by_python(target: Path) -> None:
        connection = sqlite3.connect(store.path)
        with target.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(connection.execute(statement))
        connection.close()

    if _SHELL is not None:
        return dump_by_shell, "sqlite3 -csv of the raw rows"
    return dump_by_python, "sqlite3 and csv of Python, raw rows"
