"""Issues in their order: places by the index, and tiers of ranges that overlap (docs/method/scoring.md, section 4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from surveyapp.analysis.intervals import Range, do_overlap
from surveyapp.analysis.issue_rows import IssueRow

RANKED_FROM = 10  # with a smaller base the issues are listed without ranks


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
