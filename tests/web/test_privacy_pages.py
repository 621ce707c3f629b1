"""The desk's pages of privacy: dates of retention, the dry run, the purge, and requests for access."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update
from werkzeug.test import TestResponse

from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.directory.contacts import ContactFields, add_contact, opt_out
from surveyapp.fieldwork.rounds import find_round
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import list_jobs
from surveyapp.records.tables import round_table
from tests.fieldwork.fieldwork_days import FieldworkDay, make_fieldwork_day
from tests.fieldwork.test_submitting import AREAS, CONTACT
from tests.web.desk_data import read_words

SignIn = Callable[[str], FlaskClient]
ROUND = "/desk/rounds/2026/privacy"
REASON = "written request of 2 December, identity checked"
LONG_AGO = datetime.now(UTC) - timedelta(days=60)


@pytest.fixture
def day(database: Database, vault: Vault, questionnaire: Questionnaire) -> FieldworkDay:
    """A closed round with one return that names Garam Pharma and its contact, who is in the directory too."""
    day = make_fieldwork_day(database, vault, questionnaire)
    day.submit_new(
        {
            **AREAS,
            **CONTACT,
            "attribution_level": "named",
            "company_name": "가람제약",
            "contact_email": "kim@example.org",
            "contact_name": "김가람",
            "ft_case": "심사가 늦었습니다",
        }
    )
    day.start()
    with database.write() as connection:
        survey_id = day.round.survey_id
        company = add_company(
            connection, survey_id, name=Text("가람제약", "Garam Pharma", ""), is_sample=False, now=day.now
        )
        person = ContactFields("김가람", "kim@example.org", "02-123-4567", "RA")
        add_contact(connection, vault, survey_id, company.company_id, person, now=day.now)
        opt_out(connection, vault, survey_id, "kim@example.org", source="staff", now=day.now)
        connection.execute(update(round_table).values(opens_at=LONG_AGO - timedelta(days=30), closes_at=LONG_AGO))
    return day


def post(client: FlaskClient, path: str, page: str, **fields: str) -> TestResponse:
    """Send a form of `page` to `path`, with the hidden fields that the page gives it."""
    shown = client.get(page, headers={"Accept-Language": "en"}).get_data(as_text=True)
    hidden = dict(re.findall(r'type="hidden" name="(csrf_token|edition)" value="([^"]+)"', shown))
    if path != ROUND:
        hidden.pop("edition", None)
    return client.post(path, data={**hidden, **fields}, headers={"Accept-Language": "en"})


def read(response: TestResponse, status: int = 200) -> str:
    assert response.status_code == status, response.get_data(as_text=True)[-500:]
    return read_words(response.get_data(as_text=True))


def test_dates_are_set_counted_and_purged(sign_in: SignIn, day: FieldworkDay) -> None:
    client = sign_in("admin")
    shown = read(client.get(ROUND, headers={"Accept-Language": "en"}))
    assert "Returns begun and not submitted" in shown and "would erase 0 entries" in shown
    assert "Erase what is due now" not in shown
    past = (LONG_AGO + timedelta(days=9)).date().isoformat()
    assert post(client, ROUND, ROUND, drafts=past, texts=past).status_code == 303
    shown = read(client.get(ROUND, headers={"Accept-Language": "en"}))
    assert "would erase 2 entries" in shown and "Erase what is due now" in shown
    for _ in range(2):
        assert post(client, f"{ROUND}/purge", ROUND).status_code == 303
    with day.database.read() as connection:
        assert [(job.kind, dict(job.arguments)) for job in list_jobs(connection)] == [
            ("retention.purge", {"survey_id": day.round.survey_id, "round_id": 1})
        ]
        trail = list_audit(connection, action="round.retention_changed")
        assert {event.details["data"]: event.details["until"] for event in trail} == {"drafts": past, "texts": past}
        assert {kind: f"{last}" for kind, last in find_round(connection, day.round.survey_id, "2026").retention.items()}
    assert post(client, ROUND, ROUND, drafts="", texts="").status_code == 303
    assert "No date set" in read(client.get("/desk/privacy", headers={"Accept-Language": "en"}))
    assert post(client, f"{ROUND}/purge", ROUND).status_code == 409


@pytest.mark.parametrize(
    ("typed", "said"),
    [("2020-01-01", "on or after the round's last day"), ("soon", "Write the date as 2027-03-31.")],
)
def test_dates_that_cannot_be_come_back(sign_in: SignIn, day: FieldworkDay, typed: str, said: str) -> None:
    reply = post(sign_in("manager"), ROUND, ROUND, texts=typed, mail="2031-01-01")
    shown = read(reply, 422)
    assert said in shown
    assert f'value="{typed}"' in reply.get_data(as_text=True) and 'value="2031-01-01"' in reply.get_data(as_text=True)
    with day.database.read() as connection:
        assert find_round(connection, day.round.survey_id, "2026").retention == {}


def test_two_people_at_the_dates_are_told(sign_in: SignIn, day: FieldworkDay) -> None:
    client = sign_in("manager")
    reply = post(client, ROUND, ROUND, edition="0" * 32, texts="2031-01-01")
    assert "Somebody else changed the round" in read(reply, 409)


def test_a_manager_sets_dates_and_does_not_purge(sign_in: SignIn, day: FieldworkDay) -> None:
    client = sign_in("manager")
    past = (LONG_AGO + timedelta(days=9)).date().isoformat()
    assert post(client, ROUND, ROUND, texts=past).status_code == 303
    assert "Erase what is due now" not in client.get(ROUND, headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert post(client, f"{ROUND}/purge", ROUND).status_code == 403


def search(client: FlaskClient, words: str) -> str:
    return post(client, "/desk/privacy", "/desk/privacy", q=words).get_data(as_text=True)


def fetch(client: FlaskClient, subject: str, reason: str = REASON) -> dict[str, Any]:
    reply = post(client, "/desk/privacy/access", "/desk/privacy", subject=subject, reason=reason, q="x")
    assert reply.status_code == 200 and reply.mimetype == "application/zip"
    with zipfile.ZipFile(io.BytesIO(reply.data)) as file:
        readable = file.read("readable.html").decode()
        held: dict[str, Any] = json.loads(file.read("data.json"))
    assert "Everything that is held" in readable
    return held | {"readable": readable}


def test_everything_about_a_company_is_one_file(sign_in: SignIn, day: FieldworkDay) -> None:
    client = sign_in("admin")
    assert 'value="company:1"' in search(client, "garam") and 'value="company:1"' in search(client, "kim@example.org")
    held = fetch(client, "company:1")
    assert held["company"]["name_ko"] == "가람제약"
    assert held["contacts"][0]["email"] == "kim@example.org"
    [found] = held["returns"]
    answers = {one["name"]: one["stored"] for one in found["answers_submitted"]}
    assert answers["ft_case"] == "심사가 늦었습니다" and answers["company_name"] == "가람제약"
    assert {one["consent"] for one in found["consents"]} >= {"consent_participate", "attribution_level"}
    readable = str(held["readable"])
    assert "심사가 늦었습니다" in readable and "02-123-4567" in readable and "<script" not in readable
    with day.database.read() as connection:
        [event] = list_audit(connection, action="privacy.access_file")
    assert event.details["company"] == 1 and event.details["reason"] == REASON
    assert "가람" not in str(event.details) and "garam" not in str(event.details).lower()


def test_everything_about_an_address_is_one_file(sign_in: SignIn, day: FieldworkDay) -> None:
    client = sign_in("admin")
    assert 'value="address:kim@example.org"' in search(client, "kim@example.org")
    held = fetch(client, "address:KIM@example.org")
    assert held["wants_no_mail_since"] and len(held["contacts"]) == 1
    assert len(held["returns"]) == 1
    with day.database.read() as connection:
        [event] = list_audit(connection, action="privacy.access_file")
    assert "kim" not in str(event.details).lower()


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"subject": "company:1", "reason": "short"}, 422, "what the file is for"),
        ({"reason": REASON}, 422, "Choose whom the request is about."),
        ({"subject": "company:99", "reason": REASON}, 404, "Nothing is held about it."),
        ({"subject": "company:x", "reason": REASON}, 404, "Nothing is held about it."),
        ({"subject": "address:nobody@example.org", "reason": REASON}, 404, "Nothing is held about it."),
    ],
)
def test_requests_that_cannot_be_met(
    sign_in: SignIn, day: FieldworkDay, fields: dict[str, str], status: int, said: str
) -> None:
    reply = post(sign_in("admin"), "/desk/privacy/access", "/desk/privacy", q="garam", **fields)
    assert said in read(reply, status)
    with day.database.read() as connection:
        assert list_audit(connection, action="privacy.access_file") == ()
