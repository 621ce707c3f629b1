"""Invitations of two entries that were one company.

A round that only the merged entry was invited to: its invitation goes over. A round that both were invited to: the
links of the merged one's invitation lead to the kept one's from then on, with the return that was begun through it. Two
returns that were begun cannot be made one, which `find_double_returns` tells beforehand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, update

from surveyapp.records.tables import invitation, invitation_token, mail_message

_MOMENTS = ("opened_at", "refused_at")


@dataclass(frozen=True, slots=True)
class JoinedInvitation:
    """What became of one invitation of the merged entry. `joined_to` is blank where it went over as it was."""

    invitation_id: str
    joined_to: str
    tokens: list[str]  # SHA-256 of the links that lead elsewhere now, hexadecimal
    messages: list[str]
    draft_id: str | None
    moments: dict[str, str]  # what the kept one's took over: opened_at, refused_at


def find_double_returns(connection: Connection, survey_id: str, kept_id: int, merged_id: int) -> Iterator[int]:
    """Rounds in which both began a return through their invitations."""
    kept = _load(connection, survey_id, kept_id)
    for round_id, other in _load(connection, survey_id, merged_id).items():
        if round_id in kept and None not in (kept[round_id].draft_id, other.draft_id):
            yield round_id


def join_invitations(
    connection: Connection, survey_id: str, kept_id: int, merged_id: int
) -> tuple[JoinedInvitation, ...]:
    kept = _load(connection, survey_id, kept_id)
    joined = []
    for round_id, one in _load(connection, survey_id, merged_id).items():
        if round_id not in kept:
            _change(connection, survey_id, one.invitation_id, company_id=kept_id)
            joined.append(JoinedInvitation(one.invitation_id, "", [], [], None, {}))
        else:
            joined.append(_join(connection, survey_id, one, kept[round_id]))
    return tuple(joined)


def part_invitations(
    connection: Connection, survey_id: str, kept_id: int, merged_id: int, joined: Iterable[JoinedInvitation]
) -> None:
    for one in joined:
        if not one.joined_to:
            _change(connection, survey_id, one.invitation_id, company_id=merged_id)
            continue
        _lead(connection, survey_id, one.joined_to, one.invitation_id, one.tokens, one.messages)
        kept = _find(connection, survey_id, one.joined_to)
        back: dict[str, Any] = {
            name: None for name, moment in one.moments.items() if getattr(kept, name) == datetime.fromisoformat(moment)
        }
        if one.draft_id is not None and kept.draft_id == one.draft_id:
            back["draft_id"] = None
        if back:
            _change(connection, survey_id, one.joined_to, **back)
        if "draft_id" in back:
            _change(connection, survey_id, one.invitation_id, draft_id=one.draft_id)


def _join(connection: Connection, survey_id: str, one: Row[Any], kept: Row[Any]) -> JoinedInvitation:
    """Let the links of `one`, and the return begun through it, belong to `kept`."""
    of_one = (invitation_token.c.survey_id == survey_id, invitation_token.c.invitation_id == one.invitation_id)
    hashes = [bytes(each).hex() for each in connection.scalars(select(invitation_token.c.token_hash).where(*of_one))]
    sent = (mail_message.c.survey_id == survey_id, mail_message.c.invitation_id == one.invitation_id)
    messages = list(connection.scalars(select(mail_message.c.message_id).where(*sent)))
    _lead(connection, survey_id, one.invitation_id, kept.invitation_id, hashes, messages)
    taken = {
        name: getattr(one, name) for name in _MOMENTS if getattr(kept, name) is None and getattr(one, name) is not None
    }
    if one.draft_id is not None:
        _change(connection, survey_id, one.invitation_id, draft_id=None)
        _change(connection, survey_id, kept.invitation_id, draft_id=one.draft_id)
    if taken:
        _change(connection, survey_id, kept.invitation_id, **taken)
    moments = {name: moment.isoformat() for name, moment in taken.items()}
    return JoinedInvitation(one.invitation_id, kept.invitation_id, hashes, messages, one.draft_id, moments)


def _lead(
    connection: Connection, survey_id: str, from_id: str, to_id: str, tokens: list[str], messages: list[str]
) -> None:
    """Let links and letters of one invitation be of another."""
    if tokens:
        connection.execute(
            update(invitation_token)
            .where(
                invitation_token.c.survey_id == survey_id,
                invitation_token.c.invitation_id == from_id,
                invitation_token.c.token_hash.in_([bytes.fromhex(each) for each in tokens]),
            )
            .values(invitation_id=to_id)
        )
    if messages:
        connection.execute(
            update(mail_message)
            .where(
                mail_message.c.survey_id == survey_id,
                mail_message.c.invitation_id == from_id,
                mail_message.c.message_id.in_(messages),
            )
            .values(invitation_id=to_id)
        )


def _load(connection: Connection, survey_id: str, company_id: int) -> dict[int, Row[Any]]:
    """The invitations of a company by their rounds."""
    rows = connection.execute(
        select(invitation)
        .where(invitation.c.survey_id == survey_id, invitation.c.company_id == company_id)
        .order_by(invitation.c.round_id)
    )
    return {row.round_id: row for row in rows}


def _find(connection: Connection, survey_id: str, invitation_id: str) -> Row[Any]:
    return connection.execute(select(invitation).where(*_is_one(survey_id, invitation_id))).one()


def _change(connection: Connection, survey_id: str, invitation_id: str, **values: Any) -> None:
    connection.execute(update(invitation).where(*_is_one(survey_id, invitation_id)).values(**values))


def _is_one(survey_id: str, invitation_id: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return invitation.c.survey_id == survey_id, invitation.c.invitation_id == invitation_id
