"""Large and widely set: 400 % zoom, text at 200 %, the text spacing of WCAG 1.4.12, and targets that can be hit.

A window of 1280 × 1024 px at 400 % is one of 320 × 256 CSS pixels. Only data tables may scroll sideways, inside
themselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from surveyapp.questionnaire.model import LANGUAGES, Language
from tests.browser.every_page import BY_NAME, KINDS, Ground, PageKind, Scene
from tests.browser.test_charts import wait_for_charts
from tests.browser.test_keyboard import Walker
from tests.web.desk_data import ROUND

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

ZOOMED: ViewportSize = {"width": 320, "height": 256}
PLAIN: ViewportSize = {"width": 1280, "height": 900}
SPACING = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
p { margin-block-end: 2em !important }"""
TWICE = ":root { font-size: 200% }"
NARROW_KINDS = (
    "start",
    "question list",
    "radios and text",
    "levels",
    "block of one area",
    "rank with a tie",
    "conflict",
    "colleagues",
    "check",
    "receipt",
    "issues",
    "cross-tab",
    "free texts",
    "entry with faults",
)
SIX_MM = 22.68  # CSS pixels: the least diagonal of a control (KWCAG 2.2, 6.1.3)

PUT_ON = "css => { const sheet = new CSSStyleSheet(); sheet.replaceSync(css); document.adoptedStyleSheets = [sheet]; }"
LIST_LOST = """() => {
  const found = new Set();
  const unseen = '.visually-hidden, .default-button, .skip-link, .plot, svg, dialog:not([open]), option';
  const over = document.documentElement.scrollWidth - innerWidth;
  if (over > 0) found.add(`the page is ${over} px too wide`);
  for (const element of document.querySelectorAll('body *')) {
    if (element.closest(unseen)) continue;
    if (!element.checkVisibility({contentVisibilityAuto: true, visibilityProperty: true})) continue;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const name = `${element.localName}.${element.className}: ${element.textContent.trim().slice(0, 40)}`;
    const isWide = element.scrollWidth > element.clientWidth + 1;
    const isTall = element.scrollHeight > element.clientHeight + 1;
    const hides = overflow => ['hidden', 'clip'].includes(overflow);
    const isField = element.matches('input, textarea, select');
    const isCut = hides(style.overflowX) && isWide || hides(style.overflowY) && isTall;
    if (isCut && !isField) found.add(`cut off: ${name}`);
    if (['auto', 'scroll'].includes(style.overflowX) && isWide && !isField && !element.closest('.table-scroll')) {
      found.add(`scrolls sideways: ${name}`);
    }
    if (element.matches('button, summary, .button, .tag, .badge, .state, .chip, .language')) {
      if (element.scrollWidth > element.clientWidth + 2) found.add(`words stick out: ${name}`);
      const isOff = box.right > innerWidth + 1 || box.left < -1;
      if (isOff && !element.closest('.table-scroll')) found.add(`off the screen: ${name}`);
    }
  }
  return [...found].slice(0, 8);
}"""
CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary"
LIST_SMALL = """([controls, least]) => [...document.querySelectorAll(controls)]
  .filter(control => control.checkVisibility({contentVisibilityAuto: true}) && !control.matches('[tabindex="-1"]'))
  .map(control => [control, (control.closest('label') ?? control).getBoundingClientRect()])
  .filter(([control, box]) => Math.hypot(box.width, box.height) < least)
  .map(([control]) => control.outerHTML.slice(0, 120))"""


def measure(page: Page, label: str) -> list[str]:
    page.wait_for_timeout(100)
    return [f"{label}: {each}" for each in page.evaluate(LIST_LOST)]


def find_lost(page: Page) -> list[str]:
    """What cannot be read any more, or only by scrolling in two directions, in each of four ways to enlarge."""
    page.set_viewport_size(ZOOMED)
    faults = measure(page, "at 400 %")
    page.evaluate(PUT_ON, SPACING)
    faults += measure(page, "at 400 %, widely set")
    page.set_viewport_size(PLAIN)
    faults += measure(page, "widely set")
    page.evaluate(PUT_ON, TWICE)
    faults += measure(page, "text at 200 %")
    page.evaluate(PUT_ON, "")
    return faults


def walk(ground: Ground, browser: Browser, kind: PageKind, languages: tuple[Language, ...]) -> list[str]:
    faults = []
    with ground.open_browser(browser, at_desk=kind.at_desk, viewport=ZOOMED, reduced_motion="reduce") as context:
        page = context.new_page()
        for language in languages:
            page.set_viewport_size(ZOOMED)
            kind.visit(Scene(ground, page, language))
            wait_for_charts(page)
            faults += [f"{kind.name} ({language}) {each}" for each in find_lost(page)]
            faults += [
                f"{kind.name} ({language}) too small: {each}" for each in page.evaluate(LIST_SMALL, [CONTROLS, SIX_MM])
            ]
    return faults


@pytest.mark.parametrize("name", NARROW_KINDS)
def test_nothing_is_lost_when_enlarged(ground: Ground, browser: Browser, name: str) -> None:
    faults = walk(ground, browser, BY_NAME[name], ("ko",))
    assert not faults, "\n".join(faults)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_is_lost_when_enlarged_anywhere(ground: Ground, browser: Browser, kind: PageKind) -> None:
    faults = walk(ground, browser, kind, LANGUAGES)
    assert not faults, "\n".join(faults)


def test_a_page_is_answered_at_400_percent(ground: Ground, browser: Browser) -> None:
    token = ground.begin("sec_japan")
    with ground.open_browser(browser, at_desk=False, viewport=ZOOMED) as context:
        page = context.new_page()
        page.goto(f"/r/{token}/p/sec_japan?lang=ko")
        walker = Walker(page)
        answers: dict[str, Any] = {"jp_stage": "filed", "jp_products": ["generic"], "jp_routes": ["dmah"]}
        walker.answer_page({**answers, "pmda_contact": "formal"})
        page.wait_for_url("**/p/rd_page_regulatory*")
        assert not walker.faults, "\n".join(walker.faults)


def test_filters_are_chosen_at_400_percent(ground: Ground, browser: Browser) -> None:
    with ground.open_browser(browser, at_desk=True, viewport=ZOOMED) as context:
        page = context.new_page()
        page.goto(f"{ROUND}/issues?lang=ko&company_size=e50_299&company_size=e300_999&company_type=pharma")
        wait_for_charts(page)
        assert page.locator(".chip").count() == 3
        page.locator(".filter-panel > summary").click()
        for drop in page.locator(".filter").all():
            drop.locator("summary").click()
            assert not measure(page, drop.inner_text())
        page.locator("input[name=company_size][value=e1_49]").evaluate("box => { box.closest('details').open = true; }")
        page.locator("input[name=company_size][value=e1_49]").check()
        with page.expect_navigation():
            page.locator(".filters button[type=submit]").click()
        assert page.locator(".chip").count() == 4
