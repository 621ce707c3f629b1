"""Which returns a figure is made from: one round, narrowed by any answers, with the origin that figures show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex, Result
from surveyapp.fieldwork.modes import StaffMode
from surveyapp.questionnaire.model import Questionnaire

Filters = Mapping[str, tuple[str, ...]]
Unit = Literal["companies", "returns"]

CONTAINER = 1 << 16  # a roaring bitmap keeps so many numbers together
_NOBODY = BitMap()

FILTER_KINDS = ("select_one", "select_multiple")


class FilterUnknown(Exception):
    """A filter names a question that cannot filter, or a choice that the question does not have.

    `name` is the question's name as given; `value` the choice, or None where the question itself is unknown.
    """

    def __init__(self, name: str, value: str | None = None) -> None:
        super().__init__(f"no such filter: {name}" if value is None else f"no such choice: {name}={value}")
        self.name = name
        self.value = value


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a figure comes from: what a reader needs to recompute it."""

    survey_id: str
    round_id: int
    revision: int  # the change feed was read up to here
    versions: tuple[str, ...]  # questionnaire versions among the returns
    unit: Unit  # a round with invitations counts companies, one without counts returns
    filters: tuple[
        tuple[str, tuple[str, ...]], ...
    ] = ()  # sorted by question; several values of one question mean "or"
    by_staff: tuple[tuple[StaffMode, int], ...] = ()  # of the returns, those that staff typed; for the desk alone


@dataclass(frozen=True, slots=True)
class Mask:
    """The returns that count: response numbers and their origin. Made by `build_mask` alone."""

    origin: Origin
    numbers: BitMap = field(repr=False)
    live: BitMap | None = field(default=None, repr=False, compare=False)  # `live` of the index it was made from
    reach: BitMap = field(default=_NOBODY, repr=False, compare=False)  # `numbers`, and numbers that no live return has
    _counted: dict[int, tuple[BitMap, int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def size(self) -> int:
        return len(self.numbers)

    @property
    def is_filtered(self) -> bool:
        return bool(self.origin.filters)

    def find_counter(self, index: AnswerIndex) -> Callable[[BitMap], int]:
        """What counts the returns of the mask in a bitmap of the index."""
        reach = self.reach if self.live is index.live else self.numbers
        return reach.intersection_cardinality

    def count_shared(self, index: AnswerIndex, held: BitMap) -> int:
        """The returns of the mask in a bitmap that is the index's for several questions: each is counted once."""
        known = self._counted.get(id(held))
        if known is None:  # keeps the bitmap, so that its id stays its own
            known = self._counted[id(held)] = (held, self.find_counter(index)(held))
        return known[1]

    def remember(self, index: AnswerIndex, kind: str, about: tuple[object, ...], build: Callable[[], Result]) -> Result:
        """The result of `build`, remembered with the index where the mask is a whole round of it."""
        if self.is_filtered or self.origin.revision != index.revision:
            return build()
        return index.remember(kind, self.origin.round_id, about, build)


def _widen(numbers: BitMap, live: BitMap) -> BitMap:
    """The numbers, and all of a container wherever they are all its live returns.

    A bitmap of an index holds live returns only, so that the rest of the container changes no count. What lies in a
    full container need not be looked up, its size is known: that is most of a round, for rounds follow one another.
    """
    if not numbers:
        return numbers
    outside, widened = live - numbers, numbers.copy()
    for start in range(0, numbers.max() + 1, CONTAINER):
        end = start + CONTAINER
        if numbers.range_cardinality(start, end) and not outside.range_cardinality(start, end):
            widened.add_range(start, end)
    return widened


def build_mask(index: AnswerIndex, questionnaire: Questionnaire, round_id: int, filters: Filters | None = None) -> Mask:
    """The counted returns of a round that pass every filter (several values of one question mean "or").

    A question with an empty tuple of values lets nobody pass. Raises FilterUnknown where a name is no choice question
    of the questionnaire or a value none of its choices.
    """
    numbers = index.of_round(round_id)
    for name, choices in (filters or {}).items():
        question = questionnaire.by_name.get(name)
        if question is None or question.kind not in FILTER_KINDS or question.compartment != "answers":
            raise FilterUnknown(name)
        passing = BitMap()
        for choice in choices:
            if question.find_choice(choice) is None:
                raise FilterUnknown(name, choice)
            passing |= index.chosen(name, choice)
        numbers &= passing
    return Mask(
        Origin(
            survey_id=index.survey_id,
            round_id=round_id,
            revision=index.revision,
            versions=index.find_versions(numbers),
            unit="companies" if index.counts_companies(round_id) else "returns",
            filters=tuple(sorted((name, tuple(sorted(set(choices)))) for name, choices in (filters or {}).items())),
            by_staff=index.count_by_staff(numbers),
        ),
        numbers,
        live=index.live,
        reach=_widen(numbers, index.live),
    )
