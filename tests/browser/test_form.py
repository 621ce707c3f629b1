"""The form in a real browser: with and without script, by keyboard, on a narrow screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import func, select

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.tables import response
from tests.conftest import LiveServer
from tests.respondent_visits import Visit, answer_until, make_round

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page, Route

TARGET = 44  # CSS pixels: the least height of what is pressed


@pytest.fixture
def server(live_server: LiveServer, database: Database, questionnaire: Questionnaire) -> LiveServer:
    make_round(database, questionnaire)
    return live_server


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="ko-KR", viewport={"width": 390, "height": 844})
    yield opened
    opened.close()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """A page whose complaints (policy violations, script errors) fail the test."""
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    opened.on("pageerror", lambda fault: complaints.append(str(fault)))
    yield opened
    statuses = ("status of 422", "status of 410", "status of 403")  # pages that say what is wrong
    assert not [each for each in complaints if not any(status in each for status in statuses)]


def start(server: LiveServer, attribution: str = "anonymous") -> Visit:
    visit = Visit(server.app.test_client()).open("/s/survey-2026/?lang=ko")
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": attribution}).press()


def press_main(page: Page) -> None:
    with page.expect_navigation():
        page.locator(".answer-form .button-primary").click()


def count_responses(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(select(func.count()).select_from(response)) or 0)


def test_questions_come_and_go_in_place(server: LiveServer, page: Page) -> None:
    visit = start(server, "named")
    page.goto(f"{server.url}/r/{visit.token}/p/sec_profile")
    other = page.locator("input[name=company_type][value=other]")
    page.locator("#q-company_name").fill("한빛바이오팜")
    other.focus()
    above = other.bounding_box()
    page.keyboard.press("Space")
    page.locator("#q-company_type_other").wait_for()
    assert page.evaluate("document.activeElement.value") == "other"
    assert other.bounding_box() == above
    assert page.locator("#q-company_name").input_value() == "한빛바이오팜"
    announced = page.locator("[data-announce]")
    expect(announced).to_have_text(announced.get_attribute("data-added") or "")
    names = page.eval_on_selector_all("[data-question]", "blocks => blocks.map(block => block.dataset.question)")
    assert names.index("company_type_other") == names.index("company_type") + 1
    page.locator("#q-company_type_other").fill("검사기관")
    page.locator("input[name=company_type][value=pharma]").check()
    page.locator("#q-company_type_other").wait_for(state="detached")
    expect(announced).to_have_text(announced.get_attribute("data-removed") or "")


def test_what_is_typed_while_questions_are_fetched_stays(server: LiveServer, page: Page) -> None:
    visit = start(server, "named")
    page.goto(f"{server.url}/r/{visit.token}/p/sec_profile")
    held: list[Route] = []
    page.route("**/save/**", lambda route: held.append(route))
    page.locator("input[name=company_type][value=other]").check()
    field = page.locator("#q-company_name")
    field.fill("한빛")
    field.press("End")
    page.keyboard.type("바이오")
    field.press("ArrowLeft")
    while not held:
        page.wait_for_timeout(20)
    held[0].continue_()
    page.locator("#q-company_type_other").wait_for()
    assert field.input_value() == "한빛바이오"
    assert page.evaluate("[document.activeElement.id, document.activeElement.selectionStart]") == ["q-company_name", 4]


def test_fault_line_goes_with_its_question(server: LiveServer, page: Page) -> None:
    visit = start(server)
    answer_until(visit, "sec_japan")
    page.goto(f"{server.url}/r/{visit.token}/p/sec_japan")
    page.locator("input[name=jp_stage][value=filed]").check()
    page.locator("input[name=jp_routes]").first.wait_for()
    press_main(page)
    assert page.locator(".error-summary li").count() == 3
    page.locator("input[name=jp_stage][value=noplan]").check()
    page.locator("input[name=jp_routes]").first.wait_for(state="detached")
    assert page.locator(".error-summary").count() == 0


def test_error_summary_takes_the_focus_and_leads_to_the_field(server: LiveServer, page: Page) -> None:
    visit = start(server)
    page.goto(f"{server.url}/r/{visit.token}/p/sec_profile")
    press_main(page)
    assert page.evaluate("document.activeElement.id") == "error-summary"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.name") == "company_type"


def test_enter_in_a_field_continues_and_changes_no_language(server: LiveServer, page: Page) -> None:
    visit = start(server, "named")
    page.goto(f"{server.url}/r/{visit.token}/p/sec_profile")
    page.locator("#q-company_name").fill("한빛바이오팜")
    with page.expect_navigation():
        page.locator("#q-company_name").press("Enter")
    assert page.locator("html").get_attribute("lang") == "ko"
    assert page.locator(".error-summary li").count() == 5


def test_ranking_works_by_keyboard_alone(server: LiveServer, page: Page) -> None:
    visit = answer_until(start(server), "rank_topics")
    page.goto(f"{server.url}/r/{visit.token}/p/rank_topics")
    page.locator("#q-rank_topics-1").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    assert page.locator("#q-rank_topics-1").input_value() == "2"
    assert page.locator("#q-rank_topics-2").input_value() == "1"
    assert page.locator(".rank-item.is-ranked").count() == 2


def test_characters_are_counted_as_they_are_stored(server: LiveServer, page: Page) -> None:
    visit = answer_until(start(server), "ft_case")
    page.goto(f"{server.url}/r/{visit.token}/p/ft_case")
    counter = page.locator("#q-ft_case-count")
    assert "2,000" in counter.inner_text()
    page.locator("#q-ft_case").fill("\u1112\u1161\u11ab💊")  # one decomposed syllable and one character beyond the BMP
    assert "1,998" in counter.inner_text()
    page.locator("#q-ft_case").fill("가" * 2001)
    assert "is-over" in (counter.get_attribute("class") or "")


def test_private_link_can_be_copied(server: LiveServer, context: BrowserContext, page: Page) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.url)
    visit = start(server)
    page.goto(f"{server.url}/r/{visit.token}/link")
    page.locator("[data-copy]").click()
    expect(page.locator("[data-announce]")).not_to_be_empty()
    assert page.evaluate("navigator.clipboard.readText()") == f"{server.url}/r/{visit.token}/"


def test_submit_pressed_twice_is_one_response(server: LiveServer, database: Database, page: Page) -> None:
    visit = answer_until(start(server), "")
    page.goto(f"{server.url}/r/{visit.token}/check")
    page.locator("main form .button-primary").dblclick()
    page.wait_for_url("**/receipt")
    assert count_responses(database) == 1


def list_addresses(server: LiveServer) -> list[str]:
    """Every kind of page of one full return."""
    visit = start(server, "named")
    token = visit.token
    answer_until(visit, "")
    visit.open(f"/r/{token}/p/sec_profile").fill({"company_name": "한빛바이오팜 주식회사"}).press()
    names = (
        "sec_consent",
        "sec_profile",
        "sec_japan",
        "rd_page_regulatory",
        "grp_areas",
        "blk_reg",
        "ft_case",
        "rank_topics",
    )
    paths = [f"/r/{token}/p/{name}" for name in names]
    paths += [f"/r/{token}/{name}" for name in ("link", "check", "withdraw")]
    done = answer_until(start(server), "").press().token
    return ["/", "/s/survey-2026/", "/s/survey-2026/declined", *paths, f"/r/{done}/receipt", "/r/unknown/"]


MEASURE_TARGETS = """() => [...document.querySelectorAll(
  '.option, .button, .select, .text-input, .number-input, .language, .back-link, .summary-change a, .brand')]
  .filter((element) => element.offsetParent !== null && element.getBoundingClientRect().height < 43.5)
  .map((element) => `${element.className} ${element.textContent.trim().slice(0, 30)} `
    + element.getBoundingClientRect().height)"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_fit_a_narrow_screen(server: LiveServer, context: BrowserContext, language: str) -> None:
    page = context.new_page()
    page.set_viewport_size({"width": 320, "height": 640})
    faults = []
    for address in list_addresses(server):
        page.goto(f"{server.url}{address}?lang={language}")
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        small = page.evaluate(MEASURE_TARGETS)
        faults += [f"{address} is {over} px too wide"] if over > 0 else []
        faults += [f"{address}: {each}" for each in small]
    assert not faults


def test_receipt_prints_without_what_is_only_for_the_screen(server: LiveServer, page: Page) -> None:
    visit = answer_until(start(server), "").press()
    page.goto(f"{server.url}/r/{visit.token}/receipt")
    page.emulate_media(media="print")
    for selector in (".language-switch", ".button-row", ".private-link"):
        assert not page.locator(selector).first.is_visible()
    assert page.locator(".receipt-number").is_visible()
    assert page.locator(".summary-list").last.is_visible()
