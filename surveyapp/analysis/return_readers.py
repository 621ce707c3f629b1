"""Taking submitted returns apart: response numbers for everything that was asked and answered.

What `read` does runs for every answer of every return, a million times in a large survey, and looks at nothing that was
not asked. What is stored is trusted to have the shape of its question; `fieldwork` stores no other.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from itertools import compress
from typing import TYPE_CHECKING, Any, Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import (
    READINESS_BAND,
    READINESS_OVERALL,
    READINESS_OVERALL_EQUAL,
    SINGLE_LEAF,
    AnswerIndex,
    Column,
    build_bitmap,
    name_dimension,
)
from surveyapp.analysis.asked_paths import AskedPath, find_asked_paths
from surveyapp.analysis.growing_bitmaps import NOBODY, Growth
from surveyapp.analysis.issue_questions import IssuesNotAsked, find_issue_questions
from surveyapp.analysis.readiness_sums import DimensionGroup, ReadinessSums
from surveyapp.analysis.tallies import NUMBER, Codes, Tally, build_bitmap_of, sort_by_mark
from surveyapp.questionnaire.model import Kind, Questionnaire
from surveyapp.questionnaire.scoring import Overall, score_dimension

if TYPE_CHECKING:
    from surveyapp.analysis.tallies import Numbers

Answers = Mapping[str, Any]
Part = Literal["chosen", "placed", "values"]  # of a column
Mark = tuple[str, Part, Any]  # a bitmap of the index: column, part and key

_NOBODY = BitMap()


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


_Reading = tuple[str, Codes, Callable[[int], None]]  # a question, the codes of its answers, where a code is put


@dataclass(frozen=True, slots=True)
class _Condition:
    """The questions asked under one condition, by the shape of their answers. Readiness items and texts are read
    apart."""

    tallies: tuple[Tally[Mark], ...]
    single: tuple[_Reading, ...]
    several: tuple[_Reading, ...]


class ReturnReader:
    """Gathers the returns of one questionnaire version; `flush` puts them into an index."""

    def __init__(self, layout: Layout) -> None:
        self.numbers = array(NUMBER)
        self._layout = layout
        self._conditions = tuple(self._prepare(names) for names in layout.paths.conditions)
        self._paths: Tally[int] = Tally(lambda path: compress(range(len(self._conditions)), path.flags))
        self._texts: defaultdict[str, list[int]] = defaultdict(list)
        self._levels = tuple((group, Tally(group.list_parts)) for group in layout.readiness.groups)

    def _prepare(self, names: tuple[str, ...]) -> _Condition:
        kinds = self._layout.kinds
        asked = [name for name in names if name in kinds and name not in self._layout.items]
        tallies = {name: Tally(_MARKS[kinds[name]](name)) for name in asked if kinds[name] in _MARKS}

        def list_readings(*wanted: Kind) -> tuple[_Reading, ...]:
            return tuple(
                (name, tally.codes, tally.column.append) for name, tally in tallies.items() if kinds[name] in wanted
            )

        return _Condition(
            tuple(tallies.values()),
            single=list_readings("select_one", "integer", "decimal"),
            several=list_readings("select_multiple", "rank"),
        )

    def read(self, number: int, answers: Answers, texts: Answers) -> AskedPath:
        """Note a return under everything it was asked and answered; its path through the questionnaire."""
        self.numbers.append(number)
        paths = self._layout.paths
        path = paths.find_path({**answers, **texts} if texts and paths.reads_texts else answers)
        self._paths.column.append(self._paths.codes[path])
        get = answers.get
        for condition in compress(self._conditions, path.flags):
            for name, codes, append in condition.single:
                append(codes[get(name)])
            for name, codes, append in condition.several:
                append(codes[tuple(get(name, ()))])
        for group, tally in self._levels:
            tally.column.append(tally.codes[group.read_levels(answers)])
        for name in texts:
            self._texts[name].append(number)
        return path

    def flush(self, index: AnswerIndex) -> None:
        """Put what was gathered into the bitmaps, and begin anew."""
        import numpy as np

        growth = Growth()
        numbers = np.array(self.numbers, dtype=np.uint32)
        of_condition = dict(self._paths.sort(numbers))
        asked = self._flush_asked(index, of_condition, growth)
        marked = [
            (mark, build_bitmap_of(found))
            for place, held in of_condition.items()
            for tally in self._conditions[place].tallies
            for mark, found in tally.sort(held)
        ]
        _add_marked(index, marked, growth)
        _add_single_leaf(index, [found for (name, _, _), found in marked if name in self._layout.leaf_questions])
        _add_marked(index, self._sort_levels(numbers, asked), growth)
        _add_marked(index, self._sort_results(numbers), growth)
        for name, typed in self._texts.items():
            if name in asked:
                column = _find_column(index, name)
                column.answered = growth.extend(column.answered, build_bitmap(typed) & asked[name])
        self._clear()

    def _flush_asked(
        self, index: AnswerIndex, of_condition: Mapping[int, Numbers], growth: Growth
    ) -> dict[str, BitMap]:
        """Put who was asked into the columns; by question, who of the gathered returns was."""
        asked: dict[str, BitMap] = {}
        for place, numbers in of_condition.items():
            held = build_bitmap_of(numbers)
            asked.update((name, held) for name in self._layout.paths.conditions[place] if name in self._layout.kinds)
        for name, held in asked.items():
            column = _find_column(index, name)
            column.asked = growth.extend(column.asked, held)
        return asked

    def _sort_levels(self, numbers: Numbers, asked: Mapping[str, BitMap]) -> Iterator[tuple[Mark, BitMap]]:
        """Answers to readiness items, and the scores of the dimensions that they make up."""
        for _, tally in self._levels:
            for (name, key), found in tally.sort(numbers):
                held = build_bitmap_of(found)
                if not isinstance(key, tuple):  # an item, read whatever the path; nobody answers what was not asked
                    yield (name, "chosen", key), held & asked.get(name, _NOBODY)
                elif (score := score_dimension(key)) is not None:
                    yield (name_dimension(name), "values", score), held

    def _sort_results(self, numbers: Numbers) -> Iterator[tuple[Mark, BitMap]]:
        """Overall readiness and bands, worked out once for all returns with the same sums."""
        import numpy as np

        codes, digits = Codes(), [self._list_digits(group, tally) for group, tally in self._levels]
        column = np.array([codes[sums] for sums in map(sum, zip(*digits, strict=True))], dtype=np.int32)
        results = map(_list_results, map(self._layout.readiness.find_result, codes))
        for (name, result), found in sort_by_mark(numbers, column, results):
            if result is not None:
                is_band = name == READINESS_BAND
                mark: Mark = (name, "chosen", result) if is_band else (name, "values", Fraction(result))
                yield mark, build_bitmap_of(found)

    def _list_digits(self, group: DimensionGroup, tally: Tally[Any]) -> Iterator[int]:
        """The group's part of the sums of every return."""
        by_code = [group.find_digits(levels) for levels in tally.codes]
        return map(by_code.__getitem__, tally.column)

    def _clear(self) -> None:
        del self.numbers[:]
        self._paths.clear()
        self._texts.clear()
        for condition in self._conditions:
            for tally in condition.tallies:
                tally.clear()
        for _, levels in self._levels:
            levels.clear()


def _name_chosen(name: str) -> Callable[[Any], Iterable[Mark]]:
    return lambda choice: () if choice is None else ((name, "chosen", choice),)


def _name_ticked(name: str) -> Callable[[Any], Iterable[Mark]]:
    return lambda choices: [(name, "chosen", choice) for choice in choices]


def _name_placed(name: str) -> Callable[[Any], Iterable[Mark]]:
    return lambda choices: [(name, "placed", (choice, place)) for place, choice in enumerate(choices, start=1)]


def _name_value(name: str) -> Callable[[Any], Iterable[Mark]]:
    return lambda value: () if value is None else ((name, "values", value),)


def _name_decimal(name: str) -> Callable[[Any], Iterable[Mark]]:
    return lambda value: () if value is None else ((name, "values", Fraction(value)),)


# What an answer to a question is sorted under.
_MARKS: Mapping[Kind, Callable[[str], Callable[[Any], Iterable[Mark]]]] = {
    "select_one": _name_chosen,
    "select_multiple": _name_ticked,
    "rank": _name_placed,
    "integer": _name_value,
    "decimal": _name_decimal,
}


def _list_results(result: Overall) -> tuple[tuple[str, Decimal | str | None], ...]:
    return (
        (READINESS_BAND, result.band),
        (READINESS_OVERALL, result.weighted),
        (READINESS_OVERALL_EQUAL, result.equal_weights),
    )


def _find_column(index: AnswerIndex, name: str) -> Column:
    column = index.columns.get(name)
    if column is None:
        column = index.columns[name] = Column()
    return column


def _add_marked(index: AnswerIndex, marked: Iterable[tuple[Mark, BitMap]], growth: Growth) -> None:
    """Put returns into the bitmaps of their marks, and into `answered` of those columns."""
    answered: defaultdict[str, list[BitMap]] = defaultdict(list)
    for (name, part, key), numbers in marked:
        if numbers:
            bitmaps = getattr(_find_column(index, name), part)
            bitmaps[key] = bitmaps.get(key, NOBODY).extend(numbers)
            answered[name].append(numbers)
    for name, found in answered.items():
        column = _find_column(index, name)
        column.answered = growth.extend(column.answered, BitMap.union(*found))


def _add_single_leaf(index: AnswerIndex, ticked: Iterable[BitMap]) -> None:
    """Note who ticked one issue in all areas together, given who ticked each."""
    once, twice = BitMap(), BitMap()
    for numbers in ticked:
        twice |= once & numbers
        once |= numbers
    column = _find_column(index, SINGLE_LEAF)
    column.answered = column.answered.extend(once - twice)
