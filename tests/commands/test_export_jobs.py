"""Large files as jobs: sealed, whole or not at all, whatever happens on the way, and erased when their time is over."""

from __future__ import annotations

import csv
import hashlib
import io
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.records.database import Database
from surveyapp.records.deidentified_files import list_deidentified_files
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import Job, Json, add_job, ask_to_cancel, find_job
from surveyapp.records.kept_files import FOLDER, FileGone, FileStore
from surveyapp.records.tables import response
from surveyapp.reports.exports.request import MAKE_EXPORT, ExportRequest
from surveyapp.reports.words import Words
from surveyapp.settings import Settings
from surveyapp.web.desk.jobs.words import explain_refused_form
from tests.web.desk_data import leave_few, open_samples

SURVEY, SAMPLE_2026 = "japan_export_readiness", 3


@pytest.fixture
def installation(settings: Settings, sampled_file: Path, vault: Vault) -> Iterator[Installation]:
    database: Database = open_samples(settings, sampled_file)
    yield Installation(settings, database, vault)
    database.close()


@pytest.fixture
def store(installation: Installation) -> FileStore:
    return FileStore(installation.settings.instance, installation.vault)


def ask(installation: Installation, request: ExportRequest, **changes: Json) -> str:
    arguments: dict[str, Json] = {"survey_id": SURVEY, "round_id": SAMPLE_2026, **request.describe(), **changes}
    with installation.database.write() as connection:
        return add_job(
            connection,
            kind=MAKE_EXPORT,
            arguments=arguments,
            actor="analyst@example.org",
            now=datetime.now(UTC),
            survey_id=SURVEY,
            most_attempts=1,
        )


def run(installation: Installation, job_id: str) -> Job:
    JobRunner(installation, "here:1", KINDS, beat_s=5, hand_back=threading.Event()).run(job_id)
    with installation.database.read() as connection:
        return find_job(connection, job_id)


def list_folder(installation: Installation) -> list[str]:
    folder = installation.settings.instance / FOLDER
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize("form", ["csv", "xlsx", "sav", "parquet"])
def test_a_job_makes_the_file_and_keeps_it_sealed(installation: Installation, store: FileStore, form: Any) -> None:
    job = run(installation, ask(installation, ExportRequest(format=form)))
    assert job.state == "done" and job.progress == job.progress_of
    content = b"".join(store.read(job.job_id, datetime.now(UTC)))
    assert job.result["bytes"] == len(content)
    assert job.result["sha256"] == hashlib.sha256(content).hexdigest()
    assert str(job.result["file"]).startswith("FICTIONAL_japan_export_readiness_sample-2026_raw_")
    assert list_folder(installation) == [f"{job.job_id}.sealed"]
    sealed = (installation.settings.instance / FOLDER / f"{job.job_id}.sealed").read_bytes()
    assert content[:200] not in sealed and b"sample-2026" not in sealed
    if form == "csv":
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
        assert len(rows) > 30


def test_a_file_is_given_out_until_its_time_is_over(installation: Installation, store: FileStore) -> None:
    job = run(installation, ask(installation, ExportRequest()))
    expiry = datetime.fromisoformat(str(job.result["expires_at"]))
    assert timedelta(days=6, hours=23) < expiry - datetime.now(UTC) <= timedelta(days=7)
    assert next(store.read(job.job_id, expiry - timedelta(seconds=1)))
    with pytest.raises(FileGone):
        next(store.read(job.job_id, expiry))
    assert store.sweep(expiry - timedelta(seconds=1)) == 0 and store.is_kept(job.job_id)
    assert store.sweep(expiry) == 1 and list_folder(installation) == []


def test_the_schedule_erases_files(installation: Installation, store: FileStore) -> None:
    short = replace(installation, settings=replace(installation.settings, export_days=0))
    run(short, ask(short, ExportRequest()))
    with installation.database.write() as connection:
        job_id = add_job(connection, kind="exports.clean", arguments={}, actor="schedule", now=datetime.now(UTC))
    assert run(installation, job_id).result == {"files": 1}
    assert list_folder(installation) == []


def test_a_full_disk_leaves_nothing(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file on the way lies on a device that is always full."""
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda dir=None: open("/dev/full", "w+b"))  # noqa: SIM115
    job = run(installation, ask(installation, ExportRequest()))
    assert (job.state, job.problem) == ("failed", "disk_full")
    assert list_folder(installation) == []


KILLED = """
import os, signal, sys, threading
from pathlib import Path
from surveyapp.commands import running_job
from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from tests.conftest import make_settings

def die(self, done, of=None, *, connection=None):
    if done >= 5:
        os.kill(os.getpid(), signal.SIGKILL)

running_job.RunningJob.note_progress = die
settings = make_settings(Path(sys.argv[2]))
vault = Vault(settings.vault_keys, settings.lookup_key)
installation = Installation(settings, open_database(settings.database_url), vault)
JobRunner(installation, "dying:1", KINDS, beat_s=5, hand_back=threading.Event()).run(sys.argv[1])
"""


def test_a_worker_that_is_killed_leaves_no_file_and_the_next_one_makes_it(
    installation: Installation, store: FileStore, settings: Settings
) -> None:
    job_id = ask(installation, ExportRequest(format="xlsx"))
    program = [sys.executable, "-c", KILLED, job_id, str(settings.instance)]
    killed = subprocess.run(program, check=False, capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()[-2000:]
    assert not store.is_kept(job_id)
    left = list_folder(installation)
    assert all(name.startswith("aside-") for name in left)
    with pytest.raises(FileGone):
        next(store.read(job_id, datetime.now(UTC)))
    job = run(installation, ask(installation, ExportRequest(format="xlsx")))
    assert job.state == "done" and store.is_kept(job.job_id)
    store.sweep(datetime.now(UTC) + timedelta(days=2))
    assert list_folder(installation) == [f"{job.job_id}.sealed"], "what was cut off is swept away"


def test_two_at_once_do_not_meet(installation: Installation, store: FileStore) -> None:
    jobs = [ask(installation, ExportRequest(format=form)) for form in ("csv", "xlsx")]
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda job_id: run(installation, job_id), jobs))
    assert [job.state for job in done] == ["done", "done"]
    for job in done:
        content = b"".join(store.read(job.job_id, datetime.now(UTC)))
        assert hashlib.sha256(content).hexdigest() == job.result["sha256"]


def test_a_job_that_is_cancelled_keeps_nothing(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveyapp.commands.running_job.LOOK_S", 0)
    job_id = ask(installation, ExportRequest())
    stop = threading.Event()

    def cancel() -> None:
        while not stop.wait(0.005):
            with installation.database.write() as connection:
                if find_job(connection, job_id).state == "running":
                    ask_to_cancel(connection, job_id, actor="admin@example.org", now=datetime.now(UTC))
                    return

    thread = threading.Thread(target=cancel)
    thread.start()
    job = run(installation, job_id)
    stop.set()
    thread.join()
    assert job.state in ("cancelled", "done")
    assert list_folder(installation) == ([f"{job_id}.sealed"] if job.state == "done" else [])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"round_id": 999}, "arguments"),
        ({"format": "ods"}, "arguments"),
        ({"kind": "ministry", "format": "sav"}, "refused_not_offered"),
    ],
)
def test_what_cannot_be_made_says_why(installation: Installation, changes: dict[str, Json], problem: str) -> None:
    job = run(installation, ask(installation, ExportRequest(), **changes))
    assert (job.state, job.problem) == ("failed", problem)
    assert list_folder(installation) == []


def test_beside_an_earlier_file_a_job_says_why_there_is_none(installation: Installation) -> None:
    request = ExportRequest("deidentified")
    assert run(installation, ask(installation, request)).state == "done"
    leave_few(installation.database, SURVEY, SAMPLE_2026)
    job = run(installation, ask(installation, request))
    assert (job.state, job.problem) == ("failed", "refused_exhausted_closed")
    assert "No further file" in explain_refused_form(Words("en"), str(job.problem))[1]
    assert "Wait until" in explain_refused_form(Words("en"), "refused_exhausted")[1]


def test_a_job_of_too_few_companies_says_so(installation: Installation) -> None:
    with installation.database.write() as connection:
        numbers = connection.scalars(select(response.c.number).where(response.c.round_id == SAMPLE_2026)).all()
        for number in numbers[4:]:
            erase_response(connection, SURVEY, number, now=datetime.now(UTC))
    job = run(installation, ask(installation, ExportRequest("deidentified")))
    assert (job.state, job.problem) == ("failed", "refused_too_few")
    assert "Too few companies" in explain_refused_form(Words("en"), str(job.problem))[0]


def test_a_job_that_is_cut_off_has_its_file_remembered(installation: Installation) -> None:
    job_id = ask(installation, ExportRequest("deidentified"))
    program = [sys.executable, "-c", KILLED, job_id, str(installation.settings.instance)]
    assert subprocess.run(program, check=False, capture_output=True).returncode == -signal.SIGKILL
    with installation.database.read() as connection:
        (remembered,) = list_deidentified_files(connection, SURVEY, SAMPLE_2026)
    assert remembered.actor == "analyst@example.org" and remembered.groups


def test_a_file_that_was_altered_is_not_given_out(installation: Installation, store: FileStore) -> None:
    job = run(installation, ask(installation, ExportRequest()))
    path = installation.settings.instance / FOLDER / f"{job.job_id}.sealed"
    content = bytearray(path.read_bytes())
    content[-20] ^= 1
    path.write_bytes(content)
    with pytest.raises(FileGone):
        b"".join(store.read(job.job_id, datetime.now(UTC)))
    (installation.settings.instance / FOLDER / f"{'0' * 32}.sealed").write_bytes(b"none of ours")
    with pytest.raises(FileGone):
        next(store.read("0" * 32, datetime.now(UTC)))
    assert store.sweep(datetime.now(UTC)) == 1, "a file without a head is of no use"
    for name in ("../secrets", "0" * 31, ""):
        with pytest.raises(FileGone):
            next(store.read(name, datetime.now(UTC)))
