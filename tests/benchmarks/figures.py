"""A measured figure, its goal, and how a run is written: as a Markdown table for people, as JSON for machines."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal

from tests.benchmarks.measuring import Paired

Unit = Literal["s", "B", "rows/s"]

_HEADINGS = ("figure", "responses", "value", "against", "yardstick", "ratio", "goal", "met")


@dataclass(frozen=True, slots=True)
class Goal:
    """What the ratio may be: `at most 6`, or `at least 0.8`.

    `meant_for`: the number of responses that the design sets it for. A run with fewer may reach it and proves nothing
    where it does not, because the cost of a call weighs more than that of counting there.
    """

    bound: Literal["at most", "at least"]
    limit: float
    unit: Literal["×", "s", "MB"] = "×"
    meant_for: int = 0

    def is_met(self, ratio: float) -> bool:
        return ratio <= self.limit if self.bound == "at most" else ratio >= self.limit

    def __str__(self) -> str:
        sign = "≤" if self.bound == "at most" else "≥"
        return f"{sign} {self.limit:g}{self.unit if self.unit == '×' else ' ' + self.unit}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table. `ratio` is what the goal is about; a figure without a goal is there for orientation.

    `ratio` None: it could not be measured here, and `note` says why.
    """

    key: str  # for --only
    title: str
    size: int | None  # responses in the database; None where it plays no part
    value: float
    unit: Unit
    against: str
    yardstick: float
    ratio: float | None
    goal: Goal | None = None
    low: float | None = None  # quartiles of the ratio over the pairs
    high: float | None = None
    pairs: int = 0
    note: str = ""

    @property
    def is_met(self) -> bool | None:
        """None where there is nothing to judge: no goal, no ratio, or too few responses to miss it."""
        if self.goal is None or self.ratio is None:
            return None
        is_met = self.goal.is_met(self.ratio)
        return is_met if is_met or (self.size or self.goal.meant_for) >= self.goal.meant_for else None

    @classmethod
    def of_pair(
        cls,
        key: str,
        title: str,
        size: int | None,
        paired: Paired,
        *,
        against: str,
        goal: Goal | None,
        is_speed: bool = False,
    ) -> Figure:
        """`is_speed`: the ratio says how many times as fast as the yardstick, not how many times as long."""
        ratio, low, high = paired.ratio, paired.low, paired.high
        if is_speed:
            ratio, low, high = 1 / ratio, 1 / high, 1 / low
        return cls(
            key,
            title,
            size,
            value=paired.subject,
            unit="s",
            against=against,
            yardstick=paired.yardstick,
            ratio=ratio,
            goal=goal,
            low=low,
            high=high,
            pairs=paired.pairs,
        )

    @classmethod
    def missing(cls, key: str, title: str, size: int | None, against: str, goal: Goal | None, note: str) -> Figure:
        """A figure that could not be measured here; the table says why."""
        return cls(key, title, size, 0, "s", against, 0, None, goal, note=note)


def write_table(figures: Iterable[Figure]) -> str:
    """The figures as a table in Markdown, aligned for a terminal."""
    rows = [_HEADINGS, *(_write_row(figure) for figure in figures)]
    widths = [max(len(row[place]) for row in rows) for place in range(len(_HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _write_row(figure: Figure) -> tuple[str, ...]:
    ratio = "" if figure.ratio is None else _write_ratio(figure)
    met = {True: "yes", False: "**no**", None: _write_why(figure)}[figure.is_met]
    if figure.ratio is None:
        return (figure.title, _write_size(figure.size), "", figure.against, "", "", str(figure.goal or ""), figure.note)
    return (
        figure.title,
        _write_size(figure.size),
        _write_value(figure.value, figure.unit),
        figure.against,
        _write_value(figure.yardstick, figure.unit) if figure.yardstick else "",
        ratio,
        str(figure.goal or ""),
        met,
    )


def _write_ratio(figure: Figure) -> str:
    assert figure.ratio is not None
    if figure.goal is not None and figure.goal.unit != "×":
        return f"{figure.ratio:.3g} {figure.goal.unit}"
    spread = "" if figure.low is None or figure.high is None else f" ({figure.low:.2f}–{figure.high:.2f})"
    return f"{figure.ratio:.2f}×{spread}"


def _write_why(figure: Figure) -> str:
    return "" if figure.goal is None else f"set for {figure.goal.meant_for:,}"


def _write_size(size: int | None) -> str:
    return "" if size is None else f"{size:,}"


def _write_value(value: float, unit: Unit) -> str:
    if unit == "rows/s":
        return f"{value:,.0f} rows/s"
    if unit == "B":
        return f"{value / 1e6:.1f} MB"
    if value >= 1:
        return f"{value:.2f} s"
    return f"{value * 1e3:.2f} ms" if value >= 1e-3 else f"{value * 1e6:.0f} µs"


def describe_machine() -> dict[str, str | int]:
    """What a reader needs to place the times, in general words."""
    return {
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def build_report(figures: Iterable[Figure], machine: Mapping[str, str | int]) -> dict[str, object]:
    """The run as plain values for JSON."""
    lines = [
        asdict(figure) | {"goal": None if figure.goal is None else str(figure.goal), "met": figure.is_met}
        for figure in figures
    ]
    return {"machine": dict(machine), "figures": lines}
