"""Work for the background: a row, written in the transaction of whoever asks for it. The row is the only truth.

What asks for work reads and writes here; what a worker does with a row is in `job_claims`. A job runs at least once:
its worker may die in the middle, and another one takes the job up again from where its progress stands.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from surveyapp.records.audit import write_audit
from surveyapp.records.tables import job

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
JobState = Literal["queued", "running", "done", "failed", "cancelled"]
PENDING: tuple[JobState, ...] = ("queued", "running")
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")

# Why a job failed last. The desk has words for each of them (web/desk/jobs/words.py), and says what can be done.
Problem = Literal[
    "arguments",  # the job asks for something that is not there, or no more
    "backup",  # the folder cannot be written, or what was written cannot be restored
    "database",
    "disk_full",
    "figure_altered",  # a frozen figure that was to be replaced is not what was frozen
    "kind_unknown",  # this version of the program does not know the kind
    "program",  # a fault of the program
    # A file of the form that was asked for cannot be made (reports/exports/refusals.py).
    "refused_cell_too_long",
    "refused_exhausted",
    "refused_exhausted_closed",
    "refused_module_missing",
    "refused_not_offered",
    "refused_text_grew",
    "refused_text_too_wide",
    "refused_too_few",
    "refused_too_many_columns",
    "refused_too_many_rows",
    "table_too_large",  # to be protected in time
    "vault",  # the keys of this installation do not open what is to be read
    "worker_lost",  # the worker gave no sign of life any more
]

_KEY_TRIES = 5


class JobUnknown(Exception):
    """There is no job of this number."""


class JobPending(Exception):
    """A job of the same once_key waits or runs; `job_id` is its number."""

    def __init__(self, job_id: str) -> None:
        super().__init__(job_id)
        self.job_id = job_id


class JobHasEnded(Exception):
    """A job that has ended cannot be cancelled."""


class JobHasNotEnded(Exception):
    """Only a job that failed or was cancelled can be tried again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One row. `progress` things are done, of `progress_of` where that is known."""

    job_id: str
    kind: str
    survey_id: str | None
    arguments: Mapping[str, Json]
    state: JobState
    once_key: str | None
    actor: str
    created_at: datetime
    run_after: datetime
    started_at: datetime | None
    beat_at: datetime | None
    finished_at: datetime | None
    cancel_asked_at: datetime | None
    worker: str | None
    attempts: int
    most_attempts: int
    progress: int
    progress_of: int | None
    result: Mapping[str, Json]
    problem: str | None


def add_job(
    connection: Connection,
    *,
    kind: str,
    arguments: Mapping[str, Json],
    actor: str,
    now: datetime,
    survey_id: str | None = None,
    once_key: str | None = None,
    run_after: datetime | None = None,
    most_attempts: int = 3,
) -> str:
    """Ask for work in the caller's transaction: it is done if that commits, and never heard of if it does not.

    `arguments` names what is to be worked on and holds no answer, contact data or token. Raises `JobPending` where a
    job of this `once_key` waits or runs; the caller's transaction goes on.
    """
    job_id = secrets.token_hex(16)
    row = {
        "job_id": job_id,
        "kind": kind,
        "survey_id": survey_id,
        "arguments": dict(arguments),
        "state": "queued",
        "once_key": once_key,
        "actor": actor,
        "created_at": now,
        "run_after": run_after or now,
        "attempts": 0,
        "most_attempts": most_attempts,
        "progress": 0,
        "result": {},
    }
    for _ in range(_KEY_TRIES):
        try:
            with connection.begin_nested():
                connection.execute(insert(job).values(row))
        except IntegrityError:
            if once_key is None:
                raise
            if (pending := _find_pending(connection, once_key)) is not None:
                raise JobPending(pending) from None
        else:
            return job_id
    raise AssertionError("a job of this key was there at every insert and at no look")


def find_job(connection: Connection, job_id: str) -> Job:
    """Raises `JobUnknown`."""
    row = connection.execute(select(job).where(job.c.job_id == job_id)).mappings().one_or_none()
    if row is None:
        raise JobUnknown(job_id)
    return Job(**row)


def find_latest_job(connection: Connection, once_key: str) -> Job | None:
    """The job of this key that was asked for last, whatever became of it."""
    newest = select(job).where(job.c.once_key == once_key).order_by(job.c.created_at.desc(), job.c.job_id).limit(1)
    row = connection.execute(newest).mappings().one_or_none()
    return None if row is None else Job(**row)


def list_jobs(
    connection: Connection,
    *,
    states: Sequence[JobState] | None = None,
    kind: str | None = None,
    survey_id: str | None = None,
    limit: int = 50,
    before_id: str | None = None,
) -> tuple[Job, ...]:
    """The newest first, at most `limit`; `before_id` continues after the last job of the page before.

    Raises `JobUnknown` where there is no such job to continue after.
    """
    query = select(job).order_by(job.c.created_at.desc(), job.c.job_id.desc()).limit(limit)
    if states is not None:
        query = query.where(job.c.state.in_(states))
    if kind is not None:
        query = query.where(job.c.kind == kind)
    if survey_id is not None:
        query = query.where(job.c.survey_id == survey_id)
    if before_id is not None:
        last = find_job(connection, before_id)
        is_older = job.c.created_at < last.created_at
        query = query.where(is_older | ((job.c.created_at == last.created_at) & (job.c.job_id < last.job_id)))
    return tuple(Job(**row) for row in connection.execute(query).mappings())


def ask_to_cancel(connection: Connection, job_id: str, *, actor: str, now: datetime) -> JobState:
    """Cancel a job that waits, and ask the worker of one that runs; gives the state that it has now.

    What was done until then stays done. Asking twice is asking once. Raises `JobUnknown` and `JobHasEnded`.
    """
    waiting = update(job).where(job.c.job_id == job_id, job.c.state == "queued")
    ended = connection.execute(waiting.values(state="cancelled", cancel_asked_at=now, finished_at=now))
    if ended.rowcount:
        _write_trace(connection, job_id, action="job.cancelled", actor=actor, now=now)
        return "cancelled"
    running = update(job).where(job.c.job_id == job_id, job.c.state == "running")
    asked = connection.execute(running.where(job.c.cancel_asked_at.is_(None)).values(cancel_asked_at=now))
    if asked.rowcount:
        _write_trace(connection, job_id, action="job.cancelled", actor=actor, now=now)
        return "running"
    found = find_job(connection, job_id)
    if found.state in ENDED:
        raise JobHasEnded(job_id)
    return found.state


def retry_job(connection: Connection, job_id: str, *, actor: str, now: datetime) -> None:
    """Let a job that failed or was cancelled be tried again, from where its progress stands, with all its attempts.

    Raises `JobUnknown`, `JobHasNotEnded`, and `JobPending` where another job of its key waits or runs by now.
    """
    again = (
        update(job)
        .where(job.c.job_id == job_id, job.c.state.in_(("failed", "cancelled")))
        .values(state="queued", run_after=now, attempts=0, finished_at=None, cancel_asked_at=None, worker=None)
    )
    try:
        with connection.begin_nested():
            is_changed = bool(connection.execute(again).rowcount)
    except IntegrityError:
        key = find_job(connection, job_id).once_key
        pending = None if key is None else _find_pending(connection, key)
        raise JobPending(pending or job_id) from None
    if not is_changed:
        raise JobHasNotEnded(find_job(connection, job_id).job_id)
    _write_trace(connection, job_id, action="job.retried", actor=actor, now=now)


def _find_pending(connection: Connection, once_key: str) -> str | None:
    query = select(job.c.job_id).where(job.c.once_key == once_key, job.c.state.in_(PENDING))
    return connection.scalar(query)


def _write_trace(connection: Connection, job_id: str, *, action: str, actor: str, now: datetime) -> None:
    found = find_job(connection, job_id)
    details = {"job": job_id, "job_kind": found.kind}
    write_audit(connection, actor=actor, action=action, at=now, survey_id=found.survey_id, details=details)
