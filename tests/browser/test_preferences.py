"""What a person asked of the browser holds: no motion, and the colours of a high-contrast theme."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.every_page import BY_NAME, Ground, Scene
from tests.browser.test_charts import wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator

LONGEST_S = 0.01
LIST_MOVING = """longest => {
  const read = times => Math.max(...times.split(',').map(each => parseFloat(each) * (/ms/.test(each) ? 0.001 : 1)));
  const found = new Set(document.getAnimations().map(running => `runs: ${running.effect?.target?.className}`));
  for (const element of document.querySelectorAll('*')) {
    for (const part of [null, '::before', '::after']) {
      const style = getComputedStyle(element, part);
      const turns = style.animationName !== 'none' && read(style.animationDuration) > longest;
      const moves = read(style.transitionDuration) > longest || style.scrollBehavior === 'smooth';
      if (turns || moves) found.add(`${element.localName}.${element.className}${part ?? ''}`);
    }
  }
  return [...found];
}"""
COLOURS = """element => {
  const style = getComputedStyle(element);
  return [style.color, style.backgroundColor, style.borderTopColor, style.outlineStyle, style.outlineColor];
}"""


@pytest.mark.parametrize("name", ["faults", "check", "colleagues", "issues", "style guide"])
def test_nothing_moves_where_a_person_asked_for_none(ground: Ground, browser: Browser, name: str) -> None:
    kind = BY_NAME[name]
    with ground.open_browser(browser, at_desk=kind.at_desk, reduced_motion="reduce") as context:
        page = context.new_page()
        page.route("**/plotly*", lambda route: route.abort())  # so that what is shown while waiting is looked at too
        kind.visit(Scene(ground, page))
        assert not page.evaluate(LIST_MOVING, LONGEST_S)


def shoot(control: Locator) -> bytes:
    return control.screenshot(animations="disabled")


@pytest.mark.parametrize("page_name", ["rd_page_regulatory", "grp_areas"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_keep_what_is_chosen_and_what_has_the_focus(
    ground: Ground, browser: Browser, page_name: str, scheme: str
) -> None:
    """On a return of its own: what is chosen here may be saved before the page is closed."""
    token = ground.begin(page_name)
    options = {"color_scheme": scheme, "forced_colors": "active", "viewport": {"width": 800, "height": 700}}
    with ground.open_browser(browser, at_desk=False, **options) as context:
        page = context.new_page()
        Scene(ground, page).open(f"/r/{token}/p/{page_name}")
        first = page.locator(".option:not(:has(:checked)) input").first.get_attribute("id")
        row = page.locator(f".option:has(#{first})")  # by its id: it stays the same one when it is chosen
        plain = shoot(row.locator("input"))
        assert page.evaluate("matchMedia('(forced-colors: active)').matches")
        ground_colour, edge = row.evaluate("row => getComputedStyle(row).backgroundColor"), row.locator("input")
        assert edge.evaluate("box => getComputedStyle(box).borderTopColor") != ground_colour
        row.locator("input").focus()
        page.keyboard.press("Shift")  # the focus shows to those who use the keyboard
        assert shoot(row) != plain
        assert row.evaluate(COLOURS)[3] == "solid"
        row.locator("input").check()
        page.locator("h1").click()
        assert shoot(row.locator("input")) != plain, "what is chosen looks otherwise"
        field = page.locator(".button-primary").first
        style = field.evaluate(COLOURS)
        assert style[0] != style[1] and style[2] != "rgba(0, 0, 0, 0)"


def test_forced_colours_keep_the_desk_readable(ground: Ground, browser: Browser) -> None:
    with ground.open_browser(browser, at_desk=True, forced_colors="active") as context:
        page = context.new_page()
        BY_NAME["issues"].visit(Scene(ground, page))
        wait_for_charts(page)
        for selector in (".chip", ".filter > summary", ".nav-group a[aria-current]", ".table a"):
            colours = page.locator(selector).first.evaluate(COLOURS)
            assert colours[0] != colours[1], selector
        heat = page.locator("td[class*=is-heat]").first.evaluate(COLOURS)
        assert heat[0] != heat[1]
