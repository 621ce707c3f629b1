"""The style guide in a real browser: what it shows passes the accessibility rules and fits a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.browser.axe import find_violations
from tests.browser.browser_visits import carry_session
from tests.conftest import LiveServer, sign_in_as

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_the_style_guide_passes_the_accessibility_rules(
    live_server: LiveServer, browser: Browser, scheme: Any, width: int
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    carry_session(sign_in_as(live_server.app, "analyst"), context, live_server)
    page = context.new_page()
    page.goto(f"{live_server.url}/desk/style?lang=ko")
    found = find_violations(page)
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    context.close()
    assert not found
    assert over <= 0
