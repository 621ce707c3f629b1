"""Which single figure is sensitive: thresholds of base and count, summaries of few, and sums.

Sources: Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer & de Wolf, *Statistical Disclosure
Control* (Wiley 2012), chapter 4 (thresholds); Willenborg & de Waal, *Elements of Statistical Disclosure Control*
(Springer 2001), chapter 6. For sums: `amounts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from surveyapp.analysis.disclosure.amounts import (
    Given,
    add_up,
    count_contributing,
    find_count_ranges,
    is_dominated,
    is_estimable,
)
from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure, hide_figure, make_figure
from surveyapp.analysis.intervals import Range, Share
from surveyapp.analysis.masks import Origin
from surveyapp.fieldwork.thresholds import Audience, Thresholds

# How far the range that a reader can work out for a hidden count must at least reach (highest less lowest), so far as
# its group and its mark leave room: 1 = two values.
PROTECTION_WIDTHS: Mapping[Audience, int] = {Audience.MINISTRY: 1, Audience.JAPAN: 2, Audience.PUBLIC: 2}

# Who is told of each hidden count in a table of groups why it is hidden: the ministry is bound to secrecy and has to
# explain each cell. Others could work out from the reasons more than is shown: docs/method/disclosure.md, section 7.
TOLD_REASONS = frozenset({Audience.MINISTRY})
# Reasons that say something of the answers. That a group is too small is known of it without.
TELLING = frozenset({Hidden.COUNT_TOO_SMALL, Hidden.REST_TOO_SMALL, Hidden.FEW_DETAILS, Hidden.DOMINATED})

QUARTERS = 4


@dataclass(frozen=True, slots=True)
class Rules:
    """The thresholds of one audience, for tallies over a whole round or inside identifying groups."""

    audience: Audience
    thresholds: Thresholds
    least_base: int
    least_count: int
    of_group: bool
    may_summarise: bool = True  # False: too little has changed since an earlier release of means, medians and quartiles

    @classmethod
    def of_groups(cls, audience: Audience, thresholds: Thresholds) -> Rules:
        return cls(audience, thresholds, thresholds.group_base, thresholds.group_count, of_group=True)

    @classmethod
    def of_round(cls, audience: Audience, thresholds: Thresholds) -> Rules:
        return cls(audience, thresholds, thresholds.round_base, thresholds.round_count, of_group=False)

    def for_groups(self) -> Rules:
        """Those of the same audience inside identifying groups."""
        return self.of_groups(self.audience, self.thresholds)

    @property
    def width(self) -> int:
        return PROTECTION_WIDTHS[self.audience]

    @property
    def tells_reasons(self) -> bool:
        return self.audience in TOLD_REASONS

    def find_reason(self, count: int, base: int) -> Hidden | None:
        """Why a count may not be shown. Over a whole round nobody is betrayed by "none" or "all"."""
        if base < self.least_base:
            return Hidden.BASE_TOO_SMALL
        if count < self.least_count and (self.of_group or count > 0):
            return Hidden.COUNT_TOO_SMALL
        if self.of_group and base - count < self.least_count:
            return Hidden.REST_TOO_SMALL
        return None

    def share(self, share: Share) -> ReleasedFigure:
        return self.judged(share, self.find_reason(share.count, share.base))

    def judged(self, share: Share, reason: Hidden | None) -> ReleasedFigure:
        """A share that was judged before, with all that is told beside it."""
        if share.base == 0:
            return self.hide(Hidden.NOT_COMPUTED)
        if reason is not None:
            return self.hide(reason)
        return make_figure(
            self.audience, value=share.value, count=share.count, base=share.base, interval=share.interval
        )

    def tally(self, count: int, base: int) -> ReleasedFigure:
        """A number of companies, of `base` that could have been among them."""
        if count == base:
            # All of them: the base itself, which is shown where it is large enough.
            reason = Hidden.BASE_TOO_SMALL if base < self.least_base else None
        else:
            reason = self.find_reason(count, base)
        if reason is not None:
            return self.hide(reason)
        return make_figure(self.audience, count=count, base=base)

    def index(self, value: Fraction, base: int, index_range: Range | None) -> ReleasedFigure:
        """A priority index whose three factors are released."""
        return make_figure(self.audience, value=value, base=base, interval=index_range)

    def detail(self, value: Fraction | None, n: int, ends: tuple[int, int]) -> ReleasedFigure:
        """A mean that rests on the details of n companies and lies between `ends`.

        In a group a mean at one of its ends says the same of every company, as a share of 0 % or 100 % does.
        """
        if value is None:
            return self.hide(Hidden.NOT_COMPUTED)
        if n < self.thresholds.group_count:
            return self.hide(Hidden.FEW_DETAILS)
        if not self.may_summarise:
            return self.hide(Hidden.RELEASED_BEFORE)
        if self.of_group and value in ends:
            return self.hide(Hidden.REST_TOO_SMALL)
        return make_figure(self.audience, value=value, base=n)

    def summary(self, value: Fraction | None, n: int) -> ReleasedFigure:
        """A median of n values."""
        if n < self.least_base:
            return self.hide(Hidden.BASE_TOO_SMALL)
        if value is None:
            return self.hide(Hidden.NOT_COMPUTED)
        if not self.may_summarise:
            return self.hide(Hidden.RELEASED_BEFORE)
        return make_figure(self.audience, value=value, base=n)

    def quartile(self, value: Fraction | None, n: int) -> ReleasedFigure:
        """A quartile of n values: beyond it must lie as many companies as a count needs.

        Source: percentiles are judged by the units beyond them; Brandt, Franconi, Guerke, Hundepool, Lucarelli, Mol,
        Ritchie, Seri & Welpton, *Guidelines for the checking of output based on microdata research* (ESSnet SDC 2010).
        """
        if n < QUARTERS * self.least_count:
            return self.hide(Hidden.BASE_TOO_SMALL)
        return self.summary(value, n)

    def total(self, given: Given) -> ReleasedFigure:
        """The sum of amounts, such as extra cost at the lower bounds.

        `given` says how many companies gave each amount, the amounts that nobody gave included. What earlier releases
        forbid comes first: beside them any other reason would say what has changed.
        """
        n, contributing, total = sum(given.values()), count_contributing(given), add_up(given)
        if not self.may_summarise:
            return self.hide(Hidden.RELEASED_BEFORE)
        if n < self.least_base:
            return self.hide(Hidden.FEW_DETAILS)
        if contributing < self.least_count and (self.of_group or contributing):
            return self.hide(Hidden.COUNT_TOO_SMALL)
        if is_dominated(given) or is_estimable(given):
            return self.hide(Hidden.DOMINATED)
        if self._follow_counts(n, total, tuple(given)):
            return self.hide(Hidden.PROTECTS_ANOTHER)
        return make_figure(self.audience, value=Fraction(total), base=n)

    def _follow_counts(self, n: int, total: int, amounts: tuple[int, ...]) -> bool:
        """Whether it follows from a sum that so few of n companies gave one of the amounts, or all but so few.

        That nobody did need not be hidden: it follows from every sum that is smaller than the amount. A count must stay
        as open as the marks of hidden ones leave it: over a round they say that it is not 0.
        """
        least = self.least_count if self.of_group or total else 0
        ranges = find_count_ranges(n, total, amounts, least_contributing=least) or ()
        width = self.width if self.of_group else max(min(self.width, self.least_count - 2), 1)
        return any(
            high - low < width
            and any(
                0 < count < self.least_count or (self.of_group and n - count < self.least_count)
                for count in range(low, high + 1)
            )
            for low, high in ranges
        )

    def number(self, value: Fraction | int) -> ReleasedFigure:
        """A number that follows from figures already released: a tier, a place, a balance."""
        return make_figure(self.audience, value=Fraction(value))

    def hide(self, reason: Hidden) -> ReleasedFigure:
        return hide_figure(self.audience, reason if self.tells_reasons else blur_reason(reason))


def blur_reason(reason: Hidden) -> Hidden:
    """The one reason that stands for all that say something of the answers."""
    return Hidden.PROTECTS_ANOTHER if reason in TELLING else reason


def release_origin(origin: Origin) -> Origin:
    """Where a figure comes from, without how many returns staff typed: so few that they could point to companies."""
    return replace(origin, by_staff=())


def find_rules(origin: Origin, audience: Audience, thresholds: Thresholds) -> Rules:
    """A filtered selection is treated as an identifying group, whatever it is filtered by."""
    return (Rules.of_groups if origin.filters else Rules.of_round)(audience, thresholds)
