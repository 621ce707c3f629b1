"""The job that works out what viewers see of a round, where a page has not the time to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.analysis.field_release import collect_field
from surveyapp.analysis.issue_questions import IssuesNotAsked
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.open_indexes import open_index
from surveyapp.analysis.release_memory import release_tables
from surveyapp.analysis.released_tables import Counted, ask_for_fixed_tables
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.fieldwork.rounds import RoundUnknown, find_round_by_id, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.records.job_queue import Json


def run_release_tables(job: RunningJob) -> Mapping[str, Json]:
    """Release the tables to the ministry, which remembers them; done twice it releases nothing new."""
    round_id = job.arguments.get("round_id")
    if job.survey_id is None or not isinstance(round_id, int):
        raise JobFault("arguments")
    database, instance = job.installation.database, job.installation.settings.instance
    index = open_index(database, job.survey_id, snapshots=instance)
    try:
        with database.read() as connection:
            survey_round = find_round_by_id(connection, job.survey_id, round_id)
            questionnaire = load_questionnaire_of(connection, survey_round)
            counted = Counted(
                survey_round, questionnaire, index, build_mask(index, questionnaire, survey_round.round_id)
            )
            sets = collect_field(connection, survey_round, counted.numbers)
        job.check_cancelled()
        tables = release_tables(
            database,
            survey_round,
            Audience.MINISTRY,
            partial(ask_for_fixed_tables, counted, sets, Audience.MINISTRY),
            actor=job.actor,
            now=datetime.now(UTC),
        )
    except (RoundUnknown, IssuesNotAsked):
        raise JobFault("arguments") from None
    except TableTooLarge:
        raise JobFault("table_too_large") from None
    return {"is_proven": not tables.is_unproven}
