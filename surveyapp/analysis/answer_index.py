"""Who answered what, as bitmaps of response numbers: the index every count is made from.

An index that has been handed out is never changed: a refresh (`index_refresh`) makes the next one. The two share every
bitmap that is the same in both, for a bitmap in an index is never changed either but replaced by another, or by the
same one with a little laid over it (`growing_bitmaps`). Readers in other threads keep a consistent picture and need no
lock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeVar, cast

from pyroaring import BitMap

from surveyapp.analysis.growing_bitmaps import NOBODY, GrowingBitmap, Growth
from surveyapp.fieldwork.modes import STAFF_MODES, StaffMode

Number = int | Fraction
Result = TypeVar("Result")

# Derived columns: made from several answers of one return, counted like answers.
READINESS_OVERALL = "readiness.overall"  # 0 to 100 as reported to a company, with one decimal
READINESS_OVERALL_EQUAL = "readiness.overall_equal_weights"
READINESS_BAND = "readiness.band"
SINGLE_LEAF = "issues.single_leaf"  # answered by who ticked one issue in all areas together


_NO_RETURNS = BitMap()
ALL_ROUNDS = 0  # what is remembered of all rounds together


def name_dimension(dimension: str) -> str:
    """The derived column with the exact scores (0 to 100) of a readiness dimension."""
    return f"readiness.{dimension}"


def build_bitmap(numbers: Iterable[int]) -> BitMap:
    """A bitmap that keeps no runs: they save little memory here, and intersections with them take ten times as long."""
    return BitMap(numbers, optimize=False)


@dataclass(slots=True)
class Column:
    """All bitmaps of one question or derived value. `chosen`, `placed` and `values` hold answered returns only."""

    asked: GrowingBitmap = NOBODY
    answered: GrowingBitmap = NOBODY
    chosen: dict[str, GrowingBitmap] = field(default_factory=dict)
    placed: dict[tuple[str, int], GrowingBitmap] = field(default_factory=dict)  # (choice, place), 1 = first
    values: dict[Number, GrowingBitmap] = field(default_factory=dict)

    def copy(self) -> Column:
        return Column(self.asked, self.answered, self.chosen.copy(), self.placed.copy(), self.values.copy())

    def remove(self, numbers: BitMap, growth: Growth) -> None:
        """Take returns out of every bitmap. What they chose is looked for only where they answered."""
        self.asked = growth.shorten(self.asked, numbers)
        answered = growth.shorten(self.answered, numbers)
        if answered is not self.answered:
            self.answered = answered
            _shorten_all(self.chosen, numbers)
            _shorten_all(self.placed, numbers)
            _shorten_all(self.values, numbers)


def _shorten_all(bitmaps: dict[Any, GrowingBitmap], numbers: BitMap) -> None:
    for key, held in bitmaps.items():
        bitmaps[key] = held.shorten(numbers)


def remove_numbers(bitmaps: dict[Any, BitMap], numbers: BitMap) -> None:
    """Replace the bitmaps that hold any of the numbers by bitmaps without them."""
    for key, held in bitmaps.items():
        if held.intersect(numbers):
            bitmaps[key] = held - numbers


def add_numbers(bitmaps: dict[Any, BitMap], key: object, added: BitMap) -> None:
    """Replace the bitmap of a key by one with these numbers too."""
    held = bitmaps.get(key)
    bitmaps[key] = added if held is None else held | added


@dataclass(frozen=True, slots=True)
class CompanyReturn:
    """One live return of a known company, and what decides which of several returns counts."""

    number: int
    round_id: int
    company_id: int
    answered: int  # asked questions that were answered
    submitted_at: datetime


class AnswerIndex:
    """Bitmaps of one survey's response numbers, read up to `revision` of the change feed.

    The bitmaps that the methods return are the index's own and must not be changed. A name that no return carries gives
    an empty bitmap. Returns that do not count (the less complete ones of a company) are in the bitmaps of their answers
    and not in `of_round`: every count is taken under a mask.
    """

    def __init__(self, survey_id: str) -> None:
        self.survey_id = survey_id
        self.revision = 0
        self.live = BitMap()  # submitted and not withdrawn, of all rounds
        self.columns: dict[str, Column] = {}
        self.rounds: dict[int, BitMap] = {}
        self.versions: dict[str, BitMap] = {}
        self.modes: dict[str, BitMap] = {}  # how the returns came in (`fieldwork.modes`)
        self.company_rounds: frozenset[int] = frozenset()  # rounds that count companies
        self.superseded = BitMap()  # returns beside a more complete one of the same company and round
        self.company_returns: dict[int, CompanyReturn] = {}  # by number
        self.numbers_of: dict[tuple[int, int], frozenset[int]] = {}  # by (round, company)
        self._remembered: dict[tuple[object, ...], tuple[object, object]] = {}

    def copy(self) -> AnswerIndex:
        """An equal index that can be changed without this one changing; the bitmaps are shared."""
        twin = AnswerIndex(self.survey_id)
        twin.revision = self.revision
        twin.live = self.live
        twin.columns = {name: column.copy() for name, column in self.columns.items()}
        twin.rounds = self.rounds.copy()
        twin.versions = self.versions.copy()
        twin.modes = self.modes.copy()
        twin.company_rounds = self.company_rounds
        twin.superseded = self.superseded
        twin.company_returns = self.company_returns.copy()
        twin.numbers_of = self.numbers_of.copy()
        return twin

    def remember(self, kind: str, round_id: int, about: tuple[object, ...], build: Callable[[], Result]) -> Result:
        """The result of `build`, which is called once for the same kind, round and objects while this index lives.

        For results over whole rounds, or `ALL_ROUNDS` of them, which every page asks for. They hold because a finished
        index never changes.
        """
        key = (kind, round_id, *map(id, about))
        held = self._remembered.get(key)
        if held is None:
            held = self._remembered[key] = (about, build())  # keeps the objects, so that their ids stay their own
        return cast("Result", held[1])

    def of_round(self, round_id: int) -> BitMap:
        """The returns of a round that count: all live ones, or one a company where the round counts companies."""
        returns = self.rounds.get(round_id)
        return BitMap() if returns is None else returns - self.superseded

    def asked(self, question: str) -> BitMap:
        """Returns whose path through the questionnaire put the question."""
        column = self.columns.get(question)
        return BitMap() if column is None else column.asked.numbers

    def answered(self, question: str) -> BitMap:
        """Returns that gave any answer, `dk` and `na` included."""
        column = self.columns.get(question)
        return BitMap() if column is None else column.answered.numbers

    def chosen(self, question: str, choice: str) -> BitMap:
        """Returns that chose the choice (select_one, select_multiple, bands)."""
        column = self.columns.get(question)
        found = None if column is None else column.chosen.get(choice)
        return BitMap() if found is None else found.numbers

    def ranked(self, question: str, choice: str, place: int) -> BitMap:
        """Returns that put the choice on a place of a rank question (1 = first)."""
        column = self.columns.get(question)
        found = None if column is None else column.placed.get((choice, place))
        return BitMap() if found is None else found.numbers

    def values(self, question: str) -> Mapping[Number, BitMap]:
        """Returns by the number they gave (integers, decimals and the derived `readiness.<dimension>`), ascending."""
        column = self.columns.get(question)
        if column is None:
            return {}
        held = column.values  # fractions are slow to sort
        order = self.remember("values", ALL_ROUNDS, (held,), lambda: tuple(sorted(held)))
        return {value: held[value].numbers for value in order}

    def counts_companies(self, round_id: int) -> bool:
        return round_id in self.company_rounds

    def find_versions(self, numbers: BitMap) -> tuple[str, ...]:
        """Questionnaire versions among returns."""
        return tuple(sorted(version for version, held in self.versions.items() if held.intersect(numbers)))

    def count_by_staff(self, numbers: BitMap) -> tuple[tuple[StaffMode, int], ...]:
        """How many of these returns staff typed on a company's behalf, by mode; modes without any are left out."""
        counts = ((mode, self.modes.get(mode, _NO_RETURNS).intersection_cardinality(numbers)) for mode in STAFF_MODES)
        return tuple((mode, count) for mode, count in counts if count)

    def match_companies(self, numbers: BitMap) -> Mapping[int, int]:
        """Response number by company, among returns of known companies."""
        return {entry.company_id: number for number, entry in self.company_returns.items() if number in numbers}
