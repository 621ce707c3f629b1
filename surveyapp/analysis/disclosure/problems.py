"""What a reader is told about companies, as equations over whole numbers.

One 0/1 unknown a company and hidden answer, one equation a figure. Companies that stand in the same sets of all
figures are interchangeable: no equation tells them apart, so only how many of them gave the answer matters. Their k
unknowns become one whole number from 0 to k. That loses nothing: every value from 0 to k is the sum of some k zeros and
ones, and the rules that bind the answers of one company (`Link`) are of kinds that hold for the sums exactly when they
hold for some way of dealing the answers out (see `links`).

Source: Willenborg & de Waal (2001), chapter 6; the audit problem: Fischetti & Salazar-González (2001), "Solving the
cell suppression problem on tabular data with linear constraints", Management Science 47, 1008-1027.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """low <= sum of `plus` - sum of `minus` <= high, over the numbers of the unknowns."""

    plus: tuple[int, ...]
    low: int
    high: int
    minus: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CellRow:
    """One count of a table, shown or hidden.

    `marks` is what a reader knows of it where it is hidden with its reason: (lowest, highest). `weight` is what is lost
    by hiding a shown one; 0 means that it may not be hidden.
    """

    unknowns: tuple[int, ...]
    count: int
    is_hidden: bool
    marks: tuple[int, int]
    weight: float = 0.0
    floor: int = 0  # the least that a hidden one can be, whatever its reason


@dataclass(frozen=True, slots=True)
class Target:
    """What must stay open: the range of the sum of `unknowns` reaches at least `width` from its lowest to its highest
    value, the lowest is at most `at_most`, the highest at least `at_least`.
    """

    unknowns: tuple[int, ...]
    width: int = 0
    at_most: int | None = None
    at_least: int | None = None

    def is_open(self, low: int, high: int) -> bool:
        return (
            high - low >= self.width
            and (self.at_most is None or low <= self.at_most)
            and (self.at_least is None or high >= self.at_least)
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """All that a reader knows, and what must stay open. Hashable: equal problems have equal solutions."""

    sizes: tuple[int, ...]  # the highest value of each unknown; the lowest is 0
    rows: tuple[Row, ...]  # what is told beside this table, and the rules that bind answers
    cells: tuple[CellRow, ...]
    targets: tuple[Target, ...]
    tells_reasons: bool = True  # False: one mark stands for every reason, so that none can be told from another


@dataclass(frozen=True, slots=True)
class Plan:
    """What is hidden beside the cells that are sensitive themselves."""

    hidden: frozenset[int]  # places in `Problem.cells`
    blurred: frozenset[int]  # places in `Problem.cells` whose reason is not told: it would say too much
    betrayed: frozenset[int]  # places in `Problem.targets` that stay betrayed whatever this table hides
    is_proven: bool = True  # False: everything was hidden, and some of it may follow all the same
    is_late: bool = False  # not proven because time ran out


def list_rows(problem: Problem, hidden: frozenset[int], blurred: frozenset[int]) -> tuple[list[Row], list[int]]:
    """The rows that a reader has, and for each the place of the cell it shows (-1: another row)."""
    rows, places = list(problem.rows), [-1] * len(problem.rows)
    for place, cell in enumerate(problem.cells):
        if cell.is_hidden or place in hidden:
            if place not in blurred:
                rows.append(Row(cell.unknowns, *cell.marks))
                places.append(-1)
            elif cell.floor:
                most = sum(problem.sizes[unknown] for unknown in cell.unknowns)
                rows.append(Row(cell.unknowns, cell.floor, most))
                places.append(-1)
        else:
            rows.append(Row(cell.unknowns, cell.count, cell.count))
            places.append(place)
    return rows, places
