"""Charts of rows: labels beside the rows, or above them where the place is narrow; bands of rows; remarks in a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from surveyapp.reports.chart_labels import escape_words, measure_longest, wrap_label
from surveyapp.reports.chart_theme import FONT_SIZE, SMALL_SIZE, build_axis, build_layout
from surveyapp.reports.charts.drawing import NARROW, NARROW_ON_PAPER, Chart, ChartKind

ROW_HEIGHT = 30  # pixels at least
LINE_HEIGHT = 15  # of a label at 12 px
CHARACTER_WIDTH = 6.4  # of a narrow character at 12 px
AXIS_HEIGHT = 30
BAND_HEIGHT = 20  # above the rows of a band, for its name
NARROW_LABEL = 46  # narrow characters in a line of a label above its row
NARROW_BAR = 0.36  # of a row's height


@dataclass(frozen=True, slots=True)
class Band:
    """Consecutive rows that belong together, from `first` to `last` (counted from 0), with the words for them."""

    first: int
    last: int
    text: str


@dataclass(frozen=True, slots=True)
class Places:
    """Where rows lie on their axis. `gap` is the room above each band, as a share of a row's height."""

    rows: list[float]
    gap: float
    end: float
    is_narrow: bool


def draw_rows(
    kind: ChartKind,
    labels: Sequence[str],
    draw: Callable[[Places, dict[str, Any]], dict[str, Any]],
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
    height = measure_rows(labels, least) + room
    wide = _place_rows(len(labels), bands, _measure_row(labels, least), is_narrow=False)
    figure = draw(wide, lay_out_rows(labels, unit=unit, span=span, places=wide))
    wrapped = [wrap_label(label, NARROW_LABEL, 2) for label in labels]
    row = max([1, *(label.count("<br>") + 1 for label in wrapped)]) * LINE_HEIGHT * 2 + 18
    narrow = _place_rows(len(labels), bands, row, is_narrow=True)
    layout = lay_out_rows(labels, unit=unit, span=span, places=narrow)
    layout["margin"] |= {"l": 14, "r": 22, "t": 14}
    layout["xaxis"] |= {"nticks": 5}
    layout["yaxis"] |= {"showticklabels": False}
    layout["annotations"] = [
        write_beside(place - 0.5, label, size=FONT_SIZE, ink="ink") | {"x": 0, "xshift": -2, "yshift": 6}
        for place, label in zip(narrow.rows, wrapped, strict=True)
    ]
    slim = {
        "below": NARROW,
        "onPaper": NARROW_ON_PAPER,
        "height": max(1, len(labels)) * row + AXIS_HEIGHT + 22 + room,
        **draw(narrow, layout),
    }
    return Chart(kind, {**figure, "narrow": slim}, height, description, axis)


def _place_rows(count: int, bands: Sequence[Band], row_height: float, *, is_narrow: bool) -> Places:
    gap = BAND_HEIGHT / row_height
    firsts = [band.first for band in bands]
    rows = [round(place + gap * sum(first <= place for first in firsts), 4) for place in range(count)]
    return Places(rows, gap, count + gap * len(firsts) - 0.5, is_narrow)


def lay_out_rows(
    labels: Sequence[str], *, unit: str, span: tuple[float, float], places: Places | None = None
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


def _measure_row(labels: Sequence[str], least: int) -> int:
    """Height of each row: as much as the label with most lines needs."""
    lines = max([1, *(wrap_label(label).count("<br>") + 1 for label in labels)])
    return max(least, lines * LINE_HEIGHT + 6)


def measure_rows(labels: Sequence[str], least: int = ROW_HEIGHT) -> int:
    """Height of a chart of rows."""
    return max(1, len(labels)) * _measure_row(labels, least) + AXIS_HEIGHT + 16


def shade_band(band: Band, places: Places) -> dict[str, Any]:
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


def name_band(band: Band, places: Places) -> dict[str, Any]:
    """The band's name stands in the room above its rows, where no mark can reach it."""
    return write_beside(places.rows[band.first] - 0.5 - places.gap, escape_words(band.text)) | {"yshift": -2}


def remark_row(place: float, words: str) -> dict[str, Any]:
    return write_beside(place, escape_words(words)) | {"yanchor": "middle"}


def write_beside(y: float, text: str, *, size: int = SMALL_SIZE, ink: str = "ink-faint") -> dict[str, Any]:
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


def round_up_end(value: float) -> float:
    """An end for an axis: a little more than `value`, in round steps."""
    if value <= 0:
        return 1.0
    step = 10.0 ** (len(str(int(value))) - 1) / 2
    return step * (int(value * 1.04 / step) + 1)
