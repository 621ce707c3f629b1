"""The audit trail: who did what, and when. Rows are added and read, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from surveyapp.records.tables import audit_event

Detail = str | int | bool | None

RESPONDENT = "respondent"
COMMAND = "command"
SCHEDULE = "schedule"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    audit_id: int
    at: datetime
    actor: str
    action: str
    survey_id: str | None
    round_id: int | None
    details: Mapping[str, Detail]


def write_audit(
    connection: Connection,
    *,
    actor: str,
    action: str,
    at: datetime,
    survey_id: str | None = None,
    round_id: int | None = None,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Add one row in the caller's transaction, so that the deed and its trace are kept or lost together.

    `actor` is a staff account's address, `RESPONDENT` or `COMMAND`; `action` is a dotted word such as
    `response.withdrawn`. `details` must hold no answer, contact data or token.
    """
    connection.execute(
        insert(audit_event).values(
            at=at,
            actor=actor,
            action=action,
            survey_id=survey_id,
            round_id=round_id,
            details=dict(details or {}),
        )
    )


def list_audit(
    connection: Connection,
    *,
    limit: int = 100,
    before_id: int | None = None,
    action: str | None = None,
    survey_id: str | None = None,
    round_id: int | None = None,
    subject: str | None = None,
) -> tuple[AuditEvent, ...]:
    """The newest events first, at most `limit`; `before_id` continues where the last page ended.

    `subject` is the first word of the actions wanted: `round` for `round.opened` and the like.
    """
    query = select(audit_event).order_by(audit_event.c.audit_id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(audit_event.c.audit_id < before_id)
    if action is not None:
        query = query.where(audit_event.c.action == action)
    if survey_id is not None:
        query = query.where(audit_event.c.survey_id == survey_id)
    if round_id is not None:
        query = query.where(audit_event.c.round_id == round_id)
    if subject is not None:
        query = query.where(audit_event.c.action.startswith(f"{subject}.", autoescape=True))
    return tuple(AuditEvent(**row) for row in connection.execute(query).mappings())
