"""What was typed is what is stored, whatever happens in between: a real browser and the server as a real process.

Every test compares what a person typed with what the return holds in the end, by way of `Ledger`, from which
`tests.browser.loss_table` makes docs/loss.md.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Error, expect
from sqlalchemy import func, select

from surveyapp.fieldwork.answering import Draft, find_draft, withdraw
from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Answers, Questionnaire
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response
from surveyapp.settings import Settings, create_secrets, load_settings
from surveyapp.web import create_app
from tests.browser.real_server import Gate, RealServer, open_gate, run_server
from tests.conftest import BROWSER_FLAGS, find_browser
from tests.respondent_visits import Visit, answer_until, make_round

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

PAGE = "ft_case"  # three texts, none of them required
FIRST, SECOND, THIRD = "ft_case", "ft_ask_ministry", "ft_best_practice"
KOREAN = "GMP 적합성 조사 일정이 세 번 미뤄져 출시가 9개월 늦어졌습니다."
LATER = "그 뒤 일본 측에 서면으로 문의했으나 답을 받지 못했습니다."
OTHER = "다른 동료가 적은 답입니다."
STORED_S = 40.0  # the longest that a page may wait until it tries again, and more
PAUSE_S = 0.05
LIST_ENTRIES = "() => Object.keys(localStorage).filter(key => key.startsWith('survey:'))"
NO_STORE = "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } })"
JUMP = "years => { const now = Date.now; Date.now = () => now() + years * 31557600000; }"
MAKE_OLD = """for (const name of ['fetch', 'localStorage', 'sessionStorage', 'IntersectionObserver', 'ResizeObserver'])
  Object.defineProperty(window, name, { value: undefined });
Object.defineProperty(navigator, 'locks', { value: undefined });
Object.defineProperty(navigator, 'sendBeacon', { value: undefined });"""
FILL_STORE = """() => { let size = 1 << 22;
  for (let part = 0; size >= 1; part += 1) {
    try { localStorage.setItem(`filler${part}`, 'x'.repeat(size)); } catch { size >>= 1; } } }"""


@dataclass
class Ledger:
    """What was typed and what of it was lost, line by line, for the table of the documentation."""

    path: Path | None

    def compare(self, done: str, typed: Mapping[str, str], stored: Answers, *, responses: int = 0) -> None:
        lost = sorted(name for name, answer in typed.items() if stored.get(name) != answer)
        if self.path is not None:
            line = {"done": done, "typed": len(typed), "lost": len(lost), "responses": responses}
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
        assert not lost, {name: stored.get(name) for name in lost}
        assert responses in (0, 1)


@dataclass
class Fieldwork:
    """An open round on the real server, and the same database seen from here."""

    server: RealServer
    gate: Gate
    settings: Settings
    database: Database
    vault: Vault
    app: Flask
    round: Round

    def begin(self, page: str = PAGE) -> str:
        """A return whose pages before `page` are answered (all of them where it is empty); its token."""
        visit = Visit(self.app.test_client()).open(f"/s/{self.round.slug}/?lang=en")
        visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
        return answer_until(visit, page).token

    def find(self, token: str) -> Draft:
        with self.database.read() as connection:
            return find_draft(connection, self.vault, self.settings.survey_id, token)

    def wait(self, token: str, typed: Mapping[str, str]) -> Answers:
        """What is stored, as soon as it is what was typed, or after long enough."""
        end = time.monotonic() + STORED_S
        while True:
            answers = self.find(token).answers
            if all(answers.get(name) == answer for name, answer in typed.items()) or time.monotonic() > end:
                return answers
            time.sleep(PAUSE_S)

    def count_responses(self, token: str) -> int:
        key = self.find(token).submit_key
        with self.database.read() as connection:
            found = select(func.count()).select_from(response).where(response.c.submit_key == key)
            return int(connection.scalar(found) or 0)


@pytest.fixture(scope="module")
def fieldwork(
    tmp_path_factory: pytest.TempPathFactory, migrated_file: Path, questionnaire: Questionnaire
) -> Iterator[Fieldwork]:
    folder = tmp_path_factory.mktemp("instance")
    create_secrets(folder)
    shutil.copy(migrated_file, folder / "survey.sqlite3")
    settings = load_settings({}, folder)
    database = open_database(settings.database_url)
    round_ = make_round(database, questionnaire)
    app = create_app(settings)
    with run_server(folder) as server, open_gate(server) as gate:
        vault = Vault(settings.vault_keys, settings.lookup_key)
        yield Fieldwork(server, gate, settings, database, vault, app, round_)
    app.extensions["surveyapp"].database.close()
    database.close()


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    named = os.environ.get("LOSS_LINES")
    return Ledger(Path(named) if named else None)


@dataclass
class Person:
    """Somebody at a page of one return."""

    page: Page
    url: str
    token: str

    def open(self, path: str = f"p/{PAGE}") -> Person:
        self.page.goto(f"{self.url}/r/{self.token}/{path}")
        return self

    def type(self, typed: Mapping[str, str]) -> Person:
        for name, answer in typed.items():
            self.page.locator(f"#q-{name}").fill(answer)
        return self

    def read(self, name: str) -> str:
        return self.page.locator(f"#q-{name}").input_value()

    def press(self) -> None:
        self.page.locator("main form .button-primary").click()

    def wait_state(self, state: str) -> None:
        expect(self.page.locator("[data-save-line]")).to_have_attribute("data-state", state, timeout=STORED_S * 1000)

    def list_entries(self) -> list[str]:
        found: list[str] = self.page.evaluate(LIST_ENTRIES)
        return found

    def wait_entries(self, count: int) -> None:
        end = time.monotonic() + STORED_S
        while len(self.list_entries()) != count:
            assert time.monotonic() < end, self.list_entries()
            self.page.wait_for_timeout(PAUSE_S * 1000)

    def die(self) -> None:
        """Close the tab as a killed browser does: without the last request that a closing page may still send, which
        the browser makes on its own and would get through as soon as there is a connection again."""
        self.page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('no connection')); }")
        self.page.close()

    @property
    def words(self) -> str:
        return self.page.locator("[data-save-words]").inner_text()

    @property
    def note(self) -> str:
        return self.page.locator("[data-save-note]").inner_text()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    opened = browser.new_context(locale="en-GB", viewport={"width": 390, "height": 844})
    yield opened
    opened.set_offline(False)
    for page in opened.pages:  # a context that is closed with a request under way may wait for it for ever
        page.close()
    opened.close()


@pytest.fixture
def meet(fieldwork: Fieldwork, context: BrowserContext) -> Iterator[Callable[..., Person]]:
    """`meet()` is a person with a return of their own, `meet(token)` one more at the same return."""
    faults: list[str] = []

    def open_person(token: str = "", *, page: str = PAGE, gated: bool = False) -> Person:
        tab = context.new_page()
        tab.on("pageerror", lambda fault: faults.append(str(fault)))
        url = fieldwork.gate.url if gated else fieldwork.server.url
        return Person(tab, url, token or fieldwork.begin(page))

    fieldwork.gate.fault = "none"
    yield open_person
    fieldwork.gate.fault, fieldwork.gate.strips = "none", False
    assert not faults


Meet = Callable[..., Person]


def test_typed_without_connection_is_sent_when_it_is_back(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person, typed = meet().open(), {FIRST: KOREAN, SECOND: LATER}
    context.set_offline(True)
    person.type(typed)
    person.wait_state("offline")
    assert "kept in this browser" in person.words
    person.press()
    person.wait_state("offline")
    assert person.page.url.endswith(f"/p/{PAGE}")
    assert person.read(FIRST) == KOREAN
    context.set_offline(False)
    person.page.wait_for_url("**/p/rank_topics")  # the button that was pressed is not forgotten either
    ledger.compare(
        "connection cut while typing, button pressed, connection back", typed, fieldwork.find(person.token).answers
    )
    assert person.list_entries() == []


def test_a_button_pressed_in_vain_does_nothing_once_somebody_types_on(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet
) -> None:
    person = meet().open()
    context.set_offline(True)
    person.type({FIRST: KOREAN}).press()
    person.wait_state("offline")
    person.type({SECOND: LATER})
    context.set_offline(False)
    assert fieldwork.wait(person.token, {SECOND: LATER})[FIRST] == KOREAN
    person.wait_state("saved")
    assert person.page.url.endswith(f"/p/{PAGE}")


def test_nobody_waits_for_a_button_to_have_typed_text_stored(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person = meet().open()
    person.page.locator(f"#q-{FIRST}").press_sequentially(KOREAN, delay=5)
    ledger.compare("only typed, no button pressed", {FIRST: KOREAN}, fieldwork.wait(person.token, {FIRST: KOREAN}))
    person.wait_state("saved")
    assert person.words.startswith("Saved at ")
    assert person.list_entries() == []


def test_server_that_goes_down_and_comes_back_has_everything(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open(), {FIRST: KOREAN, THIRD: LATER}
    fieldwork.server.kill()
    person.type(typed)
    person.wait_state("unreachable")
    fieldwork.server.start()
    stored = fieldwork.wait(person.token, typed)
    ledger.compare("server killed, then started again", typed, stored)
    person.wait_state("saved")


def test_server_killed_in_mid_post_has_everything_once_it_is_back(
    fieldwork: Fieldwork, meet: Meet, ledger: Ledger
) -> None:
    person = meet().open()
    with hold_database(fieldwork):
        with person.page.expect_request("**/save/**"):
            person.type({FIRST: KOREAN})
        time.sleep(0.3)
        fieldwork.server.kill()
    typed = {FIRST: KOREAN + LATER}
    person.type(typed)
    fieldwork.server.start()
    ledger.compare("server killed while it was taking a post", typed, fieldwork.wait(person.token, typed))
    person.wait_state("saved")
    assert person.page.locator(".conflict").count() == 0


def test_lost_replies_set_nobody_against_themselves(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person = meet(gated=True).open()
    fieldwork.gate.fault = "reply lost"
    person.type({FIRST: KOREAN})
    fieldwork.wait(person.token, {FIRST: KOREAN})
    person.wait_state("unreachable")
    typed = {FIRST: KOREAN + LATER}
    person.type(typed)
    time.sleep(0.5)
    fieldwork.gate.fault = "none"
    ledger.compare("reply to a save lost, typed on meanwhile", typed, fieldwork.wait(person.token, typed))
    person.wait_state("saved")
    assert person.page.locator(".conflict").count() == 0


@pytest.mark.parametrize("fault", ["fault page", "portal"])
def test_what_others_answer_in_our_place_is_no_save(
    fieldwork: Fieldwork, meet: Meet, ledger: Ledger, fault: Any
) -> None:
    person, typed = meet(gated=True).open(), {FIRST: KOREAN}
    fieldwork.gate.fault = fault
    person.type(typed).press()
    person.wait_state("unreachable")
    assert person.read(FIRST) == KOREAN
    assert len(person.list_entries()) == 1
    fieldwork.gate.fault = "none"
    person.page.wait_for_url("**/p/rank_topics")
    ledger.compare(f"post met by a {fault}", typed, fieldwork.find(person.token).answers)


def test_stale_proof_is_replaced_by_itself(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open(), {FIRST: KOREAN}
    person.page.evaluate("document.querySelectorAll('[name=csrf_token]').forEach(field => field.value = 'old')")
    person.type(typed)
    ledger.compare("proof of the form no longer valid", typed, fieldwork.wait(person.token, typed))
    person.press()
    person.page.wait_for_url("**/p/rank_topics")


def test_no_cookie_is_needed(fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open(), {FIRST: KOREAN}
    context.clear_cookies()
    person.type(typed).press()
    person.page.wait_for_url("**/p/rank_topics")
    ledger.compare("cookies deleted while typing", typed, fieldwork.find(person.token).answers)


def test_a_proxy_that_strips_headers_costs_nothing(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    """No cookie, no referrer, no origin and no language reach the server, and no policy reaches the browser."""
    fieldwork.gate.strips = True
    person = meet(page="", gated=True).open()
    typed = {FIRST: KOREAN, SECOND: LATER}
    person.type({FIRST: KOREAN})
    fieldwork.wait(person.token, {FIRST: KOREAN})
    person.wait_state("saved")
    person.type({SECOND: LATER}).press()
    person.page.wait_for_url("**/p/rank_topics")
    person.open("check").press()
    person.page.wait_for_url("**/receipt")
    token = person.token
    assert fieldwork.count_responses(token) == 1
    ledger.compare("headers stripped by a proxy", typed, fieldwork.find(token).answers, responses=1)
    assert person.list_entries() == []


@pytest.mark.parametrize("script", ["no script arrives", "interfaces of today are missing"])
def test_a_very_old_browser_can_answer(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger, script: str
) -> None:
    if script == "no script arrives":  # as good as one whose words the browser does not understand
        context.route("**/static/js/**", lambda route: route.abort())
    else:
        context.add_init_script(MAKE_OLD)
    person, typed = meet().open(), {FIRST: KOREAN, THIRD: LATER}
    person.type(typed).press()
    person.page.wait_for_url("**/p/rank_topics")
    ledger.compare(f"very old browser: {script}", typed, fieldwork.find(person.token).answers)


def test_back_button_loses_nothing(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open("p/rank_topics").open(), {FIRST: KOREAN}
    person.type(typed)
    person.page.go_back()
    ledger.compare("back button right after typing", typed, fieldwork.wait(person.token, typed))
    person.page.go_forward()
    expect(person.page.locator(f"#q-{FIRST}")).to_have_value(KOREAN)
    person.wait_state("saved")
    person.wait_entries(0)


def test_page_from_the_browsers_memory_shows_what_holds_now(fieldwork: Fieldwork, meet: Meet) -> None:
    person = meet().open()
    colleague = meet(person.token).open().type({FIRST: OTHER})
    fieldwork.wait(person.token, {FIRST: OTHER})
    colleague.wait_state("saved")
    person.page.evaluate("window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    expect(person.page.locator(f"#q-{FIRST}")).to_have_value(OTHER)
    assert fieldwork.find(person.token).answers[FIRST] == OTHER


def test_submit_pressed_twice_is_one_response(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet(page="").open(), {FIRST: KOREAN}
    person.type(typed)
    fieldwork.wait(person.token, typed)
    person.open("check").page.locator("main form .button-primary").dblclick()
    person.page.wait_for_url("**/receipt")
    token = person.token
    ledger.compare(
        "submit pressed twice", typed, fieldwork.find(token).answers, responses=fieldwork.count_responses(token)
    )
    assert fieldwork.count_responses(token) == 1
    assert person.list_entries() == []


@pytest.mark.parametrize("fault", ["reply lost", "refused"])
def test_submit_is_asked_for_until_it_is_answered_and_is_one_response(
    fieldwork: Fieldwork, meet: Meet, ledger: Ledger, fault: Any
) -> None:
    person = meet(page="", gated=True).open("check")
    fieldwork.gate.fault = fault
    person.press()
    person.wait_state("unreachable")
    assert person.page.url.endswith("/check")
    assert "Not submitted yet" in person.words
    fieldwork.gate.fault = "none"
    person.page.wait_for_url("**/receipt")
    count = fieldwork.count_responses(person.token)
    ledger.compare(f"submit met by: {fault}", {}, {}, responses=count)
    assert count == 1


def test_server_killed_while_it_submits_leaves_one_response(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person = meet(page="").open("check")
    with hold_database(fieldwork):
        with person.page.expect_request("**/check"):
            person.press()
        time.sleep(0.3)
        fieldwork.server.kill()
    fieldwork.server.start()
    person.page.wait_for_url("**/receipt")
    count = fieldwork.count_responses(person.token)
    ledger.compare("server killed while it was taking the submit", {}, {}, responses=count)
    assert count == 1


@pytest.mark.parametrize(("side", "holds"), [("mine", KOREAN), ("theirs", OTHER)], ids=["mine", "theirs"])
def test_two_tabs_on_one_question_ask_whose_answer_holds(
    fieldwork: Fieldwork, meet: Meet, ledger: Ledger, side: str, holds: str
) -> None:
    first = meet().open()
    second = meet(first.token).open().type({FIRST: OTHER})
    fieldwork.wait(first.token, {FIRST: OTHER})
    first.type({FIRST: KOREAN, SECOND: LATER})
    first.wait_state("conflict")
    stored = fieldwork.find(first.token).answers
    assert (stored[FIRST], stored[SECOND]) == (OTHER, LATER)
    assert OTHER in first.page.locator(".conflict").inner_text()
    first.press()  # does not go on over an open choice
    first.wait_state("conflict")
    assert first.read(FIRST) == KOREAN
    # A click: the choice is gone as soon as it is saved, too soon perhaps to be seen checked.
    first.page.locator(f".conflict input[value^='{side}']").click()
    first.wait_state("saved")
    expect(first.page.locator(".conflict")).to_have_count(0)
    expect(first.page.locator(f"#q-{FIRST}")).to_have_value(holds)
    typed = {FIRST: holds, SECOND: LATER}
    ledger.compare(f"two tabs on one question, chosen: {side}", typed, fieldwork.find(first.token).answers)
    second.page.close()


def test_two_tabs_on_different_questions_keep_both(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    first = meet().open()
    second = meet(first.token).open()
    first.type({FIRST: KOREAN})
    second.type({SECOND: OTHER})
    typed = {FIRST: KOREAN, SECOND: OTHER}
    stored = fieldwork.wait(first.token, typed)
    ledger.compare("two tabs on different questions of one page", typed, stored)
    first.wait_state("saved")
    second.wait_state("saved")
    first.type({FIRST: KOREAN + LATER})
    fieldwork.wait(first.token, {FIRST: KOREAN + LATER})
    first.wait_state("saved")
    assert first.read(SECOND) == OTHER  # of the other tab, shown at the next save
    assert first.page.locator(".conflict").count() == 0


def test_two_tabs_without_connection_keep_both(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    first = meet().open()
    second = meet(first.token).open()
    context.set_offline(True)
    first.type({FIRST: KOREAN})
    second.type({SECOND: OTHER})
    first.wait_entries(2)
    context.set_offline(False)
    typed = {FIRST: KOREAN, SECOND: OTHER}
    ledger.compare("two tabs without a connection", typed, fieldwork.wait(first.token, typed))
    first.wait_entries(0)


def test_browser_that_was_killed_brings_back_what_was_typed(
    fieldwork: Fieldwork, browser: Browser, ledger: Ledger, tmp_path: Path
) -> None:
    token, typed = fieldwork.begin(), {FIRST: KOREAN, SECOND: LATER}
    with open_profile(browser, tmp_path) as killed:
        person = Person(killed.new_page(), fieldwork.server.url, token).open()
        killed.set_offline(True)
        person.type(typed)
        person.wait_entries(1)
        person.wait_state("offline")
        time.sleep(6)  # what the browser writes to its disk within seconds
        kill_browser(tmp_path)
    with open_profile(browser, tmp_path) as again:
        person = Person(again.new_page(), fieldwork.server.url, token).open()
        expect(person.page.locator("[data-save-note]")).to_contain_text("put back")
        assert (person.read(FIRST), person.read(SECOND)) == (KOREAN, LATER)
        ledger.compare("browser killed without a connection, then opened again", typed, fieldwork.wait(token, typed))
        person.wait_entries(0)


def test_tab_that_was_closed_without_connection_is_caught_up_from_any_page(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person, typed = meet().open(), {FIRST: KOREAN}
    context.set_offline(True)
    person.type(typed)
    person.wait_entries(1)
    person.page.close()
    context.set_offline(False)
    again = meet(person.token).open("p/rank_topics")
    ledger.compare("tab closed without a connection, another page opened", typed, fieldwork.wait(person.token, typed))
    again.wait_entries(0)


def test_check_page_sends_what_is_left_over_before_anything_is_submitted(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person, typed = meet(page="").open(), {FIRST: KOREAN}
    context.set_offline(True)
    person.type(typed)
    person.wait_entries(1)
    person.die()
    context.set_offline(False)
    again = meet(person.token).open("check")
    expect(again.page.locator("[data-save-note]")).to_contain_text("saved now")
    expect(again.page.locator("main")).to_contain_text(KOREAN)
    again.press()
    again.page.wait_for_url("**/receipt")
    count = fieldwork.count_responses(person.token)
    ledger.compare(
        "tab closed without a connection, then submitted", typed, fieldwork.find(person.token).answers, responses=count
    )
    expect(again.page.locator("main")).to_contain_text(KOREAN)
    assert again.list_entries() == []


def test_edit_left_over_after_submitting_survives_the_receipt(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person, typed = meet(page="").open("check"), {FIRST: KOREAN}
    person.press()
    person.page.wait_for_url("**/receipt")
    person.open()
    context.set_offline(True)
    person.type(typed)
    person.wait_entries(1)
    person.page.close()
    context.set_offline(False)
    meet(person.token).open("")
    ledger.compare(
        "edit typed without a connection, private link opened again", typed, fieldwork.wait(person.token, typed)
    )


def test_blocked_store_breaks_nothing(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    context.add_init_script(NO_STORE)
    person, typed = meet().open(), {FIRST: KOREAN}
    context.set_offline(True)
    person.type(typed)
    person.wait_state("offline")
    assert "leave this page open" in person.words
    context.set_offline(False)
    ledger.compare("browser's store blocked, connection cut and back", typed, fieldwork.wait(person.token, typed))


def test_full_store_breaks_nothing(fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open(), {FIRST: KOREAN}
    person.page.evaluate(FILL_STORE)
    context.set_offline(True)
    person.type(typed)
    person.wait_state("offline")
    assert "leave this page open" in person.words
    context.set_offline(False)
    ledger.compare("browser's store full, connection cut and back", typed, fieldwork.wait(person.token, typed))


def test_a_clock_that_jumps_costs_nothing(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person = meet().open()
    context.set_offline(True)
    person.page.evaluate(JUMP, 30)
    person.type({FIRST: KOREAN})
    person.wait_entries(1)
    person.page.evaluate(JUMP, -60)
    person.type({SECOND: LATER})
    person.wait_state("offline")
    person.page.close()
    context.set_offline(False)
    typed = {FIRST: KOREAN, SECOND: LATER}
    again = meet(person.token).open()
    ledger.compare("clock jumps by decades while typing", typed, fieldwork.wait(person.token, typed))
    again.wait_entries(0)


def test_shared_computer_keeps_nothing(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet, ledger: Ledger
) -> None:
    person, typed = meet().open(), {FIRST: KOREAN}
    context.set_offline(True)
    person.type({SECOND: LATER})
    person.wait_entries(1)
    person.page.locator("[data-shared]").click()
    person.wait_entries(0)
    person.type(typed)
    person.wait_state("offline")
    assert KOREAN not in person.page.evaluate("JSON.stringify(localStorage)")
    assert "leave this page open" in person.words
    context.set_offline(False)
    ledger.compare("shared computer, connection cut and back", typed, fieldwork.wait(person.token, typed))
    person.open()
    assert person.page.locator("[data-shared]").get_attribute("aria-pressed") == "true"


def test_store_is_empty_after_submit_withdrawal_and_refusal(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet
) -> None:
    for leave in ("check", "withdraw", "refuse"):
        person = meet(page="").open()
        name = person.page.locator("form[data-return]").get_attribute("data-return")
        key = f"survey:{name}:{PAGE}:left"
        person.page.evaluate(
            "key => localStorage.setItem(key, JSON.stringify({ at: Date.now(), sent: [], state: [] }))", key
        )
        if leave == "refuse":
            person.open("p/sec_consent")
            person.page.locator("input[name=consent_participate][value=disagree]").check()
            person.press()
            person.page.wait_for_url("**/declined")
        else:
            person.open(leave)
            person.page.locator("main form button[type=submit]").first.click()
            person.page.wait_for_url("**/receipt" if leave == "check" else f"**/r/{person.token}/")
        person.wait_entries(0)
        person.page.close()


def test_store_forgets_after_seven_days_and_not_because_of_a_clock(
    fieldwork: Fieldwork, context: BrowserContext, meet: Meet
) -> None:
    person = meet().open()
    day = 24 * 3600 * 1000
    person.page.evaluate(
        """([ages, now]) => ages.forEach(([name, age]) => localStorage.setItem(`survey:${name}:page:tab`,
           JSON.stringify({ at: Date.now() - age, sent: [], state: [["shown", "a@"]] })))""",
        [[["old", 8 * day], ["young", 6 * day], ["future", -900 * day]], 0],
    )
    person.open()
    left = {key.split(":")[1] for key in person.list_entries()}
    assert left == {"young", "future"}
    ages = person.page.evaluate("Date.now() - JSON.parse(localStorage.getItem('survey:future:page:tab')).at")
    assert 0 <= ages < day


def test_round_that_closes_while_somebody_types_says_so_and_shows_what_was_typed(
    fieldwork: Fieldwork, meet: Meet
) -> None:
    person = meet().open()
    now = datetime.now(UTC)
    with move_end(fieldwork, now - timedelta(minutes=1)):
        person.type({FIRST: KOREAN})
        person.wait_state("closed")
        assert person.read(FIRST) == KOREAN


def test_return_that_was_withdrawn_meanwhile_says_so(fieldwork: Fieldwork, meet: Meet) -> None:
    person = meet().open()
    with fieldwork.database.write() as connection:
        withdraw(connection, fieldwork.find(person.token), now=datetime.now(UTC))
    person.type({FIRST: KOREAN})
    person.wait_state("withdrawn")
    assert person.read(FIRST) == KOREAN
    assert person.list_entries() == []


def test_answer_that_cannot_be_stored_is_named(fieldwork: Fieldwork, meet: Meet, ledger: Ledger) -> None:
    person, typed = meet().open(), {SECOND: LATER}
    person.type({FIRST: "가" * 2001, **typed})
    person.wait_state("partly")
    ledger.compare("one answer too long, the others stored", typed, fieldwork.find(person.token).answers)
    assert len(person.read(FIRST)) == 2001
    assert len(person.list_entries()) == 1
    person.open()
    assert len(person.read(FIRST)) == 2001
    person.wait_state("partly")


def test_form_works_without_script(fieldwork: Fieldwork, browser: Browser, ledger: Ledger) -> None:
    token, typed = fieldwork.begin(), {FIRST: KOREAN, SECOND: LATER}
    plain = browser.new_context(java_script_enabled=False, locale="en-GB")
    person = Person(plain.new_page(), fieldwork.server.url, token).open().type(typed)
    person.press()
    person.page.wait_for_url("**/p/rank_topics")
    assert person.page.locator("[data-save-line]").is_hidden()
    ledger.compare("no script", typed, fieldwork.find(token).answers)
    plain.close()


def test_state_stays_in_sight_and_is_told_only_when_it_changes(context: BrowserContext, meet: Meet) -> None:
    person = meet().open()
    line, status = person.page.locator("[data-save-line]"), person.page.locator("[data-save-line] [role=status]")
    person.page.locator(f"#q-{THIRD}").scroll_into_view_if_needed()
    person.page.locator("main form .button-primary").scroll_into_view_if_needed()
    box = line.bounding_box()
    assert box is not None and box["y"] >= 0 and box["y"] + box["height"] < 200
    person.type({FIRST: KOREAN})
    person.wait_state("saved")
    assert status.inner_text() == ""
    context.set_offline(True)
    person.type({FIRST: LATER})
    person.wait_state("offline")
    expect(status).to_have_text(person.words)
    context.set_offline(False)
    person.wait_state("saved")
    expect(status).to_have_text(person.words)


@contextmanager
def hold_database(fieldwork: Fieldwork) -> Iterator[None]:
    """Meanwhile nobody can write: a post that has arrived waits."""
    file = sqlite3.connect(fieldwork.settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    file.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        file.execute("ROLLBACK")
        file.close()


@contextmanager
def move_end(fieldwork: Fieldwork, closes_at: datetime) -> Iterator[None]:
    """Meanwhile the round ends at another time."""
    round_, now = fieldwork.round, datetime.now(UTC)
    for end in (closes_at, round_.closes_at):
        with fieldwork.database.write() as connection:
            change_dates(connection, round_, opens_at=round_.opens_at, closes_at=end, actor="test", now=now)
        if end == closes_at:
            yield


@contextmanager
def open_profile(browser: Browser, folder: Path) -> Iterator[BrowserContext]:
    """A browser of its own, whose store is on disk."""
    flags = [flag for flag in BROWSER_FLAGS if flag != "--headless"]
    opened = browser.browser_type.launch_persistent_context(
        folder, executable_path=find_browser(), args=flags, headless=True, locale="en-GB"
    )
    yield opened
    with suppress(Error):  # one that was killed is closed already
        opened.close()


def kill_browser(folder: Path) -> None:
    """Every process of the browser with this profile, without notice."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = entry.read_bytes()
        except OSError:
            continue
        if f"--user-data-dir={folder}".encode() in command:
            os.kill(int(entry.parent.name), signal.SIGKILL)
