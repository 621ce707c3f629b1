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
from typing import TYPE_CHECKING

from surveyapp.analysis.disclosure.many_sums import ManySums
from surveyapp.analysis.disclosure.problems import Row, Target
from surveyapp.analysis.disclosure.solver import TOLERANCE, WHOLE_NUMBERS, Bounds, Programme
from surveyapp.analysis.disclosure.structure import is_totally_unimodular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from surveyapp.analysis.disclosure.many_sums import Numbers

SECONDS_EACH = 2.0  # for one programme; without an answer by then its target counts as betrayed
FEWEST_AIMS = 3  # objectives drawn at first: one solution may show many targets open
WORTHWHILE = (
    6  # so many targets must wait, and be shown open by an aim, for a further aim to be cheaper than each alone
)
AIM_GAP = 0.5  # of an aim's target: any solution far from the others will do
MOST_WITNESSES = 100  # kept for the audits that follow

_FAR = 2**40  # beyond every count


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one target: the lowest and highest value that was witnessed; None where none was."""

    low: int | None
    high: int | None


class Audit:
    """The range of targets under rows.

    `deadline` is a reading of `thread_time`: time of the processor, so that a busy machine hides no more than others.
    `witnesses` are solutions of other audits over the same unknowns, newest last, to which this one adds its own: many
    agree with these rows as well, which is checked, and spare a programme.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        rows: Sequence[Row],
        targets: Sequence[Target],
        deadline: float,
        *,
        witnesses: list[Numbers] | None = None,
    ) -> None:
        # Loaded where it is used, as the solver is.
        import numpy as np

        self._np, self._deadline = np, deadline
        self._bounds, self._rows = _gather(sizes, rows)
        self.targets = targets
        self._witnesses = [] if witnesses is None else witnesses
        self._asked: int | None = None  # a target that is followed although it is open
        self._is_linear = is_totally_unimodular(self._rows)
        self._linear: Programme | None = None
        self._integer: Programme | None = None
        self._read_rows()
        self._read_targets()

    def _read_rows(self) -> None:
        np = self._np
        self._least_values, self._most_values = (np.array([each[end] for each in self._bounds]) for end in (0, 1))
        self._sums = ManySums([row.plus for row in self._rows], [row.minus for row in self._rows])
        self._least_sums = np.array([row.low for row in self._rows], dtype=np.int64)
        self._most_sums = np.array([row.high for row in self._rows], dtype=np.int64)

    def _read_targets(self) -> None:
        np, targets = self._np, self.targets
        self._target_sums = ManySums([each.unknowns for each in targets])
        self._widths = np.array([each.width for each in targets], dtype=np.int64)
        self._at_most = np.array([_FAR if each.at_most is None else each.at_most for each in targets], dtype=np.int64)
        self._at_least = np.array(
            [-_FAR if each.at_least is None else each.at_least for each in targets], dtype=np.int64
        )
        # Values that were witnessed, and proven ends of the range: nothing below `least` or above `most` is possible.
        self._low, self._high = (np.full(len(targets), end, dtype=np.int64) for end in (_FAR, -_FAR))
        self._least, self._most = (np.full(len(targets), end, dtype=np.int64) for end in (-_FAR, _FAR))

    def find_betrayed(self, *, is_one_enough: bool = False) -> list[int]:
        """The places of the targets that are not shown to be open.

        `is_one_enough`: only of those that the relaxation proves to be betrayed, if there are any. Where some are, most
        targets are open all the same, and one aim shows many of them so: each alone would take a programme or two.
        """
        self._try_witnesses()
        if is_one_enough:
            self._try_random_aims(is_linear=True)
            for place in self._list_waiting():
                self._find_linear_ends(place)
            if proven := [place for place in self._list_waiting() if self.is_betrayed(place)]:
                return proven
        self._try_random_aims()
        for find_ends in (self._find_linear_ends, self._find_integer_ends):
            for place in self._list_waiting():
                find_ends(place)
        return self._list_waiting()

    def find_range(self, place: int) -> Finding:
        """Both ends of one target's range, however open it is."""
        self._asked = place
        self._find_linear_ends(place)
        self._find_integer_ends(place)
        low, high = int(self._low[place]), int(self._high[place])
        return Finding(None if low == _FAR else low, None if high == -_FAR else high)

    def is_betrayed(self, place: int) -> bool:
        """Whether it is proven that the target is not open. One that is neither may be either."""
        return not self.targets[place].is_open(int(self._least[place]), int(self._most[place]))

    def _is_open(self, place: int) -> bool:
        return self.targets[place].is_open(int(self._low[place]), int(self._high[place]))

    def _list_waiting(self) -> list[int]:
        """Targets that are not shown to be open yet."""
        is_open = (
            (self._high - self._low >= self._widths) & (self._low <= self._at_most) & (self._high >= self._at_least)
        )
        waiting: list[int] = self._np.flatnonzero(~is_open).tolist()
        return waiting

    def _try_witnesses(self) -> None:
        for values in reversed(self._witnesses):
            if not self._list_waiting():
                return
            if self._is_witness(values):
                self._keep(values)

    def _try_random_aims(self, *, is_linear: bool = False) -> None:
        random = Random(len(self.targets))  # noqa: S311 -- aims, not secrets
        waiting, aims = self._list_waiting(), 0
        while len(waiting) >= WORTHWHILE and thread_time() < self._deadline:
            costs = self._np.zeros(len(self._bounds))
            for place in waiting:
                unknowns = list(self.targets[place].unknowns)
                costs[unknowns] += random.choice((-1.0, 1.0)) / max(len(unknowns), 1)
            for is_highest in (True, False):
                if not self._solve_linear(costs, is_highest=is_highest)[1] and not is_linear:
                    self._solve_integer(costs, is_highest=is_highest, gap=AIM_GAP * len(waiting))
            aims += 1
            before, waiting = waiting, self._list_waiting()
            if aims >= FEWEST_AIMS and len(before) - len(waiting) < WORTHWHILE:
                return

    def _find_linear_ends(self, place: int) -> None:
        for ends, unknown_end, is_highest in ((self._most, _FAR, True), (self._least, -_FAR, False)):
            if ends[place] == unknown_end and not self._is_settled(place):
                end, _ = self._solve_linear(self._aim_at(place), is_highest=is_highest)
                self._note_end(place, end, is_highest=is_highest)

    def _find_integer_ends(self, place: int) -> None:
        """Where the relaxation leaves it open whether the target is betrayed."""
        for ends, values, is_highest in ((self._most, self._high, True), (self._least, self._low, False)):
            if ends[place] != values[place] and not self._is_settled(place):
                end, _ = self._solve_integer(self._aim_at(place), is_highest=is_highest)
                self._note_end(place, end, is_highest=is_highest)

    def _aim_at(self, place: int) -> NDArray[np.float64]:
        costs = self._np.zeros(len(self._bounds))
        costs[list(self.targets[place].unknowns)] = 1.0
        return costs

    def _is_settled(self, place: int) -> bool:
        """Whether no more need be known of a target, unless its range is asked for."""
        return place != self._asked and (self._is_open(place) or self.is_betrayed(place))

    def _note_end(self, place: int, end: float | None, *, is_highest: bool) -> None:
        if end is None:
            return
        if is_highest:
            self._most[place] = math.floor(end + TOLERANCE)
        else:
            self._least[place] = math.ceil(end - TOLERANCE)

    def _solve_linear(self, costs: NDArray[np.float64], *, is_highest: bool) -> tuple[float | None, bool]:
        if self._linear is None:
            self._linear = Programme(self._bounds, self._rows, is_integer=False)
        return self._try(self._linear, costs, is_highest=is_highest)

    def _solve_integer(
        self, costs: NDArray[np.float64], *, is_highest: bool, gap: float = WHOLE_NUMBERS
    ) -> tuple[float | None, bool]:
        if self._is_linear:
            return None, False
        if self._integer is None:
            self._integer = Programme(self._bounds, self._rows, is_integer=True)
        return self._try(self._integer, costs, is_highest=is_highest, gap=gap)

    def _try(
        self, programme: Programme, costs: NDArray[np.float64], *, is_highest: bool, gap: float = WHOLE_NUMBERS
    ) -> tuple[float | None, bool]:
        """Solve for one objective: its end, None where that is not proven; whether the solution is a witness, kept."""
        np = self._np
        seconds = min(SECONDS_EACH, self._deadline - thread_time())
        solved = programme.solve(costs, is_highest=is_highest, seconds=seconds, gap=gap) if seconds > 0 else None
        if solved is None:
            return None, False
        end = solved.objective if solved.is_optimal else None
        found = np.array(solved.values)
        values = np.rint(found).astype(np.int64)
        if not (np.abs(found - values) < TOLERANCE).all() or not self._is_witness(values):
            return end, False
        self._keep(values)
        self._witnesses.append(values)
        del self._witnesses[:-MOST_WITNESSES]
        return end, True

    def _is_witness(self, values: Numbers) -> bool:
        sums = self._sums.add_up(values)
        return bool(
            ((self._least_values <= values) & (values <= self._most_values)).all()
            and ((self._least_sums <= sums) & (sums <= self._most_sums)).all()
        )

    def _keep(self, values: Numbers) -> None:
        totals = self._target_sums.add_up(values)
        self._np.minimum(self._low, totals, out=self._low)
        self._np.maximum(self._high, totals, out=self._high)


def _gather(sizes: Sequence[int], rows: Sequence[Row]) -> tuple[list[Bounds], list[Row]]:
    """What is told of single unknowns as their bounds, and one row for all that is told of the same sum."""
    bounds: list[Bounds] = [(0, size) for size in sizes]
    sums: dict[tuple[tuple[int, ...], tuple[int, ...]], Bounds] = {}
    for row in rows:
        if len(row.plus) == 1 and not row.minus:
            [unknown] = row.plus
            bounds[unknown] = _narrow(bounds[unknown], row)
        else:
            key = row.plus, row.minus
            sums[key] = _narrow(sums.get(key, (row.low, row.high)), row)
    return bounds, [Row(plus, low, high, minus) for (plus, minus), (low, high) in sums.items()]


def _narrow(bounds: Bounds, row: Row) -> Bounds:
    return max(bounds[0], row.low), min(bounds[1], row.high)


def find_proof(
    sizes: Sequence[int], rows: Sequence[Row], target: Target, *, programme: Programme | None = None
) -> list[int] | None:
    """The rows from which it follows that a target is betrayed, None where linear reasoning does not prove it.

    They are those with a price in the dual of either end. Source: Fischetti & Salazar-González (2001), section 3.
    """
    programme = Programme([(0, size) for size in sizes], rows, is_integer=False) if programme is None else programme
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
