"""Texts that break a layout or a text field: written from right to left, emoji, a word as long as a field may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from surveyapp.questionnaire.model import LANGUAGES, Language
from tests.browser.every_page import Ground, Scene

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RIGHT_TO_LEFT = "طلبت الوكالة بيانات جديدة (PMDA) في 2026، 12 شهرًا."
OVERRIDDEN = "회사 \u202eexe.txt\u202c 자료"  # turns what follows around, as in names of files that lie
EMOJI = "👩🏽‍🔬 👨‍👩‍👧‍👦 🇰🇷🇯🇵 ❤️ 💊"  # joined, with a skin tone, flags, a variation
LONG_WORD = "가" * 2000
TEXTS = {"right to left": RIGHT_TO_LEFT, "overridden": OVERRIDDEN, "emoji": EMOJI, "long word": LONG_WORD}
OVER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def read_direction(page: Page, words: str) -> str:
    """The direction in which an answer is shown."""
    shown = page.locator("[dir=auto]", has_text=words).last
    return str(shown.evaluate("answer => getComputedStyle(answer).direction"))


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_kept_as_it_was_typed_and_breaks_no_page(ground: Ground, browser: Browser, text: str) -> None:
    typed = TEXTS[text]
    token = ground.begin("ft_case")
    with ground.open_browser(browser, at_desk=False, viewport={"width": 320, "height": 640}) as context:
        page = context.new_page()
        scene = Scene(ground, page).open(f"/r/{token}/p/ft_case")
        page.locator("#q-ft_case").fill(typed)
        assert page.evaluate(OVER) <= 0
        page.locator("main form .button-primary").click()
        page.wait_for_url("**/p/rank_topics")
        scene.open(f"/r/{token}/p/ft_case")
        expect(page.locator("#q-ft_case")).to_have_value(typed)
        assert page.evaluate(OVER) <= 0
        for language in LANGUAGES:
            look_at_check_page(Scene(ground, page, language), token, typed)


def look_at_check_page(scene: Scene, token: str, typed: str) -> None:
    language: Language = scene.language
    page = scene.open(f"/r/{token}/check").page
    assert page.locator("html").get_attribute("lang") == language
    expect(page.locator("main")).to_contain_text(typed)
    assert page.evaluate(OVER) <= 0, language
    assert read_direction(page, typed) == ("rtl" if typed is RIGHT_TO_LEFT else "ltr")
