"""Values with the range around them, one a row: dots, dots of two rounds, bars from zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from surveyapp.reports.chart_labels import escape_words
from surveyapp.reports.chart_theme import DOT_SIZE, LINE_WIDTH, SYMBOLS, name_category
from surveyapp.reports.charts.drawing import Chart, LegendEntry, write_number
from surveyapp.reports.charts.rows import (
    NARROW_BAR,
    Band,
    Places,
    draw_rows,
    name_band,
    remark_row,
    round_up_end,
    shade_band,
)
from surveyapp.reports.words import Number


@dataclass(frozen=True, slots=True)
class Mark:
    """One row of a chart of ranges: a value, the range around it (None: none), and what is shown on pointing at it."""

    label: str
    value: Number | None
    low: Number | None
    high: Number | None
    hover: str
    is_hollow: bool = False  # rests on few cases
    remark: str = ""  # shown in place of a mark where there is no value


def draw_ranges(
    marks: Sequence[Mark],
    *,
    axis: str,
    description: str,
    unit: str = "",
    span: tuple[float, float] | None = None,
    bands: Sequence[Band] = (),
    tone: str = "category-1",
) -> Chart:
    """Dots with ranges, one a row, the first on top. `span` are the ends of the axis; without it the marks decide."""
    color, paper = f"var(--{tone})", "var(--surface)"
    labels = [mark.label for mark in marks]
    largest = max([0.0, *(write_number(mark.high) or write_number(mark.value) or 0.0 for mark in marks)])
    ends = span or (0.0, round_up_end(largest))

    def draw(places: Places, layout: dict[str, Any]) -> dict[str, Any]:
        trace = {
            "type": "scatter",
            "mode": "markers",
            "x": [write_number(mark.value) for mark in marks],
            "y": places.rows,
            "marker": {
                "size": DOT_SIZE,
                "color": [paper if mark.is_hollow else color for mark in marks],
                "line": {"color": color, "width": LINE_WIDTH},
            },
            "error_x": _build_error(marks, color),
            "hovertext": [escape_words(mark.hover) for mark in marks],
            "hoverinfo": "text",
            "cliponaxis": False,
        }
        layout["shapes"] = [shade_band(band, places) for place, band in enumerate(bands) if place % 2 == 0]
        layout["annotations"] += [
            *(name_band(band, places) for band in bands),
            *_remark_rows(marks, places),
        ]
        return {"data": [trace], "layout": layout}

    return draw_rows("ranges", labels, draw, axis=axis, description=description, unit=unit, span=ends, bands=bands)


def draw_pairs(
    before: Sequence[Mark],
    now: Sequence[Mark],
    *,
    names: tuple[str, str],
    axis: str,
    description: str,
    unit: str = "",
    span: tuple[float, float],
) -> Chart:
    """Two dots with ranges a row: an earlier value (hollow, above) and the present one."""
    series = (
        (before, names[0], name_category(1), SYMBOLS[1], -0.16, True),
        (now, names[1], name_category(0), SYMBOLS[0], 0.16, False),
    )

    def draw(places: Places, layout: dict[str, Any]) -> dict[str, Any]:
        traces = [
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [write_number(mark.value) for mark in marks],
                "y": [place + shift for place in places.rows],
                "marker": {
                    "size": DOT_SIZE - 1,
                    "symbol": symbol,
                    "color": "var(--surface)" if is_before else f"var(--{tone})",
                    "line": {"color": f"var(--{tone})", "width": LINE_WIDTH},
                },
                "error_x": _build_error(marks, f"var(--{tone})"),
                "hovertext": [escape_words(mark.hover) for mark in marks],
                "hoverinfo": "text",
                "cliponaxis": False,
            }
            for marks, name, tone, symbol, shift, is_before in series
        ]
        return {"data": traces, "layout": layout}

    chart = draw_rows(
        "pairs",
        [mark.label for mark in now],
        draw,
        axis=axis,
        description=description,
        unit=unit,
        span=span,
        least=40,
    )
    legend = tuple(LegendEntry(name, tone, is_before, symbol) for _, name, tone, symbol, _, is_before in series)
    return replace(chart, legend=legend)


def draw_bars(marks: Sequence[Mark], *, axis: str, description: str, unit: str = "%") -> Chart:
    """Bars from zero with ranges, one a row, the first on top. Those of few cases are pale with an outline."""

    def draw(places: Places, layout: dict[str, Any]) -> dict[str, Any]:
        trace = {
            "type": "bar",
            "orientation": "h",
            "x": [write_number(mark.value) for mark in marks],
            "y": places.rows,
            "width": NARROW_BAR if places.is_narrow else 0.56,
            "marker": {
                "color": ["var(--bar-few)" if mark.is_hollow else "var(--bar)" for mark in marks],
                "line": {"width": 1, "color": "var(--bar)"},
            },
            "error_x": _build_error(marks, "var(--ink-soft)") | {"thickness": 1.4, "width": 4},
            "hovertext": [escape_words(mark.hover) for mark in marks],
            "hoverinfo": "text",
        }
        layout["annotations"] += _remark_rows(marks, places)
        return {"data": [trace], "layout": layout}

    labels = [mark.label for mark in marks]
    return draw_rows("bars", labels, draw, axis=axis, description=description, unit=unit, span=(0.0, 100.0))


def _build_error(marks: Sequence[Mark], color: str) -> dict[str, Any]:
    def reach(mark: Mark, end: Number | None) -> float:
        if mark.value is None or end is None:
            return 0.0
        return round(abs(float(Fraction(end) - Fraction(mark.value))), 6)

    return {
        "type": "data",
        "symmetric": False,
        "array": [reach(mark, mark.high) for mark in marks],
        "arrayminus": [reach(mark, mark.low) for mark in marks],
        "color": color,
        "thickness": LINE_WIDTH,
        "width": 0,
    }


def _remark_rows(marks: Sequence[Mark], places: Places) -> list[dict[str, Any]]:
    return [
        remark_row(place, mark.remark)
        for place, mark in zip(places.rows, marks, strict=True)
        if mark.value is None and mark.remark
    ]
