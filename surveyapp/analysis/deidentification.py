"""Which returns may leave without a name, and how coarse what describes the company has to be.

k-anonymity (Sweeney: k-Anonymity, a model for protecting privacy, IJUFKS 10, 2002) by full-domain generalisation with
suppression of the rest (Samarati: Protecting respondents' identities in microdata release, TKDE 13, 2001): what others
know of a company (type, size, products, stage, routes) is written as it is, by its declared roll-up, or not at all, the
same for every line, until few companies remain whose combination fewer than k share; those are left out, k of them at
least or none.

What was asked can tell what was answered: a question whose condition depends on a coarsened answer is suppressed too,
unless the condition is the same for all choices of a class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from math import prod
from typing import Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Answers, Question, Questionnaire, Stored
from surveyapp.questionnaire.roll_ups import RollUp, load_roll_ups

Level = Literal[0, 1, 2]  # as it is, rolled up, suppressed
AS_IT_IS: Level = 0
ROLLED_UP: Level = 1
SUPPRESSED: Level = 2

# What others know of a company. Questions of one line say the same in two ways and are coarsened together.
QUASI_IDENTIFIERS: tuple[tuple[str, ...], ...] = (
    ("jp_routes",),
    ("product_categories", "jp_products"),
    ("company_type",),
    ("company_size",),
    ("jp_stage",),
)
ALWAYS_SUPPRESSED = frozenset({"jp_year"})  # a year of entry tells one company from all others
MOST_LEFT_OUT = 0.25  # of the returns; beyond that it is better to be coarser
_LEVELS: tuple[Level, ...] = (AS_IT_IS, ROLLED_UP, SUPPRESSED)
# How many other answers it is worth to have what describes the company as it is, rather than in classes or not at all.
_COARSENED: Mapping[Level, float] = {AS_IT_IS: 0, ROLLED_UP: 2, SUPPRESSED: 6}
_MOST_TRIED = 500_000  # combinations times levels
_MOST_TRIALS = 500  # combinations of answers with which a condition is tried

Combination = tuple[tuple[str, ...], ...]  # chosen names, question by question


@dataclass(frozen=True, slots=True)
class Deidentification:
    """What was decided: how coarse each question is, what is suppressed, and which returns stay in the file."""

    k: int
    levels: Mapping[str, Level]  # of the quasi-identifiers
    suppressed: frozenset[str]  # questions and calculates whose cells say nothing
    released: BitMap
    left_out: int

    def coarsen_question(self, question: Question) -> Question:
        """The question as the file has it: with classes for choices where it is rolled up."""
        if self.levels.get(question.name) != ROLLED_UP:
            return question
        return replace(question, choices=load_roll_ups()[question.name].classes, choice_filter=None)

    def coarsen_answers(self, answers: Answers) -> Answers:
        """What the file shows of a return's answers."""
        roll_ups = load_roll_ups()
        shown: dict[str, Stored] = {}
        for name, answer in answers.items():
            if name in self.suppressed:
                continue
            shown[name] = _roll_up(roll_ups[name], answer) if self.levels.get(name) == ROLLED_UP else answer
        return shown


def deidentify(index: AnswerIndex, questionnaire: Questionnaire, counted: BitMap, k: int) -> Deidentification:
    """Decide for the counted returns of a round: one a company where companies count."""
    dimensions = _list_dimensions(questionnaire)
    names = [name for dimension in dimensions for name in dimension]
    combinations = _find_combinations(index, [questionnaire.by_name[name] for name in names], counted)
    levels = _spread(dimensions, _choose_levels(questionnaire, dimensions, combinations, k))
    released = _leave_out_rare(_join_combinations(combinations, names, levels), k)
    suppressed = frozenset(name for name, level in levels.items() if level == SUPPRESSED)
    fixed = ALWAYS_SUPPRESSED & questionnaire.by_name.keys()
    dependents = _find_dependents(questionnaire, {**levels, **dict.fromkeys(fixed, SUPPRESSED)})
    return Deidentification(k, levels, suppressed | fixed | dependents, released, len(counted) - len(released))


def _list_dimensions(questionnaire: Questionnaire) -> list[tuple[str, ...]]:
    known = questionnaire.by_name
    found = (tuple(name for name in names if name in known) for names in QUASI_IDENTIFIERS)
    return [names for names in found if names]


def _find_combinations(
    index: AnswerIndex, questions: Sequence[Question], counted: BitMap
) -> Mapping[Combination, BitMap]:
    """The returns by what they answered to all the questions."""
    parts: dict[Combination, BitMap] = {(): counted} if counted else {}
    for question in questions:
        divided: dict[Combination, dict[tuple[str, ...], BitMap]] = {key: {(): found} for key, found in parts.items()}
        for choice in question.choices:
            chosen = index.chosen(question.name, choice.name)
            divided = {key: _divide(found, chosen, choice.name) for key, found in divided.items()}
        parts = {(*key, names): found for key, names_of in divided.items() for names, found in names_of.items()}
    return parts


def _divide(parts: Mapping[tuple[str, ...], BitMap], chosen: BitMap, name: str) -> dict[tuple[str, ...], BitMap]:
    divided: dict[tuple[str, ...], BitMap] = {}
    for names, numbers in parts.items():
        within = numbers & chosen
        if within:
            divided[(*names, name)] = within
        if len(within) < len(numbers):
            divided[names] = numbers - chosen
    return divided


def _choose_levels(
    questionnaire: Questionnaire,
    dimensions: Sequence[tuple[str, ...]],
    combinations: Mapping[Combination, BitMap],
    k: int,
) -> list[Level]:
    """The levels with which least is lost: answers of returns that are left out, and answers that are suppressed.

    All are tried where the combinations are few enough; else the one that loses least is raised, as long as it helps.
    """
    names = [name for dimension in dimensions for name in dimension]
    counts = {key: len(numbers) for key, numbers in combinations.items()}
    loss = _Loss(questionnaire, dimensions, sum(counts.values()))

    def measure(levels: Sequence[Level]) -> float:
        level_of = _spread(dimensions, levels)
        return loss.measure(levels, _count_left_out(counts, names, level_of, k))

    possible = [(AS_IT_IS, *_list_higher(questionnaire, dimension, AS_IT_IS)) for dimension in dimensions]
    if prod(map(len, possible)) * len(counts) <= _MOST_TRIED:
        return min(map(list, product(*possible)), key=measure)
    levels: list[Level] = [AS_IT_IS] * len(dimensions)
    least = measure(levels)
    while True:
        raised = [
            [*levels[:place], level, *levels[place + 1 :]]
            for place, dimension in enumerate(dimensions)
            for level in _list_higher(questionnaire, dimension, levels[place])
        ]
        found = min(((measure(each), each) for each in raised), default=None)
        if found is None or found[0] >= least:
            return levels
        least, levels = found


class _Loss:
    """What is lost, counted in answers of one return to one question."""

    def __init__(self, questionnaire: Questionnaire, dimensions: Sequence[tuple[str, ...]], returns: int) -> None:
        self._returns = returns
        self._questions = sum(row.kind != "note" for row in questionnaire.rows)
        self._hidden = [
            {level: self._find_hidden(questionnaire, names, level) for level in _LEVELS} for names in dimensions
        ]
        self._names = dimensions

    def measure(self, levels: Sequence[Level], left_out: int) -> float:
        """More than all there is where too many returns would be left out: the rest would not stand for them."""
        hidden = frozenset[str]().union(*(each[level] for each, level in zip(self._hidden, levels, strict=True)))
        coarse = sum(_COARSENED[level] * len(names) for names, level in zip(self._names, levels, strict=True))
        lost = left_out * self._questions + (self._returns - left_out) * (len(hidden) + coarse)
        most = self._returns * self._questions
        return lost + most * (left_out > MOST_LEFT_OUT * self._returns)

    @staticmethod
    def _find_hidden(questionnaire: Questionnaire, names: Sequence[str], level: Level) -> frozenset[str]:
        return _find_dependents(questionnaire, dict.fromkeys(names, level))


def _spread(dimensions: Sequence[tuple[str, ...]], levels: Sequence[Level]) -> dict[str, Level]:
    return {name: level for dimension, level in zip(dimensions, levels, strict=True) for name in dimension}


def _list_higher(questionnaire: Questionnaire, dimension: Sequence[str], level: Level) -> Iterator[Level]:
    roll_ups = load_roll_ups()
    can_roll_up = all(name in roll_ups and roll_ups[name].fits(questionnaire.by_name[name]) for name in dimension)
    if level == AS_IT_IS and can_roll_up:
        yield ROLLED_UP
    if level != SUPPRESSED:
        yield SUPPRESSED


def _count_left_out(
    counts: Mapping[Combination, int], names: Sequence[str], levels: Mapping[str, Level], k: int
) -> int:
    joined: Counter[Combination] = Counter()
    for key, count in counts.items():
        joined[_coarsen(key, names, levels)] += count
    left_out = 0
    for count in sorted(joined.values()):
        if count < k or 0 < left_out < k:
            left_out += count
    return left_out


def _join_combinations(
    combinations: Mapping[Combination, BitMap], names: Sequence[str], levels: Mapping[str, Level]
) -> list[BitMap]:
    joined: dict[Combination, BitMap] = {}
    for key, numbers in combinations.items():
        coarse = _coarsen(key, names, levels)
        joined[coarse] = joined.get(coarse, BitMap()) | numbers
    return sorted(joined.values(), key=len)


def _leave_out_rare(classes: Sequence[BitMap], k: int) -> BitMap:
    """The returns whose combination k share. Where fewer than k would be left out, the smallest class goes with them:
    otherwise the few could be worked out from what is known of all."""
    left_out, released = 0, BitMap()
    for numbers in classes:
        if len(numbers) < k or 0 < left_out < k:
            left_out += len(numbers)
        else:
            released |= numbers
    return released


def _coarsen(key: Combination, names: Sequence[str], levels: Mapping[str, Level]) -> Combination:
    roll_ups = load_roll_ups()
    coarse: list[tuple[str, ...]] = []
    for chosen, name in zip(key, names, strict=True):
        match levels[name]:
            case 0:
                coarse.append(chosen)
            case 1:
                coarse.append(tuple(sorted({roll_ups[name].class_of[each] for each in chosen})))
            case _:
                coarse.append(())
    return tuple(coarse)


def _roll_up(roll_up: RollUp, answer: Stored) -> Stored:
    if isinstance(answer, list):
        classes = {roll_up.class_of[name] for name in answer}
        return [choice.name for choice in roll_up.classes if choice.name in classes]
    return roll_up.class_of[str(answer)]


def _find_dependents(questionnaire: Questionnaire, levels: Mapping[str, Level]) -> frozenset[str]:
    """Questions and calculates that tell more of a coarsened answer than the file does."""
    telling: dict[str, None] = {}
    for row in questionnaire.rows:
        level = levels.get(row.name, AS_IT_IS)
        if row.kind == "note" or level == SUPPRESSED:
            continue
        for expression in _list_expressions(row, is_rolled_up=level == ROLLED_UP):
            read = expression.names & (levels.keys() | telling.keys())
            if read & telling.keys() or any(_tells(questionnaire, expression, name, levels[name]) for name in read):
                telling[row.name] = None
                break
    return frozenset(telling)


def _list_expressions(row: Question, *, is_rolled_up: bool) -> Iterator[Expression]:
    """What decides about a row; classes of choices are offered to everybody who is asked."""
    choice_filter = None if is_rolled_up else row.choice_filter
    conditions = (*(group.relevant for group in row.groups), row.relevant, choice_filter, row.calculation)
    return (each for each in conditions if each is not None)


def _tells(questionnaire: Questionnaire, expression: Expression, name: str, level: Level) -> bool:
    """Whether a condition differs for answers that the file shows alike."""
    question = questionnaire.by_name[name]
    if level == AS_IT_IS:
        return False
    others = [questionnaire.by_name[other] for other in sorted(expression.names - {name})]
    is_simple = question.kind == "select_one" and all(other.kind == "select_one" for other in others)
    trials = prod(len(other.choices) + 1 for other in others)
    if not is_simple or trials > _MOST_TRIALS or expression.purpose != "relevant":
        return True
    roll_up = load_roll_ups().get(name)
    classes = {
        choice.name: roll_up.class_of[choice.name] if level == ROLLED_UP and roll_up is not None else ""
        for choice in question.choices
    }
    for given in product(*(("", *(choice.name for choice in other.choices)) for other in others)):
        values = {other.name: value for other, value in zip(others, given, strict=True) if value}
        results: dict[str, bool] = {}
        for choice, in_class in classes.items():
            holds = expression.test({**values, name: choice})
            if results.setdefault(in_class, holds) != holds:
                return True
    return False
