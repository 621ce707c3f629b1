"""Areas against segments of companies, as their audience may see it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import or_

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.issue_tables import name_issue
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told, exclude
from surveyapp.analysis.disclosure.protection import protect
from surveyapp.analysis.disclosure.released import ReleasedAreaCross
from surveyapp.analysis.disclosure.rollups import list_merged_crosses
from surveyapp.analysis.disclosure.rules import Rules, find_rules, release_origin
from surveyapp.analysis.disclosure.stored import count_shown
from surveyapp.analysis.issue_questions import STAGE_QUESTION
from surveyapp.analysis.issue_returns import STAGES
from surveyapp.analysis.segments import AreaCross, AreaSegments
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds

_Known = tuple[Sequence[Told] | None, Readers]


def release_area_cross(
    cross: AreaCross,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    beside: Sequence[Told] | None = None,
    before: Readers = NOTHING_BEFORE,
    may_merge: bool = True,
) -> ReleasedAreaCross:
    """The heat map under the audience's thresholds: every segment is an identifying group.

    Segments are merged along the declared roll-ups where more cells can be shown so; then cells are hidden. `beside` is
    what the issue table tells beside it; None: its three stages as far as they could be shown. `before` is what was
    told in earlier releases.
    """
    if not may_merge:
        return _release_cells(cross, audience, thresholds, (beside, before))
    versions = release_each_rollup(cross, audience, thresholds, beside=beside, before=before)
    return max(versions, key=count_shown)  # the first of equals is the finest


def release_each_rollup(
    cross: AreaCross,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    beside: Sequence[Told] | None = None,
    before: Readers = NOTHING_BEFORE,
) -> tuple[ReleasedAreaCross, ...]:
    """The heat map as it is and under each declared roll-up, from finer to coarser, each as if released alone."""
    return tuple(
        _release_cells(each, audience, thresholds, (beside, before)) for each in (cross, *list_merged_crosses(cross))
    )


def _release_cells(
    cross: AreaCross, audience: Audience, thresholds: AudienceThresholds, known: _Known
) -> ReleasedAreaCross:
    whole = find_rules(cross.origin, audience, thresholds[audience])
    rules = Rules.of_groups(audience, thresholds[audience])
    told: list[Told] = []
    rows = []
    for row in cross.rows:
        is_total_hidden = _is_sensitive(row, whole) or not _is_told(row, known[0])
        if is_total_hidden or row.few_cases:
            reason = Hidden.TOTAL_HIDDEN if is_total_hidden else Hidden.FEW_CASES
            cells = [rules.hide(reason)] * len(cross.segments)
        else:
            beside = _tell_stages(cross, row, rules) if known[0] is None else known[0]
            cells, learnt = _release_row(cross, row, (whole, rules), (beside, known[1]))
            told += learnt
        rows.append((row.code, row.name, tuple(cells)))
    return ReleasedAreaCross(
        audience=audience,
        origin=release_origin(cross.origin),
        by_question=cross.by_question,
        label=cross.label,
        segments=tuple((segment.choice, segment.label) for segment in cross.segments),
        rows=tuple(rows),
        told=tuple(told),
    )


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


def _release_row(
    cross: AreaCross,
    row: AreaSegments,
    both: tuple[Rules, Rules],
    known: tuple[Sequence[Told], Readers],
) -> tuple[list[ReleasedFigure], Sequence[Told]]:
    whole, rules = both
    answer = (name_issue(row.code),)
    # Whom the area cannot concern has not named it: that is known, and is no secret to keep.
    groups = [segment.numbers & row.possible for segment in cross.segments]
    sums = [
        Sum(answer, group, share.count, rules, rules.find_reason(share.count, len(group)))
        for group, share in zip(groups, row.cells, strict=True)
        if group
    ]
    total = Sum(answer, row.possible, row.total.count, whole, may_hide=False)
    beside = exclude(known[0], name_issue(row.code), row.impossible)
    before = [exclude(each, name_issue(row.code), row.impossible) for each in known[1]]
    # The issue table beside it may have been remembered a moment ago: that is not an earlier release.
    before = [[each for each in told if each not in beside] for told in before]
    verdict = protect([*sums, total], beside=beside, before=before, watch_companies=True)
    reasons = iter(verdict.reasons)
    cells = []
    for group, share in zip(groups, row.cells, strict=True):
        reason = next(reasons) if group else rules.find_reason(share.count, share.base)
        cells.append(rules.share(share) if reason is None or share.base == 0 else rules.hide(reason))
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
