"""Charts of counts that grow from day to day: one line a series, with a mark of its own form on every day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from surveyapp.reports.chart_labels import escape_words
from surveyapp.reports.chart_theme import SYMBOLS, WHOLE_TICKS, build_axis, build_layout, name_category
from surveyapp.reports.charts import NARROW, Chart, LegendEntry

HEIGHT, NARROW_HEIGHT = 300, 260
MOST_DAY_LABELS, MOST_NARROW_DAY_LABELS = 10, 4
MOST_MARKED_DAYS = 45  # with more days the marks of a line would run into each other


@dataclass(frozen=True, slots=True)
class DaySeries:
    """One line: a count for each day, and what is shown on pointing at it."""

    name: str
    values: Sequence[int]
    hovers: Sequence[str]


def draw_days(days: Sequence[date], series: Sequence[DaySeries], *, axis: str, description: str) -> Chart:
    """Cumulative counts over consecutive days, the first on the left."""
    mode = "lines+markers" if len(days) <= MOST_MARKED_DAYS else "lines"
    traces = [
        {
            "type": "scatter",
            "mode": mode,
            "name": one.name,
            "x": list(range(len(days))),
            "y": list(one.values),
            "line": {"color": f"var(--{name_category(place)})", "width": 2, "shape": "hv"},
            "marker": {
                "size": 6,
                "symbol": SYMBOLS[place % len(SYMBOLS)],
                "color": f"var(--{name_category(place)})",
            },
            "hovertext": [escape_words(hover) for hover in one.hovers],
            "hoverinfo": "text",
            "cliponaxis": False,
        }
        for place, one in enumerate(series)
    ]
    narrow = {
        "below": NARROW,
        "height": NARROW_HEIGHT,
        "data": traces,
        "layout": _lay_out(days, axis, most=MOST_NARROW_DAY_LABELS),
    }
    figure = {"data": traces, "layout": _lay_out(days, axis, most=MOST_DAY_LABELS), "narrow": narrow}
    legend = tuple(
        LegendEntry(one.name, name_category(place), symbol=SYMBOLS[place % len(SYMBOLS)])
        for place, one in enumerate(series)
    )
    return Chart("days", figure, HEIGHT, description, legend=legend)


def _lay_out(days: Sequence[date], axis: str, *, most: int) -> dict[str, Any]:
    step = max(1, -(-len(days) // most))
    shown = range(0, len(days), step)
    layout = build_layout()
    layout["margin"] = {"l": 52, "r": 20, "t": 12, "b": 36}
    layout["xaxis"] = build_axis() | {
        "showgrid": False,
        "tickvals": list(shown),
        "ticktext": [f"{days[place]:%m-%d}" for place in shown],
        "range": [-0.5, max(len(days) - 0.5, 0.5)],
    }
    layout["yaxis"] = build_axis(axis, ticks=WHOLE_TICKS) | {"rangemode": "tozero"}
    return layout
