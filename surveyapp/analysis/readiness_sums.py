"""Overall readiness of very many returns: the rule of `questionnaire.scoring`, applied once to all that agree.

The overall result of a return, with equal weights or not, and its band follow from five sums over its answered
dimensions: weighted scores, scores, weights, how many they are, and how many of the gate's are below it. Returns with
the same sums have the same result. The sums are kept as the digits of one whole number, each with just the room for the
most that it can reach. Dimensions are looked up several at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import accumulate
from math import lcm
from operator import itemgetter, mul
from typing import Any

from surveyapp.questionnaire.model import ScoringScheme
from surveyapp.questionnaire.scoring import (
    GATE_DIMENSIONS,
    GATE_SCORE,
    Overall,
    grade_readiness,
    score_dimension,
)

# Results kept by their sums.
MAX_REMEMBERED = 200_000
# Items looked up at once: six answers or a blank to each make a few thousand combinations.
_MOST_ITEMS = 4
_MOST_SCORE = 100

Answers = Mapping[str, Any]
Levels = tuple[Any, ...]  # answers to some items, None where blank


class DimensionGroup:
    """Some dimensions together: what each combination of their levels adds to the sums of a return."""

    def __init__(
        self, scheme: ScoringScheme, dimensions: tuple[str, ...], scale: int, place_values: tuple[int, ...]
    ) -> None:
        self.items = tuple(item for dimension in dimensions for item in scheme.items.get(dimension, ()))
        self._weights = scheme.weights
        self._scale = scale
        self._place_values = place_values
        self._get: Callable[[Answers], Levels] | None = itemgetter(*self.items) if len(self.items) > 1 else None
        self._slices: dict[str, slice] = {}  # of the items, by dimension
        self._parts: dict[tuple[str, Levels], int] = {}
        end = 0
        for dimension in dimensions:
            start, end = end, end + len(scheme.items.get(dimension, ()))
            self._slices[dimension] = slice(start, end)

    def read_levels(self, answers: Answers) -> Levels:
        """The answers to the group's items."""
        if self._get is not None:
            try:
                return self._get(answers)
            except KeyError:  # an item is blank
                pass
        return tuple([answers.get(item) for item in self.items])

    def find_digits(self, levels: Levels) -> int:
        """The group's part of the sums; 0 where no item is answered."""
        return sum(self._find_part(dimension, levels[place]) for dimension, place in self._slices.items())

    def list_answers(self, levels: Levels) -> Iterator[tuple[str, str]]:
        """The answered items and their levels."""
        return ((item, level) for item, level in zip(self.items, levels, strict=True) if level is not None)

    def list_parts(self, levels: Levels) -> Iterator[tuple[str, str | Levels]]:
        """The answered items with their levels, and the dimensions with the levels of theirs."""
        yield from self.list_answers(levels)
        for dimension, place in self._slices.items():
            yield dimension, levels[place]

    def _find_part(self, dimension: str, levels: Levels) -> int:
        part = self._parts.get((dimension, levels))
        if part is None:
            part = self._parts[dimension, levels] = self._add_up(dimension, levels)
        return part

    def _add_up(self, dimension: str, levels: Levels) -> int:
        score = score_dimension(levels)
        if score is None:
            return 0
        scaled, weight = score * self._scale, self._weights[dimension]
        assert scaled.denominator == 1
        is_gap = dimension in GATE_DIMENSIONS and score < GATE_SCORE
        sums = (int(scaled) * weight, int(scaled), weight, 1, int(is_gap))
        return sum(each * worth for each, worth in zip(sums, self._place_values, strict=True))


class ReadinessSums:
    """The groups of a scoring scheme, and the results known so far."""

    def __init__(self, scheme: ScoringScheme) -> None:
        most = max((len(items) for items in scheme.items.values()), default=1)
        self._scale = lcm(*range(1, most + 1))  # makes the mean of any number of answered items whole
        self._place_values = _find_place_values(scheme, self._scale)
        self.groups = tuple(
            DimensionGroup(scheme, dimensions, self._scale, self._place_values)
            for dimensions in _group_dimensions(scheme)
        )
        self._results: dict[int, Overall] = {}

    def find_result(self, sums: int) -> Overall:
        """The result of all returns with these sums."""
        result = self._results.get(sums)
        if result is None:
            if len(self._results) >= MAX_REMEMBERED:
                self._results.clear()
            result = self._results[sums] = self._grade(sums)
        return result

    def _grade(self, sums: int) -> Overall:
        digits = []
        for worth in reversed(self._place_values):
            digit, sums = divmod(sums, worth)
            digits.append(digit)
        gaps, dimensions, weight, total, weighted = digits
        scale = self._scale
        return grade_readiness(Fraction(weighted, scale), Fraction(total, scale), weight, dimensions, has_gap=gaps > 0)


def _find_place_values(scheme: ScoringScheme, scale: int) -> tuple[int, ...]:
    """What one of each sum is worth in the whole number, in the order of `_add_up`: none reaches into the next."""
    weights, dimensions = sum(scheme.weights.values()), len(scheme.weights)
    most = (_MOST_SCORE * scale * weights, _MOST_SCORE * scale * dimensions, weights, dimensions)
    return tuple(accumulate((each + 1 for each in most), mul, initial=1))


def _group_dimensions(scheme: ScoringScheme) -> list[tuple[str, ...]]:
    groups: list[list[str]] = []
    held = _MOST_ITEMS
    for dimension in scheme.weights:
        items = len(scheme.items.get(dimension, ()))
        if held + items > _MOST_ITEMS:
            groups.append([])
            held = 0
        groups[-1].append(dimension)
        held += items
    return [tuple(group) for group in groups]
