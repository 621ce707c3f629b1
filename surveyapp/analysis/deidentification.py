"""Which returns may leave without a name, and how coarse what describes the company has to be.

k-anonymity (Sweeney: k-Anonymity, a model for protecting privacy, IJUFKS 10, 2002) by full-domain generalisation with
suppression of the rest (Samarati: Protecting respondents' identities in microdata release, TKDE 13, 2001): what others
know of a company (type, size, products, stage, routes) is written as it is, by its declared roll-up, or not at all, the
same for every line, until few companies remain whose combination fewer than k share; those are left out, k of them at
least or none. Where files of the round have left before, a combination is what all of them show (`file_groups`).

What was asked can tell what was answered: a question whose condition depends on a coarsened answer is suppressed too,
unless the condition is the same for all choices of a class.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import product
from math import prod

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.file_groups import (
    NEW,
    NO_FILES,
    Combination,
    EarlierFiles,
    Part,
    Trail,
    count_gone,
    divide_by_trail,
    share_out,
    take_share,
)
from surveyapp.analysis.telling_questions import AS_IT_IS, ROLLED_UP, SUPPRESSED, Level, find_telling_questions
from surveyapp.analysis.unanimous_answers import count_unanimous
from surveyapp.questionnaire.model import Answers, Question, Questionnaire, Stored
from surveyapp.questionnaire.roll_ups import RollUp, load_roll_ups

# What others know of a company. Questions of one line say the same in two ways and are coarsened together.
QUASI_IDENTIFIERS: tuple[tuple[str, ...], ...] = (
    ("jp_routes",),
    ("product_categories", "jp_products"),
    ("company_type",),
    ("company_size",),
    ("jp_stage",),
)
ALWAYS_SUPPRESSED = frozenset({"jp_year"})  # a year of entry tells one company from all others
MOST_LEFT_OUT = 0.25  # of the returns; beyond that it is better to be coarser
_LEVELS: tuple[Level, ...] = (AS_IT_IS, ROLLED_UP, SUPPRESSED)
# How many other answers it is worth to have what describes the company as it is, rather than in classes or not at all.
_COARSENED: Mapping[Level, float] = {AS_IT_IS: 0, ROLLED_UP: 2, SUPPRESSED: 6}
_MOST_TRIED = 500_000  # combinations times levels


@dataclass(frozen=True, slots=True)
class Deidentification:
    """What was decided: how coarse each question is, what is suppressed, and which returns stay in the file.

    `groups` are the returns that this file and those before it show alike. `left_out_for_earlier` returns would be in
    the file if there were no others. Where nothing has changed since the last file, this is it once more: `again_of` is
    when that was made, and `earlier` are those before it.
    `unanimous` counts groups times questions where all of a group gave the same answer. `withholds_texts`: what names
    the companies was erased, so that it can no longer be taken out of their texts; of `nameless` returns, by their own
    will.
    """

    k: int
    levels: Mapping[str, Level]  # of the quasi-identifiers
    suppressed: frozenset[str]  # questions and calculates whose cells say nothing
    groups: tuple[BitMap, ...]
    left_out: int
    left_out_for_earlier: int
    unanimous: int
    earlier: EarlierFiles = NO_FILES
    again_of: datetime | None = None
    withholds_texts: bool = False
    nameless: BitMap = field(default_factory=BitMap)
    released: BitMap = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "released", BitMap().union(*self.groups))

    @property
    def is_again(self) -> bool:
        return self.again_of is not None

    def coarsen_question(self, question: Question) -> Question:
        """The question as the file has it: with classes for choices where it is rolled up."""
        if self.levels.get(question.name) != ROLLED_UP:
            return question
        return replace(question, choices=load_roll_ups()[question.name].classes, choice_filter=None)

    def coarsen_answers(self, answers: Answers) -> Answers:
        """What the file shows of a return's answers."""
        roll_ups = load_roll_ups()
        shown: dict[str, Stored] = {}
        for name, answer in answers.items():
            if name in self.suppressed:
                continue
            shown[name] = _roll_up(roll_ups[name], answer) if self.levels.get(name) == ROLLED_UP else answer
        return shown


def deidentify(
    index: AnswerIndex, questionnaire: Questionnaire, counted: BitMap, k: int, earlier: EarlierFiles = NO_FILES
) -> Deidentification:
    """Decide for the counted returns of a round: one a company where companies count."""
    dimensions = _list_dimensions(questionnaire)
    names = _list_names(dimensions)
    combinations = _find_combinations(index, [questionnaire.by_name[name] for name in names], counted - earlier.barred)
    parts = divide_by_trail(combinations, earlier)
    gone = count_gone(earlier, parts.values())
    counts = {part: len(numbers) for part, numbers in parts.items()}
    levels = _spread(dimensions, _choose_levels(questionnaire, dimensions, counts, gone, k))
    groups = _form_groups(parts, gone, names, levels, k)
    return describe_file(index, questionnaire, counted, k, levels, groups, earlier)


def describe_file(
    index: AnswerIndex,
    questionnaire: Questionnaire,
    counted: BitMap,
    k: int,
    levels: Mapping[str, Level],
    groups: Sequence[BitMap],
    earlier: EarlierFiles,
) -> Deidentification:
    """The file of these levels and groups, made with `earlier` ones in view."""
    names = _list_names(_list_dimensions(questionnaire))
    released = BitMap().union(*groups)
    alone = released
    if earlier:
        questions = [questionnaire.by_name[name] for name in names]
        combinations = _find_combinations(index, questions, counted - earlier.barred)
        parts = {Part(NEW, combination, False): numbers for combination, numbers in combinations.items()}
        alone = BitMap().union(*_form_groups(parts, {}, names, levels, k)) | earlier.barred
    suppressed = _find_suppressed(questionnaire, levels)
    return Deidentification(
        k=k,
        levels=levels,
        suppressed=suppressed,
        groups=tuple(groups),
        left_out=len(counted) - len(released),
        left_out_for_earlier=len((alone & counted) - released),
        unanimous=count_unanimous(index, questionnaire, groups, without=suppressed | levels.keys()),
        earlier=earlier,
    )


def _find_suppressed(questionnaire: Questionnaire, levels: Mapping[str, Level]) -> frozenset[str]:
    """Questions and calculates whose cells say nothing where these are the levels."""
    suppressed = frozenset(name for name, level in levels.items() if level == SUPPRESSED)
    fixed = ALWAYS_SUPPRESSED & questionnaire.by_name.keys()
    telling = find_telling_questions(questionnaire, {**levels, **dict.fromkeys(fixed, SUPPRESSED)})
    return suppressed | fixed | telling


def read_levels(questionnaire: Questionnaire, remembered: Mapping[str, int]) -> dict[str, Level]:
    """The levels of an earlier file; what this version of the program describes companies by in addition is none."""
    return {name: _LEVELS[remembered.get(name, SUPPRESSED)] for name in _list_names(_list_dimensions(questionnaire))}


def describe_rules(questionnaire: Questionnaire, levels: Mapping[str, Level]) -> list[list[str]]:
    """What describes companies, what is never written and what these levels suppress, for comparing with other files.

    Another version of the program may have other rules for the same questionnaire.
    """
    described = [" ".join(names) for names in _list_dimensions(questionnaire)]
    return [described, sorted(ALWAYS_SUPPRESSED), sorted(_find_suppressed(questionnaire, levels))]


def _list_dimensions(questionnaire: Questionnaire) -> list[tuple[str, ...]]:
    known = questionnaire.by_name
    found = (tuple(name for name in names if name in known) for names in QUASI_IDENTIFIERS)
    return [names for names in found if names]


def _list_names(dimensions: Sequence[tuple[str, ...]]) -> list[str]:
    return [name for dimension in dimensions for name in dimension]


def _find_combinations(
    index: AnswerIndex, questions: Sequence[Question], counted: BitMap
) -> Mapping[Combination, BitMap]:
    """The returns by what they answered to all the questions."""
    parts: dict[Combination, BitMap] = {(): counted} if counted else {}
    for question in questions:
        divided: dict[Combination, dict[tuple[str, ...], BitMap]] = {key: {(): found} for key, found in parts.items()}
        for choice in question.choices:
            chosen = index.chosen(question.name, choice.name)
            divided = {key: _divide(found, chosen, choice.name) for key, found in divided.items()}
        parts = {(*key, names): found for key, names_of in divided.items() for names, found in names_of.items()}
    return parts


def _divide(parts: Mapping[tuple[str, ...], BitMap], chosen: BitMap, name: str) -> dict[tuple[str, ...], BitMap]:
    divided: dict[tuple[str, ...], BitMap] = {}
    for names, numbers in parts.items():
        within = numbers & chosen
        if within:
            divided[(*names, name)] = within
        if len(within) < len(numbers):
            divided[names] = numbers - chosen
    return divided


def _choose_levels(
    questionnaire: Questionnaire,
    dimensions: Sequence[tuple[str, ...]],
    counts: Mapping[Part, int],
    gone: Mapping[Trail, int],
    k: int,
) -> list[Level]:
    """The levels with which least is lost: answers of returns that are left out, and answers that are suppressed.

    All are tried where the combinations are few enough; else the one that loses least is raised, as long as it helps.
    """
    names = _list_names(dimensions)
    loss = _Loss(questionnaire, dimensions, sum(counts.values()))

    def measure(levels: Sequence[Level]) -> float:
        level_of = _spread(dimensions, levels)
        return loss.measure(levels, _count_left_out(counts, gone, names, level_of, k))

    possible = [(AS_IT_IS, *_list_higher(questionnaire, dimension, AS_IT_IS)) for dimension in dimensions]
    if prod(map(len, possible)) * len(counts) <= _MOST_TRIED:
        return min(map(list, product(*possible)), key=measure)
    levels: list[Level] = [AS_IT_IS] * len(dimensions)
    least = measure(levels)
    while True:
        raised = [
            [*levels[:place], level, *levels[place + 1 :]]
            for place, dimension in enumerate(dimensions)
            for level in _list_higher(questionnaire, dimension, levels[place])
        ]
        found = min(((measure(each), each) for each in raised), default=None)
        if found is None or found[0] >= least:
            return levels
        least, levels = found


class _Loss:
    """What is lost, counted in answers of one return to one question."""

    def __init__(self, questionnaire: Questionnaire, dimensions: Sequence[tuple[str, ...]], returns: int) -> None:
        self._returns = returns
        self._questions = sum(row.kind != "note" for row in questionnaire.rows)
        self._hidden = [
            {level: self._find_hidden(questionnaire, names, level) for level in _LEVELS} for names in dimensions
        ]
        self._names = dimensions

    def measure(self, levels: Sequence[Level], left_out: int) -> float:
        """More than all there is where too many returns would be left out: the rest would not stand for them."""
        hidden = frozenset[str]().union(*(each[level] for each, level in zip(self._hidden, levels, strict=True)))
        coarse = sum(_COARSENED[level] * len(names) for names, level in zip(self._names, levels, strict=True))
        lost = left_out * self._questions + (self._returns - left_out) * (len(hidden) + coarse)
        most = self._returns * self._questions
        return lost + most * (left_out > MOST_LEFT_OUT * self._returns)

    @staticmethod
    def _find_hidden(questionnaire: Questionnaire, names: Sequence[str], level: Level) -> frozenset[str]:
        return find_telling_questions(questionnaire, dict.fromkeys(names, level))


def _spread(dimensions: Sequence[tuple[str, ...]], levels: Sequence[Level]) -> dict[str, Level]:
    return {name: level for dimension, level in zip(dimensions, levels, strict=True) for name in dimension}


def _list_higher(questionnaire: Questionnaire, dimension: Sequence[str], level: Level) -> Iterator[Level]:
    roll_ups = load_roll_ups()
    can_roll_up = all(name in roll_ups and roll_ups[name].fits(questionnaire.by_name[name]) for name in dimension)
    if level == AS_IT_IS and can_roll_up:
        yield ROLLED_UP
    if level != SUPPRESSED:
        yield SUPPRESSED


def _count_left_out(
    counts: Mapping[Part, int],
    gone: Mapping[Trail, int],
    names: Sequence[str],
    levels: Mapping[str, Level],
    k: int,
) -> int:
    joined: Counter[Part] = Counter()
    for part, count in counts.items():
        joined[Part(part.trail, _coarsen(part.combination, names, levels), part.is_edited)] += count
    return joined.total() - sum(share_out(joined, gone, k).values())


def _form_groups(
    parts: Mapping[Part, BitMap],
    gone: Mapping[Trail, int],
    names: Sequence[str],
    levels: Mapping[str, Level],
    k: int,
) -> tuple[BitMap, ...]:
    """The returns that stay, in groups that no file tells apart."""
    joined: dict[Part, BitMap] = {}
    for part, numbers in parts.items():
        coarse = Part(part.trail, _coarsen(part.combination, names, levels), part.is_edited)
        joined[coarse] = joined.get(coarse, BitMap()) | numbers
    shares = share_out({part: len(numbers) for part, numbers in joined.items()}, gone, k)
    return tuple(take_share(joined[part], share) for part, share in shares.items() if share)


def _coarsen(key: Combination, names: Sequence[str], levels: Mapping[str, Level]) -> Combination:
    roll_ups = load_roll_ups()
    coarse: list[tuple[str, ...]] = []
    for chosen, name in zip(key, names, strict=True):
        match levels[name]:
            case 0:
                coarse.append(chosen)
            case 1:
                coarse.append(tuple(sorted({roll_ups[name].class_of[each] for each in chosen})))
            case _:
                coarse.append(())
    return tuple(coarse)


def _roll_up(roll_up: RollUp, answer: Stored) -> Stored:
    if isinstance(answer, list):
        classes = {roll_up.class_of[name] for name in answer}
        return [choice.name for choice in roll_up.classes if choice.name in classes]
    return roll_up.class_of[str(answer)]
