"""Personal links: the tokens of an invitation, of which only digests are kept.

Every mail, letter, file or telephone call makes a further one, since none can be shown again. All of them lead to the
same return, each until it is revoked. What they open once a return was begun is `drafts.find_draft`'s to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, and_, bindparam, insert, select, update

from surveyapp.fieldwork.drafts import DraftState, LinkUnknown, hash_token, make_token
from surveyapp.fieldwork.invitations.inviting import Invitation, hold_for_links, read_invitation
from surveyapp.fieldwork.part_links import EndReason, LinkEnded
from surveyapp.fieldwork.rounds import RoundClosed, find_round_by_id
from surveyapp.questionnaire.model import DEFAULT_LANGUAGE, Language, Text
from surveyapp.records.tables import company, company_contact, draft, invitation, invitation_token

Channel = Literal["mail", "letter", "export", "shown", "replaced"]
Revoker = Literal["office", "company"]


class InvitationRevoked(Exception):
    """The invitation was taken back: no further link can be made."""


class RoundInPreparation(Exception):
    """Nobody is to learn of the round yet, so that no link to it can leave."""


@dataclass(frozen=True, slots=True)
class NewLink:
    """A link that is not kept yet, with its token in clear: for what is drawn before it is written down."""

    invitation: Invitation
    token: str
    contact_id: str | None = None


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link that somebody opened: whose it is, and what became of the return that was begun through its invitation.

    `language` is that of the return, or of the person it was made for, if any.
    """

    invitation: Invitation
    company: Text
    return_state: DraftState | None  # None before one was begun
    language: Language | None
    opened_at: datetime | None

    @property
    def is_begun(self) -> bool:
        return self.return_state in ("open", "submitted")


@dataclass(frozen=True, slots=True)
class PersonalLink:
    """What is kept of a link. `link_id` names it to staff and opens nothing."""

    link_id: str
    contact_id: str | None
    channel: Channel
    issued_at: datetime
    opened_at: datetime | None
    revoked_at: datetime | None
    revoked_by: Revoker | None


def issue_token(
    connection: Connection,
    of_invitation: Invitation,
    *,
    channel: Channel,
    now: datetime,
    contact_id: str | None = None,
    mailing_id: str | None = None,
) -> str:
    """A further link's token, in clear for this once. Raises what `keep_links` raises."""
    link = NewLink(of_invitation, make_token(), contact_id)
    keep_links(connection, [link], channel=channel, now=now, mailing_id=mailing_id)
    return link.token


def keep_links(
    connection: Connection,
    links: Sequence[NewLink],
    *,
    channel: Channel,
    now: datetime,
    mailing_id: str | None = None,
) -> None:
    """Write down links whose tokens were made before, all or none.

    Raises `InvitationRevoked`, `InvitationUnknown`, `RoundInPreparation` and `RoundClosed`.
    """
    _check_issuable(connection, [link.invitation for link in links], now)
    if links:
        connection.execute(
            _add,
            [
                {
                    "survey_id": link.invitation.survey_id,
                    "token_hash": hash_token(link.token),
                    "invitation_id": link.invitation.invitation_id,
                    "contact_id": link.contact_id,
                    "mailing_id": mailing_id,
                    "channel": channel,
                    "issued_at": now,
                }
                for link in links
            ],
        )


def find_by_token(connection: Connection, survey_id: str, token: str) -> Invitation:
    """The invitation behind a personal link that opens something.

    Raises `LinkUnknown`, and `LinkEnded` where the link is a genuine one that was revoked or replaced.
    """
    return find_link(connection, survey_id, token).invitation


def find_link(connection: Connection, survey_id: str, token: str) -> FoundLink:
    """The same with what is known of the link itself, in one statement."""
    row = connection.execute(_by_token, {"of_survey": survey_id, "of_token": hash_token(token)}).one_or_none()
    if row is None:
        raise LinkUnknown
    language = row.draft_language or row.contact_language
    if row.link_revoked_at is not None:
        round_ = find_round_by_id(connection, survey_id, row.round_id)
        reason: EndReason = "replaced" if row.link_revoked_by == "company" else "revoked"
        raise LinkEnded(reason, row.link_revoked_at, row.draft_id or "", language or DEFAULT_LANGUAGE, round_)
    return FoundLink(read_invitation(row), Text(**row.company_name), row.draft_state, language, row.link_opened_at)


def note_opened(connection: Connection, survey_id: str, token: str, *, now: datetime) -> None:
    """Keep when a link, and its invitation, was first opened; later visits change nothing. Unknown ones are none."""
    key = (invitation_token.c.survey_id == survey_id, invitation_token.c.token_hash == hash_token(token))
    invitation_id = connection.scalar(select(invitation_token.c.invitation_id).where(*key))
    if invitation_id is None:
        return
    connection.execute(
        update(invitation_token).where(*key, invitation_token.c.opened_at.is_(None)).values(opened_at=now)
    )
    connection.execute(
        update(invitation)
        .where(
            invitation.c.survey_id == survey_id,
            invitation.c.invitation_id == invitation_id,
            invitation.c.opened_at.is_(None),
        )
        .values(opened_at=now)
    )


def list_links(connection: Connection, of_invitation: Invitation) -> tuple[PersonalLink, ...]:
    """Every link that was ever made for the invitation, the newest first."""
    rows = connection.execute(
        select(invitation_token)
        .where(*is_of(of_invitation))
        .order_by(invitation_token.c.issued_at.desc(), invitation_token.c.token_hash)
    )
    return tuple(
        PersonalLink(
            link_id=row.token_hash.hex(),
            contact_id=row.contact_id,
            channel=row.channel,
            issued_at=row.issued_at,
            opened_at=row.opened_at,
            revoked_at=row.revoked_at,
            revoked_by=row.revoked_by,
        )
        for row in rows
    )


def _check_issuable(connection: Connection, invitations: Iterable[Invitation], now: datetime) -> None:
    wanted: dict[str, set[str]] = {}
    for each in invitations:
        wanted.setdefault(each.survey_id, set()).add(each.invitation_id)
    for survey_id, invitation_ids in wanted.items():
        # A link that is made while its invitation is taken back waits for that here.
        held = hold_for_links(connection, survey_id, invitation_ids)
        for row in held:
            if row.scheduled_at is None:
                raise RoundInPreparation(row.slug)
            if now >= row.closes_at:
                raise RoundClosed(find_round_by_id(connection, survey_id, row.round_id))
        revoked = [row.invitation_id for row in held if row.revoked_at is not None]
        if revoked:
            raise InvitationRevoked(revoked[0])


def is_of(of_invitation: Invitation) -> tuple[Any, ...]:
    """Which rows are links of this invitation."""
    return (
        invitation_token.c.survey_id == of_invitation.survey_id,
        invitation_token.c.invitation_id == of_invitation.invitation_id,
    )


_add = insert(invitation_token)
_by_token = (
    select(
        invitation,
        invitation_token.c.revoked_at.label("link_revoked_at"),
        invitation_token.c.revoked_by.label("link_revoked_by"),
        invitation_token.c.opened_at.label("link_opened_at"),
        company_contact.c.language.label("contact_language"),
        draft.c.language.label("draft_language"),
        draft.c.state.label("draft_state"),
        company.c.name.label("company_name"),
    )
    .select_from(
        invitation_token.join(
            invitation,
            and_(
                invitation.c.survey_id == invitation_token.c.survey_id,
                invitation.c.invitation_id == invitation_token.c.invitation_id,
            ),
        )
        .join(
            company,
            and_(company.c.survey_id == invitation.c.survey_id, company.c.company_id == invitation.c.company_id),
        )
        .outerjoin(
            company_contact,
            and_(
                company_contact.c.survey_id == invitation_token.c.survey_id,
                company_contact.c.contact_id == invitation_token.c.contact_id,
            ),
        )
        .outerjoin(
            draft,
            and_(draft.c.survey_id == invitation.c.survey_id, draft.c.draft_id == invitation.c.draft_id),
        )
    )
    .where(
        invitation_token.c.survey_id == bindparam("of_survey"), invitation_token.c.token_hash == bindparam("of_token")
    )
)
