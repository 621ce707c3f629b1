"""Tables, questions and profiles as their audience may see them: made of released figures alone."""

from __future__ import annotations

from dataclasses import dataclass, field

from surveyapp.analysis.disclosure.figures import ReleasedFigure
from surveyapp.analysis.disclosure.knowledge import Told
from surveyapp.analysis.issue_priority import RangeMethod
from surveyapp.analysis.issue_returns import ConcernedGroup, Stage
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.readiness import Band
from surveyapp.analysis.segments import SegmentQuestion
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Kind, Text
from surveyapp.questionnaire.taxonomy import Bilateral


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
    # Extra cost in million KRW, "at least": areas only. None too in tables that were released before there was a sum.
    cost: ReleasedFigure | None = None


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
    told: tuple[Told, ...] = field(default=(), repr=False, compare=False)  # what a reader then knows


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
    told: tuple[Told, ...] = field(default=(), repr=False, compare=False)  # what a reader then knows


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
    told: tuple[Told, ...] = field(default=(), repr=False, compare=False)  # what a reader then knows


@dataclass(frozen=True, slots=True)
class ReleasedSummary:
    """Median and quartiles over a whole round as their audience may see them."""

    n: ReleasedFigure
    lower_quartile: ReleasedFigure
    median: ReleasedFigure
    upper_quartile: ReleasedFigure


@dataclass(frozen=True, slots=True)
class ReleasedAreaCross:
    """Areas against segments as its audience may see it: one row an area, one cell a segment."""

    audience: Audience
    origin: Origin
    by_question: SegmentQuestion
    label: Text
    segments: tuple[tuple[str, Text], ...]
    rows: tuple[tuple[str, Text, tuple[ReleasedFigure, ...]], ...]  # area, name, cells
    told: tuple[Told, ...] = field(default=(), repr=False, compare=False)  # what a reader then knows


@dataclass(frozen=True, slots=True)
class ReleasedField:
    """How far the invited companies have come, as its audience may see it: shares of the invited."""

    audience: Audience
    origin: Origin
    steps: tuple[tuple[str, ReleasedFigure], ...]
    rate: ReleasedFigure  # AAPOR's RR1: of the invited whose invitation stands
    groups: tuple[tuple[str, tuple[tuple[str, ReleasedFigure], ...]], ...]  # by segment and value, who submitted
    returns: ReleasedFigure | None = None  # those that are counted; None in what was stored before they were told
    through_open_link: ReleasedFigure | None = None  # of the returns; None where there are none
    told: tuple[Told, ...] = field(default=(), repr=False, compare=False)  # what a reader then knows
