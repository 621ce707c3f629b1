"""The static checker of expressions: every name known, every function called rightly, every value of a fitting type.

XPath 1.0 converts anything to anything, so a wrong expression never fails, it merely gives a wrong answer for years.
This checker refuses what can only be a mistake: a text used as yes/no, a comparison with a choice that does not exist,
a sum of texts. What a form may sensibly do (compare a choice whose names are numbers, test for blank) passes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal

from surveyapp.questionnaire.expression_syntax import (
    AnswerName,
    Call,
    Chain,
    Column,
    Negation,
    NumberLiteral,
    OwnAnswer,
    Term,
    TextLiteral,
)
from surveyapp.questionnaire.faults import ExpressionFault, PatternFault
from surveyapp.questionnaire.patterns import compile_pattern

Purpose = Literal["relevant", "constraint", "choice_filter", "calculation"]


class ValueType(Enum):
    """What a value is. Its text is how a finding calls it."""

    BOOLEAN = "yes or no"
    NUMBER = "a number"
    TEXT = "a text"
    CHOICE = "one choice"
    SELECTION = "several choices"
    BLANK = "nothing"
    ANY = "a value"  # of a row that is faulty itself, or of branches that differ; fits everywhere but as yes or no


@dataclass(frozen=True, slots=True)
class Known:
    """What the checker knows of a name: its type and, for choices, the names that can be chosen (None: any)."""

    type: ValueType
    choices: frozenset[str] | None = None
    is_private: bool = False  # holds what a person typed; its values are not kept in any cache


@dataclass(frozen=True, slots=True)
class ExpressionScope:
    """What an expression may speak of.

    `names` are the rows before it, `later` those that come at or after it (named so that a forward reference gets its
    own reason). `own` is the type of `.` where it may be used, `columns` are those of the choice list of a
    choice_filter with the values each can have.
    """

    purpose: Purpose
    names: Mapping[str, Known] = field(default_factory=dict)
    later: frozenset[str] = frozenset()
    own: Known | None = None
    columns: Mapping[str, frozenset[str]] | None = None


@dataclass(frozen=True, slots=True)
class FunctionRule:
    """Types of the parameters (the last one repeats where `most` allows more), least and most arguments, result."""

    parameters: tuple[ValueType, ...]
    least: int
    most: int | None
    result: ValueType


_B, _N, _T, _S, _A = ValueType.BOOLEAN, ValueType.NUMBER, ValueType.TEXT, ValueType.SELECTION, ValueType.ANY

FUNCTIONS: Mapping[str, FunctionRule] = {
    "true": FunctionRule((), 0, 0, _B),
    "false": FunctionRule((), 0, 0, _B),
    "not": FunctionRule((_B,), 1, 1, _B),
    "boolean": FunctionRule((_A,), 1, 1, _B),
    "number": FunctionRule((_A,), 1, 1, _N),
    "string": FunctionRule((_A,), 1, 1, _T),
    "if": FunctionRule((_B, _A, _A), 3, 3, _A),
    "coalesce": FunctionRule((_A, _A), 2, 2, _A),
    "selected": FunctionRule((_S, _T), 2, 2, _B),
    "count-selected": FunctionRule((_S,), 1, 1, _N),
    "selected-at": FunctionRule((_S, _N), 2, 2, _T),
    "regex": FunctionRule((_T, _T), 2, 2, _B),
    "concat": FunctionRule((_A,), 1, None, _T),
    "contains": FunctionRule((_T, _T), 2, 2, _B),
    "starts-with": FunctionRule((_T, _T), 2, 2, _B),
    "ends-with": FunctionRule((_T, _T), 2, 2, _B),
    "string-length": FunctionRule((_T,), 1, 1, _N),
    "normalize-space": FunctionRule((_T,), 1, 1, _T),
    "substr": FunctionRule((_T, _N), 2, 3, _T),
    "substring-before": FunctionRule((_T, _T), 2, 2, _T),
    "substring-after": FunctionRule((_T, _T), 2, 2, _T),
    "translate": FunctionRule((_T,), 3, 3, _T),
    "round": FunctionRule((_N,), 1, 2, _N),
    "floor": FunctionRule((_N,), 1, 1, _N),
    "ceiling": FunctionRule((_N,), 1, 1, _N),
    "int": FunctionRule((_N,), 1, 1, _N),
    "abs": FunctionRule((_N,), 1, 1, _N),
    "min": FunctionRule((_N,), 1, None, _N),
    "max": FunctionRule((_N,), 1, None, _N),
}

_RESULT_OF: Mapping[Purpose, str] = {
    "relevant": "A condition",
    "constraint": "A constraint",
    "choice_filter": "A choice filter",
}


def is_number_text(text: str) -> bool:
    """Whether XPath reads the text as a number: an optional minus sign, digits, one point."""
    plain = text.strip(" \t\r\n").removeprefix("-").replace(".", "", 1)
    return plain.isascii() and plain.isdigit()


def check_expression(term: Term, scope: ExpressionScope) -> tuple[ValueType, tuple[ExpressionFault, ...]]:
    """The type of an expression's result and all its faults (none: it may be used)."""
    checker = _Checker(scope)
    result = checker.find_type(term)
    wanted = _RESULT_OF.get(scope.purpose)
    if wanted is not None and result is not ValueType.BOOLEAN and not checker.faults:
        checker.report(term.position, f"{wanted} must be yes or no, but this is {result.value}.")
    return result, tuple(checker.faults)


class _Checker:
    def __init__(self, scope: ExpressionScope) -> None:
        self.scope = scope
        self.faults: list[ExpressionFault] = []

    def report(self, position: int, reason: str) -> None:
        self.faults.append(ExpressionFault(position, reason))

    def find_type(self, term: Term) -> ValueType:
        if isinstance(term, TextLiteral):
            return ValueType.TEXT if term.value else ValueType.BLANK
        if isinstance(term, NumberLiteral):
            return ValueType.NUMBER
        if isinstance(term, AnswerName | OwnAnswer | Column):
            return self._find_known(term, report=True).type
        if isinstance(term, Negation):
            self._want_number(term.term, self.find_type(term.term))
            return ValueType.NUMBER
        if isinstance(term, Call):
            return self._check_call(term)
        return self._check_chain(term)

    def _find_known(self, term: Term, *, report: bool = False) -> Known:
        """What is known of an operand, choices included. An unknown name gets a fault once, where `report` is set."""
        reason = ""
        found: Known | None = None
        if isinstance(term, AnswerName):
            found = self.scope.names.get(term.name)
            if term.name in self.scope.later:
                reason = (
                    f"${{{term.name}}} is not answered before this row; an expression may read earlier answers only."
                )
                found = found or Known(ValueType.ANY)
            else:
                reason = f"${{{term.name}}} is not the name of any question."
        elif isinstance(term, OwnAnswer):
            found = self.scope.own
            reason = "The own answer '.' can be used in a constraint only."
        elif isinstance(term, Column):
            values = (self.scope.columns or {}).get(term.name)
            found = None if values is None else Known(ValueType.CHOICE, values)
            reason = self._explain_column(term.name)
        else:
            return Known(ValueType.ANY)
        is_later = isinstance(term, AnswerName) and term.name in self.scope.later
        if report and (found is None or is_later):
            self.report(term.position, reason)
        return found or Known(ValueType.ANY)

    def _explain_column(self, name: str) -> str:
        if self.scope.columns is None:
            return f"{name!r} is neither a function nor an answer; an answer is named ${{{name}}}."
        known = ", ".join(sorted(self.scope.columns))
        return f"The choice list has no column {name!r} (it has: {known})."

    def _check_call(self, call: Call) -> ValueType:
        given = [(argument, self.find_type(argument)) for argument in call.arguments]
        rule = FUNCTIONS.get(call.function)
        if rule is None:
            self.report(call.position, f"There is no function {call.function}().")
            return ValueType.ANY
        if len(given) < rule.least or (rule.most is not None and len(given) > rule.most):
            self.report(call.position, f"{call.function}() takes {_count_words(rule)}, not {len(given)}.")
            return rule.result
        for index, (argument, type_) in enumerate(given):
            self._want(rule.parameters[min(index, len(rule.parameters) - 1)], argument, type_, call.function)
        if call.function == "selected":
            self._check_choice(given[0][0], given[1][0])
        elif call.function == "regex":
            self._check_pattern(given[1][0])
        elif call.function in ("if", "coalesce"):
            return _find_common(given[-2][1], given[-1][1])
        return rule.result

    def _want(self, wanted: ValueType, term: Term, given: ValueType, function: str) -> None:
        if wanted is ValueType.BOOLEAN:
            self._want_boolean(term, given, f"{function}()")
        elif wanted is ValueType.NUMBER:
            self._want_number(term, given)
        elif wanted is ValueType.SELECTION and given in (ValueType.BOOLEAN, ValueType.NUMBER):
            self.report(term.position, f"{function}() needs the answer to a choice question, not {given.value}.")
        elif wanted is ValueType.TEXT and given is ValueType.BOOLEAN:
            self.report(term.position, f"{function}() needs a text, not {given.value}.")

    def _want_boolean(self, term: Term, given: ValueType, where: str) -> None:
        if given is not ValueType.BOOLEAN:
            self.report(term.position, f"{where} needs yes or no, but this is {given.value}.")

    def _want_number(self, term: Term, given: ValueType) -> None:
        is_digits = isinstance(term, TextLiteral) and is_number_text(term.value)
        known = self._find_known(term)
        are_digits = known.choices is None or any(is_number_text(name) for name in known.choices)
        if given in (ValueType.NUMBER, ValueType.ANY, ValueType.BLANK) or is_digits:
            return
        if given is ValueType.CHOICE and are_digits:
            return
        self.report(term.position, f"A number is needed here, but this is {given.value}.")

    def _check_chain(self, chain: Chain) -> ValueType:
        terms = [chain.first, *(term for _, _, term in chain.rest)]
        types = [self.find_type(term) for term in terms]
        if chain.level in ("or", "and"):
            for term, type_ in zip(terms, types, strict=True):
                self._want_boolean(term, type_, f"'{chain.level}'")
            return ValueType.BOOLEAN
        if chain.level in ("sum", "product"):
            for term, type_ in zip(terms, types, strict=True):
                self._want_number(term, type_)
            return ValueType.NUMBER
        if len(chain.rest) > 1:
            self.report(chain.rest[1][1], "Comparisons cannot be chained; join them with 'and'.")
            return ValueType.BOOLEAN
        operator, position, second = chain.rest[0]
        if chain.level == "relation":
            for term, type_ in zip(terms, types, strict=True):
                self._want_number(term, type_)
        else:
            self._check_equality(chain.first, types[0], operator, position, second, types[1])
        return ValueType.BOOLEAN

    def _check_equality(
        self, first: Term, type1: ValueType, operator: str, position: int, second: Term, type2: ValueType
    ) -> None:
        pair = {type1, type2}
        if ValueType.ANY in pair or pair == {ValueType.BOOLEAN}:
            return
        if ValueType.BOOLEAN in pair:
            other = type2 if type1 is ValueType.BOOLEAN else type1
            self.report(position, f"{operator!r} compares yes or no with {other.value}.")
        elif ValueType.SELECTION in pair and ValueType.BLANK not in pair and pair != {ValueType.SELECTION}:
            self.report(position, f"{operator!r} compares several choices with one value; use selected().")
        elif ValueType.NUMBER in pair and ValueType.TEXT in pair:
            for term in (first, second):
                if isinstance(term, TextLiteral) and not is_number_text(term.value):
                    self.report(term.position, "A number is compared with a text that is not one.")
        else:
            self._check_choice(first, second)
            self._check_choice(second, first)

    def _check_choice(self, chosen: Term, named: Term) -> None:
        """A literal that is compared with a choice must be the name of one."""
        known = self._find_known(chosen)
        if known.choices is None or not isinstance(named, TextLiteral) or not named.value:
            return
        if named.value not in known.choices:
            what = "column" if isinstance(chosen, Column) else "question"
            self.report(named.position, f"The {what} compared here has no choice {named.value!r}.")

    def _check_pattern(self, term: Term) -> None:
        if not isinstance(term, TextLiteral):
            self.report(term.position, "The pattern of regex() must be written out as a text.")
            return
        try:
            compile_pattern(term.value)
        except PatternFault as fault:
            self.report(term.position + 1 + fault.position, fault.reason)


def _find_common(first: ValueType, second: ValueType) -> ValueType:
    """The type of a value that is one of two."""
    if first is second or second is ValueType.BLANK:
        return first
    if first is ValueType.BLANK:
        return second
    if {first, second} <= {ValueType.TEXT, ValueType.CHOICE, ValueType.SELECTION}:
        return ValueType.TEXT
    return ValueType.ANY


def _count_words(rule: FunctionRule) -> str:
    if rule.most is None:
        return f"at least {rule.least} argument" + ("" if rule.least == 1 else "s")
    if rule.least == rule.most:
        return f"{rule.least} argument" + ("" if rule.least == 1 else "s")
    return f"{rule.least} to {rule.most} arguments"
