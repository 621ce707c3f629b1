"""A return as it is kept while it is worked on: one row, its texts apart, what names or reaches somebody encrypted.

A draft lives on after it was submitted, so that it can be edited until the round closes; the response is what counts.
It is found by its private link, of which only a digest is stored, or by any personal link of the invitation through
which it was begun.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, select, update

from surveyapp.fieldwork.modes import Mode
from surveyapp.fieldwork.rounds import ROUND_COLUMNS, USES_VERSION, Round, find_round_by_id, read_round
from surveyapp.questionnaire.model import Answers, Language, Questionnaire, Stored
from surveyapp.records.confidential import open_confidential, write_confidential
from surveyapp.records.database import lock_rows
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import (
    confidential,
    draft,
    invitation,
    invitation_token,
    questionnaire_version,
    response,
    return_link,
    round_table,
)

DraftState = Literal["open", "submitted", "withdrawn"]

# The question of each compartment that `confidential.find_links` can find a row by.
_LOOKUPS = {"identity": "company_name", "contact": "contact_email"}


class LinkUnknown(LookupError):
    """No return has this private link."""


class ReturnWithdrawn(Exception):
    """The return was withdrawn and erased; nothing can be added to it."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One return as its holder sees it. `answers` are all compartments together; after a withdrawal there are none."""

    survey_id: str
    draft_id: str
    round_id: int
    company_id: int | None
    state: DraftState
    language: Language
    answers: Answers
    started_at: datetime
    saved_at: datetime
    withdrawn_at: datetime | None
    submit_key: str
    response_number: int | None
    receipt: str | None
    saves: int  # how often something changed
    has_unsubmitted_changes: bool  # the response holds an older state than this
    submitted_at: datetime | None = None  # when it was submitted first, and last edited; None of a draft just saved
    edited_at: datetime | None = None
    mode: Mode = "web"
    invitation_id: str | None = None  # through which it was opened here; None by its own link


@dataclass(frozen=True, slots=True)
class OwnReturn:
    """What a return's own link opens. `is_shared`: a part of it was handed on at some time."""

    draft: Draft
    round: Round
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Compartments:
    """Answers by where they are kept."""

    answers: dict[str, Stored]
    texts: dict[str, Stored]
    identity: dict[str, Stored]
    contact: dict[str, Stored]


@dataclass(frozen=True, slots=True)
class Links:
    """Where the identity and the contact row of a draft or a response are; None where there is none."""

    identity: str | None
    contact: str | None


def make_token() -> str:
    """A new private link's token: 192 random bits that can stand in an address."""
    return secrets.token_urlsafe(24)


def hash_token(token: str) -> bytes:
    """What is stored of a token. It is random and long, so a plain digest cannot be turned back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def find_return(connection: Connection, vault: Vault, survey_id: str, token: str) -> OwnReturn:
    """The return behind a private link and its round, in one statement; withdrawn ones too, without answers.

    A personal link that opens something is good for the return that was begun through its invitation: one statement
    more. Raises `LinkUnknown`, and `VaultFault` where an encrypted row cannot be opened.
    """
    key = {"of_survey": survey_id, "of_token": hash_token(token)}
    row = connection.execute(_by_token, key).one_or_none() or connection.execute(_by_personal_link, key).one_or_none()
    if row is None:
        raise LinkUnknown
    return OwnReturn(read_draft(vault, row), read_round(row), bool(row.is_shared))


def find_draft(connection: Connection, vault: Vault, survey_id: str, token: str) -> Draft:
    """The same without its round."""
    return find_return(connection, vault, survey_id, token).draft


def load_draft(connection: Connection, vault: Vault, survey_id: str, draft_id: str) -> Draft:
    """The return of this number, for whoever was admitted by another link than its own. Raises as `find_draft` does."""
    row = connection.execute(_by_id, {"of_survey": survey_id, "of_draft": draft_id}).one_or_none()
    if row is None:
        raise LinkUnknown
    return read_draft(vault, row)


def hold_draft(connection: Connection, survey_id: str, draft_id: str) -> Row[Any]:
    """The draft's row as it is now with its response's content, locked until the transaction ends.

    Whoever changes a draft begins here, never with the draft that a page was drawn from. Raises `LinkUnknown`.
    """
    key = {"of_survey": survey_id, "of_draft": draft_id}
    lock_rows(connection, _lock, key)
    row = connection.execute(_by_id, key).one_or_none()
    if row is None:
        raise LinkUnknown
    return row


def read_draft(vault: Vault, row: Row[Any]) -> Draft:
    answers: Answers = {
        **row.answers,
        **row.texts,
        **open_confidential(vault, row.survey_id, row.identity_link, "identity", row.identity_ciphertext),
        **open_confidential(vault, row.survey_id, row.contact_link, "contact", row.contact_ciphertext),
    }
    return Draft(
        survey_id=row.survey_id,
        draft_id=row.draft_id,
        round_id=row.round_id,
        company_id=row.company_id,
        state=row.state,
        language=row.language,
        answers=answers,
        started_at=row.started_at,
        saved_at=row.saved_at,
        withdrawn_at=row.withdrawn_at,
        submit_key=row.submit_key,
        response_number=row.response_number,
        receipt=row.receipt,
        saves=row.saves,
        has_unsubmitted_changes=row.state == "submitted" and row.saves != row.submitted_saves,
        submitted_at=row.first_submitted_at,
        edited_at=row.last_edited_at,
        mode=row.mode,
        invitation_id=row._mapping.get("invitation_id"),
    )


def check_open(connection: Connection, row: Row[Any], now: datetime) -> None:
    """Raises `RoundNotOpen` or `RoundClosed` where the round of this draft takes no answers now."""
    if not row.opens_at <= now < row.closes_at:
        find_round_by_id(connection, row.survey_id, row.round_id).check_open(now)


def split_answers(questionnaire: Questionnaire, answers: Answers) -> Compartments:
    """Answers by where they are kept; the loader of the questionnaire decides that for each question."""
    parts: dict[str, dict[str, Stored]] = {"answers": {}, "texts": {}, "identity": {}, "contact": {}}
    for name, stored in answers.items():
        parts[questionnaire.by_name[name].compartment][name] = stored
    return Compartments(**parts)


def write_sealed(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    links: Links,
    before: Compartments | None,
    after: Compartments,
    now: datetime,
) -> Links:
    """Keep the identity and contact answers in `after`, each where it differs from `before`, and return their links."""

    def keep(compartment: Literal["identity", "contact"], link: str | None) -> str | None:
        held: dict[str, Stored] = getattr(after, compartment)
        if before is not None and held == getattr(before, compartment):
            return link
        lookup = held.get(_LOOKUPS[compartment])
        return write_confidential(
            connection,
            vault,
            survey_id=survey_id,
            link=link,
            compartment=compartment,
            answers=held,
            lookup_value=lookup if isinstance(lookup, str) else None,
            now=now,
        )

    return Links(keep("identity", links.identity), keep("contact", links.contact))


def update_draft(connection: Connection, row: Row[Any], values: Mapping[str, Any]) -> None:
    connection.execute(_update, {"of_survey": row.survey_id, "of_draft": row.draft_id, **values})


def _join_drafts() -> Any:
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    of_identity = and_(_identity.c.survey_id == draft.c.survey_id, _identity.c.link == draft.c.identity_link)
    of_contact = and_(_contact.c.survey_id == draft.c.survey_id, _contact.c.link == draft.c.contact_link)
    of_round = and_(round_table.c.survey_id == draft.c.survey_id, round_table.c.round_id == draft.c.round_id)
    return (
        draft.join(round_table, of_round)
        .outerjoin(response, of_response)
        .outerjoin(_identity, of_identity)
        .outerjoin(_contact, of_contact)
    )


def _select_drafts(*further: Any) -> Select[Any]:
    return select(
        *draft.columns,
        response.c.receipt,
        response.c.submitted_at.label("first_submitted_at"),
        response.c.edited_at.label("last_edited_at"),
        _identity.c.ciphertext.label("identity_ciphertext"),
        _contact.c.ciphertext.label("contact_ciphertext"),
        *further,
    ).where(draft.c.survey_id == bindparam("of_survey"))


_identity, _contact = confidential.alias("identity"), confidential.alias("contact")
_is_draft = and_(draft.c.survey_id == bindparam("of_survey"), draft.c.draft_id == bindparam("of_draft"))
# Not the key: what refers to the draft may be added meanwhile.
_lock = select(draft.c.draft_id).where(_is_draft).with_for_update(key_share=True)
_update = update(draft).where(_is_draft)
_is_shared = exists().where(
    return_link.c.survey_id == draft.c.survey_id,
    return_link.c.draft_id == draft.c.draft_id,
    return_link.c.kind == "part",
)
_of_draft = frozenset(column.name for column in draft.columns)


def _select_returns(*further: Any) -> Select[Any]:
    """Drafts with their round."""
    of_round = (column for column in ROUND_COLUMNS if column.name not in _of_draft)  # both name survey and round
    return _select_drafts(*of_round, _is_shared.label("is_shared"), *further).select_from(
        _join_drafts().join(questionnaire_version, USES_VERSION)
    )


_by_token = _select_returns().where(draft.c.token_hash == bindparam("of_token"))
_by_personal_link = _select_returns(invitation.c.invitation_id).where(
    invitation.c.survey_id == draft.c.survey_id,
    invitation.c.draft_id == draft.c.draft_id,
    invitation.c.revoked_at.is_(None),
    invitation_token.c.survey_id == draft.c.survey_id,
    invitation_token.c.invitation_id == invitation.c.invitation_id,
    invitation_token.c.revoked_at.is_(None),
    invitation_token.c.token_hash == bindparam("of_token"),
)
_by_id = (
    _select_drafts(
        round_table.c.opens_at,
        round_table.c.closes_at,
        round_table.c.questionnaire_version,
        *(
            response.c[name].label(f"response_{name}")
            for name in ("revision", "answers", "texts", "identity_link", "contact_link", "submitted_at")
        ),
    )
    .select_from(_join_drafts())
    .where(draft.c.draft_id == bindparam("of_draft"))
)
