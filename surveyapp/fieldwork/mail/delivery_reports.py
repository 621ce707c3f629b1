"""Reports of what was not delivered (RFC 3464), read from the files that a mailbox gives out.

A mail is found again by its number: the envelope's id that the server was told, or the Message-ID that the report
brings back. Nothing else of a report is kept, and nothing in it can name a mail that its sender did not get.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message as Part
from email.parser import BytesParser
from typing import Literal

from sqlalchemy import Connection, update

from surveyapp.fieldwork.mail.log import Message, MessageUnknown, find_message
from surveyapp.fieldwork.rounds import Round
from surveyapp.records.audit import write_audit
from surveyapp.records.tables import mail_message

MOST_BYTES = 512 * 1024  # of one file; reports without the words of the mail have a few kilobytes
MOST_FILES = 200
MOST_PARTS = 100

Action = Literal["failed", "delayed", "delivered"]
FileProblem = Literal["too_large", "no_report", "no_message", "other_round"]
_ACTIONS: dict[str, Action] = {
    "failed": "failed",
    "delayed": "delayed",
    "delivered": "delivered",
    "relayed": "delivered",
    "expanded": "delivered",
}
_NUMBER = re.compile(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_CODE = re.compile(r"\b([45]\d\d)\b")


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What a report says of one mail."""

    message_id: str
    action: Action
    status: str | None
    code: int | None


class NoReport(ValueError):
    """The file is none, or does not say what mail it is about."""

    def __init__(self, problem: FileProblem) -> None:
        super().__init__(problem)
        self.problem: FileProblem = problem


@dataclass(frozen=True, slots=True)
class ImportedFile:
    """What became of one file: the mail's reported action, or the problem with the file."""

    name: str
    action: Action | None
    is_new: bool
    problem: FileProblem | None


def read_report(content: bytes) -> DeliveryReport:
    """The report in a mail as it was saved (.eml). Raises `NoReport`."""
    if len(content) > MOST_BYTES:
        raise NoReport("too_large")
    # The old policy takes headers as they come; the new one parses them, and fails on what attackers write.
    parts = list(_iterate_parts(BytesParser(policy=policy.compat32).parsebytes(content)))
    fields = [
        block for part in parts if part.get_content_type() == "message/delivery-status" for block in _list_blocks(part)
    ]
    recipients = [block for block in fields if block.get("Action")]
    if not recipients:
        raise NoReport("no_report")
    action = _find_action(recipients)
    if action is None:
        raise NoReport("no_report")
    number = _find_number(fields, parts)
    if number is None:
        raise NoReport("no_message")
    told = next(block for block in recipients if _ACTIONS.get(_read(block, "Action").lower()) == action)
    status = _STATUS.search(_read(told, "Status"))
    code = _CODE.search(_read(told, "Diagnostic-Code"))
    return DeliveryReport(number, action, status and status[0], int(code[1]) if code is not None else None)


def import_reports(
    connection: Connection, round_: Round, files: Iterable[tuple[str, bytes]], *, actor: str, now: datetime
) -> tuple[ImportedFile, ...]:
    """Mark the mails that these files report on; a file given twice changes nothing the second time."""
    found = tuple(_import_file(connection, round_, name, content, now) for name, content in files)
    bounced = sum(each.is_new and each.action == "failed" for each in found)
    write_audit(
        connection,
        actor=actor,
        action="mail.reports_imported",
        at=now,
        survey_id=round_.survey_id,
        round_id=round_.round_id,
        details={"files": len(found), "bounced": bounced},
    )
    return found


def _import_file(connection: Connection, round_: Round, name: str, content: bytes, now: datetime) -> ImportedFile:
    try:
        report = read_report(content)
        message = find_message(connection, round_.survey_id, report.message_id)
    except NoReport as fault:
        return ImportedFile(name, None, False, fault.problem)
    except MessageUnknown:
        return ImportedFile(name, None, False, "no_message")
    if message.round_id != round_.round_id:
        return ImportedFile(name, None, False, "other_round")
    return ImportedFile(name, report.action, _apply(connection, message, report, now), None)


def _apply(connection: Connection, message: Message, report: DeliveryReport, now: datetime) -> bool:
    """Whether the report changed anything. A delay is the other server's affair: it goes on trying."""
    if report.action == "failed" and message.state in ("sent", "uncertain"):
        values = {"state": "bounced", "bounced_at": now, "reply_code": report.code, "reply_status": report.status}
    elif report.action == "delivered" and message.state == "uncertain":
        values = {"state": "sent", "sent_at": now, "reply_status": report.status}
    else:
        return False
    changed = connection.execute(
        update(mail_message)
        .where(
            mail_message.c.survey_id == message.survey_id,
            mail_message.c.message_id == message.message_id,
            mail_message.c.state == message.state,
        )
        .values(**values, reason="reported")
    )
    return changed.rowcount == 1


def _iterate_parts(root: Part) -> Iterator[Part]:
    """The parts of a mail, the mail itself first, without end nor depth that a person would make."""
    waiting = [root]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        payload = part.get_payload()
        if isinstance(payload, list):
            waiting += [each for each in payload if isinstance(each, Part)]


def _list_blocks(status: Part) -> list[Part]:
    """The groups of fields of a delivery-status part: of the whole message first, then of each recipient."""
    payload = status.get_payload()
    return [each for each in payload if isinstance(each, Part)] if isinstance(payload, list) else []


def _find_action(recipients: list[Part]) -> Action | None:
    """Ours have one recipient each; of several, what failed counts."""
    actions = {_ACTIONS.get(_read(block, "Action").lower()) for block in recipients}
    return next((each for each in ("failed", "delayed", "delivered") if each in actions), None)


def _find_number(fields: list[Part], parts: list[Part]) -> str | None:
    for block in fields:
        if (found := _NUMBER.search(_read(block, "Original-Envelope-Id").lower())) is not None:
            return found[0]
    for part in parts[1:]:
        if (found := _NUMBER.search(_read(part, "Message-ID").lower())) is not None:
            return found[0]
        if part.get_content_type() == "text/rfc822-headers":
            returned = _read_returned_headers(part)
            if (found := _NUMBER.search(_read(returned, "Message-ID").lower())) is not None:
                return found[0]
    return None


def _read_returned_headers(part: Part) -> Part:
    payload = part.get_payload(decode=True)
    return BytesParser(policy=policy.compat32).parsebytes(
        payload if isinstance(payload, bytes) else b"", headersonly=True
    )


def _read(part: Part, name: str) -> str:
    return str(part.get(name, "")).strip()
