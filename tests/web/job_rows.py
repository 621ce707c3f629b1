"""Jobs in every state, for the tests of their page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from surveyapp.records.database import Database
from surveyapp.records.job_claims import Claim, claim_job, fail_job, finish_job, write_progress
from surveyapp.records.job_queue import Problem, add_job, ask_to_cancel

ADMIN = "admin@example.com"


def add(database: Database, kind: str = "index.snapshot", **changes: Any) -> str:
    values = {"arguments": {}, "actor": ADMIN, "now": datetime.now(UTC), **changes}
    with database.write() as connection:
        return add_job(connection, kind=kind, **values)


def begin(database: Database, kind: str = "index.snapshot", **changes: Any) -> Claim:
    job_id = add(database, kind, **changes)
    with database.write() as connection:
        held = claim_job(connection, job_id, worker="here:1", now=datetime.now(UTC))
        assert held is not None
        return held[0]


def advance(database: Database, claim: Claim, done: int, of: int | None) -> None:
    with database.write() as connection:
        write_progress(connection, claim, done, of, datetime.now(UTC))


def finish(database: Database, claim: Claim, **result: Any) -> None:
    with database.write() as connection:
        finish_job(connection, claim, result, datetime.now(UTC))


def fail(database: Database, claim: Claim, problem: Problem, *, again: bool = False) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        fail_job(connection, claim, problem, now=now, retry_at=now + timedelta(minutes=2) if again else None)


def cancel(database: Database, job_id: str) -> None:
    with database.write() as connection:
        ask_to_cancel(connection, job_id, actor=ADMIN, now=datetime.now(UTC))


def add_one_of_each(database: Database) -> dict[str, str]:
    """The number of a job in each state that the page tells apart."""
    running, unknown, stopping, done, failed, again = (begin(database) for _ in range(6))
    waiting, cancelled = add(database), add(database, "jobs.clean")
    advance(database, running, 1240, 10_000)
    advance(database, unknown, 37, None)
    cancel(database, stopping.job_id)
    cancel(database, cancelled)
    finish(database, done, returns=30, revision=41)
    fail(database, failed, "database")
    fail(database, again, "worker_lost", again=True)
    return {
        "waiting": waiting,
        "running": running.job_id,
        "unknown": unknown.job_id,
        "stopping": stopping.job_id,
        "done": done.job_id,
        "failed": failed.job_id,
        "again": again.job_id,
        "cancelled": cancelled,
    }
