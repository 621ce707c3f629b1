"""Inviting companies to a round, and taking an invitation back. An invitation is one company in one round, once.

Inviting sends nothing: it is what mails, letters and links are made for. Every function takes the connection of a
transaction that the edge opened with `Database.write()` (`find_invitation`: `read()`), and never commits.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, and_, bindparam, insert, select, update

from surveyapp.fieldwork.directory.companies import is_listed
from surveyapp.fieldwork.rounds import Round, RoundClosed, hold_round
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.database import lock_rows
from surveyapp.records.tables import company, invitation, invitation_token, round_table

_BATCH = 500
Value = TypeVar("Value", int, str)


class InvitationUnknown(LookupError):
    """The round has no such invitation."""


class CompanyNotInvitable(LookupError):
    """A company that is not in the directory, was merged into another, or is invented and the round is a real one."""

    def __init__(self, company_ids: Collection[int]) -> None:
        super().__init__(", ".join(map(str, sorted(company_ids))))
        self.company_ids = tuple(sorted(company_ids))


@dataclass(frozen=True, slots=True)
class Invitation:
    """One company invited to one round. `draft_id` is the return that was begun through it last."""

    survey_id: str
    invitation_id: str
    round_id: int
    company_id: int
    draft_id: str | None
    created_at: datetime
    opened_at: datetime | None
    refused_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class InviteOutcome:
    """How many companies were invited, and how many had been before."""

    invited: int
    already: int


def invite(
    connection: Connection, round_: Round, company_ids: Collection[int], *, now: datetime, actor: str
) -> InviteOutcome:
    """Invite these companies; one that was invited before, or whose invitation was taken back, stays as it is.

    Raises `RoundClosed`, and `CompanyNotInvitable` before anything is written.
    """
    round_ = hold_round(connection, round_)
    if round_.state(now) == "closed":
        raise RoundClosed(round_)
    wanted = sorted(set(company_ids))
    unfit = set(wanted) - _list_invitable(connection, round_, wanted)
    if unfit:
        raise CompanyNotInvitable(unfit)
    known = _list_invited(connection, round_, wanted)
    fresh = [company_id for company_id in wanted if company_id not in known]
    if fresh:
        connection.execute(
            insert(invitation),
            [
                {
                    "survey_id": round_.survey_id,
                    "invitation_id": secrets.token_hex(16),
                    "round_id": round_.round_id,
                    "company_id": company_id,
                    "created_at": now,
                }
                for company_id in fresh
            ],
        )
        audit_invitations(connection, round_, "invitation.made", actor, now, {"invited": len(fresh)})
    return InviteOutcome(len(fresh), len(wanted) - len(fresh))


def find_invitation(connection: Connection, round_: Round, invitation_id: str) -> Invitation:
    """The invitation of this number in this round, taken back or not. Raises `InvitationUnknown`."""
    key = {"of_survey": round_.survey_id, "of_round": round_.round_id, "of_invitation": invitation_id}
    row = connection.execute(_by_id, key).one_or_none()
    if row is None:
        raise InvitationUnknown(invitation_id)
    return read_invitation(row)


def hold_invitation(connection: Connection, survey_id: str, invitation_id: str) -> Invitation:
    """The invitation as it is now, locked until the transaction ends. Raises `InvitationUnknown`."""
    return hold_invitations(connection, survey_id, [invitation_id])[0]


def hold_invitations(connection: Connection, survey_id: str, invitation_ids: Collection[str]) -> tuple[Invitation, ...]:
    """The same of several, always locked in one order. Raises `InvitationUnknown`."""
    found: list[Invitation] = []
    for some in _batch(sorted(set(invitation_ids))):
        key = {"of_survey": survey_id, "of_invitations": some}
        lock_rows(connection, _lock, key)
        rows = connection.execute(_held, key).all()
        if len(rows) < len(some):
            raise InvitationUnknown(min(set(some) - {row.invitation_id for row in rows}))
        found += map(read_invitation, rows)
    return tuple(found)


def hold_for_links(connection: Connection, survey_id: str, invitation_ids: Collection[str]) -> list[Any]:
    """Rows of the same with what decides whether a link to each can be made: `revoked_at`, and of its round `slug`,
    `scheduled_at` and `closes_at`. Raises `InvitationUnknown`.
    """
    found: list[Any] = []
    for some in _batch(sorted(set(invitation_ids))):
        key = {"of_survey": survey_id, "of_invitations": some}
        lock_rows(connection, _lock, key)
        rows = connection.execute(_for_links, key).all()
        if len(rows) < len(some):
            raise InvitationUnknown(min(set(some) - {row.invitation_id for row in rows}))
        found += rows
    return found


def revoke(
    connection: Connection, round_: Round, of_invitation: Invitation, *, reason: str, now: datetime, actor: str
) -> None:
    """Take the invitation back: none of its links opens anything any more, and no further one can be made.

    What the company answered stays. Again without effect.
    """
    held = hold_invitation(connection, of_invitation.survey_id, of_invitation.invitation_id)
    if held.revoked_at is not None:
        return
    _update(connection, held, revoked_at=now)
    connection.execute(
        update(invitation_token)
        .where(
            invitation_token.c.survey_id == held.survey_id,
            invitation_token.c.invitation_id == held.invitation_id,
            invitation_token.c.revoked_at.is_(None),
        )
        .values(revoked_at=now, revoked_by="office")
    )
    details: dict[str, Detail] = {"company": held.company_id, "reason": reason}
    audit_invitations(connection, round_, "invitation.revoked", actor, now, details)


def reinstate(connection: Connection, round_: Round, of_invitation: Invitation, *, now: datetime, actor: str) -> None:
    """Invite a company again whose invitation was taken back. Links that were revoked stay so. Raises `RoundClosed`."""
    round_ = hold_round(connection, round_)
    if round_.state(now) == "closed":
        raise RoundClosed(round_)
    held = hold_invitation(connection, of_invitation.survey_id, of_invitation.invitation_id)
    if held.revoked_at is not None:
        _update(connection, held, revoked_at=None)
        audit_invitations(connection, round_, "invitation.reinstated", actor, now, {"company": held.company_id})


def begin_through(connection: Connection, held: Invitation, draft_id: str) -> Invitation:
    """Note which return was begun through a held invitation; an earlier refusal is taken back by it."""
    _update(connection, held, draft_id=draft_id, refused_at=None)
    return replace(held, draft_id=draft_id, refused_at=None)


def refuse_through(connection: Connection, held: Invitation, *, now: datetime) -> None:
    """Note at a held invitation that the company refused; the first time counts."""
    if held.refused_at is None:
        _update(connection, held, refused_at=now)


def read_invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        survey_id=row.survey_id,
        invitation_id=row.invitation_id,
        round_id=row.round_id,
        company_id=row.company_id,
        draft_id=row.draft_id,
        created_at=row.created_at,
        opened_at=row.opened_at,
        refused_at=row.refused_at,
        revoked_at=row.revoked_at,
    )


def audit_invitations(
    connection: Connection, round_: Round, action: str, actor: str, now: datetime, details: dict[str, Detail]
) -> None:
    write_audit(
        connection,
        actor=actor,
        action=action,
        at=now,
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        details=details,
    )


def is_invitable(of_round: Round) -> Any:
    """Which rows of `company` can be invited: no invented ones to a real round, none that was merged into another."""
    fits = [company.c.survey_id == of_round.survey_id, is_listed()]
    if of_round.kind == "real":
        fits.append(company.c.is_sample.is_(False))
    return and_(*fits)


def _list_invitable(connection: Connection, round_: Round, wanted: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for some in _batch(wanted):
        found.update(
            connection.scalars(select(company.c.company_id).where(is_invitable(round_), company.c.company_id.in_(some)))
        )
    return found


def _list_invited(connection: Connection, round_: Round, wanted: Sequence[int]) -> set[int]:
    found: set[int] = set()
    for some in _batch(wanted):
        found.update(
            connection.scalars(
                select(invitation.c.company_id).where(
                    invitation.c.survey_id == round_.survey_id,
                    invitation.c.round_id == round_.round_id,
                    invitation.c.company_id.in_(some),
                )
            )
        )
    return found


def _batch(values: Sequence[Value]) -> Iterator[Sequence[Value]]:
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]


def _update(connection: Connection, held: Invitation, **values: Any) -> None:
    connection.execute(
        update(invitation)
        .where(invitation.c.survey_id == held.survey_id, invitation.c.invitation_id == held.invitation_id)
        .values(**values)
    )


_by_id = select(invitation).where(
    invitation.c.survey_id == bindparam("of_survey"),
    invitation.c.round_id == bindparam("of_round"),
    invitation.c.invitation_id == bindparam("of_invitation"),
)
_held = (
    select(invitation)
    .where(
        invitation.c.survey_id == bindparam("of_survey"),
        invitation.c.invitation_id.in_(bindparam("of_invitations", expanding=True)),
    )
    .order_by(invitation.c.invitation_id)
)
_for_links = (
    _held.with_only_columns(
        invitation.c.invitation_id,
        invitation.c.round_id,
        invitation.c.revoked_at,
        round_table.c.slug,
        round_table.c.scheduled_at,
        round_table.c.closes_at,
    )
).join_from(
    invitation,
    round_table,
    and_(round_table.c.survey_id == invitation.c.survey_id, round_table.c.round_id == invitation.c.round_id),
)
# Not the keys: a link may be added meanwhile.
_lock = _held.with_only_columns(invitation.c.invitation_id).with_for_update(key_share=True)
