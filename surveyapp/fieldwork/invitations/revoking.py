"""Personal links that open nothing any more: revoked by the survey office, or replaced by the company itself."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from surveyapp.fieldwork.drafts import Draft, LinkUnknown, ReturnWithdrawn, hash_token, hold_draft
from surveyapp.fieldwork.invitations.inviting import Invitation, audit_invitations, hold_invitation
from surveyapp.fieldwork.invitations.links import Revoker, find_by_token, is_of
from surveyapp.fieldwork.part_links import end_all_parts
from surveyapp.fieldwork.rounds import Round
from surveyapp.records.audit import RESPONDENT, Detail, write_audit
from surveyapp.records.tables import invitation_token


def revoke_links(
    connection: Connection,
    round_: Round,
    of_invitation: Invitation,
    link_id: str | None = None,
    *,
    reason: str,
    now: datetime,
    actor: str,
) -> int:
    """Let one link, or without `link_id` every link made so far, open nothing any more; returns how many those were.

    The invitation stands, so that a new link can be made. Raises `LinkUnknown` where `link_id` is none of it.
    """
    held = hold_invitation(connection, of_invitation.survey_id, of_invitation.invitation_id)
    which: tuple[Any, ...] = ()
    if link_id is not None:
        which = (invitation_token.c.token_hash == _read_link_id(link_id),)
        if connection.scalar(select(func.count()).where(*is_of(held), *which)) == 0:
            raise LinkUnknown
    revoked = _revoke(connection, held, which, by="office", now=now)
    if revoked:
        details: dict[str, Detail] = {"company": held.company_id, "links": revoked, "reason": reason}
        audit_invitations(connection, round_, "invitation.links_revoked", actor, now, details)
    return revoked


def count_live_links(connection: Connection, survey_id: str, invitation_id: str) -> int:
    """How many links of an invitation open something now."""
    return (
        connection.scalar(
            select(func.count())
            .select_from(invitation_token)
            .where(
                invitation_token.c.survey_id == survey_id,
                invitation_token.c.invitation_id == invitation_id,
                invitation_token.c.revoked_at.is_(None),
            )
        )
        or 0
    )


def replace_personal_link(
    connection: Connection,
    of_draft: Draft,
    *,
    token: str,
    new_token: str,
    ends_others: bool,
    ends_parts: bool,
    now: datetime,
) -> None:
    """Let the company itself put `new_token` in the place of its link; with `ends_others` of all its links.

    The new one opens the return, which was begun. Possible at any time, also after the round closed, since it is what
    withdraws. Raises `LinkEnded` where `token` was revoked meanwhile, `LinkUnknown` and `ReturnWithdrawn`.
    """
    row = hold_draft(connection, of_draft.survey_id, of_draft.draft_id)
    if row.state == "withdrawn":
        raise ReturnWithdrawn
    own = find_by_token(connection, row.survey_id, token)
    if own.draft_id != row.draft_id:
        raise LinkUnknown
    which = () if ends_others else (invitation_token.c.token_hash == hash_token(token),)
    _revoke(connection, own, which, by="company", now=now)
    connection.execute(
        insert(invitation_token).values(
            survey_id=own.survey_id,
            token_hash=hash_token(new_token),
            invitation_id=own.invitation_id,
            channel="replaced",
            issued_at=now,
            opened_at=now,
        )
    )
    if ends_parts:
        end_all_parts(connection, row, now=now)
    write_audit(
        connection,
        actor=RESPONDENT,
        action="return.link_replaced",
        at=now,
        survey_id=own.survey_id,
        round_id=own.round_id,
        details={"number": row.response_number},
    )


def _revoke(connection: Connection, held: Invitation, which: tuple[Any, ...], *, by: Revoker, now: datetime) -> int:
    return connection.execute(
        update(invitation_token)
        .where(*is_of(held), invitation_token.c.revoked_at.is_(None), *which)
        .values(revoked_at=now, revoked_by=by)
    ).rowcount


def _read_link_id(link_id: str) -> bytes:
    try:
        return bytes.fromhex(link_id)
    except ValueError:
        raise LinkUnknown from None
