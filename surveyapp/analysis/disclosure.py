"""What may leave the desk: released figures and the one door through which they are made.

A figure for any audience but the desk is a `ReleasedFigure`: viewer pages and ministry files accept nothing else. The
thresholds are the constants below. Where a count may not be shown, nothing that follows from it is: percent, interval,
severity, index, tier, place in the order. The full engine (differencing against earlier releases, dominance, merged
categories) comes later and will keep these types.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import InitVar, dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import final

from surveyapp.analysis.counts import QuestionCounts
from surveyapp.analysis.intervals import Range, Share
from surveyapp.analysis.issue_questions import STAGE_QUESTION
from surveyapp.analysis.issue_returns import CONCERNED, STAGES
from surveyapp.analysis.issues import (
    Bilateral,
    ConcernedGroup,
    IssueRanking,
    IssueRow,
    RangeMethod,
    Stage,
    order_rows,
)
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.readiness import BANDS, LEVELS, Band, DimensionProfile, ReadinessProfile
from surveyapp.analysis.segments import AreaCross, SegmentQuestion
from surveyapp.questionnaire.model import Kind, Text


class Audience(StrEnum):
    """Whom a figure is for. The desk itself sees unreleased figures and is no audience here."""

    MINISTRY = "ministry"
    JAPAN = "japan"
    PUBLIC = "public"


class Hidden(StrEnum):
    """Why a figure is not shown; the words for it are the reader's."""

    BASE_TOO_SMALL = "base_too_small"  # too few companies in the group
    COUNT_TOO_SMALL = "count_too_small"  # too few gave this answer
    REST_TOO_SMALL = "rest_too_small"  # too few of the group did not give it
    FEW_CASES = "few_cases"  # named by fewer than five: not broken down
    TOTAL_HIDDEN = "total_hidden"  # a part of a figure that is itself hidden
    PROTECTS_ANOTHER = "protects_another"  # would betray a hidden figure by subtraction
    FEW_DETAILS = "few_details"  # too few gave the details it rests on
    NOT_COMPUTED = "not_computed"  # nothing to show: nobody answered, or too few values for quartiles


# Inside groups that identifying questions define (type, size, products, stage, route): companies in the group, and
# companies that gave the answer as well as companies that did not.
GROUP_BASE: Mapping[Audience, int] = {Audience.MINISTRY: 5, Audience.JAPAN: 10, Audience.PUBLIC: 10}
GROUP_COUNT: Mapping[Audience, int] = {Audience.MINISTRY: 3, Audience.JAPAN: 5, Audience.PUBLIC: 5}
# Tallies over a whole round, for every audience.
ROUND_BASE = 10
ROUND_COUNT = 3
# Segment questions with one answer a company.
_SINGLE_CHOICE: tuple[SegmentQuestion, ...] = ("company_type", "company_size", "jp_stage")


class DisclosureBypassed(Exception):
    """A released figure was made outside this module."""


_KEY = object()


@final
@dataclass(frozen=True, slots=True)
class ReleasedFigure:
    """One figure that its audience may see, or the reason why not. Only this module can make one.

    A share has `count`, `base`, `value` = count / base and its `interval`. A tally has `count` alone. A mean, median or
    index has `value`, the `base` it rests on and, for an index, its range as `interval`. A tier or place is a `value`.
    Where `hidden` is set every number is None: a count hides all that follows from it.
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


@dataclass(frozen=True, slots=True)
class ReleasedIssueRow:
    """One area or leaf of the released issue table."""

    code: str
    parent: str | None
    name: Text
    bilateral: Bilateral | None
    share: ReleasedFigure  # n of N
    severity: ReleasedFigure  # mean 1 to 5
    open_share: ReleasedFigure  # mean 0 to 1
    index: ReleasedFigure  # 0 to 100, `interval` is its range
    range_method: RangeMethod | None
    tier: ReleasedFigure  # among the rows whose index is released
    place: ReleasedFigure
    by_stage: tuple[tuple[Stage, ReleasedFigure], ...]  # always all three stages
    concerned: tuple[ConcernedGroup, ReleasedFigure] | None  # areas dev and pms only


@dataclass(frozen=True, slots=True)
class ReleasedIssueTable:
    """The ranking as its audience may see it.

    Rows whose index is released come first, by place; the others follow in the order of their codes, so that
    their position tells nothing. `is_ranked` is False where the base is below 10.
    """

    audience: Audience
    origin: Origin
    base: ReleasedFigure
    none: ReleasedFigure
    is_ranked: bool
    areas: tuple[ReleasedIssueRow, ...]
    leaves: tuple[ReleasedIssueRow, ...]


@dataclass(frozen=True, slots=True)
class ReleasedChoice:
    """One answer of a released question."""

    choice: str
    label: Text
    share: ReleasedFigure


@dataclass(frozen=True, slots=True)
class ReleasedQuestion:
    """One question as its audience may see it. `median` and the quartiles belong to numbers alone."""

    audience: Audience
    origin: Origin
    question: str
    kind: Kind
    label: Text
    asked: ReleasedFigure
    answered: ReleasedFigure
    not_answered: ReleasedFigure
    dont_know: ReleasedFigure
    not_applicable: ReleasedFigure
    choices: tuple[ReleasedChoice, ...]  # for a rank: put first
    median: ReleasedFigure | None
    lower_quartile: ReleasedFigure | None
    upper_quartile: ReleasedFigure | None


@dataclass(frozen=True, slots=True)
class ReleasedDimension:
    """One readiness dimension as its audience may see it."""

    dimension: str
    weight: int
    n: ReleasedFigure
    few_answers: bool
    median: ReleasedFigure
    lower_quartile: ReleasedFigure
    upper_quartile: ReleasedFigure
    levels: tuple[ReleasedFigure, ...]  # level 0 to 4
    ready: ReleasedFigure
    not_ready: ReleasedFigure
    net: ReleasedFigure  # -100 to +100


@dataclass(frozen=True, slots=True)
class ReleasedReadiness:
    """The readiness profile as its audience may see it."""

    audience: Audience
    origin: Origin
    dimensions: tuple[ReleasedDimension, ...]
    bands: tuple[tuple[Band, ReleasedFigure], ...]  # always all four
    overall: ReleasedFigure  # median
    overall_equal_weights: ReleasedFigure  # median


@dataclass(frozen=True, slots=True)
class ReleasedAreaCross:
    """Areas against segments as its audience may see it: one row an area, one cell a segment."""

    audience: Audience
    origin: Origin
    by_question: SegmentQuestion
    label: Text
    segments: tuple[tuple[str, Text], ...]
    rows: tuple[tuple[str, Text, tuple[ReleasedFigure, ...]], ...]  # area, name, cells


def release_issue_table(ranking: IssueRanking, audience: Audience) -> ReleasedIssueTable:
    """The ranking under the audience's thresholds, ranked and tiered anew among the rows that may be shown.

    Stages are identifying groups, and so are the companies an area can concern; of an issue that fewer than five named
    nothing is broken down. Where exactly one stage is hidden the smallest of the others is hidden too.
    """
    rules = _find_rules(ranking.origin, audience)
    return ReleasedIssueTable(
        audience=audience,
        origin=ranking.origin,
        base=rules.tally(ranking.base, ranking.base),
        none=rules.share(ranking.none),
        is_ranked=ranking.is_ranked and ranking.base >= rules.least_base,
        areas=_release_rows(ranking.areas, rules),
        leaves=_release_rows(ranking.leaves, rules),
    )


def release_question(counts: QuestionCounts, audience: Audience) -> ReleasedQuestion:
    """One question's counts under the audience's thresholds.

    Answers that exclude each other add up to `answered`: where exactly one is hidden, the smallest other is hidden too.
    The missing kinds and `answered` add up to `asked`, which is hidden where one of the kinds is.
    """
    rules = _find_rules(counts.origin, audience)
    answered = rules.tally(counts.answered, counts.answered)
    entries = [(choice.choice, choice.label, choice.share) for choice in counts.choices]
    entries += [(rank.choice, rank.label, rank.first) for rank in counts.ranks]
    shares = [rules.share(share) for _, _, share in entries]
    if counts.kind != "select_multiple":
        shares = _protect(shares, [share for _, _, share in entries], rules)
    missing = [
        rules.tally(count, counts.asked)
        for count in (counts.missing.not_answered, counts.missing.dont_know, counts.missing.not_applicable)
    ]
    asked = rules.tally(counts.asked, counts.base)
    if asked.hidden is None and any(figure.hidden is not None for figure in missing):
        asked = rules.hide(Hidden.PROTECTS_ANOTHER)
    numbers = counts.numbers
    return ReleasedQuestion(
        audience=audience,
        origin=counts.origin,
        question=counts.question,
        kind=counts.kind,
        label=counts.label,
        asked=asked,
        answered=answered,
        not_answered=missing[0],
        dont_know=missing[1],
        not_applicable=missing[2],
        choices=tuple(
            ReleasedChoice(name, label, figure) for (name, label, _), figure in zip(entries, shares, strict=True)
        ),
        median=None if numbers is None else rules.summary(numbers.median, numbers.n),
        lower_quartile=None if numbers is None else rules.summary(numbers.lower_quartile, numbers.n),
        upper_quartile=None if numbers is None else rules.summary(numbers.upper_quartile, numbers.n),
    )


def release_readiness(profile: ReadinessProfile, audience: Audience) -> ReleasedReadiness:
    """The readiness profile under the audience's thresholds.

    Companies that are ready, not ready and between add up to n. The five levels are shown all or not at all, and not
    where they would tell how many of a few stand exactly at the score 25.
    """
    rules = _find_rules(profile.origin, audience)
    shares = [share for _, share in profile.bands]
    bands: Sequence[ReleasedFigure] = [rules.hide(Hidden.BASE_TOO_SMALL)] * len(BANDS)
    if shares:
        bands = _protect([rules.share(share) for share in shares], shares, rules)
    return ReleasedReadiness(
        audience=audience,
        origin=profile.origin,
        dimensions=tuple(_release_dimension(dimension, rules) for dimension in profile.dimensions),
        bands=tuple(zip(BANDS, bands, strict=True)),
        overall=rules.summary(profile.overall.median, profile.overall.n),
        overall_equal_weights=rules.summary(profile.overall_equal_weights.median, profile.overall_equal_weights.n),
    )


def release_area_cross(cross: AreaCross, audience: Audience) -> ReleasedAreaCross:
    """The heat map under the audience's thresholds: every segment is an identifying group.

    The segments of a single-choice question add up to the area's total, and stages to the three stages of the issue
    table: where exactly one of them is hidden, the smallest other is hidden too.
    """
    whole = _find_rules(cross.origin, audience)
    rules = _Rules.of_groups(audience)
    places = {segment.choice: place for place, segment in enumerate(cross.segments)}
    sums = [list(places.values())] if cross.by_question in _SINGLE_CHOICE else []
    if cross.by_question == STAGE_QUESTION:
        sums = [[places[choice] for choice in choices if choice in places] for choices in STAGES.values()] + sums
    rows = []
    for row in cross.rows:
        total = whole.share(row.total)
        if total.hidden is not None or row.few_cases:
            reason = Hidden.TOTAL_HIDDEN if total.hidden is not None else Hidden.FEW_CASES
            cells = [rules.hide(reason)] * len(cross.segments)
        else:
            cells = [rules.share(share) for share in row.cells]
            for parts in sums:
                protected = _protect([cells[place] for place in parts], [row.cells[place] for place in parts], rules)
                for place, figure in zip(parts, protected, strict=True):
                    cells[place] = figure
        rows.append((row.code, row.name, tuple(cells)))
    return ReleasedAreaCross(
        audience=audience,
        origin=cross.origin,
        by_question=cross.by_question,
        label=cross.label,
        segments=tuple((segment.choice, segment.label) for segment in cross.segments),
        rows=tuple(rows),
    )


@dataclass(frozen=True, slots=True)
class _Rules:
    """The thresholds of one audience, for tallies over a whole round or inside identifying groups."""

    audience: Audience
    least_base: int
    least_count: int
    of_group: bool

    @classmethod
    def of_groups(cls, audience: Audience) -> _Rules:
        return cls(audience, GROUP_BASE[audience], GROUP_COUNT[audience], of_group=True)

    @classmethod
    def of_round(cls, audience: Audience) -> _Rules:
        return cls(audience, ROUND_BASE, ROUND_COUNT, of_group=False)

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
        if share.base == 0:
            return self.hide(Hidden.NOT_COMPUTED)
        reason = self.find_reason(share.count, share.base)
        if reason is not None:
            return self.hide(reason)
        return ReleasedFigure(self.audience, share.value, share.count, share.base, share.interval, None, _KEY)

    def tally(self, count: int, base: int) -> ReleasedFigure:
        """A number of companies, of `base` that could have been among them."""
        if count == base:
            # All of them: the base itself, which is shown where it is large enough.
            reason = Hidden.BASE_TOO_SMALL if base < self.least_base else None
        else:
            reason = self.find_reason(count, base)
        if reason is not None:
            return self.hide(reason)
        return ReleasedFigure(self.audience, None, count, base, None, None, _KEY)

    def index(self, value: Fraction, base: int, index_range: Range | None) -> ReleasedFigure:
        """A priority index whose three factors are released."""
        return ReleasedFigure(self.audience, value, None, base, index_range, None, _KEY)

    def detail(self, value: Fraction | None, n: int) -> ReleasedFigure:
        """A mean that rests on the details of n companies."""
        if value is None:
            return self.hide(Hidden.NOT_COMPUTED)
        if n < GROUP_COUNT[self.audience]:
            return self.hide(Hidden.FEW_DETAILS)
        return ReleasedFigure(self.audience, value, None, n, None, None, _KEY)

    def summary(self, value: Fraction | None, n: int) -> ReleasedFigure:
        """A median or quartile of n values."""
        if n < self.least_base:
            return self.hide(Hidden.BASE_TOO_SMALL)
        if value is None:
            return self.hide(Hidden.NOT_COMPUTED)
        return ReleasedFigure(self.audience, value, None, n, None, None, _KEY)

    def number(self, value: Fraction | int) -> ReleasedFigure:
        """A number that follows from figures already released: a tier, a place, a balance."""
        return ReleasedFigure(self.audience, Fraction(value), None, None, None, None, _KEY)

    def hide(self, reason: Hidden) -> ReleasedFigure:
        return ReleasedFigure(self.audience, None, None, None, None, reason, _KEY)


def _find_rules(origin: Origin, audience: Audience) -> _Rules:
    """A filtered selection is treated as an identifying group, whatever it is filtered by."""
    return _Rules.of_groups(audience) if origin.filters else _Rules.of_round(audience)


def _protect(figures: Sequence[ReleasedFigure], shares: Sequence[Share], rules: _Rules) -> list[ReleasedFigure]:
    """Figures whose counts add up to a total that is published: never exactly one hidden, or it follows by subtraction.

    The smallest shown count that is not 0 is hidden beside it. Empty groups hide nothing. (A reader who knows this rule
    can still narrow a count down; the full engine with its attack on every release comes later.)
    """
    kept = list(figures)
    hidden = [place for place, figure in enumerate(kept) if figure.hidden is not None and shares[place].base > 0]
    shown = [place for place, figure in enumerate(kept) if figure.hidden is None]
    if len(hidden) == 1 and shown:
        smallest = min(shown, key=lambda place: (shares[place].count == 0, shares[place].count, shares[place].base))
        kept[smallest] = rules.hide(Hidden.PROTECTS_ANOTHER)
    return kept


def _blur_reasons(figures: Sequence[ReleasedFigure], rules: _Rules) -> list[ReleasedFigure]:
    """One reason for all hidden parts of a small split: "too few named it" bounds a count, and with the published total
    that bound can fix the count of a group of one. That a group is too small its base says anyway.
    """
    return [
        rules.hide(Hidden.PROTECTS_ANOTHER)
        if figure.hidden in (Hidden.COUNT_TOO_SMALL, Hidden.REST_TOO_SMALL)
        else figure
        for figure in figures
    ]


def _release_rows(rows: Sequence[IssueRow], rules: _Rules) -> tuple[ReleasedIssueRow, ...]:
    released = [_release_row(row, rules) for row in rows]
    may_rank = {row.code for row in released if row.index.hidden is None}
    places = {
        row.code: row for row in order_rows([row for row in rows if row.code in may_rank]) if row.place is not None
    }
    with_place = [
        replace(
            row,
            place=rules.number(places[row.code].place or 0),
            tier=rules.hide(Hidden.NOT_COMPUTED) if (tier := places[row.code].tier) is None else rules.number(tier),
        )
        for row in released
        if row.code in places
    ]
    order = {code: position for position, code in enumerate(places)}
    others = [row for row in released if row.code not in places]
    return (
        *sorted(with_place, key=lambda row: order[row.code]),
        *sorted(others, key=lambda row: (row.parent or "", row.code)),
    )


def _release_row(row: IssueRow, rules: _Rules) -> ReleasedIssueRow:
    """One row without tier and place: those belong to the rows that are released together."""
    share = rules.share(row.share)
    if share.hidden is not None:
        severity = open_share = index = rules.hide(share.hidden)
    else:
        severity = rules.detail(row.severity.mean, row.severity.answered)
        open_share = rules.detail(row.status.open_share, row.status.answered)
        if rules.of_group and row.status.open_share in (0, 1):
            open_share = rules.hide(Hidden.REST_TOO_SMALL)
        index = _release_index(row, severity, open_share, rules)
    stages, concerned = _release_breakdown(row, share, rules)
    return ReleasedIssueRow(
        code=row.code,
        parent=row.parent,
        name=row.name,
        bilateral=row.bilateral,
        share=share,
        severity=severity,
        open_share=open_share,
        index=index,
        range_method=row.range_method if index.interval is not None else None,
        tier=rules.hide(index.hidden or Hidden.NOT_COMPUTED),
        place=rules.hide(index.hidden or Hidden.NOT_COMPUTED),
        by_stage=stages,
        concerned=concerned,
    )


def _release_index(
    row: IssueRow, severity: ReleasedFigure, open_share: ReleasedFigure, rules: _Rules
) -> ReleasedFigure:
    """The index follows from P, S and U, and S or U from the index: it is hidden with either."""
    if row.share.count == 0 and row.index is not None:
        return rules.index(row.index, row.share.base, None)
    reason = severity.hidden or open_share.hidden
    if reason is not None:
        return rules.hide(reason)
    if row.index is None:
        return rules.hide(Hidden.NOT_COMPUTED)
    return rules.index(row.index, row.share.base, row.index_range)


def _release_breakdown(
    row: IssueRow, share: ReleasedFigure, rules: _Rules
) -> tuple[tuple[tuple[Stage, ReleasedFigure], ...], tuple[ConcernedGroup, ReleasedFigure] | None]:
    groups = _Rules.of_groups(rules.audience)
    concerned_group = CONCERNED[row.code][0] if row.code in CONCERNED and row.parent is None else None
    if share.hidden is not None or row.few_cases:
        nothing = groups.hide(Hidden.TOTAL_HIDDEN if share.hidden is not None else Hidden.FEW_CASES)
        return tuple((stage, nothing) for stage in STAGES), concerned_group and (concerned_group, nothing)
    shares = [entry.share for entry in row.by_stage]
    figures = _blur_reasons(_protect([groups.share(entry) for entry in shares], shares, groups), groups)
    stages = tuple((entry.stage, figure) for entry, figure in zip(row.by_stage, figures, strict=True))
    if row.concerned is None:
        return stages, None
    around = [row.share]
    if row.concerned.group == "approved_or_onmarket":
        released = {stage for stage, figure in stages if figure.hidden is None}
        around += [entry.share for entry in row.by_stage if entry.stage in released & {"filed_or_market"}]
    concerned = groups.share(row.concerned.share)
    if concerned.hidden is None and any(_betrays(entry, row.concerned.share, groups) for entry in around):
        concerned = groups.hide(Hidden.PROTECTS_ANOTHER)
    return stages, (row.concerned.group, concerned)


def _betrays(around: Share, inside: Share, groups: _Rules) -> bool:
    """Whether a group and a larger one around it tell too much, by subtraction, about those between.

    That nobody outside named the issue tells nothing: it cannot concern them.
    """
    rest = Share(around.count - inside.count, around.base - inside.base)
    return rest.base > 0 and rest.count > 0 and groups.find_reason(rest.count, rest.base) is not None


def _release_dimension(dimension: DimensionProfile, rules: _Rules) -> ReleasedDimension:
    n = rules.tally(dimension.n, dimension.n)
    ready, not_ready = dimension.ready, dimension.not_ready
    if n.hidden is not None or ready is None or not_ready is None or dimension.net is None:
        nothing = rules.hide(n.hidden or Hidden.BASE_TOO_SMALL)
        return ReleasedDimension(
            dimension=dimension.dimension,
            weight=dimension.weight,
            n=nothing,
            few_answers=dimension.few_answers,
            median=nothing,
            lower_quartile=nothing,
            upper_quartile=nothing,
            levels=(nothing,) * LEVELS,
            ready=nothing,
            not_ready=nothing,
            net=nothing,
        )
    between = Share(dimension.n - ready.count - not_ready.count, dimension.n)
    shares = [ready, not_ready, between]
    figures = _protect([rules.share(share) for share in shares], shares, rules)
    is_balanced = figures[0].hidden is None and figures[1].hidden is None
    return ReleasedDimension(
        dimension=dimension.dimension,
        weight=dimension.weight,
        n=n,
        few_answers=dimension.few_answers,
        median=rules.summary(dimension.scores.median, dimension.n),
        lower_quartile=rules.summary(dimension.scores.lower_quartile, dimension.n),
        upper_quartile=rules.summary(dimension.scores.upper_quartile, dimension.n),
        levels=_release_levels(dimension.levels, not_ready, rules),
        ready=figures[0],
        not_ready=figures[1],
        net=rules.number(dimension.net)
        if is_balanced
        else rules.hide(figures[0].hidden or figures[1].hidden or Hidden.PROTECTS_ANOTHER),
    )


def _release_levels(levels: Sequence[Share], not_ready: Share, rules: _Rules) -> tuple[ReleasedFigure, ...]:
    """The five levels, all or none. `not_ready` ends inside the second level, at the score 25."""
    at_25 = not_ready.count - levels[0].count
    parts = [*(share.count for share in levels), at_25, levels[1].count - at_25]
    if any(rules.find_reason(count, not_ready.base) is not None for count in parts):
        return tuple(rules.hide(Hidden.COUNT_TOO_SMALL) for _ in levels)
    return tuple(rules.share(share) for share in levels)
