"""Which issues deserve attention first: the priority index of docs/method/scoring.md, sections 4 and 5."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal, TypeVar

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.answer_index import ALL_ROUNDS, AnswerIndex
from surveyapp.analysis.bootstrap import Pattern, find_index_range
from surveyapp.analysis.counts import DONT_KNOW, count_values
from surveyapp.analysis.intervals import Range, Share, do_overlap
from surveyapp.analysis.issue_questions import (
    AREAS_QUESTION,
    NO_DIFFICULTY,
    STAGE_QUESTION,
    TOP_QUESTIONS,
    IssueBlock,
    find_issue_questions,
)
from surveyapp.analysis.issue_returns import (
    CONCERNED,
    FEW_CASES,
    STAGES,
    ConcernedGroup,
    Stage,
    Ticked,
    find_area,
    find_base,
    find_detailed,
    find_group,
    find_interested,
    find_leaf,
    find_leaf_base,
    find_single_leaf,
)
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.analysis.number_summaries import NumberSummary, summarise_numbers
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.taxonomy import Bilateral, Taxonomy

__all__ = [
    "STAGES",
    "Bilateral",
    "ConcernedGroup",
    "ConcernedShare",
    "CostSummary",
    "IssueGroups",
    "IssueRanking",
    "IssueRow",
    "RangeMethod",
    "SeverityCounts",
    "Stage",
    "StageShare",
    "StatusCounts",
    "compute_priority",
    "find_tiers",
    "order_rows",
    "rank_issues",
]

RangeMethod = Literal["bootstrap", "wilson"]
Choice = TypeVar("Choice", int, str)

RANKED_FROM = 10  # with a smaller base the issues are listed without ranks
BOOTSTRAP_FROM = 20  # with a smaller base the range is that of P alone
SEVERITIES = (1, 2, 3, 4, 5)
OPEN_HALVES: Mapping[str, int] = {"resolved": 0, "partly": 1, "unresolved": 2, "abandoned": 2}
# Extra cost in million KRW: the lower bound of each range, so that a sum can be called "at least".
LOWER_BOUNDS: Mapping[str, int] = {"c0": 0, "c1": 0, "c2": 50, "c3": 200, "c4": 500, "c5": 1000}


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
class SeverityCounts:
    """Severity of an issue's worst problem: `counts[0]` is severity 1 … `counts[4]` is severity 5."""

    counts: tuple[int, int, int, int, int]

    @property
    def answered(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> Fraction | None:
        """S: mean severity, 1 to 5; None where nobody answered."""
        total = sum(level * count for level, count in enumerate(self.counts, start=1))
        return Fraction(total, self.answered) if self.answered else None


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How far an issue is solved today."""

    resolved: int
    partly: int
    unresolved: int
    abandoned: int

    @property
    def answered(self) -> int:
        return self.resolved + self.partly + self.unresolved + self.abandoned

    @property
    def open_share(self) -> Fraction | None:
        """U: mean open share, 0 to 1 (resolved 0, partly ½, unresolved and abandoned 1); None where nobody answered."""
        still_open = Fraction(self.partly, 2) + self.unresolved + self.abandoned
        return still_open / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class CostSummary:
    """Extra cost of an area.

    `ranges` holds (choice name, label, share of those that named a range) from `c0` upwards; `dont_know` and
    `not_answered` are not in them.
    """

    ranges: tuple[tuple[str, Text, Share], ...]
    dont_know: int
    not_answered: int

    @property
    def lower_bounds(self) -> Mapping[int, int]:
        """How many companies named a range with each lower bound, in million KRW."""
        companies = dict.fromkeys((LOWER_BOUNDS[name] for name, _, _ in self.ranges), 0)
        for name, _, share in self.ranges:
            companies[LOWER_BOUNDS[name]] += share.count
        return companies

    @property
    def at_least(self) -> int:
        """The sum of the lower bounds in million KRW, to be called "at least"."""
        return sum(bound * companies for bound, companies in self.lower_bounds.items())


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
        return None if self.index_range is None else _choose_method(self.share)

    @property
    def index_range(self) -> Range | None:
        """The range of an index that is defined; none where nobody named the issue.

        Worked out when asked for: a page shows the ranges of a few of the many leaves, and each takes 2,000 resamples.
        """
        if self.index is None or self.share.count == 0:
            return None
        if _choose_method(self.share) == "bootstrap":
            return find_index_range(self.patterns, self.share.base)
        return _widen_share(self.share, self.severity, self.status)


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


def rank_issues(index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, mask: Mask) -> IssueRanking:
    """The ranking over a mask; `questionnaire` is the round's own. Raises IssuesNotAsked."""
    return mask.remember(
        index, "issues", (questionnaire, taxonomy), lambda: _rank_issues(index, questionnaire, taxonomy, mask)
    )


def _rank_issues(index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, mask: Mask) -> IssueRanking:
    questions = find_issue_questions(questionnaire)
    reader = _IssueReader(index, questionnaire, taxonomy, questions.blocks, find_base(index, mask))
    interested = find_interested(index, mask)
    asked = index.asked(AREAS_QUESTION) & interested
    base = len(reader.base)
    areas = [reader.read_area(block) for block in questions.blocks]
    leaves = [row for block in questions.blocks for row in reader.read_leaves(block)]
    is_ranked = base >= RANKED_FROM
    return IssueRanking(
        origin=mask.origin,
        base=base,
        none=Share(index.chosen(AREAS_QUESTION, NO_DIFFICULTY).intersection_cardinality(reader.base), base),
        skipped=len(asked) - base,
        is_ranked=is_ranked,
        areas=order_rows(areas) if is_ranked else tuple(areas),
        leaves=order_rows(leaves, with_tiers=False) if is_ranked else tuple(leaves),
        urgency_base=reader.urgency_base,
        stage_bases={stage: len(numbers) for stage, numbers in reader.stages.items()},
        groups=_find_groups(index, reader, questions.blocks),
    )


def _find_groups(index: AnswerIndex, reader: _IssueReader, blocks: Iterable[IssueBlock]) -> IssueGroups:
    base, none = reader.base, index.chosen(AREAS_QUESTION, NO_DIFFICULTY) & reader.base
    concerned, outside, with_leaf, leaf_bases, is_none_alone = {}, set(), set(), {}, True
    for block in blocks:
        ticked = find_area(index, block, base).numbers
        if block.area in CONCERNED:
            _, question, choices = CONCERNED[block.area]
            group = find_group(index, question, choices, base)
            concerned[block.area] = FrozenBitMap(group)
            if ticked - group:
                outside.add(block.area)
        leaf_bases[block.area] = FrozenBitMap(find_leaf_base(index, block, base))
        if block.leaf_question is not None:
            detailed = find_detailed(index, block, ticked)
            if not detailed - index.answered(block.leaf_question):
                with_leaf.add(block.area)
        is_none_alone = is_none_alone and not ticked.intersect(none)
    return IssueGroups(
        base=FrozenBitMap(base),
        stages={stage: FrozenBitMap(numbers) for stage, numbers in reader.stages.items()},
        concerned=concerned,
        outside=frozenset(outside),
        leaf_bases=leaf_bases,
        with_leaf=frozenset(with_leaf),
        is_none_alone=is_none_alone,
    )


def order_rows(rows: Sequence[IssueRow], *, with_tiers: bool = True) -> tuple[IssueRow, ...]:
    """Rows by index with places and tiers; ties by urgency. Rows without an index, or with a base below 10, follow.

    A tier holds its top row and every later row whose range overlaps that top row's; the rest is tiered in the same
    way. Only what has a range is in a tier.
    """
    ranked = [row for row in rows if row.index is not None and row.share.base >= RANKED_FROM]
    ranked.sort(key=lambda row: (row.index or 0, row.urgency or 0), reverse=True)
    tiers = find_tiers([row.index_range if with_tiers else None for row in ranked])
    ordered = []
    place = 0
    before: tuple[Fraction | None, Fraction | None] | None = None
    for position, (row, tier) in enumerate(zip(ranked, tiers, strict=True), start=1):
        if (row.index, row.urgency) != before:
            place, before = position, (row.index, row.urgency)
        ordered.append(replace(row, tier=tier, place=place))
    others = (row for row in rows if row.index is None or row.share.base < RANKED_FROM)
    return (*ordered, *(replace(row, tier=None, place=None) for row in others))


def find_tiers(ranges: Sequence[Range | None]) -> list[int | None]:
    """Tier (from 1) of every range, the ranges in the order of their index; None for those that are missing."""
    tiers: list[int | None] = [None] * len(ranges)
    waiting = [(place, found) for place, found in enumerate(ranges) if found is not None]
    tier = 0
    while waiting:
        tier += 1
        top = waiting[0][1]
        for place, found in waiting:
            if do_overlap(top, found):
                tiers[place] = tier
        waiting = [(place, found) for place, found in waiting if tiers[place] is None]
    return tiers


def compute_priority(share: Share, severity: SeverityCounts, status: StatusCounts) -> Fraction | None:
    """IPI = 100 x P x S/5 x U, 0 to 100. 0 where nobody named the issue; None without base, severity or status."""
    if share.value is None:
        return None
    if share.count == 0:
        return Fraction(0)
    if severity.mean is None or status.open_share is None:
        return None
    return 100 * share.value * severity.mean / 5 * status.open_share


class _IssueReader:
    """Reads areas and leaves over one base."""

    def __init__(
        self,
        index: AnswerIndex,
        questionnaire: Questionnaire,
        taxonomy: Taxonomy,
        blocks: Iterable[IssueBlock],
        base: BitMap,
    ) -> None:
        self.index = index
        self._details = index.remember(
            "issue details",
            ALL_ROUNDS,
            (questionnaire,),
            lambda: {block.area: _Details(index, block) for block in blocks},
        )
        self.questionnaire = questionnaire
        self.taxonomy = taxonomy
        self.base = base
        self.stages: Mapping[Stage, BitMap] = {
            stage: find_group(index, STAGE_QUESTION, choices, base) for stage, choices in STAGES.items()
        }
        self._single = find_single_leaf(index, base)
        self.urgency_base = index.answered(TOP_QUESTIONS[0]).intersection_cardinality(base) + len(self._single)

    def read_area(self, block: IssueBlock) -> IssueRow:
        ticked = find_area(self.index, block, self.base)
        detailed = find_detailed(self.index, block, ticked.numbers)
        row = self._read_row(block.area, None, block.name, ticked, detailed, self._details[block.area])
        concerned = CONCERNED.get(block.area)
        if concerned is not None and not row.few_cases:
            name, question, choices = concerned
            group = find_group(self.index, question, choices, self.base)
            row = replace(row, concerned=ConcernedShare(name, ticked.within(group)))
        return replace(
            row,
            opportunity=_score_opportunity(row.share, row.severity, row.status),
            delay=None if block.delay is None else self._summarise_delay(block.delay, detailed),
            delay_not_answered=self._count_blank(block.delay, detailed),
            cost=self._summarise_cost(block.cost, detailed),
        )

    def read_leaves(self, block: IssueBlock) -> Iterator[IssueRow]:
        base, details = find_leaf_base(self.index, block, self.base), self._details[block.area]
        for leaf, label in block.leaves:
            ticked = find_leaf(self.index, block, leaf, base)
            row = self._read_row(leaf, block.area, label, ticked, ticked.numbers, details)
            yield replace(row, urgency=self._score_urgency(leaf, ticked.numbers))

    def _read_row(
        self, code: str, parent: str | None, label: Text, ticked: Ticked, detailed: BitMap, details: _Details
    ) -> IssueRow:
        share = ticked.share
        patterns = details.count_patterns(ticked.numbers)
        severity, status = _sum_severity(patterns), _sum_status(patterns)
        index = compute_priority(share, severity, status)
        few_cases = share.count < FEW_CASES
        issue = self.taxonomy.find(code)
        return IssueRow(
            code=code,
            parent=parent,
            name=issue.name if issue is not None else label,
            definition=issue.definition if issue is not None else None,
            bilateral=issue.bilateral if issue is not None else None,
            share=share,
            detailed=len(detailed),
            severity=severity,
            status=status,
            index=index,
            tier=None,
            place=None,
            few_cases=few_cases,
            by_stage=()
            if few_cases
            else tuple(StageShare(stage, ticked.within(numbers)) for stage, numbers in self.stages.items()),
            patterns=_sort_patterns(patterns),
        )

    def _score_urgency(self, leaf: str, ticked: BitMap) -> Fraction | None:
        """100 x points / (3 x companies that gave a first): 3, 2, 1 points for the first, second, third."""
        if self.urgency_base == 0:
            return None
        points = 3 * self._single.intersection_cardinality(ticked)
        for worth, question in zip((3, 2, 1), TOP_QUESTIONS, strict=True):
            points += worth * self.index.chosen(question, leaf).intersection_cardinality(self.base)
        return Fraction(100 * points, 3 * self.urgency_base)

    def _count_blank(self, question: str | None, detailed: BitMap) -> int:
        if question is None:
            return 0
        return len((self.index.asked(question) & detailed) - self.index.answered(question))

    def _summarise_delay(self, question: str, detailed: BitMap) -> NumberSummary:
        return summarise_numbers(count_values(self.index, question, detailed.intersection_cardinality))

    def _summarise_cost(self, question: str | None, detailed: BitMap) -> CostSummary | None:
        if question is None:
            return None
        asked = self.questionnaire.by_name[question]
        counts = {
            choice.name: self.index.chosen(question, choice.name).intersection_cardinality(detailed)
            for choice in asked.choices
        }
        ranges = [choice for choice in asked.choices if choice.name in LOWER_BOUNDS]
        named = sum(counts[choice.name] for choice in ranges)
        return CostSummary(
            ranges=tuple((choice.name, choice.label, Share(counts[choice.name], named)) for choice in ranges),
            dont_know=counts.get(DONT_KNOW, 0),
            not_answered=self._count_blank(question, detailed),
        )


_Patterns = Mapping[tuple[int, str | None], int]  # companies by severity (0: blank) and status (None: blank)


class _Details:
    """Severity and status of one area's block, taken together, so that both can be counted for any of its leaves.

    All returns that gave them: who is counted, whoever ticked an issue says.
    """

    def __init__(self, index: AnswerIndex, block: IssueBlock) -> None:
        severities = _find_choices(index, block.severity, SEVERITIES)
        statuses = _find_choices(index, block.status, OPEN_HALVES)
        rated, settled = BitMap.union(*severities.values()), BitMap.union(*statuses.values())
        patterns: dict[tuple[int, str | None], BitMap] = {
            (level, None): held - settled for level, held in severities.items()
        }
        patterns |= {(0, status): held - rated for status, held in statuses.items()}
        patterns |= {
            (level, status): held & other for level, held in severities.items() for status, other in statuses.items()
        }
        self._patterns = [(pattern, held) for pattern, held in patterns.items() if held]

    def count_patterns(self, ticked: BitMap) -> _Patterns:
        found: dict[tuple[int, str | None], int] = {}
        for pattern, held in self._patterns:
            count = held.intersection_cardinality(ticked)
            if count:
                found[pattern] = count
        blank = len(ticked) - sum(found.values())
        return found | {(0, None): blank} if blank else found


def _find_choices(index: AnswerIndex, question: str | None, choices: Iterable[Choice]) -> dict[Choice, BitMap]:
    return {choice: BitMap() if question is None else index.chosen(question, str(choice)) for choice in choices}


def _sum_severity(patterns: _Patterns) -> SeverityCounts:
    one, two, three, four, five = (
        sum(count for (severity, _), count in patterns.items() if severity == level) for level in SEVERITIES
    )
    return SeverityCounts((one, two, three, four, five))


def _sum_status(patterns: _Patterns) -> StatusCounts:
    return StatusCounts(
        **{name: sum(count for (_, status), count in patterns.items() if status == name) for name in OPEN_HALVES}
    )


def _sort_patterns(patterns: _Patterns) -> tuple[Pattern, ...]:
    """Companies by severity and open share in halves, as the bootstrap takes them."""
    counted: dict[tuple[int, int], int] = {}
    for (level, name), count in patterns.items():
        key = (level, -1 if name is None else OPEN_HALVES[name])
        counted[key] = counted.get(key, 0) + count
    return tuple(sorted((*key, count) for key, count in counted.items()))


def _choose_method(share: Share) -> RangeMethod:
    return "bootstrap" if share.base >= BOOTSTRAP_FROM else "wilson"


def _widen_share(share: Share, severity: SeverityCounts, status: StatusCounts) -> Range:
    """The range of P alone, carried over to the index."""
    assert share.interval is not None and severity.mean is not None and status.open_share is not None
    factor = 100 * severity.mean / 5 * status.open_share
    low, high = share.interval
    return factor * low, factor * high


def _score_opportunity(share: Share, severity: SeverityCounts, status: StatusCounts) -> Fraction | None:
    """Ulwick's opportunity score, adapted: importance from severity 4 and 5, satisfaction from what is resolved."""
    if share.base == 0:
        return None
    importance = Fraction(10 * sum(severity.counts[3:]), share.base)
    satisfaction = Fraction(10 * status.resolved, status.answered) if status.answered else Fraction(0)
    return importance + max(importance - satisfaction, Fraction(0))
