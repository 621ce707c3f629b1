"""The yardstick for counting: DuckDB with the same answers, in the layout in which it is fastest.

Tried on these data: one long table (number, item), sorted by item and with the round beside it, was 40 times as fast as
one wide table with a truth value for every choice. What an index keeps as a bitmap is an item here.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from types import TracebackType
from typing import Any

import numpy
import numpy.typing
from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex, Column
from surveyapp.questionnaire.model import Questionnaire

try:
    import duckdb
except ImportError:  # it comes with the extra "bench"
    duckdb = None  # type: ignore[assignment,unused-ignore]

HAS_DUCKDB = duckdb is not None
WITHOUT_DUCKDB = "needs duckdb (extra bench)"

_BATCH = 200  # bitmaps put into the table at once

Item = tuple[str, Hashable]  # question and "asked", "answered", a choice, a place or a number
Cell = tuple[str, str]  # a choice of each of two questions


class ColumnStore:
    """An in-memory DuckDB filled from an answer index. Use as a context manager."""

    def __init__(self, index: AnswerIndex, questionnaire: Questionnaire) -> None:
        self._connection: Any = duckdb.connect()
        self._rounds = index.rounds
        bitmaps = dict(list_items(index, questionnaire))
        self.items: tuple[Item, ...] = tuple(bitmaps)
        self._places = {item: place for place, item in enumerate(self.items)}
        self._fill(bitmaps)

    def __enter__(self) -> ColumnStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, raised: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def _fill(self, bitmaps: Mapping[Item, BitMap]) -> None:
        """A row for every number in a bitmap, sorted by item and number; the registered arrays are copied."""
        self._connection.execute("CREATE TABLE answer (number UINTEGER, item USMALLINT, round UTINYINT)")
        round_of = numpy.zeros(1 + max((returns.max() for returns in self._rounds.values()), default=0), numpy.uint8)
        for round_id, returns in self._rounds.items():
            round_of[_list_numbers(returns)] = round_id
        places, held = range(len(bitmaps)), [_list_numbers(numbers) for numbers in bitmaps.values()]
        for start in range(0, len(held), _BATCH):
            given = held[start : start + _BATCH]
            number = numpy.concatenate(given)
            item = numpy.repeat(
                numpy.array(places[start : start + _BATCH], numpy.uint16), [len(part) for part in given]
            )
            self._connection.register("columns", {"number": number, "item": item, "round": round_of[number]})
            self._connection.execute("INSERT INTO answer SELECT number, item, round FROM columns")
            self._connection.unregister("columns")

    def count_items(self, round_id: int, filters: Mapping[str, tuple[str, ...]]) -> dict[Item, int]:
        """How many returns of a round that pass the filters are in every item; items with none are missing."""
        statement = (
            f"SELECT item, count(*) FROM answer WHERE round = {round_id} {self._write_filters(filters)} GROUP BY item"
        )
        return {self.items[place]: times for place, times in self._connection.execute(statement).fetchall()}

    def count_cells(self, round_id: int, row: str, column: str) -> dict[Cell, int]:
        """How many returns of a round chose both, for every choice of two questions; empty cells are missing."""
        statement = (
            "SELECT one.item, other.item, count(*) FROM answer AS one JOIN answer AS other USING (number) "
            f"WHERE one.round = {round_id} AND one.item IN ({self._list_choices(row)}) "
            f"AND other.item IN ({self._list_choices(column)}) GROUP BY one.item, other.item"
        )
        found = self._connection.execute(statement).fetchall()
        return {(str(self.items[one][1]), str(self.items[other][1])): times for one, other, times in found}

    def _write_filters(self, filters: Mapping[str, tuple[str, ...]]) -> str:
        """One semi-join inside the other: 15 times as fast as one after the other."""
        passing = ""
        for question, choices in filters.items():
            places = [str(self._places[question, choice]) for choice in choices if (question, choice) in self._places]
            within = f"item IN ({', '.join(places) or 'NULL'}) {passing}"
            passing = f"AND number IN (SELECT number FROM answer WHERE {within})"
        return passing

    def _list_choices(self, question: str) -> str:
        """Where the choices of a question stand; "asked" and "answered" are no choices."""
        places = (
            place
            for place, (name, detail) in enumerate(self.items)
            if name == question and detail not in ("asked", "answered")
        )
        return ", ".join(map(str, places))


def _list_numbers(numbers: BitMap) -> numpy.typing.NDArray[numpy.uint32]:
    return numpy.asarray(numbers.to_array(), dtype=numpy.uint32)


def list_items(index: AnswerIndex, questionnaire: Questionnaire) -> Iterator[tuple[Item, BitMap]]:
    """The bitmaps that all counts of a survey read: those of its questions, without derived columns."""
    for question in questionnaire.questions_in("answers", "texts"):
        column = index.columns.get(question.name)
        if column is not None:
            yield from _list_details(question.name, column)


def _list_details(name: str, column: Column) -> Iterator[tuple[Item, BitMap]]:
    yield (name, "asked"), column.asked.numbers
    yield (name, "answered"), column.answered.numbers
    for details in (column.chosen, column.placed, column.values):
        for detail, held in details.items():
            yield (name, detail), held.numbers
