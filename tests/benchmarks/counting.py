"""Counts, filters and cross-tabs from the answer index, against a read of its memory and against DuckDB.

Each yardstick must give the same numbers before it is timed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.counts import QuestionCounts, count_question
from surveyapp.analysis.cross_tabs import CrossTab, cross_tabulate
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.masks import build_mask
from surveyapp.questionnaire.model import Questionnaire
from tests.benchmarks.column_store import HAS_DUCKDB, WITHOUT_DUCKDB, ColumnStore, Item, list_items
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.measuring import compare
from tests.benchmarks.stores import Store, Stores

FILTERS: Mapping[str, tuple[str, ...]] = {
    "company_size": ("e1_49", "e50_299"),
    "product_categories": ("new_chem", "generic", "biosimilar", "device"),
    "ch_areas": ("reg", "gmp", "pri"),
}
# An index remembers the counts of a whole round, and what is remembered is not counted. Under a filter, even one that
# everybody passes, it counts.
EVERYBODY: Mapping[str, tuple[str, ...]] = {"consent_participate": ("agree",)}
CROSSED = ("ch_areas", "support_needs")
_ALLOWANCE = 0.030  # seconds that filters may add
_MANY = 1_000_000  # responses that the goals of counting are meant for


class YardstickDisagrees(AssertionError):
    """Two ways of counting the same responses gave different numbers: nothing can be compared."""


def measure_counting(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    for size in sizes:
        bench = CountingBench(stores.find(size), repeats or 21)
        yield bench.measure_counts()
        yield bench.measure_filters()
        yield from bench.measure_against_duckdb()


class CountingBench:
    """The counts of one store's later round."""

    def __init__(self, store: Store, repeats: int) -> None:
        self.size, self.repeats = store.size, repeats
        self.questionnaire = store.questionnaire
        self.round_id = store.later.round_id
        self.questions = tuple(self.questionnaire.questions_in("answers", "texts"))
        self.index = load_index(store)

    def count_all(self) -> list[QuestionCounts]:
        mask = build_mask(self.index, self.questionnaire, self.round_id, EVERYBODY)
        return [count_question(self.index, question, mask) for question in self.questions]

    def count_filtered(self) -> list[QuestionCounts]:
        mask = build_mask(self.index, self.questionnaire, self.round_id, FILTERS)
        return [count_question(self.index, question, mask) for question in self.questions]

    def cross(self) -> CrossTab:
        rows, columns = (self.questionnaire.by_name[name] for name in CROSSED)
        mask = build_mask(self.index, self.questionnaire, self.round_id, EVERYBODY)
        return cross_tabulate(self.index, rows, columns, mask)

    def measure_counts(self) -> Figure:
        """All counts against one pass over as many bytes as the counted bitmaps take."""
        memory = numpy.ones(max(1, count_bytes(self.index, self.questionnaire) // 8), dtype=numpy.uint64)
        paired = compare(self.count_all, memory.sum, repeats=self.repeats)
        return Figure.of_pair(
            "counts-memory",
            "all counts of a survey",
            self.size,
            paired,
            against=f"one read of the index's memory ({memory.nbytes / 1e6:.1f} MB)",
            goal=Goal("at most", 6, meant_for=_MANY),
        )

    def measure_filters(self) -> Figure:
        """Filtered counts against the unfiltered ones and the allowance."""
        paired = compare(self.count_filtered, self.count_all, repeats=self.repeats)
        return Figure(
            "filters",
            "all counts with three filters",
            self.size,
            value=paired.subject,
            unit="s",
            against="its own unfiltered time + 30 ms",
            yardstick=paired.yardstick + _ALLOWANCE,
            ratio=paired.subject / (paired.yardstick + _ALLOWANCE),
            goal=Goal("at most", 1, meant_for=_MANY),
            pairs=paired.pairs,
        )

    def measure_against_duckdb(self) -> Iterator[Figure]:
        goals = {
            "counts-duckdb": Goal("at least", 15, meant_for=_MANY),
            "filters-duckdb": None,
            "cross-tab": Goal("at least", 20, meant_for=_MANY),
        }
        titles = {
            "counts-duckdb": "all counts of a survey",
            "filters-duckdb": "all counts with three filters",
            "cross-tab": "cross-tab of two multiple-choice questions",
        }
        if not HAS_DUCKDB:
            for key, title in titles.items():
                yield Figure.missing(key, title, self.size, "DuckDB", goals[key], WITHOUT_DUCKDB)
            return
        with ColumnStore(self.index, self.questionnaire) as duck:
            self._check_counts(self.count_all(), duck.count_items(self.round_id, {}))
            self._check_counts(self.count_filtered(), duck.count_items(self.round_id, FILTERS))
            self._check_cells(duck)
            pairs = {
                "counts-duckdb": (self.count_all, lambda: duck.count_items(self.round_id, {})),
                "filters-duckdb": (self.count_filtered, lambda: duck.count_items(self.round_id, FILTERS)),
                "cross-tab": (self.cross, lambda: duck.count_cells(self.round_id, *CROSSED)),
            }
            for key, (subject, yardstick) in pairs.items():
                paired = compare(subject, yardstick, repeats=self.repeats)
                yield Figure.of_pair(
                    key, titles[key], self.size, paired, against="DuckDB", goal=goals[key], is_speed=True
                )

    def _check_counts(self, counted: Sequence[QuestionCounts], expected: Mapping[Item, int]) -> None:
        for counts in counted:
            for item, times in list_counts(counts):
                if expected.get(item, 0) != times:
                    raise YardstickDisagrees(f"{item}: counted {times}, DuckDB {expected.get(item, 0)}")

    def _check_cells(self, duck: ColumnStore) -> None:
        table = self.cross()
        expected = duck.count_cells(self.round_id, *CROSSED)
        for row, cells in zip(table.rows, table.cells, strict=True):
            for column, share in zip(table.columns, cells, strict=True):
                if expected.get((row.name, column.name), 0) != share.count:
                    raise YardstickDisagrees(f"{row.name} × {column.name}: counted {share.count}")


def load_index(store: Store) -> AnswerIndex:
    """The store's index, built from its responses."""
    with store.database.read() as connection:
        return refresh_index(AnswerIndex(store.survey_id), connection, lambda _: store.questionnaire)


def count_bytes(index: AnswerIndex, questionnaire: Questionnaire) -> int:
    """Bytes of the containers of the bitmaps that all counts read; what several questions share is there once."""
    total = 0
    for numbers in {id(numbers): numbers for _, numbers in list_items(index, questionnaire)}.values():
        held = numbers.get_statistics()
        total += held["n_bytes_array_containers"] + held["n_bytes_run_containers"] + held["n_bytes_bitset_containers"]
    return total


def list_counts(counts: QuestionCounts) -> Iterator[tuple[Item, int]]:
    """The numbers in the counts of one question, by what an index keeps as a bitmap."""
    name, missing = counts.question, counts.missing
    yield (name, "asked"), counts.asked
    yield (name, "answered"), counts.answered + missing.dont_know + missing.not_applicable
    for choice in counts.choices:
        yield (name, choice.choice), choice.share.count
    for rank in counts.ranks:
        for place, times in enumerate(rank.positions, start=1):
            yield (name, (rank.choice, place)), times
    for value, times in counts.values:
        yield (name, value), times
