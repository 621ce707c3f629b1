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

from surveyapp.fieldwork.rounds import change_dates
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire
from surveyapp.records.database import Database
from tests.respondent_visits import Visit, answer_until, make_round

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "surveyapp" / "web" / "static"
TEMPLATES = ROOT / "templates" / "respondent"
MACROS_ALONE = {"respondent/answers.html"}

MAX_PAGE_BYTES = 60_000  # measures.md: first form page, all bytes compressed, without fonts
MAX_SCRIPT_BYTES = 6_000

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
    assert (STATIC / "js" / "respondent.js").stat().st_size < MAX_SCRIPT_BYTES


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
        token = visit.token
        for path in ("p/sec_profile?notice=order", "link", "check"):
            assert visit.open(f"/r/{token}/{path}").language == language
        assert visit.press().status == 422
        answer_until(visit.open(f"/r/{token}/"), "")
        visit.open(f"/r/{token}/p/sec_profile").fill({"company_name": "한빛바이오"}).press()
        visit.open(f"/r/{token}/check").press()
        assert visit.path.endswith("/receipt")
        client.post(f"/r/{token}/fragment/sec_profile")
        assert visit.open("/s/survey-2026/declined").language == language
        visit.open(f"/r/{token}/withdraw").press()
        assert (visit.status, visit.language) == (410, language)
        now = datetime.now(UTC)
        with database.write() as connection:
            change_dates(connection, round_, opens_at=round_.opens_at, closes_at=now, actor="test", now=now)
        assert visit.open("/s/survey-2026/").status == 403
    wanted = {f"respondent/{path.name}" for path in TEMPLATES.glob("*.html")} - MACROS_ALONE
    assert not wanted - names
