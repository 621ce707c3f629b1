"""After signing out at a shared computer, the back button shows no figure of the desk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from surveyapp.settings import Settings
from tests.browser.browser_visits import carry_session
from tests.conftest import BROWSER_FLAGS, LiveServer, find_browser, sign_in_as

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SIGN_OUT = "form[action$='sign-out'] button"
# Pages that the browser may keep, and one that it may not.
PAGES = ("released", "issues", "questions/jp_stage", "progress")


@pytest.fixture
def migrated_url(settings: Settings, sampled_file: Path, tmp_path: Path) -> str:
    shutil.copy(sampled_file, tmp_path / "survey.sqlite3")
    return settings.database_url


@pytest.fixture
def keeping_browser(browser: Browser) -> Iterator[Browser]:
    """Keeps left pages whole in its memory, as a person's browser does; Playwright and the headless shell do not."""
    started = browser.browser_type.launch(
        executable_path=find_browser(whole=True),
        args=list(BROWSER_FLAGS),
        ignore_default_args=["--disable-back-forward-cache"],
    )
    yield started
    started.close()


@pytest.fixture
def page(keeping_browser: Browser, live_server: LiveServer) -> Page:
    context = keeping_browser.new_context(base_url=live_server.url, locale="en-US")
    carry_session(sign_in_as(live_server.app, "analyst"), context, live_server)
    return context.new_page()


def test_the_back_button_shows_no_figure_after_signing_out(page: Page, live_server: LiveServer) -> None:
    for name in PAGES:
        page.goto(f"/desk/rounds/sample-2025/{name}?lang=en")
        expect(page.locator(".plot[data-drawn=yes]").first).to_be_visible(timeout=30_000)
    with page.expect_navigation():
        page.locator(SIGN_OUT).first.evaluate("button => button.form.requestSubmit()")
    expect(page.locator("#password")).to_be_visible()
    for _ in PAGES:
        page.go_back(wait_until="load")
        expect(page.locator("#password")).to_be_visible()
        assert not page.locator(".plot, table").count() and "/desk/sign-in" in page.url


def test_the_back_button_shows_them_while_signed_in(page: Page) -> None:
    """Else the test above would prove nothing."""
    page.goto("/desk/rounds/sample-2025/released?lang=en")
    page.evaluate("window.wasHere = true")
    page.goto("/desk/rounds/sample-2025/issues?lang=en")
    page.go_back(wait_until="commit")
    expect(page.locator(".plot").first).to_be_attached(timeout=30_000)
    assert page.evaluate("window.wasHere === true"), "the page came from the memory of the browser"
