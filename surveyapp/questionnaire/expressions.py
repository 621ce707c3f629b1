"""ODK expressions, compiled once and evaluated by lxml as XPath 1.0.

`${x}` becomes an XPath variable that holds a text ('' when blank, not asked or not relevant); `.` is the own answer; a
bare name is a column of the choice that the filter looks at. Functions that ODK has and XPath lacks live under a
namespace of our own, because core names cannot be overridden. The results of expressions over choices and numbers are
remembered: a form asks the same few questions of the same few answers again and again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Final, TypeVar

from lxml import etree

from surveyapp.questionnaire.expression_functions import EXTENSIONS, NAMESPACE, to_text
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
    parse_expression,
)
from surveyapp.questionnaire.expression_types import (
    FUNCTIONS,
    ExpressionScope,
    Known,
    ValueType,
    check_expression,
)
from surveyapp.questionnaire.faults import ExpressionFault, ExpressionFaults
from surveyapp.questionnaire.model import Choice

__all__ = ["Expression", "ExpressionScope", "Known", "ValueType", "compile_expression"]

MAX_REMEMBERED = 4096

_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")  # what XML 1.0 cannot hold
_OWN_FUNCTIONS = frozenset(name for _, name in EXTENSIONS)
_Key = TypeVar("_Key")
_Result = TypeVar("_Result")
_NO_ITEM: Final = etree.Element("item")


class Expression:
    """A checked and compiled expression. Evaluating it never raises and has no side effects."""

    __slots__ = (
        "_chosen",
        "_evaluate",
        "_item_list",
        "_keeps_results",
        "_read",
        "_remembered",
        "_uses_own",
        "_variables",
        "length_limit",
        "names",
        "purpose",
        "result",
        "selection_limit",
        "source",
    )

    def __init__(self, source: str, term: Term, scope: ExpressionScope, result: ValueType) -> None:
        self.source = source
        self.purpose = scope.purpose
        self.result = result
        writer = _XPathWriter()
        written = writer.write(term)
        self.names: frozenset[str] = frozenset(writer.names)
        self.length_limit = _find_limit(term, "string-length")
        self.selection_limit = _find_limit(term, "count-selected")
        self._uses_own = writer.uses_own
        ordered = sorted(self.names)
        self._variables = tuple("v_" + name for name in ordered)
        self._read: Callable[[Mapping[str, str]], str | tuple[str, ...]] | None = (
            itemgetter(*ordered) if ordered else None
        )
        is_private = any(scope.names[name].is_private for name in ordered if name in scope.names)
        is_private = is_private or (self._uses_own and scope.own is not None and scope.own.is_private)
        self._keeps_results = not is_private
        self._remembered: dict[object, object] = {}
        self._chosen: dict[object, tuple[Choice, ...]] = {}
        self._item_list: tuple[tuple[Choice, ...], etree._Element] | None = None
        if scope.purpose == "choice_filter":
            written = f"item[boolean({written})]/name/text()"
        elif scope.purpose != "calculation":
            written = f"boolean({written})"
        self._evaluate = etree.XPath(
            written, namespaces={"o": NAMESPACE}, extensions=dict(EXTENSIONS), regexp=False, smart_strings=False
        )

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Expression):
            return NotImplemented
        return (self.source, self.purpose) == (other.source, other.purpose)

    def __hash__(self) -> int:
        return hash((self.source, self.purpose))

    def test(self, values: Mapping[str, str], own: str = "", item: Mapping[str, str] | None = None) -> bool:
        """Whether the expression holds. `values` are XPath texts by name (a missing name is blank), `own` is the text
        of the own answer, `item` the columns (with `name`) of the choice that a choice filter looks at."""
        if self.purpose == "choice_filter":
            return bool(self._run(values, "", _build_items([item or {}])))
        return bool(self._recall(values, own))

    def compute(self, values: Mapping[str, str]) -> str:
        """The result as an XPath text: numbers as `84`, not `84.0`."""
        return to_text(self._recall(values, ""))

    def choose(self, values: Mapping[str, str], choices: tuple[Choice, ...]) -> tuple[Choice, ...]:
        """The choices that a choice filter lets pass, in their order."""
        given = self._read_values(values)
        key = (id(choices), given)
        found = self._chosen.get(key)
        if found is None:
            passing = self._run(values, "", self._find_items(choices))
            names = frozenset(passing) if isinstance(passing, list) else frozenset()
            found = tuple(choice for choice in choices if choice.name in names)
            self._remember(self._chosen, key, found)
        return found

    def _find_items(self, choices: tuple[Choice, ...]) -> etree._Element:
        """The list as elements, built once: an expression belongs to one list (which is kept, so its id stays its)."""
        known = self._item_list
        if known is None or known[0] is not choices:
            known = (choices, _build_items([{"name": choice.name, **choice.columns} for choice in choices]))
            self._chosen.clear()
            self._item_list = known
        return known[1]

    def _read_values(self, values: Mapping[str, str]) -> str | tuple[str, ...]:
        if self._read is None:
            return ()
        try:
            return self._read(values)
        except KeyError:
            return self._read({name: values.get(name, "") for name in self.names})

    def _recall(self, values: Mapping[str, str], own: str) -> object:
        if not self._keeps_results:
            return self._run(values, own, _NO_ITEM)
        given = self._read_values(values)
        key = (given, own) if self._uses_own else given
        found = self._remembered.get(key)
        if found is None:
            found = self._run(values, own, _NO_ITEM)
            self._remember(self._remembered, key, found)
        return found

    def _remember(self, memory: dict[_Key, _Result], key: _Key, result: _Result) -> None:
        if not self._keeps_results:
            return
        if len(memory) >= MAX_REMEMBERED:
            memory.clear()
        memory[key] = result

    def _run(self, values: Mapping[str, str], own: str, item: etree._Element) -> object:
        given = self._read_values(values)
        texts = given if isinstance(given, tuple) else (given,)
        variables = dict(zip(self._variables, texts, strict=True))
        if self._uses_own:
            variables["own"] = own
        try:
            return self._evaluate(item, **variables)
        except ValueError:  # a character that XML cannot hold: answers with one are refused, yet old ones may exist
            variables = {name: _UNWRITABLE.sub("\ufffd", text) for name, text in variables.items()}
            return self._evaluate(item, **variables)


def compile_expression(source: str, scope: ExpressionScope) -> Expression:
    """Parse, check and compile. Raises `ExpressionFaults` with every fault that can be told, each with its position."""
    term = parse_expression(source)
    result, faults = check_expression(term, scope)
    if faults:
        raise ExpressionFaults(faults)
    try:
        return Expression(source, term, scope, result)
    except etree.XPathError as fault:
        raise ExpressionFaults([ExpressionFault(0, f"The expression cannot be compiled ({fault}).")]) from None


def _build_items(items: list[Mapping[str, str]] | list[dict[str, str]]) -> etree._Element:
    """An element `list` with one `item` per choice, whose children are the columns."""
    root = etree.Element("list")
    for item in items:
        element = etree.SubElement(root, "item")
        for name, text in {"name": "", **item}.items():
            etree.SubElement(element, name).text = _UNWRITABLE.sub("\ufffd", text)
    return root


def _find_limit(term: Term, function: str) -> int | None:
    """N of `function(.) <= N`, alone or joined to others by `and`; the smallest where there are several."""
    if isinstance(term, Chain) and term.level == "and":
        parts = [term.first, *(part for _, _, part in term.rest)]
        limits = [limit for part in parts if (limit := _find_limit(part, function)) is not None]
        return min(limits, default=None)
    if not (isinstance(term, Chain) and term.level == "relation"):
        return None
    operator, _, second = term.rest[0]
    first = term.first
    if operator in (">=", ">"):
        first, second, operator = second, first, operator.replace(">", "<")
    is_own = isinstance(first, Call) and first.function == function and isinstance(first.arguments[0], OwnAnswer)
    if not is_own or not isinstance(second, NumberLiteral) or not second.source.isdigit():
        return None
    return int(second.source) - (operator == "<")


class _XPathWriter:
    """Writes a tree as XPath 1.0, with our own functions and variables."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.uses_own = False

    def write(self, term: Term) -> str:
        if isinstance(term, TextLiteral | NumberLiteral):
            return term.source
        if isinstance(term, AnswerName):
            self.names.add(term.name)
            return "$v_" + term.name
        if isinstance(term, OwnAnswer):
            self.uses_own = True
            return "$own"
        if isinstance(term, Column):
            return "child::" + term.name
        if isinstance(term, Negation):
            return f"(- {self.write(term.term)})"
        if isinstance(term, Chain):
            return "(" + self.write(term.first) + "".join(f" {op} {self.write(t)}" for op, _, t in term.rest) + ")"
        return self._write_call(term)

    def _write_text(self, term: Term) -> str:
        """An operand as a text; numbers through our own writer, since libxml2 writes large ones with an exponent."""
        if isinstance(term, Column):
            return f"string({self.write(term)})"
        if isinstance(term, TextLiteral | AnswerName | OwnAnswer):
            return self.write(term)
        if isinstance(term, Call) and FUNCTIONS[term.function].result is ValueType.TEXT:
            return self.write(term)
        return f"o:text({self.write(term)})"

    def _write_call(self, call: Call) -> str:
        function = call.function
        if function == "selected":
            return self._write_selected(*call.arguments)
        if function == "count-selected":
            return self._write_count_selected(call.arguments[0])
        if function == "round" and len(call.arguments) == 1:
            return f"round({self.write(call.arguments[0])})"
        if function in _OWN_FUNCTIONS:
            plain = (self._write_text(a) if isinstance(a, Column) else self.write(a) for a in call.arguments)
            return f"o:{function}({', '.join(plain)})"
        if function == "string" or (function == "concat" and len(call.arguments) == 1):
            return f"string({self._write_text(call.arguments[0])})"
        if ValueType.TEXT in FUNCTIONS[function].parameters or function == "concat":
            return f"{function}({', '.join(self._write_text(a) for a in call.arguments)})"
        return f"{function}({', '.join(self.write(a) for a in call.arguments)})"

    def _write_selected(self, selection: Term, name: Term) -> str:
        """`selected` in core functions alone: many times faster than a call back into Python."""
        names, wanted = self._write_text(selection), self._write_text(name)
        held = f"contains(concat(' ', normalize-space({names}), ' '), concat(' ', normalize-space({wanted}), ' '))"
        if isinstance(name, TextLiteral) and name.value.strip():
            return held
        return f"({held} and normalize-space({wanted}) != '')"

    def _write_count_selected(self, selection: Term) -> str:
        names = f"normalize-space({self._write_text(selection)})"
        spaces = f"string-length({names}) - string-length(translate({names}, ' ', ''))"
        return f"({spaces} + number({names} != ''))"
