"""Single mails: the receipt or the link that a respondent asked for, and the test mail that staff send to themselves.

The address is used for that mail alone. It is kept sealed together with what the mail says, such as the link, and both
are erased as soon as the mail has its outcome. Of an uncertain one too: whoever still wants it asks again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from surveyapp.fieldwork.mail.addresses import MailAddress, NamedAddress, check_address
from surveyapp.fieldwork.mail.composing import Letter
from surveyapp.fieldwork.mail.log import (
    PAUSES,
    UNFINISHED,
    Message,
    NewMessage,
    add_messages,
    claim_message,
    find_message,
    forget_address,
    mark_single_interrupted,
    put_back,
    settle_message,
)
from surveyapp.fieldwork.mail.mailings import Mailing, find_mailing_by_id
from surveyapp.fieldwork.mail.office import NOT_CONFIGURED, Office, compose_for, find_lease
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.fieldwork.mail.templates import MailKind, load_default_templates
from surveyapp.fieldwork.mail.transport import Outcome, ServerUnusable, Transport
from surveyapp.fieldwork.mail.wording import fill_letter
from surveyapp.fieldwork.rounds import Round, find_round_by_id
from surveyapp.questionnaire.model import Language
from surveyapp.records.audit import RESPONDENT
from surveyapp.records.confidential import load_confidential, write_confidential
from surveyapp.records.database import Connection, request_scrub
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import JobPending, add_job

SEND_MESSAGE = "mail.send_message"  # kind of the job
_ADDRESS = "mail_address"  # beside the placeholders' values, none of which has this name
DECLINE = "decline_url"  # where a test mail shows its link to decline mails
SERVER_UNUSABLE = "server_unusable"


def queue_single(
    connection: Connection,
    vault: Vault,
    round_: Round,
    kind: MailKind,
    address: MailAddress,
    *,
    language: Language,
    values: Mapping[str, str],
    now: datetime,
    actor: str = RESPONDENT,
    mailing_id: str | None = None,
) -> str:
    """Ask for one mail in the caller's transaction, with `values` for its placeholders; returns its number."""
    link = write_confidential(
        connection,
        vault,
        survey_id=round_.survey_id,
        link=None,
        compartment="address",
        answers={**values, _ADDRESS: address.spec},
        lookup_value=None,
        now=now,
    )
    new = NewMessage(kind=kind, language=language, mailing_id=mailing_id, address_link=link)
    (message_id,) = add_messages(connection, round_.survey_id, round_.round_id, [new], now=now)
    _ask_to_send(connection, round_.survey_id, message_id, actor=actor, now=now, run_after=now, outages=0)
    return message_id


def send_message(
    office: Office,
    survey_id: str,
    message_id: str,
    *,
    actor: str,
    outages: int = 0,
    tell_time: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """Send one mail if it is due, ask for another try where that makes sense, and return the state it is in.

    Raises `MessageUnknown`.
    """
    problem: str | None = NOT_CONFIGURED
    if office.server is not None:
        problem = _try_once(office, office.server, survey_id, message_id, tell_time)
    now = tell_time()
    with office.database.write() as connection:
        mark_single_interrupted(connection, survey_id, message_id, now=now)
        message = find_message(connection, survey_id, message_id)
        if problem is not None and message.state == "queued":
            if outages < len(PAUSES):
                due = now + PAUSES[outages]
                _ask_to_send(
                    connection, survey_id, message_id, actor=actor, now=now, run_after=due, outages=outages + 1
                )
            else:
                claimed = claim_message(connection, survey_id, message_id, now=now, until=now)
                assert claimed is not None
                settle_message(connection, claimed, Outcome("refused", reason=SERVER_UNUSABLE), now=now)
        elif message.next_attempt_at is not None:
            due = max(message.next_attempt_at, now + timedelta(seconds=1))
            _ask_to_send(connection, survey_id, message_id, actor=actor, now=now, run_after=due, outages=0)
        message = find_message(connection, survey_id, message_id)
        if message.state not in UNFINISHED and message.address_link is not None:
            forget_address(connection, message)
            request_scrub(connection)
        return message.state


def _try_once(
    office: Office, server: MailServer, survey_id: str, message_id: str, tell_time: Callable[[], datetime]
) -> str | None:
    """Hand the mail over if it is due; the problem where the server cannot be used."""
    try:
        with Transport(server) as transport:
            transport.open()
            now = tell_time()
            with office.database.write() as connection:
                message = claim_message(connection, survey_id, message_id, now=now, until=now + find_lease(server))
                if message is None:
                    return None
                recipient, letter = _write(connection, office, message)
            try:
                outcome = transport.send(compose_for(server, letter, message_id, recipient, now))
            except ServerUnusable:
                with office.database.write() as connection:
                    put_back(connection, message)
                raise
            with office.database.write() as connection:
                settle_message(connection, message, outcome, now=tell_time())
    except ServerUnusable as fault:
        return fault.problem
    return None


def _write(connection: Connection, office: Office, message: Message) -> tuple[NamedAddress, Letter]:
    assert message.address_link is not None
    kept = load_confidential(connection, office.vault, message.survey_id, [message.address_link])
    values = {name: str(value) for name, value in kept[message.address_link].items()}
    recipient = NamedAddress(check_address(values.pop(_ADDRESS)))
    round_ = find_round_by_id(connection, message.survey_id, message.round_id)
    templates = load_default_templates(message.kind) if message.mailing_id is None else None
    if templates is None:
        templates = _find_mailing(connection, message).templates
    decline_url = values.pop(DECLINE, "")
    return recipient, fill_letter(
        round_, message.language, templates[message.language], values, decline_url=decline_url
    )


def _find_mailing(connection: Connection, message: Message) -> Mailing:
    assert message.mailing_id is not None
    return find_mailing_by_id(connection, message.survey_id, message.mailing_id)


def _ask_to_send(
    connection: Connection,
    survey_id: str,
    message_id: str,
    *,
    actor: str,
    now: datetime,
    run_after: datetime,
    outages: int,
) -> None:
    try:
        add_job(
            connection,
            kind=SEND_MESSAGE,
            arguments={"survey_id": survey_id, "message_id": message_id, "outages": outages},
            actor=actor,
            now=now,
            survey_id=survey_id,
            once_key=f"{SEND_MESSAGE}:{message_id}:{run_after:%Y%m%d%H%M%S}",
            run_after=run_after,
        )
    except JobPending:
        return
