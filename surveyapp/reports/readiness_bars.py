"""Where the marks stand in the drawing of one score beside those of others: a scale from level 0 to level 4."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from surveyapp.analysis.company_readiness import FULL_SCORE, TOP_LEVEL
from surveyapp.analysis.disclosure import ReleasedSummary

# In units of the drawing's own box, which is 400 wide.
LEFT, WIDTH = 10, 380
LEAST_WIDTH = 4  # so that a band whose quartiles are equal is seen


@dataclass(frozen=True, slots=True)
class Mark:
    """A stretch of the scale; a point has the width 0."""

    at: float
    width: float = 0.0

    @property
    def end(self) -> float:
        return self.at + self.width


@dataclass(frozen=True, slots=True)
class Tick:
    at: float
    level: int


@dataclass(frozen=True, slots=True)
class Bar:
    """One drawing; what there is nothing of is None. `words` is what it says."""

    words: str
    own: Mark | None
    earlier: Mark | None = None
    band: Mark | None = None
    median: Mark | None = None


TICKS = tuple(Tick(float(LEFT + WIDTH * level / TOP_LEVEL), level) for level in range(TOP_LEVEL + 1))


def place_marks(words: str, score: Fraction | None, earlier: Fraction | None, peers: ReleasedSummary | None) -> Bar:
    """The drawing of one score (0 to 100) with the earlier one and the released band, each where there is one."""
    return Bar(
        words=words,
        own=None if score is None else Mark(LEFT, _find_place(score) - LEFT),
        earlier=None if earlier is None else Mark(_find_place(earlier)),
        band=None if peers is None else _place_band(peers),
        median=None if peers is None or peers.median.value is None else Mark(_find_place(peers.median.value)),
    )


def _place_band(peers: ReleasedSummary) -> Mark | None:
    low, high = peers.lower_quartile.value, peers.upper_quartile.value
    if low is None or high is None:
        return None
    start, end = _find_place(low), _find_place(high)
    if end - start < LEAST_WIDTH:
        middle = (start + end) / 2
        start, end = middle - LEAST_WIDTH / 2, middle + LEAST_WIDTH / 2
    return Mark(start, end - start)


def _find_place(score: Fraction) -> float:
    return round(float(LEFT + WIDTH * score / FULL_SCORE), 2)
