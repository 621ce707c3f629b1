"""The counter that makes the change feed of a survey complete.

Every insert, edit and withdrawal of a response takes the next revision inside its own transaction. The row of the
counter stays locked until that transaction ends, so revisions are committed in their order, and a reader who has seen
everything up to `seen` misses nothing by asking for `revision > seen`. (A sequence would not do: numbers are given out
in one order and committed in another.)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, select, update

from surveyapp.records.tables import response, survey

BATCH = 2000


class SurveyUnknown(LookupError):
    """No questionnaire of this survey was ever registered."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a new response is given: its revision in the feed and its number. `receipt_is_taken`: draw another."""

    revision: int
    number: int
    receipt_is_taken: bool


_is_survey = survey.c.survey_id == bindparam("of_survey")
_take_revision = update(survey).where(_is_survey).values(revision=survey.c.revision + 1).returning(survey.c.revision)
_take_place = (
    update(survey)
    .where(_is_survey)
    .values(revision=survey.c.revision + 1, last_number=survey.c.last_number + 1)
    .returning(
        survey.c.revision,
        survey.c.last_number,
        exists()
        .where(response.c.survey_id == bindparam("of_survey"), response.c.receipt == bindparam("receipt"))
        .label("receipt_is_taken"),
    )
)


def take_revision(connection: Connection, survey_id: str) -> int:
    """The next revision of the survey, held until the transaction ends. Raises `SurveyUnknown`."""
    revision: int | None = connection.execute(_take_revision, {"of_survey": survey_id}).scalar_one_or_none()
    if revision is None:
        raise SurveyUnknown(survey_id)
    return revision


def take_place(connection: Connection, survey_id: str, receipt: str) -> Place:
    """The next revision and number, and whether `receipt` is in use. Raises `SurveyUnknown`."""
    row = connection.execute(_take_place, {"of_survey": survey_id, "receipt": receipt}).one_or_none()
    if row is None:
        raise SurveyUnknown(survey_id)
    return Place(row.revision, row.last_number, bool(row.receipt_is_taken))


def find_latest_revision(connection: Connection, survey_id: str) -> int:
    """The survey's newest revision, 0 where nothing was submitted yet or the survey is unknown."""
    found: int | None = connection.execute(
        select(survey.c.revision).where(survey.c.survey_id == survey_id)
    ).scalar_one_or_none()
    return found or 0


def stream_changes(
    connection: Connection, survey_id: str, seen: int, columns: Sequence[ColumnElement[Any]]
) -> Iterator[Sequence[Row[Any]]]:
    """Rows of `response` with a revision above `seen`, oldest change first, in batches of at most `BATCH`."""
    changes = (
        select(*columns)
        .where(response.c.survey_id == survey_id, response.c.revision > seen)
        .order_by(response.c.revision)
        .execution_options(yield_per=BATCH)
    )
    yield from connection.execute(changes).partitions(BATCH)
