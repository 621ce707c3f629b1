"""The page of jobs in a real browser: it keeps itself up to date, and the focus stays where it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from surveyapp.records.database import Database
from surveyapp.records.job_claims import claim_job
from surveyapp.records.job_queue import find_job
from tests.browser.browser_visits import carry_session
from tests.conftest import LiveServer, sign_in_as
from tests.web.job_rows import add, advance, begin, fail, finish

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 20_000


@pytest.fixture
def page(browser: Browser, live_server: LiveServer) -> Iterator[Page]:
    context = browser.new_context(base_url=live_server.url, locale="en-US")
    carry_session(sign_in_as(live_server.app, "admin"), context, live_server)
    yield context.new_page()
    context.close()


def test_the_list_follows_the_jobs_and_the_focus_stays(page: Page, database: Database) -> None:
    claim = begin(database)
    waiting = add(database)
    page.goto("/desk/jobs?lang=en")
    running = page.locator(f"#jobs-pending #job-{claim.job_id}")
    button = page.locator(f"#cancel-{claim.job_id}")
    button.focus()
    advance(database, claim, 1240, 10_000)
    running.locator(".job-count", has_text="1,240 of 10,000").wait_for(timeout=PATIENCE_MS)
    assert page.evaluate("document.activeElement.id") == f"cancel-{claim.job_id}"
    later = add(database, "jobs.clean")
    page.locator(f"#job-{later}").wait_for(timeout=PATIENCE_MS)
    assert page.locator("#jobs-pending > li").evaluate_all("rows => rows.map(row => row.id)") == [
        f"job-{job_id}" for job_id in (later, waiting, claim.job_id)
    ]
    finish(database, claim, returns=30)
    page.locator(f"#jobs-ended #job-{claim.job_id}").get_by_text("30 returns were read").wait_for(timeout=PATIENCE_MS)
    assert page.evaluate("document.activeElement.id") == f"job-{claim.job_id}"  # its button is gone
    assert running.count() == 0
    assert "Prepare the desk for a quick start: Done" in page.locator("[data-live-status]").inner_text()
    assert not page.get_by_text("Show how it stands now").is_visible()


def test_a_press_after_an_exchange_reaches_the_job(page: Page, database: Database) -> None:
    claim = begin(database)
    page.goto("/desk/jobs?lang=en")
    fail(database, claim, "program")
    page.locator(f"#retry-{claim.job_id}").wait_for(timeout=PATIENCE_MS)
    page.keyboard.press("Tab")
    page.locator(f"#retry-{claim.job_id}").click()
    page.locator(f"#jobs-pending #job-{claim.job_id}").wait_for(timeout=PATIENCE_MS)
    with database.read() as connection:
        assert find_job(connection, claim.job_id).state == "queued"


def test_a_server_out_of_reach_is_told_of_and_the_list_comes_back(page: Page, database: Database) -> None:
    job_id = add(database)
    page.goto("/desk/jobs?lang=en")
    page.context.set_offline(True)
    trouble = page.get_by_text("The list is not up to date")
    trouble.wait_for(timeout=PATIENCE_MS)
    with database.write() as connection:
        assert claim_job(connection, job_id, worker="here:1", now=datetime.now(UTC)) is not None
    page.context.set_offline(False)
    page.locator(f"#job-{job_id}").get_by_text("Running").wait_for(timeout=PATIENCE_MS)
    trouble.wait_for(state="hidden", timeout=PATIENCE_MS)


def test_another_page_shows_how_far_its_job_is_until_it_is_over(
    page: Page, live_server: LiveServer, database: Database
) -> None:
    claim = begin(database)
    staff = sign_in_as(live_server.app, "admin")
    fragment = staff.get(f"/desk/jobs/{claim.job_id}/progress?lang=en").text
    whole = re.sub(
        r'<div class="jobs".*</div>', lambda _: fragment, staff.get("/desk/jobs?lang=en").text, flags=re.DOTALL
    )
    page.route("**/desk/a-page-with-a-job", lambda route: route.fulfill(body=whole, content_type="text/html"))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/desk/a-page-with-a-job")
    region = page.locator(f"#progress-{claim.job_id}")
    region.get_by_text("Running").wait_for()
    advance(database, claim, 3, 7)
    region.locator("progress[value='3']").wait_for(timeout=PATIENCE_MS)
    finish(database, claim)
    region.get_by_text("Done", exact=True).wait_for(timeout=PATIENCE_MS)
    assert "Done" in region.locator("[data-live-status]").inner_text()
    asked.clear()
    page.wait_for_timeout(4000)
    assert asked == []  # nothing more will change
