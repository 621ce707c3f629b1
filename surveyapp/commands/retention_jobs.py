"""The job that erases what a round has kept long enough."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from surveyapp.analysis.open_indexes import rebuild_snapshot
from surveyapp.commands.installation import Installation
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.directory.import_store import UploadStore
from surveyapp.fieldwork.erasing import count_kept, erase_batch
from surveyapp.fieldwork.retention import RetentionKind, list_due
from surveyapp.fieldwork.rounds import Round, RoundUnknown, find_round_by_id
from surveyapp.records.job_queue import Json


def purge_retention(job: RunningJob) -> Mapping[str, Json]:
    """Arguments: `survey_id`, `round_id`. Erases each kind of data whose date is over at this moment."""
    installation, now = job.installation, datetime.now(UTC)
    round_ = _find_round(job)
    due = list_due(round_, now)
    with installation.database.read() as connection:
        kept = {kind: count_kept(connection, round_, kind, now) for kind in due}
    erased = {kind: _erase(job, round_, kind, now, sum(kept.values())) for kind in due}
    rebuild_snapshot(installation.database, round_.survey_id, snapshots=installation.settings.instance)
    _sweep_uploads(installation, round_.survey_id, now)
    return {kind: count for kind, count in erased.items() if count}


def _erase(job: RunningJob, round_: Round, kind: RetentionKind, now: datetime, of: int) -> int:
    erased = 0
    while True:
        job.check_cancelled()
        with job.installation.database.write() as connection:
            batch = erase_batch(connection, round_, kind, now=now, actor=job.actor)
            if batch:
                done = job.done + batch
                job.note_progress(done, max(of, done), connection=connection)
        if not batch:
            return erased
        erased += batch


def _find_round(job: RunningJob) -> Round:
    try:
        with job.installation.database.read() as connection:
            survey_id, round_id = str(job.arguments["survey_id"]), job.arguments["round_id"]
            return find_round_by_id(connection, survey_id, round_id if isinstance(round_id, int) else 0)
    except (KeyError, RoundUnknown) as fault:
        raise JobFault("arguments") from fault


def _sweep_uploads(installation: Installation, survey_id: str, now: datetime) -> None:
    """Lists of companies that somebody uploaded and did not import hold people too."""
    UploadStore(installation.settings.instance, installation.vault, survey_id, "").sweep(now)
