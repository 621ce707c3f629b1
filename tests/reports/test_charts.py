from __future__ import annotations

import json
import re
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.reports.chart_labels import measure_text, wrap_label
from surveyapp.reports.charts import (
    Band,
    Box,
    Chart,
    Mark,
    Series,
    Spot,
    draw_bars,
    draw_boxes,
    draw_cells,
    draw_columns,
    draw_pairs,
    draw_places,
    draw_ranges,
    draw_stacked,
    find_heat_step,
    load_figure,
)
from surveyapp.reports.day_charts import DaySeries, draw_days

STYLES = Path(__file__).parents[2] / "surveyapp" / "web" / "static" / "css"
CARTESIAN = {"scatter", "bar", "box", "heatmap"}  # trace types that the vendored bundle draws, as far as we use them

MARKS = (
    Mark("Quality <GMP> & more", Fraction(1, 3), Fraction(1, 10), Fraction(1, 2), "a\nb"),
    Mark("약가·보험급여·공급정책", 12, 10, 40, "<b>"),
    Mark("提携・輸入・流通", None, None, None, "", remark="no index"),
    Mark("Few", 2, 1, 3, "", is_hollow=True),
)
SERIES = tuple(
    Series(str(level), f"warm-{level}", [50, None, Fraction(100, 3)], ["1", "", "2"], ["x", "", "y"])
    for level in range(1, 6)
)
CHARTS: tuple[Chart, ...] = (
    draw_ranges(MARKS, axis="Index", description="d", bands=[Band(0, 1, "Tier 1"), Band(2, 3, "Tier 2")]),
    draw_ranges((), axis="Index", description="d"),
    draw_pairs(MARKS, MARKS, names=("2025", "2026"), axis="%", description="d", unit="%", span=(0.0, 100.0)),
    draw_stacked(["a", "b", "c"], SERIES, axis="%", description="d"),
    draw_stacked(["a", "b", "c"], SERIES, axis="companies", description="d", unit=""),
    draw_bars(MARKS, axis="%", description="d"),
    draw_columns(
        [(2019, 3), (Fraction(41, 2), 1)], hovers=["2019: 3", "20.5: 1"], axes=("Year", "Count"), description="d"
    ),
    draw_days(
        [date(2026, 11, 2), date(2026, 11, 3)], [DaySeries("begun", [1, 2], ["a", "b"])], axis="n", description="d"
    ),
    draw_days(
        [date(2026, 1, 1) + timedelta(days=day) for day in range(90)],
        [DaySeries(name, list(range(90)), ["h"] * 90) for name in ("invited", "submitted")],
        axis="n",
        description="d",
    ),
    draw_boxes([Box("a", (1, 2, 3), (0, 9), "h"), Box("b", None, None, remark="few")], axis="Months", description="d"),
    draw_cells(
        ["a", "b"],
        [("c", "n=1"), ("d", "")],
        [[0, 100], [None, Fraction(200, 3)]],
        texts=[["0%", "100%"], ["few", "67%"]],
        hovers=[["", ""], ["", ""]],
        description="d",
    ),
    draw_places(
        [Spot("Pricing", 50, 26, "h"), Spot("Clinical", 50, 26, "h", is_hollow=True)],
        axes=("Readiness", "Index"),
        centre=(50, Fraction(53, 2)),
        corners=("a", "b", "c", "d"),
        spans=((0.0, 100.0), (0.0, 40.0)),
        description="d",
    ),
)


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.kind)
def test_plotly_knows_everything_in_a_figure(chart: Chart) -> None:
    figure = load_figure(chart)  # raises for any attribute or value that Plotly does not have
    assert {trace.type for trace in figure.data} <= CARTESIAN


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.kind)
def test_a_figure_can_stand_inside_a_script_element(chart: Chart) -> None:
    assert "<" not in chart.json
    assert json.loads(chart.json) == json.loads(json.dumps(chart.figure))
    assert chart.height > 0


def test_words_of_answers_are_not_read_as_markup() -> None:
    text = json.dumps(CHARTS[0].figure, ensure_ascii=False)
    assert "Quality &lt;GMP&gt;" in text and "<b>" not in text


def test_marks_without_a_value_are_left_out_and_said_so() -> None:
    trace, layout = CHARTS[0].figure["data"][0], CHARTS[0].figure["layout"]
    assert trace["x"][2] is None and trace["error_x"]["array"][2] == 0
    assert "no index" in [note["text"] for note in layout["annotations"]]


def find_tokens() -> dict[str, dict[str, str]]:
    """Tokens of the style sheets by scheme; the dark ones are those of the media query."""
    found: dict[str, dict[str, str]] = {"light": {}, "dark": {}}
    for name in ("tokens.css", "chart_theme.css"):
        css = (STYLES / name).read_text(encoding="utf-8")
        dark = "".join(re.findall(r"@media \(prefers-color-scheme: dark\) \{(.*?)\n\}", css, re.DOTALL))
        for scheme, part in (("light", css.replace(dark, "")), ("dark", dark)):
            for token, value in re.findall(r"--([\w-]+):\s*([^;]+);", part):
                found[scheme].setdefault(token, value.strip())
    return found


TOKENS = find_tokens()


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.kind)
def test_every_colour_is_a_token_of_both_schemes(chart: Chart) -> None:
    used = set(re.findall(r"var\(--([\w-]+)\)", chart.json)) | {entry.tone for entry in chart.legend}
    assert not used - TOKENS["light"].keys()
    assert not used - TOKENS["dark"].keys() - {"font"}
    assert not re.search(r"#[0-9a-f]{3,8}\b", chart.json)


def measure_luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def measure_contrast(one: str, other: str) -> float:
    light, dark = sorted((measure_luminance(one), measure_luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    ("scheme", "token"),
    [
        (scheme, token.removeprefix("on-"))
        for scheme, token in product(("light", "dark"), sorted(TOKENS["light"]))
        if token.startswith("on-") and token != "on-accent"
    ],
)
def test_words_on_colours_can_be_read(scheme: str, token: str) -> None:
    assert measure_contrast(TOKENS[scheme][token], TOKENS[scheme][f"on-{token}"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("scale", "first", "last"), [("heat", 0, 4), ("warm", 1, 5), ("cool", 1, 6), ("level", 0, 4)])
def test_scales_run_one_way_in_lightness(scheme: str, scale: str, first: int, last: int) -> None:
    """So that they can be told apart without seeing colour."""
    steps = [measure_luminance(TOKENS[scheme][f"{scale}-{step}"]) for step in range(first, last + 1)]
    assert steps in (sorted(steps), sorted(steps, reverse=True))
    assert all(abs(one - other) > 0.01 for one, other in pairwise(steps))


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Quality", ["Quality"]),
        ("Medical devices, digital health and data", ["Medical devices, digital", "health and data"]),
        ("약가·보험급여·공급정책과 그 밖의 것", ["약가·보험급여·공급정책과", "그 밖의 것"]),
        ("医療機器プログラムの規制と承認", ["医療機器プログラムの規制と", "承認"]),
    ],
)
def test_labels_break_where_the_language_allows(text: str, lines: list[str]) -> None:
    assert wrap_label(text, 26).split("<br>") == lines


@given(st.text(alphabet="ab 가나·(、aB）", max_size=80), st.integers(4, 30), st.integers(1, 4))
def test_labels_keep_to_their_width_and_lines(text: str, width: int, lines: int) -> None:
    wrapped = wrap_label(text, width, lines).split("<br>")
    assert len(wrapped) <= lines
    assert all(measure_text(line.removesuffix("…")) <= width for line in wrapped)


def test_heat_steps_cover_zero_to_a_hundred() -> None:
    assert [find_heat_step(percent) for percent in (0, 19.9, 20, 50, 79, 80, 100)] == [0, 0, 1, 2, 3, 4, 4]
