"""The rules of WCAG 2.2 A and AA, as far as a program can tell, on every kind of page.

In Korean and light on every run; the main pages in each language and scheme as well; every kind in each language and
scheme, on a phone and at a desk, with `make soak`.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from surveyapp.questionnaire.model import LANGUAGES, Language
from tests.browser.axe import find_violations
from tests.browser.every_page import BY_NAME, KINDS, Ground, PageKind, Scene, list_page_templates
from tests.browser.test_charts import wait_for_charts

if TYPE_CHECKING:
    from playwright.sync_api import Browser

SCHEMES = ("light", "dark")
WIDTHS = (390, 1280)
MAIN = ("radios and text", "check", "issues")


def examine(
    ground: Ground, browser: Browser, kind: PageKind, *, languages: tuple[Language, ...], scheme: Any, width: int
) -> list[str]:
    faults = []
    options = {"color_scheme": scheme, "viewport": {"width": width, "height": 900}}
    with ground.open_browser(browser, at_desk=kind.at_desk, **options) as context:
        page = context.new_page()
        for language in languages:
            kind.visit(Scene(ground, page, language))
            wait_for_charts(page)
            found = find_violations(page)
            faults += [f"{kind.name} ({language}, {scheme}, {width} px): {each}" for each in found]
    return faults


def test_every_page_template_has_its_kind(ground: Ground) -> None:
    assert {kind.template for kind in KINDS} == list_page_templates(ground.server.app)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_pages_pass_the_rules(ground: Ground, browser: Browser, kind: PageKind) -> None:
    faults = examine(ground, browser, kind, languages=("ko",), scheme="light", width=1280)
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", MAIN)
def test_main_pages_pass_the_rules_in_every_language_and_scheme(
    ground: Ground, browser: Browser, name: str, scheme: str
) -> None:
    faults = examine(ground, browser, BY_NAME[name], languages=LANGUAGES, scheme=scheme, width=390)
    assert not faults, "\n".join(faults)


@pytest.mark.soak
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_pages_pass_the_rules_everywhere(ground: Ground, browser: Browser, kind: PageKind) -> None:
    faults = []
    for scheme, width in product(SCHEMES, WIDTHS):
        faults += examine(ground, browser, kind, languages=LANGUAGES, scheme=scheme, width=width)
    assert not faults, "\n".join(faults)
