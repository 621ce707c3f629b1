"""How answers are spread: parts of a whole, how often each number was given, quartiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from surveyapp.reports.chart_labels import escape_words
from surveyapp.reports.chart_theme import FONT_SIZE, WHOLE_TICKS, YEAR_TICKS, build_axis, build_fill, build_layout
from surveyapp.reports.charts.drawing import NARROW, Chart, LegendEntry, write_number
from surveyapp.reports.charts.rows import NARROW_BAR, Places, draw_rows, remark_row, round_up_end
from surveyapp.reports.words import Number


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a stacked chart: a value for each row, the words inside and on pointing."""

    name: str
    tone: str
    values: Sequence[Number | None]
    texts: Sequence[str]
    hovers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Box:
    """Quartiles and extremes of one row; None where they are not shown."""

    label: str
    quartiles: tuple[Number, Number, Number] | None
    ends: tuple[Number, Number] | None
    hover: str = ""
    remark: str = ""


def draw_stacked(
    labels: Sequence[str], series: Sequence[Series], *, axis: str, description: str, unit: str = "%"
) -> Chart:
    """Bars that add up, one a row, the first on top."""
    totals = [sum(write_number(one.values[place]) or 0.0 for one in series) for place in range(len(labels))]
    span = (0.0, 100.0) if unit == "%" else (0.0, round_up_end(max([0.0, *totals])))

    def draw(places: Places, layout: dict[str, Any]) -> dict[str, Any]:
        traces = [
            {
                "type": "bar",
                "orientation": "h",
                "name": one.name,
                "x": [write_number(value) for value in one.values],
                "y": places.rows,
                "width": NARROW_BAR if places.is_narrow else 0.62,
                "marker": build_fill(one.tone),
                "text": [escape_words(text) for text in one.texts],
                "textposition": "inside",
                "insidetextanchor": "middle",
                "textangle": 0,
                "constraintext": "inside",
                "insidetextfont": {"color": f"var(--on-{one.tone})", "size": FONT_SIZE},
                "hovertext": [escape_words(hover) for hover in one.hovers],
                "hoverinfo": "text",
            }
            for one in series
        ]
        return {"data": traces, "layout": layout | {"barmode": "stack"}}

    chart = draw_rows("stacked", labels, draw, axis=axis, description=description, unit=unit, span=span)
    return replace(chart, legend=tuple(LegendEntry(one.name, one.tone) for one in series))


def draw_columns(
    values: Sequence[tuple[Number, int]], *, hovers: Sequence[str], axes: tuple[str, str], description: str
) -> Chart:
    """How often each number was given: upright columns over a number line."""
    trace = {
        "type": "bar",
        "x": [write_number(value) for value, _ in values],
        "y": [times for _, times in values],
        "marker": {"color": "var(--bar)", "line": {"width": 0}},
        "hovertext": [escape_words(hover) for hover in hovers],
        "hoverinfo": "text",
    }
    layout = build_layout()
    layout["margin"] = {"l": 56, "r": 16, "t": 12, "b": 48}
    layout["bargap"] = 0.25
    layout["xaxis"] = build_axis(axes[0], ticks=YEAR_TICKS) | {"showgrid": False, "nticks": 12}
    layout["yaxis"] = build_axis(axes[1], ticks=WHOLE_TICKS) | {"rangemode": "tozero"}
    narrow = {
        "below": NARROW,
        "height": 240,
        "data": [trace],
        "layout": layout | {"xaxis": layout["xaxis"] | {"nticks": 6}},
    }
    return Chart("columns", {"data": [trace], "layout": layout, "narrow": narrow}, 260, description)


def draw_boxes(boxes: Sequence[Box], *, axis: str, description: str, unit: str = "") -> Chart:
    """Median, quartiles and extremes, one a row, the first on top."""
    shown = [(place, box, box.quartiles, box.ends) for place, box in enumerate(boxes)]
    drawn = [(place, box, quartiles, ends) for place, box, quartiles, ends in shown if quartiles and ends]
    largest = max([0.0, *(write_number(ends[1]) or 0.0 for *_, ends in drawn)])

    def draw(places: Places, layout: dict[str, Any]) -> dict[str, Any]:
        rows = [places.rows[place] for place, *_ in drawn]
        trace = {
            "type": "box",
            "orientation": "h",
            "y": rows,
            "q1": [write_number(quartiles[0]) for _, _, quartiles, _ in drawn],
            "median": [write_number(quartiles[1]) for _, _, quartiles, _ in drawn],
            "q3": [write_number(quartiles[2]) for _, _, quartiles, _ in drawn],
            "lowerfence": [write_number(ends[0]) for *_, ends in drawn],
            "upperfence": [write_number(ends[1]) for *_, ends in drawn],
            "width": NARROW_BAR if places.is_narrow else 0.5,
            "whiskerwidth": 0.4,
            "line": {"color": "var(--category-1)", "width": 1.6},
            "fillcolor": "var(--accent-soft)",
            "hoverinfo": "skip",
        }
        pointers = {  # a box would name its parts in the library's own words
            "type": "scatter",
            "mode": "markers",
            "x": [write_number(quartiles[1]) for _, _, quartiles, _ in drawn],
            "y": rows,
            "marker": {"size": 9, "symbol": "diamond", "color": "var(--category-1)"},
            "hovertext": [escape_words(box.hover) for _, box, _, _ in drawn],
            "hoverinfo": "text",
        }
        layout["annotations"] += [
            remark_row(places.rows[place], box.remark)
            for place, box in enumerate(boxes)
            if not box.quartiles and box.remark
        ]
        return {"data": [trace, pointers] if drawn else [], "layout": layout}

    labels = [box.label for box in boxes]
    span = (0.0, round_up_end(largest))
    return draw_rows("boxes", labels, draw, axis=axis, description=description, unit=unit, span=span)
