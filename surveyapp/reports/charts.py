"""Plotly figures: how marks are drawn. What they mean is decided before, in the report modules.

A figure is the plain `data` and `layout` of Plotly's schema. `graph_objects` would build the same and check it at every
request (measured: 7 ms a figure and 0.16 s at the first, against 0.1 ms); here the tests check every figure with it
(`load_figure`), and the pages stay quick. Only trace types of the cartesian bundle are used.

Colours and the font are the design tokens of the style sheets, written `var(--token)`; the script puts in their values,
so one figure serves the light and the dark scheme. Categories are drawn at the places 0, 1, 2 … and labelled there,
because two of them may have the same words.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal
from unicodedata import east_asian_width

from surveyapp.reports.words import Number

if TYPE_CHECKING:
    import plotly.graph_objects as go

ChartKind = Literal["ranges", "pairs", "stacked", "bars", "columns", "boxes", "cells", "places"]

LABEL_WIDTH = 26  # narrow characters in a line of a label; Korean and Japanese ones count as two
LABEL_LINES = 3
ROW_HEIGHT = 30  # pixels at least
LINE_HEIGHT = 15  # of a label at 12 px
CHARACTER_WIDTH = 6.4  # of a narrow character at 12 px
AXIS_HEIGHT = 30
HEAT_STEPS = 5

# Places for the words at a point: Plotly's name, and where the words' middle lies in units of their own size.
_TEXT_PLACES = (
    ("top center", 0.0, 1.0),
    ("bottom center", 0.0, -1.0),
    ("middle right", 0.62, 0.0),
    ("middle left", -0.62, 0.0),
)


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """What a colour stands for; `tone` is the token's name without dashes in front (`level-3`)."""

    text: str
    tone: str
    is_hollow: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """One drawing. `height` is in pixels, `description` says in words what can be seen."""

    kind: ChartKind
    figure: Mapping[str, Any]
    height: int
    description: str
    caption: str = ""  # what is measured along the axis: written above the drawing, where it can break into lines
    legend: tuple[LegendEntry, ...] = ()
    is_wide: bool = False  # scrolls sideways on a narrow screen instead of being squeezed

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
    tone: str = "series-1",
) -> Chart:
    """Dots with ranges, one a row, the first on top. `span` are the ends of the axis; without it the marks decide."""
    color, paper = f"var(--{tone})", "var(--surface)"
    xs = [_number(mark.value) for mark in marks]
    trace: dict[str, Any] = {
        "type": "scatter",
        "mode": "markers",
        "x": xs,
        "y": list(range(len(marks))),
        "marker": {
            "size": 11,
            "color": [paper if mark.is_hollow else color for mark in marks],
            "line": {"color": color, "width": 2},
        },
        "error_x": _build_error(marks, color),
        "hovertext": [_escape(mark.hover) for mark in marks],
        "hoverinfo": "text",
        "cliponaxis": False,
    }
    ends = span or (0.0, _round_up(max([0.0, *(_number(mark.high) or _number(mark.value) or 0.0 for mark in marks)])))
    layout = _lay_out_rows([mark.label for mark in marks], unit=unit, span=ends)
    layout["shapes"] = [_shade(band) for place, band in enumerate(bands) if place % 2 == 0]
    layout["annotations"] = [
        *(_name_band(band) for band in bands),
        *(_remark(place, mark.remark) for place, mark in enumerate(marks) if mark.value is None and mark.remark),
    ]
    return Chart(
        "ranges", {"data": [trace], "layout": layout}, _measure_rows([mark.label for mark in marks]), description, axis
    )


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
    tones = ("series-6", "series-1")
    traces = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": [_number(mark.value) for mark in marks],
            "y": [place + shift for place in range(len(marks))],
            "marker": {
                "size": 10,
                "symbol": "diamond" if is_before else "circle",
                "color": "var(--surface)" if is_before else f"var(--{tone})",
                "line": {"color": f"var(--{tone})", "width": 2},
            },
            "error_x": _build_error(marks, f"var(--{tone})"),
            "hovertext": [_escape(mark.hover) for mark in marks],
            "hoverinfo": "text",
            "cliponaxis": False,
        }
        for marks, name, tone, shift, is_before in (
            (before, names[0], tones[0], -0.16, True),
            (now, names[1], tones[1], 0.16, False),
        )
    ]
    layout = _lay_out_rows([mark.label for mark in now], unit=unit, span=span)
    legend = (LegendEntry(names[0], tones[0], is_hollow=True), LegendEntry(names[1], tones[1]))
    return Chart(
        "pairs",
        {"data": traces, "layout": layout},
        _measure_rows([mark.label for mark in now], 40),
        description,
        axis,
        legend,
    )


def draw_stacked(
    labels: Sequence[str], series: Sequence[Series], *, axis: str, description: str, unit: str = "%"
) -> Chart:
    """Bars that add up, one a row, the first on top."""
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": one.name,
            "x": [_number(value) for value in one.values],
            "y": list(range(len(labels))),
            "width": 0.62,
            "marker": {"color": f"var(--{one.tone})", "line": {"color": "var(--surface)", "width": 1}},
            "text": [_escape(text) for text in one.texts],
            "textposition": "inside",
            "insidetextanchor": "middle",
            "textangle": 0,
            "constraintext": "inside",
            "insidetextfont": {"color": f"var(--on-{one.tone})", "size": 12},
            "hovertext": [_escape(hover) for hover in one.hovers],
            "hoverinfo": "text",
        }
        for one in series
    ]
    totals = [sum(_number(one.values[place]) or 0.0 for one in series) for place in range(len(labels))]
    span = (0.0, 100.0) if unit == "%" else (0.0, _round_up(max([0.0, *totals])))
    layout = _lay_out_rows(labels, unit=unit, span=span)
    layout["barmode"] = "stack"
    legend = tuple(LegendEntry(one.name, one.tone) for one in series)
    return Chart("stacked", {"data": traces, "layout": layout}, _measure_rows(labels), description, axis, legend)


def draw_bars(marks: Sequence[Mark], *, axis: str, description: str, unit: str = "%") -> Chart:
    """Bars from zero with ranges, one a row, the first on top."""
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": [_number(mark.value) for mark in marks],
        "y": list(range(len(marks))),
        "width": 0.56,
        "marker": {
            "color": ["var(--bar-few)" if mark.is_hollow else "var(--bar)" for mark in marks],
            "line": {"width": 0},
        },
        "error_x": _build_error(marks, "var(--ink-soft)") | {"thickness": 1.4, "width": 4},
        "hovertext": [_escape(mark.hover) for mark in marks],
        "hoverinfo": "text",
    }
    layout = _lay_out_rows([mark.label for mark in marks], unit=unit, span=(0.0, 100.0))
    layout["annotations"] = [
        _remark(place, mark.remark) for place, mark in enumerate(marks) if mark.value is None and mark.remark
    ]
    return Chart(
        "bars", {"data": [trace], "layout": layout}, _measure_rows([mark.label for mark in marks]), description, axis
    )


def draw_columns(values: Sequence[tuple[Number, int]], *, axes: tuple[str, str], description: str) -> Chart:
    """How often each number was given: upright columns over a number line."""
    numbers = [_number(value) for value, _ in values]
    trace = {
        "type": "bar",
        "x": numbers,
        "y": [times for _, times in values],
        "marker": {"color": "var(--bar)", "line": {"width": 0}},
        "hovertext": [f"{_show(number)}: {times:,}" for number, (_, times) in zip(numbers, values, strict=True)],
        "hoverinfo": "text",
    }
    layout = _lay_out()
    layout["margin"] = {"l": 56, "r": 16, "t": 12, "b": 48}
    layout["bargap"] = 0.25
    layout["xaxis"] = _build_axis(axes[0]) | {"showgrid": False, "tickformat": "d", "nticks": 12}
    layout["yaxis"] = _build_axis(axes[1]) | {"rangemode": "tozero", "tickformat": ",d"}
    return Chart("columns", {"data": [trace], "layout": layout}, 260, description)


def draw_boxes(boxes: Sequence[Box], *, axis: str, description: str, unit: str = "") -> Chart:
    """Median, quartiles and extremes, one a row, the first on top."""
    shown = [(place, box, box.quartiles, box.ends) for place, box in enumerate(boxes)]
    drawn = [(place, box, quartiles, ends) for place, box, quartiles, ends in shown if quartiles and ends]
    trace = {
        "type": "box",
        "orientation": "h",
        "y": [place for place, *_ in drawn],
        "q1": [_number(quartiles[0]) for _, _, quartiles, _ in drawn],
        "median": [_number(quartiles[1]) for _, _, quartiles, _ in drawn],
        "q3": [_number(quartiles[2]) for _, _, quartiles, _ in drawn],
        "lowerfence": [_number(ends[0]) for *_, ends in drawn],
        "upperfence": [_number(ends[1]) for *_, ends in drawn],
        "width": 0.5,
        "whiskerwidth": 0.4,
        "line": {"color": "var(--series-1)", "width": 1.6},
        "fillcolor": "var(--accent-soft)",
        "hoverinfo": "skip",
    }
    largest = max([0.0, *(_number(ends[1]) or 0.0 for *_, ends in drawn)])
    layout = _lay_out_rows([box.label for box in boxes], unit=unit, span=(0.0, _round_up(largest)))
    layout["annotations"] = [
        _remark(place, box.remark) for place, box in enumerate(boxes) if not box.quartiles and box.remark
    ]
    pointers = {  # a box would name its parts in the library's own words
        "type": "scatter",
        "mode": "markers",
        "x": [_number(quartiles[1]) for _, _, quartiles, _ in drawn],
        "y": [place for place, *_ in drawn],
        "marker": {"size": 9, "symbol": "diamond", "color": "var(--series-1)"},
        "hovertext": [_escape(box.hover) for _, box, _, _ in drawn],
        "hoverinfo": "text",
    }
    return Chart(
        "boxes",
        {"data": [trace, pointers] if drawn else [], "layout": layout},
        _measure_rows([box.label for box in boxes]),
        description,
        axis,
    )


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
    width = 15 if len(columns) > 6 else 22
    labels = [wrap_label(label, width, 5) + (f"<br>{_escape(note)}" if note else "") for label, note in columns]
    places = list(range(len(columns)))
    trace = {
        "type": "heatmap",
        "z": [[_number(value) for value in row] for row in values],
        "x": places,
        "y": list(range(len(rows))),
        "zmin": 0,
        "zmax": 100,
        "xgap": 2,
        "ygap": 2,
        "colorscale": [
            [end / HEAT_STEPS, f"var(--heat-{step})"] for step in range(HEAT_STEPS) for end in (step, step + 1)
        ],
        "showscale": False,
        "hovertext": [[_escape(hover) for hover in row] for row in hovers],
        "hoverinfo": "text",
        "hoverongaps": False,
    }
    layout = _lay_out_rows(rows, unit="", span=(-0.5, len(columns) - 0.5))
    layout["xaxis"] |= {
        "side": "top",
        "tickvals": places,
        "ticktext": labels,
        "tickangle": 0,
        "ticksuffix": "",
        "showgrid": False,
        "linecolor": "rgba(0,0,0,0)",
        "tickfont": {"size": 11, "color": "var(--ink-soft)"},
    }
    layout["yaxis"] |= {"showgrid": False, "linecolor": "rgba(0,0,0,0)"}
    layout["annotations"] = [
        {
            "x": column,
            "y": row,
            "text": _escape(text),
            "showarrow": False,
            "font": {"size": 12, "color": f"var(--{_find_cell_ink(values[row][column])})"},
        }
        for row, line in enumerate(texts)
        for column, text in enumerate(line)
        if text
    ]
    head = max([1, *(label.count("<br>") + 1 for label in labels)]) * LINE_HEIGHT + 12
    layout["margin"] |= {"t": head, "b": 8}
    height = _measure_rows(rows, 40) - AXIS_HEIGHT - 16 + head + 8
    legend = tuple(
        LegendEntry(f"{100 * step // HEAT_STEPS}–{100 * (step + 1) // HEAT_STEPS}%", f"heat-{step}")
        for step in range(HEAT_STEPS)
    )
    return Chart(
        "cells", {"data": [trace], "layout": layout}, height, description, legend=legend, is_wide=len(columns) > 3
    )


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
    color = "var(--series-1)"
    trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [_number(spot.x) for spot in spots],
        "y": [_number(spot.y) for spot in spots],
        "text": [wrap_label(spot.label, 20, 2) for spot in spots],
        "textposition": _place_words(spots, spans),
        "textfont": {"size": 12, "color": "var(--ink)"},
        "marker": {
            "size": 12,
            "color": ["var(--surface)" if spot.is_hollow else color for spot in spots],
            "line": {"color": color, "width": 2},
        },
        "hovertext": [_escape(spot.hover) for spot in spots],
        "hoverinfo": "text",
        "cliponaxis": False,
    }
    layout = _lay_out()
    layout["margin"] = {"l": 56, "r": 24, "t": 16, "b": 56}
    layout["xaxis"] = _build_axis(axes[0]) | {"range": list(spans[0])}
    layout["yaxis"] = _build_axis(axes[1]) | {"range": list(spans[1])}
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
            "text": _escape(words),
            "showarrow": False,
            "font": {"size": 12, "color": "var(--ink-faint)"},
        }
        for words, (x, y, across, down) in zip(corners, places, strict=True)
    ]
    return Chart("places", {"data": [trace], "layout": layout}, 460, description, is_wide=True)


def wrap_label(text: str, width: int = LABEL_WIDTH, lines: int = LABEL_LINES) -> str:
    """`text` broken into lines (`<br>`), at blanks and middle dots where it has some, else between characters.

    `width` is in narrow characters; wide ones (Korean, Japanese) count as two. What does not fit into `lines` ends in
    an ellipsis.
    """
    done: list[str] = []
    line = ""
    for piece in _split_pieces(text):
        if line and measure_text(line + piece.rstrip()) > width:
            done.append(line.rstrip())
            line = ""
        line += piece
        while measure_text(line.rstrip()) > width:
            cut = _find_cut(line, width)
            done.append(line[:cut])
            line = line[cut:]
    if line.strip():
        done.append(line.rstrip())
    if len(done) > lines:
        done = [*done[: lines - 1], done[lines - 1].rstrip("·・、, ") + "…"]
    return "<br>".join(_escape(one) for one in done)


def measure_text(text: str) -> int:
    """Width in narrow characters."""
    return sum(2 if east_asian_width(char) in "WF" else 1 for char in text)


def _split_pieces(text: str) -> list[str]:
    """Where a line may end: after a blank, a middle dot, a comma or a slash, and around Japanese punctuation."""
    return [piece for piece in re.split(r"(?<=[\s·・、，/)])|(?=[(（])", text) if piece]


def _find_cut(text: str, width: int) -> int:
    used = 0
    for place, char in enumerate(text):
        used += measure_text(char)
        if used > width:
            return max(1, place)
    return len(text)


def _escape(text: str) -> str:
    """Plotly reads a little HTML in texts; ours are words, with `\\n` for a new line."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def _number(value: Number | None) -> float | None:
    """A number as JSON carries it, to six digits after the point: more than any screen shows."""
    return None if value is None else round(float(value), 6)


def _show(number: float | None) -> str:
    return "" if number is None else f"{number:g}"


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
        "thickness": 2,
        "width": 0,
    }


def _lay_out() -> dict[str, Any]:
    return {
        "font": {"family": "var(--font)", "size": 12, "color": "var(--ink-soft)"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "hovermode": "closest",
        "dragmode": False,
        "hoverlabel": {
            "align": "left",
            "bgcolor": "var(--surface)",
            "bordercolor": "var(--line-strong)",
            "font": {"family": "var(--font)", "size": 12, "color": "var(--ink)"},
        },
    }


def _build_axis(title: str) -> dict[str, Any]:
    return {
        "title": {"text": _escape(title), "font": {"size": 12, "color": "var(--ink-soft)"}, "standoff": 8},
        "fixedrange": True,
        "gridcolor": "var(--line)",
        "zeroline": False,
        "linecolor": "var(--line-strong)",
        "tickfont": {"size": 12, "color": "var(--ink-soft)"},
        "ticks": "",
    }


def _lay_out_rows(labels: Sequence[str], *, unit: str, span: tuple[float, float]) -> dict[str, Any]:
    layout = _lay_out()
    labels = [wrap_label(label) for label in labels]
    longest = max([0, *(measure_text(html.unescape(line)) for label in labels for line in label.split("<br>"))])
    # The margin is set here: the library's own fitting of labels can fail to settle on a narrow screen.
    layout["margin"] = {"l": round(longest * CHARACTER_WIDTH) + 16, "r": 24, "t": 8, "b": AXIS_HEIGHT}
    layout["xaxis"] = _build_axis("") | {"range": list(span), "ticksuffix": unit, "nticks": 6}
    layout["yaxis"] = _build_axis("") | {
        "range": [len(labels) - 0.5, -0.5],
        "tickvals": list(range(len(labels))),
        "ticktext": labels,
        "tickfont": {"size": 12, "color": "var(--ink)"},
        "showgrid": False,
        "ticklabelstandoff": 6,
    }
    return layout


def _measure_rows(labels: Sequence[str], least: int = ROW_HEIGHT) -> int:
    """Height of a chart of rows: all rows are as high as the label with most lines needs."""
    lines = max([1, *(wrap_label(label).count("<br>") + 1 for label in labels)])
    return max(1, len(labels)) * max(least, lines * LINE_HEIGHT + 6) + AXIS_HEIGHT + 16


def _shade(band: Band) -> dict[str, Any]:
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "y0": band.first - 0.5,
        "y1": band.last + 0.5,
        "fillcolor": "var(--surface-sunk)",
        "line": {"width": 0},
        "layer": "below",
    }


def _name_band(band: Band) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 1,
        "xanchor": "right",
        "y": band.first - 0.5,
        "yanchor": "top",
        "text": _escape(band.text),
        "showarrow": False,
        "font": {"size": 11, "color": "var(--ink-faint)"},
    }


def _remark(place: int, words: str) -> dict[str, Any]:
    return {
        "xref": "paper",
        "x": 0.01,
        "xanchor": "left",
        "y": place,
        "text": _escape(words),
        "showarrow": False,
        "font": {"size": 11, "color": "var(--ink-faint)"},
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
