"""What a ranking of issues consists of: its rows, and the returns behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from pyroaring import FrozenBitMap

from surveyapp.analysis.bootstrap import Pattern
from surveyapp.analysis.intervals import Range, Share
from surveyapp.analysis.issue_details import CostSummary, SeverityCounts, StatusCounts
from surveyapp.analysis.issue_priority import RangeMethod, choose_method, find_priority_range
from surveyapp.analysis.issue_returns import ConcernedGroup, Stage
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.number_summaries import NumberSummary
from surveyapp.questionnaire.model import Text
from surveyapp.questionnaire.taxonomy import Bilateral


@dataclass(frozen=True, slots=True)
class StageShare:
    """P of one issue among the companies at one stage in Japan (those with a Japan interest that answered)."""

    stage: Stage
    share: Share


@dataclass(frozen=True, slots=True)
class ConcernedShare:
    """P of an area among the companies it can concern, the group named."""

    group: ConcernedGroup
    share: Share


@dataclass(frozen=True, slots=True)
class IssueRow:
    """One area or leaf of the ranking. All numbers are exact; `index` and its range run from 0 to 100.

    For a leaf, `share` is its own; severity and status are those of the area blocks in which it was ticked.
    """

    code: str
    parent: str | None  # the area's code; None for an area
    name: Text
    definition: Text | None
    bilateral: Bilateral | None  # bilateral_actionable of the taxonomy; None for "other" leaves it does not list
    share: (
        Share  # P: n companies that ticked it, of base N (for a leaf: N less those not asked for details of its area)
    )
    detailed: int  # of the n, asked for details (a company with more than four areas details its four worst)
    severity: SeverityCounts
    status: StatusCounts
    index: Fraction | None  # IPI; None where severity or status is missing altogether, or N = 0
    tier: (
        int | None
    )  # 1 = top; None with N below 10 or where there is no range, and for leaves, which are listed by area
    place: int | None  # order by index, ties share a place; None with N below 10 or without index
    few_cases: bool  # n below 5: not broken down (by_stage empty, concerned None)
    by_stage: tuple[StageShare, ...] = ()
    concerned: ConcernedShare | None = None  # areas dev and pms only
    urgency: Fraction | None = None  # leaves only: 0 to 100; None where nobody gave a first
    opportunity: Fraction | None = None  # areas only: Ulwick's score, adapted, 0 to 20; None with N = 0
    delay: NumberSummary | None = None  # areas only: months
    delay_not_answered: int = 0  # asked for details, no number of months given
    cost: CostSummary | None = None  # areas only
    patterns: tuple[Pattern, ...] = ()  # of the n companies, by severity and status: what the range is drawn from

    @property
    def range_method(self) -> RangeMethod | None:
        """Bootstrap over companies from N = 20, else the Wilson interval of P alone; None without a range."""
        return None if self.index_range is None else choose_method(self.share)

    @property
    def index_range(self) -> Range | None:
        """The range of an index that is defined; none where nobody named the issue.

        Worked out when asked for: a page shows the ranges of a few of the many leaves, and each takes 2,000 resamples.
        """
        if self.index is None or self.share.count == 0:
            return None
        return find_priority_range(self.share, self.severity, self.status, self.patterns)


@dataclass(frozen=True, slots=True)
class IssueGroups:
    """Which returns stand behind the counts of a ranking. Disclosure control asks; figures do not show it."""

    base: FrozenBitMap
    stages: Mapping[Stage, FrozenBitMap]
    concerned: Mapping[str, FrozenBitMap]  # by area: those it can concern
    outside: frozenset[str]  # areas that a company named which they cannot concern
    leaf_bases: Mapping[str, FrozenBitMap]  # by area
    with_leaf: frozenset[str]  # areas in which every company that was asked for details named a problem
    is_none_alone: bool  # nobody ticked "none" beside an area


@dataclass(frozen=True, slots=True)
class IssueRanking:
    """All areas and leaves over one mask.

    `areas` and `leaves` are sorted by index, highest first, rows without index last; with a base below 10 they keep the
    questionnaire's order and carry neither tier nor place (`is_ranked` is False).
    """

    origin: Origin
    base: int  # N: companies with a Japan interest that answered the areas question, "none" included
    none: Share  # met no difficulty at all
    skipped: int  # with a Japan interest, asked for areas, left blank: not in the base
    is_ranked: bool
    areas: tuple[IssueRow, ...]
    leaves: tuple[IssueRow, ...]
    urgency_base: int  # companies that gave a first of the three most urgent, single-leaf companies included
    stage_bases: Mapping[Stage, int]
    groups: IssueGroups = field(repr=False, compare=False)

    def find_row(self, code: str) -> IssueRow | None:
        return next((row for row in (*self.areas, *self.leaves) if row.code == code), None)

    def list_leaves(self, area: str) -> tuple[IssueRow, ...]:
        """The area's leaves in the order of the ranking."""
        return tuple(row for row in self.leaves if row.parent == area)
