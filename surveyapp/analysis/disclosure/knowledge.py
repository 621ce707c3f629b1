"""Cells of a table and what else a reader is told, as sets of companies.

The reader is taken to know which companies answered and in which groups they are (type, size, stage, products, routes,
when they joined); not known is what they answered.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.rules import Rules


@dataclass(frozen=True, slots=True)
class Told:
    """What a reader knows of one count: how many of `members` gave one of `answers` lies between `low` and `high`.

    `width` above 0: the count is hidden because it is sensitive, and must stay open by as much.
    """

    answers: tuple[str, ...]  # names such as "ch_areas=gmp"; several are answers that exclude each other
    members: FrozenBitMap = field(repr=False)
    low: int
    high: int
    width: int = 0

    @property
    def is_exact(self) -> bool:
        return self.low == self.high and self.width == 0

    @property
    def is_of_all_or_none(self) -> bool:
        """Whether it tells of each of `members` whether it gave the answer."""
        return self.is_exact and (self.high == 0 or (self.low == len(self.members) and len(self.answers) == 1))


@dataclass(frozen=True, slots=True)
class Sum:
    """One count of a table before it is released. `reason` says why it is sensitive by itself.

    `may_hide`: whether it may be hidden to protect another. A base or total that other tables show may not.
    """

    answers: tuple[str, ...]
    members: FrozenBitMap = field(repr=False)
    count: int
    rules: Rules
    reason: Hidden | None = None
    may_hide: bool = True
    discount: float = 1.0  # below 1: cheaper to hide than its count says

    @property
    def base(self) -> int:
        return len(self.members)

    @property
    def marks(self) -> tuple[int, int]:
        """What its mark tells a reader who knows the thresholds: (lowest, highest)."""
        least, base = self.rules.least_count, self.base
        if self.reason is Hidden.COUNT_TOO_SMALL:
            return (0 if self.rules.of_group else 1), min(least - 1, base)
        if self.reason is Hidden.REST_TOO_SMALL:
            return max(base - least + 1, 0), base
        if self.reason is None and self.rules.of_group and base >= self.rules.least_base:
            return min(least, self.count), max(base - least, self.count)
        if self.reason is None and not self.rules.of_group:
            return min(least, self.count), base
        return self.floor, base

    @property
    def floor(self) -> int:
        """The least that it can be for whoever sees it hidden: over a whole round "none" is shown, unless earlier
        releases forbid it.
        """
        return int(not self.rules.of_group and self.reason is not Hidden.BASE_TOO_SMALL and self.count > 0)

    @property
    def price(self) -> float:
        """What is lost by hiding it; 0 where it may not be hidden.

        A zero protects little, for it leaves the other hidden counts as they are: it costs as a count that would do.
        """
        if not self.may_hide:
            return 0.0
        return self.discount * math.log2(2 + (self.count or 2 * self.rules.least_count))

    @property
    def width(self) -> int:
        """How far its range must reach: as far as the audience asks for, and mark and group leave room."""
        if self.reason is Hidden.RELEASED_BEFORE:
            return 0  # hidden for another's sake
        low, high = self.marks
        return min(self.rules.width, high - low)


# What was released before, once for each kind of reader: whoever is told more must not learn more of a company either.
Readers = Sequence[Sequence[Told]]
NOTHING_BEFORE: Readers = ((),)


def exclude(told: Iterable[Told], impossible: Mapping[str, FrozenBitMap]) -> list[Told]:
    """What is told without the companies that are known not to have given an answer, by answer."""
    nobody = FrozenBitMap()
    found = [replace(each, members=each.members - impossible.get(each.answers[0], nobody)) for each in told]
    return [each for each in found if each.members]


def tell_impossible(impossible: Mapping[str, FrozenBitMap]) -> list[Told]:
    return [Told((answer,), companies, 0, 0) for answer, companies in impossible.items()]


def tell(sums: Sequence[Sum], reasons: Sequence[Hidden | None], marked: frozenset[int] = frozenset()) -> Iterator[Told]:
    """What a reader knows of the sums once they are released so.

    `marked` are the places of those hidden for another's sake of which a reader knows that they are: each sensitive one
    beside them says its own reason. Such a count is known not to be sensitive.
    """
    for place, (each, reason) in enumerate(zip(sums, reasons, strict=True)):
        if not each.members:
            continue
        if reason is None:
            yield Told(each.answers, each.members, each.count, each.count)
        elif each.reason is not None:
            floor = each.floor if reason is Hidden.PROTECTS_ANOTHER else 0
            low, high = each.marks if reason is each.reason else (floor, each.base)
            yield Told(each.answers, each.members, low, high, each.width)
        elif place in marked:
            yield Told(each.answers, each.members, *each.marks)
        elif each.floor and reason is Hidden.PROTECTS_ANOTHER:
            yield Told(each.answers, each.members, each.floor, each.base)
