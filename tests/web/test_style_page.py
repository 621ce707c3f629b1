"""The style guide shows every token and icon, every widget in its states, and contrasts that are enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.web.colours import READ, SCHEMES, SEEN, measure_contrast, read_colours
from surveyapp.web.desk.style_page import ICONS, LINE_PAIRS, TEXT_PAIRS, list_swatches
from surveyapp.web.static_files import FOLDER

TEMPLATES = Path(__file__).parents[2] / "templates"
WIDGETS = ("radio", "checkbox", "text-input", "number-input", "textarea", "rank-list", "option-cards")


@pytest.fixture
def analyst(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in("analyst")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_contrasts_are_enough_in_both_schemes(scheme: str) -> None:
    colours = {name: values for name, values in read_colours().items() if name == scheme}[scheme]  # type: ignore[index]
    for pairs, least in ((TEXT_PAIRS, READ), (LINE_PAIRS, SEEN)):
        for one, ground in pairs:
            assert measure_contrast(colours[one], colours[ground]) >= least, (one, ground)


def test_contrast_is_measured_as_the_guidelines_say() -> None:
    assert measure_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert measure_contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)
    assert measure_contrast("#123456", "#123456") == 1


def test_every_colour_has_a_value_of_its_own_for_the_dark() -> None:
    colours = read_colours()
    shared = {name for name, value in colours["light"].items() if colours["dark"][name] == value}
    assert shared == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_shows_every_widget_in_the_readers_language(analyst: FlaskClient, language: Language) -> None:
    page = analyst.get(f"/desk/style?lang={language}")
    assert page.status_code == 200
    assert f'<html lang="{language}">' in page.text
    for widget in WIDGETS:
        assert widget in page.text, widget
    for state in ("is-hover", "is-focus", "is-active", " disabled", 'aria-busy="true"', " checked", "has-error"):
        assert state in page.text, state


def test_every_token_has_a_swatch_and_every_icon_is_shown(analyst: FlaskClient) -> None:
    page = analyst.get("/desk/style").text
    css = (FOLDER / "css" / "style_page.css").read_text(encoding="utf-8")
    for swatch in list_swatches():
        assert f".token-{swatch.name} {{ background: var(--{swatch.name}); }}" in css, swatch.name
        assert f"token-{swatch.name}" in page and swatch.light in page and swatch.dark in page
    wanted = {f".ink-{one} " for one, _ground in TEXT_PAIRS} | {f".line-{one} " for one, _ground in LINE_PAIRS}
    assert {rule for rule in wanted if rule not in css} == set()
    drawn = re.findall(r"macro icon_([a-z]+)\(", (TEMPLATES / "components" / "icons.html").read_text(encoding="utf-8"))
    assert set(drawn) == set(ICONS)
    assert "Lucide" in (FOLDER / "vendor" / "lucide-LICENSE.txt").read_text(encoding="utf-8")
