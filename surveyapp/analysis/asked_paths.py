"""Which questions a submitted return was asked, fast enough for a million of them.

The rule is `questionnaire.paths.evaluate`; this gives the same answer for returns as they are stored. What is stored
has passed that rule once: it holds no answer to a question that was not relevant, no choice that was not offered, and
the calculates as they were. So a question was asked where its own condition and those of its groups hold over the
stored values and its choice_filter offers something. There are few distinct conditions, and nearly all of them look at
one name, or are "a or b or c" over conditions that do: what a value of that name makes of all of them is worked out
once, as bits of a number, and a return's path is put together from the bits of its answers.

One object may serve several threads: what they remember twice is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Any

from surveyapp.questionnaire.expression_syntax import (
    AnswerName,
    Call,
    Chain,
    Column,
    Negation,
    Term,
    parse_expression,
)
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import evaluate

# Values kept of a name. Conditions on choices never reach it; one on free text could.
MAX_REMEMBERED = 100_000
# Paths kept. They are many in a large survey, and cheap to put together again.
MAX_PATHS = 20_000
# Combinations of answers that are looked up at once, at most.
MOST_COMBINATIONS = 50_000
LIST_KINDS = ("select_multiple", "rank")  # stored as lists of names

Returned = Mapping[str, Stored]
Test = Callable[[Returned], bool]
Change = tuple[int, int]  # bits that flip, bits that are raised


class AskedPath:
    """One way through the questionnaire. Read only.

    `flags` says of every condition, in the order of `AskedPaths.conditions`, whether it held.
    """

    __slots__ = ("_conditions", "_names", "flags")

    def __init__(self, flags: tuple[bool, ...], conditions: Sequence[tuple[str, ...]]) -> None:
        self.flags = flags
        self._conditions = conditions
        self._names: frozenset[str] | None = None

    @property
    def names(self) -> frozenset[str]:
        """Names of the questions that were asked."""
        if self._names is None:
            self._names = frozenset(name for names in compress(self._conditions, self.flags) for name in names)
        return self._names


class AskedPaths:
    """The conditions of one questionnaire, ready to be held against any number of returns.

    `conditions` lists, for every distinct condition, the questions that are asked where it holds; each question is in
    one list.
    """

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.questionnaire = questionnaire
        bits = _Bits(questionnaire)
        chains: dict[tuple[int, Test | None], list[str]] = {}
        for row in questionnaire.questions:
            chains.setdefault((bits.find_mask(row), _build_offer(row)), []).append(row.name)
        self.conditions = tuple(tuple(names) for names in chains.values())
        self._masks = tuple(mask for mask, _ in chains)
        self._offers = tuple(
            _Offer(place, names[0], test) for place, ((_, test), names) in enumerate(chains.items()) if test is not None
        )
        calculates = [row for row in questionnaire.rows if row.kind == "calculate" and row.name in bits.names]
        self._calculates = tuple((row.name, bits.find_mask(row)) for row in calculates)
        together, apart = _part_names(questionnaire, bits.names)
        joined = frozenset(together)
        self._together = _JoinedReader(
            [bits.build_reader(name) for name in together],
            [each for each in bits.joint if joined.issuperset(each.names)],
        )
        readers = [bits.build_reader(name) for name in apart]
        self._lists = tuple((reader.name, reader.known, reader) for reader in readers if reader.is_list)
        self._scalars = tuple((reader.name, reader.known, reader) for reader in readers if not reader.is_list)
        self._joint = tuple(each for each in bits.joint if not joined.issuperset(each.names))
        self._all_blank = bits.all_blank
        self._paths: dict[int, _Found] = {}
        self.reads_texts = any(questionnaire.by_name[name].compartment == "texts" for name in bits.looked_at)

    def find_path(self, stored: Returned) -> AskedPath:
        """The path of a stored return, given its answers and, where `reads_texts`, its texts."""
        bits = self._read_bits(stored)
        found = self._paths.get(bits) or self._remember(bits)
        for name in found.needed:
            if name not in stored:
                # A calculate that is relevant, and blank or never stored: the rule itself decides.
                return self._follow_rule(stored)
        for offer in found.offers:
            if offer.question not in stored and not offer.test(stored):
                return self._close_offers(found, stored)
        return found.path

    def _read_bits(self, stored: Returned) -> int:
        """The conditions that hold, as bits."""
        get: Callable[[str], Any] = stored.get
        together = self._together
        flipped, raised = together.known.get(key := tuple(map(get, together.names))) or together.learn(key)
        bits = (self._all_blank ^ flipped) | raised
        for name, known, reader in self._lists:
            value = get(name)
            if value is not None:
                flipped, raised = known.get(tuple(value)) or reader.learn(value)
                bits = (bits ^ flipped) | raised
        for name, known, reader in self._scalars:
            value = get(name)
            if value is not None:
                flipped, raised = known.get(value) or reader.learn(value)
                bits = (bits ^ flipped) | raised
        for joint in self._joint:
            if joint.test(stored):
                bits |= joint.bit
        return bits

    def _remember(self, bits: int) -> _Found:
        flags = tuple([bits & mask == mask for mask in self._masks])
        found = _Found(
            path=AskedPath(flags, self.conditions),
            needed=tuple([name for name, mask in self._calculates if bits & mask == mask]),
            offers=tuple([offer for offer in self._offers if flags[offer.place]]),
        )
        if len(self._paths) >= MAX_PATHS:
            self._paths.clear()
        self._paths[bits] = found
        return found

    def _close_offers(self, found: _Found, stored: Returned) -> AskedPath:
        """The path of a return to which some choice_filter offers nothing."""
        flags = list(found.path.flags)
        for offer in found.offers:
            flags[offer.place] = offer.question in stored or offer.test(stored)
        return AskedPath(tuple(flags), self.conditions)

    def _follow_rule(self, stored: Returned) -> AskedPath:
        standing = evaluate(self.questionnaire, stored)
        return AskedPath(tuple(standing.is_relevant(names[0]) for names in self.conditions), self.conditions)


@lru_cache(maxsize=16)
def find_asked_paths(questionnaire: Questionnaire) -> AskedPaths:
    """The paths of a questionnaire, built once."""
    return AskedPaths(questionnaire)


@dataclass(frozen=True, slots=True)
class _Offer:
    """A choice_filter that may offer nothing; its condition, at `place`, is that of one question."""

    place: int
    question: str
    test: Test


@dataclass(frozen=True, slots=True)
class _Found:
    """What is known of all returns with the same bits."""

    path: AskedPath  # where every filter offers something
    needed: tuple[str, ...]  # calculates that must be stored
    offers: tuple[_Offer, ...]


class _Bits:
    """One bit for every distinct condition of a questionnaire."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self._questionnaire = questionnaire
        self._bits: dict[str, int] = {}
        self._single: dict[str, list[tuple[int, Expression]]] = {}  # conditions that look at one name
        self._raised: dict[str, list[tuple[int, Expression]]] = {}  # conditions that any of several names makes true
        self.joint: list[_Joint] = []  # all others
        self.all_blank = 0  # conditions that hold where nothing is answered
        rows = [row for row in questionnaire.rows if row.is_asked or row.kind == "calculate"]
        for row in rows:
            for expression in _list_relevants(row):
                if expression.source not in self._bits:
                    self._add(expression)
        names = dict.fromkeys([*self._single, *self._raised])
        self.names = tuple(name for name in names if questionnaire.by_name[name].compartment in ("answers", "texts"))
        filters = [row.choice_filter for row in rows if row.choice_filter is not None]
        joint = [name for each in self.joint for name in each.names]
        self.looked_at = {*self.names, *joint, *(name for choice_filter in filters for name in choice_filter.names)}

    def find_mask(self, row: Question) -> int:
        """The bits that must all be set for the row to be relevant."""
        mask = 0
        for expression in _list_relevants(row):
            mask |= self._bits[expression.source]
        return mask

    def build_reader(self, name: str) -> _ValueReader:
        return _ValueReader(
            self._questionnaire.by_name[name], tuple(self._single.get(name, ())), tuple(self._raised.get(name, ()))
        )

    def _add(self, expression: Expression) -> None:
        bit = self._bits[expression.source] = 1 << len(self._bits)
        if expression.test({}):
            self.all_blank |= bit
        if len(expression.names) == 1:
            (name,) = expression.names
            self._single.setdefault(name, []).append((bit, expression))
        elif _is_any(expression):
            for name in expression.names:
                self._raised.setdefault(name, []).append((bit, expression))
        else:
            self.all_blank &= ~bit
            self.joint.append(_Joint(bit, expression, self._questionnaire))


class _Joint:
    """A condition that looks at several names, with its results by their values."""

    __slots__ = ("_expression", "_known", "_questions", "bit", "names")

    def __init__(self, bit: int, expression: Expression, questionnaire: Questionnaire) -> None:
        self.bit = bit
        self.names = tuple(sorted(expression.names))
        self._expression = expression
        self._questions = tuple(questionnaire.by_name[name] for name in self.names)
        self._known: dict[tuple[object, ...], bool] = {}

    def test(self, stored: Returned) -> bool:
        given = [stored.get(name) for name in self.names]
        key = tuple([tuple(value) if value.__class__ is list else value for value in given])
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= MAX_REMEMBERED:
                self._known.clear()
            values = {
                question.name: _write_value(question, value)
                for question, value in zip(self._questions, given, strict=True)
                if value is not None
            }
            known = self._known[key] = self._expression.test(values)
        return known


class _ValueReader:
    """What the conditions that look at one name make of its values: bits that flip, and bits that are raised."""

    __slots__ = ("_question", "_raised", "_single", "is_list", "known", "name")

    def __init__(
        self,
        question: Question,
        single: tuple[tuple[int, Expression], ...],
        raised: tuple[tuple[int, Expression], ...],
    ) -> None:
        self.name = question.name
        self.is_list = question.kind in LIST_KINDS
        self.known: dict[object, Change] = {}
        self._question = question
        self._single = tuple((bit, expression, expression.test({})) for bit, expression in single)
        self._raised = raised

    def learn(self, value: Stored) -> Change:
        if len(self.known) >= MAX_REMEMBERED:
            self.known.clear()
        values = {self._question.name: _write_value(self._question, value)}
        flipped = sum(bit for bit, expression, if_blank in self._single if expression.test(values) != if_blank)
        raised = sum(bit for bit, expression in self._raised if expression.test(values))
        self.known[tuple(value) if isinstance(value, list) else value] = (flipped, raised)
        return flipped, raised


class _JoinedReader:
    """The readers of several questions with few choices, looked up by all their values at once."""

    __slots__ = ("_joint", "_readers", "known", "names")

    def __init__(self, readers: Sequence[_ValueReader], joint: Sequence[_Joint]) -> None:
        self.names = tuple(reader.name for reader in readers)
        self.known: dict[tuple[Stored | None, ...], Change] = {}
        self._readers = readers
        self._joint = joint  # conditions over these names alone

    def learn(self, values: tuple[Stored | None, ...]) -> Change:
        """The changes of all the values in one; each reader has bits of its own, so their order is of no account."""
        flipped = raised = 0
        for reader, value in zip(self._readers, values, strict=True):
            if value is not None:
                change = reader.known.get(value) or reader.learn(value)
                flipped, raised = flipped ^ change[0], raised | change[1]
        stored = {name: value for name, value in zip(self.names, values, strict=True) if value is not None}
        raised |= sum(joint.bit for joint in self._joint if joint.test(stored))
        if len(self.known) >= MAX_REMEMBERED:
            self.known.clear()
        self.known[values] = (flipped, raised)
        return flipped, raised


def _part_names(questionnaire: Questionnaire, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Questions to look up together, while their choices make few enough combinations, and all others."""
    together: list[str] = []
    combinations = 1
    for name in names:
        question = questionnaire.by_name[name]
        if question.kind == "select_one" and combinations * (len(question.choices) + 1) <= MOST_COMBINATIONS:
            combinations *= len(question.choices) + 1
            together.append(name)
    return together, [name for name in names if name not in together]


def _write_value(question: Question, value: Stored) -> str:
    return value if isinstance(value, str) else KINDS[question.kind].to_xpath(question, value)


def _is_any(expression: Expression) -> bool:
    """Whether an expression is "a or b or …", each part about one name, and none of them true of a blank.

    Then the whole holds where it holds for one of its names alone, the others left blank.
    """
    term = parse_expression(expression.source)
    if not (isinstance(term, Chain) and term.level == "or") or expression.test({}):
        return False
    return all(len(set(_find_names(part))) == 1 for part in (term.first, *(part for _, _, part in term.rest)))


def _find_names(term: Term) -> Iterator[str]:
    if isinstance(term, AnswerName):
        yield term.name
    elif isinstance(term, Negation):
        yield from _find_names(term.term)
    elif isinstance(term, Chain):
        for part in (term.first, *(operand for _, _, operand in term.rest)):
            yield from _find_names(part)
    elif isinstance(term, Call):
        for argument in term.arguments:
            yield from _find_names(argument)


def _list_relevants(row: Question) -> Iterator[Expression]:
    for relevant in (*(group.relevant for group in row.groups), row.relevant):
        if relevant is not None:
            yield relevant


def _build_offer(row: Question) -> Test | None:
    """Whether a question's choice_filter offers any choice; None where it does for everybody.

    It did where one was chosen. `selected(${x}, name)`, the usual filter, is a look at the names in x.
    """
    choice_filter, question = row.choice_filter, row.name
    if choice_filter is None or (not choice_filter.names and choice_filter.choose({}, row.choices)):
        return None
    filter_names, choices = sorted(choice_filter.names), row.choices
    source = _find_selection(choice_filter)
    if source is not None:
        offered = frozenset(choice.name for choice in choices)

        def looks(stored: Returned) -> bool:
            if question in stored:
                return True
            value = stored.get(source, "")
            return not offered.isdisjoint(value if isinstance(value, list) else str(value).split())

        return looks

    def filters(stored: Returned) -> bool:
        if question in stored:
            return True
        values = {name: stored[name] for name in filter_names if name in stored}
        texts = {name: " ".join(value) if isinstance(value, list) else str(value) for name, value in values.items()}
        return bool(choice_filter.choose(texts, choices))

    return filters


def _find_selection(choice_filter: Expression) -> str | None:
    """x of `selected(${x}, name)`."""
    term = parse_expression(choice_filter.source)
    if not isinstance(term, Call) or term.function != "selected":
        return None
    selection, wanted = term.arguments
    if isinstance(selection, AnswerName) and isinstance(wanted, Column) and wanted.name == "name":
        return selection.name
    return None
