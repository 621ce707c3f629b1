"""The log of mails: to whom by reference, how each one went, and never what it said.

Every change of state is one conditional statement, so that of two processes that want the same mail one gets it.
`attempts` counts how often a mail was taken up in its turn; who settles an attempt names its number, and a settlement
that comes after another attempt began changes nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, and_, bindparam, func, insert, or_, select, update

from surveyapp.fieldwork.mail.templates import MailKind
from surveyapp.fieldwork.mail.transport import Outcome
from surveyapp.questionnaire.model import Language
from surveyapp.records.confidential import erase_confidential
from surveyapp.records.tables import mail_message
from surveyapp.records.tables.columns import UtcTime

MessageState = Literal["queued", "sending", "sent", "uncertain", "deferred", "refused", "bounced", "cancelled"]
MESSAGE_STATES: tuple[MessageState, ...] = (
    "queued",
    "sending",
    "deferred",
    "uncertain",
    "sent",
    "refused",
    "bounced",
    "cancelled",
)
UNFINISHED: tuple[MessageState, ...] = ("queued", "sending", "deferred")
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (5, 30, 120, 480))  # after a transient refusal
TRIED_TOO_OFTEN = "tried_too_often"


class MessageUnknown(LookupError):
    """There is no such mail in this round."""


@dataclass(frozen=True, slots=True)
class Message:
    """One line of the log."""

    survey_id: str
    message_id: str
    round_id: int
    kind: MailKind
    mailing_id: str | None
    invitation_id: str | None
    contact_id: str | None
    address_link: str | None
    language: Language
    state: MessageState
    attempts: int
    next_attempt_at: datetime | None
    reply_code: int | None
    reply_status: str | None
    reason: str | None
    queued_at: datetime
    sent_at: datetime | None
    bounced_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewMessage:
    """A mail that is to be sent: to a contact, or to the address in `address_link`."""

    kind: MailKind
    language: Language
    mailing_id: str | None = None
    invitation_id: str | None = None
    contact_id: str | None = None
    address_link: str | None = None


def add_messages(
    connection: Connection, survey_id: str, round_id: int, messages: Sequence[NewMessage], *, now: datetime
) -> list[str]:
    """Queue mails, and return their numbers in the same order."""
    rows = [
        {
            "survey_id": survey_id,
            "message_id": secrets.token_hex(16),
            "round_id": round_id,
            "kind": each.kind,
            "mailing_id": each.mailing_id,
            "invitation_id": each.invitation_id,
            "contact_id": each.contact_id,
            "address_link": each.address_link,
            "language": each.language,
            "state": "queued",
            "attempts": 0,
            "queued_at": now,
        }
        for each in messages
    ]
    if rows:
        connection.execute(insert(mail_message), rows)
    return [str(row["message_id"]) for row in rows]


def find_message(connection: Connection, survey_id: str, message_id: str) -> Message:
    """Raises `MessageUnknown`."""
    row = connection.execute(_by_id, {"of_survey": survey_id, "of_message": message_id}).mappings().one_or_none()
    if row is None:
        raise MessageUnknown(message_id)
    return Message(**row)


def list_due(connection: Connection, survey_id: str, mailing_id: str, *, now: datetime, limit: int) -> list[str]:
    """Numbers of the mails of a mailing that can be sent now, oldest first."""
    rows = connection.execute(
        select(mail_message.c.message_id)
        .where(_of_mailing(survey_id, mailing_id), _is_due(now))
        .order_by(mail_message.c.queued_at, mail_message.c.message_id)
        .limit(limit)
    )
    return list(rows.scalars())


def bring_forward(connection: Connection, survey_id: str, mailing_id: str, *, now: datetime) -> int:
    """Let the mails that were put off be sent now, because a person asks for it. Returns how many.

    The attempt does not count: whoever asks again and again must not use up those that come by themselves.
    """
    put_off = (mail_message.c.state == "deferred", mail_message.c.next_attempt_at > now)
    values = {"next_attempt_at": now, "attempts": mail_message.c.attempts - 1}
    return connection.execute(
        update(mail_message).where(_of_mailing(survey_id, mailing_id), *put_off).values(values)
    ).rowcount


def claim_message(
    connection: Connection, survey_id: str, message_id: str, *, now: datetime, until: datetime
) -> Message | None:
    """Take a mail up: it counts as on its way until it is settled, and as interrupted where it is not by `until`.

    None where somebody else has it, or it is not to be sent.
    """
    key = {"of_survey": survey_id, "of_message": message_id}
    row = connection.execute(_claim, {**key, "now": now, "until": until}).mappings().one_or_none()
    return None if row is None else Message(**row)


def settle_message(connection: Connection, message: Message, outcome: Outcome, *, now: datetime) -> bool:
    """Write down what became of an attempt; False where the mail was taken up anew meanwhile.

    The truth about an attempt holds even where somebody thought it uncertain before it was known.
    """
    values: dict[str, Any] = {
        "state": outcome.kind,
        "reply_code": outcome.code,
        "reply_status": outcome.status,
        "reason": outcome.reason or None,
        "next_attempt_at": None,
    }
    if outcome.kind == "sent":
        values["sent_at"] = now
    if outcome.kind == "deferred":
        if message.attempts > len(PAUSES):
            values |= {"state": "refused", "reason": TRIED_TOO_OFTEN}
        else:
            values["next_attempt_at"] = now + PAUSES[message.attempts - 1]
    return _change_attempt(connection, message, values)


def cancel_message(connection: Connection, message: Message, reason: str) -> bool:
    """A mail that was taken up is not sent after all."""
    return _change_attempt(connection, message, {"state": "cancelled", "reason": reason, "next_attempt_at": None})


def put_back(connection: Connection, message: Message) -> bool:
    """A mail that was taken up waits again, because the server could not be used at all; the attempt does not count."""
    waits = {"state": "queued", "attempts": message.attempts - 1, "next_attempt_at": None}
    return _change_attempt(connection, message, waits)


def mark_interrupted(connection: Connection, survey_id: str, mailing_id: str, *, now: datetime) -> int:
    """Mails that a process took up and did not settle in time: nobody knows whether they left. Returns how many."""
    return _mark_interrupted(connection, _of_mailing(survey_id, mailing_id), now)


def mark_single_interrupted(connection: Connection, survey_id: str, message_id: str, *, now: datetime) -> bool:
    """The same of one mail."""
    return _mark_interrupted(connection, _is_message(survey_id, message_id), now) == 1


def _mark_interrupted(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    marked = connection.execute(
        update(mail_message)
        .where(which, mail_message.c.state == "sending", mail_message.c.next_attempt_at <= now)
        .values(state="uncertain", reason="interrupted", next_attempt_at=None)
    )
    return marked.rowcount


def cancel_waiting(connection: Connection, survey_id: str, mailing_id: str, reason: str) -> int:
    """Mails of a mailing that have not left are not sent any more. Returns how many."""
    cancelled = connection.execute(
        update(mail_message)
        .where(_of_mailing(survey_id, mailing_id), mail_message.c.state.in_(("queued", "deferred")))
        .values(state="cancelled", next_attempt_at=None, reason=reason)
    )
    return cancelled.rowcount


def send_again(connection: Connection, message: Message, *, now: datetime) -> bool:
    """A person decided to send an uncertain mail once more; False where it is not uncertain any more."""
    return _change_uncertain(connection, message, {"state": "queued", "reason": "sent_again", "next_attempt_at": None})


def leave_as_sent(connection: Connection, message: Message, *, now: datetime) -> bool:
    """A person decided that an uncertain mail has arrived; False where it is not uncertain any more."""
    return _change_uncertain(connection, message, {"state": "sent", "sent_at": now, "reason": "taken_as_sent"})


def forget_address(connection: Connection, message: Message) -> None:
    """Erase the address that was given for this mail alone, and what the mail was to say."""
    connection.execute(
        update(mail_message).where(_is_message(message.survey_id, message.message_id)).values(address_link=None)
    )
    erase_confidential(connection, message.survey_id, [message.address_link])


def count_states(connection: Connection, survey_id: str, mailing_id: str) -> Mapping[MessageState, int]:
    """How many mails of a mailing are in which state."""
    rows = connection.execute(
        select(mail_message.c.state, func.count())
        .where(_of_mailing(survey_id, mailing_id))
        .group_by(mail_message.c.state)
    )
    return {state: count for state, count in rows}  # noqa: C416 - rows become plain pairs


def count_states_of_round(
    connection: Connection, survey_id: str, round_id: int
) -> Mapping[str, Mapping[MessageState, int]]:
    """The same for all mailings of a round at once."""
    rows = connection.execute(
        select(mail_message.c.mailing_id, mail_message.c.state, func.count())
        .where(
            mail_message.c.survey_id == survey_id, mail_message.c.round_id == round_id, mail_message.c.kind != "test"
        )
        .group_by(mail_message.c.mailing_id, mail_message.c.state)
    )
    found: dict[str, dict[MessageState, int]] = {}
    for mailing_id, state, count in rows:
        found.setdefault(mailing_id or "", {})[state] = count
    return found


def find_next_attempt(connection: Connection, survey_id: str, mailing_id: str) -> datetime | None:
    """When the first of the deferred mails is due, or one on its way counts as interrupted."""
    moment: datetime | None = connection.scalar(
        select(func.min(mail_message.c.next_attempt_at)).where(
            _of_mailing(survey_id, mailing_id), mail_message.c.state.in_(("deferred", "sending"))
        )
    )
    return moment


def list_messages(
    connection: Connection,
    survey_id: str,
    round_id: int,
    *,
    states: Collection[str] = (),
    kinds: Collection[str] = (),
    mailing_id: str | None = None,
    after: tuple[datetime, str] | None = None,
    limit: int = 100,
) -> tuple[Message, ...]:
    """Lines of the log, newest first; `after` continues below the last line of a page."""
    query = select(mail_message).where(mail_message.c.survey_id == survey_id, mail_message.c.round_id == round_id)
    if states:
        query = query.where(mail_message.c.state.in_(states))
    if kinds:
        query = query.where(mail_message.c.kind.in_(kinds))
    if mailing_id is not None:
        query = query.where(mail_message.c.mailing_id == mailing_id)
    if after is not None:
        at, message_id = after
        earlier = mail_message.c.queued_at < at
        query = query.where(or_(earlier, and_(mail_message.c.queued_at == at, mail_message.c.message_id > message_id)))
    query = query.order_by(mail_message.c.queued_at.desc(), mail_message.c.message_id).limit(limit)
    return tuple(Message(**row) for row in connection.execute(query).mappings())


def list_mailed_contacts(connection: Connection, survey_id: str, round_id: int) -> tuple[Message, ...]:
    """Everything of this round that went or is to go to contacts, oldest first."""
    query = (
        select(mail_message)
        .where(
            mail_message.c.survey_id == survey_id,
            mail_message.c.round_id == round_id,
            mail_message.c.contact_id.is_not(None),
        )
        .order_by(mail_message.c.queued_at, mail_message.c.message_id)
    )
    return tuple(Message(**row) for row in connection.execute(query).mappings())


def _change_attempt(connection: Connection, message: Message, values: Mapping[str, Any]) -> bool:
    """What is not among `values` stays as it was taken up."""
    kept = {name: getattr(message, name) for name in _SETTLED}
    key = {"of_survey": message.survey_id, "of_message": message.message_id, "of_attempt": message.attempts}
    new = {f"new_{name}": value for name, value in {**kept, **values}.items()}
    return connection.execute(_settle, {**key, **new}).rowcount == 1


def _change_uncertain(connection: Connection, message: Message, values: Mapping[str, Any]) -> bool:
    changed = connection.execute(
        update(mail_message)
        .where(_is_message(message.survey_id, message.message_id), mail_message.c.state == "uncertain")
        .values(**values)
    )
    return changed.rowcount == 1


def _is_message(survey_id: str, message_id: str) -> ColumnElement[bool]:
    return and_(mail_message.c.survey_id == survey_id, mail_message.c.message_id == message_id)


def _of_mailing(survey_id: str, mailing_id: str) -> ColumnElement[bool]:
    """Without test mails, which belong to nobody's mailing."""
    return and_(
        mail_message.c.survey_id == survey_id,
        mail_message.c.mailing_id == mailing_id,
        mail_message.c.contact_id.is_not(None),
    )


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(
        mail_message.c.state == "queued",
        and_(mail_message.c.state == "deferred", mail_message.c.next_attempt_at <= now),
    )


# Built once: every mail is claimed, read and settled.
_SETTLED = ("state", "attempts", "next_attempt_at", "reply_code", "reply_status", "reason", "sent_at")
_is_it = and_(mail_message.c.survey_id == bindparam("of_survey"), mail_message.c.message_id == bindparam("of_message"))
_by_id = select(mail_message).where(_is_it)
_claim = (
    update(mail_message)
    .where(
        _is_it,
        or_(
            mail_message.c.state == "queued",
            and_(mail_message.c.state == "deferred", mail_message.c.next_attempt_at <= bindparam("now", type_=UtcTime)),
        ),
    )
    .values(
        state="sending",
        attempts=mail_message.c.attempts + 1,
        next_attempt_at=bindparam("until", type_=UtcTime),
        reason=None,
    )
    .returning(*mail_message.columns)
)
_settle = (
    update(mail_message)
    .where(
        _is_it,
        mail_message.c.attempts == bindparam("of_attempt"),
        mail_message.c.state.in_(("sending", "uncertain")),
    )
    .values({name: bindparam(f"new_{name}", type_=mail_message.c[name].type) for name in _SETTLED})
)
