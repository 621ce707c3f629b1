"""Quartiles of type 7, and none of a few values."""

from __future__ import annotations

import statistics
from collections import Counter
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from surveyapp.analysis.number_summaries import NumberSummary, find_quantile, summarise_numbers


@given(values=st.lists(st.integers(0, 120), min_size=5, max_size=60))
def test_quartiles_are_type_7(values: list[int]) -> None:
    summary = summarise_numbers(sorted(Counter(values).items()))
    expected = statistics.quantiles(map(Fraction, values), n=4, method="inclusive")
    assert [summary.lower_quartile, summary.median, summary.upper_quartile] == expected
    assert summary.n == len(values)
    assert summary.smallest == min(values)
    assert summary.largest == max(values)
    assert summary.total == sum(values)


def test_no_quartiles_of_fewer_than_five_values() -> None:
    summary = summarise_numbers([(0, 2), (6, 2)])
    assert (summary.n, summary.median, summary.lower_quartile, summary.upper_quartile) == (4, None, None, None)
    assert summary.smallest == 0
    assert summary.largest == 6
    assert summary.total == 12
    assert summarise_numbers([(0, 2), (6, 3)]).median == 6


def test_zero_counts_and_blank_does_not() -> None:
    assert summarise_numbers([]) == NumberSummary(0)
    assert summarise_numbers([(0, 5)]).median == 0
    assert summarise_numbers([(0, 0)]) == NumberSummary(0)


def test_quantiles_of_one_value() -> None:
    assert find_quantile([(7, 1)], 1, Fraction(1, 4)) == 7
    assert find_quantile([(7, 1), (9, 1)], 2, Fraction(1)) == 9
