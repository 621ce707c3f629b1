"""Jobs about the band of peers that companies see beside their own readiness."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from surveyapp.analysis.peer_band import freeze_peer_band
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.rounds import RoundUnknown, find_round_by_id, load_questionnaire_of
from surveyapp.records.frozen_figures import FigureAltered
from surveyapp.records.job_queue import Json


def run_freeze_peers(job: RunningJob) -> Mapping[str, Json]:
    """Make a round's band, or make it anew, where enough companies have come; harmless when done twice."""
    round_id = job.arguments.get("round_id")
    if job.survey_id is None or not isinstance(round_id, int):
        raise JobFault("arguments")
    database = job.installation.database
    try:
        with database.read() as connection:
            questionnaire = load_questionnaire_of(connection, find_round_by_id(connection, job.survey_id, round_id))
        job.check_cancelled()
        became = freeze_peer_band(database, job.survey_id, round_id, questionnaire, now=datetime.now(UTC))
    except RoundUnknown:
        raise JobFault("arguments") from None
    except FigureAltered:
        raise JobFault("figure_altered") from None
    return {"peers": became}
