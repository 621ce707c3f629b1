"""At the second: what the public addresses of a round answer while it is prepared, before, in and after its time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.fieldwork.rounds import (
    Round,
    RoundPlan,
    prepare_round,
    register_questionnaire,
    reopen_round,
    schedule_round,
)
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from tests.respondent_visits import ANSWERS, OPERATOR_TEXTS, TITLE, Visit

SECOND = timedelta(seconds=1)
MADE = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
OPENS = datetime(2026, 12, 1, 0, 0, tzinfo=UTC)  # nine in the morning in Seoul
CLOSES = datetime(2026, 12, 18, 9, 0, tzinfo=UTC)
SLUG = "winter-2026"
ADDRESSES = (f"/s/{SLUG}/", f"/s/{SLUG}/questions", f"/s/{SLUG}/questions.pdf", f"/s/{SLUG}/declined")


@pytest.fixture
def prepared(database: Database, questionnaire: Questionnaire) -> Round:
    plan = RoundPlan(SLUG, "real", questionnaire.version, TITLE, OPERATOR_TEXTS, OPENS, CLOSES, open_link=True)
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, MADE)
        return prepare_round(connection, questionnaire.form_id, plan, actor="test", now=MADE)


@pytest.fixture
def scheduled(database: Database, prepared: Round) -> Round:
    with database.write() as connection:
        return schedule_round(connection, prepared, seen=prepared.edition, actor="test", now=MADE)


def read(client: FlaskClient, path: str, unknown: str = SLUG) -> tuple[int, str]:
    """Status and page, with the asked-for slug and what differs from reply to reply taken out."""
    reply = client.get(path)
    lines = reply.get_data(as_text=True).replace(unknown, SLUG).splitlines()
    return reply.status_code, "".join(line for line in lines if "request-number" not in line)


@pytest.fixture
def visitor(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


@pytest.mark.parametrize("moment", [MADE, OPENS - SECOND, OPENS, CLOSES])
@pytest.mark.usefixtures("prepared")
def test_a_round_in_preparation_answers_like_one_that_does_not_exist(visitor: FlaskClient, moment: datetime) -> None:
    with time_machine.travel(moment, tick=False):
        for path in ADDRESSES:
            known, unknown = read(visitor, path), read(visitor, path.replace(SLUG, "nowhere"), "nowhere")
            assert known == unknown and known[0] == 404, path
        for path in (f"/s/{SLUG}/", f"/s/{SLUG}/fragment"):
            assert visitor.post(path, data={"consent_participate": "agree"}).status_code == 404
        assert SLUG not in visitor.get("/").get_data(as_text=True)


@pytest.mark.parametrize(
    ("moment", "status", "words"),
    [
        (OPENS - SECOND, 403, "2026년 12월 1일 09:00 (Asia/Seoul)"),
        (OPENS, 200, "2026년 12월 18일 18:00 (Asia/Seoul)"),
        (CLOSES - SECOND, 200, "2026년 12월 18일 18:00 (Asia/Seoul)"),
        (CLOSES, 403, "2026년 12월 18일 18:00 (Asia/Seoul)"),
    ],
)
@pytest.mark.usefixtures("scheduled")
def test_a_scheduled_round_opens_and_closes_at_the_second(
    visitor: FlaskClient, moment: datetime, status: int, words: str
) -> None:
    with time_machine.travel(moment, tick=False):
        reply = visitor.get(f"/s/{SLUG}/")
        assert reply.status_code == status and words in reply.get_data(as_text=True)
        assert (SLUG in visitor.get("/").get_data(as_text=True)) == (status == 200)


def test_a_return_is_taken_until_the_last_second_and_again_after_reopening(
    app: Flask, database: Database, scheduled: Round
) -> None:
    visit = Visit(app.test_client())
    with time_machine.travel(OPENS, tick=False):
        visit.open(f"/s/{SLUG}/").fill({"consent_participate": "agree"}).press()
        visit.fill({"attribution_level": "anonymous"}).press()
    page = f"/r/{visit.token}/p/sec_profile"
    with time_machine.travel(CLOSES - SECOND, tick=False):
        visit.open(page).fill({**ANSWERS["sec_profile"], "company_size": "e1_49"}).press()
        assert visit.status == 200
    with time_machine.travel(CLOSES, tick=False):
        visit.open(page)
        assert visit.status == 403
        with database.write() as connection:
            reopen_round(
                connection,
                scheduled,
                closes_at=CLOSES + timedelta(days=1),
                reason="Five more companies were promised a place.",
                seen=None,
                actor="test",
                now=CLOSES,
            )
        visit.open(page)
        assert visit.status == 200
        assert ("company_size", "e1_49") in visit.values
    with time_machine.travel(CLOSES + timedelta(days=1), tick=False):
        visit.open(page)
        assert visit.status == 403
