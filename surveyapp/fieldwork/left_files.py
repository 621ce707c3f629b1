"""Files that left the desk while a return was in them, and so can no longer be taken back here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, and_, select

from surveyapp.fieldwork.consent import NARROWINGS
from surveyapp.fieldwork.consent_records import TAKEN_BACK
from surveyapp.records.tables import audit_event, consent_record, draft, response

FileHolds = Literal["figures", "times", "unnamed", "answers", "names"]
_HOLDS: dict[str, FileHolds] = {
    "ministry": "figures",
    "briefing": "figures",
    "paradata": "times",
    "deidentified": "unnamed",
    "raw": "answers",
    "identified": "names",
}
_EXPORT = "export."


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file of a round: of figures only, of times and pages without answers, of answers that no company is told by,
    of answers and texts, or of these and what names the companies."""

    left_at: datetime
    holds: FileHolds
    name: str
    actor: str


@dataclass(frozen=True, slots=True)
class TakenBack:
    """A return that was withdrawn, or permits less, after files with it had left."""

    number: int
    is_withdrawn: bool
    taken_back_at: datetime
    files: tuple[LeftFile, ...]


def list_left_files(
    connection: Connection, survey_id: str, round_id: int, *, since: datetime, until: datetime
) -> tuple[LeftFile, ...]:
    """Files of the round that left between two times, oldest first.

    They are counted from when the return was submitted, whether or not it was counted twice or left out by a filter:
    whoever looks for a copy had better look once too often.
    """
    rows = connection.execute(
        select(audit_event.c.at, audit_event.c.actor, audit_event.c.action, audit_event.c.details)
        .where(
            audit_event.c.survey_id == survey_id,
            audit_event.c.round_id == round_id,
            audit_event.c.action.startswith(_EXPORT, autoescape=True),
            audit_event.c.at.between(since, until),
        )
        .order_by(audit_event.c.at, audit_event.c.audit_id)
    )
    return tuple(
        LeftFile(
            row.at, _find_content(row.action, row.details.get("kind")), str(row.details.get("file", "")), row.actor
        )
        for row in rows
    )


def was_taken_back_since(
    connection: Connection, survey_id: str, round_id: int, since: datetime, *, submitted_until: datetime
) -> bool:
    """Whether a return that was submitted until then was withdrawn or narrowed since: a file that was made between the
    two times holds more than it may now."""
    withdrawn = select(response.c.number).where(
        response.c.survey_id == survey_id,
        response.c.round_id == round_id,
        response.c.submitted_at <= submitted_until,
        response.c.withdrawn_at >= since,
    )
    of_draft = and_(draft.c.survey_id == consent_record.c.survey_id, draft.c.draft_id == consent_record.c.draft_id)
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    narrowed = (
        select(consent_record.c.consent_id)
        .select_from(consent_record.join(draft, of_draft).join(response, of_response))
        .where(
            consent_record.c.survey_id == survey_id,
            draft.c.round_id == round_id,
            response.c.submitted_at <= submitted_until,
            consent_record.c.said_at > response.c.submitted_at,
            consent_record.c.said_at >= since,
            consent_record.c.choice.in_((TAKEN_BACK, *NARROWINGS)),
        )
    )
    return any(connection.execute(each.limit(1)).first() is not None for each in (withdrawn, narrowed))


def list_taken_back(connection: Connection, survey_id: str, round_id: int) -> tuple[TakenBack, ...]:
    """Returns of the round that were withdrawn or narrowed after files with answers had left, the newest first."""
    found = [
        *_list_withdrawn(connection, survey_id, round_id),
        *_list_narrowed(connection, survey_id, round_id),
    ]
    return tuple(sorted(found, key=lambda one: (one.taken_back_at, one.number), reverse=True))


def _list_withdrawn(connection: Connection, survey_id: str, round_id: int) -> list[TakenBack]:
    rows = connection.execute(
        select(response.c.number, response.c.submitted_at, response.c.withdrawn_at).where(
            response.c.survey_id == survey_id, response.c.round_id == round_id, response.c.state == "withdrawn"
        )
    )
    return [
        TakenBack(row.number, True, row.withdrawn_at, files)
        for row in rows
        if (files := _list_with_answers(connection, survey_id, round_id, row.submitted_at, row.withdrawn_at))
    ]


def _list_narrowed(connection: Connection, survey_id: str, round_id: int) -> list[TakenBack]:
    """Returns of which something was said about consent after they were submitted, by the last time of that."""
    of_draft = and_(draft.c.survey_id == consent_record.c.survey_id, draft.c.draft_id == consent_record.c.draft_id)
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    rows = connection.execute(
        select(response.c.number, response.c.submitted_at, consent_record.c.said_at)
        .select_from(consent_record.join(draft, of_draft).join(response, of_response))
        .where(
            consent_record.c.survey_id == survey_id,
            draft.c.round_id == round_id,
            response.c.state == "submitted",
            consent_record.c.said_at > response.c.submitted_at,
            # What permits nothing or less than everything; what was permitted anew is no reason to look for copies.
            consent_record.c.choice.in_((TAKEN_BACK, *NARROWINGS)),
        )
        .order_by(consent_record.c.said_at)
    )
    latest = {row.number: row for row in rows}
    return [
        TakenBack(row.number, False, row.said_at, files)
        for row in latest.values()
        if (files := _list_with_answers(connection, survey_id, round_id, row.submitted_at, row.said_at))
    ]


def _list_with_answers(
    connection: Connection, survey_id: str, round_id: int, since: datetime, until: datetime
) -> tuple[LeftFile, ...]:
    files = list_left_files(connection, survey_id, round_id, since=since, until=until)
    return tuple(file for file in files if file.holds in ("answers", "names"))


def _read_file(row: Row[Any]) -> LeftFile:
    holds = _find_content(row.action, row.details.get("kind"))
    return LeftFile(row.at, holds, str(row.details.get("file", "")), row.actor)


def _find_content(action: str, kind: object) -> FileHolds:
    """What a file holds; one of a kind that is not known here is taken for the one that says most."""
    named = str(kind) if kind is not None else action.removeprefix(_EXPORT)
    return _HOLDS.get(named, "names")
