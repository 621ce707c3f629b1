"""How returns came about: times, language, mode and pages, and nothing that was answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, NamedTuple

from sqlalchemy import Connection, and_, func, select

from surveyapp.fieldwork.modes import Mode
from surveyapp.questionnaire.model import Language
from surveyapp.records.tables import draft, response, return_visit

BATCH = 1000  # rows fetched at once


class Paradata(NamedTuple):
    """One return, begun or submitted. `last_page` is where its private link was opened last, '' where unknown."""

    number: int | None
    state: Literal["open", "submitted"]
    language: Language
    mode: Mode
    started_at: datetime
    submitted_at: datetime | None
    edited_at: datetime | None
    saves: int
    last_page: str


def stream_paradata(connection: Connection, survey_id: str, round_id: int) -> Iterator[Paradata]:
    """Returns of the round in the order in which they were begun; what was withdrawn is not among them."""
    own_visit = and_(
        return_visit.c.survey_id == draft.c.survey_id,
        return_visit.c.draft_id == draft.c.draft_id,
        return_visit.c.link_id == "",
    )
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    rows = connection.execute(
        select(
            draft.c.response_number,
            draft.c.state,
            draft.c.language,
            draft.c.mode,
            draft.c.started_at,
            response.c.submitted_at,
            response.c.edited_at,
            draft.c.saves,
            func.coalesce(return_visit.c.page, ""),
        )
        .select_from(draft.outerjoin(response, of_response).outerjoin(return_visit, own_visit))
        .where(draft.c.survey_id == survey_id, draft.c.round_id == round_id, draft.c.state != "withdrawn")
        .order_by(draft.c.started_at, draft.c.draft_id)
        .execution_options(yield_per=BATCH)
    )
    for row in rows:
        yield Paradata(*row)
