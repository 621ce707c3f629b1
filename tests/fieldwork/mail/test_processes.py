"""Real processes: killed at every stage of a mail, and two that do the same at once. Nobody gets a mail twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal

import pytest
from sqlalchemy import text

from surveyapp.fieldwork.mail.log import send_again
from surveyapp.fieldwork.mail.office import find_lease
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import FailingServer, make_mail_server

PATIENCE_S = 60
Stage = Literal["named", "taken", "confirmed"]


def launch(mail: MailDay, deed: str, mailing_id: str, last: str) -> subprocess.Popen[str]:
    words = [mail.day.database_url, deed, mailing_id, last, mail.now.isoformat()]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fieldwork.mail.mail_process", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def let_go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    told, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    return told.strip()


@contextmanager
def hold_log(mail: MailDay) -> Iterator[None]:
    """Let nobody else write into the log of mails until the block ends."""
    with mail.day.database.write() as connection:
        if connection.dialect.name != "sqlite":
            connection.execute(text("LOCK TABLE mail_message IN ROW EXCLUSIVE MODE"))
            connection.execute(text("SELECT message_id FROM mail_message FOR UPDATE"))
        yield


@pytest.mark.parametrize("stage", ["named", "taken", "confirmed"])
def test_a_process_killed_while_sending_leaves_one_uncertain_mail_and_no_double(
    mail: MailDay, smtp: FailingServer, stage: Stage
) -> None:
    """Killed after the recipient was named, after the server took the message, and after the server confirmed it."""
    for number in range(4):
        mail.add_company(str(number), f"c{number}@example.com")
    mailing_id = mail.begin_mailing()
    reached, holding = threading.Event(), threading.Event()
    smtp.stop_at = (stage, 2, reached, holding)
    process = launch(mail, "send", mailing_id, str(smtp.port))
    let_go(process)
    assert reached.wait(PATIENCE_S)
    with hold_log(mail) if stage == "confirmed" else nullcontext():
        if stage == "confirmed":
            holding.set()  # the reply goes out now, and what follows from it cannot be written down
            time.sleep(1.0)
        process.kill()
        process.communicate()
    holding.set()
    smtp.stop_at = None

    assert mail.count_states() == {"sent": 2, "sending": 1, "queued": 1}
    assert mail.server is not None
    mail.server = make_mail_server(smtp.port)
    mail.pass_time(seconds=find_lease(mail.server).total_seconds())  # of the process that was killed
    mail.run(mailing_id)
    assert mail.count_states() == {"sent": 3, "uncertain": 1}
    got = smtp.count()
    assert set(got.values()) == {1} and len(got) == (3 if stage == "named" else 4)

    mail.pass_time(days=1)
    mail.run(mailing_id)
    assert smtp.count() == got
    if stage == "named":
        [uncertain] = [each for each in mail.list_messages() if each.state == "uncertain"]
        with mail.day.database.write() as connection:
            send_again(connection, uncertain, now=mail.now)
        mail.run(mailing_id)
        assert set(smtp.count().values()) == {1} and len(smtp.count()) == 4


@pytest.mark.parametrize("stage", ["named", "taken"])
def test_a_process_killed_with_several_connections_leaves_one_uncertain_mail_each(
    mail: MailDay, smtp: FailingServer, stage: Stage
) -> None:
    """Whatever the connections had written together, no more is in doubt than what was on its way."""
    for number in range(12):
        mail.add_company(str(number), f"c{number}@example.com")
    mailing_id = mail.begin_mailing()
    reached, holding = threading.Event(), threading.Event()
    smtp.stop_at = (stage, 4, reached, holding)
    process = launch(mail, "send", mailing_id, f"{smtp.port}x3")
    let_go(process)
    assert reached.wait(PATIENCE_S)
    process.kill()
    process.communicate()
    holding.set()
    smtp.stop_at = None

    states = mail.count_states()
    assert 1 <= states["sending"] <= 3 and sum(states.values()) == 12
    mail.server = make_mail_server(smtp.port)
    mail.pass_time(seconds=find_lease(mail.server).total_seconds())  # of the process that was killed
    mail.run(mailing_id)
    assert mail.count_states() == {"sent": 12 - states["sending"], "uncertain": states["sending"]}
    assert set(smtp.count().values()) == {1}


def test_two_processes_that_send_one_mailing_share_it(mail: MailDay, smtp: FailingServer) -> None:
    for number in range(20):
        mail.add_company(str(number), f"c{number}@example.com")
    mailing_id = mail.begin_mailing()
    smtp.awaits = 4  # else the first process may be done before the second has begun
    processes = [launch(mail, "send", mailing_id, f"{smtp.port}x{connections}") for connections in (1, 3)]
    for process in processes:
        let_go(process)
    told = [int(hear(process)) for process in processes]
    assert sum(told) == 20 and all(told)
    assert smtp.count() == {f"c{number}@example.com": 1 for number in range(20)}
    assert mail.count_states() == {"sent": 20}
    assert mail.find_mailing(mailing_id).state == "sent"


@pytest.mark.parametrize("is_same", [True, False])
def test_two_officers_who_begin_at_once_begin_one_mailing(mail: MailDay, smtp: FailingServer, is_same: bool) -> None:
    """The very same mailing, or two that say the same to the same people."""
    for number in range(10):
        mail.add_company(str(number), f"c{number}@example.com")
    first = mail.prepare()
    second = first if is_same else mail.prepare()
    digest = mail.plan(first).digest
    assert mail.plan(second).digest == digest
    processes = [launch(mail, "begin", each, digest) for each in (first, second)]
    for process in processes:
        let_go(process)
    told = sorted(hear(process) for process in processes)
    assert told == ["10", "MailingBegun" if is_same else "RecipientsChanged"]
    assert len(mail.list_messages()) == 10 and len(mail.list_jobs()) == 1
    for each in {first, second}:
        mail.run(each)
    assert smtp.count() == {f"c{number}@example.com": 1 for number in range(10)}


def test_the_lease_outlasts_the_servers_slowest_reply(mail: MailDay) -> None:
    assert mail.server is not None
    assert find_lease(mail.server).total_seconds() > mail.server.final_timeout + 5 * mail.server.timeout
