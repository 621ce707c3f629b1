"""What a kind of job is given to work with: its arguments, the installation, and how to say where it stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from surveyapp.commands.installation import Installation
from surveyapp.log_lines import open_logger
from surveyapp.records.database import Connection, DatabaseFault
from surveyapp.records.job_claims import Claim, JobLost, beat, is_cancel_asked, write_progress
from surveyapp.records.job_queue import Job, Json, Problem

logger = open_logger(__name__)

LOOK_S = 1.0  # how often at most the database is asked whether to stop, or told how far a job is


class JobCancelled(Exception):
    """Somebody asked for the job to stop. Raised at check points; a kind lets it pass."""


class JobHandedBack(Exception):
    """The worker has to end before the job does. Raised at check points; a kind lets it pass."""


class JobFault(Exception):
    """The job cannot be done, for a reason that has words at the desk.

    Without `retry_after` it is over, since another attempt would fail likewise.
    """

    def __init__(self, problem: Problem, *, retry_after: timedelta | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of job. `run` may be run again after it was cut off anywhere, and gives what the job's page shows."""

    run: Callable[[RunningJob], Mapping[str, Json]]
    is_by_hand: bool = False  # whether it needs no arguments, so that `surveyapp jobs add` can ask for it


@dataclass(slots=True)
class RunningJob:
    """A job that this worker has taken up. `done` is where an earlier attempt had come to."""

    installation: Installation
    claim: Claim
    survey_id: str | None
    arguments: Mapping[str, Json]
    actor: str
    attempt: int
    done: int
    hand_back: threading.Event
    lost: threading.Event = field(default_factory=threading.Event)
    _looked_at: float = field(default_factory=time.monotonic)
    _noted_at: float = float("-inf")

    def check_cancelled(self) -> None:
        """A check point, cheap enough for every turn of a loop. Raises JobCancelled, JobHandedBack, JobLost."""
        if self.lost.is_set():
            raise JobLost(self.claim.job_id)
        if self.hand_back.is_set():
            raise JobHandedBack
        if time.monotonic() - self._looked_at < LOOK_S:
            return
        self._looked_at = time.monotonic()
        with self.installation.database.read() as connection:
            is_asked = is_cancel_asked(connection, self.claim)
        if is_asked:
            raise JobCancelled

    def note_progress(self, done: int, of: int | None = None, *, connection: Connection | None = None) -> None:
        """Say that `done` things are done, and a check point.

        With the connection of a writing transaction of the kind, its effects and `done` are kept together or not at
        all, and an attempt that was taken for dead keeps nothing: what is counted by `done` then happens once. Without
        one, the number is for those who watch and is written once a second. Raises as `check_cancelled` does.
        """
        if connection is not None:
            write_progress(connection, self.claim, done, of, datetime.now(UTC))
            self.done = done
            return
        self.check_cancelled()
        self.done = done
        if time.monotonic() - self._noted_at >= LOOK_S or done == of:
            self._noted_at = time.monotonic()
            with self.installation.database.write() as own:
                write_progress(own, self.claim, done, of, datetime.now(UTC))


def describe_running(installation: Installation, claim: Claim, job: Job, hand_back: threading.Event) -> RunningJob:
    return RunningJob(
        installation=installation,
        claim=claim,
        survey_id=job.survey_id,
        arguments=job.arguments,
        actor=job.actor,
        attempt=job.attempts,
        done=job.progress,
        hand_back=hand_back,
    )


@contextmanager
def keep_beating(running: RunningJob, every_s: float) -> Iterator[None]:
    """Give signs of life while the block runs, whatever it does."""
    is_over = threading.Event()

    def beat_on() -> None:
        while not is_over.wait(every_s):
            try:
                with running.installation.database.write() as connection:
                    beat(connection, running.claim, datetime.now(UTC))
            except JobLost:
                running.lost.set()
                return
            except DatabaseFault as fault:
                logger.warning("job gives no sign of life", job_id=running.claim.job_id, kind=type(fault).__name__)

    thread = threading.Thread(target=beat_on, name="beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
