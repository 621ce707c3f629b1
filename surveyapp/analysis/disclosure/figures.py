"""The one type that leaves the desk, and why a figure does not."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from enum import StrEnum
from fractions import Fraction
from typing import final

from surveyapp.analysis.intervals import Range
from surveyapp.fieldwork.thresholds import Audience


class Hidden(StrEnum):
    """Why a figure is not shown; the words for it are the reader's."""

    BASE_TOO_SMALL = "base_too_small"  # too few companies in the group
    COUNT_TOO_SMALL = "count_too_small"  # too few gave this answer
    REST_TOO_SMALL = "rest_too_small"  # too few of the group did not give it
    FEW_CASES = "few_cases"  # named by fewer than five: not broken down
    TOTAL_HIDDEN = "total_hidden"  # a part of a figure that is itself hidden
    PROTECTS_ANOTHER = "protects_another"  # would betray a hidden figure, or any reason that is not told
    RELEASED_BEFORE = "released_before"  # hidden by one of these rules, or would betray together with earlier releases
    FEW_DETAILS = "few_details"  # too few gave the details it rests on
    NOT_PROVEN = "not_proven"  # not shown to be safe in the time there was; a job has more
    DOMINATED = "dominated"  # one or two companies make up most of the sum
    NOT_COMPUTED = "not_computed"  # nothing to show: nobody answered, or too few values for quartiles


class DisclosureBypassed(Exception):
    """A released figure was made outside this package."""


_KEY = object()


@final
@dataclass(frozen=True, slots=True)
class ReleasedFigure:
    """One figure that its audience may see, or the reason why not. Only this package can make one.

    A share has `count`, `base`, `value` = count / base and its `interval`. A tally has `count` alone. A mean, median,
    sum or index has `value`, the `base` it rests on and, for an index, its range as `interval`. A tier or place is a
    `value`. Where `hidden` is set every number is None: a count hides all that follows from it.
    """

    audience: Audience
    value: Fraction | None
    count: int | None
    base: int | None
    interval: Range | None
    hidden: Hidden | None
    key: InitVar[object]

    def __post_init__(self, key: object) -> None:
        if key is not _KEY:
            raise DisclosureBypassed("a ReleasedFigure is made by surveyapp.analysis.disclosure alone")


def make_figure(
    audience: Audience,
    *,
    value: Fraction | None = None,
    count: int | None = None,
    base: int | None = None,
    interval: Range | None = None,
) -> ReleasedFigure:
    """A figure that its audience may see. For the modules of this package; a test holds all others off."""
    return ReleasedFigure(audience, value, count, base, interval, None, _KEY)


def hide_figure(audience: Audience, reason: Hidden) -> ReleasedFigure:
    """A figure that its audience may not see. For the modules of this package."""
    return ReleasedFigure(audience, None, None, None, None, reason, _KEY)
