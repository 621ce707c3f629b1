"""Erasing what a round has kept long enough: counted first, then erased for real, a batch in each transaction.

Nothing that was erased remains: rows are deleted or emptied, sealed rows go with what refers to them, a changed
response gets a new revision so that whatever is derived follows, and SQLite overwrites its pages and log. Each batch
can be repeated: it looks for what is still there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, cast, delete, exists, func, or_, select, update
from sqlalchemy import Text as AsText

from surveyapp.fieldwork.mail.log import UNFINISHED
from surveyapp.fieldwork.retention import RetentionKind, is_past
from surveyapp.fieldwork.rounds import Round, hold_survey, list_rounds
from surveyapp.records.audit import write_audit
from surveyapp.records.change_feed import take_revision
from surveyapp.records.confidential import erase_confidential
from surveyapp.records.database import lock_directory, request_scrub
from surveyapp.records.job_queue import ENDED
from surveyapp.records.tables import (
    audit_event,
    company,
    company_contact,
    draft,
    figure_note,
    invitation,
    invitation_token,
    job,
    mail_message,
    mailing,
    response,
    return_link,
)

_PURGED = "retention.purged"
BATCH = 200  # returns or rows in one transaction: short enough to let others write in between
_MEMBERS = ("member", "associate")  # whose people the association keeps for reasons of its own


@dataclass(frozen=True, slots=True)
class _Kind:
    """How much there is of one kind of data in a round, and how a batch of it is erased."""

    count: Callable[[Connection, Round, datetime], int]
    erase: Callable[[Connection, Round, datetime], int]


def count_kept(connection: Connection, round_: Round, kind: RetentionKind, now: datetime) -> int:
    """How much a purge would erase, were the date of this kind over."""
    return _KINDS[kind].count(connection, round_, now)


def erase_batch(connection: Connection, round_: Round, kind: RetentionKind, *, now: datetime, actor: str) -> int:
    """Erase some of it and write that into the audit trail; 0 once nothing is left."""
    erased = _KINDS[kind].erase(connection, round_, now)
    if erased:
        write_audit(
            connection,
            actor=actor,
            action=_PURGED,
            at=now,
            survey_id=round_.survey_id,
            round_id=round_.round_id,
            details={"data": kind, "erased": erased},
        )
        request_scrub(connection)
    return erased


def count_erased(connection: Connection, round_: Round) -> dict[str, int]:
    """How much purges have erased of the round so far, by kind of data; kinds of which nothing was have no entry."""
    rows = connection.scalars(
        select(audit_event.c.details).where(
            audit_event.c.survey_id == round_.survey_id,
            audit_event.c.round_id == round_.round_id,
            audit_event.c.action == _PURGED,
        )
    )
    erased: Counter[str] = Counter()
    for details in rows:
        erased[details["data"]] += details["erased"]
    return dict(erased)


# drafts that were never submitted


def _count_drafts(connection: Connection, round_: Round, now: datetime) -> int:
    return _count(connection, draft, *_is_of(draft, round_), draft.c.state == "open")


def _erase_drafts(connection: Connection, round_: Round, now: datetime) -> int:
    rows = _hold(connection, draft, *_is_of(draft, round_), draft.c.state == "open")
    ids = [row.draft_id for row in rows]
    links = [link for row in rows for link in (row.identity_link, row.contact_link)]
    erase_confidential(connection, round_.survey_id, [*links, *_find_labels(connection, round_, ids)])
    begun = (invitation.c.survey_id == round_.survey_id, invitation.c.draft_id.in_(ids))
    connection.execute(update(invitation).where(*begun).values(draft_id=None))
    connection.execute(delete(draft).where(draft.c.survey_id == round_.survey_id, draft.c.draft_id.in_(ids)))
    return len(ids)


def _find_labels(connection: Connection, round_: Round, draft_ids: Sequence[str]) -> Sequence[str | None]:
    """Sealed names of the colleagues to whom parts of these returns were handed."""
    labels = select(return_link.c.label_link).where(
        return_link.c.survey_id == round_.survey_id, return_link.c.draft_id.in_(draft_ids)
    )
    return connection.scalars(labels).all()


# sealed compartments of returns, and their texts


def _is_filled(table: Table, column: str) -> ColumnElement[bool]:
    if column == "texts":
        return cast(table.c.texts, AsText) != "{}"
    return table.c[column].is_not(None)


def _count_returns(connection: Connection, round_: Round, column: str) -> int:
    """Returns that hold it, in what is submitted or in what is worked on."""
    in_draft = exists().where(
        draft.c.survey_id == response.c.survey_id,
        draft.c.response_number == response.c.number,
        _is_filled(draft, column),
    )
    worked_on = _count(connection, draft, *_is_of(draft, round_), _is_filled(draft, column))
    only = _count(connection, response, *_is_of(response, round_), _is_filled(response, column), ~in_draft)
    return worked_on + only


def _erase_column(connection: Connection, round_: Round, column: str) -> int:
    """Empty a column of a batch of returns, their drafts first: whoever changes a return locks its draft."""
    drafts = _hold(connection, draft, *_is_of(draft, round_), _is_filled(draft, column))
    numbers = [row.response_number for row in drafts if row.response_number is not None]
    ids = [row.draft_id for row in drafts]
    hold_survey(connection, round_.survey_id)  # before the responses, in the order of whoever submits or withdraws
    of_batch = response.c.number.in_(numbers) if drafts else response.c.number.is_not(None)
    responses = _hold(connection, response, *_is_of(response, round_), _is_filled(response, column), of_batch)
    empty: Any = {} if column == "texts" else None
    if column != "texts":
        sealed = [row._mapping[column] for row in (*drafts, *responses)]
        erase_confidential(connection, round_.survey_id, sealed)
    connection.execute(
        update(draft).where(draft.c.survey_id == round_.survey_id, draft.c.draft_id.in_(ids)).values({column: empty})
    )
    for row in responses:
        revision = take_revision(connection, round_.survey_id)
        is_it = (response.c.survey_id == round_.survey_id, response.c.number == row.number)
        connection.execute(update(response).where(*is_it).values({column: empty, "revision": revision}))
    return len(drafts) + (0 if drafts else len(responses))


def _count_contacts(connection: Connection, round_: Round, now: datetime) -> int:
    return _count_returns(connection, round_, "contact_link") + len(_list_label_rows(connection, round_))


def _erase_contacts(connection: Connection, round_: Round, now: datetime) -> int:
    labelled = _list_label_rows(connection, round_)[:BATCH]
    erase_confidential(connection, round_.survey_id, [row.label_link for row in labelled])
    is_one = return_link.c.link_id.in_([row.link_id for row in labelled])
    connection.execute(
        update(return_link).where(return_link.c.survey_id == round_.survey_id, is_one).values(label_link=None)
    )
    return _erase_column(connection, round_, "contact_link") + len(labelled)


def _list_label_rows(connection: Connection, round_: Round) -> Sequence[Any]:
    of_draft = and_(draft.c.survey_id == return_link.c.survey_id, draft.c.draft_id == return_link.c.draft_id)
    return connection.execute(
        select(return_link.c.link_id, return_link.c.label_link)
        .select_from(return_link.join(draft, of_draft))
        .where(*_is_of(draft, round_), return_link.c.label_link.is_not(None))
    ).all()


def _count_identity(connection: Connection, round_: Round, now: datetime) -> int:
    return _count_returns(connection, round_, "identity_link")


def _erase_identity(connection: Connection, round_: Round, now: datetime) -> int:
    return _erase_column(connection, round_, "identity_link")


def _count_texts(connection: Connection, round_: Round, now: datetime) -> int:
    notes = _count(connection, figure_note, *_is_of(figure_note, round_))
    return _count_returns(connection, round_, "texts") + notes


def _erase_texts(connection: Connection, round_: Round, now: datetime) -> int:
    """Notes of staff too: they may repeat what somebody wrote."""
    notes = connection.execute(delete(figure_note).where(*_is_of(figure_note, round_))).rowcount
    return _erase_column(connection, round_, "texts") + notes


# the log of mails


def _names_somebody() -> ColumnElement[bool]:
    """Mails on their way are left until they have arrived or failed."""
    is_named = or_(mail_message.c.contact_id.is_not(None), mail_message.c.address_link.is_not(None))
    return and_(is_named, mail_message.c.state.not_in(UNFINISHED))


def _count_mail(connection: Connection, round_: Round, now: datetime) -> int:
    messages = _count(connection, mail_message, *_is_of(mail_message, round_), _names_somebody())
    tokens = _count(connection, invitation_token, *_is_named_token(round_))
    return messages + tokens + len(_find_mail_jobs(connection, round_))


def _erase_mail(connection: Connection, round_: Round, now: datetime) -> int:
    """Mails and links keep how they went and forget to whom. The links stay good: they open the right to withdraw."""
    jobs = _find_mail_jobs(connection, round_)[:BATCH]
    connection.execute(delete(job).where(job.c.job_id.in_(jobs)))
    messages = _hold(connection, mail_message, *_is_of(mail_message, round_), _names_somebody())
    erase_confidential(connection, round_.survey_id, [row.address_link for row in messages])
    ids = [row.message_id for row in messages]
    connection.execute(
        update(mail_message)
        .where(mail_message.c.survey_id == round_.survey_id, mail_message.c.message_id.in_(ids))
        .values(contact_id=None, address_link=None)
    )
    tokens = connection.execute(update(invitation_token).where(*_is_named_token(round_)).values(contact_id=None))
    return len(jobs) + len(ids) + tokens.rowcount


def _is_named_token(round_: Round) -> tuple[ColumnElement[bool], ...]:
    own = select(invitation.c.invitation_id).where(*_is_of(invitation, round_))
    return (
        invitation_token.c.survey_id == round_.survey_id,
        invitation_token.c.contact_id.is_not(None),
        invitation_token.c.invitation_id.in_(own),
    )


def _find_mail_jobs(connection: Connection, round_: Round) -> list[str]:
    """Jobs that sent mails of this round and have ended: they name the mails."""
    known = {
        *connection.scalars(select(mail_message.c.message_id).where(*_is_of(mail_message, round_))),
        *connection.scalars(select(mailing.c.mailing_id).where(*_is_of(mailing, round_))),
    }
    if not known:
        return []
    rows = connection.execute(
        select(job.c.job_id, job.c.arguments).where(
            job.c.survey_id == round_.survey_id, job.c.kind.startswith("mail."), job.c.state.in_(ENDED)
        )
    )
    return [row.job_id for row in rows if known & {row.arguments.get("message_id"), row.arguments.get("mailing_id")}]


# people in the directory


def _count_directory(connection: Connection, round_: Round, now: datetime) -> int:
    return _count(connection, company_contact, *_is_no_longer_needed(connection, round_, now))


def _erase_directory(connection: Connection, round_: Round, now: datetime) -> int:
    lock_directory(connection)
    rows = _hold(connection, company_contact, *_is_no_longer_needed(connection, round_, now))
    ids = [row.contact_id for row in rows]
    connection.execute(
        update(company_contact)
        .where(company_contact.c.survey_id == round_.survey_id, company_contact.c.contact_id.in_(ids))
        .values(sealed_link=None, removed_at=now)
    )
    erase_confidential(connection, round_.survey_id, [row.sealed_link for row in rows])
    return len(ids)


def _is_no_longer_needed(connection: Connection, round_: Round, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """People of companies that this round invited, that are no members, and that no other round still needs."""
    others = [each for each in list_rounds(connection, round_.survey_id) if each.round_id != round_.round_id]
    needing = [each.round_id for each in others if not is_past([each], "directory", now)]

    def is_invited(rounds: Sequence[int]) -> ColumnElement[bool]:
        return exists().where(
            invitation.c.survey_id == company_contact.c.survey_id,
            invitation.c.company_id == company_contact.c.company_id,
            invitation.c.round_id.in_(rounds),
        )

    is_member = exists().where(
        company.c.survey_id == company_contact.c.survey_id,
        company.c.company_id == company_contact.c.company_id,
        company.c.membership.in_(_MEMBERS),
    )
    return (
        company_contact.c.survey_id == round_.survey_id,
        company_contact.c.removed_at.is_(None),
        is_invited([round_.round_id]),
        ~is_invited(needing),
        ~is_member,
    )


def _is_of(table: Table, round_: Round) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.survey_id == round_.survey_id, table.c.round_id == round_.round_id


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(table).where(*conditions)) or 0


def _hold(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> Sequence[Any]:
    """A batch of rows, locked until the transaction ends, always in the same order."""
    key = list(table.primary_key.columns)
    return connection.execute(select(table).where(*conditions).order_by(*key).limit(BATCH).with_for_update()).all()


_KINDS: Mapping[RetentionKind, _Kind] = {
    "drafts": _Kind(_count_drafts, _erase_drafts),
    "contacts": _Kind(_count_contacts, _erase_contacts),
    "identity": _Kind(_count_identity, _erase_identity),
    "texts": _Kind(_count_texts, _erase_texts),
    "mail": _Kind(_count_mail, _erase_mail),
    "directory": _Kind(_count_directory, _erase_directory),
}
