"""The audit on units: what a reader of all that is told can work out about what is hidden.

For each target the lowest and highest value over all answers that agree with what is told. The linear relaxation is
solved first; where its solution is in whole numbers, as it always is for the structures of `structure`, it is that of
the integer programme too. Otherwise the integer programme is solved. Every solution is a witness for all targets at
once, and most need no programme of their own. Witnesses are checked in whole numbers, so that no rounding of the solver
can call a figure safe. What is not shown to be open, in time, counts as betrayed.

Source: Fischetti & Salazar-González (2001), section 2 (the attacker's two programmes); Cox (1995), "Network models for
complementary cell suppression", JASA 90, 1453-1462 (relaxation on networks).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from time import thread_time

from surveyapp.analysis.disclosure.problems import Row, Target
from surveyapp.analysis.disclosure.solver import TOLERANCE, Programme
from surveyapp.analysis.disclosure.structure import is_totally_unimodular

SECONDS_EACH = 2.0  # for one programme; without an answer by then its target counts as betrayed
RANDOM_AIMS = 6  # objectives drawn at first: one solution may show many targets open


@dataclass(slots=True)
class Finding:
    """What was found of one target: witnessed values, and whether they are proven to be the ends of its range."""

    low: int | None = None
    high: int | None = None
    is_lowest: bool = False
    is_highest: bool = False


class Audit:
    """The range of targets under rows.

    `deadline` is a reading of `thread_time`: time of the processor, so that a busy machine hides no more than others.
    """

    def __init__(self, sizes: Sequence[int], rows: Sequence[Row], targets: Sequence[Target], deadline: float) -> None:
        self._sizes, self._rows, self._deadline = sizes, rows, deadline
        self.targets = targets
        self.findings = [Finding() for _ in targets]
        self._waiting = list(range(len(targets)))  # not shown to be open yet
        self._asked: list[int] = []  # followed although they are
        self._is_linear = is_totally_unimodular(rows)
        self._linear: Programme | None = None
        self._integer: Programme | None = None

    def find_betrayed(self) -> list[int]:
        """The places of the targets that are not shown to be open."""
        self._keep_waiting()
        self._try_random_aims()
        for place in self._waiting.copy():
            for is_highest in (True, False):
                if not self._is_open(place):
                    self._find_end(place, is_highest=is_highest)
        return [place for place in range(len(self.targets)) if not self._is_open(place)]

    def find_range(self, place: int) -> Finding:
        """Both ends of one target's range, however open it is."""
        self._asked = [place]
        for is_highest in (True, False):
            self._find_end(place, is_highest=is_highest)
        return self.findings[place]

    def _is_open(self, place: int) -> bool:
        finding = self.findings[place]
        if finding.low is None or finding.high is None:
            return False
        return self.targets[place].is_open(finding.low, finding.high)

    def _keep_waiting(self) -> None:
        self._waiting = [place for place in self._waiting if not self._is_open(place)]

    def _try_random_aims(self) -> None:
        random = Random(len(self.targets))  # noqa: S311 -- aims, not secrets
        for _ in range(RANDOM_AIMS):
            if len(self._waiting) < RANDOM_AIMS:
                return
            costs = [0.0] * len(self._sizes)
            for place in self._waiting:
                unknowns = self.targets[place].unknowns
                sign = random.choice((-1.0, 1.0)) / len(unknowns)
                for unknown in unknowns:
                    costs[unknown] += sign
            for is_highest in (True, False):
                self._solve(costs, is_highest=is_highest)

    def _find_end(self, place: int, *, is_highest: bool) -> None:
        finding = self.findings[place]
        if finding.is_highest if is_highest else finding.is_lowest:
            return
        costs = [0.0] * len(self._sizes)
        for unknown in self.targets[place].unknowns:
            costs[unknown] = 1.0
        is_end = self._solve(costs, is_highest=is_highest)
        if is_highest:
            finding.is_highest = is_end
        else:
            finding.is_lowest = is_end

    def _solve(self, costs: Sequence[float], *, is_highest: bool) -> bool:
        """Solve for one objective and keep the solution as a witness; whether it is proven to be the end."""
        if self._linear is None:
            self._linear = Programme(self._sizes, self._rows, is_integer=False)
        if self._try(self._linear, costs, is_highest=is_highest):
            return True
        if self._is_linear:
            return False
        if self._integer is None:
            self._integer = Programme(self._sizes, self._rows, is_integer=True)
        return self._try(self._integer, costs, is_highest=is_highest)

    def _try(self, programme: Programme, costs: Sequence[float], *, is_highest: bool) -> bool:
        seconds = min(SECONDS_EACH, self._deadline - thread_time())
        solved = programme.solve(costs, is_highest=is_highest, seconds=seconds) if seconds > 0 else None
        if solved is None:
            return False
        values = [round(value) for value in solved.values]
        is_whole = all(abs(value - whole) < TOLERANCE for value, whole in zip(solved.values, values, strict=True))
        if not is_whole or not self._is_witness(values):
            return False
        self._keep(values)
        return solved.is_optimal

    def _is_witness(self, values: Sequence[int]) -> bool:
        return all(0 <= value <= size for value, size in zip(values, self._sizes, strict=True)) and all(
            row.low <= sum(values[each] for each in row.plus) - sum(values[each] for each in row.minus) <= row.high
            for row in self._rows
        )

    def _keep(self, values: Sequence[int]) -> None:
        for place in {*self._waiting, *self._asked}:
            finding = self.findings[place]
            total = sum(values[unknown] for unknown in self.targets[place].unknowns)
            finding.low = total if finding.low is None else min(finding.low, total)
            finding.high = total if finding.high is None else max(finding.high, total)
        self._keep_waiting()


def find_proof(
    sizes: Sequence[int], rows: Sequence[Row], target: Target, *, programme: Programme | None = None
) -> list[int] | None:
    """The rows from which it follows that a target is betrayed, None where linear reasoning does not prove it.

    They are those with a price in the dual of either end. Source: Fischetti & Salazar-González (2001), section 3.
    """
    programme = Programme(sizes, rows, is_integer=False) if programme is None else programme
    costs = [0.0] * len(sizes)
    for unknown in target.unknowns:
        costs[unknown] = 1.0
    used: set[int] = set()
    ends = []
    for is_highest in (True, False):
        solved = programme.solve(costs, is_highest=is_highest, seconds=SECONDS_EACH)
        if solved is None or not solved.is_optimal or len(solved.duals) != len(rows):
            return None
        ends.append(solved.objective)
        used |= {place for place, price in enumerate(solved.duals) if abs(price) > TOLERANCE}
    high, low = math.floor(ends[0] + TOLERANCE), math.ceil(ends[1] - TOLERANCE)
    return None if target.is_open(low, high) else sorted(used)
