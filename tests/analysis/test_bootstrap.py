"""The percentile range: repeatable, and what resampling companies one by one gives."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from surveyapp.analysis.bootstrap import Pattern, compute_index, find_index_range
from surveyapp.questionnaire.scoring import round_half_up

# Eight of 40 companies: severity, open share in halves, companies.
PATTERNS: tuple[Pattern, ...] = ((0, 1, 1), (2, 0, 1), (3, 1, 2), (4, 2, 3), (5, 2, 1))


def test_the_range_is_the_same_in_every_process() -> None:
    low, high = find_index_range(PATTERNS, 40) or (None, None)
    assert low is not None
    assert high is not None
    assert (round_half_up(low, 2), round_half_up(high, 2)) == (Decimal("2.75"), Decimal("18.21"))


def test_agrees_with_resampling_the_companies_themselves() -> None:
    companies = [(severity, half) for severity, half, count in PATTERNS for _ in range(count)]
    companies += [(-1, -1)] * (40 - len(companies))
    random = np.random.RandomState(1)
    indexes = []
    for _ in range(20_000):
        drawn = [companies[place] for place in random.randint(0, 40, 40)]
        named = [company for company in drawn if company != (-1, -1)]
        rated = [severity for severity, _ in named if severity]
        if named and not rated:
            continue
        halves = [half for _, half in named]
        indexes.append(compute_index((len(named), sum(rated), len(rated), sum(halves), len(halves)), 40))
    expected = np.percentile([float(index) for index in indexes], [2.5, 97.5])
    found = find_index_range(PATTERNS, 40)
    assert found is not None
    assert [float(bound) for bound in found] == pytest.approx(expected, abs=0.6)


def test_everybody_alike_leaves_no_doubt() -> None:
    assert find_index_range(((4, 2, 30),), 30) == (Fraction(80), Fraction(80))
    assert find_index_range(((4, 0, 10),), 30) == (Fraction(0), Fraction(0))


def test_nothing_to_multiply_gives_no_range() -> None:
    assert find_index_range(((0, 2, 30),), 30) is None


def test_cost_does_not_grow_with_the_companies() -> None:
    low, high = find_index_range(((3, 1, 200_000), (4, 2, 300_000)), 1_000_000) or (Fraction(0), Fraction(0))
    assert 0 < high - low < Fraction(1, 5)
