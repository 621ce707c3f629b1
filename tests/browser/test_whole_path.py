"""The whole path in a real browser: two browsers of the company, one of the desk; with script and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response
from tests.browser.browser_visits import BrowserVisit, carry_session
from tests.conftest import LiveServer
from tests.whole_path import (
    BEFORE,
    EARLIER_RETURNS,
    EDITED,
    GIVEN,
    SLUG,
    SUBMITTED,
    begin_and_leave,
    edit_and_submit,
    fill_round,
    read_area_figures,
    read_given,
    resume_and_submit,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize


@dataclass
class BrowserDesk:
    """An analyst at a browser, whose charts must be drawn where it has script."""

    page: Page
    url: str
    has_script: bool

    def read_page(self, path: str) -> str:
        reply = self.page.goto(f"{self.url}/desk/rounds/{SLUG}/{path}?lang=en")
        assert reply is not None and reply.status == 200
        if self.has_script:
            self.page.locator(".plot[data-drawn=yes]").first.wait_for()
        return self.page.content()

    def read_file(self, name: str) -> bytes:
        reply = self.page.context.request.get(f"{self.url}/desk/rounds/{SLUG}/export/{name}?lang=en")
        assert reply.status == 200
        return reply.body()


@pytest.mark.parametrize("has_script", [True, False], ids=["with script", "without script"])
def test_a_return_and_its_edit_change_every_figure(
    live_server: LiveServer,
    browser: Browser,
    sign_in: Callable[[str], FlaskClient],
    database: Database,
    vault: Vault,
    questionnaire: Questionnaire,
    has_script: bool,
) -> None:
    fill_round(database, vault, questionnaire)
    with (
        open_page(browser, has_script=has_script) as first_page,
        open_page(browser, has_script=has_script) as second_page,
        open_page(browser, has_script=has_script) as desk_page,
    ):
        carry_session(sign_in("analyst"), desk_page.context, live_server)
        desk = BrowserDesk(desk_page, live_server.url, has_script)
        first = BrowserVisit(first_page, live_server.url, has_script)
        second = BrowserVisit(second_page, live_server.url, has_script)

        link = begin_and_leave(first)
        assert read_area_figures(desk) == BEFORE
        receipt = resume_and_submit(second, link)
        assert read_area_figures(desk) == SUBMITTED
        assert edit_and_submit(first, link) == receipt
        assert read_area_figures(desk) == EDITED
        assert read_given(desk) == GIVEN
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(response)) == len(EARLIER_RETURNS) + 1
        assert connection.scalar(select(func.count()).where(response.c.receipt == receipt)) == 1


@contextmanager
def open_page(browser: Browser, *, has_script: bool) -> Iterator[Page]:
    """A browser of its own on a Korean phone, whose complaints (policy violations, script errors) fail the test."""
    size: ViewportSize = {"width": 390, "height": 844}
    context = browser.new_context(locale="ko-KR", viewport=size, java_script_enabled=has_script)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield page
    context.close()
    assert not [each for each in complaints if "status of 422" not in each]
