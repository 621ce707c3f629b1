"""One drawing: a figure in both widths, its height, and what is said of it in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from surveyapp.reports.words import Number

if TYPE_CHECKING:
    import plotly.graph_objects as go


ChartKind = Literal["ranges", "pairs", "stacked", "bars", "columns", "boxes", "cells", "places", "days"]

NARROW = 440  # pixels: below this, labels stand above their rows
NARROW_ON_PAPER = 340  # a printed page is read closer, and shorter figures save pages


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a mark stands for; `tone` is the token's name without dashes in front (`level-3`)."""

    text: str
    tone: str
    is_hollow: bool = False
    symbol: str = ""  # the mark's form, where it has one


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `height` is in pixels, `description` says in words what can be seen."""

    kind: ChartKind
    figure: Mapping[str, Any]
    height: int
    description: str
    caption: str = ""  # what is measured along the axis: written above the drawing, where it can break into lines
    legend: tuple[LegendEntry, ...] = ()
    key: tuple[str, ...] = ()  # what the numbers of the narrow drawing stand for, from 1

    @property
    def json(self) -> str:
        """The figure as JSON that can stand inside a script element."""
        text = json.dumps(self.figure, ensure_ascii=False, separators=(",", ":"))
        return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def load_figure(chart: Chart) -> go.Figure:
    """The chart as Plotly's own object, which refuses whatever Plotly does not know. Raises ValueError."""
    import plotly.graph_objects as go

    return go.Figure(data=chart.figure["data"], layout=chart.figure["layout"])


def write_number(value: Number | None) -> float | None:
    """A number as JSON carries it, to six digits after the point: more than any screen shows."""
    return None if value is None else round(float(value), 6)
