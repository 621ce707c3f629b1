"""How far each invited company is, as far as it decides whether mail still goes to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, select

from surveyapp.fieldwork.invitations.inviting import Invitation, read_invitation
from surveyapp.records.tables import draft, invitation, response

# What keeps mail from a whole company.
Ending = Literal["", "revoked", "submitted", "refused", "withdrawn"]
Progress = Literal["invited", "opened", "begun"]
PROGRESSES: tuple[Progress, ...] = ("invited", "opened", "begun")


@dataclass(frozen=True, slots=True)
class Standing:
    """One invited company. `ending` is blank while it may still be written to."""

    invitation: Invitation
    ending: Ending
    progress: Progress

    @property
    def invitation_id(self) -> str:
        return self.invitation.invitation_id

    @property
    def company_id(self) -> int:
        return self.invitation.company_id


def load_standings(connection: Connection, survey_id: str, round_id: int) -> Mapping[int, Standing]:
    """Every invited company of the round, by its number."""
    rows = connection.execute(_of_round, {"of_survey": survey_id, "of_round": round_id})
    return {row.company_id: _read(row) for row in rows}


def find_standings(connection: Connection, survey_id: str, invitation_ids: Collection[str]) -> Mapping[str, Standing]:
    """The companies behind some invitations, by the invitation's number; one that is gone has no key."""
    rows = connection.execute(_of_invitations, {"of_survey": survey_id, "of_invitations": sorted(invitation_ids)})
    return {row.invitation_id: _read(row) for row in rows}


def _read(row: Row[Any]) -> Standing:
    return Standing(read_invitation(row), _find_ending(row), _find_progress(row))


def _find_ending(row: Row[Any]) -> Ending:
    if row.revoked_at is not None:
        return "revoked"
    if row.draft_state == "submitted" or row.has_response:
        return "submitted"
    if row.refused_at is not None:
        return "refused"
    return "withdrawn" if row.draft_state == "withdrawn" else ""


def _find_progress(row: Row[Any]) -> Progress:
    if row.draft_state is not None:
        return "begun"
    return "opened" if row.opened_at is not None else "invited"


def _select_standings() -> Select[Any]:
    of_draft = and_(draft.c.survey_id == invitation.c.survey_id, draft.c.draft_id == invitation.c.draft_id)
    # A return that came another way than through its personal link, such as one that staff entered.
    answered = exists().where(
        response.c.survey_id == invitation.c.survey_id,
        response.c.round_id == invitation.c.round_id,
        response.c.company_id == invitation.c.company_id,
        response.c.state == "submitted",
    )
    return (
        select(
            invitation,
            draft.c.state.label("draft_state"),
            answered.label("has_response"),
        )
        .select_from(invitation.outerjoin(draft, of_draft))
        .where(invitation.c.survey_id == bindparam("of_survey"))
    )


_of_round = _select_standings().where(invitation.c.round_id == bindparam("of_round"))
_of_invitations = _select_standings().where(invitation.c.invitation_id.in_(bindparam("of_invitations", expanding=True)))
