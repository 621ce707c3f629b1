"""Jobs about the answer index."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.analysis.open_indexes import save_index
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.records.job_queue import Json


def save_index_snapshot(job: RunningJob) -> Mapping[str, Json]:
    """Write the index of a survey to its file, so that the next process to start need not read every return."""
    installation = job.installation
    if job.survey_id is None:
        raise JobFault("arguments")
    with installation.database.read() as connection:
        if not list_rounds(connection, job.survey_id):
            raise JobFault("arguments")
    index = save_index(installation.database, job.survey_id, snapshots=installation.settings.instance)
    returns = len(index.live)
    job.note_progress(returns, returns)
    return {"returns": returns, "revision": index.revision}
