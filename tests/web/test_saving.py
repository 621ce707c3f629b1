"""What the script sends while somebody types: kept as far as it can be, and never more than that."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import html5lib
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from surveyapp.fieldwork.answering import find_draft
from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import refusal, response
from tests.respondent_visits import ANSWERS, Visit, answer_until, make_round

pytestmark = pytest.mark.usefixtures("round_")


@pytest.fixture
def round_(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


@pytest.fixture
def begun(client: FlaskClient) -> Visit:
    visit = Visit(client).open("/s/survey-2026/?lang=ko").fill({"consent_participate": "agree"}).press()
    return visit.fill({"attribution_level": "anonymous"}).press()


def read_answers(database: Database, vault: Vault, visit: Visit) -> dict[str, Stored]:
    with database.read() as connection:
        return dict(find_draft(connection, vault, "japan_export_readiness", visit.token).answers)


def send(visit: Visit, **changed: str) -> TestResponse:
    """Post the form as the script does."""
    values = [pair for pair in visit.values if pair[0] not in changed] + list(changed.items())
    return visit.client.post(visit.action.replace("/p/", "/save/"), data=MultiDict(values))


def read_state(reply: TestResponse) -> Any:
    root = html5lib.parse(reply.text, namespaceHTMLElements=False)
    return next(each for each in root.iter("p") if each.get("data-save-state"))


def list_blocks(reply: TestResponse) -> dict[str, Any]:
    root = html5lib.parse(reply.text, namespaceHTMLElements=False)
    return {each.get("data-question"): each for each in root.iter("div") if each.get("data-question")}


def test_typing_is_saved_and_the_time_told(begun: Visit, database: Database, vault: Vault) -> None:
    reply = send(begun.fill({"company_type": "bio"}))
    state = read_state(reply)
    assert (reply.status_code, state.get("data-save-state"), state.get("data-unsaved")) == (200, "saved", "")
    assert state.get("data-saved-at") in state.text and "저장" in state.text
    assert read_answers(database, vault, begun)["company_type"] == "bio"
    assert "<html" not in reply.text


def test_the_reply_brings_further_questions_and_versions(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "sec_japan")
    blocks = list_blocks(send(begun.fill({"jp_stage": "filed"})))
    assert "jp_products" in blocks
    shown = next(each for each in blocks["jp_stage"].iter("input") if each.get("name") == "shown")
    begun.values = [pair for pair in begun.values if pair[1].partition("@")[0] != "jp_stage" or pair[0] != "shown"]
    begun.values.append(("shown", shown.get("value")))
    assert read_state(send(begun.fill({"jp_stage": "interest"}))).get("data-save-state") == "saved"
    assert read_answers(database, vault, begun)["jp_stage"] == "interest"


def test_what_cannot_stand_is_named_and_the_rest_saved(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "grp_areas").fill({"ch_areas": ["reg"]}).press()
    reply = send(begun.fill({"ch_reg_sev": "3", "ch_reg_delay": "아홉 달"}))
    state = read_state(reply)
    assert (state.get("data-save-state"), state.get("data-unsaved")) == ("partly", "ch_reg_delay")
    assert "field-error" not in reply.text, "nobody is accused while still typing"
    answers = read_answers(database, vault, begun)
    assert answers["ch_reg_sev"] == "3" and "ch_reg_delay" not in answers


def test_consent_waits_for_the_button(begun: Visit, database: Database, vault: Vault) -> None:
    before = read_answers(database, vault, begun)
    begun.open(f"/r/{begun.token}/p/sec_consent")
    state = read_state(send(begun.fill({"consent_participate": "disagree"})))
    assert (state.get("data-save-state"), state.get("data-unsaved")) == ("partly", "consent_participate")
    assert read_answers(database, vault, begun) == before
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(refusal)) == 0


def test_a_conflict_is_shown_in_the_reply(begun: Visit, app: Flask, database: Database, vault: Vault) -> None:
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    send(begun.fill({"company_type": "bio", "company_size": "e1_49"}))
    reply = send(other.fill({"company_type": "ivd"}))
    state, blocks = read_state(reply), list_blocks(reply)
    assert (reply.status_code, state.get("data-save-state")) == (200, "conflict")
    assert "conflict" in {each.get("class") for each in blocks["company_type"].iter("fieldset")}
    assert "data-replace" in blocks["company_type"].attrib
    assert "data-replace" not in blocks["product_categories"].attrib
    version = next(each for each in blocks["company_type"].iter("input") if each.get("name") == "settle:company_type")
    assert read_answers(database, vault, begun)["company_type"] == "bio"
    settled = send(other, **{"settle:company_type": version.get("value")})
    assert read_state(settled).get("data-save-state") == "saved"
    answers = read_answers(database, vault, begun)
    assert (answers["company_type"], answers["company_size"]) == ("ivd", "e1_49")


def test_what_another_person_changed_comes_back_in_the_reply(begun: Visit, app: Flask) -> None:
    begun.fill(ANSWERS["sec_profile"]).press().open(f"/r/{begun.token}/p/sec_profile")
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    send(begun.fill({"company_size": "e1000p"}))
    blocks = list_blocks(send(other))
    assert "data-replace" in blocks["company_size"].attrib
    chosen = [each.get("value") for each in blocks["company_size"].iter("input") if "checked" in each.attrib]
    assert chosen == ["e1000p"]


def test_a_wrong_proof_saves_nothing_and_brings_a_right_one(begun: Visit, database: Database, vault: Vault) -> None:
    before = read_answers(database, vault, begun)
    reply = send(begun.fill({"company_type": "bio"}), csrf_token="0" * 64)
    state = read_state(reply)
    assert (reply.status_code, state.get("data-save-state")) == (400, "stale")
    assert read_answers(database, vault, begun) == before
    assert send(begun, csrf_token=state.get("data-csrf")).status_code == 200
    assert read_answers(database, vault, begun)["company_type"] == "bio"


def test_a_closed_round_and_a_withdrawn_return_say_so(
    begun: Visit, app: Flask, database: Database, round_: Round
) -> None:
    other = Visit(app.test_client()).open(f"/r/{begun.token}/p/sec_profile?lang=ko")
    now = datetime.now(UTC)
    with database.write() as connection:
        change_dates(connection, round_, opens_at=round_.opens_at, closes_at=now, actor="test", now=now)
    reply = send(begun.fill({"company_type": "bio"}))
    assert (reply.status_code, read_state(reply).get("data-save-state")) == (403, "closed")
    later = now + timedelta(days=1)
    with database.write() as connection:
        change_dates(connection, round_, opens_at=round_.opens_at, closes_at=later, actor="test", now=now)
    begun.open(f"/r/{begun.token}/withdraw").press()
    reply = send(other.fill({"company_type": "bio"}))
    assert (reply.status_code, read_state(reply).get("data-save-state")) == (410, "withdrawn")


def test_a_page_out_of_order_is_not_saved(begun: Visit, database: Database, vault: Vault) -> None:
    answer_until(begun, "sec_japan")
    values = begun.fill({"jp_stage": "filed"}).values
    begun.open(f"/r/{begun.token}/p/sec_consent")
    fresh = Visit(begun.client).open("/s/survey-2026/?lang=ko").fill({"consent_participate": "agree"}).press()
    fresh.fill({"attribution_level": "anonymous"}).press()
    proof = next(value for name, value in fresh.values if name == "csrf_token")
    moved = [("csrf_token", proof), *(pair for pair in values if pair[0] != "csrf_token")]
    reply = fresh.client.post(f"/r/{fresh.token}/save/sec_japan", data=MultiDict(moved))
    assert read_state(reply).get("data-save-state") == "nothing"
    assert "jp_stage" not in read_answers(database, vault, fresh)


def test_the_reply_numbers_the_last_change(begun: Visit, database: Database, vault: Vault) -> None:
    """So that the check page knows whether what was left over in the browser made it older than the return."""
    first = read_state(send(begun.fill({"company_type": "bio"}))).get("data-saves")
    assert read_state(send(begun)).get("data-saves") == first, "nothing changed"
    begun.open(begun.action)
    assert int(read_state(send(begun.fill({"company_type": "ivd"}))).get("data-saves")) == int(first) + 1


def test_typing_submits_nothing(begun: Visit, database: Database) -> None:
    for _again in range(3):
        send(begun.fill({"company_type": "bio"}))
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(response)) == 0
