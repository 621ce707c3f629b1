"""Pictures of the form and the desk for the documentation: `python -m tests.browser.pictures`, or `make pictures`.

Always the same ones: the sample rounds of one day, a company that answers in the trial round on that day, and seeded
numbers where the application draws random ones.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import time_machine
from PIL import Image

from surveyapp.fieldwork.sample_rounds import TRIAL_SLUG, create_sample_rounds, open_trial_round
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.migrations import migrate
from surveyapp.settings import Settings
from tests.browser.browser_visits import BrowserVisit, carry_session
from tests.conftest import LiveServer, make_settings, serve_app, sign_in_as, start_browser
from tests.respondent_visits import Visit, answer_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
MOMENT = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)
ROUND = "/desk/rounds/sample-2026"
LARGEST = 200_000  # bytes of a picture
STILL_MS = 400  # until what moves or fades has come to rest
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1180, "height": 860}


def take_pictures(folder: Path) -> None:
    """Write every picture anew and name each with its size."""
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory() as instance, hold_chance(), time_machine.travel(MOMENT), start_browser() as browser:
        settings = make_settings(Path(instance))
        prepare(settings)
        with serve_app(settings) as server:
            photograph_form(server, browser, folder)
            photograph_desk(server, browser, folder)
    for picture in sorted(folder.glob("*.png")):
        size = picture.stat().st_size
        sys.stdout.write(f"{picture}: {size // 1000} kB\n")
        assert size <= LARGEST, picture


@contextmanager
def hold_chance() -> Iterator[None]:
    """Let what is drawn at random (receipt numbers, private links) be the same in every run."""
    random = Random(MOMENT.year)
    with mock.patch.multiple(secrets, token_bytes=random.randbytes, randbelow=random.randrange):
        yield


def prepare(settings: Settings) -> None:
    """A trial round and the sample rounds, as `make run` has them."""
    database = open_database(settings.database_url)
    migrate(database)
    questionnaire = load_builtin_questionnaire()
    open_trial_round(database, questionnaire, now=MOMENT)
    vault = Vault(settings.vault_keys, settings.lookup_key)
    create_sample_rounds(database, vault, questionnaire, now=MOMENT)
    database.close()


def photograph_form(server: LiveServer, browser: Browser, folder: Path) -> None:
    """A page of questions, one with faults, the check and the receipt: on a phone, and a page on a desk."""
    visit = Visit(server.app.test_client()).open(f"/s/{TRIAL_SLUG}/?lang=ko")
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
    answer_until(visit, "grp_areas").fill({"ch_areas": ["reg", "gmp", "pri"]}).press()
    visit.fill({"ch_reg_leaf": ["reg-consult"], "ch_reg_sev": "3", "ch_reg_delay": "4", "ch_reg_status": "partly"})
    visit.press()
    page = f"/r/{visit.token}/p/blk_gmp"
    gmp = {"ch_gmp_leaf": ["gmp-inspection", "gmp-findings"], "ch_gmp_sev": "4", "ch_gmp_delay": "9"}

    for name, size, language in (("form-ko", PHONE, "ko"), ("form-en", DESK, "en")):
        with open_page(server, browser, size) as company:
            BrowserVisit(company, server.url).open(f"{page}?lang={language}").fill(gmp)
            save(company, folder / name)
    with open_page(server, browser, PHONE) as company:
        BrowserVisit(company, server.url).open(f"{page}?lang=ja").fill({**gmp, "ch_gmp_delay": "9か月"}).press()
        save(company, folder / "form-errors-ja")

    visit.fill({**gmp, "ch_gmp_status": "unresolved"}).press()
    visit.fill({"ch_pri_leaf": ["pri-listing"], "ch_pri_sev": "2", "ch_pri_status": "partly"}).press()
    visit.fill({"top1": "gmp-inspection", "top2": "reg-consult"}).press()
    visit.fill({"ft_case": "GMP 적합성 조사 일정이 세 번 미뤄져 출시가 9개월 늦어졌습니다."}).press()
    visit.fill({"rank_topics:gmp": "1", "rank_topics:digital": "2", "followup": "no"}).press()
    with open_page(server, browser, PHONE) as company:
        company.goto(f"{server.url}{visit.path}?lang=ko")
        save(company, folder / "check-ko", top=".answer-section:nth-of-type(5)")
        visit.press()
        company.goto(f"{server.url}{visit.path}?lang=ja")
        save(company, folder / "receipt-ja")
        company.goto(f"{server.url}{visit.path.replace('receipt', 'readiness')}?lang=ko")
        save(company, folder / "readiness-ko")


def photograph_desk(server: LiveServer, browser: Browser, folder: Path) -> None:
    """What staff see of the later sample round, and what leaves it."""
    session = sign_in_as(server.app, "analyst")
    for name, path, size, top in (
        ("issues-en", f"{ROUND}/issues?lang=en", DESK, "body"),
        ("issues-ko", f"{ROUND}/issues?lang=ko", DESK, "body"),
        ("issues-ja", f"{ROUND}/issues?lang=ja", PHONE, "#ranking"),
        ("questions-ko", f"{ROUND}/questions?section=sec_challenges&lang=ko", DESK, "body"),
        ("progress-ko", "/desk/rounds/sample-2025/progress?lang=ko", DESK, "body"),
        ("briefing-ko", f"{ROUND}/briefing?lang=ko", DESK, "body"),
        ("disclosure-ko", f"{ROUND}/disclosure?audience=japan&by=product_categories&lang=ko", DESK, "body"),
        ("export-ko", f"{ROUND}/export?kind=deidentified&format=xlsx&lang=ko", DESK, "body"),
        ("codebook-ja", f"{ROUND}/codebook?lang=ja", PHONE, "body"),
    ):
        with open_page(server, browser, size) as desk:
            carry_session(session, desk.context, server)
            desk.goto(server.url + path)
            for plot in desk.locator(".plot").all()[:4]:
                desk.wait_for_selector(f"#{plot.get_attribute('id')}[data-drawn=yes]")
            save(desk, folder / name, top=top)


@contextmanager
def open_page(server: LiveServer, browser: Browser, size: ViewportSize) -> Iterator[Page]:
    context = browser.new_context(viewport=size, color_scheme="light", reduced_motion="reduce", base_url=server.url)
    yield context.new_page()
    context.close()


def save(page: Page, path: Path, *, top: str = "body") -> None:
    """What the screen shows from `top` on, without a blinking cursor and with the pointer out of the way."""
    page.mouse.move(0, 0)
    page.evaluate("top => { document.activeElement.blur(); document.querySelector(top).scrollIntoView(); }", top)
    page.wait_for_timeout(STILL_MS)
    taken = page.screenshot(animations="disabled", caret="hide")
    # 256 colours are enough for flat pages with letters, and a third of the size.
    with Image.open(BytesIO(taken)) as picture:
        picture.convert("RGB").quantize(256, dither=Image.Dither.NONE).save(path.with_suffix(".png"), optimize=True)


if __name__ == "__main__":
    take_pictures(FOLDER)
