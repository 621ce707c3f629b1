"""What must be hidden beside the sensitive cells, so that least is lost.

A cutting-plane method: the audit finds targets that are betrayed; each proof of it gives a cut, "at least one of the
cells this proof rests on is hidden"; the cheapest choice that keeps all cuts is audited again. The cuts hold for every
safe choice, so the first choice that passes the audit is a cheapest one. The price of a cell is about the logarithm of
its count.

Source: Fischetti & Salazar-González (2001), Management Science 47, 1008-1027; information loss by the logarithm of the
cell: Hundepool et al. (2012), section 4.4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from time import thread_time
from typing import TYPE_CHECKING

from surveyapp.analysis.disclosure.audit import Audit, find_proof
from surveyapp.analysis.disclosure.problems import CellRow, Plan, Problem, Row, Target, list_rows
from surveyapp.analysis.disclosure.solver import TOLERANCE, Programme

if TYPE_CHECKING:
    from surveyapp.analysis.disclosure.many_sums import Numbers

PAGE_SECONDS = 5.0  # while somebody waits; whatever is not proven by then is hidden
JOB_SECONDS = 240.0  # where nobody does; it leaves a minute of a job's five for everything else
MOST_CELLS = 10_000  # in one problem; more are refused before anything is worked out
NOTHING: frozenset[int] = frozenset()


@dataclass(slots=True)
class _Budget:
    """Seconds of the processor that are left for solving."""

    left: float


_budget: ContextVar[_Budget | None] = ContextVar("what is left for solving", default=None)


@contextmanager
def limit_time(seconds: float) -> Iterator[None]:
    """How much of the processor's time may be spent on solving, for all that this thread releases inside."""
    token = _budget.set(_Budget(seconds))
    try:
        yield
    finally:
        _budget.reset(token)


class TableTooLarge(Exception):
    """A table of more cells than can be protected in time; merging categories makes it smaller."""

    def __init__(self, cells: int) -> None:
        super().__init__(f"{cells} cells are more than {MOST_CELLS}: merge categories first")
        self.cells = cells


def plan_suppression(problem: Problem, seconds: float | None = None) -> Plan:
    """What to hide in addition: within `seconds`, else what `limit_time` leaves, else the time of a page.

    A plan is remembered, since pages ask for the same table again and again; not so one for which time was too short.
    Raises TableTooLarge.
    """
    if len(problem.cells) > MOST_CELLS:
        raise TableTooLarge(len(problem.cells))
    found = _recall(problem)
    if found:
        return found[0]
    budget = _Budget(seconds) if seconds is not None else _budget.get() or _Budget(PAGE_SECONDS)
    began = thread_time()
    plan = _Planner(problem, began + budget.left).plan()
    budget.left -= thread_time() - began
    if not plan.is_late:
        found.append(plan)
    return plan


def forget_plans() -> None:
    _recall.cache_clear()


@lru_cache(maxsize=4_096)
def _recall(problem: Problem) -> list[Plan]:
    """Where the plan of a problem is kept."""
    return []


class _Planner:
    def __init__(self, problem: Problem, deadline: float) -> None:
        self.problem, self.deadline = problem, deadline
        self.choosable = [place for place, cell in enumerate(problem.cells) if not cell.is_hidden and cell.weight > 0]
        self.targets: list[tuple[int, Target]] = list(enumerate(problem.targets))
        self._witnesses: list[Numbers] = []  # of one audit for the next: cells and reasons change, companies do not
        self._found: dict[frozenset[int], list[int]] = {}

    def plan(self) -> Plan:
        first = self._judge(NOTHING)
        if first is not None:
            return Plan(NOTHING, first, NOTHING)
        everything = frozenset(self.choosable)
        betrayed = self._drop_hopeless(everything)
        if betrayed is None:
            return self._give_up(NOTHING)
        cuts: list[frozenset[int]] = []
        hidden, before = NOTHING, None
        while hidden != before and thread_time() < self.deadline:
            blurred = self._judge(hidden) if hidden or betrayed else None
            if blurred is not None:
                return Plan(hidden, blurred, betrayed)
            cuts += self._cut(hidden, everything)
            hidden, before = _choose_cheapest(self.problem.cells, self.choosable, cuts), hidden
        return self._give_up(betrayed)

    def _give_up(self, betrayed: frozenset[int]) -> Plan:
        everything = frozenset(self.choosable)
        is_late = thread_time() >= self.deadline
        return Plan(everything, self._list_hidden(everything), betrayed, is_proven=False, is_late=is_late)

    def _judge(self, hidden: frozenset[int]) -> frozenset[int] | None:
        """None where a target is betrayed; else whose reasons must not be told for none to be: as few as may be."""
        every = self._list_hidden(hidden)
        if not self.problem.tells_reasons:
            # One cell alone is known to be the sensitive one: that it is hidden says about as much as its own reason.
            is_telling = len(every) == 1 and not hidden and bool(self._find_betrayed(NOTHING, NOTHING))
            return None if is_telling or self._find_some_betrayed(hidden) else every
        # What is betrayed even where no reason is told is betrayed with them. Most choices but the first fail here.
        if hidden and self._find_some_betrayed(hidden):
            return None
        betrayed = self._find_betrayed(hidden, NOTHING)
        if not betrayed:
            return NOTHING
        if self._find_some_betrayed(hidden):
            return None
        aimed = {self.targets[place][1].unknowns for place in betrayed}
        some = hidden | {place for place in every if self.problem.cells[place].unknowns in aimed}
        for blurred in dict.fromkeys((some, every)):
            # One cell alone without its reason is known to be the sensitive one: that its reason is not told says so.
            if len(blurred) > 1 and (blurred == every or not self._find_betrayed(hidden, blurred)):
                return blurred
        return None

    def _list_hidden(self, hidden: frozenset[int]) -> frozenset[int]:
        return hidden | {place for place, cell in enumerate(self.problem.cells) if cell.is_hidden}

    def _find_betrayed(self, hidden: frozenset[int], blurred: frozenset[int]) -> list[int]:
        return self._audit(hidden, blurred).find_betrayed()

    def _find_some_betrayed(self, hidden: frozenset[int]) -> list[int]:
        """Where no reason is told; whether there are any, and enough of them for cuts."""
        if hidden not in self._found:
            audit = self._audit(hidden, self._list_hidden(hidden))
            self._found[hidden] = audit.find_betrayed(is_one_enough=True)
        return self._found[hidden]

    def _audit(self, hidden: frozenset[int], blurred: frozenset[int]) -> Audit:
        rows, _ = list_rows(self.problem, hidden, blurred)
        targets = [target for _, target in self.targets]
        return Audit(self.problem.sizes, rows, targets, self.deadline, witnesses=self._witnesses)

    def _drop_hopeless(self, everything: frozenset[int]) -> frozenset[int] | None:
        """Targets that nothing in this table can protect: they follow from what is told beside it.

        None where that is not proven of one of them: in time, or because what is told contradicts itself.
        """
        audit = self._audit(everything, self._list_hidden(everything))
        places = audit.find_betrayed()
        if not all(map(audit.is_betrayed, places)):
            return None
        hopeless = {self.targets[place][0] for place in places}
        if hopeless:
            self.targets = [each for each in self.targets if each[0] not in hopeless]
            self._found.clear()
        return frozenset(hopeless)

    def _cut(self, hidden: frozenset[int], everything: frozenset[int]) -> list[frozenset[int]]:
        """At least one of the shown cells that prove a target even where no reason is told; else any further cell."""
        blurred = self._list_hidden(hidden)
        rows, places = list_rows(self.problem, hidden, blurred)
        programme = Programme([(0, size) for size in self.problem.sizes], rows, is_integer=False)
        rest = everything - hidden
        cuts: set[frozenset[int]] = set()
        for place in self._find_some_betrayed(hidden):
            target = self.targets[place][1]
            proof = find_proof(self.problem.sizes, rows, target, programme=programme)
            used = rest if proof is None else frozenset(places[row] for row in proof) & rest
            cuts.add(used or rest)
        return sorted(cuts or {rest}, key=sorted)


def _choose_cheapest(
    cells: Sequence[CellRow], choosable: Sequence[int], cuts: Sequence[frozenset[int]]
) -> frozenset[int]:
    """The cells whose hiding loses least, at least one of each cut; all where the choice is not found in time."""
    position = {place: number for number, place in enumerate(choosable)}
    rows = [Row(tuple(sorted(position[place] for place in cut)), 1, len(cut)) for cut in cuts if cut]
    programme = Programme([(0, 1)] * len(choosable), rows, is_integer=True)
    weights = [cells[place].weight for place in choosable]
    solved = programme.solve(weights, is_highest=False, seconds=PAGE_SECONDS, gap=TOLERANCE)
    if solved is None:
        return frozenset(choosable)
    return frozenset(place for place, value in zip(choosable, solved.values, strict=True) if value > 0.5)
