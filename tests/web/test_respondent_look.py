"""What the respondent's pages weigh, whether their colours can be read, and that each template speaks each language."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, template_rendered
from flask.testing import FlaskClient

from surveyapp.fieldwork.mail.declining import make_decline_token
from surveyapp.fieldwork.rounds import change_dates
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.web.shown_text import hold_together
from tests.conftest import LOOKUP_KEY, VAULT_KEYS
from tests.respondent_visits import Visit, answer_until, make_round

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "surveyapp" / "web" / "static"
TEMPLATES = ROOT / "templates" / "respondent"
MACROS_ALONE = {
    "respondent/answers.html",
    "respondent/left_files.html",
    "respondent/listed_questions.html",
    "respondent/mail_form.html",
    "respondent/readiness_parts.html",
}
# Read back in tests/web/test_question_list.py and test_company_readiness.py.
ON_PAPER = {"respondent/question_list_pdf.html", "respondent/readiness_pdf.html"}

MAX_PAGE_BYTES = 60_000  # measures.md: first form page, all bytes compressed, without fonts
MAX_SCRIPT_BYTES = 14_000  # of all that a page of the form may load, compressed

DESK_SCRIPTS = ("charts.js", "desk.js", "live_parts.js")

READ = 4.5  # WCAG 2.2, text
SEEN = 3.0  # WCAG 2.2, borders of controls, focus, graphics
TEXT_PAIRS = [
    (text, ground)
    for text in ("ink", "ink-soft", "ink-faint", "link", "accent", "alert")
    for ground in ("paper", "surface")
] + [
    ("ink-faint", "surface-sunk"),
    ("ink-soft", "surface-sunk"),
    ("ink", "accent-soft"),
    ("ink-soft", "accent-soft"),
    ("accent", "accent-soft"),
    ("alert", "alert-soft"),
    ("ink", "alert-soft"),
    ("warning", "warning-soft"),
    ("ink", "warning-soft"),
    ("success", "success-soft"),
    ("success", "paper"),
    ("success", "surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
]
GRAPHIC_PAIRS = [
    (mark, ground) for mark in ("line-strong", "accent", "focus", "alert") for ground in ("paper", "surface")
] + [(f"series-{number}", "surface") for number in range(1, 7)]


def read_tokens() -> dict[str, dict[str, str]]:
    """Colours by scheme."""
    css = (STATIC / "css" / "tokens.css").read_text(encoding="utf-8")
    light, dark = css.split("@media (prefers-color-scheme: dark)")
    pattern = re.compile(r"--([a-z0-9-]+):\s*(#[0-9a-f]{6})\b")
    first = dict(pattern.findall(light))
    return {"light": first, "dark": {**first, **dict(pattern.findall(dark))}}


def measure_contrast(one: str, other: str) -> float:
    """WCAG 2.2's ratio of relative luminances."""

    def measure_luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((measure_luminance(one), measure_luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_can_be_read(scheme: str) -> None:
    tokens = read_tokens()[scheme]
    faults = [
        f"{one} on {ground}: {ratio:.2f}"
        for pairs, least in ((TEXT_PAIRS, READ), (GRAPHIC_PAIRS, SEEN))
        for one, ground in pairs
        if (ratio := measure_contrast(tokens[one], tokens[ground])) < least
    ]
    assert not faults


def test_style_sheets_use_tokens_for_every_colour() -> None:
    for name in ("base.css", "components.css"):
        css = (STATIC / "css" / name).read_text(encoding="utf-8")
        css = css.partition("@media print")[0]
        assert not re.findall(r"(?:#[0-9a-fA-F]{3,8}\b|rgb\(|hsl\()(?![^{}]*\{)", css), name


def test_script_is_small() -> None:
    scripts = set((STATIC / "js").glob("*.js")) - {STATIC / "js" / name for name in DESK_SCRIPTS}
    assert sum(len(gzip.compress(script.read_bytes(), 6)) for script in scripts) < MAX_SCRIPT_BYTES


def weigh_page(client: FlaskClient, html: str) -> int:
    """Compressed bytes of a page with everything that it loads."""
    total = len(gzip.compress(html.encode(), 6))
    for address in sorted(set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html))):
        reply = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert reply.status_code == 200, address
        total += len(reply.get_data())
    return total


@pytest.mark.parametrize("language", LANGUAGES)
def test_pages_are_light(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, language: Language
) -> None:
    make_round(database, questionnaire)
    visit = Visit(client).open(f"/s/survey-2026/?lang={language}")
    weights = {"start": weigh_page(client, visit.html)}
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()
    answer_until(visit, "")
    for name in ("sec_profile", "rd_page_regulatory", "blk_reg", "rank_topics"):
        weights[name] = weigh_page(client, visit.open(f"/r/{visit.token}/p/{name}").html)
    weights["check"] = weigh_page(client, visit.open(f"/r/{visit.token}/check").html)
    assert max(weights.values()) <= MAX_PAGE_BYTES, weights


@contextmanager
def note_templates(app: Flask) -> Iterator[set[str]]:
    """Names of the templates that are rendered meanwhile."""
    names: set[str] = set()

    def note(sender: Flask, template: Any, **context: Any) -> None:
        names.add(template.name)

    with template_rendered.connected_to(note, app):
        yield names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_template_speaks_every_language(
    app: Flask, client: FlaskClient, database: Database, questionnaire: Questionnaire, language: Language
) -> None:
    """Each reply is checked by the client; here only that none is left out, in its language."""
    round_ = make_round(database, questionnaire)
    with note_templates(app) as names:
        visit = Visit(client).open(f"/?lang={language}")
        visit.open(f"/s/survey-2026/?lang={language}").press()
        visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "named"}).press().press()
        assert visit.language == language
        assert Visit(client).open(f"/s/survey-2026/questions?lang={language}").language == language
        token = visit.token
        visit.open(f"/r/{token}/colleagues").fill({"section": ["sec_voice"], "label": "부서"}).press()
        [made] = visit.find(id="made-link")
        assert visit.open("/part/" + "".join(made.itertext()).partition("/part/")[2].strip()).language == language
        for path in ("replace", "replaced", "p/sec_profile?notice=order", "link", "consents", "check"):
            assert visit.open(f"/r/{token}/{path}").language == language
        assert visit.press().status == 422
        answer_until(visit.open(f"/r/{token}/"), "")
        visit.open(f"/r/{token}/p/sec_profile").fill({"company_name": "한빛바이오"}).press()
        visit.open(f"/r/{token}/check").press()
        assert visit.path.endswith("/receipt")
        assert visit.open(f"/r/{token}/readiness").language == language
        client.post(f"/r/{token}/save/sec_profile")
        client.post("/s/survey-2026/fragment")
        assert visit.open("/s/survey-2026/declined").language == language
        decline = make_decline_token(Vault(VAULT_KEYS, LOOKUP_KEY), questionnaire.form_id, "a@example.com")
        assert visit.open(f"/u/{decline}?lang={language}").language == language
        visit.open(f"/r/{token}/withdraw").press()
        assert (visit.status, visit.language) == (410, language)
        now = datetime.now(UTC)
        with database.write() as connection:
            change_dates(connection, round_, opens_at=round_.opens_at, closes_at=now, actor="test", now=now)
        assert visit.open("/s/survey-2026/").status == 403
    wanted = {f"respondent/{path.name}" for path in TEMPLATES.glob("*.html")} - MACROS_ALONE - ON_PAPER
    assert not wanted - names, sorted(wanted - names)


def test_a_middle_dot_holds_to_what_stands_before_it() -> None:
    assert hold_together("품질·GMP") == "품질\u2060·GMP"
    assert hold_together("시험 · 자료") == "시험\u00a0\u2060· 자료"


def test_a_date_with_a_korean_ending_is_not_broken_at_its_hyphens() -> None:
    assert hold_together("2026-11-06까지") == "2026-\u206011-\u206006까지"
    assert hold_together("2026-11-06 (Asia/Seoul)") == "2026-11-06 (Asia/Seoul)"


def test_korean_holds_to_a_bracket_that_touches_it() -> None:
    assert hold_together("식품의약품안전처(식약처)의 협력") == "식품의약품안전처\u2060(식약처)\u2060의 협력"
    assert hold_together("규제 (RA) 담당") == "규제 (RA) 담당"
    assert hold_together("f(x) 承認（PMDA）の") == "f(x) 承認（PMDA）の"
    assert hold_together("Quality, GMP") == "Quality, GMP"


def test_words_of_the_questionnaire_are_held_on_pages_and_typed_words_are_left_alone(
    client: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    make_round(database, questionnaire)
    visit = Visit(client).open("/s/survey-2026/?lang=ko")
    visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "named"}).press()
    answer_until(visit, "")
    visit.open(f"/r/{visit.token}/p/sec_profile").fill({"company_name": "한빛·바이오"}).press()
    loose = re.compile(r"[^\u2060\s<>\"]·")
    for path in ("p/sec_profile", "p/rd_page_regulatory", "p/blk_reg", "check"):
        page = visit.open(f"/r/{visit.token}/{path}").html
        assert {found for found in loose.findall(page) if found != "빛·"} == set(), path
    page = visit.open(f"/r/{visit.token}/check").html
    assert '<span class="typed" dir="auto">한빛·바이오</span>' in page
    assert 'value="한빛·바이오"' in visit.open(f"/r/{visit.token}/p/sec_profile").html


def test_what_people_type_is_set_in_its_own_direction() -> None:
    markup = (ROOT / "templates" / "components" / "question.html").read_text(encoding="utf-8")
    for tag in ('<textarea class="textarea"', '<input class="text-input"'):
        assert f'{tag} dir="auto"' in markup
