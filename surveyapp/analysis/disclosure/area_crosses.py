"""Areas against segments of companies, as their audience may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.issue_tables import name_issue
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told, exclude, tell_impossible
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.disclosure.protection import protect
from surveyapp.analysis.disclosure.released import ReleasedAreaCross
from surveyapp.analysis.disclosure.rollups import list_merged_crosses
from surveyapp.analysis.disclosure.rules import Rules, find_rules, release_origin
from surveyapp.analysis.disclosure.stored import count_shown
from surveyapp.analysis.issue_questions import STAGE_QUESTION
from surveyapp.analysis.issue_returns import STAGES
from surveyapp.analysis.segments import AreaCross, AreaSegments
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds


@dataclass(frozen=True, slots=True)
class _Known:
    beside: Sequence[Told] | None
    links: Sequence[Link]
    before: Readers


def release_area_cross(
    cross: AreaCross,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    beside: Sequence[Told] | None = None,
    links: Sequence[Link] = (),
    before: Readers = NOTHING_BEFORE,
    may_merge: bool = True,
) -> ReleasedAreaCross:
    """The heat map under the audience's thresholds: every segment is an identifying group.

    Segments are merged along the declared roll-ups where more cells can be shown so; then cells are hidden. `beside` is
    what the issue table tells beside it; None: its three stages as far as they could be shown. `links` are the rules
    that bind its answers (`bind_issues`), `before` is what was told in earlier releases.
    """
    if not may_merge:
        return _release_cells(cross, audience, thresholds, _Known(beside, links, before))
    versions = release_each_rollup(cross, audience, thresholds, beside=beside, links=links, before=before)
    return max(versions, key=count_shown)  # the first of equals is the finest


def release_each_rollup(
    cross: AreaCross,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    beside: Sequence[Told] | None = None,
    links: Sequence[Link] = (),
    before: Readers = NOTHING_BEFORE,
) -> tuple[ReleasedAreaCross, ...]:
    """The heat map as it is and under each declared roll-up, from finer to coarser, each as if released alone."""
    return tuple(
        _release_cells(each, audience, thresholds, _Known(beside, links, before))
        for each in (cross, *list_merged_crosses(cross))
    )


def _release_cells(
    cross: AreaCross, audience: Audience, thresholds: AudienceThresholds, known: _Known
) -> ReleasedAreaCross:
    whole = find_rules(cross.origin, audience, thresholds[audience])
    rules = Rules.of_groups(audience, thresholds[audience])
    hidden = {row.code: _find_row_reason(row, whole, known.beside) for row in cross.rows}
    parts = {row.code: _split_row(cross, row, whole, rules) for row in cross.rows if hidden[row.code] is None}
    cells, told = _protect_cells(cross, parts, rules, known)
    rows = []
    for row in cross.rows:
        reason = hidden[row.code]
        shown = cells[row.code] if reason is None else (rules.hide(reason),) * len(cross.segments)
        rows.append((row.code, row.name, shown))
    return ReleasedAreaCross(
        audience=audience,
        origin=release_origin(cross.origin),
        by_question=cross.by_question,
        label=cross.label,
        segments=tuple((segment.choice, segment.label) for segment in cross.segments),
        rows=tuple(rows),
        told=told,
    )


def _find_row_reason(row: AreaSegments, whole: Rules, beside: Sequence[Told] | None) -> Hidden | None:
    """Why an area is not broken down."""
    if _is_sensitive(row, whole) or not _is_told(row, beside):
        return Hidden.TOTAL_HIDDEN
    return Hidden.FEW_CASES if row.few_cases else None


def _is_sensitive(row: AreaSegments, whole: Rules) -> bool:
    """Whether the area's own share may not be shown: over the round, and among those it can concern."""
    count = row.total.count
    if whole.find_reason(count, row.total.base) is not None:
        return True
    return bool(row.impossible) and whole.for_groups().find_reason(count, len(row.possible)) is not None


def _is_told(row: AreaSegments, beside: Sequence[Told] | None) -> bool:
    """Whether the issue table beside shows how many named the area; its own is no secret if there is none."""
    if beside is None:
        return True
    answer = (name_issue(row.code),)
    return any(each.is_exact and each.answers == answer and each.members == row.possible for each in beside)


def _split_row(cross: AreaCross, row: AreaSegments, whole: Rules, rules: Rules) -> list[Sum]:
    """The area's share of each segment, then that of all. Whom it cannot concern has not named it: that is known."""
    answer = (name_issue(row.code),)
    sums = []
    for segment, share in zip(cross.segments, row.cells, strict=True):
        group = FrozenBitMap(segment.numbers & row.possible)
        reason = rules.find_reason(share.count, len(group) or share.base)
        if group == row.possible:
            reason = None  # all of them: it is the share of the area, which is shown
        sums.append(Sum(answer, group, share.count, rules, reason))
    return [*sums, Sum(answer, row.possible, row.total.count, whole, may_hide=False)]


def _protect_cells(
    cross: AreaCross, parts: Mapping[str, Sequence[Sum]], rules: Rules, known: _Known
) -> tuple[dict[str, tuple[ReleasedFigure, ...]], tuple[Told, ...]]:
    """The cells of each area that is broken down, and what a reader then knows. All areas are one problem."""
    told = known.beside
    if told is None:
        told = [each for row in cross.rows if row.code in parts for each in _tell_stages(cross, row, rules)]
    impossible = {name_issue(row.code): row.impossible for row in cross.rows if row.impossible}
    beside = [*exclude(told, impossible), *tell_impossible(impossible)]
    # The issue table beside it may have been remembered a moment ago: that is not an earlier release.
    before = [[each for each in exclude(told, impossible) if each not in beside] for told in known.before]
    sums = [each for part in parts.values() for each in part if each.members]
    verdict = protect(sums, beside=beside, before=before, links=known.links, watch_companies=True)
    reasons = iter(verdict.reasons)
    cells = {}
    for row in cross.rows:
        if row.code not in parts:
            continue
        *found, _total = [next(reasons) if each.members else each.reason for each in parts[row.code]]
        cells[row.code] = tuple(rules.judged(share, reason) for share, reason in zip(row.cells, found, strict=True))
    return cells, verdict.told


def _tell_stages(cross: AreaCross, row: AreaSegments, rules: Rules) -> list[Told]:
    """The three stages of the issue table, where each could be shown by itself."""
    if cross.by_question != STAGE_QUESTION:
        return []
    numbers = {segment.choice: segment.numbers for segment in cross.segments}
    told = []
    for choices in STAGES.values():
        parts = [numbers[choice] for choice in choices if choice in numbers]
        if not parts:
            continue
        group = FrozenBitMap(reduce(or_, parts))
        count = row.ticked.intersection_cardinality(group)
        if rules.find_reason(count, len(group)) is None:
            told.append(Told((name_issue(row.code),), group & row.possible, count, count))
    return told
