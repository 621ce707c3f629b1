"""What a condition of the questionnaire asks for, where it is simple enough to be told in a sentence.

Expressions are for computing; here they are read. A condition is told as a list of requirements that must all be met.
What is not of such a form (an "or" over several answers, arithmetic) is told by the questions that it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from surveyapp.questionnaire.expression_syntax import (
    AnswerName,
    Call,
    Chain,
    NumberLiteral,
    Term,
    TextLiteral,
    parse_expression,
)
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Question, Questionnaire

RequirementKind = Literal["is", "is_not", "ticked", "more_than"]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that must be so of the answer to one question. Several `choices` of "is_not" mean none of them."""

    question: str
    kind: RequirementKind
    choices: tuple[str, ...] = ()
    number: int = 0  # of ticked choices, for "more_than"


def read_requirements(questionnaire: Questionnaire, condition: Expression) -> tuple[Requirement, ...] | None:
    """All that must hold for the condition to be met, or None where it is not of the simple form."""
    found: list[Requirement] = []
    for term in _list_joined(parse_expression(condition.source)):
        requirement = _read_comparison(term) if isinstance(term, Chain) else _read_selected(term)
        question = None if requirement is None else questionnaire.by_name.get(requirement.question)
        if requirement is None or question is None or not _is_tellable(requirement, question):
            return None
        found.append(requirement)
    return _join_exclusions(found)


def find_asked_behind(questionnaire: Questionnaire, names: Iterable[str]) -> tuple[Question, ...]:
    """The questions that these names rest on, in document order: a calculate stands for those it is computed from."""
    found: set[str] = set()
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        row = questionnaire.by_name.get(name)
        if row is None or name in seen:
            continue
        seen.add(name)
        if row.is_asked:
            found.add(name)
        elif row.calculation is not None:
            waiting.extend(row.calculation.names)
    return tuple(question for question in questionnaire.questions if question.name in found)


def find_selected(condition: Expression | None) -> tuple[str, str] | None:
    """Name and choice of a condition that is just `selected(${name}, 'choice')`."""
    if condition is None:
        return None
    requirement = _read_selected(parse_expression(condition.source))
    return None if requirement is None else (requirement.question, requirement.choices[0])


def find_most_selected(questionnaire: Questionnaire, name: str) -> int | None:
    """How many choices a question or calculate can name at most, where that can be seen from its form.

    A calculate of the form `if(count-selected(${many}) > N, ${few}, ${many})` names at most N, or what `few` allows.
    """
    row = questionnaire.by_name[name]
    if row.is_asked:
        return row.max_selected
    term = parse_expression(row.calculation.source) if row.calculation is not None else None
    if not isinstance(term, Call) or term.function != "if" or len(term.arguments) != 3:
        return None
    test, few, many = term.arguments
    limit = _read_comparison(test) if isinstance(test, Chain) else None
    if not (isinstance(few, AnswerName) and isinstance(many, AnswerName)) or limit is None:
        return None
    allowed = questionnaire.by_name[few.name].max_selected
    if limit.kind != "more_than" or limit.question != many.name or allowed is None:
        return None
    return max(limit.number, allowed)


def _list_joined(term: Term) -> tuple[Term, ...]:
    """The parts of `a and b and c`."""
    if isinstance(term, Chain) and term.level == "and":
        return tuple(part for each in (term.first, *(each for _, _, each in term.rest)) for part in _list_joined(each))
    return (term,)


def _read_comparison(chain: Chain) -> Requirement | None:
    if len(chain.rest) != 1:
        return None
    operator, _, other = chain.rest[0]
    if isinstance(chain.first, AnswerName) and isinstance(other, TextLiteral) and other.value:
        kinds: dict[str, RequirementKind] = {"=": "is", "!=": "is_not"}
        kind = kinds.get(operator)
        return None if kind is None else Requirement(chain.first.name, kind, (other.value,))
    counted = chain.first
    if isinstance(counted, Call) and counted.function == "count-selected" and isinstance(other, NumberLiteral):
        selection = counted.arguments[0]
        if operator == ">" and isinstance(selection, AnswerName) and other.source.isdigit():
            return Requirement(selection.name, "more_than", number=int(other.source))
    return None


def _read_selected(term: Term) -> Requirement | None:
    if not isinstance(term, Call) or term.function != "selected" or len(term.arguments) != 2:
        return None
    selection, name = term.arguments
    if isinstance(selection, AnswerName) and isinstance(name, TextLiteral):
        return Requirement(selection.name, "ticked", (name.value,))
    return None


def _is_tellable(requirement: Requirement, question: Question) -> bool:
    """Whether a person can see on the question what the requirement speaks of."""
    return question.is_asked and all(question.find_choice(name) is not None for name in requirement.choices)


def _join_exclusions(requirements: list[Requirement]) -> tuple[Requirement, ...]:
    """Several "is not" of one question as one, at the place of the first."""
    joined: dict[tuple[str, RequirementKind, int], Requirement] = {}
    for place, each in enumerate(requirements):
        key = (each.question, each.kind, 0 if each.kind == "is_not" else place)
        held = joined.get(key)
        choices = each.choices if held is None else (*held.choices, *each.choices)
        joined[key] = Requirement(each.question, each.kind, tuple(dict.fromkeys(choices)), each.number)
    return tuple(joined.values())
