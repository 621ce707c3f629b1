"""Figures that a browser kept: shown again only where nothing about them has changed."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from surveyapp.records.change_feed import take_revision
from surveyapp.records.database import Database
from surveyapp.records.tables import response
from surveyapp.settings import Settings
from tests.web.desk_data import ROUND, open_samples

SignIn = Callable[[str], FlaskClient]
KEPT_PAGES = ("issues", "questions?section=sec_japan", "questions/ch_areas?by=jp_year", "released", "briefing")


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def analyst(database: Database, sign_in: SignIn) -> FlaskClient:
    return sign_in("analyst")


def ask(client: FlaskClient, path: str, mark: str | None = None, language: str = "en") -> TestResponse:
    headers = {"Accept-Language": language, "Accept-Encoding": "gzip"}
    return client.get(f"{ROUND}/{path}", headers=headers if mark is None else headers | {"If-None-Match": mark})


@pytest.mark.parametrize("path", KEPT_PAGES)
def test_an_unchanged_page_is_not_sent_again(database: Database, sign_in: SignIn, path: str) -> None:
    noon = datetime(2026, 12, 1, 3, tzinfo=UTC)  # in Seoul; no page says what time it is
    with time_machine.travel(noon):
        analyst = sign_in("analyst")
        first = ask(analyst, path)
    assert first.status_code == 200 and first.headers["Cache-Control"] == "private, no-cache"
    with time_machine.travel(noon + timedelta(hours=3)):
        again = ask(analyst, path, first.headers["ETag"])
        assert ask(analyst, path, 'W/"0123456789abcdef"').status_code == 200
    assert again.status_code == 304 and again.get_data() == b""
    assert again.headers["ETag"] == first.headers["ETag"] and again.headers["Cache-Control"] == "private, no-cache"
    assert "Content-Security-Policy" not in again.headers  # else that of this reply would replace the page's own


def test_what_a_page_depends_on_changes_its_mark(analyst: FlaskClient, database: Database) -> None:
    mark = ask(analyst, "issues").headers["ETag"]
    for other in (
        ask(analyst, "issues?company_size=e50_299", mark),
        ask(analyst, "issues?by=jp_stage", mark),
        ask(analyst, "issues", mark, language="ko"),
    ):
        assert other.status_code == 200 and other.headers["ETag"] != mark
    change_an_answer(database)
    changed = ask(analyst, "issues", mark)
    assert changed.status_code == 200 and changed.headers["ETag"] != mark


def change_an_answer(database: Database) -> None:
    """Let one return of the round no longer name any difficulty."""
    with database.write() as connection:
        row = connection.execute(
            select(response.c.survey_id, response.c.number, response.c.answers)
            .where(response.c.round_id == 2, response.c.state == "submitted")
            .order_by(response.c.number)
        ).first()
        assert row is not None
        connection.execute(
            update(response)
            .where(response.c.survey_id == row.survey_id, response.c.number == row.number)
            .values(
                answers={name: answer for name, answer in row.answers.items() if not name.startswith("ch_")},
                revision=take_revision(connection, row.survey_id),
            )
        )


def test_a_page_belongs_to_one_session(database: Database, sign_in: SignIn) -> None:
    """The forms of a page from before the last sign-in would be refused, and nobody is told of another's page."""
    one, again, other = sign_in("analyst"), sign_in("analyst"), sign_in("admin")
    mark = ask(one, "issues").headers["ETag"]
    assert ask(again, "issues", mark).status_code == 200
    assert ask(other, "issues", mark).status_code == 200
    assert ask(one, "issues", mark).status_code == 304


def test_access_is_asked_for_before_the_mark(analyst: FlaskClient, database: Database, sign_in: SignIn) -> None:
    mark = ask(analyst, "issues").headers["ETag"]
    refused = ask(sign_in("viewer"), "issues", mark)
    assert refused.status_code == 403 and refused.headers["Cache-Control"] == "no-store"
    assert "ETag" not in refused.headers


def test_the_forms_of_a_kept_page_are_taken(analyst: FlaskClient) -> None:
    first = ask(analyst, "issues")
    token = re.search(r'name="csrf_token" value="([^"]+)"', read(first))
    assert token is not None
    assert ask(analyst, "issues", first.headers["ETag"]).status_code == 304
    left = analyst.post("/desk/sign-out", data={"csrf_token": token.group(1)})
    assert left.status_code == 303 and left.headers["Clear-Site-Data"] == '"cache"'


def read(reply: TestResponse) -> str:
    return gzip.decompress(reply.get_data()).decode()


@pytest.mark.parametrize("path", ["texts", "export", "issues?company_size=none_such"])
def test_everything_else_is_kept_by_nobody(analyst: FlaskClient, path: str) -> None:
    reply = ask(analyst, path)
    assert reply.headers["Cache-Control"] == "no-store" and "ETag" not in reply.headers
