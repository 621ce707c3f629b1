"""Median and quartiles of the numbers companies gave."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

# Quartiles of fewer values say more about single companies than about a group (docs/method/scoring.md).
FEWEST_VALUES = 5


@dataclass(frozen=True, slots=True)
class NumberSummary:
    """Distribution of the numbers given; unit as in the question (months for delays, 0 to 100 for scores).

    `median`, `lower_quartile` and `upper_quartile` are Hyndman and Fan's type 7, exact, and None with fewer than five
    values; `smallest` and `largest` are None only where nobody gave a number.
    """

    n: int
    lower_quartile: Fraction | None = None
    median: Fraction | None = None
    upper_quartile: Fraction | None = None
    smallest: Fraction | None = None
    largest: Fraction | None = None
    total: Fraction = Fraction(0)


def summarise_numbers(counted: Sequence[tuple[int | Fraction, int]]) -> NumberSummary:
    """Summary of numbers given as (value, how often), each value once, in ascending order."""
    counted = [(value, times) for value, times in counted if times]
    n = sum(times for _, times in counted)
    if n == 0:
        return NumberSummary(0)
    quartiles: list[Fraction | None] = [None, None, None]
    if n >= FEWEST_VALUES:
        quartiles = [find_quantile(counted, n, Fraction(part, 4)) for part in (1, 2, 3)]
    return NumberSummary(
        n=n,
        lower_quartile=quartiles[0],
        median=quartiles[1],
        upper_quartile=quartiles[2],
        smallest=Fraction(counted[0][0]),
        largest=Fraction(counted[-1][0]),
        total=Fraction(sum(value * times for value, times in counted)),
    )


def find_quantile(counted: Sequence[tuple[int | Fraction, int]], n: int, part: Fraction) -> Fraction:
    """The quantile at `part` (0 to 1) of n values, by linear interpolation (type 7 of Hyndman & Fan 1996)."""
    place = part * (n - 1)
    below = place.numerator // place.denominator
    low = _find_ranked(counted, below)
    high = _find_ranked(counted, min(below + 1, n - 1))
    return low + (high - low) * (place - below)


def _find_ranked(counted: Sequence[tuple[int | Fraction, int]], rank: int) -> Fraction:
    seen = 0
    for value, times in counted:
        seen += times
        if rank < seen:
            return Fraction(value)
    raise IndexError(rank)
