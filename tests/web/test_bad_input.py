"""What a person cannot have meant, and a database that cannot serve: a clear page in the person's language, the right
status, nothing stored by half, and nothing lost of what was typed."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.records.audit import write_audit
from surveyapp.records.database import Database, DatabaseFull
from surveyapp.records.tables import draft, refusal, response
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.respondent_visits import ANSWERS, Visit, answer_until, make_round

TEN_MEGABYTES = 10 * 1024 * 1024
NOTHING_LOST = "이번 단계에서 저장된 것은 없으며, 이전에 저장된 내용은 안전합니다."
TYPED = "실사 일정이 세 번 미뤄졌습니다. " * 90  # long enough to need room


@pytest.fixture(autouse=True)
def _open_round(database: Database, questionnaire: Questionnaire) -> None:
    make_round(database, questionnaire)


def begin(client: FlaskClient, language: str = "ko") -> Visit:
    """On the first page after consent."""
    visit = Visit(client).open(f"/s/survey-2026/?lang={language}")
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()


def read_rows(database: Database) -> list[Any]:
    """Every row that a company's pages write."""
    with database.read() as connection:
        return [connection.execute(select(table)).all() for table in (draft, refusal, response)]


# what a person cannot have meant


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("slug", "status", "words"),
    [
        ("no-such-round", 404, ("조사 회차를 찾을 수 없습니다", "no such survey round", "実施回が見つかりません")),
        ("over", 403, ("마감되었습니다", "round is closed", "締め切りました")),
        ("to-come", 403, ("아직", "not open yet", "まだ")),
        ("invited", 403, ("초대", "invited companies only", "招待")),
    ],
)
def test_a_round_that_cannot_be_answered(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    slug: str,
    status: int,
    words: tuple[str, str, str],
    language: str,
) -> None:
    day = timedelta(days=1)
    make_round(database, questionnaire, slug="over", opens_in=-2 * day, closes_in=-day)
    make_round(database, questionnaire, slug="to-come", opens_in=day, closes_in=2 * day)
    make_round(database, questionnaire, slug="invited", open_link=False)
    before = read_rows(database)
    consent = {"consent_participate": "agree", "attribution_level": "named"}
    for reply in (
        client.get(f"/s/{slug}/?lang={language}"),
        client.post(f"/s/{slug}/?lang={language}", data=consent),
        client.post(f"/s/{slug}/fragment?lang={language}", data=consent),
    ):
        assert (reply.status_code, f'<html lang="{language}">' in reply.text) == (status, True)
        assert words[LANGUAGES.index(language)] in reply.text
    assert read_rows(database) == before


@pytest.mark.parametrize("token", ["x", "%00", "..%2F..%2Fetc", "가" * 500, "%FF%FE", "a" * 3000, "%0D%0A"])
def test_a_wrong_link(client: FlaskClient, token: str) -> None:
    for path in ("", "p/sec_profile", "check", "receipt", "link", "withdraw"):
        assert client.get(f"/r/{token}/{path}").status_code == 404
    for path in ("p/sec_profile", "save/sec_profile", "check", "withdraw"):
        assert client.post(f"/r/{token}/{path}", data=ANSWERS["sec_profile"]).status_code == 404


@pytest.mark.parametrize("language", LANGUAGES)
def test_ten_megabytes(client: FlaskClient, database: Database, language: str) -> None:
    visit = begin(client, language)
    before = read_rows(database)
    for path in (visit.action, f"/r/{visit.token}/save/sec_profile", f"/r/{visit.token}/check", "/s/survey-2026/"):
        reply = client.post(
            path,
            input_stream=io.BytesIO(b"company_type=" + b"x" * TEN_MEGABYTES),
            content_length=TEN_MEGABYTES + 13,
            content_type="application/x-www-form-urlencoded",
        )
        assert (reply.status_code, f'<html lang="{language}">' in reply.text) == (413, True)
    assert read_rows(database) == before


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"company_type": "pharma"}', "application/json"),
        (b"company_type=%ff%fe&company_size=%ed%a0%80", "application/x-www-form-urlencoded"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b"--x\r\nbroken", "multipart/form-data"),
        (b"shown=%00&" * 2000, "application/x-www-form-urlencoded"),
    ],
)
def test_a_body_that_no_form_of_ours_sends(
    client: FlaskClient, database: Database, body: bytes, content_type: str
) -> None:
    visit = begin(client)
    before = read_rows(database)
    reply = client.post(visit.action, data=body, content_type=content_type)
    assert reply.status_code == 400
    assert read_rows(database) == before


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("survey-2026/issues?no_such_question=x", 400),
        ("survey-2026/issues?company_type=no-such-choice", 400),
        ("survey-2026/issues?company_name=x", 400),  # confidential
        ("survey-2026/issues?before=no-such-round", 400),
        ("survey-2026/questions?section=no-such-section", 400),
        ("survey-2026/questions/ch_areas?by=ch_areas", 400),
        ("survey-2026/questions/no_such_question", 404),
        ("survey-2026/texts?issue=no-such-issue", 400),
        ("survey-2026/texts?after=999999999999999", 400),
        ("survey-2026/export/raw.csv?language=fr", 400),
        ("survey-2026/export/ministry.csv?form=x", 400),
        ("no-such-round/issues", 404),
        ("no-such-round/export/raw.csv", 404),
    ],
)
def test_a_filter_that_does_not_exist(sign_in: Callable[[str], FlaskClient], path: str, status: int) -> None:
    analyst = sign_in("analyst")
    for language in LANGUAGES:
        reply = analyst.get(f"/desk/rounds/{path}", headers={"Accept-Language": language})
        assert (reply.status_code, f'<html lang="{language}">' in reply.text) == (status, True)


# a database that cannot serve

Spoil = Callable[[Settings], AbstractContextManager[FlaskClient]]


@contextmanager
def open_again(settings: Settings, *, pragma: str = "") -> Iterator[FlaskClient]:
    """The same installation after a restart, under which something has happened to the database."""
    app = create_app(settings)
    engine = app.extensions["surveyapp"].database.engine
    if pragma:
        event.listen(engine, "connect", lambda driver, entry: driver.execute(f"PRAGMA {pragma}"))
    yield app.test_client()
    engine.dispose()


@contextmanager
def make_read_only(settings: Settings) -> Iterator[FlaskClient]:
    path = settings.database_url.removeprefix("sqlite:///")
    with open_again(replace(settings, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")) as client:
        yield client


@contextmanager
def make_full(settings: Settings) -> Iterator[FlaskClient]:
    with open_again(settings, pragma="max_page_count = 1") as client:  # no more than there are
        database: Database = client.application.extensions["surveyapp"].database
        with suppress(DatabaseFull):
            while True:
                with database.write() as connection:
                    write_audit(connection, actor="test", action="test.filled", at=datetime.now(UTC))
        yield client


@contextmanager
def make_busy(settings: Settings) -> Iterator[FlaskClient]:
    holder = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    with open_again(settings, pragma="busy_timeout = 50") as client:
        holder.execute("BEGIN IMMEDIATE")
        yield client
        holder.rollback()
    holder.close()


UNWRITABLE = pytest.mark.parametrize("spoil", [make_read_only, make_full, make_busy])


@UNWRITABLE
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_that_cannot_be_saved_comes_back_with_everything_typed(
    app: Flask, settings: Settings, database: Database, spoil: Spoil, language: str
) -> None:
    visit = answer_until(begin(app.test_client(), language), "ft_case")
    visit.fill({"ft_case": TYPED})
    before = read_rows(database)
    with spoil(settings) as client:
        client.set_cookie("language", language)
        hindered = Visit(client, values=visit.values, action=visit.action).press()
        assert (hindered.status, hindered.language) == (503, language)
        assert hindered.response is not None and int(hindered.response.headers["Retry-After"]) > 0
        assert [typed.strip() for typed in hindered.list_typed("ft_case")] == [TYPED.strip()]
        assert len(hindered.find(class_="notice-error")) == 1
        assert read_rows(database) == before
    again = Visit(app.test_client(), values=hindered.values, action=hindered.action).press()
    assert again.path.endswith("/p/rank_topics")


@UNWRITABLE
def test_a_return_that_cannot_be_submitted_is_submitted_later(
    app: Flask, settings: Settings, database: Database, spoil: Spoil
) -> None:
    visit = answer_until(answer_until(begin(app.test_client()), "ft_case").fill({"ft_case": TYPED}).press(), "")
    before = read_rows(database)
    with spoil(settings) as client:
        hindered = Visit(client, values=visit.values, action=visit.action).press()
        assert (hindered.status, hindered.language) == (503, "ko")
        assert NOTHING_LOST in hindered.text
        assert read_rows(database) == before
    assert visit.press().path.endswith("/receipt")
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(response)) == 1


@pytest.mark.parametrize("spoil", [make_read_only, make_busy])  # in a full one a small row may still find its place
def test_a_return_that_cannot_be_begun_is_begun_later(
    app: Flask, settings: Settings, database: Database, spoil: Spoil
) -> None:
    visit = Visit(app.test_client()).open("/s/survey-2026/?lang=ko").fill({"consent_participate": "agree"}).press()
    visit.fill({"attribution_level": "named"})
    before = read_rows(database)
    with spoil(settings) as client:
        hindered = Visit(client, values=visit.values, action=visit.action).press()
        assert (hindered.status, hindered.language) == (503, "ko")
        assert NOTHING_LOST in hindered.text
        assert read_rows(database) == before
    assert visit.press().path.endswith("/p/sec_profile")
