"""Linear and integer programmes, solved by HiGHS.

Source: Huangfu & Hall (2018), "Parallelizing the dual revised simplex method", Mathematical Programming Computation 10,
119-142; HiGHS, https://highs.dev.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from surveyapp.analysis.disclosure.problems import Row

if TYPE_CHECKING:
    import highspy
    import numpy as np
    from numpy.typing import NDArray

Bounds = tuple[int, int]  # the lowest and the highest value of an unknown

TOLERANCE = 1e-6
PRIMAL = 4  # the simplex that can go on from the last basis when only the objective has changed
WHOLE_NUMBERS = 0.5  # the gap for an objective of whole numbers: closer than one is equal


@dataclass(frozen=True, slots=True)
class Solved:
    """`values` are those of the unknowns, `duals` those of the rows (linear programmes only)."""

    is_optimal: bool
    values: tuple[float, ...]
    objective: float
    duals: tuple[float, ...]


class Programme:
    """Rows over bounded unknowns, solved for one objective after the other. The last basis is the next start."""

    def __init__(self, bounds: Sequence[Bounds], rows: Sequence[Row], *, is_integer: bool) -> None:
        # Loaded where it is used: most pages need no solver.
        import highspy
        import numpy as np

        self._highspy, self._np = highspy, np
        self._columns = np.arange(len(bounds), dtype=np.int32)
        self._highs = self._load(bounds, rows, is_integer=is_integer)

    def _load(self, bounds: Sequence[Bounds], rows: Sequence[Row], *, is_integer: bool) -> highspy.Highs:
        kinds, model = self._highspy, self._highspy.HighsLp()
        starts, indexes, values = [0], [], []
        for row in rows:
            indexes += [*row.plus, *row.minus]
            values += [1.0] * len(row.plus) + [-1.0] * len(row.minus)
            starts.append(len(indexes))
        model.num_col_, model.num_row_ = len(bounds), len(rows)
        model.col_cost_ = [0.0] * len(bounds)
        model.col_lower_, model.col_upper_ = ([float(each[end]) for each in bounds] for end in (0, 1))
        model.row_lower_, model.row_upper_ = [float(row.low) for row in rows], [float(row.high) for row in rows]
        model.a_matrix_.format_ = kinds.MatrixFormat.kRowwise
        model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = starts, indexes, values
        if is_integer:
            model.integrality_ = [kinds.HighsVarType.kInteger] * len(bounds)
        # `highspy.Highs` prints a banner as it is made, into whatever the process writes; its base, which does all that
        # is needed here, prints nothing once it is told not to.
        base: Any = kinds.Highs.__base__
        highs: highspy.Highs = base()
        options: dict[str, Any] = {
            "output_flag": False,
            "threads": 1,
            "random_seed": 1,
            "simplex_strategy": PRIMAL,
            "mip_rel_gap": 0.0,
            "primal_feasibility_tolerance": 1e-9,
        }
        for name, value in options.items():
            highs.setOptionValue(name, value)
        highs.passModel(model)
        return highs

    def solve(
        self,
        costs: Sequence[float] | NDArray[np.float64],
        *,
        is_highest: bool,
        seconds: float,
        gap: float = WHOLE_NUMBERS,
    ) -> Solved | None:
        """The lowest or highest value of the objective; None where nothing was found in time or nothing exists.

        `gap`: how far from it an integer programme may stop.
        """
        kinds, highs = self._highspy, self._highs
        highs.setOptionValue("mip_abs_gap", gap)
        highs.changeColsCost(len(self._columns), self._columns, self._np.asarray(costs, dtype=float))
        highs.changeObjectiveSense(kinds.ObjSense.kMaximize if is_highest else kinds.ObjSense.kMinimize)
        # The clock of HiGHS runs on from one objective to the next.
        highs.setOptionValue("time_limit", highs.getRunTime() + max(seconds, 0.01))
        highs.run()
        solution = highs.getSolution()
        if not solution.value_valid:
            return None
        return Solved(
            is_optimal=highs.getModelStatus() == kinds.HighsModelStatus.kOptimal,
            values=tuple(solution.col_value),
            objective=highs.getInfo().objective_function_value,
            duals=tuple(solution.row_dual) if solution.dual_valid else (),
        )
