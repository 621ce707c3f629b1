"""Returns that staff type on a company's behalf, as told by telephone or from a paper form.

They go the way of any return (`answering`): the same questions, the same checks, one private link. What differs is the
mode, which stays with the return, and a row of the audit trail that says who typed it and how consent was given.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, and_, select

from surveyapp.fieldwork.answering import Draft, LinkUnknown, find_draft, start_return
from surveyapp.fieldwork.consent import AGREED, PARTICIPATION
from surveyapp.fieldwork.drafts import DraftState
from surveyapp.fieldwork.invitations.inviting import Invitation, InvitationUnknown, hold_invitation
from surveyapp.fieldwork.invitations.starting import note_begun
from surveyapp.fieldwork.modes import STAFF_MODES, StaffMode
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.questionnaire.model import Language, Questionnaire
from surveyapp.records.audit import write_audit
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft, response

STARTED = "return.entered_by_staff"


class CompanyHasBegun(Exception):
    """The invited company has a return already, which its own links lead to."""


@dataclass(frozen=True, slots=True)
class TakenConsent:
    """That the company agreed to take part before anything of it was typed: on which day, and who of staff heard it."""

    on: date
    by: str


@dataclass(frozen=True, slots=True)
class StaffReturn:
    """One return of a round that staff began: how it came, and how far it is. Nothing of its answers."""

    mode: StaffMode
    state: DraftState
    receipt: str | None
    started_at: datetime
    saved_at: datetime


def start_staff_return(
    connection: Connection,
    vault: Vault,
    round_: Round,
    questionnaire: Questionnaire,
    *,
    token: str,
    mode: StaffMode,
    language: Language,
    consent: TakenConsent,
    actor: str,
    now: datetime,
    invitation_id: str | None = None,
) -> Draft:
    """Begin a return with the consent to take part that the company gave; everything else is typed in the form.

    The same `token` is the same return, audited once. With an invitation the return is that of the invited company: its
    personal links open it too, and no reminder goes to it. Raises what `start_return` raises, but for `OpenLinkOff`,
    `InvitationUnknown`, and `CompanyHasBegun`.
    """
    hold_round(connection, round_)
    try:
        return find_draft(connection, vault, round_.survey_id, token)
    except LinkUnknown:
        pass
    invited = None if invitation_id is None else _hold_unanswered(connection, round_, invitation_id)
    begun = start_return(
        connection,
        vault,
        round_,
        questionnaire,
        token=token,
        answers={PARTICIPATION: AGREED},
        language=language,
        now=now,
        company_id=None if invited is None else invited.company_id,
        mode=mode,
    )
    if invited is not None:
        note_begun(connection, invited, begun.draft_id)
    write_audit(
        connection,
        actor=actor,
        action=STARTED,
        at=now,
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        details={"mode": mode, "consent_on": consent.on.isoformat(), "consent_by": consent.by},
    )
    return begun


def _hold_unanswered(connection: Connection, round_: Round, invitation_id: str) -> Invitation:
    held = hold_invitation(connection, round_.survey_id, invitation_id)
    if held.round_id != round_.round_id or held.revoked_at is not None:
        raise InvitationUnknown
    if held.draft_id is not None:
        raise CompanyHasBegun
    return held


def list_staff_returns(connection: Connection, round_: Round) -> tuple[StaffReturn, ...]:
    """The returns of a round that staff began, the newest first."""
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    rows = connection.execute(
        select(draft.c.mode, draft.c.state, response.c.receipt, draft.c.started_at, draft.c.saved_at)
        .select_from(draft.outerjoin(response, of_response))
        .where(
            draft.c.survey_id == round_.survey_id,
            draft.c.round_id == round_.round_id,
            draft.c.mode.in_(STAFF_MODES),
        )
        .order_by(draft.c.started_at.desc(), draft.c.draft_id)
    )
    return tuple(StaffReturn(*row) for row in rows)
