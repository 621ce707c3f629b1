"""Which language a page is answered in, and how times and numbers are written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_babel import get_locale, gettext

from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.web.locale import find_language_url, say, show_date, show_number, show_time, use_language


@pytest.mark.parametrize(
    ("query", "cookie", "wish", "language"),
    [
        ("", None, None, "ko"),
        ("", None, "fr-FR,fr;q=0.9", "ko"),
        ("", None, "ja-JP,ja;q=0.9,en;q=0.5", "ja"),
        ("", None, "en-US,en;q=0.9,ko;q=0.8", "en"),
        ("", "ja", "en", "ja"),
        ("?lang=en", "ja", "ko", "en"),
        ("?lang=xx", "ja", "ko", "ja"),
        ("", "xx", "en", "en"),
    ],
)
def test_the_language_of_a_page(
    client: FlaskClient, query: str, cookie: str | None, wish: str | None, language: str
) -> None:
    if cookie is not None:
        client.set_cookie("language", cookie)
    page = client.get(f"/desk/sign-in{query}", headers={"Accept-Language": wish} if wish else {})
    assert f'<html lang="{language}">' in page.text


def test_a_chosen_language_stays(client: FlaskClient) -> None:
    cookie = next(
        each for each in client.get("/desk/sign-in?lang=ja").headers.getlist("Set-Cookie") if "language" in each
    )
    assert "language=ja" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert '<html lang="ja">' in client.get("/nowhere").text


def test_links_to_other_languages_keep_the_page(app: Flask) -> None:
    with app.test_request_context("/desk/x?by=a&lang=ko&by=b+c"):
        assert find_language_url("ja") == "/desk/x?by=a&by=b+c&lang=ja"


@pytest.mark.parametrize("path", ["/\\example.com", "/\\/example.com", "/%5Cexample.com"])
def test_links_to_other_languages_never_lead_away(client: FlaskClient, path: str) -> None:
    page = client.get("http://localhost" + path)
    assert page.status_code == 404
    assert 'href="/example.com?lang=en"' in page.text


@pytest.mark.parametrize(
    ("language", "time", "date"),
    [
        ("ko", "2026년 11월 23일 00:05 (Asia/Seoul)\u2060", "2026년 11월 23일 (Asia/Seoul)\u2060"),  # held to "까지"
        ("en", "November 23, 2026, 00:05 (Asia/Seoul)", "November 23, 2026 (Asia/Seoul)"),
        ("ja", "2026年11月23日 00:05 (Asia/Seoul)", "2026年11月23日 (Asia/Seoul)"),
    ],
)
def test_times_are_of_seoul_and_say_so(app: Flask, language: str, time: str, date: str) -> None:
    moment = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)
    with app.test_request_context(f"/?lang={language}"):
        assert show_time(moment) == time
        assert show_date(moment) == date
        assert show_number(1234567.5) == "1,234,567.5"


def test_a_form_may_switch_the_language_of_its_reply(app: Flask) -> None:
    with app.test_request_context("/?lang=ko"):
        assert str(get_locale()) == "ko"
        use_language("ja", remember=True)
        assert str(get_locale()) == "ja"
        reply = app.process_response(app.make_response("x"))
    assert "language=ja" in reply.headers["Set-Cookie"]


def test_what_a_view_says_is_what_babel_says_in_the_language_of_the_request(app: Flask) -> None:
    for language in ("ko", "en", "ja", "ko"):
        with app.test_request_context(f"/?lang={language}"):
            assert say("No answer") == gettext("No answer")
            assert say("Rank %(position)s", position="<2>") == gettext("Rank %(position)s", position="<2>")
            assert say("100 % of nothing") == "100 % of nothing"
    with app.test_request_context("/?lang=ko"):
        spoken = {say("No answer")}
        for chosen in LANGUAGES:
            use_language(chosen)
            assert say("No answer") == gettext("No answer")
            spoken.add(say("No answer"))
    assert len(spoken) == 3


def test_modules_without_a_request_are_translated_too() -> None:
    assert load_translator("en").gettext("Sign in") == "Sign in"
    assert load_translator("en").ngettext("%(n)s company", "%(n)s companies", 2) == "%(n)s companies"
    assert load_translator("ko") is load_translator("ko")
