"""What a respondent does with mail: decline it in one click, have a receipt or a link sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.fieldwork.mail.singles import send_message
from surveyapp.records.tables import audit_event, job, mail_opt_out
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.conftest import CheckingClient
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import LOSE, FailingServer
from tests.respondent_visits import Visit, answer_until
from tests.web.desk_data import read_words

START = "/s/survey-2026/"


@pytest.fixture
def decline_url(mail: MailDay, smtp: FailingServer) -> str:
    """The path behind the link of a mail that arrived."""
    mail.add_company("가람제약", "kim@example.com", language="en")
    mail.run(mail.begin_mailing())
    header = str(smtp.accepted[0].message["List-Unsubscribe"])
    found = re.fullmatch(r"<https://survey\.example\.org(/u/[\w=-]+\?lang=en)>", header)
    assert found is not None, header
    return found[1]


def count_opt_outs(mail: MailDay) -> int:
    with mail.day.database.read() as connection:
        return len(connection.execute(select(mail_opt_out)).all())


def test_a_mail_program_declines_in_one_click(client: FlaskClient, mail: MailDay, decline_url: str) -> None:
    for _ in range(2):  # mail programs press twice
        clicked = client.post(decline_url, data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200 and "Location" not in clicked.headers
    assert count_opt_outs(mail) == 1
    mail.pass_time(days=3)
    assert [line.reason for line in mail.plan(mail.prepare("reminder")).lines] == ["opted_out"]


def test_opening_the_link_changes_nothing_and_the_button_does(
    client: FlaskClient, mail: MailDay, decline_url: str
) -> None:
    visit = Visit(client).open(decline_url)
    assert visit.language == "en" and "Receive no more mails about this survey?" in visit.text
    assert "Questions about this survey: " in visit.html, "who asks, and whom to ask"
    assert count_opt_outs(mail) == 0
    visit = Visit(client).open(decline_url)
    page = client.post(decline_url)
    assert "You receive no more mails about this survey" in read_words(page.get_data(as_text=True))
    assert count_opt_outs(mail) == 1
    back = client.post(decline_url, data={"take_back": "yes"})
    assert "Receive no more mails about this survey?" in read_words(back.get_data(as_text=True))
    assert count_opt_outs(mail) == 0
    with mail.day.database.read() as connection:
        events = connection.execute(select(audit_event).where(audit_event.c.action.like("mail.%"))).mappings().all()
    assert [(each["action"], each["actor"], each["details"]) for each in events] == [
        ("mail.declined", "respondent", {}),
        ("mail.accepted", "respondent", {}),
    ]


def test_a_link_that_was_not_made_here_declines_nothing(client: FlaskClient, mail: MailDay, decline_url: str) -> None:
    token = decline_url.removeprefix("/u/").partition("?")[0]
    for bad in ("x", "A" * 64, token[:-2] + "AA", token[:-4], token + "AAAA", token.swapcase(), "%E2%82%AC", "a b"):
        for ask in (client.get, client.post):
            assert ask(f"/u/{bad}?lang=en").status_code == 404, bad
    assert count_opt_outs(mail) == 0


def test_guessing_links_is_limited(settings: Settings, mail: MailDay) -> None:
    app = make_app(replace(settings, rate_limit_link="3 per minute"))
    statuses = [app.test_client().get(f"/u/guess-{number}").status_code for number in range(5)]
    assert statuses == [404, 404, 404, 429, 429]
    app.extensions["surveyapp"].database.close()


def leave(client: FlaskClient) -> Visit:
    """Begin a return and go to the page with its link."""
    visit = Visit(client).open(f"{START}?lang=en").fill({"consent_participate": "agree"}).press()
    return visit.fill({"attribution_level": "anonymous"}).press().leave()


def ask_for_link(client: FlaskClient, email: str) -> tuple[Visit, int, str]:
    visit = leave(client)
    token = visit.token
    found = re.search(
        r'action="/r/[^"]+/link/mail"[^>]*>\s*<input type="hidden" name="csrf_token" value="([^"]+)"', visit.html
    )
    assert found is not None
    asked = client.post(f"/r/{token}/link/mail?lang=en", data={"csrf_token": found[1], "email": email})
    return visit, asked.status_code, read_words(asked.get_data(as_text=True))


def test_the_link_is_sent_to_an_address_that_is_then_erased(
    client: FlaskClient, mail: MailDay, smtp: FailingServer
) -> None:
    visit, status, _words = ask_for_link(client, "canary@example.com")
    assert status == 303
    shown = client.get(f"/r/{visit.token}/link?mailed=yes&lang=en").get_data(as_text=True)
    assert "If the address is right, the mail arrives within 15 minutes." in read_words(shown)
    [message] = mail.list_messages()
    assert message.address_link is not None
    before = mail.day.read_stored()
    assert b"canary@" not in before and visit.token.encode() not in before  # sealed while it waits
    assert send_message(mail.office, mail.survey_id, message.message_id, actor="respondent") == "sent"
    body = smtp.accepted[0].message.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert f"https://survey.example.org/r/{visit.token}/" in body.get_content()
    assert smtp.accepted[0].message["List-Unsubscribe"] is None
    assert not [row for row in mail.day.load_confidential_rows() if row.compartment == "address"]
    with mail.day.database.read() as connection:
        jobs = repr(connection.execute(select(job)).all())
    assert "canary" not in jobs and visit.token not in jobs


def test_an_uncertain_or_refused_mail_erases_the_address_too(
    client: FlaskClient, mail: MailDay, smtp: FailingServer
) -> None:
    smtp.to_message["a@example.com"] = [LOSE]
    smtp.to_recipient["b@example.com"] = ["550 5.1.1 nobody"]
    smtp.to_recipient["c@example.com"] = ["450 4.2.0 later"]
    states = {}
    for name in "abc":
        ask_for_link(client, f"{name}@example.com")
        message = mail.list_messages()[0]
        states[name] = send_message(mail.office, mail.survey_id, message.message_id, actor="respondent")
    assert states == {"a": "uncertain", "b": "refused", "c": "deferred"}
    left = [row for row in mail.day.load_confidential_rows() if row.compartment == "address"]
    assert len(left) == 1
    assert mail.last_job.run_after == mail.list_messages()[0].next_attempt_at


@pytest.mark.parametrize("typed", ["", "kim", "kim@example.com\r\nBcc: all@example.com", "a@b.example, c@d.example"])
def test_no_address_is_refused_at_the_field(client: FlaskClient, mail: MailDay, typed: str) -> None:
    _visit, status, words = ask_for_link(client, typed)
    assert status == 422 and "Enter one e-mail address, such as kim@example.com." in words
    assert not mail.list_messages()


def test_the_receipt_is_sent_without_a_link(client: FlaskClient, mail: MailDay, smtp: FailingServer) -> None:
    visit = Visit(client).open(f"{START}?lang=ja").fill({"consent_participate": "agree"}).press()
    visit = answer_until(visit.fill({"attribution_level": "anonymous"}).press(), "").press()
    assert visit.path.endswith("/receipt")
    found = re.search(r'receipt/mail"[^>]*>\s*<input type="hidden" name="csrf_token" value="([^"]+)"', visit.html)
    assert found is not None
    asked = client.post(f"/r/{visit.token}/receipt/mail", data={"csrf_token": found[1], "email": "kim@example.com"})
    assert asked.status_code == 303
    [message] = mail.list_messages()
    send_message(mail.office, mail.survey_id, message.message_id, actor="respondent")
    received = smtp.accepted[0].message
    number = visit.find(class_="receipt-number")[0].text
    body = received.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    assert number and number in received["Subject"] and number in body.get_content()
    assert "/r/" not in body.get_content() and received["Content-Language"] == "ja"


def test_a_stale_form_asks_for_nothing(client: FlaskClient, mail: MailDay) -> None:
    visit = leave(client)
    stale = client.post(f"/r/{visit.token}/link/mail", data={"csrf_token": "x", "email": "kim@example.com"})
    assert stale.status_code == 400 and "kim@example.com" in stale.get_data(as_text=True)
    assert not mail.list_messages()


def make_app(settings: Settings) -> Flask:
    app = create_app(settings)
    app.test_client_class = CheckingClient
    return app


def test_asking_is_limited_by_sender_and_by_recipient(settings: Settings, mail: MailDay) -> None:
    app = make_app(replace(settings, rate_limit_mail="2 per hour"))
    statuses = [
        ask_for_link(client_at(app, f"198.51.100.{number}"), email)[1]
        for number, email in enumerate(["a@example.com", "A@example.com", "a@example.com", "b@example.com"])
    ]
    assert statuses == [303, 303, 429, 303]
    statuses = [ask_for_link(client_at(app, "203.0.113.9"), f"{name}@example.org")[1] for name in "xyz"]
    assert statuses == [303, 303, 429]
    app.extensions["surveyapp"].database.close()


def client_at(app: Flask, address: str) -> FlaskClient:
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = address
    return client


def test_without_a_server_the_pages_do_without(
    settings: Settings, mail: MailDay, sign_in: Callable[[str], FlaskClient]
) -> None:
    app = make_app(replace(settings, smtp_host="", smtp_from=""))
    client = app.test_client()
    visit = leave(client)
    assert "Private link by mail" not in visit.text and "Your private link" in visit.text
    assert "/link/mail" not in visit.html
    app.extensions["surveyapp"].database.close()
