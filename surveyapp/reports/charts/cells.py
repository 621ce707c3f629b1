"""Heat maps: percentages of rows and columns in five steps of colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surveyapp.reports.chart_labels import escape_words, measure_longest, wrap_label
from surveyapp.reports.chart_theme import FONT_SIZE, SMALL_SIZE, build_axis, build_layout
from surveyapp.reports.charts.drawing import Chart, LegendEntry, write_number
from surveyapp.reports.charts.rows import (
    AXIS_HEIGHT,
    CHARACTER_WIDTH,
    LINE_HEIGHT,
    lay_out_rows,
    measure_rows,
    write_beside,
)
from surveyapp.reports.words import Number

HEAT_STEPS = 5
MOST_FULL_CELLS = 11  # columns of a narrow heat map whose cells have room for the count
CELL_WIDTH = 64  # pixels that a cell of a heat map needs beside its row labels


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
        "z": [[write_number(value) for value in row] for row in values],
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
    layout = lay_out_rows(rows, unit="", span=(-0.5, len(columns) - 0.5))
    layout["annotations"] = _write_cells(values, texts)
    top = max([1, *(head.count("<br>") + 1 for head in heads)]) * LINE_HEIGHT + 12
    layout["margin"] |= {"t": top, "b": 8}
    _head_columns(layout, heads, angle=0)
    height = measure_rows(rows, 40) - AXIS_HEIGHT - 16 + top + 8
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


def _find_cell_ink(percent: Number | None) -> str:
    return "ink-faint" if percent is None else f"on-heat-{find_heat_step(percent)}"


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
            write_beside(place - 0.5, wrap_label(label, 54, 1), size=FONT_SIZE, ink="ink")
            | {"x": 0, "yanchor": "middle"}
            for place, label in enumerate(rows)
        ),
    ]
    height = len(rows) * row + layout["margin"]["t"] + 8
    return {"height": height, "data": [{**trace, "ygap": room}], "layout": layout}
