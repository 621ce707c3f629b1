"""Readiness of one company: nine dimension scores, the overall score and its band (docs/method/scoring.md, 1 and 2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from surveyapp.questionnaire.model import Answers, ScoringScheme

Band = Literal["exploring", "preparing", "advancing", "ready"]
BANDS: tuple[Band, ...] = ("exploring", "preparing", "advancing", "ready")

LEVEL_POINTS = 25  # one level of five, on the scale from 0 to 100
LEAST_DIMENSIONS = 6
LEAST_WEIGHT = 60
GATE_DIMENSIONS = ("reg", "qual", "part")
GATE_SCORE = 25
SHOWN_DIGITS = 1
_BAND_STARTS: tuple[tuple[Band, int], ...] = (("ready", 75), ("advancing", 50), ("preparing", 25))
_LEVELS: Mapping[object, int] = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}


@dataclass(frozen=True, slots=True)
class Readiness:
    """What one company's answers say of its readiness.

    `dimensions` holds every dimension of the scheme, from 0 to 100, None where no item is answered. `overall` and
    `overall_equal_weights` are rounded as shown, and None, like `band`, where too little is answered. `gate_applied`
    says that the band would be better, were it not for a fatal gap.
    """

    dimensions: Mapping[str, Fraction | None]
    answered_dimensions: int
    answered_weight: int
    overall: Decimal | None
    overall_equal_weights: Decimal | None
    band: Band | None
    gate_applied: bool


@dataclass(frozen=True, slots=True)
class Overall:
    """The part of `Readiness` that all companies with the same sums share."""

    weighted: Decimal | None
    equal_weights: Decimal | None
    band: Band | None
    gate_applied: bool


def round_half_up(value: Fraction | Decimal | float, digits: int) -> Decimal:
    """The value with that many decimals, halves away from zero. A float counts by the digits that it prints.

    Raises `ValueError` for a float that is not finite.
    """
    exact = Fraction(repr(float(value))) if isinstance(value, float) else Fraction(value)
    above, below = exact.as_integer_ratio()
    units = (2 * abs(above) * 10**digits + below) // (2 * below)
    return Decimal(units if above >= 0 else -units).scaleb(-digits)


def find_band(overall: Decimal) -> Band:
    """The band of an overall score, as displayed."""
    return next((band for band, start in _BAND_STARTS if overall >= start), "exploring")


def score_dimension(levels: Iterable[object]) -> Fraction | None:
    """25 x the mean of the answered items; `na`, blank and anything that is no level are left out."""
    answered = [_LEVELS[level] for level in levels if isinstance(level, str) and level in _LEVELS]
    return Fraction(LEVEL_POINTS * sum(answered), len(answered)) if answered else None


def score_readiness(scheme: ScoringScheme, answers: Answers) -> Readiness:
    """The readiness of one company from its answers (names of levels by item)."""
    dimensions = {
        dimension: score_dimension(answers.get(item) for item in scheme.items.get(dimension, ()))
        for dimension in scheme.weights
    }
    scored = {dimension: score for dimension, score in dimensions.items() if score is not None}
    weight = sum(scheme.weights[dimension] for dimension in scored)
    overall = grade_readiness(
        sum((scheme.weights[dimension] * score for dimension, score in scored.items()), Fraction(0)),
        sum(scored.values(), Fraction(0)),
        weight,
        len(scored),
        has_gap=any(scored.get(dimension, GATE_SCORE) < GATE_SCORE for dimension in GATE_DIMENSIONS),
    )
    return Readiness(
        dimensions,
        len(scored),
        weight,
        overall.weighted,
        overall.equal_weights,
        overall.band,
        overall.gate_applied,
    )


def grade_readiness(weighted: Fraction, total: Fraction, weight: int, dimensions: int, *, has_gap: bool) -> Overall:
    """The overall score and band that follow from sums over the answered dimensions.

    `weighted` and `total` are the sums of their scores, with their weights and without; `has_gap`: one of the gate's
    dimensions is below it.
    """
    if dimensions < LEAST_DIMENSIONS or weight < LEAST_WEIGHT:
        return Overall(None, None, None, gate_applied=False)
    overall = round_half_up(weighted / weight, SHOWN_DIGITS)
    band = find_band(overall)
    gate_applied = has_gap and BANDS.index(band) > BANDS.index("preparing")
    equal_weights = round_half_up(total / dimensions, SHOWN_DIGITS)
    return Overall(overall, equal_weights, "preparing" if gate_applied else band, gate_applied)
