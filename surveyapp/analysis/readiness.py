"""How ready a group of companies is, per dimension, and readiness set against issues (docs/method/scoring.md, 3)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.answer_index import (
    READINESS_BAND,
    READINESS_OVERALL,
    READINESS_OVERALL_EQUAL,
    AnswerIndex,
    Number,
    name_dimension,
)
from surveyapp.analysis.counts import NOT_APPLICABLE, Missing, count_missing, count_values
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.analysis.number_summaries import NumberSummary, find_quantile, summarise_numbers
from surveyapp.questionnaire.model import Question, Questionnaire, Text
from surveyapp.questionnaire.scoring import BANDS, LEVEL_POINTS, Band

__all__ = [
    "BANDS",
    "Band",
    "DimensionProfile",
    "ImportancePerformance",
    "ImportancePoint",
    "ItemCounts",
    "Quadrant",
    "ReadinessProfile",
    "match_importance",
    "measure_net_readiness",
    "profile_readiness",
]

Quadrant = Literal["concentrate", "keep_up", "low_priority", "possible_overkill"]

FEWEST_COMPANIES = 5  # nothing is shown of fewer
FEW_ANSWERS = 10  # fewer are marked "few answers"
READY_FROM = 75
NOT_READY_TO = 25
LEVELS = 5
# The issue area that belongs to each dimension; area pms has none.
MATCHED_AREAS: Mapping[str, str] = {
    "reg": "reg",
    "qual": "gmp",
    "clin": "clin",
    "dos": "dos",
    "part": "lic",
    "price": "pri",
    "comm": "com",
    "org": "org",
    "digi": "dev",
}


@dataclass(frozen=True, slots=True)
class ItemCounts:
    """One readiness item: who could judge it and who could not."""

    question: str
    answered: int  # one of the five sentences
    missing: Missing


@dataclass(frozen=True, slots=True)
class DimensionProfile:
    """One dimension over a group of companies. Scores run from 0 to 100, `net` from -100 to +100.

    With n below 5 nothing but n and the missing answers is given (`too_few`); with n below 10 the figures are to be
    marked "few answers" (`few_answers`). `levels` are the five sentences: who stands between two counts with the lower.
    `net` is never shown without `ready` and `not_ready`.
    """

    dimension: str
    weight: int
    n: int  # companies with a score
    too_few: bool
    few_answers: bool
    scores: NumberSummary
    levels: tuple[Share, ...]  # level 0, 1, 2, 3, 4
    ready: Share | None  # score 75 and over
    not_ready: Share | None  # score 25 and below
    net: Fraction | None
    not_applicable: int  # asked, no score because an item is "na" and none is answered
    not_answered: int  # asked, everything blank
    not_asked: int
    items: tuple[ItemCounts, ...]
    numbers: FrozenBitMap = field(repr=False, compare=False)  # who has a score; for disclosure control


@dataclass(frozen=True, slots=True)
class ReadinessProfile:
    """All dimensions of a group, and the bands of its companies.

    `overall` and `overall_equal_weights` summarise the companies' overall results as each is reported (one decimal).
    """

    origin: Origin
    base: int  # returns of the mask
    dimensions: tuple[DimensionProfile, ...]  # in the questionnaire's order
    scored: int  # companies with an overall result
    bands: tuple[tuple[Band, Share], ...]  # of `scored`; empty with fewer than five
    overall: NumberSummary
    overall_equal_weights: NumberSummary
    numbers: FrozenBitMap = field(repr=False, compare=False)  # who has a result; for disclosure control


@dataclass(frozen=True, slots=True)
class ImportancePoint:
    """One dimension beside its issue area. `quadrant` is None for a point on a cross-hair."""

    dimension: str
    area: str
    readiness: Fraction  # median score, 0 to 100
    priority: Fraction  # index of the area, 0 to 100
    readiness_n: int
    issue: Share
    few_answers: bool
    quadrant: Quadrant | None


@dataclass(frozen=True, slots=True)
class ImportancePerformance:
    """Readiness (x) against issue priority (y), cross-hairs at the medians (Martilla & James 1977)."""

    origin: Origin
    points: tuple[ImportancePoint, ...]
    centre: tuple[Fraction, Fraction] | None  # (readiness, priority); None without points
    left_out: tuple[tuple[str, str], ...]  # (dimension, area) without a median or an index
    without_dimension: tuple[tuple[str, Text, Fraction | None], ...]  # areas no dimension matches: code, name, index


def profile_readiness(index: AnswerIndex, questionnaire: Questionnaire, mask: Mask) -> ReadinessProfile:
    """The readiness of the companies of a mask."""
    return mask.remember(index, "readiness", (questionnaire,), lambda: _profile_readiness(index, questionnaire, mask))


def _profile_readiness(index: AnswerIndex, questionnaire: Questionnaire, mask: Mask) -> ReadinessProfile:
    count = mask.find_counter(index)
    numbers = index.answered(READINESS_OVERALL) & mask.numbers
    scored = len(numbers)
    bands: tuple[tuple[Band, Share], ...] = ()
    if scored >= FEWEST_COMPANIES:
        bands = tuple((band, Share(count(index.chosen(READINESS_BAND, band)), scored)) for band in BANDS)
    return ReadinessProfile(
        origin=mask.origin,
        base=mask.size,
        dimensions=tuple(
            _profile_dimension(index, questionnaire, mask, dimension) for dimension in questionnaire.scoring.weights
        ),
        scored=scored,
        bands=bands,
        overall=summarise_numbers(count_values(index, READINESS_OVERALL, count)),
        overall_equal_weights=summarise_numbers(count_values(index, READINESS_OVERALL_EQUAL, count)),
        numbers=FrozenBitMap(numbers),
    )


def _profile_dimension(
    index: AnswerIndex, questionnaire: Questionnaire, mask: Mask, dimension: str
) -> DimensionProfile:
    items = questionnaire.scoring.items[dimension]
    counted = count_values(index, name_dimension(dimension), mask.find_counter(index))
    n = sum(times for _, times in counted)
    asked, not_applicable = BitMap(), BitMap()
    for item in items:
        asked |= index.asked(item)
        not_applicable |= index.chosen(item, NOT_APPLICABLE)
    asked &= mask.numbers
    unscored = asked - index.answered(name_dimension(dimension))
    judged_na = unscored.intersection_cardinality(not_applicable)
    too_few = n < FEWEST_COMPANIES
    ready, not_ready, net = (None, None, None) if too_few else measure_net_readiness(counted)
    return DimensionProfile(
        dimension=dimension,
        weight=questionnaire.scoring.weights[dimension],
        n=n,
        too_few=too_few,
        few_answers=n < FEW_ANSWERS,
        scores=NumberSummary(n) if too_few else summarise_numbers(counted),
        levels=() if too_few else _count_levels(counted, n),
        ready=ready,
        not_ready=not_ready,
        net=net,
        not_applicable=judged_na,
        not_answered=len(unscored) - judged_na,
        not_asked=mask.size - len(asked),
        items=tuple(_count_item(index, questionnaire.by_name[item], mask) for item in items),
        numbers=FrozenBitMap(index.answered(name_dimension(dimension)) & mask.numbers),
    )


def measure_net_readiness(counted: Sequence[tuple[Number, int]]) -> tuple[Share, Share, Fraction]:
    """Shares with a score of 75 and over and of 25 and below, and their difference in points (-100 to +100).

    `counted` holds the distinct scores (0 to 100) and how often each occurs; at least one company has a score.
    """
    n = sum(times for _, times in counted)
    ready = Share(sum(times for score, times in counted if score >= READY_FROM), n)
    not_ready = Share(sum(times for score, times in counted if score <= NOT_READY_TO), n)
    return ready, not_ready, Fraction(100 * (ready.count - not_ready.count), n)


def _count_levels(counted: Sequence[tuple[Number, int]], n: int) -> tuple[Share, ...]:
    """Shares at the five levels. Who stands between two (a mean of two items) counts with the lower."""
    counts = [0] * LEVELS
    for score, times in counted:
        counts[int(score // LEVEL_POINTS)] += times
    return tuple(Share(count, n) for count in counts)


def _count_item(index: AnswerIndex, item: Question, mask: Mask) -> ItemCounts:
    missing = count_missing(index, item, mask)
    unusable = missing.not_asked + missing.not_answered + missing.dont_know + missing.not_applicable
    return ItemCounts(item.name, mask.size - unusable, missing)


def match_importance(profile: ReadinessProfile, ranking: IssueRanking) -> ImportancePerformance:
    """Dimensions beside their areas: median readiness and index of every pair that has both."""
    pairs = [
        (dimension, MATCHED_AREAS[dimension.dimension])
        for dimension in profile.dimensions
        if dimension.dimension in MATCHED_AREAS
    ]
    found = []
    left_out = []
    for dimension, area in pairs:
        row = ranking.find_row(area)
        if row is None or row.index is None or dimension.scores.median is None:
            left_out.append((dimension.dimension, area))
        else:
            found.append((dimension, row, dimension.scores.median, row.index))
    centre = None
    if found:
        centre = (_find_median([entry[2] for entry in found]), _find_median([entry[3] for entry in found]))
    matched = {area for _, area in pairs}
    return ImportancePerformance(
        origin=ranking.origin,
        points=tuple(
            ImportancePoint(
                dimension=dimension.dimension,
                area=row.code,
                readiness=readiness,
                priority=priority,
                readiness_n=dimension.n,
                issue=row.share,
                few_answers=dimension.few_answers,
                quadrant=_find_quadrant(readiness, priority, centre),
            )
            for dimension, row, readiness, priority in found
        ),
        centre=centre,
        left_out=tuple(left_out),
        without_dimension=tuple((row.code, row.name, row.index) for row in ranking.areas if row.code not in matched),
    )


def _find_median(values: Sequence[Fraction]) -> Fraction:
    counted = sorted(Counter(values).items())
    return find_quantile(counted, len(values), Fraction(1, 2))


def _find_quadrant(
    readiness: Fraction, priority: Fraction, centre: tuple[Fraction, Fraction] | None
) -> Quadrant | None:
    if centre is None or readiness == centre[0] or priority == centre[1]:
        return None
    if priority > centre[1]:
        return "concentrate" if readiness < centre[0] else "keep_up"
    return "low_priority" if readiness < centre[0] else "possible_overkill"
