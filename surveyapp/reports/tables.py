"""Tables as pages and files show them: words in cells, ready to be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from surveyapp.reports.charts import find_heat_step
from surveyapp.reports.words import Number

CellTone = Literal["", "faint", "few", "hidden", "strong", "heat-0", "heat-1", "heat-2", "heat-3", "heat-4"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column's heading; `hint` says in a few words what it holds (a base, a unit)."""

    text: str
    is_number: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place. `note` is a second, smaller line; `url` makes the text a link."""

    text: str
    note: str = ""
    url: str = ""
    tone: CellTone = ""


@dataclass(frozen=True, slots=True)
class Row:
    """`heading` names the row; `band` stands above it where a new group of rows begins."""

    heading: Cell
    cells: tuple[Cell, ...]
    band: str = ""
    is_apart: bool = False  # a row that is no part of the distribution: missing answers, totals


@dataclass(frozen=True, slots=True)
class Table:
    """`columns` has one entry more than a row has cells: the first names the headings."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    is_folded: bool = False  # opened on demand: the chart above holds the same cells

    @property
    def is_narrow(self) -> bool:
        return len(self.columns) <= 4


def find_heat_tone(share: Number | None) -> CellTone:
    """The step of the heat scale for a share of 1, as in the drawn map."""
    if share is None:
        return "faint"
    steps: tuple[CellTone, ...] = ("heat-0", "heat-1", "heat-2", "heat-3", "heat-4")
    return steps[find_heat_step(share * 100)]
