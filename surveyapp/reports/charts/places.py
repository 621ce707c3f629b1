"""Named points on a plane, and where their words find room."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from surveyapp.reports.chart_labels import escape_words, measure_text, wrap_label
from surveyapp.reports.chart_theme import FONT_SIZE, build_axis, build_layout
from surveyapp.reports.charts.drawing import Chart, write_number
from surveyapp.reports.words import Number

# Places for the words at a point: Plotly's name, and where the words' middle lies in units of their own size.
_TEXT_PLACES = (
    ("top center", 0.0, 1.0),
    ("bottom center", 0.0, -1.0),
    ("middle right", 0.62, 0.0),
    ("middle left", -0.62, 0.0),
)


@dataclass(frozen=True, slots=True)
class Spot:
    """A named point of a map."""

    label: str
    x: Number
    y: Number
    hover: str
    is_hollow: bool = False


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
        "x": [write_number(spot.x) for spot in spots],
        "y": [write_number(spot.y) for spot in spots],
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
        x, y = write_number(centre[0]), write_number(centre[1])
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
