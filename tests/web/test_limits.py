"""How often one address may try."""

from __future__ import annotations

import re
from dataclasses import replace

from flask import Flask
from flask.testing import FlaskClient

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.page_checks import check_page
from tests.respondent_visits import make_round


def test_sign_in_is_limited_for_one_address(settings: Settings, database: Database) -> None:
    app = create_app(replace(settings, rate_limit_sign_in="3 per 5 minutes", trusted_proxies=1))
    client = app.test_client()
    token = re.findall(r'name="csrf_token" value="([^"]+)"', client.get("/desk/sign-in").text)[0]

    def post(address: str) -> int:
        form = {"csrf_token": token, "email": "a@example.com", "password": "a guess"}
        reply = client.post("/desk/sign-in?lang=en", data=form, headers={"X-Forwarded-For": address})
        check_page(reply)
        if reply.status_code == 429:
            assert "Too many attempts" in reply.text
            assert 0 < int(reply.headers["Retry-After"]) <= 300
        return reply.status_code

    assert [post("10.0.0.1") for _ in range(4)] == [422, 422, 422, 429]
    assert post("10.0.0.2") == 422
    assert client.get("/desk/sign-in", headers={"X-Forwarded-For": "10.0.0.1"}).status_code == 200
    app.extensions["surveyapp"].database.close()


def test_each_application_counts_for_itself(client: FlaskClient, app: Flask) -> None:
    assert client.post("/desk/sign-in", data={}).status_code == 400


def test_starting_a_return_is_limited_and_changing_the_language_is_not(
    settings: Settings, database: Database, questionnaire: Questionnaire
) -> None:
    app = create_app(replace(settings, rate_limit_start="2 per minute"))
    client = app.test_client()
    make_round(database, questionnaire, slug="open")
    ticket = re.findall(r'name="ticket" value="([^"]+)"', client.get("/s/open/").text)[0]

    def post(**form: str) -> int:
        reply = client.post("/s/open/", data={"ticket": ticket, **form})
        check_page(reply)
        return reply.status_code

    assert [post(switch_language=language) for language in ("ja", "ko", "en")] == [200, 200, 200]
    assert [post(), post(), post()] == [422, 422, 429]
    assert post(switch_language="ja") == 200
    app.extensions["surveyapp"].database.close()
