"""The product by keyboard alone: a whole return, and the ways of the desk. Wherever the focus stops it can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.every_page import START, Ground
from tests.browser.test_charts import wait_for_charts
from tests.respondent_visits import ANSWERS
from tests.web.desk_data import ROUND

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

MOST_STOPS = 250  # on one page
BUTTON = "main form .button-primary"
ROW_PX = 12  # what stands on one line may be a little higher or lower than its neighbour
CONSENT = {"consent_participate": "agree", "consent_quote": "disagree", "attribution_level": "aggregate"}

# What has the focus; whether it shows; whether something else lies over it; where it stands on the page.
LOOK = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  const shown = stop.closest('.option') && stop.matches('input') ? stop.closest('.option') : stop;
  const style = getComputedStyle(shown);
  const box = shown.getBoundingClientRect();
  const seen = {left: Math.max(box.left, 0), right: Math.min(box.right, innerWidth),
    top: Math.max(box.top, 0), bottom: Math.min(box.bottom, innerHeight)};
  const hits = [];
  for (const across of [0.1, 0.5, 0.9]) for (const down of [0.1, 0.5, 0.9]) {
    const hit = document.elementFromPoint(seen.left + across * (seen.right - seen.left),
      seen.top + down * (seen.bottom - seen.top));
    hits.push(Boolean(hit) && (shown.contains(hit) || hit.contains(shown) && hit !== document.documentElement));
  }
  let sticks = false;
  for (let each = stop; each; each = each.parentElement) {
    sticks ||= ['sticky', 'fixed', 'absolute'].includes(getComputedStyle(each).position) && each !== shown;
  }
  return {
    words: (stop.id || stop.name || stop.className || '') + ' ' + stop.textContent.trim().slice(0, 40),
    name: stop.name || '', value: stop.value || '', type: stop.type || stop.tagName.toLowerCase(),
    isChecked: Boolean(stop.checked), isMain: stop.matches('main form .button-primary'),
    ring: style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth),
    isInside: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
    uncovered: hits.filter(Boolean).length,
    isSmall: box.height < innerHeight / 2,
    inMain: Boolean(stop.closest('main')), sticks,
    top: box.top + scrollY, left: box.left,
  };
}"""

IN_DIALOG = "document.activeElement === document.body || document.activeElement.closest('dialog') !== null"


@dataclass
class Walker:
    """Somebody without a mouse. Every stop of the focus is looked at."""

    page: Page
    stops: list[Any] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def tab(self, key: str = "Tab") -> Any:
        self.page.keyboard.press(key)
        return self.look()

    def look(self) -> Any:
        stop = self.page.evaluate(LOOK)
        if stop is None:
            return None
        where = f"{self.page.url.rpartition('/')[2]}: {stop['words']!r}"
        if stop["ring"] < 2:
            self.faults.append(f"{where} shows no focus")
        if not stop["isInside"] or stop["uncovered"] < (5 if stop["isSmall"] else 1):
            self.faults.append(f"{where} is covered or off the screen ({stop['uncovered']} of 9 points)")
        self.stops.append(stop)
        return stop

    def reach(self, selector: str, key: str = "Tab") -> Any:
        """Go on until the focus is on what the selector names."""
        for _ in range(MOST_STOPS):
            stop = self.tab(key)
            if self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return stop
        raise AssertionError(f"{selector} cannot be reached by {key}")

    def check_order(self) -> None:
        """Stops inside the content come as they are read: downwards, and on one line to the right."""
        before = None
        for stop in self.stops:
            if not stop["inMain"] or stop["sticks"]:
                continue
            if before is not None:
                is_back = stop["top"] < before["top"] - ROW_PX or (
                    abs(stop["top"] - before["top"]) < ROW_PX and stop["left"] < before["left"]
                )
                if is_back:
                    self.faults.append(f"{stop['words']!r} comes after {before['words']!r}, which stands behind it")
            before = stop
        self.stops.clear()

    def answer_page(self, answers: Mapping[str, Any]) -> None:
        """Fill in the page with the keys that each control takes, and press the main button with Enter."""
        self.stops.clear()
        for _ in range(MOST_STOPS):
            stop = self.tab()
            if stop is None:
                continue
            if stop["isMain"]:
                break
            self._answer(stop, answers.get(stop["name"]))
        else:
            raise AssertionError("the main button cannot be reached")
        self.check_order()
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def _answer(self, stop: Any, wanted: Any) -> None:
        if wanted is None:
            return
        if stop["type"] == "radio":
            if stop["value"] == wanted and not stop["isChecked"]:
                self.page.keyboard.press("Space")
            while self.look()["value"] != wanted:
                self.page.keyboard.press("ArrowDown")
            self.page.wait_for_timeout(50)
        elif stop["type"] == "checkbox":
            if stop["value"] in wanted and not stop["isChecked"]:
                self.page.keyboard.press("Space")
        elif stop["type"] == "select-one":
            for _ in range(int(wanted)):
                self.page.keyboard.press("ArrowDown")
        elif stop["type"] in ("text", "textarea"):
            self.page.keyboard.type(str(wanted))


def read_wanted() -> Mapping[str, str | int | Sequence[str] | None]:
    wanted: dict[str, str | int | Sequence[str] | None] = {}
    for answers in (CONSENT, *ANSWERS.values()):
        wanted.update(answers)
    return {**wanted, "ft_case": "GMP", "rank_topics:gmp": "1", "jp_year": "2027"}


def test_a_whole_return_by_keyboard_alone(ground: Ground, browser: Browser) -> None:
    with ground.open_browser(browser, at_desk=False, viewport={"width": 1280, "height": 720}) as context:
        page = context.new_page()
        page.goto(f"{START}?lang=ko")
        walker = Walker(page)
        first = walker.tab()
        assert "skip-link" in first["words"], "the way to the content comes first"
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "content"
        wanted = read_wanted()
        visited = []
        faulty = "sec_profile"
        while "/receipt" not in page.url:
            visited.append(page.url.rpartition("/")[2].partition("?")[0])
            assert len(visited) < 30, visited
            if visited[-1] == faulty:  # once with nothing answered
                faulty = ""
                walker.answer_page({})
                expect(page.locator("#error-summary")).to_be_focused()
                walker.look()
                walker.tab()
                page.keyboard.press("Enter")
                assert walker.look()["name"] == "company_type"
                page.keyboard.press("Shift+Tab")
                page.locator("main").focus()
            walker.answer_page(wanted)
        assert {"sec_profile", "sec_japan", "rd_page_regulatory", "blk_reg", "rank_topics", "check"} <= set(visited)
        assert page.locator(".receipt-number").is_visible()
        assert not walker.faults, "\n".join(walker.faults)


@pytest.mark.parametrize("offline", [False, True], ids=["saved", "no connection"])
def test_the_line_that_stays_covers_nothing_that_has_the_focus(
    ground: Ground, browser: Browser, *, offline: bool
) -> None:
    token = ground.begin("blk_reg")
    with ground.open_browser(browser, at_desk=False, viewport={"width": 320, "height": 480}) as context:
        page = context.new_page()
        page.goto(f"/r/{token}/p/blk_reg?lang=ko")
        walker = Walker(page)
        if offline:
            context.set_offline(True)
            page.locator("input[name=ch_reg_leaf]").first.check()
            expect(page.locator("[data-save-line]")).to_have_attribute("data-state", "offline")
        page.locator("main form .button-primary").focus()
        walker.reach("input[name=ch_reg_leaf]", "Shift+Tab")
        assert not walker.faults, "\n".join(walker.faults)


def test_filters_charts_and_shortcuts_by_keyboard_alone(ground: Ground, browser: Browser) -> None:
    with ground.open_browser(browser, at_desk=True, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        page.goto(f"{ROUND}/issues?lang=ko")
        wait_for_charts(page)
        walker = Walker(page)
        walker.reach(".filter > summary")
        page.keyboard.press("Enter")
        walker.tab()
        page.keyboard.press("Space")
        walker.reach(".filter:nth-of-type(2) > summary")
        assert page.locator(".filter[open]").count() == 0, "an open list would cover what has the focus"
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        assert page.locator(".filter[open]").count() == 0
        walker.reach(".filters button[type=submit]")
        with page.expect_navigation():
            page.keyboard.press("Enter")
        wait_for_charts(page)
        assert page.locator(".chip").count() == 1
        walker.reach(".chip")
        walker.reach("#ranking [data-view]")
        page.keyboard.press("Enter")
        assert page.locator("#ranking .tables").is_visible() and not page.locator("#ranking .charts").is_visible()
        walker.reach("#ranking .table-scroll")
        for key in ("Tab", "Shift+Tab"):
            for _ in range(40):
                walker.tab(key)
        page.locator(".desk-foot [data-shortcut-list]").focus()
        page.keyboard.press("Enter")
        assert page.evaluate("document.getElementById('shortcuts').open")
        for _ in range(12):
            walker.tab()
            assert page.evaluate(
                "document.activeElement === document.body || !!document.activeElement.closest('dialog')"
            )
        page.keyboard.press("Escape")
        assert not page.evaluate("document.getElementById('shortcuts').open")
        assert page.evaluate("document.activeElement.hasAttribute('data-shortcut-list')")
        assert not walker.faults, "\n".join(walker.faults)
