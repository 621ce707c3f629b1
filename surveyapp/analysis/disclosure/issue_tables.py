"""The issue table as its audience may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told, exclude, protect, tell
from surveyapp.analysis.disclosure.links import Link, LinkKind
from surveyapp.analysis.disclosure.released import ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.disclosure.rules import Rules, blur_reason, find_rules, release_origin
from surveyapp.analysis.disclosure.summaries import limit_rules, tell_basis
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_order import order_rows
from surveyapp.analysis.issue_questions import AREAS_QUESTION, NO_DIFFICULTY
from surveyapp.analysis.issue_returns import CONCERNED, STAGES, ConcernedGroup, Stage
from surveyapp.analysis.issue_rows import IssueGroups, IssueRanking, IssueRow
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds

SEVERITY_ENDS = (1, 5)
OPEN_ENDS = (0, 1)
DETAILS = "issues"  # severities, statuses and what follows from them
CONCERNED_DISCOUNT = 0.5  # the share among those concerned says least that the rest of the row does not


def name_issue(code: str) -> str:
    """The answer that says a company met an issue."""
    return f"{AREAS_QUESTION}={code}"


def release_issue_table(
    ranking: IssueRanking,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    before: Readers = NOTHING_BEFORE,
) -> ReleasedIssueTable:
    """The ranking under the audience's thresholds, ranked and tiered anew among the rows that may be shown.

    Stages are identifying groups, and so are the companies an area can concern; of an issue that fewer than five named
    nothing is broken down. `before` is what was told in earlier releases; what would follow together with it is hidden.
    """
    rules = find_rules(ranking.origin, audience, thresholds[audience])
    shares, told = _protect_shares(ranking, rules, before)
    groups = Rules.of_groups(audience, thresholds[audience])
    base = ranking.groups.base
    details = limit_rules(rules, DETAILS, base, before)
    told.append(tell_basis(DETAILS, base))
    rows: dict[str, ReleasedIssueRow] = {}
    for row in (*ranking.areas, *ranking.leaves):
        share = shares[row.code]
        breakdown, known = _release_breakdown(row, share, groups, ranking.groups, (told, before))
        rows[row.code] = _release_row(row, share, breakdown, details)
        told += known
    return ReleasedIssueTable(
        audience=audience,
        origin=release_origin(ranking.origin),
        base=rules.tally(ranking.base, ranking.base),
        none=shares[NO_DIFFICULTY],
        is_ranked=ranking.is_ranked and ranking.base >= rules.least_base,
        areas=_place_rows(ranking.areas, rows, rules),
        leaves=_place_rows(ranking.leaves, rows, rules),
        told=tuple(told),
    )


def _protect_shares(
    ranking: IssueRanking, rules: Rules, before: Readers
) -> tuple[dict[str, ReleasedFigure], list[Told]]:
    """The shares of "none", areas and leaves: a company names none or an area, and with an area its problems."""
    groups = ranking.groups
    entries = [(NO_DIFFICULTY, ranking.none, groups.base)]
    entries += [(row.code, row.share, groups.base - _find_impossible(row.code, groups)) for row in ranking.areas]
    entries += [(row.code, row.share, groups.leaf_bases[row.parent or ""]) for row in ranking.leaves]
    sums = [
        Sum((name_issue(code),), members, share.count, rules, rules.find_reason(share.count, share.base))
        for code, share, members in entries
    ]
    links = []
    areas = [row.code for row in ranking.areas]
    if groups.is_none_alone and areas:
        links.append(Link("none_or_any", tuple(map(name_issue, (NO_DIFFICULTY, *areas))), groups.base))
    for area in areas:
        leaves = [row.code for row in ranking.leaves if row.parent == area]
        if leaves:
            kind: LinkKind = "whole_and_parts" if area in groups.with_leaf else "parts_of_whole"
            links.append(Link(kind, tuple(map(name_issue, (area, *leaves))), groups.leaf_bases[area]))
    known = [_exclude_impossible(told, ranking) for told in before]
    verdict = protect(sums, before=known, links=links)
    shares = {
        code: rules.share(share) if reason is None else rules.hide(reason)
        for (code, share, _), reason in zip(entries, verdict.reasons, strict=True)
    }
    return shares, list(verdict.told)


def _place_rows(
    rows: Sequence[IssueRow], found: Mapping[str, ReleasedIssueRow], rules: Rules
) -> tuple[ReleasedIssueRow, ...]:
    released = [found[row.code] for row in rows]
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


def _find_impossible(code: str, groups: IssueGroups) -> FrozenBitMap:
    """Whom an area cannot concern, and none of whom named it: that is known, and nothing about them need be hidden."""
    if not groups.concerned.get(code) or code in groups.outside:
        return FrozenBitMap()
    return FrozenBitMap(groups.base - groups.concerned[code])


def _exclude_impossible(told: Sequence[Told], ranking: IssueRanking) -> list[Told]:
    impossible = {
        (name_issue(row.code),): found for row in ranking.areas if (found := _find_impossible(row.code, ranking.groups))
    }
    return [
        replace(each, members=each.members - impossible[each.answers]) if each.answers in impossible else each
        for each in told
    ]


_Breakdown = tuple[tuple[tuple[Stage, ReleasedFigure], ...], tuple[ConcernedGroup, ReleasedFigure] | None]


def _release_row(row: IssueRow, share: ReleasedFigure, breakdown: _Breakdown, rules: Rules) -> ReleasedIssueRow:
    """One row without tier and place: those belong to the rows that are released together."""
    if share.hidden is not None:
        severity = open_share = index = rules.hide(share.hidden)
    else:
        severity = rules.detail(row.severity.mean, row.severity.answered, SEVERITY_ENDS)
        open_share = rules.detail(row.status.open_share, row.status.answered, OPEN_ENDS)
        index = _release_index(row, severity, open_share, rules)
    stages, concerned = breakdown
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
        cost=_release_cost(row, share, rules),
    )


def _release_cost(row: IssueRow, share: ReleasedFigure, rules: Rules) -> ReleasedFigure | None:
    """Extra cost at the lower bounds, summed up over the companies that named a range; None where it was not asked."""
    if row.cost is None:
        return None
    if share.hidden is not None:
        return rules.hide(share.hidden)
    return rules.total(row.cost.lower_bounds) if row.share.count else rules.hide(Hidden.NOT_COMPUTED)


def _release_index(row: IssueRow, severity: ReleasedFigure, open_share: ReleasedFigure, rules: Rules) -> ReleasedFigure:
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
    row: IssueRow,
    share: ReleasedFigure,
    rules: Rules,
    groups: IssueGroups,
    known: tuple[Sequence[Told], Readers],
) -> tuple[_Breakdown, tuple[Told, ...]]:
    """The stages, and the companies an area can concern, with what a reader then knows."""
    concerned_group = CONCERNED[row.code][0] if row.code in CONCERNED and row.parent is None else None
    if share.hidden is not None or row.few_cases:
        nothing = rules.hide(Hidden.TOTAL_HIDDEN if share.hidden is not None else Hidden.FEW_CASES)
        return (tuple((stage, nothing) for stage in STAGES), concerned_group and (concerned_group, nothing)), ()
    beside, before = known
    impossible = _find_impossible(row.code, groups)
    possible = (groups.leaf_bases[row.parent] if row.parent is not None else groups.base) - impossible
    entries = [(entry.share, groups.stages[entry.stage] & possible) for entry in row.by_stage]
    answer = (name_issue(row.code),)
    sums = [
        Sum(answer, members, entry.count, rules, rules.find_reason(entry.count, entry.base))
        for entry, members in entries
        if members
    ]
    concerned = None
    if row.concerned is not None:
        concerned = _find_concerned(row, groups, rules)
        if concerned.reason is None:
            sums.append(concerned)
    if impossible:
        beside = exclude(beside, name_issue(row.code), impossible)
        before = [exclude(each, name_issue(row.code), impossible) for each in before]
    verdict = protect(sums, beside=beside, before=before, watch_companies=True)
    reasons = iter(_blur_reasons(verdict.reasons))
    found = [next(reasons) if members else rules.find_reason(entry.count, entry.base) for entry, members in entries]
    found = [reason if entry.base else Hidden.NOT_COMPUTED for (entry, _), reason in zip(entries, found, strict=True)]
    stages = tuple(
        (entry.stage, rules.share(entry.share) if reason is None else rules.hide(reason))
        for entry, reason in zip(row.by_stage, found, strict=True)
    )
    told = tuple(tell(sums, _blur_reasons(verdict.reasons)))
    if row.concerned is None or concerned is None:
        return (stages, None), told
    reason = next(reasons) if concerned.reason is None else concerned.reason
    figure = rules.share(row.concerned.share) if reason is None else rules.hide(reason)
    return (stages, (row.concerned.group, figure)), told


def _find_concerned(row: IssueRow, groups: IssueGroups, rules: Rules) -> Sum:
    """The companies an area can concern. Less them, the whole may tell too much about the others, if those named it."""
    assert row.concerned is not None
    share = row.concerned.share
    reason = rules.find_reason(share.count, share.base)
    rest = Share(row.share.count - share.count, row.share.base - share.base)
    if reason is None and rest.base > 0 and rest.count > 0 and rules.find_reason(rest.count, rest.base) is not None:
        reason = Hidden.PROTECTS_ANOTHER
    members = groups.concerned[row.code]
    return Sum((name_issue(row.code),), members, share.count, rules, reason, discount=CONCERNED_DISCOUNT)


def _blur_reasons(reasons: Sequence[Hidden | None]) -> list[Hidden | None]:
    """One reason for all hidden parts of a small split: "too few named it" bounds a count, and with the published total
    that bound can fix the count of a group of one. That a group is too small its base says anyway.
    """
    return [reason and blur_reason(reason) for reason in reasons]
