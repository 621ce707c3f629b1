"""Taking a return back: erasing what it said, at once and everywhere, and keeping that it was there."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from surveyapp.fieldwork.consent import PARTICIPATION, REFUSED
from surveyapp.fieldwork.consent_records import take_back_consents
from surveyapp.fieldwork.drafts import Draft, hold_draft, update_draft
from surveyapp.fieldwork.part_links import erase_links
from surveyapp.questionnaire.model import Language
from surveyapp.records.audit import RESPONDENT, write_audit
from surveyapp.records.change_feed import take_revision
from surveyapp.records.confidential import erase_confidential
from surveyapp.records.database import request_scrub
from surveyapp.records.tables import invitation, refusal, response

_ERASED: dict[str, Any] = {"answers": {}, "texts": {}, "identity_link": None, "contact_link": None}


def withdraw(connection: Connection, draft: Draft, *, now: datetime) -> Draft:
    """Erase the return; possible at any time, also after the round has closed, and again without effect.

    Of a response its number, receipt, state and times remain, under a new revision. The draft's row remains without
    content too, so that its link says "withdrawn" rather than "unknown". What was erased is overwritten in the file.
    """
    row = hold_draft(connection, draft.survey_id, draft.draft_id)
    if row.state != "withdrawn":
        erase_return(connection, row, action="return.withdrawn", now=now)
    return replace(
        draft,
        state="withdrawn",
        answers={},
        response_number=row.response_number,
        receipt=row.receipt,
        withdrawn_at=row.withdrawn_at or now,
        has_unsubmitted_changes=False,
    )


def erase_on_refusal(connection: Connection, row: Row[Any], *, language: Language, now: datetime) -> None:
    """Erase a return whose holder no longer agrees to take part, and count one refusal without answers."""
    if row.state != "withdrawn":
        take_back_consents(connection, row, said={PARTICIPATION: REFUSED}, now=now)
        erase_return(connection, row, action="return.refused", now=now)
    invitation_id = mark_refused(connection, row.survey_id, row.draft_id, now=now)
    refused = row.token_hash if invitation_id is None else name_refusal(invitation_id)
    count_refusal(connection, row.survey_id, row.round_id, refused, language=language, now=now)


def erase_return(connection: Connection, row: Row[Any], *, action: str, now: datetime, actor: str = RESPONDENT) -> None:
    """Erase draft and response in a row of `hold_draft`. That its consents were given and taken back stays."""
    take_back_consents(connection, row, said={}, now=now)
    links = [row.identity_link, row.contact_link, row.response_identity_link, row.response_contact_link]
    erase_confidential(connection, row.survey_id, links)
    erase_links(connection, row, now=now)
    gone = {"state": "withdrawn", "withdrawn_at": now, **_ERASED}
    update_draft(connection, row, {**gone, "submitted_saves": None})
    if row.response_number is not None:
        erase_response(connection, row.survey_id, row.response_number, now=now)
    write_audit(
        connection,
        actor=actor,
        action=action,
        at=now,
        survey_id=row.survey_id,
        round_id=row.round_id,
        details={"number": row.response_number},
    )
    request_scrub(connection)


def erase_response(connection: Connection, survey_id: str, number: int, *, now: datetime) -> None:
    """Leave number, receipt, state and times of a response, under a new revision. Its company is forgotten as well."""
    revision = take_revision(connection, survey_id)
    connection.execute(
        update(response)
        .where(response.c.survey_id == survey_id, response.c.number == number)
        .values(state="withdrawn", withdrawn_at=now, revision=revision, company_id=None, **_ERASED)
    )


def count_refusal(
    connection: Connection, survey_id: str, round_id: int, token_hash: bytes, *, language: Language, now: datetime
) -> None:
    """Count one refusal for a start form or link, however often it is sent."""
    refusal_id = make_refusal_id(token_hash)
    known = select(refusal.c.refusal_id).where(refusal.c.survey_id == survey_id, refusal.c.refusal_id == refusal_id)
    if connection.scalar(known) is None:
        connection.execute(
            insert(refusal).values(
                survey_id=survey_id, refusal_id=refusal_id, round_id=round_id, language=language, refused_at=now
            )
        )


def make_refusal_id(token_hash: bytes) -> str:
    """The refusal's own key. It cannot be compared with the `token_hash` of a draft."""
    return hashlib.sha256(b"refusal" + token_hash).hexdigest()[:32]


def name_refusal(invitation_id: str) -> bytes:
    """What stands for a start form's token where an invitation is refused: once, whoever of the company does so."""
    return hashlib.sha256(b"invitation" + invitation_id.encode()).digest()


def mark_refused(connection: Connection, survey_id: str, draft_id: str, *, now: datetime) -> str | None:
    """Note at the invitation through which this return was begun that the company refused; which one that is."""
    found: str | None = connection.scalar(
        select(invitation.c.invitation_id).where(invitation.c.survey_id == survey_id, invitation.c.draft_id == draft_id)
    )
    if found is not None:
        connection.execute(
            update(invitation)
            .where(
                invitation.c.survey_id == survey_id,
                invitation.c.invitation_id == found,
                invitation.c.refused_at.is_(None),
            )
            .values(refused_at=now)
        )
    return found
