"""The chart theme: told apart without seeing colour, in grey print and in every language."""

from __future__ import annotations

import math
from decimal import Decimal
from itertools import combinations, pairwise
from pathlib import Path

import pytest
from babel import Locale
from babel.numbers import format_decimal, format_percent

from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.reports.chart_theme import (
    CATEGORIES,
    DIVERGING,
    PAPER_INKS,
    SEPARATORS,
    SEQUENTIAL,
    SYMBOLS,
    Scheme,
    Tone,
    blend_colours,
    build_axis,
    build_fill,
    build_layout,
    find_tokens,
    list_tones,
    measure_contrast,
    measure_luminance,
    name_category,
    write_style_sheet,
)
from surveyapp.reports.words import Words

STYLE_SHEET = Path(__file__).parents[2] / "surveyapp" / "web" / "static" / "css" / "chart_theme.css"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
SURFACES = {"light": "#ffffff", "dark": "#1a2220"}

# Machado, Oliveira & Fernandes (2009), severity 1, on linear RGB.
SIGHTS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "full": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritanopia": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}
XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
WHITE = (0.95047, 1.0, 1.08883)

CATEGORY_DISTANCE = 20.0  # CIE 1976; a difference of 10 is seen at a glance
STEP_DISTANCE = 6.0  # between neighbours of an ordered scale, which stand side by side with their words
CATEGORY_LIGHTNESS = 5.0  # L*
STEP_LIGHTNESS = 6.0


def multiply(matrix: tuple[tuple[float, ...], ...], colour: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(a * b for a, b in zip(row, colour, strict=True)) for row in matrix)


def see(colour: str, sight: str) -> tuple[float, ...]:
    """L*, a*, b* of a colour as it is seen."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = tuple(one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels)
    seen = tuple(min(1.0, max(0.0, one)) for one in multiply(SIGHTS[sight], linear))
    x, y, z = (
        math.cbrt(one / white) if one / white > 216 / 24389 else (24389 / 27 * one / white + 16) / 116
        for one, white in zip(multiply(XYZ, seen), WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def find_lightness(colour: str) -> float:
    return see(colour, "full")[0]


def find_colours(tones: tuple[Tone, ...], scheme: Scheme) -> list[str]:
    return [tone.find_colour(scheme) for tone in tones]


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("sight", SIGHTS)
def test_categories_are_told_apart_by_every_eye(scheme: Scheme, sight: str) -> None:
    seen = [see(colour, sight) for colour in find_colours(CATEGORIES, scheme)]
    assert min(math.dist(one, other) for one, other in combinations(seen, 2)) >= CATEGORY_DISTANCE


@pytest.mark.parametrize("scheme", SCHEMES)
def test_categories_are_told_apart_in_grey(scheme: Scheme) -> None:
    """By their lightness, and besides by the form of their mark."""
    steps = sorted(find_lightness(colour) for colour in find_colours(CATEGORIES, scheme))
    assert min(other - one for one, other in pairwise(steps)) >= CATEGORY_LIGHTNESS
    assert len(set(SYMBOLS)) == len(CATEGORIES)
    assert len({name_category(place) for place in range(len(CATEGORIES))}) == len(CATEGORIES)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_categories_stand_out_from_the_ground(scheme: Scheme) -> None:
    assert all(measure_contrast(colour, SURFACES[scheme]) >= 3 for colour in find_colours(CATEGORIES, scheme))


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("scale", SEQUENTIAL)
def test_steps_run_one_way_in_lightness_and_are_seen_by_every_eye(scheme: Scheme, scale: str) -> None:
    colours = find_colours(SEQUENTIAL[scale], scheme)
    steps = [find_lightness(colour) for colour in colours]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert min(abs(one - other) for one, other in pairwise(steps)) >= STEP_LIGHTNESS
    for sight in SIGHTS:
        seen = [see(colour, sight) for colour in colours]
        assert min(math.dist(one, other) for one, other in pairwise(seen)) >= STEP_DISTANCE, sight


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_halves_of_the_diverging_scale_are_told_apart_by_every_eye_and_in_grey(scheme: Scheme) -> None:
    colours = find_colours(DIVERGING, scheme)
    for sight in SIGHTS:
        seen = [see(colour, sight) for colour in colours]
        assert min(math.dist(one, other) for one, other in combinations(seen, 2)) >= CATEGORY_DISTANCE, sight
    assert [tone.is_hatched for tone in DIVERGING] == [False, False, True, True]
    for first, second in ((0, 1), (2, 3)):
        assert abs(find_lightness(colours[first]) - find_lightness(colours[second])) >= 20
    tokens = find_tokens(scheme)
    for tone in DIVERGING[2:]:
        assert build_fill(tone.name)["pattern"]["fgcolor"] == f"var(--line-{tone.name})"
        line = tokens[f"line-{tone.name}"]
        assert abs(find_lightness(line) - find_lightness(tone.find_colour(scheme))) >= 5, "the lines are seen in grey"
    assert "pattern" not in build_fill("status-1")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_words_on_every_tone_can_be_read(scheme: Scheme) -> None:
    tokens = find_tokens(scheme)
    for tone in list_tones():
        assert measure_contrast(tokens[f"on-{tone.name}"], tokens[tone.name]) >= 4.5, tone.name


def test_ink_on_paper_can_be_read() -> None:
    for name in ("ink", "ink-soft", "ink-faint"):
        assert measure_contrast(PAPER_INKS[name], PAPER_INKS["surface"]) >= 7
    assert measure_contrast(PAPER_INKS["ink-faint"], PAPER_INKS["surface-sunk"]) >= 4.5


def test_the_style_sheet_says_what_the_theme_says() -> None:
    """`python -m surveyapp.reports.chart_theme > …/chart_theme.css` writes it anew."""
    assert STYLE_SHEET.read_text(encoding="utf-8") == write_style_sheet()


def test_contrast_and_blending() -> None:
    assert measure_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert measure_luminance("#ffffff") == pytest.approx(1)
    assert blend_colours("#000000", "#ffffff", 0.5) == "#808080"


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_written_as_the_language_writes_them(language: Language) -> None:
    """In words by `Words`, on axes by Plotly with these separators: as the Unicode locale data has it, in all three."""
    words, locale = Words(language), Locale.parse(language)
    assert words.number(1234567) == format_decimal(1234567, locale=locale) == "1,234,567"
    assert words.number(Decimal("1234.56"), 1) == format_decimal(Decimal("1234.6"), locale=locale) == "1,234.6"
    assert words.percent(Decimal("0.123"), 1) == format_percent(Decimal("0.123"), "#,##0.0%", locale=locale) == "12.3%"
    assert words.percent(Decimal("0.12")) == format_percent(Decimal("0.12"), locale=locale) == "12%"
    assert locale.number_symbols["latn"]["decimal"] + locale.number_symbols["latn"]["group"] == SEPARATORS
    assert build_layout()["separators"] == SEPARATORS
    assert build_axis()["tickformat"].startswith(","), "1,200 and never 1.2k"
