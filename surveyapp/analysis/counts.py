"""What was answered to one question: counts with their base, and the kinds of missing answers kept apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.answer_index import AnswerIndex, Number
from surveyapp.analysis.growing_bitmaps import GrowingBitmap
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.analysis.number_summaries import NumberSummary, summarise_numbers
from surveyapp.questionnaire.model import Choice, Kind, Question, Text

Count = Callable[[BitMap], int]

NUMBER_KINDS: tuple[Kind, ...] = ("integer", "decimal")

# Choice names that say why there is no answer. They are counted apart and are in no base.
DONT_KNOW = "dk"
NOT_APPLICABLE = "na"
REASONS = (DONT_KNOW, NOT_APPLICABLE)
PARTICIPATION = "consent_participate"


class QuestionNotCounted(LookupError):
    """The row is not put to anybody, or its answers are confidential and in no index."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why returns of a mask carry no usable answer to a question; the kinds exclude each other.

    "Suppressed" is the fifth kind and exists only on released figures (`disclosure`).
    """

    not_asked: int  # the questionnaire did not put the question
    not_answered: int  # put, left blank
    dont_know: int  # the choice `dk`
    not_applicable: int  # the choice `na`


@dataclass(frozen=True, slots=True)
class ChoiceCount:
    """How many chose one answer. `share.base` is `QuestionCounts.answered`."""

    choice: str
    label: Text
    share: Share


@dataclass(frozen=True, slots=True)
class RankCount:
    """Places given to one topic of a rank question."""

    choice: str
    label: Text
    first: Share  # put first, of those that ranked anything
    ranked: Share  # put anywhere, of those that ranked anything
    positions: tuple[int, ...]  # returns that put it on place 1, 2, …
    mean_position: Fraction | None  # among those that ranked it


@dataclass(frozen=True, slots=True)
class QuestionCounts:
    """All counts of one question over a mask.

    `base` = `asked` + `missing.not_asked`; `asked` = `answered` + not answered + don't know + not applicable.
    Exactly one of `choices` (select_one, select_multiple), `ranks` (rank) and `numbers` (integer, decimal) is filled; a
    text has `answered` alone. Choices of a select_multiple do not add up to `answered`.
    """

    question: str
    kind: Kind
    label: Text
    origin: Origin
    base: int
    asked: int
    answered: int
    missing: Missing
    choices: tuple[ChoiceCount, ...] = ()
    ranks: tuple[RankCount, ...] = ()
    numbers: NumberSummary | None = None
    values: tuple[tuple[Number, int], ...] = ()  # distinct numbers and how often, ascending
    # For disclosure control alone, so looked up when it asks: most counts are shown at the desk.
    members: BitMap = field(default=BitMap(), repr=False, compare=False)
    look_up_usable: Callable[[], BitMap] = field(default=BitMap, repr=False, compare=False)
    is_for_all: bool = field(default=True, repr=False, compare=False)  # the question is put to whoever takes part

    @property
    def usable(self) -> FrozenBitMap:
        """Who of the mask gave a usable answer."""
        return FrozenBitMap(self.look_up_usable() & self.members)

    @property
    def unusable(self) -> FrozenBitMap:
        """Who of the mask gave none."""
        return FrozenBitMap(self.members - self.look_up_usable())


def count_question(index: AnswerIndex, question: Question, mask: Mask) -> QuestionCounts:
    """Counts of one question over a mask.

    Raises QuestionNotCounted for notes, calculates and confidential questions.
    """
    if not question.is_asked or question.compartment not in ("answers", "texts"):
        raise QuestionNotCounted(question.name)
    return mask.remember(index, "question", (question,), lambda: _count_question(index, question, mask))


def _count_question(index: AnswerIndex, question: Question, mask: Mask) -> QuestionCounts:
    count = mask.find_counter(index)
    missing = count_missing(index, question, mask)
    asked = mask.size - missing.not_asked
    answered = asked - missing.not_answered - missing.dont_know - missing.not_applicable
    values = _count_values(index, question, count)
    return QuestionCounts(
        question=question.name,
        kind=question.kind,
        label=question.label,
        origin=mask.origin,
        base=mask.size,
        asked=asked,
        answered=answered,
        missing=missing,
        choices=_count_choices(index, question, count, answered),
        ranks=_count_ranks(index, question, count, answered),
        numbers=summarise_numbers(values) if question.kind in NUMBER_KINDS else None,
        values=values,
        members=mask.numbers,
        look_up_usable=partial(find_usable, index, question),
        is_for_all=_is_for_all(question),
    )


def _is_for_all(question: Question) -> bool:
    """Whether every company that takes part is asked."""
    relevances = (question.relevant, *(group.relevant for group in question.groups))
    return all(each is None or set(each.names) <= {PARTICIPATION} for each in relevances)


def count_missing(index: AnswerIndex, question: Question, mask: Mask) -> Missing:
    """The four kinds of missing answers to one question over a mask."""
    count = mask.find_counter(index)
    asked = mask.count_shared(index, index.asked(question.name))
    given = mask.count_shared(index, index.answered(question.name))
    counts = dict.fromkeys(REASONS, 0)
    for choice in _list_reasons(question):
        counts[choice] = count(index.chosen(question.name, choice))
    return Missing(mask.size - asked, asked - given, counts[DONT_KNOW], counts[NOT_APPLICABLE])


def find_usable(index: AnswerIndex, question: Question) -> BitMap:
    """Returns with a usable answer: neither blank nor `dk` nor `na`."""
    usable = index.answered(question.name)
    for choice in _list_reasons(question):
        usable = usable - index.chosen(question.name, choice)
    return usable


def _list_reasons(question: Question) -> list[str]:
    """`dk` and `na`, where a select_one offers them. Among several choices they would not exclude the others."""
    if question.kind != "select_one":
        return []
    return [choice.name for choice in question.choices if choice.name in REASONS]


def list_usable_choices(question: Question) -> tuple[Choice, ...]:
    """The choices that are answers, in their order: all but the `dk` and `na` of a select_one.

    Of a list that several questions share, only the choices that a filter on constant columns offers.
    """
    choices = question.choices
    if question.choice_filter is not None and not question.choice_filter.names:
        choices = question.choice_filter.choose({}, choices)
    if question.kind == "select_one":
        choices = tuple(choice for choice in choices if choice.name not in REASONS)
    return choices


def _count_choices(index: AnswerIndex, question: Question, count: Count, answered: int) -> tuple[ChoiceCount, ...]:
    if question.kind not in ("select_one", "select_multiple"):
        return ()
    column = index.columns.get(question.name)
    chosen: Mapping[str, GrowingBitmap] = {} if column is None else column.chosen
    counts = []
    for choice in list_usable_choices(question):
        held = chosen.get(choice.name)
        chose = 0 if held is None else count(held.numbers)
        counts.append(ChoiceCount(choice.name, choice.label, Share(chose, answered)))
    return tuple(counts)


def _count_ranks(index: AnswerIndex, question: Question, count: Count, answered: int) -> tuple[RankCount, ...]:
    if question.kind != "rank":
        return ()
    places = range(1, len(question.choices) + 1)
    counts = []
    for choice in list_usable_choices(question):
        positions = tuple(count(index.ranked(question.name, choice.name, place)) for place in places)
        ranked = sum(positions)
        total = sum(place * times for place, times in zip(places, positions, strict=True))
        counts.append(
            RankCount(
                choice=choice.name,
                label=choice.label,
                first=Share(positions[0], answered),
                ranked=Share(ranked, answered),
                positions=positions,
                mean_position=Fraction(total, ranked) if ranked else None,
            )
        )
    return tuple(counts)


def _count_values(index: AnswerIndex, question: Question, count: Count) -> tuple[tuple[Number, int], ...]:
    if question.kind not in NUMBER_KINDS:
        return ()
    return count_values(index, question.name, count)


def count_values(index: AnswerIndex, column: str, count: Count) -> tuple[tuple[Number, int], ...]:
    """The distinct numbers of a column among returns, ascending, and how often each was given.

    `count` says how many of the returns in question are in a bitmap of the index: `mask.find_counter(index)`, or
    `numbers.intersection_cardinality`.
    """
    counted = ((value, count(held)) for value, held in index.values(column).items())
    return tuple((value, times) for value, times in counted if times)
