"""Workers as processes: killed, stopped, stalled, racing, told to end; on both databases."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from surveyapp.records.database import Database, DatabaseBusy, open_database
from surveyapp.records.job_queue import Job, add_job, ask_to_cancel, find_job, list_jobs
from surveyapp.settings import create_secrets
from tests.commands.worker_process import EFFECT
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]

ROOT = Path(__file__).parents[2]
PATIENCE_S = 90


@dataclass(slots=True)
class Site:
    """An installation with a table for effects, and the workers that were started on it."""

    folder: Path
    database: Database
    url: str
    environ: dict[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, *, lost_after_s: float = 30, grace_s: float = 30) -> subprocess.Popen[bytes]:
        """A worker that has begun to work."""
        own = {"SURVEYAPP_INSTANCE": str(self.folder), "SURVEYAPP_DATABASE_URL": self.url, **self.environ}
        command = [sys.executable, "-m", "tests.commands.worker_process", str(lost_after_s), str(grace_s)]
        log = self.find_log(len(self.workers))
        with log.open("wb") as output:
            process = subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stdout=output, stderr=subprocess.STDOUT)
        self.workers.append(process)
        wait_until(lambda: "worker started" in log.read_text() or process.poll() is not None, "it starts")
        assert process.poll() is None, log.read_text()
        return process

    def find_log(self, number: int) -> Path:
        return self.folder / f"worker-{number}.log"

    def add(self, kind: str, **arguments: Any) -> str:
        now = datetime.now(UTC)
        with self.database.write() as connection:
            return add_job(connection, kind=kind, arguments=arguments, actor="admin@example.com", now=now)

    def look(self, job_id: str) -> Job:
        with self.database.read() as connection:
            return find_job(connection, job_id)

    def wait_for_state(self, job_id: str, state: str) -> Job:
        wait_until(lambda: self.look(job_id).state == state, f"job is {state}: {self.look(job_id)}")
        return self.look(job_id)

    def list_effects(self, job_id: str) -> list[tuple[int, str]]:
        query = text("SELECT number, worker FROM effect WHERE job_id = :job ORDER BY number")
        with self.database.read() as connection:
            return [(row.number, row.worker) for row in connection.execute(query, {"job": job_id})]


def wait_until(is_so: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline, f"not so after {PATIENCE_S} s: {what}"
        time.sleep(0.05)


@contextmanager
def open_site(folder: Path, url: str) -> Iterator[Site]:
    create_secrets(folder)
    database = open_database(url)
    with database.write() as connection:
        connection.execute(text(EFFECT))
    site = Site(folder, database, url)
    try:
        yield site
    finally:
        for process in site.workers:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        database.close()


@pytest.fixture
def site(migrated_url: str, tmp_path: Path) -> Iterator[Site]:
    with open_site(tmp_path, migrated_url) as opened:
        yield opened


def test_the_job_of_a_killed_worker_is_taken_up_again_and_nothing_is_done_twice(site: Site) -> None:
    killed = site.start(lost_after_s=1.5)
    job_id = site.add("test.append", rows=40, pause_s=0.05)
    wait_until(lambda: len(site.list_effects(job_id)) >= 5, "it has begun")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    before = site.look(job_id)
    assert before.state == "running" and 5 <= before.progress < 40
    site.start(lost_after_s=1.5)
    found = site.wait_for_state(job_id, "done")
    effects = site.list_effects(job_id)
    assert [number for number, _worker in effects] == list(range(40))
    assert Counter(worker for _number, worker in effects)[str(before.worker)] == before.progress
    assert (found.attempts, found.progress, found.result) == (2, 40, {"rows": 40})


def test_a_worker_that_stalled_and_wakes_up_adds_nothing_to_what_another_has_taken_over(site: Site) -> None:
    stalled = site.start(lost_after_s=2)
    job_id = site.add("test.append", rows=30, pause_s=0.2)
    wait_until(lambda: len(site.list_effects(job_id)) >= 3, "it has begun")
    stall_between_transactions(site, stalled)
    site.start(lost_after_s=2)
    wait_until(lambda: len({worker for _, worker in site.list_effects(job_id)}) == 2, "the other one goes on")
    stalled.send_signal(signal.SIGCONT)
    found = site.wait_for_state(job_id, "done")
    wait_until(lambda: "became=lost" in site.find_log(0).read_text(), "the first one has seen that it was too late")
    effects = site.list_effects(job_id)
    assert [number for number, _worker in effects] == list(range(30))
    holders = [worker for _number, worker in effects]
    assert holders == sorted(holders, key=holders.index) and found.attempts == 2


def stall_between_transactions(site: Site, process: subprocess.Popen[bytes]) -> None:
    """Stop the process where it holds no lock: with one it would hold up the other worker as well."""
    probe = open_database(site.url, wait_seconds=0.5)
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        process.send_signal(signal.SIGSTOP)
        try:
            with probe.write() as connection:
                connection.execute(text("UPDATE job SET kind = kind"))
        except DatabaseBusy:
            process.send_signal(signal.SIGCONT)
            time.sleep(0.05)
        else:
            break
    probe.close()


def test_two_workers_race_for_two_hundred_jobs_and_each_is_run_once(site: Site) -> None:
    site.start()
    site.start()
    ids = []
    for _ in range(4):
        with site.database.write() as connection:
            for _ in range(50):
                now = datetime.now(UTC)
                ids.append(add_job(connection, kind="test.one", arguments={}, actor="a@example.com", now=now))

    def count_done() -> int:
        with site.database.read() as connection:
            return len(list_jobs(connection, states=["done"], limit=300))

    wait_until(lambda: count_done() == 200, "all are done")
    with site.database.read() as connection:
        effects = connection.execute(text("SELECT job_id, worker FROM effect")).all()
        assert {each.attempts for each in list_jobs(connection, limit=300)} == {1}
    assert sorted(row.job_id for row in effects) == sorted(ids)
    workers = {row.worker.partition("/")[0].rpartition(":")[2] for row in effects}
    assert workers == {str(process.pid) for process in site.workers}


def test_a_worker_told_to_end_lets_its_job_end(site: Site) -> None:
    process = site.start(grace_s=60)
    job_id = site.add("test.deaf", pause_s=2)
    waiting = None
    site.wait_for_state(job_id, "running")
    process.send_signal(signal.SIGTERM)
    waiting = site.add("test.one")
    assert process.wait(PATIENCE_S) == 0
    assert site.look(job_id).state == "done"
    assert site.look(waiting).state == "queued"
    assert "worker ended" in site.find_log(0).read_text()


def test_a_job_that_takes_too_long_to_end_is_handed_back_and_gone_on_with(site: Site) -> None:
    process = site.start(grace_s=0.5)
    job_id = site.add("test.append", rows=60, pause_s=0.1)
    wait_until(lambda: len(site.list_effects(job_id)) >= 2, "it has begun")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE_S) == 0
    handed = site.look(job_id)
    assert (handed.state, handed.attempts, handed.worker) == ("queued", 0, None)
    assert 2 <= handed.progress < 60
    site.start()
    found = site.wait_for_state(job_id, "done")
    assert [number for number, _worker in site.list_effects(job_id)] == list(range(60))
    assert found.attempts == 1


def test_a_running_job_stops_where_it_was_asked_to(site: Site) -> None:
    site.start()
    job_id = site.add("test.append", rows=10_000, pause_s=0.02)
    wait_until(lambda: site.look(job_id).progress >= 1, "it has begun")
    with site.database.write() as connection:
        assert ask_to_cancel(connection, job_id, actor="admin@example.com", now=datetime.now(UTC)) == "running"
    found = site.wait_for_state(job_id, "cancelled")
    assert found.progress == len(site.list_effects(job_id)) < 10_000


def test_what_a_kind_says_of_its_fault_stays_out_of_row_and_log(site: Site) -> None:
    site.start()
    job_id = site.add("test.fails", name="canary-of-the-arguments")
    unknown = site.add("test.unknown")
    wait_until(lambda: site.look(job_id).problem is not None, "it has failed")
    wait_until(lambda: site.look(unknown).problem is not None, "it has failed")
    found = site.look(job_id)
    assert (found.state, found.problem, found.attempts) == ("queued", "program", 1)
    assert 20 < (found.run_after - datetime.now(UTC)).total_seconds() <= 30
    assert (site.look(unknown).state, site.look(unknown).problem) == ("queued", "kind_unknown")
    log = site.find_log(0).read_text()
    assert "canary" not in log
    assert f"job ended kind=test.fails job_id={job_id} became=to be tried again problem=program" in log
    assert "builtins.ValueError" in log and "fail_with_secret" in log
