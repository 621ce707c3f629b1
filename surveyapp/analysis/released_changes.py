"""What changed between two released tables of issues, from released figures alone.

Why nothing hidden can be inferred: every word here is a function of two figures that the same audience reads in the
tables of their own rounds, so whoever has both tables could work it out. Where one of the two is hidden nothing is
said, and the reason is that figure's own, which stands in its table as well. Pairs of the same companies in both rounds
are left out: they are counts of small groups that no table releases, and would tie a figure of one round to one of the
other. Rows keep the order of the later table, so their position tells nothing about the change.

The earlier table is any table that was released to the same audience: of the round before, or one that the memory of
releases holds, as it was taken to an earlier meeting. Two tables of one round are about the same companies: there
nothing recurs and nothing is new.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure, ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.intervals import do_overlap
from surveyapp.analysis.trends import NAMED_BY, Recurrence

Direction = Literal["more", "fewer", "unclear"]


class AudiencesDiffer(ValueError):
    """Tables for two audiences were put beside each other: what one of them hides would stand beside the other."""


@dataclass(frozen=True, slots=True)
class ReleasedChange:
    """One area or leaf in two released tables.

    `before` is None where the two cannot be compared. `direction` is None there, and where a figure of the two is
    hidden; `hidden` is the reason then. "Unclear" means that the two intervals overlap.
    """

    code: str
    before: ReleasedFigure | None
    direction: Direction | None
    recurrence: Recurrence | None
    hidden: Hidden | None


def compare_released(
    now: ReleasedIssueTable, before: ReleasedIssueTable, codes: Mapping[str, str]
) -> Mapping[str, ReleasedChange]:
    """Changes by code of the later table. `codes` are those asked alike, with their codes in the earlier one.

    A round that counts returns and one that counts companies cannot be compared. Raises `AudiencesDiffer`.
    """
    if now.audience is not before.audience:
        raise AudiencesDiffer(f"{now.audience} and {before.audience}")
    earlier = {row.code: row for row in (*before.areas, *before.leaves)}
    same_unit = now.origin.unit == before.origin.unit
    same_round = now.origin.round_id == before.origin.round_id
    return {
        row.code: _compare(row, earlier.get(codes[row.code]) if same_unit and row.code in codes else None, same_round)
        for row in (*now.areas, *now.leaves)
    }


def _compare(row: ReleasedIssueRow, earlier: ReleasedIssueRow | None, same_round: bool) -> ReleasedChange:
    if earlier is None:
        return ReleasedChange(row.code, None, None, None, None)
    now, before = row.share, earlier.share
    hidden = now.hidden or before.hidden
    if hidden is not None:
        return ReleasedChange(row.code, before, None, None, hidden)
    recurrence = None if same_round else _find_recurrence(now, before)
    return ReleasedChange(row.code, before, _find_direction(now, before), recurrence, None)


def _find_direction(now: ReleasedFigure, before: ReleasedFigure) -> Direction:
    if now.interval is None or before.interval is None or do_overlap(now.interval, before.interval):
        return "unclear"
    return "fewer" if now.interval[1] < before.interval[0] else "more"


def _find_recurrence(now: ReleasedFigure, before: ReleasedFigure) -> Recurrence | None:
    """As docs/method/scoring.md, section 4, "Recurring"."""
    if now.count is None or before.count is None or now.count < NAMED_BY:
        return None
    if before.count >= NAMED_BY:
        return "recurring"
    return "new" if before.count == 0 else None
