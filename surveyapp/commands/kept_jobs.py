"""Jobs about the jobs themselves."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from surveyapp.commands.running_job import RunningJob
from surveyapp.records.job_claims import remove_ended_jobs
from surveyapp.records.job_queue import Json

KEPT = timedelta(days=90)  # longer than the schedule looks back for what it has already asked for


def clean_jobs(job: RunningJob) -> Mapping[str, Json]:
    """Forget jobs that ended long ago; the audit trail keeps who asked for what."""
    now = datetime.now(UTC)
    with job.installation.database.write() as connection:
        return {"jobs": remove_ended_jobs(connection, now - KEPT)}
