"""Ways about the desk in a real browser: shortcuts, the bar that stays, states of charts, phones, notes, paper."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.database import Database
from surveyapp.settings import Settings
from tests.browser.test_charts import read_figure, wait_for_charts
from tests.web.desk_data import ROUND, TRIAL, open_samples

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route, ViewportSize

OpenDesk = Callable[..., AbstractContextManager["Page"]]
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
A4_POINTS = (595, 842)
PAPER_PIXELS = 690  # between the margins of an A4 page

MEASURE_PLOTS = """() => [...document.querySelectorAll('.plot')].map(plot => {
  const box = plot.getBoundingClientRect();
  const words = [...plot.querySelectorAll('text')].map(text => text.getBoundingClientRect()).filter(one => one.width);
  return {
    id: plot.id,
    form: plot.dataset.form,
    width: plot.querySelector('.main-svg').getBoundingClientRect().width,
    room: box.width,
    left: Math.min(...words.map(one => one.left)) - box.left,
    right: box.right - Math.max(...words.map(one => one.right)),
  };
})"""


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


def is_list_open(page: Page) -> bool:
    return bool(page.evaluate("document.getElementById('shortcuts').open"))


def find_focus(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))


def test_shortcuts_lead_about(open_desk: OpenDesk) -> None:
    with open_desk(language="en", viewport=DESK, reduced_motion="reduce") as page:
        page.goto(f"{ROUND}/issues")
        page.keyboard.press("?")
        assert is_list_open(page)
        page.keyboard.press("t")
        assert not page.locator(".card[data-view]").count(), "behind the list nothing moves"
        page.keyboard.press("Escape")
        assert not is_list_open(page)
        page.locator(".round-actions [data-shortcut-list]").click()
        assert is_list_open(page)
        page.locator("[data-shortcut-close]").click()

        page.keyboard.press("/")
        assert find_focus(page) == "Business"
        page.keyboard.press("Enter")
        assert page.locator(".filter[open]").count() == 1
        page.keyboard.press("Escape")
        assert page.locator(".filter[open]").count() == 0 and find_focus(page) == "Business"

        for key, card in (("]", "ranking"), ("]", "leaves"), ("]", "segments"), ("[", "leaves")):
            page.keyboard.press(key)
            assert find_focus(page) == card
        page.keyboard.press("t")
        assert page.locator("#leaves .tables").is_visible() and not page.locator("#leaves .charts").is_visible()
        page.evaluate("""document.body.dispatchEvent(new KeyboardEvent('keydown',
          {key: 'ㅅ', code: 'KeyT', bubbles: true}))""")  # the same key under a Korean input method
        assert page.locator("#leaves .charts").is_visible() and not page.locator("#leaves .tables").is_visible()
        page.locator("#leaves [data-view]").click()
        assert page.locator("#leaves .charts").is_visible() and page.locator("#leaves .tables").is_visible()

        for keys, end in (("gq", "/questions"), ("gt", "/texts"), ("ge", "/export"), ("gi", "/issues")):
            for key in keys:
                page.keyboard.press(key)
            page.wait_for_url(f"**{end}")


def test_single_keys_rest_while_typing_and_when_switched_off(open_desk: OpenDesk) -> None:
    with open_desk(language="ko", viewport=DESK) as page:
        page.goto(f"{ROUND}/questions?section=sec_japan")
        page.locator(".note-add summary").first.click()
        page.locator(".note-form textarea").first.press_sequentially("g i ? t / [ ]")
        page.keyboard.press("Control+/")
        assert page.locator(".note-form textarea").first.input_value() == "g i ? t / [ ]"
        assert not is_list_open(page) and page.url.endswith("section=sec_japan")
        page.locator("main").focus()
        page.keyboard.press("?")
        page.locator("[data-shortcut-switch]").uncheck()
        page.keyboard.press("Escape")
        page.reload()
        for key in "?t]gi":
            page.keyboard.press(key)
        assert not is_list_open(page) and page.url.endswith("section=sec_japan")
        page.locator(".desk-foot [data-shortcut-list]").click()
        assert is_list_open(page) and not page.locator("[data-shortcut-switch]").is_checked()


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_the_bar_stays_and_hides_no_heading(open_desk: OpenDesk, size: ViewportSize) -> None:
    with open_desk(language="ja", viewport=size, reduced_motion="reduce") as page:
        page.goto(f"{ROUND}/issues?company_size=e50_299&company_size=e300_999")
        page.locator(".contents a[href='#severity']").click()
        page.wait_for_timeout(200)
        bar = page.locator(".filters").bounding_box()
        heading = page.locator("#severity-title").bounding_box()
        assert bar is not None and heading is not None
        assert bar["y"] == pytest.approx(0, abs=1) and bar["height"] < size["height"] / 5
        assert bar["height"] <= heading["y"] < size["height"] / 2
        assert page.locator(".selection strong").is_visible() and page.locator(".chip").first.is_visible()
        panel = page.locator(".filter-row")
        if size is PHONE:
            assert not panel.is_visible()
            page.locator(".filter-panel > summary").click()
        assert panel.is_visible()
        for name in page.locator(".filter > summary > .filter-name").all():
            assert name.evaluate(
                "name => name.scrollWidth <= name.clientWidth || getComputedStyle(name).display === 'inline'"
            )


def test_a_chart_that_does_not_come_leaves_its_table(open_desk: OpenDesk) -> None:
    with open_desk(language="en", may_complain=True, viewport=DESK) as page:
        page.route("**/plotly*", lambda route: route.abort())
        page.goto(f"{ROUND}/questions/ch_areas?by=company_size")
        page.locator("#cross .chart-state").filter(has_text="could not be drawn").wait_for()
        assert page.locator("#cross table").is_visible(), "a folded table opens"
        assert not page.locator("#cross .plot").is_visible()
        page.unroute("**/plotly*")
        page.locator("#cross .chart-state button").click()
        wait_for_charts(page)
        assert page.locator("#cross .plot").is_visible() and not page.locator(".chart-state:visible").count()


def test_the_table_can_be_read_while_the_chart_is_awaited(open_desk: OpenDesk) -> None:
    with open_desk(language="en", viewport=DESK) as page:
        held: list[Route] = []
        page.route("**/plotly*", lambda route: held.append(route))
        page.goto(f"{ROUND}/issues", wait_until="load")
        assert page.locator("#ranking table").is_visible()
        before = page.locator("#ranking").bounding_box()
        assert page.locator("#ranking .plot").evaluate("plot => getComputedStyle(plot).backgroundImage") != "none"
        for route in held:
            route.continue_()
        wait_for_charts(page)
        assert page.locator("#ranking .plot").evaluate("plot => getComputedStyle(plot).backgroundImage") == "none"
        assert page.locator("#ranking").bounding_box() == before, "nothing moves when the chart comes"


def test_few_and_none_are_said(open_desk: OpenDesk) -> None:
    with open_desk(language="en", viewport=DESK) as page:
        page.goto(f"{ROUND}/issues?company_type=bio")
        assert "look at the counts" in page.locator(".caution").inner_text()
        page.goto(f"{ROUND}/questions?company_type=cosmetic&company_size=e1000p&section=sec_japan")
        assert "No company passes" in page.locator(".card-empty").inner_text()
        page.locator(".card-empty a").click()
        page.wait_for_url("**/questions?section=sec_japan")
        expect(page.locator(".card").first).to_be_visible()


@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_charts_fit_a_phone(open_desk: OpenDesk, language: str) -> None:
    with open_desk(language=language, viewport=PHONE) as page:
        page.goto(f"{ROUND}/issues?by=product_categories")
        plots = wait_for_charts(page)
        measured = page.evaluate(MEASURE_PLOTS)
        for one in measured:
            assert one["form"] == "narrow", one
            assert one["width"] <= one["room"] <= 390 and one["left"] >= -1 and one["right"] >= -1, one
        for plot in plots:
            narrow = read_figure(page, plot)["narrow"]
            assert page.locator(f"#{plot} .annotation").count() == len(narrow["layout"].get("annotations", []))
        spots = read_figure(page, "importance-chart-1")["narrow"]["data"][0]["text"]
        assert page.locator("#importance .chart-key li:visible").count() == len(spots)
        assert page.locator("#importance .textpoint").all_text_contents() == spots
        page.set_viewport_size(DESK)
        page.locator("#importance .plot[data-form=wide][data-drawn]").wait_for()
        assert not page.locator("#importance .chart-key").is_visible()


@pytest.mark.parametrize("has_script", [True, False])
def test_a_note_is_written_deleted_and_taken_back(open_desk: OpenDesk, has_script: bool) -> None:
    with open_desk(language="en", java_script_enabled=has_script, viewport=PHONE) as page:
        page.goto(f"{ROUND}/issues?company_size=e50_299")
        card = page.locator("#severity")
        card.locator(".note-add summary").click()
        card.locator("textarea").fill("두 줄\n둘째 줄")
        card.locator(".note-form button").click()
        page.wait_for_url("**/issues?company_size=e50_299#severity")
        expect(card.locator(".note")).to_contain_text("둘째 줄")
        card.get_by_role("button", name="Delete the note").click()
        expect(card.get_by_role("button", name="Undo")).to_be_visible()
        assert card.locator(".note").count() == 0
        card.get_by_role("button", name="Undo").click()
        expect(card.locator(".note-foot")).to_contain_text("analyst@example.com")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_briefing_prints_on_one_a4(open_desk: OpenDesk, language: Language) -> None:
    with open_desk(language=language, viewport=PHONE, color_scheme="dark") as page:
        for path in (f"{ROUND}/briefing", f"{TRIAL}/briefing"):
            page.goto(path)
            reader = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
            assert [(round(leaf.mediabox.width), round(leaf.mediabox.height)) for leaf in reader.pages] == [A4_POINTS]
            words = "".join(reader.pages[0].extract_text().split())
            shown = page.locator(".briefing").inner_text().replace("\u2060", "").split()
            assert len(shown) > 15 and "PDF" not in words and "viewer@" not in words
            for figure in [each for each in shown if any(letter.isdigit() for letter in each)]:
                assert figure in words, (path, figure)


def test_paper_is_a4_light_and_whole(open_desk: OpenDesk) -> None:
    with open_desk(language="en", viewport=PHONE, color_scheme="dark") as page:
        page.goto(f"{ROUND}/issues?company_size=e50_299&company_size=e300_999")
        page.locator("#ranking .note-add summary").click()
        page.locator("#ranking textarea").fill("A note for the meeting.")
        page.locator("#ranking .note-form button").click()
        wait_for_charts(page)
        reader = PdfReader(BytesIO(page.pdf(prefer_css_page_size=True)))
        sizes = {(round(leaf.mediabox.width), round(leaf.mediabox.height)) for leaf in reader.pages}
        assert sizes == {A4_POINTS}
        texts = [" ".join(leaf.extract_text().split()) for leaf in reader.pages]
        first, whole = texts[0], " ".join(texts)
        assert "Sample round 2026" in first and "50–299" in first and "Looking at" not in whole
        assert "26 companies" in first and "Asia/Seoul" in first and "First tier" in first
        assert "A note for the meeting." in whole and "Add a note" not in whole and "http" not in whole
        assert len(texts) <= 14 and f"1 / {len(texts)}" in first
        assert page.locator("#ranking .plot").get_attribute("data-form") == "narrow", "the screen is as it was"

        page.emulate_media(media="print")
        page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
        page.wait_for_timeout(300)
        for one in page.evaluate(MEASURE_PLOTS):
            assert 300 < one["width"] <= PAPER_PIXELS, one
        label = page.locator("#ranking .ytick text").first
        assert label.evaluate("label => getComputedStyle(label).fill") == "rgb(0, 0, 0)"
        assert not page.locator(".filters").is_visible() and not page.locator(".masthead").is_visible()


def test_the_pages_of_a_round_stand_in_a_row_and_fold_on_a_phone(open_desk: OpenDesk) -> None:
    current = ".round-navigation a[aria-current=page]"
    with open_desk("manager", "ko", viewport=PHONE) as page:
        page.goto(f"{ROUND}/questions/ch_areas")
        assert not page.locator(current).is_visible()
        answers, fieldwork = page.locator(".nav-group > summary").all()
        assert answers.inner_text().split("\n") == ["답변", "문항"], "a folded group says which of its pages is shown"
        answers.click()
        assert page.locator(current).inner_text() == "문항"
        fieldwork.click()
        assert not page.locator(current).is_visible(), "one group stands open at a time"
        with page.expect_navigation():
            page.locator(".nav-group[open] a[href$='/entry']").click()
        assert page.url.endswith("/entry")
        page.set_viewport_size(DESK)
        shown = page.locator(".round-navigation a")
        assert all(link.is_visible() for link in shown.all()) and page.locator(current).inner_text() == "응답 대신 입력"
        assert len({round(link.bounding_box()["y"]) for link in shown.all()}) == 1, "one row"  # type: ignore[index]
