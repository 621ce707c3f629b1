"""Delivery reports as several mail servers write them, and files that are none."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.fieldwork.mail.delivery_reports import MOST_BYTES, NoReport, import_reports, read_report
from surveyapp.fieldwork.mail.recipients import BETWEEN_MAILS
from tests.fieldwork.mail.mail_days import MANAGER, MailDay
from tests.fieldwork.mail.smtp_server import TAKE_AND_LOSE, FailingServer

ID = "0123456789abcdef0123456789abcdef"


def write_report(
    message_id: str,
    *,
    action: str = "failed",
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 <gone@example.com>: no such user",
    envelope: bool = True,
    returned: str = "text/rfc822-headers",
) -> bytes:
    """A report as Postfix writes it."""
    original = f"Message-ID: <{message_id}@office.example>\nSubject: =?utf-8?b?7KGw7IKs?=\n"
    return f"""From: MAILER-DAEMON@mx.example.com (Mail Delivery System)
To: bounces@office.example
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you.

--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
{f"Original-Envelope-Id: {message_id}" if envelope else "X-Postfix-Queue-ID: ABC"}
Arrival-Date: Tue, 10 Nov 2026 12:00:00 +0900 (KST)

Final-Recipient: rfc822; gone@example.com
Original-Recipient: rfc822;gone@example.com
Action: {action}
Status: {status}
Diagnostic-Code: {diagnostic}

--b
Content-Type: {returned}

{original}
--b--
""".replace("\n", "\r\n").encode()


@pytest.mark.parametrize("envelope", [True, False])
@pytest.mark.parametrize("returned", ["text/rfc822-headers", "message/rfc822"])
def test_a_report_names_its_mail_by_envelope_or_by_what_it_brings_back(envelope: bool, returned: str) -> None:
    report = read_report(write_report(ID, envelope=envelope, returned=returned))
    assert (report.message_id, report.action, report.status, report.code) == (ID, "failed", "5.1.1", 550)


@pytest.mark.parametrize(
    ("action", "understood"),
    [("failed", "failed"), ("Delayed", "delayed"), ("delivered", "delivered"), ("relayed", "delivered")],
)
def test_what_happened_is_understood(action: str, understood: str) -> None:
    assert read_report(write_report(ID, action=action)).action == understood


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no_report"),
        (b"\x00\xff" * 100, "no_report"),
        (b"Subject: hello\r\n\r\nwords", "no_report"),
        (write_report(ID, action="vanished"), "no_report"),
        (write_report("nothing", envelope=False), "no_message"),
        (write_report(ID)[:500], "no_report"),
        (b"x" * (MOST_BYTES + 1), "too_large"),
        (
            b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
            + b"--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" * 900,
            "no_report",
        ),
    ],
)
def test_other_files_are_no_reports(content: bytes, problem: str) -> None:
    with pytest.raises(NoReport) as fault:
        read_report(content)
    assert fault.value.problem == problem


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 1200), st.integers(0, 300))
def test_a_broken_file_is_never_more_than_no_report(noise: bytes, place: int, length: int) -> None:
    whole = write_report(ID)
    broken = whole[:place] + noise + whole[place + length :]
    with contextlib.suppress(NoReport):
        read_report(broken)


def read_in(mail: MailDay, *contents: bytes) -> list[tuple[str | None, bool, str | None]]:
    files = [("file.eml", content) for content in contents]
    with mail.day.database.write() as connection:
        found = import_reports(connection, mail.day.round, files, actor=MANAGER, now=mail.now)
    return [(each.action, each.is_new, each.problem) for each in found]


def test_reports_change_the_log_once_and_keep_reminders_away(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "gone@example.com")
    mail.run(mail.begin_mailing())
    [message] = mail.list_messages()
    delayed = write_report(message.message_id, action="delayed", status="4.4.1", diagnostic="smtp; 451 later")
    assert read_in(mail, delayed) == [("delayed", False, None)]
    assert mail.count_states() == {"sent": 1}
    report = write_report(message.message_id)
    assert read_in(mail, report, report) == [("failed", True, None), ("failed", False, None)]
    [bounced] = mail.list_messages()
    assert (bounced.state, bounced.bounced_at, bounced.reply_code, bounced.reply_status) == (
        "bounced",
        mail.now,
        550,
        "5.1.1",
    )
    mail.now += BETWEEN_MAILS * 2
    assert [line.reason for line in mail.plan(mail.prepare("reminder")).lines] == ["bounced"]
    assert read_in(mail, write_report("e" * 32)) == [(None, False, "no_message")]


def test_a_report_of_delivery_settles_an_uncertain_mail(mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    smtp.to_message["a@example.com"] = [TAKE_AND_LOSE]
    mail.run(mail.begin_mailing())
    [message] = mail.list_messages()
    assert read_in(mail, write_report(message.message_id, action="delivered", status="2.0.0")) == [
        ("delivered", True, None)
    ]
    assert mail.count_states() == {"sent": 1}
