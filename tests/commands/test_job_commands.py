"""`surveyapp jobs` and `surveyapp worker --once`, and how the end of a job is judged."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveyapp.commands import main
from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, PAUSES, JobRunner
from surveyapp.commands.kept_jobs import KEPT
from surveyapp.commands.running_job import JobFault, JobKind, RunningJob
from surveyapp.commands.working import Pace, Worker
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database, DatabaseUnreachable, open_database
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.records.job_claims import claim_job, finish_job, take_back_lost_jobs
from surveyapp.records.job_queue import Job, JobUnknown, Json, add_job, ask_to_cancel, find_job
from surveyapp.settings import Settings

Run = Callable[..., Result]
Do = Callable[[RunningJob], Mapping[str, Json]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on an installation of its own, which has been set up."""
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("LOGNAME", "operator")
    monkeypatch.setattr("surveyapp.commands.worker.write_log_lines", lambda log_format: None)

    def run_command(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, catch_exceptions=False)

    assert run_command("init").exit_code == 0
    return run_command


@pytest.fixture
def signals_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Worker, "obey_signals", lambda self: None)


@pytest.mark.usefixtures("signals_kept")
def test_jobs_are_asked_for_listed_and_run(run: Run, tmp_path: Path) -> None:
    assert run("sample").exit_code == 0
    job_id = run("jobs", "add", "index.snapshot").output.strip()
    assert run("jobs", "list").output.split("\t")[:4] == [job_id, "queued", "index.snapshot", "0"]
    again = run("jobs", "add", "index.snapshot")
    assert again.exit_code == 1 and f"job {job_id} does the same already" in again.output
    told = run("worker", "--once").output
    assert re.fullmatch(r"[1-9] jobs\n", told)  # this one, and what the schedule asks for at this hour
    listed = [line.split("\t") for line in run("jobs", "list", "--state", "done").output.splitlines()]
    (own,) = [line for line in listed if line[0] == job_id]
    returns = own[3].partition("/")[0]
    assert own[1:5] == ["done", "index.snapshot", f"{returns}/{returns}", "1/3"] and int(returns) > 0
    assert (tmp_path / "instance" / "japan_export_readiness.index").is_file()
    assert run("jobs", "list", "--state", "failed").output == ""


def test_jobs_are_cancelled_and_tried_again(run: Run, tmp_path: Path) -> None:
    job_id = run("jobs", "add", "jobs.clean").output.strip()
    assert run("jobs", "retry", job_id).output == (
        f"Error: {job_id}: only a job that failed or was cancelled is tried again\n"
    )
    assert run("jobs", "cancel", job_id).output == "cancelled\n"
    assert run("jobs", "cancel", job_id).output == f"Error: {job_id}: the job has ended already\n"
    assert run("jobs", "retry", job_id).exit_code == 0
    assert run("jobs", "list").output.split("\t")[1] == "queued"
    for step in ("retry", "cancel"):
        unknown = run("jobs", step, "nothing")
        assert (unknown.exit_code, unknown.output) == (1, "Error: nothing: there is no such job\n")
    database = open_database(f"sqlite:///{tmp_path / 'instance' / 'survey.sqlite3'}")
    with database.read() as connection:
        trail = [(each.actor, each.action) for each in list_audit(connection)]
    database.close()
    assert trail == [("command:operator", f"job.{deed}") for deed in ("retried", "cancelled", "added")]


@pytest.mark.usefixtures("signals_kept")
def test_a_worker_on_an_installation_that_is_not_set_up_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    (tmp_path / "instance" / "survey.sqlite3").unlink()
    told = run("worker")
    assert told.exit_code == 1 and "run `surveyapp init`" in told.output


# --- one job, in this process ---


@pytest.fixture
def installation(settings: Settings, database: Database, vault: Vault) -> Installation:
    return Installation(settings, database, vault)


def do(installation: Installation, task: Do, *, most_attempts: int = 3, beat_s: float = 60) -> Job:
    """Let one job of this task be run, and look at its row."""
    now = datetime.now(UTC)
    with installation.database.write() as connection:
        arguments = {"which": "one"}
        job_id = add_job(
            connection, kind="test", arguments=arguments, actor="a@b.c", now=now, most_attempts=most_attempts
        )
    runner = JobRunner(installation, "here:1", {"test": JobKind(task)}, beat_s, threading.Event())
    assert runner.run(job_id)
    assert not runner.run(job_id)
    with installation.database.read() as connection:
        return find_job(connection, job_id)


def raising(fault: Exception) -> Do:
    def task(job: RunningJob) -> Mapping[str, Json]:
        raise fault

    return task


@pytest.mark.parametrize(
    ("fault", "state", "problem", "pause"),
    [
        (JobFault("arguments"), "failed", "arguments", None),
        (JobFault("database", retry_after=timedelta(hours=5)), "queued", "database", timedelta(hours=5)),
        (DatabaseUnreachable("gone"), "queued", "database", PAUSES[0]),
        (VaultFault("closed"), "failed", "vault", None),
        (ValueError("canary"), "queued", "program", PAUSES[0]),
    ],
)
def test_a_failure_is_final_or_waits(
    installation: Installation, fault: Exception, state: str, problem: str, pause: timedelta | None
) -> None:
    job = do(installation, raising(fault))
    assert (job.state, job.problem) == (state, problem)
    if pause is not None:
        assert abs(job.run_after - datetime.now(UTC) - pause) < timedelta(seconds=20)


def test_the_last_attempt_is_final(installation: Installation) -> None:
    assert do(installation, raising(ValueError()), most_attempts=1).state == "failed"


def test_pauses_grow(installation: Installation) -> None:
    now = datetime.now(UTC)
    with installation.database.write() as connection:
        job_id = add_job(connection, kind="test", arguments={}, actor="a", now=now, most_attempts=7)
    runner = JobRunner(installation, "here:1", {"test": JobKind(raising(ValueError()))}, 60, threading.Event())
    pauses = []
    for _ in range(6):
        with installation.database.write() as connection:
            connection.exec_driver_sql("UPDATE job SET run_after = created_at")
        assert runner.run(job_id)
        with installation.database.read() as connection:
            pauses.append(find_job(connection, job_id).run_after - datetime.now(UTC))
    assert [round(pause.total_seconds() / 30) for pause in pauses] == [1, 4, 20, 120, 120, 120]


def test_progress_and_check_points(installation: Installation) -> None:
    def task(job: RunningJob) -> Mapping[str, Json]:
        assert (job.arguments, job.actor, job.attempt, job.done) == ({"which": "one"}, "a@b.c", 1, 0)
        job.note_progress(3, 7)
        with job.installation.database.write() as connection:
            ask_to_cancel(connection, job.claim.job_id, actor="a", now=datetime.now(UTC))
        job.check_cancelled()  # asked a moment ago: not again yet
        job._looked_at -= 60
        job.check_cancelled()
        raise AssertionError("was to be stopped")

    job = do(installation, task)
    assert (job.state, job.progress, job.progress_of) == ("cancelled", 3, 7)


def test_a_job_taken_away_keeps_nothing_of_its_last_transaction(installation: Installation) -> None:
    def task(job: RunningJob) -> Mapping[str, Json]:
        now = datetime.now(UTC)
        with job.installation.database.write() as connection:
            take_back_lost_jobs(connection, silent_since=now + timedelta(minutes=1), now=now)
            held = claim_job(connection, job.claim.job_id, worker="other:2", now=now)
            assert held is not None
            finish_job(connection, held[0], {"by": "the other"}, now)
        with job.installation.database.write() as connection:
            add_job(connection, kind="effect", arguments={}, actor="a", now=now)
            job.note_progress(1, 1, connection=connection)
        raise AssertionError("was to be stopped")

    job = do(installation, task)
    assert (job.state, job.result) == ("done", {"by": "the other"})
    with installation.database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM job WHERE kind = 'effect'").scalar() == 0


def test_a_beating_job_learns_that_it_was_taken_away(installation: Installation) -> None:
    def task(job: RunningJob) -> Mapping[str, Json]:
        now = datetime.now(UTC)
        with job.installation.database.write() as connection:
            take_back_lost_jobs(connection, silent_since=now + timedelta(minutes=1), now=now)
        assert job.lost.wait(20)
        job.check_cancelled()
        raise AssertionError("was to be stopped")

    assert do(installation, task, beat_s=0.05, most_attempts=1).state == "failed"


def test_old_jobs_are_forgotten_and_a_survey_without_rounds_has_no_index(installation: Installation) -> None:
    long_ago = datetime.now(UTC) - KEPT - timedelta(minutes=1)
    with installation.database.write() as connection:
        old = add_job(connection, kind="jobs.clean", arguments={}, actor="a", now=long_ago)
        held = claim_job(connection, old, worker="w", now=long_ago)
        assert held is not None
        finish_job(connection, held[0], {}, long_ago)
        now = datetime.now(UTC)
        cleaning = add_job(connection, kind="jobs.clean", arguments={}, actor="a", now=now)
        snapshot = add_job(connection, kind="index.snapshot", arguments={}, actor="a", now=now, survey_id="nothing")
    assert Worker(installation, Pace(), KINDS, schedule=()).run_due() == 2
    with installation.database.read() as connection:
        assert find_job(connection, cleaning).result == {"jobs": 1}
        assert find_job(connection, snapshot).problem == "arguments"
        with pytest.raises(JobUnknown):
            find_job(connection, old)
