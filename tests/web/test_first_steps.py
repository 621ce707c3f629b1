"""The list of first steps: derived from the data, gone when everything is done, hidden and shown again on wish."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from secrets import token_hex

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import document_fromstring
from sqlalchemy import insert

from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.first_steps import STEPS, Step, find_first_steps
from surveyapp.fieldwork.rounds import RoundPlan, change_plan, prepare_round, register_questionnaire
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.account_changes import add_account, replace_password
from surveyapp.records.audit import write_audit
from surveyapp.records.database import Connection, Database
from surveyapp.records.tables import job, mail_message
from tests.respondent_visits import OPERATOR_TEXTS, TITLE
from tests.web.desk_data import read_page, read_words

SignIn = Callable[[str], FlaskClient]
NOW = datetime.now(UTC)


@pytest.fixture
def admin(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("admin")


def read_steps(client: FlaskClient) -> dict[str, bool]:
    """What the list says, in its order."""
    page = document_fromstring(read_page(client, "/desk/"))
    return {
        line.findtext(".//strong") or "": "is-done" in (line.get("class") or "").split()
        for line in page.iterfind(".//ol[@class='step-list']/li")
    }


def do_everything(connection: Connection, questionnaire: Questionnaire) -> list[tuple[Step, Callable[[], object]]]:
    survey_id = questionnaire.form_id
    plan = RoundPlan(
        slug="first",
        kind="real",
        questionnaire_version=questionnaire.version,
        title=TITLE,
        operator_texts={},
        opens_at=NOW + timedelta(days=5),
        closes_at=NOW + timedelta(days=9),
        open_link=False,
    )

    def send_test() -> None:
        connection.execute(
            insert(mail_message).values(
                survey_id=survey_id,
                message_id=token_hex(16),
                round_id=1,
                kind="test",
                language="ko",
                state="sent",
                attempts=1,
                queued_at=NOW,
                sent_at=NOW,
            )
        )

    def run_a_job() -> None:
        connection.execute(
            insert(job).values(
                job_id=token_hex(16),
                kind="jobs.clean",
                arguments={},
                state="running",
                actor="schedule",
                created_at=NOW,
                run_after=NOW,
                started_at=NOW,
                beat_at=NOW,
                attempts=1,
                most_attempts=3,
                progress=0,
                result={},
            )
        )

    def add_administrators() -> None:
        for name in ("one", "two"):
            account = add_account(connection, email=f"{name}@example.com", role_name="admin", now=NOW)
            replace_password(connection, account.account_id, "a hash", NOW)

    def fill_in() -> None:
        filled = replace(plan, operator_texts=OPERATOR_TEXTS)
        [prepared] = [find_first_steps(connection, survey_id, NOW).unready]
        assert prepared is not None
        change_plan(connection, prepared, filled, seen=None, actor="test", now=NOW)

    return [
        ("round", lambda: prepare_round(connection, survey_id, plan, actor="test", now=NOW)),
        ("texts", fill_in),
        ("companies", lambda: add_company(connection, survey_id, name=TITLE, is_sample=False, now=NOW)),
        ("secrets", lambda: write_audit(connection, actor="a", action="installation.secrets_kept", at=NOW)),
        ("backup", lambda: write_audit(connection, actor="a", action="database.backed_up", at=NOW)),
        ("worker", run_a_job),
        ("mail", send_test),
        ("administrator", add_administrators),
    ]


def test_each_step_is_read_from_what_there_is(database: Database, questionnaire: Questionnaire) -> None:
    survey_id = questionnaire.form_id
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
        assert not any(find_first_steps(connection, survey_id, NOW).done.values())
        for step, do in do_everything(connection, questionnaire):
            before = find_first_steps(connection, survey_id, NOW)
            do()
            after = find_first_steps(connection, survey_id, NOW)
            assert {each for each in STEPS if before.done[each] != after.done[each]} == {step}
        assert after.is_complete
        later = find_first_steps(connection, survey_id, NOW + timedelta(hours=27))
        assert [step for step in STEPS if not later.done[step]] == ["worker"], "a worker shows a sign of life each day"


def test_the_list_goes_when_everything_is_done(
    admin: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    assert set(read_steps(admin).values()) == {False} and len(read_steps(admin)) == len(STEPS)
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
        for _step, do in do_everything(connection, questionnaire):
            do()
    assert read_steps(admin) == {} and "First steps" not in read_page(admin, "/desk/")


def test_the_list_is_hidden_and_shown_on_wish(admin: FlaskClient) -> None:
    assert admin.post("/desk/first-steps", data={"deed": "hide"}).headers["Location"] == "/desk/"
    assert read_steps(admin) == {} and "Show the first steps" in read_page(admin, "/desk/")
    admin.post("/desk/first-steps", data={"deed": "show"})
    admin.post("/desk/first-steps", data={"deed": "secrets"})
    assert [title for title, done in read_steps(admin).items() if done] == ["Put the secrets away"]
    trail = read_words(read_page(admin, "/desk/audit"))
    for told in ("List of first steps put aside", "List of first steps shown again", "Secrets put away, as an admin"):
        assert told in trail
    assert admin.post("/desk/first-steps", data={"deed": "burn"}).status_code == 400
    assert admin.get("/desk/first-steps").headers["Location"] == "/desk/"


@pytest.mark.parametrize("role", ["viewer", "analyst", "manager"])
def test_the_list_is_for_administrators(sign_in: SignIn, role: str) -> None:
    page = read_page(sign_in(role), "/desk/")
    assert "First steps" not in page
    assert ("/desk/rounds/new" in page) == (role == "manager")


def test_a_round_whose_words_are_missing_is_linked(
    admin: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
        dict(do_everything(connection, questionnaire))["round"]()
    assert 'href="/desk/rounds/first/settings#plan"' in read_page(admin, "/desk/")
