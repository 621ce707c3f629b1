"""The job that makes a large file, and the one that erases files whose time is over."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.rounds import RoundUnknown, find_round_by_id
from surveyapp.records.job_queue import Json, Problem
from surveyapp.records.kept_files import FileStore
from surveyapp.reports.exports.making import Source, is_no_room, make_export, open_ground
from surveyapp.reports.exports.request import RequestUnknown, read_request
from surveyapp.reports.exports.row_table import ExportRefused, RefusalCode

_PROBLEMS: Mapping[RefusalCode, Problem] = {
    "exhausted": "refused_exhausted",
    "exhausted_closed": "refused_exhausted_closed",
    "cell_too_long": "refused_cell_too_long",
    "module_missing": "refused_module_missing",
    "not_offered": "refused_not_offered",
    "text_grew": "refused_text_grew",
    "text_too_wide": "refused_text_too_wide",
    "too_few": "refused_too_few",
    "too_many_columns": "refused_too_many_columns",
    "too_many_rows": "refused_too_many_rows",
}


def run_make_export(job: RunningJob) -> Mapping[str, Json]:
    """Arguments: `survey_id`, `round_id` and the options of an `ExportRequest`.

    The file is kept under the job's number. Until it is complete nothing can be fetched; a job that is run again begins
    anew.
    """
    settings, now = job.installation.settings, datetime.now(UTC)
    store = FileStore(settings.instance, job.installation.vault)
    try:
        request = read_request(job.arguments)
        slug = _find_slug(job)
        source = Source(job.installation.database, job.installation.vault, settings.survey_id, settings.instance)
        with store.open_aside() as aside, tempfile.TemporaryFile(dir=aside) as file:
            with open_ground(replace(source, scratch=aside), slug) as ground:
                made = make_export(ground, request, file, actor=job.actor, now=now, note=job.note_progress)
                name = request.name_file(settings.survey_id, ground.survey_round, now)
            file.seek(0)
            job.check_cancelled()
            kept = store.keep(
                job.claim.job_id, file, expires_at=datetime.now(UTC) + timedelta(days=settings.export_days)
            )
    except (RequestUnknown, RoundUnknown) as fault:
        raise JobFault("arguments") from fault
    except ExportRefused as refused:
        raise JobFault(_PROBLEMS[refused.code]) from refused
    except TableTooLarge:
        raise JobFault("table_too_large") from None
    except OSError as fault:
        if is_no_room(fault):
            raise JobFault("disk_full") from fault
        raise
    return {
        "file": name,
        "bytes": kept.size,
        "sha256": kept.sha256,
        "expires_at": kept.expires_at.isoformat(),
        "made_from": now.isoformat(),
        **made.list_details(),
    }


def clean_exports(job: RunningJob) -> Mapping[str, Json]:
    """Erase the files that were kept long enough, and what was cut off."""
    installation = job.installation
    return {"files": FileStore(installation.settings.instance, installation.vault).sweep(datetime.now(UTC))}


def _find_slug(job: RunningJob) -> str:
    round_id = job.arguments.get("round_id")
    with job.installation.database.read() as connection:
        found = find_round_by_id(
            connection, str(job.arguments.get("survey_id")), round_id if isinstance(round_id, int) else 0
        )
    return found.slug
