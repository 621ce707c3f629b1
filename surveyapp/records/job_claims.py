"""A worker's side of the jobs: which are due, taking one up, signs of life, and how it ended.

A worker that takes a job up holds a claim. Whatever it writes counts only while the claim is good: after a pause that
looked like death, the job may be another worker's. A kind that writes its effects and its progress in one transaction
therefore does nothing twice.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, select, update

from surveyapp.records.job_queue import ENDED, Job, Json, Problem, find_job
from surveyapp.records.tables import job


class JobLost(Exception):
    """The job is no longer this worker's; what the transaction wrote must not be kept."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One taking up of one job; `holder` is the worker's name and something of this claim alone."""

    job_id: str
    holder: str


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`waiting` are due or will be, `due_since` is when the longest waiting of those that are due became so."""

    waiting: int
    running: int
    failed: int
    due_since: datetime | None


def list_due_jobs(connection: Connection, now: datetime, *, limit: int) -> tuple[tuple[str, int], ...]:
    """Numbers of the jobs that may be taken up, and how often each was; the longest waiting first."""
    due = (
        select(job.c.job_id, job.c.attempts)
        .where(job.c.state == "queued", job.c.run_after <= now)
        .order_by(job.c.run_after, job.c.created_at)
        .limit(limit)
    )
    return tuple((row.job_id, row.attempts) for row in connection.execute(due))


def claim_job(connection: Connection, job_id: str, *, worker: str, now: datetime) -> tuple[Claim, Job] | None:
    """Take up a job that is due; None where another worker was first, or it was cancelled meanwhile.

    `worker` has at most 48 characters.
    """
    claim = Claim(job_id, f"{worker}/{secrets.token_hex(6)}")
    taken = connection.execute(
        update(job)
        .where(job.c.job_id == job_id, job.c.state == "queued", job.c.run_after <= now)
        .values(state="running", worker=claim.holder, attempts=job.c.attempts + 1, started_at=now, beat_at=now)
    )
    return (claim, find_job(connection, job_id)) if taken.rowcount else None


def beat(connection: Connection, claim: Claim, now: datetime) -> None:
    """Give a sign of life. Raises `JobLost`."""
    _change(connection, claim, beat_at=now)


def is_cancel_asked(connection: Connection, claim: Claim) -> bool:
    """Whether somebody wants the job to stop. Raises `JobLost`."""
    row = connection.execute(select(job.c.cancel_asked_at).where(_is_held(claim))).one_or_none()
    if row is None:
        raise JobLost(claim.job_id)
    return row.cancel_asked_at is not None


def write_progress(connection: Connection, claim: Claim, done: int, of: int | None, now: datetime) -> None:
    """Say how far the job is. In the transaction of its effects, both are kept or neither. Raises `JobLost`."""
    _change(connection, claim, progress=done, progress_of=of, beat_at=now)


def finish_job(connection: Connection, claim: Claim, result: Mapping[str, Json], now: datetime) -> None:
    """Raises `JobLost`."""
    _change(connection, claim, state="done", result=dict(result), problem=None, finished_at=now)


def fail_job(
    connection: Connection, claim: Claim, problem: Problem, *, now: datetime, retry_at: datetime | None
) -> None:
    """Let it be tried again at `retry_at`, or for None no more. Where it is to be cancelled anyway, it is.

    Raises `JobLost`.
    """
    if is_cancel_asked(connection, claim):
        _change(connection, claim, state="cancelled", problem=problem, finished_at=now)
    elif retry_at is not None:
        _change(connection, claim, state="queued", problem=problem, run_after=retry_at, worker=None)
    else:
        _change(connection, claim, state="failed", problem=problem, finished_at=now)


def end_cancelled(connection: Connection, claim: Claim, now: datetime) -> None:
    """The worker has stopped as it was asked to. Raises `JobLost`."""
    _change(connection, claim, state="cancelled", finished_at=now)


def hand_back_job(connection: Connection, claim: Claim, now: datetime) -> None:
    """The worker is to end before the job does: another one goes on, and no attempt is lost. Raises `JobLost`."""
    _change(connection, claim, state="queued", run_after=now, worker=None, attempts=job.c.attempts - 1)


def take_back_lost_jobs(connection: Connection, *, silent_since: datetime, now: datetime) -> tuple[Job, ...]:
    """Jobs whose workers have given no sign of life since then, as they are now: waiting again, failed or cancelled."""
    is_lost = (job.c.state == "running") & (job.c.beat_at < silent_since)
    rows = connection.execute(
        select(job.c.job_id, job.c.cancel_asked_at, job.c.attempts, job.c.most_attempts).where(is_lost)
    )
    taken = []
    for row in rows.all():
        if row.cancel_asked_at is not None:
            values = {"state": "cancelled", "finished_at": now}
        elif row.attempts >= row.most_attempts:
            values = {"state": "failed", "finished_at": now}
        else:
            values = {"state": "queued", "run_after": now, "worker": None}
        own = update(job).where(job.c.job_id == row.job_id, is_lost)
        if connection.execute(own.values(**values, problem="worker_lost")).rowcount:
            taken.append(find_job(connection, row.job_id))
    return tuple(taken)


def remove_ended_jobs(connection: Connection, before: datetime) -> int:
    """Forget the jobs that ended before then; gives how many."""
    return connection.execute(delete(job).where(job.c.state.in_(ENDED), job.c.finished_at < before)).rowcount


def count_jobs(connection: Connection, now: datetime) -> JobCounts:
    """How many wait, run and have failed, for those who watch over the service."""
    rows = connection.execute(select(job.c.state, func.count().label("jobs")).group_by(job.c.state))
    jobs: dict[str, int] = {row.state: row.jobs for row in rows}
    due = select(func.min(job.c.run_after)).where(job.c.state == "queued", job.c.run_after <= now)
    return JobCounts(
        waiting=jobs.get("queued", 0),
        running=jobs.get("running", 0),
        failed=jobs.get("failed", 0),
        due_since=connection.scalar(due),
    )


def _is_held(claim: Claim) -> ColumnElement[bool]:
    return and_(job.c.job_id == claim.job_id, job.c.state == "running", job.c.worker == claim.holder)


def _change(connection: Connection, claim: Claim, **values: Any) -> None:
    if not connection.execute(update(job).where(_is_held(claim)).values(values)).rowcount:
        raise JobLost(claim.job_id)
