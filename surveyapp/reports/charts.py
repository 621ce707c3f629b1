"""Plotly figures: how marks are drawn. What they mean is decided before, in the report modules.

A figure is the plain `data` and `layout` of Plotly's schema. `graph_objects` would build the same and check it at every
request (measured: 7 ms a figure and 0.16 s at the first, against 0.1 ms); here the tests check every figure with it
(`load_figure`), and the pages stay quick. Only trace types of the cartesian bundle are used.

Colours, marks and number formats are those of `chart_theme`; colours are written `var(--token)` and the script puts in
their values, so one figure serves the light and the dark scheme and paper. Categories are drawn at the places 0, 1, 2 …
and labelled there, because two of them may have the same words.

A figure may hold a second drawing of the same marks for a narrow place (a phone): labels above their rows instead of
beside them, or numbers instead of words. The script takes it where the place is narrower than `below` (`onPaper` when
it is printed).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from surveyapp.reports.chart_labels import escape_words, measure_longest, measure_text, wrap_label
from surveyapp.reports.chart_theme import (
    DOT_SIZE,
    FONT_SIZE,
    LINE_WIDTH,
    SMALL_SIZE,
    SYMBOLS,
    WHOLE_TICKS,
    YEAR_TICKS,
    build_axis,
    build_fill,
    build_layout,
    name_category,
)
from surveyapp.reports.words import Number

if TYPE_CHECKING:
    import plotly.graph_objects as go

ChartKind = Literal["ranges", "pairs", "stacked", "bars", "columns", "boxes", "cells", "places", "days"]

ROW_HEIGHT = 30  # pixels at least
LINE_HEIGHT = 15  # of a label at 12 px
CHARACTER_WIDTH = 6.4  # of a narrow character at 12 px
AXIS_HEIGHT = 30
BAND_HEIGHT = 20  # above the rows of a band, for its name
HEAT_STEPS = 5

NARROW = 440  # pixels: below this, labels stand above their rows
NARROW_ON_PAPER = 340  # a printed page is read closer, and shorter figures save pages
NARROW_LABEL = 46  # narrow characters in a line of a label above its row
NARROW_BAR = 0.36  # of a row's height
MOST_FULL_CELLS = 11  # columns of a narrow heat map whose cells have room for the count
CELL_WIDTH = 64  # pixels that a cell of a heat map needs beside its row labels

# Places for the words at a point: Plotly's name, and where the words' middle lies in units of their own size.
_TEXT_PLACES = (
    ("top center", 0.0, 1.0),
    ("bottom center", 0.0, -1.0),
    ("middle right", 0.62, 0.0),
    ("middle left", -0.62, 0.0),
)


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


@dataclass(frozen=True, slots=True)
class Band:
    """Consecutive rows that belong together, from `first` to `last` (counted from 0), with the words for them."""

    first: int
    last: int
    text: str


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


@dataclass(frozen=True, slots=True)
class Spot:
    """A named point of a map."""

    label: str
    x: Number
    y: Number
    hover: str
    is_hollow: bool = False


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
    ends = span or (0.0, _round_up(max([0.0, *(_number(mark.high) or _number(mark.value) or 0.0 for mark in marks)])))

    def draw(places: _Places, layout: dict[str, Any]) -> dict[str, Any]:
        trace = {
            "type": "scatter",
            "mode": "markers",
            "x": [_number(mark.value) for mark in marks],
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
        layout["shapes"] = [_shade(band, places) for place, band in enumerate(bands) if place % 2 == 0]
        layout["annotations"] += [
            *(_name_band(band, places) for band in bands),
            *_remark_rows(marks, places),
        ]
        return {"data": [trace], "layout": layout}

    return _draw_rows("ranges", labels, draw, axis=axis, description=description, unit=unit, span=ends, bands=bands)


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

    def draw(places: _Places, layout: dict[str, Any]) -> dict[str, Any]:
        traces = [
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": [_number(mark.value) for mark in marks],
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

    chart = _draw_rows(
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


def draw_stacked(
    labels: Sequence[str], series: Sequence[Series], *, axis: str, description: str, unit: str = "%"
) -> Chart:
    """Bars that add up, one a row, the first on top."""
    totals = [sum(_number(one.values[place]) or 0.0 for one in series) for place in range(len(labels))]
    span = (0.0, 100.0) if unit == "%" else (0.0, _round_up(max([0.0, *totals])))

    def draw(places: _Places, layout: dict[str, Any]) -> dict[str, Any]:
        traces = [
            {
                "type": "bar",
                "orientation": "h",
                "name": one.name,
                "x": [_number(value) for value in one.values],
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

    chart = _draw_rows("stacked", labels, draw, axis=axis, description=description, unit=unit, span=span)
    return replace(chart, legend=tuple(LegendEntry(one.name, one.tone) for one in series))


def draw_bars(marks: Sequence[Mark], *, axis: str, description: str, unit: str = "%") -> Chart:
    """Bars from zero with ranges, one a row, the first on top. Those of few cases are pale with an outline."""

    def draw(places: _Places, layout: dict[str, Any]) -> dict[str, Any]:
        trace = {
            "type": "bar",
            "orientation": "h",
            "x": [_number(mark.value) for mark in marks],
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
    return _draw_rows("bars", labels, draw, axis=axis, description=description, unit=unit, span=(0.0, 100.0))


def draw_columns(
    values: Sequence[tuple[Number, int]], *, hovers: Sequence[str], axes: tuple[str, str], description: str
) -> Chart:
    """How often each number was given: upright columns over a number line."""
    trace = {
        "type": "bar",
        "x": [_number(value) for value, _ in values],
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
    largest = max([0.0, *(_number(ends[1]) or 0.0 for *_, ends in drawn)])

    def draw(places: _Places, layout: dict[str, Any]) -> dict[str, Any]:
        rows = [places.rows[place] for place, *_ in drawn]
        trace = {
            "type": "box",
            "orientation": "h",
            "y": rows,
            "q1": [_number(quartiles[0]) for _, _, quartiles, _ in drawn],
            "median": [_number(quartiles[1]) for _, _, quartiles, _ in drawn],
            "q3": [_number(quartiles[2]) for _, _, quartiles, _ in drawn],
            "lowerfence": [_number(ends[0]) for *_, ends in drawn],
            "upperfence": [_number(ends[1]) for *_, ends in drawn],
            "width": NARROW_BAR if places.is_narrow else 0.5,
            "whiskerwidth": 0.4,
            "line": {"color": "var(--category-1)", "width": 1.6},
            "fillcolor": "var(--accent-soft)",
            "hoverinfo": "skip",
        }
        pointers = {  # a box would name its parts in the library's own words
            "type": "scatter",
            "mode": "markers",
            "x": [_number(quartiles[1]) for _, _, quartiles, _ in drawn],
            "y": rows,
            "marker": {"size": 9, "symbol": "diamond", "color": "var(--category-1)"},
            "hovertext": [escape_words(box.hover) for _, box, _, _ in drawn],
            "hoverinfo": "text",
        }
        layout["annotations"] += [
            _remark(places.rows[place], box.remark)
            for place, box in enumerate(boxes)
            if not box.quartiles and box.remark
        ]
        return {"data": [trace, pointers] if drawn else [], "layout": layout}

    labels = [box.label for box in boxes]
    span = (0.0, _round_up(largest))
    return _draw_rows("boxes", labels, draw, axis=axis, description=description, unit=unit, span=span)


def draw_cells(
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    values: Sequence[Sequence[Number | None]],
    *,
    texts: Sequence[Sequence[str]],
    hovers: Sequence[Sequence[str]],
    description: str,
) -> Chart:
    """A heat map of percentages in five steps. `columns` are a label and the line below it (a base).

    A cell without a value keeps the ground's colour and shows its text all the same.
    """
    trace = {
        "type": "heatmap",
        "z": [[_number(value) for value in row] for row in values],
        "x": list(range(len(columns))),
        "y": list(range(len(rows))),
        "zmin": 0,
        "zmax": 100,
        "xgap": 2,
        "ygap": 2,
        "colorscale": [
            [end / HEAT_STEPS, f"var(--heat-{step})"] for step in range(HEAT_STEPS) for end in (step, step + 1)
        ],
        "showscale": False,
        "hovertext": [[escape_words(hover) for hover in row] for row in hovers],
        "hoverinfo": "text",
        "hoverongaps": False,
    }
    width = 15 if len(columns) > 6 else 22
    heads = [wrap_label(label, width, 5) + (f"<br>{escape_words(note)}" if note else "") for label, note in columns]
    layout = _lay_out_rows(rows, unit="", span=(-0.5, len(columns) - 0.5))
    layout["annotations"] = _write_cells(values, texts)
    top = max([1, *(head.count("<br>") + 1 for head in heads)]) * LINE_HEIGHT + 12
    layout["margin"] |= {"t": top, "b": 8}
    _head_columns(layout, heads, angle=0)
    height = _measure_rows(rows, 40) - AXIS_HEIGHT - 16 + top + 8
    below = layout["margin"]["l"] + len(columns) * CELL_WIDTH
    figure = {
        "data": [trace],
        "layout": layout,
        "narrow": {"below": below, **_draw_narrow_cells(trace, rows, columns, texts)},
    }
    legend = tuple(
        LegendEntry(f"{100 * step // HEAT_STEPS}–{100 * (step + 1) // HEAT_STEPS}%", f"heat-{step}")
        for step in range(HEAT_STEPS)
    )
    return Chart("cells", figure, height, description, legend=legend)


def find_heat_step(percent: Number) -> int:
    """The step of the heat scale, 0 to 4, of a percentage."""
    return min(HEAT_STEPS - 1, int(percent * HEAT_STEPS / 100))


def draw_places(
    spots: Sequence[Spot],
    *,
    axes: tuple[str, str],
    centre: tuple[Number, Number] | None,
    corners: tuple[str, str, str, str],
    spans: tuple[tuple[float, float], tuple[float, float]],
    description: str,
) -> Chart:
    """Named points on a plane, with cross-hairs at `centre` and words in its corners (top left, top right, bottom
    left, bottom right)."""
    color = "var(--category-1)"
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [_number(spot.x) for spot in spots],
        "y": [_number(spot.y) for spot in spots],
        "text": [wrap_label(spot.label, 20, 2) for spot in spots],
        "textposition": _place_words(spots, spans),
        "textfont": {"size": FONT_SIZE, "color": "var(--ink)"},
        "marker": {
            "size": 12,
            "color": ["var(--surface)" if spot.is_hollow else color for spot in spots],
            "line": {"color": color, "width": 2},
        },
        "hovertext": [escape_words(spot.hover) for spot in spots],
        "hoverinfo": "text",
        "cliponaxis": False,
    }
    layout = build_layout()
    layout["margin"] = {"l": 56, "r": 24, "t": 16, "b": 56}
    layout["xaxis"] = build_axis(axes[0]) | {"range": list(spans[0])}
    layout["yaxis"] = build_axis(axes[1]) | {"range": list(spans[1])}
    if centre is not None:
        x, y = _number(centre[0]), _number(centre[1])
        line = {"color": "var(--line-strong)", "width": 1, "dash": "dash"}
        layout["shapes"] = [
            {"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1, "line": line, "layer": "below"},
            {"type": "line", "y0": y, "y1": y, "xref": "paper", "x0": 0, "x1": 1, "line": line, "layer": "below"},
        ]
    places = ((0, 1, "left", "top"), (1, 1, "right", "top"), (0, 0, "left", "bottom"), (1, 0, "right", "bottom"))
    layout["annotations"] = [
        {
            "xref": "paper",
            "yref": "paper",
            "x": x,
            "y": y,
            "xanchor": across,
            "yanchor": down,
            "text": escape_words(words),
            "showarrow": False,
            "font": {"size": FONT_SIZE, "color": "var(--ink-faint)"},
        }
        for words, (x, y, across, down) in zip(corners, places, strict=True)
    ]
    numbered = trace | {
        "text": [str(number) for number in range(1, len(spots) + 1)],
        "textposition": "middle center",
        "textfont": {
            "size": FONT_SIZE,
            "color": [color if spot.is_hollow else "var(--on-category-1)" for spot in spots],
        },
        "marker": trace["marker"] | {"size": 22, "opacity": 0.92},
    }
    narrow = {
        "below": 560,
        "height": 400,
        "data": [numbered],
        "layout": layout | {"margin": layout["margin"] | {"l": 44, "r": 12}},
    }
    key = tuple(spot.label for spot in spots)
    return Chart("places", {"data": [trace], "layout": layout, "narrow": narrow}, 460, description, key=key)


def _number(value: Number | None) -> float | None:
    """A number as JSON carries it, to six digits after the point: more than any screen shows."""
    return None if value is None else round(float(value), 6)


def _round_up(value: float) -> float:
    """An end for an axis: a little more than `value`, in round steps."""
    if value <= 0:
        return 1.0
    step = 10.0 ** (len(str(int(value))) - 1) / 2
    return step * (int(value * 1.04 / step) + 1)


def _find_cell_ink(percent: Number | None) -> str:
    return "ink-faint" if percent is None else f"on-heat-{find_heat_step(percent)}"


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


@dataclass(frozen=True, slots=True)
class _Places:
    """Where rows lie on their axis. `gap` is the room above each band, as a share of a row's height."""

    rows: list[float]
    gap: float
    end: float
    is_narrow: bool


def _place_rows(count: int, bands: Sequence[Band], row_height: float, *, is_narrow: bool) -> _Places:
    gap = BAND_HEIGHT / row_height
    firsts = [band.first for band in bands]
    rows = [round(place + gap * sum(first <= place for first in firsts), 4) for place in range(count)]
    return _Places(rows, gap, count + gap * len(firsts) - 0.5, is_narrow)


def _draw_rows(
    kind: ChartKind,
    labels: Sequence[str],
    draw: Callable[[_Places, dict[str, Any]], dict[str, Any]],
    *,
    axis: str,
    description: str,
    unit: str,
    span: tuple[float, float],
    bands: Sequence[Band] = (),
    least: int = ROW_HEIGHT,
) -> Chart:
    """A chart of rows in both widths: labels beside the rows, and above them where the place is narrow."""
    room = BAND_HEIGHT * len(bands)
    height = _measure_rows(labels, least) + room
    wide = _place_rows(len(labels), bands, _measure_row(labels, least), is_narrow=False)
    figure = draw(wide, _lay_out_rows(labels, unit=unit, span=span, places=wide))
    wrapped = [wrap_label(label, NARROW_LABEL, 2) for label in labels]
    row = max([1, *(label.count("<br>") + 1 for label in wrapped)]) * LINE_HEIGHT * 2 + 18
    narrow = _place_rows(len(labels), bands, row, is_narrow=True)
    layout = _lay_out_rows(labels, unit=unit, span=span, places=narrow)
    layout["margin"] |= {"l": 14, "r": 22, "t": 14}
    layout["xaxis"] |= {"nticks": 5}
    layout["yaxis"] |= {"showticklabels": False}
    layout["annotations"] = [
        _write_beside(place - 0.5, label, size=FONT_SIZE, ink="ink") | {"x": 0, "xshift": -2, "yshift": 6}
        for place, label in zip(narrow.rows, wrapped, strict=True)
    ]
    slim = {
        "below": NARROW,
        "onPaper": NARROW_ON_PAPER,
        "height": max(1, len(labels)) * row + AXIS_HEIGHT + 22 + room,
        **draw(narrow, layout),
    }
    return Chart(kind, {**figure, "narrow": slim}, height, description, axis)


def _lay_out_rows(
    labels: Sequence[str], *, unit: str, span: tuple[float, float], places: _Places | None = None
) -> dict[str, Any]:
    layout = build_layout()
    labels = [wrap_label(label) for label in labels]
    longest = measure_longest(labels)
    # The margin is set here: the library's own fitting of labels can fail to settle on a narrow screen.
    layout["margin"] = {"l": round(longest * CHARACTER_WIDTH) + 16, "r": 24, "t": 8, "b": AXIS_HEIGHT}
    layout["xaxis"] = build_axis() | {"range": list(span), "ticksuffix": unit, "nticks": 6}
    layout["yaxis"] = build_axis() | {
        "range": [len(labels) - 0.5 if places is None else places.end, -0.5],
        "tickvals": list(range(len(labels))) if places is None else places.rows,
        "ticktext": labels,
        "tickfont": {"size": FONT_SIZE, "color": "var(--ink)"},
        "showgrid": False,
        "ticklabelstandoff": 6,
    }
    layout["annotations"] = []
    return layout


def _head_columns(layout: dict[str, Any], heads: Sequence[str], *, angle: int) -> None:
    layout["xaxis"] |= {
        "side": "top",
        "tickvals": list(range(len(heads))),
        "ticktext": list(heads),
        "tickangle": angle,
        "ticksuffix": "",
        "showgrid": False,
        "linecolor": "rgba(0,0,0,0)",
        "tickfont": {"size": SMALL_SIZE, "color": "var(--ink-soft)"},
    }
    layout["yaxis"] |= {"showgrid": False, "linecolor": "rgba(0,0,0,0)"}


def _write_cells(
    values: Sequence[Sequence[Number | None]], texts: Sequence[Sequence[str]], size: int = FONT_SIZE
) -> list[dict[str, Any]]:
    return [
        {
            "x": column,
            "y": row,
            "text": escape_words(text),
            "showarrow": False,
            "font": {"size": size, "color": f"var(--{_find_cell_ink(values[row][column])})"},
        }
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
        if text
    ]


def _draw_narrow_cells(
    trace: Mapping[str, Any],
    rows: Sequence[str],
    columns: Sequence[tuple[str, str]],
    texts: Sequence[Sequence[str]],
) -> dict[str, Any]:
    """The heat map of a phone: headings upright, each row's name above its cells. With many columns the counts are
    left to the table and to pointing at a cell."""
    heads = [wrap_label(label, 22, 2) + (f" {escape_words(note)}" if note else "") for label, note in columns]
    longest = measure_longest(heads)
    is_full = len(columns) <= MOST_FULL_CELLS
    row, room = (54, 20) if is_full else (42, 20)
    layout = build_layout()
    layout["margin"] = {"l": 2, "r": 2, "t": round(longest * CHARACTER_WIDTH * 0.94) + 12 + room // 2, "b": 8}
    layout["xaxis"] = build_axis() | {"range": [-0.5, len(columns) - 0.5]}
    layout["yaxis"] = build_axis() | {"range": [len(rows) - 0.5, -0.5], "showticklabels": False}
    _head_columns(layout, heads, angle=-90)
    layout["xaxis"] |= {"ticklabelstandoff": room // 2}
    shown = [[text if is_full else text.split("\n")[0].rstrip("%") for text in line] for line in texts]
    layout["annotations"] = [
        *_write_cells(trace["z"], shown, SMALL_SIZE if len(columns) <= MOST_FULL_CELLS // 2 else SMALL_SIZE - 1),
        *(
            _write_beside(place - 0.5, wrap_label(label, 54, 1), size=FONT_SIZE, ink="ink")
            | {"x": 0, "yanchor": "middle"}
            for place, label in enumerate(rows)
        ),
    ]
    height = len(rows) * row + layout["margin"]["t"] + 8
    return {"height": height, "data": [{**trace, "ygap": room}], "layout": layout}


def _measure_row(labels: Sequence[str], least: int) -> int:
    """Height of each row: as much as the label with most lines needs."""
    lines = max([1, *(wrap_label(label).count("<br>") + 1 for label in labels)])
    return max(least, lines * LINE_HEIGHT + 6)


def _measure_rows(labels: Sequence[str], least: int = ROW_HEIGHT) -> int:
    """Height of a chart of rows."""
    return max(1, len(labels)) * _measure_row(labels, least) + AXIS_HEIGHT + 16


def _shade(band: Band, places: _Places) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": places.rows[band.first] - 0.5 - places.gap,
        "y1": places.rows[band.last] + 0.5,
        "fillcolor": "var(--surface-sunk)",
        "line": {"width": 0},
        "layer": "below",
    }


def _name_band(band: Band, places: _Places) -> dict[str, Any]:
    """The band's name stands in the room above its rows, where no mark can reach it."""
    return _write_beside(places.rows[band.first] - 0.5 - places.gap, escape_words(band.text)) | {"yshift": -2}


def _remark_rows(marks: Sequence[Mark], places: _Places) -> list[dict[str, Any]]:
    return [
        _remark(place, mark.remark)
        for place, mark in zip(places.rows, marks, strict=True)
        if mark.value is None and mark.remark
    ]


def _remark(place: float, words: str) -> dict[str, Any]:
    return _write_beside(place, escape_words(words)) | {"yanchor": "middle"}


def _write_beside(y: float, text: str, *, size: int = SMALL_SIZE, ink: str = "ink-faint") -> dict[str, Any]:
    """Words at the beginning of a row, hanging from `y`."""
    return {
        "xref": "paper",
        "x": 0.01,
        "xanchor": "left",
        "y": y,
        "yanchor": "top",
        "align": "left",
        "text": text,
        "showarrow": False,
        "font": {"size": size, "color": f"var(--{ink})"},
    }


def _place_words(spots: Sequence[Spot], spans: tuple[tuple[float, float], tuple[float, float]]) -> list[str]:
    """Where the words stand at each point, so that they cover no other words or point if there is a free side.

    Sizes are those of a chart about 560 by 390 pixels inside; a wider one has more room, not less.
    """
    wide, high = 560.0 / (spans[0][1] - spans[0][0]), 390.0 / (spans[1][1] - spans[1][0])
    points = [((float(spot.x) - spans[0][0]) * wide, (float(spot.y) - spans[1][0]) * high) for spot in spots]
    taken: list[tuple[float, float, float, float]] = [(x - 7, y - 7, x + 7, y + 7) for x, y in points]
    chosen: list[str] = []
    for spot, (x, y) in zip(spots, points, strict=True):
        lines = wrap_label(spot.label, 20, 2).split("<br>")
        width, height = max(map(measure_text, lines)) * 6.4, len(lines) * 15.0
        best, least = _TEXT_PLACES[0][0], float("inf")
        for name, right, up in _TEXT_PLACES:
            middle_x, middle_y = x + right * (width + 14), y + up * (height / 2 + 11)
            box = (middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2)
            covered = sum(_measure_overlap(box, other) for other in taken)
            covered += max(0.0, -box[0]) * height + max(0.0, box[2] - 560) * height
            if covered < least - 1:
                best, least, own_box = name, covered, box
        taken.append(own_box)
        chosen.append(best)
    return chosen


def _measure_overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return across * down if across > 0 and down > 0 else 0.0
