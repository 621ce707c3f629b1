"""A person at the survey in a real browser, with the same moves as `Visit` of the test client."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from flask.testing import FlaskClient

from tests.conftest import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

READ_TYPED = "name => [...document.querySelectorAll('main form')].flatMap(form => new FormData(form).getAll(name))"


@dataclass
class BrowserVisit:
    """One person with one browser. `url` is the server's, without a slash at its end."""

    page: Page
    url: str
    has_script: bool = True
    status: int = 0

    def open(self, path: str) -> BrowserVisit:
        reply = self.page.goto(f"{self.url}{path}")
        self.status = reply.status if reply is not None else 0
        return self

    def press(self, name: str = "", value: str = "") -> BrowserVisit:
        """Click the button `name=value`, or the main one, and wait for where it leads."""
        button = f"button[name='{name}'][value='{value}']" if name else "main form button[type=submit]:not([name])"
        with self.page.expect_navigation() as navigation:
            self.page.locator(button).first.click()
        self.status = navigation.value.status
        return self

    def fill(self, answers: Mapping[str, str | int | Sequence[str] | None]) -> BrowserVisit:
        """Answer as a person does; a sequence ticks these boxes and unticks the others."""
        for name, value in answers.items():
            values = [] if value is None else [str(value)] if isinstance(value, str | int) else list(value)
            self._answer(name, values)
        return self

    def bring_up(self, question: str) -> BrowserVisit:
        """See the further question that an answer just given leads to: in place, or after the button without script."""
        if not self.has_script:
            self.press()
        self.page.locator(f"[data-question='{question}']").wait_for()
        return self

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def language(self) -> str:
        return self.page.locator("html").get_attribute("lang") or ""

    @property
    def text(self) -> str:
        return self.page.locator("main").text_content() or ""

    @property
    def receipt(self) -> str:
        return self.page.locator(".receipt-number").inner_text()

    def list_faults(self) -> list[str]:
        return self.page.locator("#error-summary li").all_inner_texts()

    def list_typed(self, name: str) -> list[str]:
        found: list[str] = self.page.evaluate(READ_TYPED, name)
        return found

    def _answer(self, name: str, values: Sequence[str]) -> None:
        control = f"main form [name='{name}']"
        match self.page.locator(control).first.evaluate("control => control.type"):
            case "radio" | "checkbox":
                for value in values:
                    self.page.locator(f"{control}[value='{value}']").check()
                for value in set(self.list_typed(name)) - set(values) - {""}:
                    self.page.locator(f"{control}[type=checkbox][value='{value}']").uncheck()
            case "select-one":
                self.page.locator(control).select_option(list(values) or "")
            case _:
                self.page.locator(control).fill("".join(values))


def carry_session(client: FlaskClient, context: BrowserContext, server: LiveServer) -> None:
    """Let a browser have the session of a test client."""
    cookie = client.get_cookie("desk_session", path="/desk")
    assert cookie is not None
    host = urlsplit(server.url).hostname or ""
    context.add_cookies([{"name": cookie.key, "value": cookie.value, "domain": host, "path": cookie.path}])
