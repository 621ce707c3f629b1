"""The mail room at the desk: words, preview, test mail, dry run, sending, progress."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveyapp.fieldwork.mail.singles import send_message
from surveyapp.fieldwork.mail.templates import load_default_templates
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.records.audit import list_audit
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.conftest import CheckingClient, sign_in_as
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import LOSE, FailingServer
from tests.web.desk_data import read_page, read_words

ROOM = "/desk/rounds/survey-2026/mailings"


def begin(client: FlaskClient, kind: str = "invitation") -> str:
    """A new mailing; its address."""
    begun = client.post(ROOM, data={"kind": kind})
    assert begun.status_code == 303
    return str(begun.location)


def write(deed: str, **changed: str) -> dict[str, str]:
    """The default words as the form posts them, with some changed."""
    fields = {"deed": deed}
    for language, template in load_default_templates("invitation").items():
        fields |= {f"subject-{language}": template.subject, f"body-{language}": template.body}
    return {**fields, **{name.replace("_", "-"): value for name, value in changed.items()}}


def send(client: FlaskClient, url: str) -> TestResponse:
    """Look at the recipients and press the button."""
    found = re.search(r'name="digest" value="([^"]+)"', read_page(client, f"{url}/recipients"))
    assert found is not None
    return client.post(f"{url}/recipients?lang=en", data={"digest": found[1]})


def test_a_mailing_from_its_words_to_its_last_mail(manager: FlaskClient, mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가람제약", "a@example.com", "b@example.com")
    mail.add_company("나래바이오")
    url = begin(manager)
    saved = manager.post(f"{url}?lang=en", data=write("next", subject_en="Please answer: {{round}}"))
    assert saved.status_code == 303 and saved.location.endswith("/recipients")
    page = read_page(manager, f"{url}/recipients")
    words = read_words(page)
    assert "2 mails would be sent to 1 company." in words and "Send 2 mails" in words
    assert "a@example.com" in words and "The directory has no contact 1" in words
    others = read_words(read_page(manager, f"{url}/recipients?list=others"))
    assert "나래바이오 The directory has no contact" in others
    sent = send(manager, url)
    assert sent.status_code == 303
    waiting = read_words(read_page(manager, url))
    assert "Being sent" in waiting and "0 of 2 mails have their outcome." in waiting and "Waiting 2" in waiting
    mail.run(url.rsplit("/", 1)[1])
    assert smtp.count() == {"a@example.com": 1, "b@example.com": 1}
    done = read_words(read_page(manager, url))
    assert "Finished" in done and "Handed over 2" in done and "Stop: send no more" not in done
    with mail.day.database.read() as connection:
        started = list_audit(connection, action="mailing.started")
    assert [each.details for each in started] == [{"mailing_kind": "invitation", "messages": 2}]
    log = read_words(read_page(manager, f"{ROOM}/log?state=sent"))
    assert log.count("가람제약") == 2 and "250 2.0.0" in log


def test_faulty_words_come_back_with_the_place_of_every_fault(manager: FlaskClient, mail: MailDay) -> None:
    url = begin(manager)
    typed = write("save", body_en="Hello {{compony}}\n\nby {{closes}}", subject_ja="")
    refused = manager.post(f"{url}?lang=en", data=typed)
    assert refused.status_code == 422
    page = refused.get_data(as_text=True)
    words = read_words(page)
    assert "{{compony}} in line 1 is no placeholder." in words
    assert "{{link}} is missing: without it nobody can answer." in words
    assert "日本語 – Subject The subject is missing." in words
    assert 'href="#body-en"' in page and 'href="#subject-ja"' in page
    assert "Hello {{compony}}" in page and page.count('aria-invalid="true"') == 2
    assert manager.get(f"{url}/recipients").status_code == 303
    kept = read_page(manager, url)
    assert "Hello {{compony}}" in kept and "As soon as the words that are saved have no faults" in kept


def test_the_preview_is_the_mail_that_the_first_contact_gets(manager: FlaskClient, mail: MailDay) -> None:
    mail.add_company("가람제약 <주>", "a@example.com", person="김철수")
    url = begin(manager)
    page = read_page(manager, f"{url}?preview=ko")
    words = read_words(page)
    assert "As 김철수 of 가람제약 <주> gets it." in words
    assert "/i/example-link/" in page and "frame-src 'self'" in manager.get(url).headers["Content-Security-Policy"]
    found = re.search(r'<iframe[^>]* src="([^"]+)"[^>]* sandbox', page)
    assert found is not None
    framed = manager.get(found[1].replace("&amp;", "&"))
    assert framed.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert framed.headers["X-Frame-Options"] == "SAMEORIGIN"
    html = framed.get_data(as_text=True)
    assert '<html lang="ko" dir="ltr">' in html and "가람제약 &lt;주&gt;" in html and "<주>" not in html
    for language in LANGUAGES:
        shown = manager.get(f"{url}/mail.html?preview={language}")
        assert f'<html lang="{language}"' in shown.get_data(as_text=True)
    japanese = read_words(read_page(manager, f"{url}?preview=ja"))
    assert "As an invented contact would get it" in japanese


def test_a_test_mail_goes_to_whoever_asks_and_leaves_no_address(
    manager: FlaskClient, mail: MailDay, smtp: FailingServer
) -> None:
    mail.add_company("가람제약", "a@example.com")
    url = begin(manager)
    asked = manager.post(url, data={**write("test"), "test_language": "en"})
    assert "The test mail is on its way to you." in read_words(read_page(manager, str(asked.location)))
    [message] = mail.list_messages()
    assert (message.kind, message.state, message.language) == ("test", "queued", "en")
    assert send_message(mail.office, mail.survey_id, message.message_id, actor="x") == "sent"
    assert smtp.count() == {"manager@example.com": 1}
    received = smtp.accepted[0].message
    assert received["Subject"].startswith("Survey of 2026: an invitation") and received["List-Unsubscribe"]
    [after] = mail.list_messages()
    assert after.address_link is None
    log = read_words(read_page(manager, f"{ROOM}/log"))
    assert "Test mail" in log and "Whoever prepared the mailing" in log
    assert read_words(read_page(manager, url)).count("Send me a test mail") == 1


def test_what_changed_since_the_list_was_shown_sends_nothing(manager: FlaskClient, mail: MailDay) -> None:
    company = mail.add_company("가", "a@example.com")
    mail.add_company("나", "b@example.com")
    url = begin(manager)
    found = re.search(r'name="digest" value="([^"]+)"', read_page(manager, f"{url}/recipients"))
    assert found is not None
    mail.begin(company, is_submitted=True)
    refused = manager.post(f"{url}/recipients?lang=en", data={"digest": found[1]})
    assert refused.status_code == 409
    words = read_words(refused.get_data(as_text=True))
    assert "The list has changed" in words and "Send 1 mail" in words and "The return was submitted" in words
    assert not mail.list_messages()


def test_two_officers_who_press_the_button_send_one_mailing(
    manager: FlaskClient, sign_in: Callable[[str], FlaskClient], mail: MailDay, smtp: FailingServer
) -> None:
    mail.add_company("가", "a@example.com")
    first, second = begin(manager), begin(manager)
    other = sign_in("admin")
    digest = re.search(r'name="digest" value="([^"]+)"', read_page(other, f"{second}/recipients"))
    assert digest is not None
    assert send(manager, first).status_code == 303
    again = manager.post(f"{first}/recipients", data={"digest": digest[1]})
    assert again.status_code == 303 and again.location == first
    late = other.post(f"{second}/recipients?lang=en", data={"digest": digest[1]})
    assert late.status_code == 409 and "Has an invitation already" in read_words(late.get_data(as_text=True))
    assert len(mail.list_messages()) == 1


def test_words_of_a_mailing_that_was_begun_are_not_changed(manager: FlaskClient, mail: MailDay) -> None:
    mail.add_company("가", "a@example.com")
    url = begin(manager)
    send(manager, url)
    late = manager.post(f"{url}?lang=en", data=write("save", subject_en="Other"))
    assert late.status_code == 409
    assert "Meanwhile this mailing was sent or stopped by somebody." in read_words(late.get_data(as_text=True))


def test_a_reminder_names_whom_it_reminds(manager: FlaskClient, mail: MailDay) -> None:
    mail.add_company("가", "a@example.com")
    mail.begin(mail.add_company("나", "b@example.com"))
    url = begin(manager, "reminder")
    nobody = manager.post(f"{url}?lang=en", data=write("next"))
    assert nobody.status_code == 422
    assert "Choose at least one group of companies." in read_words(nobody.get_data(as_text=True))
    manager.post(url, data={**write("next"), "progress": "begun"})
    words = read_words(read_page(manager, f"{url}/recipients"))
    assert "1 mail would be sent to 1 company." in words and "b@example.com" in words and "a@example.com" not in words


def test_a_mailing_can_be_stopped_and_discarded(manager: FlaskClient, mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    url = begin(manager)
    send(manager, url)
    assert manager.post(f"{url}/stop").status_code == 303
    assert "Stopped" in read_words(read_page(manager, url))
    mail.run(url.rsplit("/", 1)[1])
    assert not smtp.accepted
    other = begin(manager)
    assert manager.post(other, data={"deed": "discard"}).location == ROOM
    assert manager.post(f"{other}?lang=en", data=write("save")).status_code == 409


def test_uncertain_mails_wait_for_a_decision(manager: FlaskClient, mail: MailDay, smtp: FailingServer) -> None:
    mail.add_company("가", "a@example.com")
    mail.add_company("나", "b@example.com")
    smtp.to_message = {"a@example.com": [LOSE], "b@example.com": [LOSE]}
    url = begin(manager)
    send(manager, url)
    mailing_id = url.rsplit("/", 1)[1]
    mail.run(mailing_id)
    assert "2 mails are uncertain" in read_words(read_page(manager, url))
    page = read_page(manager, f"{ROOM}/log?state=uncertain")
    first, second = re.findall(r'name="message" value="([^"]+)"', page)
    assert "The connection broke before the server confirmed" in read_words(page)
    assert manager.post(f"{ROOM}/log", data={"message": first, "decision": "again"}).status_code == 303
    assert manager.post(f"{ROOM}/log", data={"message": second, "decision": "arrived"}).status_code == 303
    late = manager.post(f"{ROOM}/log?lang=en", data={"message": first, "decision": "again"})
    assert late.status_code == 409 and "no longer uncertain" in read_words(late.get_data(as_text=True))
    mail.run(mailing_id)
    assert sum(smtp.count().values()) == 1
    assert mail.count_states() == {"sent": 2}
    for bad, status in (({"message": first, "decision": "perhaps"}, 400), ({"message": "x", "decision": "again"}, 404)):
        assert manager.post(f"{ROOM}/log", data=bad).status_code == status


@pytest.mark.parametrize("query", ["state=lost", "kind=spam", "mailing=other", "after=yesterday", "after=2026-01-01 x"])
def test_a_filter_that_does_not_exist_is_refused(manager: FlaskClient, mail: MailDay, query: str) -> None:
    assert manager.get(f"{ROOM}/log?{query}").status_code == 400


@pytest.mark.parametrize("path", ["nothing", "nothing/recipients", "nothing/mail.html", "nothing/progress"])
def test_a_mailing_of_another_round_is_none(manager: FlaskClient, mail: MailDay, path: str) -> None:
    assert manager.get(f"{ROOM}/{path}").status_code == 404


def test_without_a_server_the_pages_say_so_and_send_nothing(
    settings: Settings, mail: MailDay, smtp: FailingServer
) -> None:
    app = create_app(replace(settings, smtp_host="", smtp_from=""))
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = CheckingClient
    manager = sign_in_as(app, "manager")
    mail.add_company("가", "a@example.com")
    assert "No mail server is set up" in read_words(read_page(manager, ROOM))
    url = begin(manager)
    editor = read_words(read_page(manager, url))
    assert "No mail server is set up" in editor and "Send me a test mail" not in editor
    assert manager.post(url, data=write("test")).status_code == 409
    recipients = read_page(manager, f"{url}/recipients")
    assert "a@example.com" in recipients and "Send 1 mail" not in read_words(recipients)
    found = re.search(r'name="digest" value="([^"]+)"', recipients)
    assert found is not None
    assert manager.post(f"{url}/recipients", data={"digest": found[1]}).status_code == 409
    assert not mail.list_messages()
    app.extensions["surveyapp"].database.close()


def test_a_stale_form_comes_back_with_everything_typed(
    sign_in: Callable[[str], FlaskClient], mail: MailDay, app: Flask
) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    manager = sign_in("manager")
    url = begin(manager)
    app.config["WTF_CSRF_ENABLED"] = True
    stale = manager.post(f"{url}?lang=en", data=write("save", subject_en="Typed with care"))
    assert stale.status_code == 400
    page = stale.get_data(as_text=True)
    assert "Typed with care" in page and "The form had become stale." in page
    for path in (ROOM, f"{url}/recipients", f"{ROOM}/log", f"{ROOM}/reports", f"{ROOM}/opt-outs"):
        again = manager.post(f"{path}?lang=en", data={})
        assert again.status_code == 400 and "stale" in again.get_data(as_text=True), path
