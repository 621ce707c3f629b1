"""Where rounds are found, and held while something begins in them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, select

from surveyapp.fieldwork.rounds.model import Round, RoundChanged, RoundUnknown
from surveyapp.fieldwork.thresholds import read_thresholds
from surveyapp.questionnaire.model import Text
from surveyapp.records.database import lock_rows
from surveyapp.records.tables import questionnaire_version, round_table, survey


def find_round(connection: Connection, survey_id: str, slug: str) -> Round:
    """The round behind an address. Raises `RoundUnknown`."""
    row = connection.execute(_by_slug, {"of_survey": survey_id, "of_slug": slug}).one_or_none()
    if row is None:
        raise RoundUnknown(slug)
    return read_round(row)


def find_public_round(connection: Connection, survey_id: str, slug: str, now: datetime) -> Round:
    """The round behind an address that anybody may ask for.

    Raises `RoundUnknown`, also for a round in preparation: outside the desk nobody learns of it.
    """
    round_ = find_round(connection, survey_id, slug)
    if round_.state(now) == "in_preparation":
        raise RoundUnknown(slug)
    return round_


def find_round_by_id(connection: Connection, survey_id: str, round_id: int) -> Round:
    """The round of a draft or response. Raises `RoundUnknown`."""
    row = connection.execute(_by_id, {"of_survey": survey_id, "of_round": round_id}).one_or_none()
    if row is None:
        raise RoundUnknown(str(round_id))
    return read_round(row)


def hold_survey(connection: Connection, survey_id: str) -> None:
    """Lock the survey until the transaction ends: rounds and companies added at once would draw the same number."""
    lock_rows(connection, _lock_survey, {"of_survey": survey_id})


def hold_round(connection: Connection, round_: Round) -> Round:
    """The round as it is now, locked until the transaction ends: what begins in it begins one after another."""
    lock_rows(connection, _lock_round, {"of_survey": round_.survey_id, "of_round": round_.round_id})
    return find_round_by_id(connection, round_.survey_id, round_.round_id)


def hold_edition(connection: Connection, round_: Round, seen: str | None) -> Round:
    """The round as it is now, locked. Raises `RoundChanged` where `seen` is another edition; None accepts any."""
    held = hold_round(connection, round_)
    if seen is not None and held.edition != seen:
        raise RoundChanged(held)
    return held


def list_rounds(connection: Connection, survey_id: str) -> tuple[Round, ...]:
    """All rounds of a survey, the one that opened last first."""
    return tuple(read_round(row) for row in connection.execute(_newest_first, {"of_survey": survey_id}))


def list_rounds_before(survey_round: Round, rounds: Iterable[Round]) -> tuple[Round, ...]:
    """Rounds of the same kind that were announced and opened before, the latest last."""
    before = [
        other
        for other in rounds
        if other.kind == survey_round.kind
        and other.scheduled_at is not None
        and (other.opens_at, other.round_id) < (survey_round.opens_at, survey_round.round_id)
    ]
    return tuple(sorted(before, key=lambda other: (other.opens_at, other.round_id)))


# The keys are not locked: a lock of them would hold up every return that is added to the round meanwhile, and could
# wait for it in a circle.
_lock_survey = (
    select(survey.c.survey_id).where(survey.c.survey_id == bindparam("of_survey")).with_for_update(key_share=True)
)
_lock_round = (
    select(round_table.c.round_id)
    .where(round_table.c.survey_id == bindparam("of_survey"), round_table.c.round_id == bindparam("of_round"))
    .with_for_update(key_share=True)
)


def read_round(row: Row[Any]) -> Round:
    """The round in a row that holds `ROUND_COLUMNS`."""
    return Round(
        survey_id=row.survey_id,
        round_id=row.round_id,
        slug=row.slug,
        kind=row.kind,
        questionnaire_version=row.questionnaire_version,
        title=Text(**row.title),
        operator_texts={name: Text(**text) for name, text in row.operator_texts.items()},
        opens_at=row.opens_at,
        closes_at=row.closes_at,
        open_link=row.open_link,
        counts_companies=row.counts_companies,
        scheduled_at=row.scheduled_at,
        thresholds=read_thresholds(row.thresholds),
        retention={kind: date.fromisoformat(day) for kind, day in row.retention.items()},
        questionnaire_digest=row.digest,
    )


ROUND_COLUMNS = (*round_table.columns, questionnaire_version.c.digest)
USES_VERSION = and_(
    questionnaire_version.c.survey_id == round_table.c.survey_id,
    questionnaire_version.c.version == round_table.c.questionnaire_version,
)


def _select_rounds() -> Select[Any]:
    return (
        select(*ROUND_COLUMNS)
        .select_from(round_table.join(questionnaire_version, USES_VERSION))
        .where(round_table.c.survey_id == bindparam("of_survey"))
    )


# Built once: every page of every return asks for its round.
_by_slug = _select_rounds().where(round_table.c.slug == bindparam("of_slug"))
_by_id = _select_rounds().where(round_table.c.round_id == bindparam("of_round"))
_newest_first = _select_rounds().order_by(round_table.c.opens_at.desc(), round_table.c.round_id.desc())
