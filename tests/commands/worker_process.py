"""A worker in a process of its own with kinds that leave traces: `python -m tests.commands.worker_process`.

Effects are rows of a table of the test, `effect(job_id, number, worker)`, which forbids nothing: what is done twice is
there twice.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from sqlalchemy import text

from surveyapp.commands.installation import open_installation
from surveyapp.commands.running_job import JobKind, RunningJob
from surveyapp.commands.working import Pace, Worker
from surveyapp.log_lines import write_log_lines
from surveyapp.records.database import Connection
from surveyapp.records.job_queue import Json

EFFECT = "CREATE TABLE effect (job_id VARCHAR(32) NOT NULL, number INTEGER NOT NULL, worker VARCHAR(80) NOT NULL)"


def leave_trace(connection: Connection, job: RunningJob, number: int) -> None:
    row = {"job": job.claim.job_id, "number": number, "worker": job.claim.holder}
    connection.execute(text("INSERT INTO effect (job_id, number, worker) VALUES (:job, :number, :worker)"), row)


def append_rows(job: RunningJob) -> Mapping[str, Json]:
    """Goes on where the attempt before stood; each row and the progress it means are kept together."""
    of = int(str(job.arguments["rows"]))
    for number in range(job.done, of):
        job.check_cancelled()
        with job.installation.database.write() as connection:
            leave_trace(connection, job, number)
            job.note_progress(number + 1, of, connection=connection)
        time.sleep(float(str(job.arguments["pause_s"])))
    return {"rows": of}


def append_one(job: RunningJob) -> Mapping[str, Json]:
    with job.installation.database.write() as connection:
        leave_trace(connection, job, 0)
    return {}


def sleep_deafly(job: RunningJob) -> Mapping[str, Json]:
    time.sleep(float(str(job.arguments["pause_s"])))
    return {"slept": True}


def fail_with_secret(job: RunningJob) -> Mapping[str, Json]:
    raise ValueError(f"canary {job.arguments}")


KINDS = {
    "test.append": JobKind(append_rows),
    "test.one": JobKind(append_one),
    "test.deaf": JobKind(sleep_deafly),
    "test.fails": JobKind(fail_with_secret),
}


def main(lost_after_s: float, grace_s: float) -> None:
    parent = os.getppid()
    with open_installation() as installation:
        write_log_lines("text")
        pace = Pace(threads=2, lost_after_s=lost_after_s, grace_s=grace_s, look_s=0.1)
        Worker(installation, pace, KINDS, schedule=()).run(is_over=lambda: os.getppid() != parent)


if __name__ == "__main__":
    main(*(float(given) for given in sys.argv[1:]))
