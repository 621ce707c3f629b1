"""The priority index of one issue and its range (docs/method/scoring.md, section 4), and Ulwick's score beside it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from surveyapp.analysis.bootstrap import Pattern, find_index_range
from surveyapp.analysis.intervals import Range, Share
from surveyapp.analysis.issue_details import SeverityCounts, StatusCounts

RangeMethod = Literal["bootstrap", "wilson"]

BOOTSTRAP_FROM = 20  # with a smaller base the range is that of P alone


def compute_priority(share: Share, severity: SeverityCounts, status: StatusCounts) -> Fraction | None:
    """IPI = 100 x P x S/5 x U, 0 to 100. 0 where nobody named the issue; None without base, severity or status."""
    if share.value is None:
        return None
    if share.count == 0:
        return Fraction(0)
    if severity.mean is None or status.open_share is None:
        return None
    return 100 * share.value * severity.mean / 5 * status.open_share


def find_priority_range(
    share: Share, severity: SeverityCounts, status: StatusCounts, patterns: Sequence[Pattern]
) -> Range | None:
    """The range of an index that is defined; `patterns` are those of the companies that named the issue."""
    if choose_method(share) == "bootstrap":
        return find_index_range(patterns, share.base)
    return _widen_share(share, severity, status)


def choose_method(share: Share) -> RangeMethod:
    return "bootstrap" if share.base >= BOOTSTRAP_FROM else "wilson"


def score_opportunity(share: Share, severity: SeverityCounts, status: StatusCounts) -> Fraction | None:
    """Ulwick's opportunity score, adapted: importance from severity 4 and 5, satisfaction from what is resolved."""
    if share.base == 0:
        return None
    importance = Fraction(10 * sum(severity.counts[3:]), share.base)
    satisfaction = Fraction(10 * status.resolved, status.answered) if status.answered else Fraction(0)
    return importance + max(importance - satisfaction, Fraction(0))


def _widen_share(share: Share, severity: SeverityCounts, status: StatusCounts) -> Range:
    """The range of P alone, carried over to the index."""
    assert share.interval is not None and severity.mean is not None and status.open_share is not None
    factor = 100 * severity.mean / 5 * status.open_share
    low, high = share.interval
    return factor * low, factor * high
