"""The return that the same company gave in an earlier round, to be set beside the present one for the company alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, select

from surveyapp.fieldwork.drafts import Draft
from surveyapp.fieldwork.rounds import ROUND_COLUMNS, USES_VERSION, Round, load_version, read_round
from surveyapp.questionnaire.model import Answers, Questionnaire
from surveyapp.records.tables import questionnaire_version, response, round_table


@dataclass(frozen=True, slots=True)
class EarlierReturn:
    """What a company submitted in an earlier round. `answers` are the choices and numbers alone."""

    round: Round
    questionnaire: Questionnaire
    answers: Answers


def find_earlier_return(connection: Connection, draft: Draft, round_: Round) -> EarlierReturn | None:
    """The company's return in the latest round of the same kind that opened before this one; None where there is none.

    Of several returns in that round the most complete counts, as everywhere. One that was withdrawn or erased is none,
    and so is one whose company is not known from the directory: behind an open link nobody is known to be the same.
    """
    if draft.company_id is None:
        return None
    of_round = and_(round_table.c.survey_id == response.c.survey_id, round_table.c.round_id == response.c.round_id)
    columns = (*ROUND_COLUMNS, response.c.number, response.c.answers, response.c.texts, response.c.submitted_at)
    query: Select[Any] = (
        select(*columns, response.c.questionnaire_version.label("answered_version"))
        .select_from(response.join(round_table, of_round).join(questionnaire_version, USES_VERSION))
        .where(
            response.c.survey_id == draft.survey_id,
            response.c.company_id == draft.company_id,
            response.c.state == "submitted",
            round_table.c.round_id != round_.round_id,
            round_table.c.kind == round_.kind,
            round_table.c.opens_at < round_.opens_at,
        )
        .order_by(round_table.c.opens_at.desc(), round_table.c.round_id.desc())
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    of_latest = [row for row in rows if row.round_id == rows[0].round_id]
    row = max(of_latest, key=lambda row: (len(row.answers) + len(row.texts), row.submitted_at, row.number))
    questionnaire = load_version(connection, draft.survey_id, row.answered_version)
    return None if questionnaire is None else EarlierReturn(read_round(row), questionnaire, row.answers)
