"""A round from the first list of companies to its end, as an office runs it: through the pages, a real mail server
that fails now and then, and the worker's own runner.

On PostgreSQL; tests/browser/test_fieldwork_journey.py has it with browsers, a worker of its own, and SQLite.
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from html import unescape
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.mail.standings import PROGRESSES
from surveyapp.fieldwork.mail.templates import MailingKind, load_default_templates
from surveyapp.fieldwork.rounds import find_round
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import list_jobs
from surveyapp.records.tables import draft, mail_message, response
from surveyapp.settings import Settings
from tests.conftest import make_settings, sign_in_as
from tests.database_kinds import DatabaseKind
from tests.fieldwork.directory.workbooks import write_list
from tests.fieldwork.mail.smtp_server import RETURN_PATH, SENDER, TAKE_AND_LOSE, FailingServer, run_smtp_server
from tests.respondent_visits import Visit, answer_until, make_round
from tests.web.desk_data import read_page, read_words

SURVEY, SLUG = "japan_export_readiness", "survey-2026"
FIELD = f"/desk/rounds/{SLUG}"
COMPANIES = 300
HEADING = ["회사명", "영문명", "담당자", "이메일", "비고"]
LINK = re.compile(r"https://survey\.example\.org(/i/[\w-]{32}/)")
DEFERRED, BOUNCED, UNCERTAIN = "c7@example.com", "c8@example.com", "c9@example.com"
CASE = "GMP 적합성 조사 일정이 세 번 미뤄졌습니다.\r\n그 사이 허가가 늦어졌습니다."


@pytest.fixture
def database_kind() -> DatabaseKind:
    return "postgresql"


@pytest.fixture
def smtp() -> Iterator[FailingServer]:
    with run_smtp_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, smtp: FailingServer) -> Settings:
    return replace(
        make_settings(tmp_path),
        database_url=database_url,
        base_url="https://survey.example.org",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
        smtp_from=SENDER,
        smtp_return_path=RETURN_PATH,
    )


@dataclass
class Office:
    """The staff, their worker, and the companies' letter boxes."""

    app: Flask
    settings: Settings
    database: Database
    vault: Vault
    smtp: FailingServer
    seen: int = 0
    runner: JobRunner = field(init=False)

    def __post_init__(self) -> None:
        installation = Installation(self.settings, self.database, self.vault)
        self.runner = JobRunner(installation, "worker", KINDS, 1.0, threading.Event())

    def sign_in(self) -> FlaskClient:
        return sign_in_as(self.app, "manager")

    def work(self) -> None:
        """Whatever is due is done."""
        while True:
            with self.database.read() as connection:
                due = [job for job in list_jobs(connection, states=["queued"]) if job.run_after <= datetime.now(UTC)]
            if not [self.runner.run(job.job_id) for job in due]:
                return

    def collect(self) -> dict[str, EmailMessage]:
        """What arrived since the last time, by recipient."""
        arrived, self.seen = self.smtp.accepted[self.seen :], len(self.smtp.accepted)
        assert all(len(each.recipients) == 1 for each in arrived)
        return {each.recipients[0]: each.message for each in arrived}

    def count(self, table: Any, **values: Any) -> int:
        wanted = [table.c[name] == value for name, value in values.items()]
        with self.database.read() as connection:
            return int(connection.scalar(select(func.count()).select_from(table).where(*wanted)) or 0)

    def count_states(self) -> dict[str, int]:
        with self.database.read() as connection:
            listed = list_invitations(connection, find_round(connection, SURVEY, SLUG))
        return {state: sum(each.state == state for each in listed) for state in {each.state for each in listed}}


@pytest.fixture
def office(app: Flask, settings: Settings, database: Database, vault: Vault, smtp: FailingServer) -> Office:
    app.config["WTF_CSRF_ENABLED"] = False
    return Office(app, settings, database, vault, smtp)


def import_list(manager: FlaskClient) -> None:
    rows = [[f"한빛제약{n:03}", f"Hanbit {n:03}", f"담당자 {n}", f"c{n}@example.com", "a\nb"] for n in range(COMPANIES)]
    file = FileStorage(io.BytesIO(write_list([HEADING, *rows], encoding="cp949")), filename="명부.csv")
    boundary, body = encode_multipart({"file": file})
    reply = manager.post("/desk/companies/import", data=body, content_type=f"multipart/form-data; boundary={boundary}")
    page = read_page(manager, str(reply.location))
    [form] = re.findall(rf'<form method="post" action="{re.escape(reply.location)}">(.*?)</form>', page, re.DOTALL)
    hidden = {n: unescape(value) for n, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}
    assert manager.post(reply.location, data=hidden).status_code == 303
    assert f"New: {COMPANIES}. Changed: 0. Unchanged: 0." in read_page(manager, "/desk/companies")


def read_hidden(manager: FlaskClient, page: str, deed: str) -> dict[str, str]:
    """What the button of one deed sends along unseen."""
    shown = read_page(manager, f"{FIELD}/{page}")
    [form] = re.findall(rf'<form[^>]* action="[^"]*/{page}/{deed}[^"]*"[^>]*>(.*?)</form>', shown, re.DOTALL)
    return {n: unescape(value) for n, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form)}


def send_mailing(manager: FlaskClient, kind: MailingKind) -> str:
    """Write, look at the dry run, press the button; what the dry run said."""
    url = str(manager.post(f"{FIELD}/mailings", data={"kind": kind}).location)
    words: dict[str, Any] = {"deed": "next", "progress": list(PROGRESSES)}
    for language, template in load_default_templates(kind).items():
        words |= {f"subject-{language}": template.subject, f"body-{language}": template.body}
    saved = manager.post(url, data=words)
    assert saved.status_code == 303, read_words(saved.get_data(as_text=True))
    page = read_page(manager, f"{url}/recipients")
    [digest] = re.findall(r'name="digest" value="([^"]+)"', page)
    assert manager.post(f"{url}/recipients", data={"digest": digest}).status_code == 303
    return read_words(page)


def follow(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    found = LINK.search(body.get_content())
    assert found is not None
    return found[1]


def begin(office: Office, link: str) -> Visit:
    visit = Visit(office.app.test_client()).open(f"{link}?lang=ko")
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()


def test_a_round_from_its_list_to_its_end(office: Office, questionnaire: Questionnaire) -> None:
    make_round(office.database, questionnaire, open_link=False)
    manager, smtp = office.sign_in(), office.smtp
    import_list(manager)
    chosen = manager.post(f"{FIELD}/invitations/choose", data={"scope": "all"})
    assert chosen.location == f"{FIELD}/invitations?invited={COMPANIES}"

    smtp.to_recipient = {DEFERRED: ["450 4.2.1 later"], BOUNCED: ["550 5.1.1 nobody"]}
    smtp.to_message = {UNCERTAIN: [TAKE_AND_LOSE]}
    told = send_mailing(manager, "invitation")
    assert f"{COMPANIES} mails would be sent to {COMPANIES} companies." in told
    office.work()
    invited = office.collect()
    assert len(invited) == COMPANIES - 2 and not {DEFERRED, BOUNCED} & invited.keys()
    assert office.count(mail_message, state="uncertain") == 1 and office.count(mail_message, state="refused") == 1

    # Half an answer, cut off, taken up again at another machine through the same link, submitted once.
    link = follow(invited["c1@example.com"])
    halfway = answer_until(begin(office, link), "ft_case")
    del halfway
    resumed = answer_until(Visit(office.app.test_client()).open(link), "ft_case")
    resumed.fill({"ft_case": CASE}).press()
    answer_until(resumed, "").press()
    with office.database.read() as connection:
        stored = connection.execute(select(response.c.answers, response.c.texts, response.c.company_id)).one()
    assert stored.texts["ft_case"] == CASE.replace("\r\n", "\n") and stored.answers["company_type"] == "pharma"
    assert stored.company_id is not None
    # A second one submits, a third begins, a fourth says no.
    answer_until(begin(office, follow(invited["c2@example.com"])), "").press()
    begin(office, follow(invited["c3@example.com"]))
    Visit(office.app.test_client()).open(f"{follow(invited['c4@example.com'])}?lang=ko").fill(
        {"consent_participate": "disagree"}
    ).press()
    assert office.count_states() == {"submitted": 2, "begun": 1, "refused": 1, "invited": COMPANIES - 4}

    # What was put off is sent by itself; nobody who has it gets it again.
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=10)):
        office.work()
        assert set(office.collect()) == {DEFERRED}

    # Reminders reach exactly the others: not who submitted or refused, nor the address that is none.
    with time_machine.travel(datetime.now(UTC) + timedelta(days=2)):
        send_mailing(office.sign_in(), "reminder")
        office.work()
        reminded = set(office.collect())
        everybody = {f"c{number}@example.com" for number in range(COMPANIES)}
        assert everybody - reminded == {"c1@example.com", "c2@example.com", "c4@example.com", BOUNCED}
        page = read_words(read_page(office.sign_in(), f"{FIELD}/progress"))
        assert f"response rate 0.7% (AAPOR RR1, 2/{COMPANIES})" in page

    # One is withdrawn through its own link: nothing of it remains, and it is not counted.
    token = link.split("/")[2]
    Visit(office.app.test_client()).open(f"/r/{token}/withdraw").press()
    assert office.count(response, state="submitted") == 1
    with office.database.read() as connection:
        assert connection.execute(select(response.c.texts).where(response.c.state == "withdrawn")).scalar_one() == {}
        assert connection.execute(select(draft.c.answers).where(draft.c.state == "withdrawn")).scalar_one() == {}
    assert office.count_states()["withdrawn"] == 1

    # Closed: links say so, and no mailing goes out any more.
    manager = office.sign_in()
    closed = manager.post(f"{FIELD}/settings/close", data=read_hidden(manager, "settings", "close"))
    assert closed.status_code == 303, read_words(closed.get_data(as_text=True))
    late = Visit(office.app.test_client()).open(f"{follow(invited['c5@example.com'])}?lang=en")
    assert late.status != 200 and "closed" in late.text
