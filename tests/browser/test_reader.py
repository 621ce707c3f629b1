"""What a screen reader is given: names, descriptions and states in the browser's accessibility tree, and languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.every_page import BY_NAME, KINDS, Ground, Scene
from tests.browser.test_charts import wait_for_charts
from tests.web.desk_data import ROUND

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

LIST_LANGUAGES = """() => [...document.querySelectorAll('body *')].flatMap(element => [...element.childNodes]
  .filter(node => node.nodeType === Node.TEXT_NODE && node.data.trim() && !element.closest('script'))
  .map(node => [element.closest('[lang]').lang, node.data.trim(), Boolean(element.closest('[dir=auto]'))]))"""


@dataclass(frozen=True)
class Node:
    """One object of the tree. `states` are its properties, such as required, invalid, live, checked."""

    role: str
    name: str
    description: str
    states: dict[str, Any]


def read_tree(page: Page) -> list[Node]:
    session = page.context.new_cdp_session(page)
    found = session.send("Accessibility.getFullAXTree")["nodes"]
    session.detach()
    return [
        Node(
            role=str(node["role"]["value"]),
            name=" ".join(str(node.get("name", {}).get("value", "")).split()),
            description=" ".join(str(node.get("description", {}).get("value", "")).split()),
            states={each["name"]: each["value"].get("value") for each in node.get("properties", [])},
        )
        for node in found
        if not node["ignored"]
    ]


def find_nodes(nodes: list[Node], role: str, name: str = "") -> list[Node]:
    return [node for node in nodes if node.role == role and name in node.name]


@pytest.fixture
def scene(ground: Ground, browser: Browser) -> Any:
    with ground.open_browser(browser, at_desk=False, viewport={"width": 1280, "height": 900}) as context:
        yield Scene(ground, context.new_page(), "en")


def read_kind(scene: Scene, name: str) -> list[Node]:
    BY_NAME[name].visit(scene)
    return read_tree(scene.page)


def test_a_group_of_choices_says_its_question_and_what_is_wrong(scene: Scene) -> None:
    nodes = read_kind(scene, "faults")
    [group] = find_nodes(nodes, "radiogroup", "Main line of business")
    assert group.states["required"] and group.description.startswith("Error:")
    several = find_nodes(nodes, "group", "Product groups")
    assert several and several[0].description.startswith("Error:")
    radios = find_nodes(nodes, "radio")
    assert radios and all(radio.states["invalid"] == "true" and radio.name for radio in radios)
    [alert] = find_nodes(nodes, "alert")
    assert alert.states["live"] == "assertive"
    assert find_nodes(nodes, "RootWebArea")[0].name.startswith("Error:")


def test_a_field_says_its_hint_its_limit_and_that_it_may_be_left_blank(scene: Scene) -> None:
    fields = find_nodes(read_kind(scene, "texts"), "textbox")
    first = next(field for field in fields if "2,000" in field.description)
    assert first.description.count("2,000") >= 2, "the limit, and how much is left"
    assert all("(optional)" in field.name for field in fields if not field.states.get("required"))


def test_each_position_of_a_ranking_says_item_and_question(scene: Scene) -> None:
    nodes = read_kind(scene, "rank with a tie")
    [group] = find_nodes(nodes, "group", "in order of value to your company")
    selects = find_nodes(nodes, "combobox")
    items = scene.page.locator(".rank-item label").all_inner_texts()
    assert len(selects) == len(items) >= 5
    for select, item in zip(selects, items, strict=True):
        assert select.name.startswith(" ".join(item.replace("\u2060", "").split())[:10])
        assert select.name.endswith(group.name)
    tied = [select for select in selects if select.states.get("invalid") == "true"]
    assert len(tied) == 2 and all(select.description.startswith("Error:") for select in tied)


def test_levels_say_number_and_sentence(scene: Scene) -> None:
    nodes = read_kind(scene, "levels")
    groups = find_nodes(nodes, "radiogroup")
    assert len(groups) == 4 and all(group.states["required"] and group.name for group in groups)
    levels = [node.name for node in find_nodes(nodes, "radio")]
    for level in range(5):
        assert sum(name.startswith((f"{level}:", f"{level} :")) and len(name) > 12 for name in levels) == 4


def test_progress_is_said(scene: Scene) -> None:
    nodes = read_kind(scene, "levels")
    words = " ".join(node.name for node in find_nodes(nodes, "StaticText"))
    assert "Step 4 of 7:" in words and "minutes left" in words
    assert scene.page.locator("nav [aria-current=step]").count() == 1
    scene.page.set_viewport_size({"width": 390, "height": 844})
    narrow = " ".join(node.name for node in find_nodes(read_tree(scene.page), "StaticText"))
    assert "Step 4 of 7:" in narrow


def test_the_state_of_saving_is_said_politely(scene: Scene) -> None:
    nodes = read_kind(scene, "conflict")
    said = find_nodes(nodes, "status")
    assert said and all(node.states["live"] == "polite" for node in said)
    words = scene.page.locator("[data-save-words]").inner_text()
    scene.page.locator("[data-save-line] [role=status]").filter(has_text=words).wait_for(state="attached")


def test_a_conflict_is_a_choice_between_two_named_answers(scene: Scene) -> None:
    nodes = read_kind(scene, "conflict")
    [choice] = find_nodes(nodes, "radiogroup", "Which answer holds?")
    assert choice.states["required"] and choice.description.startswith("Error:")
    names = [radio.name for radio in find_nodes(nodes, "radio")]
    assert "세 번 미뤄졌습니다" in names[0] and "다른 동료가 적은 답입니다" in names[1]


def test_charts_have_a_name_a_summary_and_a_table(ground: Ground, browser: Browser) -> None:
    with ground.open_browser(browser, at_desk=True, viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        for path in (f"{ROUND}/issues", f"{ROUND}/questions?section=sec_support", f"{ROUND}/released"):
            page.goto(f"{path}{'&' if '?' in path else '?'}lang=en")
            count = len(wait_for_charts(page))
            nodes = read_tree(page)
            charts = find_nodes(nodes, "image")
            assert len(charts) == count, [chart.name for chart in charts]
            assert all(chart.name and chart.description for chart in charts)
            assert not [node for node in nodes if node.role in ("graphics-symbol", "SvgRoot") and not node.name]
            for card in page.locator("article.card:has([data-chart])").all():
                assert card.locator("table").count(), card.get_attribute("id")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_words_of_another_language_say_so(ground: Ground, browser: Browser, language: Any) -> None:
    """Hangul stands in a Korean element, or in one whose language nobody knows: what a person typed."""
    faults = []
    names = ("landing", "start", "radios and text", "check", "receipt", "issues", "free texts", "export", "entry")
    for name in names:
        kind = BY_NAME[name]
        with ground.open_browser(browser, at_desk=kind.at_desk) as context:
            page = context.new_page()
            kind.visit(Scene(ground, page, language))
            for lang, words, is_typed in page.evaluate(LIST_LANGUAGES):
                is_korean = any("가" <= letter <= "힣" for letter in words)
                is_kana = any("ぁ" <= letter <= "ヿ" for letter in words)
                expected = "ko" if is_korean else "ja" if is_kana else lang
                if lang != expected and not is_typed:
                    faults.append(f"{name}: {words[:60]!r} is said to be {lang}")
    assert not faults, "\n".join(faults)


def test_titles_tell_pages_apart_and_help_stands_in_one_place(ground: Ground, browser: Browser) -> None:
    """A title belongs to one page; what is wrong on it, or who looks at it, may share the title."""
    titles: dict[str, set[str]] = {}
    for at_desk in (False, True):
        with ground.open_browser(browser, at_desk=at_desk) as context:
            page = context.new_page()
            for kind in KINDS:
                if kind.at_desk is at_desk and kind.name not in ("conflict", "page of a part", "not found at the desk"):
                    kind.visit(Scene(ground, page))  # those three are the page of another kind, met in another way
                    titles.setdefault(page.title(), set()).add(kind.template)
                    assert page.locator("html").get_attribute("lang") == "ko"
                    assert page.locator("meta[http-equiv=refresh]").count() == 0
                    if kind.template.startswith("respondent/") and kind.name != "landing":
                        assert "02-000-0000" in page.locator("body > footer").inner_text(), kind.name
                    has_faults = page.locator("#error-summary").count() > 0
                    assert page.title().startswith("오류:") is has_faults, (kind.name, page.title())
    assert not {title: templates for title, templates in titles.items() if len(templates) > 1}


def test_signing_in_asks_for_nothing_to_be_remembered(ground: Ground, browser: Browser) -> None:
    """A password manager fills both fields, and what is copied can be pasted."""
    with ground.open_browser(browser, at_desk=False) as context:
        context.grant_permissions(["clipboard-read", "clipboard-write"], origin=ground.server.url)
        page = context.new_page()
        page.goto("/desk/sign-in?lang=en")
        assert page.locator("#email").get_attribute("autocomplete") == "username"
        assert page.locator("#password").get_attribute("autocomplete") == "current-password"
        page.evaluate("navigator.clipboard.writeText('a long sentence')")
        page.locator("#password").focus()
        page.keyboard.press("Control+V")
        assert page.locator("#password").input_value() == "a long sentence"
