"""The grammar of our expressions: from source text to a tree, with the position of every part.

The language is the part of ODK XPath 1.0 that works on values: `${name}`, `.` for the own answer, literals, operators
and functions. Node paths (`/`, `//`, `@`, `[…]`, `*` as a wildcard) have no meaning in a questionnaire without a
document and are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NoReturn

from surveyapp.questionnaire.faults import ExpressionFault, ExpressionFaults

MAX_SOURCE = 20_000  # characters
MAX_NESTING = 40

Level = Literal["or", "and", "equality", "relation", "sum", "product"]

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
      | (?P<text>"[^"]*"|'[^']*')
      | (?P<answer>\$\{[A-Za-z_][A-Za-z0-9_.-]*\})
      | (?P<number>[0-9]+(?:\.[0-9]*)?|\.[0-9]+)
      | (?P<word>[A-Za-z_][A-Za-z0-9_.-]*(?::[A-Za-z_][A-Za-z0-9_.-]*)?)
      | (?P<mark><=|>=|!=|//|\.\.|::|[()=<>+\-*.,/@\[\]|])""",
    re.VERBOSE,
)
_PATH_MARKS = frozenset({"/", "//", "..", "::", "@", "[", "]", "|"})
_OPERATORS: tuple[tuple[Level, frozenset[str]], ...] = (
    ("or", frozenset({"or"})),
    ("and", frozenset({"and"})),
    ("equality", frozenset({"=", "!="})),
    ("relation", frozenset({"<", "<=", ">", ">="})),
    ("sum", frozenset({"+", "-"})),
    ("product", frozenset({"*", "div", "mod"})),
)


@dataclass(frozen=True, slots=True)
class TextLiteral:
    position: int
    source: str  # with its quotation marks

    @property
    def value(self) -> str:
        return self.source[1:-1]


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    position: int
    source: str


@dataclass(frozen=True, slots=True)
class AnswerName:
    """`${name}`"""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """`.`"""

    position: int


@dataclass(frozen=True, slots=True)
class Column:
    """A bare name: a column of the choice list."""

    position: int
    name: str


@dataclass(frozen=True, slots=True)
class Call:
    position: int
    function: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    position: int
    term: Term


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one level, taken from the left: `first op second op third`. Flat, so that a long sum is not deep."""

    position: int
    level: Level
    first: Term
    rest: tuple[tuple[str, int, Term], ...]  # operator, its position, operand


Term = TextLiteral | NumberLiteral | AnswerName | OwnAnswer | Column | Call | Negation | Chain


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


def parse_expression(source: str) -> Term:
    """The tree of an expression. Raises `ExpressionFaults` with the first place where it cannot be read."""
    if len(source) > MAX_SOURCE:
        _refuse(MAX_SOURCE, f"The expression has more than {MAX_SOURCE} characters.")
    return _Parser(_split_tokens(source), len(source)).parse()


def _refuse(position: int, reason: str) -> NoReturn:
    raise ExpressionFaults([ExpressionFault(position, reason)])


def _split_tokens(source: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(source):
        found = _TOKEN.match(source, position)
        if found is None:
            _refuse(position, _explain_unreadable(source, position))
        kind = found.lastgroup or ""
        if kind != "space":
            tokens.append(_Token(kind, found[0], position))
        position = found.end()
    return tokens


def _explain_unreadable(source: str, position: int) -> str:
    char = source[position]
    if char in "\"'":
        return "The quotation mark opened here is never closed."
    if char == "$":
        return "An answer is named ${name}, with letters, digits and underscores between the braces."
    return f"The character {char!r} has no meaning here."


class _Parser:
    def __init__(self, tokens: list[_Token], end: int) -> None:
        self.tokens = tokens
        self.index = 0
        self.end = end
        self.depth = 0

    def parse(self) -> Term:
        term = self._parse_level(0)
        token = self._peek()
        if token is not None:
            if token.text == ")":
                _refuse(token.position, "This parenthesis closes nothing.")
            self._refuse_unexpected(token)
        return term

    def _peek(self) -> _Token | None:
        return self.tokens[self.index] if self.index < len(self.tokens) else None

    def _refuse_unexpected(self, token: _Token) -> NoReturn:
        if token.text in _PATH_MARKS:
            _refuse(token.position, f"Node paths cannot be used ({token.text!r}): name an answer as ${{name}}.")
        _refuse(token.position, f"{token.text!r} is not expected here; an operator may be missing before it.")

    def _parse_level(self, level: int) -> Term:
        if level == len(_OPERATORS):
            return self._parse_signed()
        name, operators = _OPERATORS[level]
        first = self._parse_level(level + 1)
        rest: list[tuple[str, int, Term]] = []
        while (token := self._peek()) is not None and token.kind in ("word", "mark") and token.text in operators:
            self.index += 1
            rest.append((token.text, token.position, self._parse_level(level + 1)))
        return Chain(first.position, name, first, tuple(rest)) if rest else first

    def _parse_signed(self) -> Term:
        signs: list[int] = []
        while (token := self._peek()) is not None and token.text == "-" and token.kind == "mark":
            signs.append(token.position)
            self.index += 1
        if len(signs) > MAX_NESTING:
            _refuse(signs[0], "There are too many minus signs in a row.")
        term = self._parse_operand()
        for position in reversed(signs):
            term = Negation(position, term)
        return term

    def _parse_operand(self) -> Term:
        token = self._peek()
        if token is None:
            _refuse(self.end, "The expression ends where a value is expected.")
        self.index += 1
        if token.kind == "word":
            return self._parse_word(token)
        if token.text == "(" and token.kind == "mark":
            return self._parse_within(token, self._parse_closed)
        plain: Term | None = None
        if token.kind == "text":
            plain = TextLiteral(token.position, token.text)
        elif token.kind == "number":
            plain = NumberLiteral(token.position, token.text)
        elif token.kind == "answer":
            plain = AnswerName(token.position, token.text[2:-1])
        elif token.text == ".":
            plain = OwnAnswer(token.position)
        if plain is None:
            self._refuse_missing_value(token)
        return plain

    def _refuse_missing_value(self, token: _Token) -> NoReturn:
        if token.text in _PATH_MARKS:
            self._refuse_unexpected(token)
        if token.text == ")":
            _refuse(token.position, "A value is expected before this closing parenthesis.")
        _refuse(token.position, f"A value is expected before {token.text!r}.")

    def _parse_word(self, token: _Token) -> Term:
        following = self._peek()
        if following is not None and following.text == "(" and following.kind == "mark":
            self.index += 1
            return self._parse_within(following, lambda opened: self._parse_call(token, opened))
        if token.text in ("and", "or", "div", "mod"):
            _refuse(token.position, f"A value is expected before {token.text!r}.")
        if ":" in token.text:
            _refuse(token.position, f"{token.text!r} is neither a function nor a column.")
        return Column(token.position, token.text)

    def _parse_within(self, opened: _Token, parse: Callable[[_Token], Term]) -> Term:
        self.depth += 1
        if self.depth > MAX_NESTING:
            _refuse(opened.position, f"Parentheses are nested more than {MAX_NESTING} deep.")
        term = parse(opened)
        self.depth -= 1
        return term

    def _parse_closed(self, opened: _Token) -> Term:
        term = self._parse_level(0)
        self._expect_close(opened)
        return term

    def _parse_call(self, name: _Token, opened: _Token) -> Term:
        arguments: list[Term] = []
        token = self._peek()
        if token is not None and token.text == ")":
            self.index += 1
            return Call(name.position, name.text, ())
        while True:
            if self._peek() is None:
                _refuse(opened.position, "The parenthesis opened here is never closed.")
            arguments.append(self._parse_level(0))
            token = self._peek()
            if token is not None and token.text == "," and token.kind == "mark":
                self.index += 1
                continue
            self._expect_close(opened)
            return Call(name.position, name.text, tuple(arguments))

    def _expect_close(self, opened: _Token) -> None:
        token = self._peek()
        if token is None:
            _refuse(opened.position, "The parenthesis opened here is never closed.")
        if token.text != ")" or token.kind != "mark":
            self._refuse_unexpected(token)
        self.index += 1
