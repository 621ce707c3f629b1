"""The first administrator sets a password through the link and signs in, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from surveyapp.records.account_changes import add_account
from surveyapp.records.database import Database
from surveyapp.settings import Settings
from surveyapp.web.password_links import make_password_link
from tests.conftest import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PASSWORD = "꽃이 피는 봄날의 긴 문장 하나"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(locale="ko-KR")
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(f"{message.text} {message.location}"))
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield page
    context.close()
    expected = ("status of 422", "/desk/reset/")  # a fault shown on the page; the link that was used up
    assert not [each for each in complaints if not any(words in each for words in expected)]


def test_the_first_administrator_signs_in(
    live_server: LiveServer, settings: Settings, database: Database, page: Page
) -> None:
    with database.write() as connection:
        add_account(connection, email="admin@example.com", role_name="admin", now=datetime.now(UTC))
    link = make_password_link(replace(settings, base_url=live_server.url), "admin@example.com")

    page.goto(f"{link}?lang=en")
    page.fill("#password", PASSWORD)
    page.fill("#password_confirm", PASSWORD + "!")
    page.click("main button[type=submit]")
    assert page.locator("#password_confirm-error").is_visible()

    page.fill("#password", PASSWORD)
    page.fill("#password_confirm", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{live_server.url}/desk/sign-in?notice=password")

    page.fill("#email", "ADMIN@example.com")
    page.fill("#password", "not the password")
    page.click("main button[type=submit]")
    assert page.locator("#error-summary").is_visible()
    assert page.input_value("#email") == "ADMIN@example.com"
    assert page.input_value("#password") == ""

    page.fill("#password", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(f"{live_server.url}/desk/")

    page.goto(link)
    assert "no longer works" in page.inner_text("h1")
