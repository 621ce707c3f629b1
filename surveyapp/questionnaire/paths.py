"""The way through a questionnaire: what is asked now, which page comes next, what is kept. Never an exception.

`evaluate` walks the rows once in document order. An expression reads only earlier rows (the loader sees to that), so
whatever a row needs is known when it is reached. A row that is not relevant counts as blank in every later expression,
though its answer stays in the draft; so does the part of an answer that its choice_filter no longer offers. A choice
question that offers nothing at all is not asked: nobody could answer it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from weakref import WeakKeyDictionary

from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.kinds import KINDS, AnswerKind
from surveyapp.questionnaire.model import Answers, Choice, Group, Page, Question, Questionnaire, Stored

_NO_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})
_UNDECIDED_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class _Step:
    """What `evaluate` needs of one row, worked out once per questionnaire."""

    row: Question
    name: str
    groups: tuple[Group, ...]
    relevant: Expression | None
    kind: AnswerKind
    is_asked: bool
    is_calculate: bool
    is_needed: bool  # a calculate that a condition, filter or constraint reads, directly or through others
    choice_filter: Expression | None
    choice_names: frozenset[str]
    computed_from: frozenset[str]  # names that a calculate reads
    page_index: int  # of its page, -1 where it is on none
    conditions: tuple[tuple[Expression, float], ...]  # its groups' and its own, and how likely one is while undecided


@dataclass(frozen=True, slots=True)
class _Plan:
    steps: tuple[_Step, ...]
    blank: Mapping[str, str]
    page_index: Mapping[str, int]  # by page name
    page_names: Mapping[str, str]  # name of its page by row name
    expected: float  # questions that a typical return answers


_plans: WeakKeyDictionary[Questionnaire, _Plan] = WeakKeyDictionary()


class Standing:
    """A return as it stands: what its answers make of the questionnaire. Made by `evaluate`; read only."""

    def __init__(self, questionnaire: Questionnaire, answers: Answers) -> None:
        self.questionnaire = questionnaire
        self.answers = answers
        self._plan = _find_plan(questionnaire)
        self._values: dict[str, str] = dict(self._plan.blank)
        self._relevant: set[str] = set()
        self._effective: dict[str, Stored] = {}
        self._filtered: dict[str, tuple[Choice, ...]] = {}  # what the filters of relevant questions let pass
        self._faults: dict[str, AnswerFault | None] = {}
        self._postponed: list[_Step] = []
        self._walk()

    def _walk(self) -> None:
        values, relevant = self._values, self._relevant
        groups: tuple[Group, ...] | None = None
        known_groups: dict[str, bool] = {}
        is_open = False
        for step in self._plan.steps:
            if step.groups is not groups:
                groups = step.groups
                is_open = self._are_relevant(groups, known_groups)
            if not is_open or (step.relevant is not None and not step.relevant.test(values)):
                continue
            if step.is_asked:
                self._ask(step)
                continue
            relevant.add(step.name)
            if step.is_needed:
                self._calculate(step)
            elif step.is_calculate:
                self._postponed.append(step)

    def _ask(self, step: _Step) -> None:
        """Take the answer of a question that is relevant, where there is one and as far as it is offered."""
        name, offered = step.name, step.choice_names
        if step.choice_filter is not None:
            choices = step.choice_filter.choose(self._values, step.row.choices)
            self._filtered[name] = choices
            if not choices:
                return
            offered = frozenset([choice.name for choice in choices])
        self._relevant.add(name)
        stored = self.answers.get(name)
        effective = None if stored is None else step.kind.keep(stored, offered)
        if effective is not None:
            self._effective[name] = effective
            self._values[name] = step.kind.to_xpath(step.row, effective)

    def _are_relevant(self, groups: tuple[Group, ...], known: dict[str, bool]) -> bool:
        for group in groups:
            found = known.get(group.name)
            if found is None:
                found = group.relevant is None or group.relevant.test(self._values)
                known[group.name] = found
            if not found:
                return False
        return True

    def _calculate(self, step: _Step) -> None:
        calculation = step.row.calculation
        computed = calculation.compute(self._values) if calculation is not None else ""
        self._values[step.name] = "" if computed in _NO_NUMBERS else computed

    @cached_property
    def values(self) -> Mapping[str, str]:
        """Every question's and calculate's value as a text in expressions; '' when blank or not relevant.

        Calculates that no condition reads are computed only when this is first asked for: they read earlier rows
        alone, so the result is the same.
        """
        for step in self._postponed:
            self._calculate(step)
        return self._values

    def holds(self, condition: Expression | None) -> bool:
        """Whether a condition of the questionnaire holds now; one that is not there always does."""
        return condition is None or condition.test(self._values)

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages that are shown now, in order: those that ask at least one question."""
        relevant = self._relevant
        return tuple(
            page
            for page in self.questionnaire.pages
            if any(item.name in relevant and item.is_asked for item in page.items)
        )

    @cached_property
    def asked(self) -> tuple[Question, ...]:
        """The questions that are asked now, in document order."""
        return tuple(step.row for step in self._plan.steps if step.is_asked and step.name in self._relevant)

    @cached_property
    def closing(self) -> tuple[Question, ...]:
        """Notes that are read after the last answer, where they are relevant."""
        return tuple(row for row in self.questionnaire.closing if row.kind == "note" and row.name in self._relevant)

    def shown(self, page: Page) -> tuple[Question, ...]:
        """The notes and questions of a page that are relevant now."""
        return tuple(item for item in page.items if item.kind != "calculate" and item.name in self._relevant)

    def is_relevant(self, name: str) -> bool:
        """Whether a row is relevant now (of a question: whether it is asked). An unknown name is not."""
        return name in self._relevant

    def offered(self, question: Question) -> tuple[Choice, ...]:
        """The choices that may be chosen now. A question that is not asked offers what its filter would let pass."""
        if question.choice_filter is None:
            return question.choices
        found = self._filtered.get(question.name)
        return question.choice_filter.choose(self._values, question.choices) if found is None else found

    @cached_property
    def cleared(self) -> tuple[tuple[Question, Choice], ...]:
        """Choices in the given answers that their filter no longer offers (`find_cleared`)."""
        found: list[tuple[Question, Choice]] = []
        for name, choices in self._filtered.items():
            stored = self.answers.get(name)
            if stored is None:
                continue
            names = stored if isinstance(stored, list) else [stored]
            question = self.questionnaire.by_name[name]
            gone = (choice for choice in question.choices if choice.name in names and choice not in choices)
            found += [(question, choice) for choice in gone]
        return tuple(found)

    def answer(self, name: str) -> Stored | None:
        """The answer that counts: of a question that is asked, without choices that are no longer offered."""
        return self._effective.get(name)

    def find_fault(self, question: Question) -> AnswerFault | None:
        """What is wrong with the answer to one question, remembered; None also where it is not asked."""
        name, faults = question.name, self._faults
        if name not in faults:
            faults[name] = self._check(question) if name in self._relevant else None
        return faults[name]

    def _check(self, question: Question) -> AnswerFault | None:
        stored = self._effective.get(question.name)
        if stored is None:
            return AnswerFault("required") if question.required and question.is_asked else None
        if question.constraint is None or question.constraint.test(self._values, own=self._values[question.name]):
            return None
        params: dict[str, str | int] = {}
        limit = question.max_length or question.max_selected
        if limit is not None:
            params["limit"] = limit
        return AnswerFault("constraint", params, question.constraint_message)


def evaluate(questionnaire: Questionnaire, answers: Answers) -> Standing:
    """What the answers make of the questionnaire. Answers to unknown names and of a wrong shape are passed over."""
    return Standing(questionnaire, answers)


def find_next_page(standing: Standing, page: Page) -> Page | None:
    """The first page after this one that is shown now; None after the last. `page` itself need not be shown."""
    index = _find_index(standing, page)
    return next((other for other in standing.pages if _find_index(standing, other) > index), None)


def find_previous_page(standing: Standing, page: Page) -> Page | None:
    """The last page before this one that is shown now; None before the first."""
    index = _find_index(standing, page)
    return next((other for other in reversed(standing.pages) if _find_index(standing, other) < index), None)


def find_first_incomplete(standing: Standing) -> Page | None:
    """The first shown page with an answer missing or wrong; None where the return can be submitted."""
    return next((page for page in standing.pages if not _is_complete(standing, page)), None)


def find_resume_page(standing: Standing) -> Page | None:
    """Where somebody who comes back goes on: the first incomplete page, or, if that is earlier, the first page after
    the last one that has an answer. (Pages whose questions are all optional are complete from the start, and would
    never be seen otherwise.) None where every page is complete and the last one has an answer."""
    begun = [index for index, page in enumerate(standing.pages) if _has_answer(standing, page)]
    unseen = begun[-1] + 1 if begun else 0
    for index, page in enumerate(standing.pages):
        if index >= unseen or not _is_complete(standing, page):
            return page
    return None


def is_reachable(standing: Standing, page: Page) -> bool:
    """Whether a page may be opened: it is shown, and every page before it is complete."""
    for shown in standing.pages:
        if shown.name == page.name:
            return True
        if not _is_complete(standing, shown):
            return False
    return False


def check_answer(standing: Standing, question: Question) -> AnswerFault | None:
    """`required` or `constraint` where the answer that counts is missing or breaks its constraint.

    A constraint is not looked at on a blank answer, and nothing is wrong with a question that is not asked.
    """
    return standing.find_fault(question)


def check_page(standing: Standing, page: Page) -> dict[str, AnswerFault]:
    """Faults by question name, in document order; empty where the page is complete."""
    return {
        item.name: fault for item in page.items if item.is_asked and (fault := standing.find_fault(item)) is not None
    }


def check_all(standing: Standing) -> dict[str, AnswerFault]:
    """Faults of every question that is asked; empty where the return can be submitted."""
    find_fault = standing.find_fault
    return {question.name: fault for question in standing.asked if (fault := find_fault(question)) is not None}


def keep_asked(standing: Standing) -> dict[str, Stored]:
    """What a submitted return holds: the answers that count, and the calculates that are relevant and not blank."""
    values, effective, relevant = standing.values, standing._effective, standing._relevant
    kept: dict[str, Stored] = {}
    for step in standing._plan.steps:
        name = step.name
        if name in effective:
            kept[name] = effective[name]
        elif step.is_calculate and name in relevant and values[name] != "":
            kept[name] = values[name]
    return kept


def find_cleared(standing: Standing) -> tuple[tuple[Question, Choice], ...]:
    """Choices in the given answers that their filter no longer offers, so that the person can be told.

    Only of questions that are relevant: the answer to a hidden question stays as it is.
    """
    return standing.cleared


def count_minutes_left(standing: Standing, page: Page, within: Collection[str] | None = None) -> int:
    """About how many minutes the questions from this page (included) to the end take; at least 1, and 0 after the end.

    `within` are names of pages where only those count, as for somebody who answers one part.

    The questionnaire's own estimate (the middle of its range) is spread evenly over the questions of a typical return,
    in which the sections are all relevant and any further condition holds every second time. Ahead of a page, a
    question counts as a whole one when it is relevant now; as in a typical return when its conditions read something
    that is itself still ahead and blank; and not at all when it is decided that it will not be asked.
    """
    plan, relevant, effective = standing._plan, standing._relevant, standing._effective
    begin = plan.page_index.get(page.name, 0)
    ahead = 0.0
    unsettled: set[str] = set()
    held: dict[int, bool] = {}  # by the identity of a condition: dozens of rows share one
    for step in plan.steps:
        name = step.name
        if step.is_calculate:
            if not unsettled.isdisjoint(step.computed_from):
                unsettled.add(name)
            continue
        if not step.is_asked:
            continue
        if within is not None and plan.page_names.get(name, "") not in within:
            if name not in effective:
                unsettled.add(name)  # somebody else may answer it meanwhile
            continue
        if step.page_index < begin:
            continue
        share = 1.0 if name in relevant else _count_share(step, standing, unsettled, held)
        ahead += share
        if share and name not in effective:
            unsettled.add(name)
    if not ahead or not plan.expected:
        return 0
    low, high = standing.questionnaire.estimated_minutes
    return max(1, min(high, ceil((low + high) / 2 * ahead / plan.expected)))


def _count_share(step: _Step, standing: Standing, unsettled: set[str], held: dict[int, bool]) -> float:
    """How likely a row that is not relevant now will be: 0 once a condition has failed on settled answers."""
    share = 1.0
    for condition, weight in step.conditions:
        holds = held.get(id(condition))
        if holds is None:
            holds = held[id(condition)] = standing.holds(condition)
        if not holds:
            if unsettled.isdisjoint(condition.names):
                return 0.0
            share *= weight
    return share


def _is_complete(standing: Standing, page: Page) -> bool:
    return all(standing.find_fault(item) is None for item in page.items if item.is_asked)


def _has_answer(standing: Standing, page: Page) -> bool:
    return any(standing.answer(item.name) is not None for item in page.items)


def _find_index(standing: Standing, page: Page) -> int:
    return standing._plan.page_index.get(page.name, -1)


def _find_plan(questionnaire: Questionnaire) -> _Plan:
    plan = _plans.get(questionnaire)
    if plan is None:
        plan = _build_plan(questionnaire)
        _plans[questionnaire] = plan
    return plan


def _build_plan(questionnaire: Questionnaire) -> _Plan:
    needed = _find_needed(questionnaire)
    page_index = {page.name: index for index, page in enumerate(questionnaire.pages)}
    row_page = {item.name: page_index[page.name] for page in questionnaire.pages for item in page.items}
    steps = tuple(
        _Step(
            row=row,
            name=row.name,
            groups=row.groups,
            relevant=row.relevant,
            kind=KINDS[row.kind],
            is_asked=row.is_asked,
            is_calculate=row.kind == "calculate",
            is_needed=row.kind == "calculate" and row.name in needed,
            choice_filter=row.choice_filter,
            choice_names=frozenset(choice.name for choice in row.choices),
            computed_from=row.calculation.names if row.calculation is not None else frozenset(),
            page_index=row_page.get(row.name, -1),
            conditions=tuple(
                (condition, _UNDECIDED_SHARE if depth else 1.0)
                for depth, condition in enumerate([*(group.relevant for group in row.groups), row.relevant])
                if condition is not None
            ),
        )
        for row in questionnaire.rows
    )
    page_names = {item.name: page.name for page in questionnaire.pages for item in page.items}
    expected = 0.0
    for row in questionnaire.questions:
        conditions = [*(group.relevant for group in row.groups[1:]), row.relevant]
        expected += _UNDECIDED_SHARE ** sum(condition is not None for condition in conditions)
    blank = {row.name: "" for row in questionnaire.rows if row.kind != "note"}
    return _Plan(steps, blank, page_index, page_names, expected)


def _find_needed(questionnaire: Questionnaire) -> frozenset[str]:
    """Names that a condition, filter or constraint reads, directly or through calculates."""
    needed: set[str] = set()
    for row in questionnaire.rows:
        conditions = (row.relevant, row.choice_filter, row.constraint, *(group.relevant for group in row.groups))
        needed.update(*(condition.names for condition in conditions if condition is not None))
    for row in reversed(questionnaire.rows):  # a calculate reads earlier rows only
        if row.name in needed and row.calculation is not None:
            needed |= row.calculation.names
    return frozenset(needed)
