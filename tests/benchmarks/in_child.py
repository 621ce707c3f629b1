"""Work that is measured in a process of its own, so that nothing is warm and no memory is held but what it needs.

`python -m tests.benchmarks.in_child TASK FOLDER` does one task with the database in a folder and prints what it
measured as one JSON object; `measuring.run_in_child` starts it.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from sqlalchemy import make_url, select

from surveyapp.analysis.open_indexes import open_index
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import survey
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.request import ExportFormat, ExportRequest
from tests.benchmarks.installation import LATER, build_settings
from tests.benchmarks.measuring import Measured, find_peak_memory
from tests.benchmarks.raw_file import export_raw


def build_cold(folder: Path) -> Measured:
    """Seconds to build the index of a survey that this process has never seen, and to read the same rows alone."""
    settings = build_settings(folder)
    load_builtin_questionnaire()
    read_first = read_rows(settings.database_url)
    database = open_database(settings.database_url)
    begin = perf_counter()
    open_index(database, settings.survey_id)
    built = perf_counter() - begin
    read_last = read_rows(settings.database_url)
    return {"build": built, "read": (read_first + read_last) / 2}


def keep_snapshot(folder: Path) -> Measured:
    """Build the index and leave its snapshot in the folder."""
    settings = build_settings(folder)
    index = open_index(open_database(settings.database_url), settings.survey_id, snapshots=folder)
    return {"returns": len(index.live)}


def load_snapshot(folder: Path) -> Measured:
    """Seconds to the first index of a process that finds a snapshot, and to a bare read of the file."""
    settings = build_settings(folder)
    load_builtin_questionnaire()
    path = folder / f"{settings.survey_id}.index"
    begin = perf_counter()
    path.read_bytes()
    read = perf_counter() - begin
    database = open_database(settings.database_url)
    with database.read() as connection:
        connection.execute(select(survey.c.revision))
    begin = perf_counter()
    open_index(database, settings.survey_id, snapshots=folder)
    return {"open": perf_counter() - begin, "read": read}


def export_to_nowhere(folder: Path) -> Measured:
    """Bytes of memory that the process held before a raw CSV with labels was written, and at most."""
    settings = build_settings(folder)
    questionnaire = load_builtin_questionnaire()
    database = open_database(settings.database_url)
    with database.read() as connection:
        connection.execute(select(survey.c.revision)).all()
    idle = find_peak_memory()
    with open(os.devnull, "wb") as file:
        export_raw(database, questionnaire, LATER, file, counted=range(0))
    return {"idle": idle, "peak": find_peak_memory()}


def make_file(form: ExportFormat) -> Callable[[Path], Measured]:
    """Seconds and bytes of memory that a file of all columns takes, by the function that desk and job call."""

    def make(folder: Path) -> Measured:
        settings = build_settings(folder)
        load_builtin_questionnaire()
        database = open_database(settings.database_url)
        vault = Vault(settings.vault_keys, settings.lookup_key)
        source = Source(database, vault, settings.survey_id, settings.instance, scratch=folder)
        with open_ground(source, LATER) as ground, tempfile.TemporaryFile(dir=folder) as file:
            idle = find_peak_memory()
            begin = perf_counter()
            made = make_export(ground, ExportRequest(format=form), file, actor="bench", now=datetime.now(UTC))
            return {"idle": idle, "peak": find_peak_memory(), "seconds": perf_counter() - begin, "rows": made.counted}

    return make


_ROWS = (
    "SELECT number, state, round_id, questionnaire_version, company_id, answers, texts, submitted_at "
    "FROM response ORDER BY survey_id, revision"
)


def read_rows(database_url: str) -> float:
    """Seconds to read all that the index is built from: the bare driver, and the answers as Python values."""
    address = make_url(database_url)
    if address.get_backend_name() == "sqlite":
        return _read_rows_of_sqlite(str(address.database))
    return _read_rows_of_postgresql(address.set(drivername="postgresql").render_as_string(hide_password=False))


def _read_rows_of_sqlite(path: str) -> float:
    begin = perf_counter()
    connection = sqlite3.connect(path)
    for row in connection.execute(_ROWS):
        json.loads(row[5])
        json.loads(row[6])
    connection.close()
    return perf_counter() - begin


def _read_rows_of_postgresql(address: str) -> float:
    """The driver makes Python values of JSON by itself, with `json.loads`."""
    import psycopg

    begin = perf_counter()
    with psycopg.connect(address) as connection, connection.cursor(name="rows") as cursor:
        cursor.itersize = 2_000
        cursor.execute(_ROWS)
        for _ in cursor:
            pass
    return perf_counter() - begin


TASKS: Mapping[str, Callable[[Path], Measured]] = {
    "build-cold": build_cold,
    "keep-snapshot": keep_snapshot,
    "load-snapshot": load_snapshot,
    "export": export_to_nowhere,
    "make-csv": make_file("csv"),
    "make-xlsx": make_file("xlsx"),
    "make-sav": make_file("sav"),
    "make-parquet": make_file("parquet"),
}


if __name__ == "__main__":
    json.dump(TASKS[sys.argv[1]](Path(sys.argv[2])), sys.stdout)
