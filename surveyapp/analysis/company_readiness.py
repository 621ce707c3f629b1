"""What one company's answers say of its readiness: levels reached, the next level of each, and which steps weigh most.

The scores are those of `questionnaire/scoring`. Here stand the sentences that a company chose and the ones above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from surveyapp.questionnaire.model import Answers, Question, Questionnaire, Text
from surveyapp.questionnaire.paths import evaluate
from surveyapp.questionnaire.scoring import GATE_DIMENSIONS, GATE_SCORE, LEVEL_POINTS, Readiness, score_readiness

NOT_APPLICABLE = "na"
TOP_LEVEL = 4
FULL_SCORE = TOP_LEVEL * LEVEL_POINTS
MOST_FIRST_STEPS = 3

ItemState = Literal["level", "not_applicable", "not_answered", "not_asked"]


@dataclass(frozen=True, slots=True)
class ItemReading:
    """One readiness item of one company. Without a level there is no sentence; at the top there is none above."""

    question: Question
    state: ItemState
    level: int | None  # 0 to 4
    sentence: Text | None  # the one chosen
    next_sentence: Text | None  # of the level above


@dataclass(frozen=True, slots=True)
class DimensionReading:
    """One dimension of one company. `score` runs from 0 to 100 and is None where no item is answered."""

    dimension: str
    weight: int
    score: Fraction | None
    items: tuple[ItemReading, ...]
    holds_band: bool  # below the gate, so that the band cannot be better than "preparing"

    @property
    def missing_points(self) -> Fraction:
        """Weight x what is missing to 100: the part of the overall result that this dimension still holds."""
        return Fraction(0) if self.score is None else self.weight * (FULL_SCORE - self.score)


@dataclass(frozen=True, slots=True)
class CompanyReadiness:
    """The readiness of one return: `dimensions` in the questionnaire's order, `first_steps` the weightiest first."""

    result: Readiness
    dimensions: tuple[DimensionReading, ...]
    first_steps: tuple[tuple[DimensionReading, ItemReading], ...]
    is_asked: bool  # whether the path of the return led through any readiness question


def read_readiness(questionnaire: Questionnaire, answers: Answers) -> CompanyReadiness:
    """The readiness of one company from its submitted answers. What its path did not ask counts as not asked."""
    standing = evaluate(questionnaire, answers)
    scheme = questionnaire.scoring
    asked = {name: stored for items in scheme.items.values() for name in items if (stored := standing.answer(name))}
    result = score_readiness(scheme, asked)
    dimensions = tuple(
        DimensionReading(
            dimension=dimension,
            weight=weight,
            score=result.dimensions[dimension],
            items=tuple(
                read_item(questionnaire.by_name[name], asked.get(name), is_asked=standing.is_relevant(name))
                for name in scheme.items.get(dimension, ())
            ),
            holds_band=is_below_gate(dimension, result.dimensions[dimension]),
        )
        for dimension, weight in scheme.weights.items()
    )
    is_asked = any(item.state != "not_asked" for dimension in dimensions for item in dimension.items)
    return CompanyReadiness(result, dimensions, choose_first_steps(dimensions, result), is_asked)


def read_item(question: Question, stored: object, *, is_asked: bool) -> ItemReading:
    if not is_asked:
        return ItemReading(question, "not_asked", None, None, None)
    if stored == NOT_APPLICABLE:
        return ItemReading(question, "not_applicable", None, None, None)
    levels = {str(level): level for level in range(TOP_LEVEL + 1)}
    level = levels.get(stored) if isinstance(stored, str) else None
    if level is None:
        return ItemReading(question, "not_answered", None, None, None)
    return ItemReading(question, "level", level, _find_sentence(question, level), _find_sentence(question, level + 1))


def is_below_gate(dimension: str, score: Fraction | None) -> bool:
    return dimension in GATE_DIMENSIONS and score is not None and score < GATE_SCORE


def choose_first_steps(
    dimensions: Sequence[DimensionReading], result: Readiness
) -> tuple[tuple[DimensionReading, ItemReading], ...]:
    """At most three dimensions with a level above, the lowest item of each.

    Those that hold the band back come first, where it would be better without them; then those with the most missing
    points; of equals the one that the questionnaire puts first.
    """
    open_ones = [
        (dimension, min(steps, key=lambda item: item.level or 0))
        for dimension in dimensions
        if (steps := [item for item in dimension.items if item.level is not None and item.level < TOP_LEVEL])
    ]
    ordered = sorted(
        open_ones, key=lambda step: (not (result.gate_applied and step[0].holds_band), -step[0].missing_points)
    )
    return tuple(ordered[:MOST_FIRST_STEPS])


def _find_sentence(question: Question, level: int) -> Text | None:
    choice = question.find_choice(str(level))
    return None if choice is None else choice.label


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two returns of one company, as far as they were asked the same.

    `dimensions` holds (now, then) of each dimension whose items are the same word for word and scored in both;
    `overall` likewise, where all dimensions and weights are the same.
    """

    dimensions: dict[str, tuple[Fraction, Fraction]]
    overall: tuple[Fraction, Fraction] | None
    changed: tuple[str, ...]  # dimensions whose items differ between the two


def compare_readiness(
    questionnaire: Questionnaire, now: Readiness, earlier_questionnaire: Questionnaire, then: Readiness
) -> Comparison:
    """What can be compared between two rounds: scores from items that are the same in every language."""
    weights, earlier_weights = questionnaire.scoring.weights, earlier_questionnaire.scoring.weights
    same = [name for name in weights if has_same_items(questionnaire, earlier_questionnaire, name)]
    pairs = {
        name: (score, earlier)
        for name in same
        if (score := now.dimensions[name]) is not None and (earlier := then.dimensions.get(name)) is not None
    }
    overall = None
    is_same = len(same) == len(weights) and dict(weights) == dict(earlier_weights)
    if is_same and now.overall is not None and then.overall is not None:
        overall = (Fraction(now.overall), Fraction(then.overall))
    return Comparison(pairs, overall, tuple(name for name in weights if name not in same))


def has_same_items(questionnaire: Questionnaire, earlier: Questionnaire, dimension: str) -> bool:
    """Whether a dimension consists of the same questions with the same sentences in both versions."""
    names = questionnaire.scoring.items.get(dimension, ())
    if names != earlier.scoring.items.get(dimension, ()):
        return False
    return all(
        (before := earlier.by_name.get(name)) is not None and _is_same(questionnaire.by_name[name], before)
        for name in names
    )


def _is_same(question: Question, other: Question) -> bool:
    sentences = [(choice.name, choice.label) for choice in question.choices]
    return question.label == other.label and sentences == [(choice.name, choice.label) for choice in other.choices]
