"""What is counted, and that nobody reads it without the token of the settings."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database, DatabaseBusy
from surveyapp.settings import Settings
from surveyapp.web import create_app
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.metrics import find_metrics, note_deed
from tests.respondent_visits import Visit, answer_until, make_round
from tests.web.job_rows import add, add_one_of_each

TOKEN = "a-token-of-the-metrics-1234567890"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, metrics_token=TOKEN)


def read_counters(client: FlaskClient) -> dict[str, float]:
    text = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    pairs = (line.rpartition(" ") for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def count_deeds(client: FlaskClient) -> dict[str, float]:
    named = {name: value for name, value in read_counters(client).items() if "deeds_total{" in name}
    return {name.split('"')[1]: value for name, value in named.items()}


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": f"Bearer {TOKEN}x"}, 401),
        ({"Authorization": "Bearer \u00e4"}, 401),
        ({"Authorization": f"Basic {TOKEN}"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
    ],
)
def test_the_token_opens_the_metrics(client: FlaskClient, headers: dict[str, str], status: int) -> None:
    reply = client.get("/metrics", headers=headers)
    assert reply.status_code == status
    assert ("surveyapp_" in reply.text) is (status == 200)
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}"}])
def test_without_a_token_in_the_settings_there_are_none(settings: Settings, headers: dict[str, str]) -> None:
    app = create_app(replace(settings, metrics_token=""))
    assert app.test_client().get("/metrics", headers=headers).status_code == 404
    app.extensions["surveyapp"].database.close()


def test_requests_are_counted_by_endpoint_method_and_status(client: FlaskClient) -> None:
    for path in ("/healthz", "/healthz", "/r/somebody/", "/nowhere", "/nowhere-else"):
        client.get(path)
    client.open("/nowhere", method="CANARY")
    counters = read_counters(client)
    requests = {name: value for name, value in counters.items() if name.startswith("surveyapp_requests_total")}
    assert requests == {
        'surveyapp_requests_total{endpoint="health.show_health",method="GET",status="200"}': 2,
        'surveyapp_requests_total{endpoint="respondent.resume",method="GET",status="404"}': 1,
        'surveyapp_requests_total{endpoint="none",method="GET",status="404"}': 2,
        'surveyapp_requests_total{endpoint="none",method="other",status="404"}': 1,
    }
    assert counters['surveyapp_request_seconds_count{endpoint="health.show_health"}'] == 2
    assert counters["surveyapp_open_requests"] == 1


def test_deeds_are_counted_once_they_hold(
    app: Flask, client: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    make_round(database, questionnaire)
    visit = Visit(client).open("/s/survey-2026/")
    visit.fill({"consent_participate": "agree"}).press()
    visit.fill({"consent_quote": "agree", "attribution_level": "anonymous"}).press()
    assert count_deeds(client) == {"started": 1}
    answer_until(visit, "rank_topics")
    visit.fill({"followup": "no"}).press()
    visit.open(f"/r/{visit.token}/check").press()
    assert visit.path.endswith("/receipt")
    visit.open(f"/r/{visit.token}/check").press()  # nothing changed, nothing submitted
    assert count_deeds(client) == {"started": 1, "saved": 1, "submitted": 1}
    visit.open(f"/r/{visit.token}/p/sec_profile").fill({"company_size": "e1_49"}).press()
    visit.open(f"/r/{visit.token}/check").press()
    visit.open(f"/r/{visit.token}/withdraw").press()
    assert count_deeds(client) == {"started": 1, "saved": 2, "submitted": 1, "edited": 1, "withdrawn": 1}


def test_a_refusal_is_counted(client: FlaskClient, database: Database, questionnaire: Questionnaire) -> None:
    make_round(database, questionnaire)
    Visit(client).open("/s/survey-2026/").fill({"consent_participate": "disagree"}).press()
    assert count_deeds(client) == {"refused": 1}


def test_what_the_database_refused_is_no_deed_but_a_fault(app: Flask, client: FlaskClient) -> None:
    @allow(PUBLIC)
    def view() -> str:
        note_deed("submitted")
        raise DatabaseBusy("canary")

    app.add_url_rule("/fault", view_func=view)
    assert client.get("/fault").status_code == 503
    counters = read_counters(client)
    assert counters['surveyapp_database_faults_total{kind="DatabaseBusy"}'] == 1
    assert count_deeds(client) == {}


def test_the_refresh_of_the_index_is_timed(app: Flask, client: FlaskClient, sign_in: Any) -> None:
    assert sign_in("analyst").get("/desk/").status_code == 200
    assert read_counters(client)["surveyapp_index_refresh_seconds_count"] == 1


def test_no_label_holds_a_free_value(app: Flask, client: FlaskClient) -> None:
    for path in ("/r/canary-token/", "/canary?canary=1", "/desk/rounds/canary/issues", "/static/canary/canary"):
        client.get(path, headers={"X-Request-ID": "canary", "User-Agent": "canary"})
    with app.test_request_context("/"):
        text = find_metrics().write().decode()
    assert "canary" not in text
    assert set(re.findall(r'[{,](\w+)="', text)) == {"endpoint", "method", "status", "le"}


def test_jobs_are_gauged_when_it_is_asked_for(client: FlaskClient, database: Database) -> None:
    ids = add_one_of_each(database)
    assert len(ids) == 8
    add(database, now=datetime.now(UTC) - timedelta(minutes=5))
    counters = read_counters(client)
    states = {name: value for name, value in counters.items() if name.startswith("surveyapp_jobs")}
    assert states == {
        'surveyapp_jobs{state="waiting"}': 3,
        'surveyapp_jobs{state="running"}': 3,
        'surveyapp_jobs{state="failed"}': 1,
    }
    assert 300 <= counters["surveyapp_oldest_due_job_seconds"] < 330


def test_without_a_database_the_other_counters_are_given(settings: Settings) -> None:
    app = create_app(replace(settings, database_url=f"sqlite:///{settings.instance / 'nowhere' / 'db'}"))
    counters = read_counters(app.test_client())
    assert "surveyapp_open_requests" in counters and "surveyapp_oldest_due_job_seconds" not in counters
    app.extensions["surveyapp"].database.close()
