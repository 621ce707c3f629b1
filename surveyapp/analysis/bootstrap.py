"""The range of the issue priority index by a percentile bootstrap over companies.

Resampling companies with replacement and counting, for one issue, how many fall into each pattern of answers (not
ticked, or ticked with this severity and this status) is one draw of a multinomial over those patterns. So the resamples
are drawn as multinomials: the same distribution, all three factors of the index resampled together, at a cost that does
not grow with the number of companies.

The generator is numpy's `RandomState`, whose stream is frozen, under a fixed seed: a published range can be recomputed.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING

from surveyapp.analysis.intervals import Range

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20260701
LOW, HIGH = Fraction("0.025"), Fraction("0.975")

# Severity (1 to 5, 0 where blank), open share in halves (0, 1, 2; -1 where blank), companies.
Pattern = tuple[int, int, int]


@lru_cache(maxsize=4096)
def find_index_range(patterns: tuple[Pattern, ...], base: int) -> Range | None:
    """The 95 % percentile range of the index (0 to 100) of an issue.

    `patterns` are the companies that ticked it, each pattern once and in ascending order; the rest of `base` did not. A
    resample in which nobody ticked it has the index 0; one without any severity or status has none and is left out, and
    with none left there is no range. The percentiles are of type 7. Equal arguments give equal ranges in every process.
    """
    import numpy as np

    ticked = sum(count for _, _, count in patterns)
    shares = [(base - ticked) / base, *(count / base for _, _, count in patterns)]
    drawn = np.random.RandomState(SEED).multinomial(base, shares, size=RESAMPLES)[:, 1:].astype(np.int64)
    severities = np.array([severity for severity, _, _ in patterns], dtype=np.int64)
    halves = np.array([half for _, half, _ in patterns], dtype=np.int64)
    named = drawn.sum(axis=1)
    rated = drawn[:, severities > 0].sum(axis=1)
    rating = drawn @ severities
    settled = drawn[:, halves >= 0].sum(axis=1)
    open_halves = drawn @ np.maximum(halves, 0)
    usable = (named == 0) | ((rated > 0) & (settled > 0))
    if not usable.any():
        return None
    parts = np.stack([named, rating, rated, open_halves, settled], axis=1)[usable]
    return _find_percentiles(parts, base)


def _find_percentiles(parts: NDArray[np.int64], base: int) -> Range:
    """Percentiles over resamples given as (named, sum of severities, rated, open halves, settled), exact."""
    import numpy as np

    rated, settled = np.maximum(parts[:, 2], 1), np.maximum(parts[:, 4], 1)
    indexes = parts[:, 0] * (parts[:, 1] / rated) * (parts[:, 3] / settled)
    order = np.argsort(indexes, kind="stable")

    def find(part: Fraction) -> Fraction:
        place = part * (len(order) - 1)
        below = place.numerator // place.denominator
        above = min(below + 1, len(order) - 1)
        low, high = (compute_index(tuple(int(n) for n in parts[order[rank]]), base) for rank in (below, above))
        return low + (high - low) * (place - below)

    return find(LOW), find(HIGH)


def compute_index(parts: Sequence[int], base: int) -> Fraction:
    """100 x P x S/5 x U from (named, sum of severities, rated, open halves, settled); 0 where nobody named it."""
    named, rating, rated, open_halves, settled = parts
    if named == 0:
        return Fraction(0)
    return 100 * Fraction(named, base) * Fraction(rating, 5 * rated) * Fraction(open_halves, 2 * settled)
