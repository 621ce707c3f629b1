"""Questions that would tell a coarsened answer by having been asked: their cells say nothing either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from math import prod
from typing import Literal

from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Question, Questionnaire
from surveyapp.questionnaire.roll_ups import load_roll_ups

Level = Literal[0, 1, 2]  # as it is, rolled up, suppressed
AS_IT_IS: Level = 0
ROLLED_UP: Level = 1
SUPPRESSED: Level = 2

_MOST_TRIALS = 500  # combinations of answers with which a condition is tried


def find_telling_questions(questionnaire: Questionnaire, levels: Mapping[str, Level]) -> frozenset[str]:
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
