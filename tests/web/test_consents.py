"""The page of consents behind a company's link: what was agreed to, permitting less, and the files that left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import write_audit
from surveyapp.records.database import Database
from surveyapp.records.tables import response
from tests.respondent_visits import ANSWERS, Visit, answer_until, make_round


@pytest.fixture
def round_(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


@pytest.fixture
def visit(client: FlaskClient, round_: Round) -> Visit:
    """A submitted return that names its company."""
    visit = Visit(client).open("/s/survey-2026/?lang=en").fill({"consent_participate": "agree"}).press()
    visit.fill({"consent_quote": "agree", "attribution_level": "named"}).press()
    profile = {**ANSWERS["sec_profile"], "company_name": "Canary Pharma"}
    visit.fill(profile).press()
    answer_until(visit, "")
    return visit.press()


def close(database: Database, round_: Round) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        change_dates(
            connection,
            round_,
            opens_at=now - timedelta(days=2),
            closes_at=now - timedelta(seconds=1),
            actor="test",
            now=now,
        )


def leave(database: Database, round_: Round, kind: str) -> None:
    with database.write() as connection:
        write_audit(
            connection,
            actor="lee@example.org",
            action="export.csv",
            at=datetime.now(UTC),
            survey_id=round_.survey_id,
            round_id=round_.round_id,
            details={"kind": kind, "file": f"{kind}.csv"},
        )


def open_consents(visit: Visit) -> str:
    return visit.open(f"/r/{visit.token}/consents?lang=en").text


def narrow(visit: Visit, question: str, choice: str, *, proof: str | None = None) -> int:
    found = visit.client.get(f"/r/{visit.token}/consents").get_data(as_text=True)
    token = found.split('name="csrf_token" value="')[1].split('"')[0] if proof is None else proof
    posted = {"csrf_token": token, "question": question, "choice": choice}
    return visit.client.post(f"/r/{visit.token}/consents", data=posted).status_code


def read_response(database: Database) -> object:
    with database.read() as connection:
        return connection.execute(select(response)).one()


def test_consents_show_choice_words_and_time(visit: Visit) -> None:
    assert visit.response is not None and f"/r/{visit.token}/consents" in visit.response.get_data(as_text=True)
    shown = open_consents(visit)
    assert "My company may be named to the ministry (MFDS)" in shown
    assert "[Personal data notice] Purpose: managing participation" in shown
    assert "3 years after the survey closes" in shown, "with the operator's own words filled in"
    assert "Asia/Seoul" in shown and "No file with this return in it has left" in shown


def test_less_can_be_permitted_after_the_round_has_closed(visit: Visit, database: Database, round_: Round) -> None:
    close(database, round_)
    assert narrow(visit, "attribution_level", "aggregate") == 303
    row = read_response(database)
    assert row.answers["attribution_level"] == "aggregate" and row.identity_link is None  # type: ignore[attr-defined]
    shown = visit.open(f"/r/{visit.token}/consents?lang=en&notice=narrowed").text
    assert "It took effect at once" in shown and "Canary Pharma" not in shown
    assert "Change this answer in the form" not in shown
    assert "Canary Pharma" not in visit.open(f"/r/{visit.token}/receipt").text
    assert "changes that are not submitted" not in visit.text


def test_more_cannot_be_permitted_here(visit: Visit, database: Database) -> None:
    assert narrow(visit, "consent_contact", "agree") == 400
    assert narrow(visit, "attribution_level", "named") == 303, "the same once more changes nothing"
    assert narrow(visit, "company_type", "api") == 400


def test_a_form_of_another_return_changes_nothing(visit: Visit, database: Database) -> None:
    assert narrow(visit, "attribution_level", "aggregate", proof="0" * 64) == 400
    assert read_response(database).answers["attribution_level"] == "named"  # type: ignore[attr-defined]


def test_files_that_left_are_named_before_and_after_withdrawing(
    visit: Visit, database: Database, round_: Round
) -> None:
    leave(database, round_, "identified")
    words = "answers with company names as far as they were given"
    assert words in open_consents(visit)
    assert words in visit.open(f"/r/{visit.token}/withdraw?lang=en").text
    visit.press()
    assert words in visit.text and "withdrawn" in visit.text
    leave(database, round_, "raw")
    gone = visit.open(f"/r/{visit.token}/?lang=en").text
    assert words in gone and "without company names or contacts" not in gone
    assert "withdrawn" in visit.open(f"/r/{visit.token}/consents?lang=en").text
