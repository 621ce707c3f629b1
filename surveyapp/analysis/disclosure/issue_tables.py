"""The issue table as its audience may see it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told, exclude, tell, tell_impossible
from surveyapp.analysis.disclosure.links import Link, LinkKind
from surveyapp.analysis.disclosure.protection import protect
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
    breakdowns, known = _release_breakdowns(ranking, shares, groups, (told, before))
    told += known
    rows = {}
    for row in (*ranking.areas, *ranking.leaves):
        # What only some can have met keeps the rules of groups beside those of the round, in its details as well.
        of_row = (
            replace(details, of_group=True) if _find_impossible(row.parent or row.code, ranking.groups) else details
        )
        rows[row.code] = _release_row(row, shares[row.code], breakdowns[row.code], of_row)
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
    """The shares of "none", areas and leaves. What only some companies can have met is a figure of their group,
    whatever base it is shown with.
    """
    groups = ranking.groups
    entries = [(NO_DIFFICULTY, ranking.none, groups.base)]
    entries += [(row.code, row.share, _list_possible(row, groups)) for row in (*ranking.areas, *ranking.leaves)]
    sums = [_build_share_sum(code, share, members, rules) for code, share, members in entries]
    impossible = _map_impossible(ranking)
    # Whom an area can concern tells companies apart, so that an answer can follow from a whole round, too.
    verdict = protect(
        sums,
        beside=tell_impossible(impossible),
        before=[exclude(told, _with_problems(impossible, ranking)) for told in before],
        links=bind_issues(ranking),
        watch_companies=bool(impossible),
    )
    shares = {
        code: rules.share(share) if reason is None else rules.hide(reason)
        for (code, share, _), reason in zip(entries, verdict.reasons, strict=True)
    }
    told = [*verdict.told, *tell_impossible(impossible)]
    # The base of a problem's share tells how many named its area without being asked for details.
    below = {row.code for row in ranking.leaves if row.parent is not None and shares[row.parent].hidden is not None}
    shares |= dict.fromkeys(below, rules.hide(Hidden.TOTAL_HIDDEN))
    return shares, _leave_out(told, {(name_issue(code), None) for code in below})


def _leave_out(told: Iterable[Told], hidden: Collection[tuple[str, FrozenBitMap | None]]) -> list[Told]:
    """What is told without what is not, after all: an answer, of some companies or of any."""
    return [
        each for each in told if (each.answers[0], None) not in hidden and (each.answers[0], each.members) not in hidden
    ]


def _build_share_sum(code: str, share: Share, members: FrozenBitMap, rules: Rules) -> Sum:
    reason = rules.find_reason(share.count, share.base)
    if len(members) < share.base:
        rules = rules.for_groups()
        reason = rules.find_reason(share.count, len(members)) or reason
    return Sum((name_issue(code),), members, share.count, rules, reason)


def bind_issues(ranking: IssueRanking) -> list[Link]:
    """A company names none or an area, and with an area its problems."""
    groups, links = ranking.groups, []
    areas = [row.code for row in ranking.areas]
    if groups.is_none_alone and areas:
        links.append(Link("none_or_any", tuple(map(name_issue, (NO_DIFFICULTY, *areas))), groups.base))
    for area in areas:
        leaves = [row.code for row in ranking.leaves if row.parent == area]
        if leaves:
            kind: LinkKind = "whole_and_parts" if area in groups.with_leaf else "parts_of_whole"
            links.append(Link(kind, tuple(map(name_issue, (area, *leaves))), groups.leaf_bases[area]))
    return links


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


def _list_possible(row: IssueRow, groups: IssueGroups) -> FrozenBitMap:
    """The companies that can have named it, as far as a reader knows."""
    asked = groups.base if row.parent is None else groups.leaf_bases[row.parent]
    return FrozenBitMap(asked - _find_impossible(row.parent or row.code, groups))


def _map_impossible(ranking: IssueRanking) -> dict[str, FrozenBitMap]:
    """By area as an answer, the companies that it cannot concern."""
    found = {name_issue(row.code): _find_impossible(row.code, ranking.groups) for row in ranking.areas}
    return {answer: companies for answer, companies in found.items() if companies}


def _with_problems(impossible: Mapping[str, FrozenBitMap], ranking: IssueRanking) -> dict[str, FrozenBitMap]:
    """The same for the areas' problems, too: these lie in the areas."""
    areas = {row.code: name_issue(row.parent) for row in ranking.leaves if row.parent is not None}
    below = {name_issue(code): impossible[area] for code, area in areas.items() if area in impossible}
    return {**impossible, **below}


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


def _release_breakdowns(
    ranking: IssueRanking,
    shares: Mapping[str, ReleasedFigure],
    rules: Rules,
    known: tuple[Sequence[Told], Readers],
) -> tuple[dict[str, _Breakdown], tuple[Told, ...]]:
    """Of each row the stages, and the companies an area can concern, with what a reader then knows.

    All rows are one problem: a problem's part is bounded by that of its area, and the areas by who named none.
    """
    parts = {
        row.code: _split_row(row, ranking.groups, rules)
        for row in (*ranking.areas, *ranking.leaves)
        if shares[row.code].hidden is None and not row.few_cases
    }
    sums = [each for part in parts.values() for each in part if each.members]
    impossible = _map_impossible(ranking)
    every = _with_problems(impossible, ranking)
    verdict = protect(
        sums,
        beside=[*exclude(known[0], every), *tell_impossible(impossible)],
        before=[exclude(told, every) for told in known[1]],
        links=bind_issues(ranking),
        watch_companies=True,
    )
    found = _blur_reasons(verdict.reasons)
    reasons = iter(found)
    given = {code: [next(reasons) if each.members else each.reason for each in part] for code, part in parts.items()}
    below: set[tuple[str, FrozenBitMap | None]] = set()
    for row in ranking.leaves:
        if row.code not in given:
            continue
        # The base tells how many of the stage named the area without being asked for details: none where that is shown.
        for place, reason in enumerate(given.get(row.parent or "", ())[: len(STAGES)]):
            if reason is not None and given[row.code][place] is None:
                given[row.code][place] = Hidden.PROTECTS_ANOTHER
                below.add((name_issue(row.code), parts[row.code][place].members))
    breakdowns = {
        row.code: _release_breakdown(row, shares[row.code], given.get(row.code, ()), rules)
        for row in (*ranking.areas, *ranking.leaves)
    }
    return breakdowns, tuple(_leave_out(tell(sums, found), below))


def _split_row(row: IssueRow, groups: IssueGroups, rules: Rules) -> list[Sum]:
    """The companies of a row by stage, then those an area can concern, where others named it as well: where none did,
    theirs is the row's own share.
    """
    possible = _list_possible(row, groups)
    sums = []
    for entry in row.by_stage:
        members = FrozenBitMap(groups.stages[entry.stage] & possible)
        reason = rules.find_reason(entry.share.count, len(members) or entry.share.base)
        if members == possible:
            reason = None  # all of them: it is the share of the row, which is shown
        sums.append(Sum((name_issue(row.code),), members, entry.share.count, rules, reason))
    if row.concerned is not None and row.code in groups.outside:
        sums.append(_build_concerned_sum(row, groups, rules))
    return sums


def _release_breakdown(
    row: IssueRow, share: ReleasedFigure, reasons: Sequence[Hidden | None], rules: Rules
) -> _Breakdown:
    """`reasons` are of the stages, then of the companies concerned; none for a row that is not broken down."""
    if not reasons:
        nothing = rules.hide(Hidden.TOTAL_HIDDEN if share.hidden is not None else Hidden.FEW_CASES)
        group = CONCERNED[row.code][0] if row.code in CONCERNED and row.parent is None else None
        return tuple((stage, nothing) for stage in STAGES), None if group is None else (group, nothing)
    stages = tuple(
        (entry.stage, rules.judged(entry.share, reason)) for entry, reason in zip(row.by_stage, reasons, strict=False)
    )
    if row.concerned is None:
        return stages, None
    # Without a reason of their own it is the share of the row, which is shown.
    of_concerned = reasons[len(stages)] if len(reasons) > len(stages) else None
    return stages, (row.concerned.group, rules.judged(row.concerned.share, of_concerned))


def _build_concerned_sum(row: IssueRow, groups: IssueGroups, rules: Rules) -> Sum:
    """The companies an area can concern, where others named it as well: less these, the whole may tell of them."""
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
