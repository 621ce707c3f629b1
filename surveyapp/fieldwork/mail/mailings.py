"""Mailings: one invitation or reminder to many. Prepared, looked at, then begun exactly once."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from surveyapp.fieldwork.mail.log import NewMessage, add_messages, cancel_waiting, list_due
from surveyapp.fieldwork.mail.recipients import Plan, plan_mailing
from surveyapp.fieldwork.mail.standings import PROGRESSES, Progress
from surveyapp.fieldwork.mail.templates import (
    MailingKind,
    Template,
    TemplateFault,
    Templates,
    find_template_faults,
    load_default_templates,
    read_templates,
    write_templates,
)
from surveyapp.fieldwork.rounds import Round, hold_round
from surveyapp.questionnaire.model import Language
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.database import lock_rows
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import JobPending, add_job
from surveyapp.records.tables import mailing

SEND_MAILING = "mail.send_mailing"  # kind of the job
MailingState = Literal["prepared", "sending", "sent", "cancelled"]


@dataclass(frozen=True, slots=True)
class Mailing:
    """`progresses` says which companies a reminder goes to; `problem` why the server could not be used last."""

    survey_id: str
    mailing_id: str
    round_id: int
    kind: MailingKind
    state: MailingState
    templates: Mapping[Language, Template]
    progresses: tuple[Progress, ...]
    actor: str
    job_id: str | None
    problem: str | None
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class MailingUnknown(LookupError):
    """The round has no such mailing."""


class MailingBegun(Exception):
    """The mailing has been begun or cancelled by somebody, so that it can be neither changed nor begun."""

    def __init__(self, found: Mailing) -> None:
        super().__init__(found.mailing_id)
        self.mailing = found


class TemplatesFaulty(Exception):
    """The words cannot be sent like this."""

    def __init__(self, faults: tuple[TemplateFault, ...]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


class RecipientsChanged(Exception):
    """Somebody answered, was invited or was written to since the list was shown. Nothing was sent."""


class NobodyToSend(Exception):
    """Nobody would get the mailing."""


def create_mailing(connection: Connection, round_: Round, kind: MailingKind, *, actor: str, now: datetime) -> Mailing:
    """A further mailing of the round, with the words of its last one of the kind or the default ones."""
    templates = _find_last_templates(connection, round_, kind) or load_default_templates(kind)
    mailing_id = secrets.token_hex(16)
    connection.execute(
        insert(mailing).values(
            survey_id=round_.survey_id,
            mailing_id=mailing_id,
            round_id=round_.round_id,
            kind=kind,
            state="prepared",
            templates=write_templates(templates),
            selection={"progresses": list(PROGRESSES)},
            actor=actor,
            created_at=now,
        )
    )
    return find_mailing(connection, round_, mailing_id)


def find_mailing(connection: Connection, round_: Round, mailing_id: str) -> Mailing:
    """Raises `MailingUnknown`."""
    row = connection.execute(select(mailing).where(_is_mailing(round_, mailing_id))).one_or_none()
    if row is None:
        raise MailingUnknown(mailing_id)
    return _read_mailing(row)


def list_mailings(connection: Connection, round_: Round) -> tuple[Mailing, ...]:
    """The newest first."""
    rows = connection.execute(
        select(mailing)
        .where(mailing.c.survey_id == round_.survey_id, mailing.c.round_id == round_.round_id)
        .order_by(mailing.c.created_at.desc(), mailing.c.mailing_id)
    )
    return tuple(_read_mailing(row) for row in rows)


def hold_mailing(connection: Connection, round_: Round, mailing_id: str) -> Mailing:
    """The mailing as it is now, locked until the transaction ends. Raises `MailingUnknown`."""
    lock_rows(connection, select(mailing.c.mailing_id).where(_is_mailing(round_, mailing_id)).with_for_update(), {})
    return find_mailing(connection, round_, mailing_id)


def change_mailing(
    connection: Connection, round_: Round, mailing_id: str, templates: Templates, progresses: Iterable[Progress]
) -> Mailing:
    """Keep other words, faulty ones too, so that nothing typed is lost. Raises `MailingUnknown` and `MailingBegun`."""
    held = hold_mailing(connection, round_, mailing_id)
    _check_prepared(held)
    _change(
        connection,
        held,
        templates=write_templates(templates),
        selection={"progresses": [each for each in PROGRESSES if each in set(progresses)]},
    )
    return find_mailing(connection, round_, mailing_id)


def discard_mailing(connection: Connection, round_: Round, mailing_id: str) -> None:
    """A prepared mailing is not to be sent. Raises `MailingUnknown` and `MailingBegun`."""
    held = hold_mailing(connection, round_, mailing_id)
    _check_prepared(held)
    _change(connection, held, state="cancelled")


def plan(connection: Connection, vault: Vault, found: Mailing, *, now: datetime) -> Plan:
    """Who would get the mailing now."""
    return plan_mailing(
        connection,
        vault,
        found.survey_id,
        found.round_id,
        kind=found.kind,
        progresses=found.progresses,
        now=now,
    )


def start_mailing(
    connection: Connection, vault: Vault, round_: Round, mailing_id: str, *, digest: str, actor: str, now: datetime
) -> int:
    """Queue a mail for everybody on the list of `digest`, with the job that sends them; returns how many.

    Whoever else begins a mailing of the round waits, and then meets the mails of this one. Raises `MailingUnknown`,
    `MailingBegun`, `RoundNotOpen`, `RoundClosed`, `TemplatesFaulty`, `RecipientsChanged`, `NobodyToSend`.
    """
    current = hold_round(connection, round_)
    held = hold_mailing(connection, current, mailing_id)
    _check_prepared(held)
    current.check_open(now)
    faults = find_template_faults(held.kind, held.templates)
    if faults:
        raise TemplatesFaulty(faults)
    planned = plan(connection, vault, held, now=now)
    if planned.digest != digest:
        raise RecipientsChanged(mailing_id)
    if not planned.getting:
        raise NobodyToSend(mailing_id)
    messages = [
        NewMessage(
            kind=held.kind,
            language=line.contact.language,
            mailing_id=mailing_id,
            invitation_id=line.invitation_id,
            contact_id=line.contact.contact_id,
        )
        for line in planned.getting
        if line.contact is not None
    ]
    add_messages(connection, held.survey_id, held.round_id, messages, now=now)
    _change(connection, held, state="sending", started_at=now, actor=actor)
    ask_to_send(connection, held, actor=actor, now=now)
    _audit(connection, held, "mailing.started", actor, now, {"mailing_kind": held.kind, "messages": len(messages)})
    return len(messages)


def stop_mailing(connection: Connection, round_: Round, mailing_id: str, *, actor: str, now: datetime) -> int:
    """What has not left stays; returns how many mails those are. Raises `MailingUnknown`; again without effect."""
    held = hold_mailing(connection, round_, mailing_id)
    if held.state != "sending":
        return 0
    stopped = cancel_waiting(connection, held.survey_id, mailing_id, "stopped")
    _change(connection, held, state="cancelled", finished_at=now)
    _audit(connection, held, "mailing.stopped", actor, now, {"mailing_kind": held.kind, "messages": stopped})
    return stopped


def resume_mailing(connection: Connection, round_: Round, mailing_id: str, *, actor: str, now: datetime) -> None:
    """Look at once at what waits: after a decision, or where no job is to come. Raises `MailingUnknown`."""
    held = hold_mailing(connection, round_, mailing_id)
    if held.state == "sending" or list_due(connection, held.survey_id, mailing_id, now=now, limit=1):
        _change(connection, held, state="sending", finished_at=None)
        ask_to_send(connection, held, actor=actor, now=now)


def ask_to_send(
    connection: Connection,
    found: Mailing,
    *,
    actor: str,
    now: datetime,
    run_after: datetime | None = None,
    outages: int = 0,
) -> str:
    """Ask for the job that sends what is due; one for each moment. Returns its number."""
    due = run_after or now
    try:
        job_id = add_job(
            connection,
            kind=SEND_MAILING,
            arguments={"survey_id": found.survey_id, "mailing_id": found.mailing_id, "outages": outages},
            actor=actor,
            now=now,
            survey_id=found.survey_id,
            once_key=f"{SEND_MAILING}:{found.mailing_id}:{due:%Y%m%d%H%M%S}",
            run_after=due,
        )
    except JobPending as pending:
        job_id = pending.job_id
    _change(connection, found, job_id=job_id)
    return job_id


def note_problem(connection: Connection, found: Mailing, problem: str | None) -> None:
    """Keep why the server cannot be used, or that it can."""
    _change(connection, found, problem=problem)


def finish_mailing(connection: Connection, found: Mailing, *, now: datetime) -> None:
    """Every mail has its outcome."""
    connection.execute(
        update(mailing)
        .where(*_is_same(found), mailing.c.state == "sending")
        .values(state="sent", finished_at=now, problem=None)
    )


def find_mailing_by_id(connection: Connection, survey_id: str, mailing_id: str) -> Mailing:
    """The mailing of a job. Raises `MailingUnknown`."""
    row = connection.execute(
        select(mailing).where(mailing.c.survey_id == survey_id, mailing.c.mailing_id == mailing_id)
    ).one_or_none()
    if row is None:
        raise MailingUnknown(mailing_id)
    return _read_mailing(row)


def _find_last_templates(connection: Connection, round_: Round, kind: MailingKind) -> Templates | None:
    return next((each.templates for each in list_mailings(connection, round_) if each.kind == kind), None)


def _check_prepared(held: Mailing) -> None:
    if held.state != "prepared":
        raise MailingBegun(held)


def _is_mailing(round_: Round, mailing_id: str) -> ColumnElement[bool]:
    return and_(
        mailing.c.survey_id == round_.survey_id,
        mailing.c.round_id == round_.round_id,
        mailing.c.mailing_id == mailing_id,
    )


def _is_same(found: Mailing) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return mailing.c.survey_id == found.survey_id, mailing.c.mailing_id == found.mailing_id


def _change(connection: Connection, found: Mailing, **values: Any) -> None:
    connection.execute(update(mailing).where(*_is_same(found)).values(**values))


def _read_mailing(row: Row[Any]) -> Mailing:
    known: tuple[Progress, ...] = get_args(Progress)
    wanted = row.selection.get("progresses", list(known))
    return Mailing(
        survey_id=row.survey_id,
        mailing_id=row.mailing_id,
        round_id=row.round_id,
        kind=row.kind,
        state=row.state,
        templates=read_templates(row.templates),
        progresses=tuple(each for each in known if each in wanted),
        actor=row.actor,
        job_id=row.job_id,
        problem=row.problem,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


def _audit(
    connection: Connection, held: Mailing, action: str, actor: str, now: datetime, details: Mapping[str, Detail]
) -> None:
    write_audit(
        connection,
        actor=actor,
        action=action,
        at=now,
        survey_id=held.survey_id,
        round_id=held.round_id,
        details=details,
    )
