"""Taking submitted returns apart: lists of response numbers for everything that was asked and answered.

What `read` does runs for every answer of every return, a million times in a large survey, and looks at nothing that was
not asked. What is stored is trusted to have the shape of its question; `fieldwork` stores no other.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import compress
from typing import Any, Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import (
    READINESS_BAND,
    READINESS_OVERALL,
    READINESS_OVERALL_EQUAL,
    SINGLE_LEAF,
    AnswerIndex,
    Column,
    add_numbers,
    build_bitmap,
    name_dimension,
)
from surveyapp.analysis.asked_paths import AskedPath, find_asked_paths
from surveyapp.analysis.issue_questions import IssuesNotAsked, find_issue_questions
from surveyapp.analysis.readiness_sums import ReadinessSums
from surveyapp.questionnaire.model import Kind, Questionnaire
from surveyapp.questionnaire.scoring import Readiness, score_dimension

Answers = Mapping[str, Any]
Lists = defaultdict[Any, list[int]]  # response numbers by choice, (choice, place), number …
Part = Literal["chosen", "placed", "values"]  # of a column
_PARTS: Mapping[Kind, Part] = {
    "select_one": "chosen",
    "select_multiple": "chosen",
    "rank": "placed",
    "integer": "values",
    "decimal": "values",
}


class Layout:
    """What returns of one questionnaire version consist of. Identity and contact answers are passed over."""

    def __init__(self, questionnaire: Questionnaire) -> None:
        self.paths = find_asked_paths(questionnaire)
        self.readiness = ReadinessSums(questionnaire.scoring)
        self.items = frozenset(item for group in self.readiness.groups for item in group.items)
        self.kinds: Mapping[str, Kind] = {
            question.name: question.kind for question in questionnaire.questions_in("answers", "texts")
        }
        self.leaf_questions: frozenset[str] = frozenset()
        with suppress(IssuesNotAsked):
            self.leaf_questions = frozenset(find_issue_questions(questionnaire).leaf_questions)


@lru_cache(maxsize=16)
def find_layout(questionnaire: Questionnaire) -> Layout:
    """The layout of a questionnaire, worked out once."""
    return Layout(questionnaire)


@dataclass(frozen=True, slots=True)
class _Gathered:
    """The questions asked under one condition, by the shape of their answers, each with its lists. Readiness items,
    ranks and texts are read apart."""

    asked: list[int]
    single: tuple[tuple[str, Lists], ...]
    several: tuple[tuple[str, Lists], ...]


class ReturnReader:
    """Gathers the returns of one questionnaire version; `flush` puts them into an index."""

    def __init__(self, layout: Layout) -> None:
        self.numbers: list[int] = []
        self._layout = layout
        self._lists: dict[str, Lists] = {name: defaultdict(list) for name in layout.kinds}
        self._gathered = tuple(self._prepare(names) for names in layout.paths.conditions)
        self._ranked = tuple((name, self._lists[name]) for name, kind in layout.kinds.items() if kind == "rank")
        self._texts: Lists = defaultdict(list)
        self._levels: tuple[Lists, ...] = tuple(defaultdict(list) for _ in layout.readiness.groups)
        self._results: dict[int, tuple[Readiness, list[int]]] = {}  # by the sums that they follow from

    def _prepare(self, names: tuple[str, ...]) -> _Gathered:
        layout = self._layout
        asked = [(name, layout.kinds[name]) for name in names if name in layout.kinds and name not in layout.items]

        def choose(*kinds: Kind) -> tuple[tuple[str, Lists], ...]:
            return tuple((name, self._lists[name]) for name, kind in asked if kind in kinds)

        return _Gathered([], choose("select_one", "integer", "decimal"), choose("select_multiple"))

    def read(self, number: int, answers: Answers, texts: Answers) -> AskedPath:
        """Note a return under everything it was asked and answered; its path through the questionnaire."""
        self.numbers.append(number)
        paths = self._layout.paths
        path = paths.find_path({**answers, **texts} if texts and paths.reads_texts else answers)
        for gathered in compress(self._gathered, path.flags):
            gathered.asked.append(number)
            for name, lists in gathered.single:
                if name in answers:
                    lists[answers[name]].append(number)
            for name, lists in gathered.several:
                if name in answers:
                    for choice in answers[name]:
                        lists[choice].append(number)
        for name, lists in self._ranked:
            for place, choice in enumerate(answers.get(name, ()), start=1):
                lists[choice, place].append(number)
        for name in texts:
            self._texts[name].append(number)
        self._read_levels(number, answers)
        return path

    def _read_levels(self, number: int, answers: Answers) -> None:
        readiness = self._layout.readiness
        sums = 0
        for group, lists in zip(readiness.groups, self._levels, strict=True):
            levels = group.read_levels(answers)
            digits = group.digits.get(levels)
            sums += group.find_digits(levels) if digits is None else digits
            lists[levels].append(number)
        held = self._results.get(sums)
        if held is None:
            held = self._results[sums] = (readiness.find_result(sums, answers), [])
        held[1].append(number)

    def flush(self, index: AnswerIndex) -> None:
        """Put what was gathered into the bitmaps, and begin anew."""
        asked = self._flush_asked(index)
        self._flush_single_leaf(index)
        self._flush_levels()
        for name, lists in self._lists.items():
            if lists:
                kind = self._layout.kinds[name]
                read: Callable[[Any], Any] | None = Fraction if kind == "decimal" else None
                _add_lists(index, name, _PARTS[kind], lists, within=asked.get(name, BitMap()), read=read)
                lists.clear()
        for name, numbers in self._texts.items():
            if name in asked:
                column = _find_column(index, name)
                column.answered = column.answered | (build_bitmap(numbers) & asked[name])
        self._texts.clear()
        self._flush_results(index)
        self.numbers.clear()

    def _flush_asked(self, index: AnswerIndex) -> dict[str, BitMap]:
        """Put who was asked into the columns; by question, who of the gathered returns was."""
        asked: dict[str, BitMap] = {}
        for names, gathered in zip(self._layout.paths.conditions, self._gathered, strict=True):
            held = build_bitmap(gathered.asked)
            asked.update((name, held) for name in names if held and name in self._layout.kinds)
            gathered.asked.clear()
        for name, held in asked.items():
            column = _find_column(index, name)
            column.asked = column.asked | held
        return asked

    def _flush_single_leaf(self, index: AnswerIndex) -> None:
        """Note who ticked one issue in all areas together."""
        once, twice = BitMap(), BitMap()
        for name in self._layout.leaf_questions:
            for numbers in self._lists[name].values():
                ticked = build_bitmap(numbers)
                twice |= once & ticked
                once |= ticked
        column = _find_column(index, SINGLE_LEAF)
        column.answered = column.answered | (once - twice)

    def _flush_levels(self) -> None:
        """Hand the answers to readiness items, which were read together, on to the lists of their questions."""
        for group, lists in zip(self._layout.readiness.groups, self._levels, strict=True):
            for levels, numbers in lists.items():
                for item, level in zip(group.items, levels, strict=True):
                    if level is not None:
                        self._lists[item][level] += numbers

    def _flush_results(self, index: AnswerIndex) -> None:
        for group, lists in zip(self._layout.readiness.groups, self._levels, strict=True):
            for dimension, parts in group.split(lists).items():
                scored = ((score_dimension(levels), numbers) for levels, numbers in parts.items())
                _add_results(index, name_dimension(dimension), "values", scored)
            lists.clear()
        results = tuple(self._results.values())
        _add_results(index, READINESS_BAND, "chosen", ((result.band, numbers) for result, numbers in results))
        overall = ((result.overall, numbers) for result, numbers in results)
        _add_results(index, READINESS_OVERALL, "values", overall)
        equal = ((result.overall_equal_weights, numbers) for result, numbers in results)
        _add_results(index, READINESS_OVERALL_EQUAL, "values", equal)
        self._results.clear()


def _find_column(index: AnswerIndex, name: str) -> Column:
    column = index.columns.get(name)
    if column is None:
        column = index.columns[name] = Column()
    return column


def _add_lists(
    index: AnswerIndex,
    name: str,
    part: Part,
    lists: Mapping[Any, list[int]],
    *,
    within: BitMap | None = None,
    read: Callable[[Any], Any] | None = None,
) -> None:
    """Put lists of numbers into a column's bitmaps, each into that of its key. Nobody answers what was not asked."""
    if not lists:
        return
    column = _find_column(index, name)
    bitmaps: dict[Any, BitMap] = getattr(column, part)
    for key, numbers in lists.items():
        added = build_bitmap(numbers) if within is None else build_bitmap(numbers) & within
        if added:
            add_numbers(bitmaps, key if read is None else read(key), added)
            column.answered = column.answered | added


def _add_results(index: AnswerIndex, name: str, part: Part, results: Iterable[tuple[Any, list[int]]]) -> None:
    """Put lists of numbers under what was derived from their answers; a missing result is no answer."""
    by_result: Lists = defaultdict(list)
    for result, numbers in results:
        if result is not None:
            by_result[result] += numbers
    read = Fraction if part == "values" else None
    _add_lists(index, name, part, by_result, read=read)
