"""Which function does a job of which kind, and how one job is run: taken up, done, and its end written down."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from surveyapp.analysis.disclosure import JOB_SECONDS, limit_time
from surveyapp.analysis.peer_band import FREEZE_PEERS
from surveyapp.analysis.released_tables import RELEASE_TABLES
from surveyapp.commands.backing_up import run_backup
from surveyapp.commands.export_jobs import clean_exports, run_make_export
from surveyapp.commands.index_jobs import save_index_snapshot
from surveyapp.commands.installation import Installation
from surveyapp.commands.kept_jobs import clean_jobs
from surveyapp.commands.mail_jobs import run_send_mailing, run_send_message
from surveyapp.commands.peer_jobs import run_freeze_peers
from surveyapp.commands.release_jobs import run_release_tables
from surveyapp.commands.retention_jobs import purge_retention
from surveyapp.commands.running_job import (
    JobCancelled,
    JobFault,
    JobHandedBack,
    JobKind,
    describe_running,
    keep_beating,
)
from surveyapp.fieldwork.mail.mailings import SEND_MAILING
from surveyapp.fieldwork.mail.singles import SEND_MESSAGE
from surveyapp.fieldwork.retention import PURGE
from surveyapp.log_lines import describe_fault, open_logger
from surveyapp.records.database import Connection, DatabaseBusy, DatabaseFault
from surveyapp.records.encryption import VaultFault
from surveyapp.records.job_claims import (
    Claim,
    JobLost,
    claim_job,
    end_cancelled,
    fail_job,
    finish_job,
    hand_back_job,
)
from surveyapp.records.job_queue import Job, Problem
from surveyapp.reports.exports.request import MAKE_EXPORT

logger = open_logger(__name__)

# The desk has words for each kind (web/desk/jobs/words.py).
KINDS: Mapping[str, JobKind] = {
    MAKE_EXPORT: JobKind(run_make_export),
    "exports.clean": JobKind(clean_exports, is_by_hand=True),
    "backup.make": JobKind(run_backup, is_by_hand=True),
    "index.snapshot": JobKind(save_index_snapshot, is_by_hand=True),
    "jobs.clean": JobKind(clean_jobs, is_by_hand=True),
    FREEZE_PEERS: JobKind(run_freeze_peers),
    PURGE: JobKind(purge_retention),
    RELEASE_TABLES: JobKind(run_release_tables),
    "round.closed": JobKind(run_freeze_peers),  # what has to be done once a round has ended
    SEND_MAILING: JobKind(run_send_mailing),
    SEND_MESSAGE: JobKind(run_send_message),
}
PAUSES = (timedelta(seconds=30), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1))
_END_TRIES = 6  # each waits for a busy database as long as every transaction does

End = Callable[[Connection, datetime], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job, and how that is written down."""

    became: str
    end: End
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class JobRunner:
    """One worker's way to run jobs; safe to use from several threads."""

    installation: Installation
    worker: str
    kinds: Mapping[str, JobKind]
    beat_s: float
    hand_back: threading.Event

    def run(self, job_id: str) -> bool:
        """Take the job up and see it to its end; False where it was not there to be taken up any more."""
        with self.installation.database.write() as connection:
            held = claim_job(connection, job_id, worker=self.worker, now=datetime.now(UTC))
        if held is None:
            return False
        claim, job = held
        started = time.monotonic()
        logger.info("job started", kind=job.kind, job_id=job_id, attempt=job.attempts)
        outcome = self._work(claim, job)
        became = self._write_end(outcome, job_id)
        spent = round((time.monotonic() - started) * 1000)
        logger.info("job ended", kind=job.kind, job_id=job_id, became=became, problem=outcome.problem, ms=spent)
        return True

    def _work(self, claim: Claim, job: Job) -> Outcome:
        running = describe_running(self.installation, claim, job, self.hand_back)
        kind = self.kinds.get(job.kind)
        try:
            if kind is None:
                raise JobFault("kind_unknown", retry_after=_find_pause(job))
            with keep_beating(running, self.beat_s), limit_time(JOB_SECONDS):
                result = kind.run(running)
        except JobCancelled:
            return Outcome("cancelled", lambda connection, now: end_cancelled(connection, claim, now))
        except JobHandedBack:
            return Outcome("handed back", lambda connection, now: hand_back_job(connection, claim, now))
        except Exception as fault:  # whatever it is, the worker goes on with other jobs
            return _judge_failure(claim, job, fault)
        return Outcome("done", lambda connection, now: finish_job(connection, claim, result, now))

    def _write_end(self, outcome: Outcome, job_id: str) -> str:
        """What became of the job in the end: where its end cannot be written, it will be taken for lost."""
        for left in reversed(range(_END_TRIES)):
            try:
                with self.installation.database.write() as connection:
                    outcome.end(connection, datetime.now(UTC))
            except JobLost:
                return "lost"
            except DatabaseFault as fault:
                if not left or not isinstance(fault, DatabaseBusy):
                    logger.error("end of a job cannot be written", job_id=job_id, kind=type(fault).__name__)
                    return "lost"
            else:
                return outcome.became
        raise AssertionError("the last try returns")


def _judge_failure(claim: Claim, job: Job, fault: Exception) -> Outcome:
    problem, pause = _name_problem(job, fault)
    if problem == "program":
        logger.error("job met a fault", kind=job.kind, job_id=job.job_id, fault=describe_fault(fault))
    wait = None if pause is None or job.attempts >= job.most_attempts else pause

    def end(connection: Connection, now: datetime) -> None:
        fail_job(connection, claim, problem, now=now, retry_at=None if wait is None else now + wait)

    return Outcome("failed" if wait is None else "to be tried again", end, problem)


def _name_problem(job: Job, fault: Exception) -> tuple[Problem, timedelta | None]:
    """Its code, and after what pause another attempt is worth while."""
    if isinstance(fault, JobFault):
        return fault.problem, fault.retry_after
    if isinstance(fault, DatabaseFault):
        return "database", _find_pause(job)
    if isinstance(fault, VaultFault):
        return "vault", None
    return "program", _find_pause(job)


def _find_pause(job: Job) -> timedelta:
    """Longer from attempt to attempt."""
    return PAUSES[min(job.attempts, len(PAUSES)) - 1]
