"""Charts in a real browser: every kind draws as many marks as its figure holds, in both schemes, under the policy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from surveyapp.records.database import Database
from surveyapp.settings import Settings
from tests.web.desk_data import EARLIER, ROUND, open_samples

if TYPE_CHECKING:
    from playwright.sync_api import Page

OpenDesk = Callable[..., AbstractContextManager["Page"]]
Figure = dict[str, Any]

COUNT_MARKS = """id => {
  const plot = document.getElementById(id);
  const count = what => plot.querySelectorAll(what).length;
  return {
    dots: count('.scatterlayer .point'),
    ranges: [...plot.querySelectorAll('.errorbar')].filter(bar => bar.getBBox().width > 0).length,
    words: count('.scatterlayer .textpoint'),
    bars: [...plot.querySelectorAll('.barlayer .point > path')].map(path => path.getBBox())
      .filter(box => box.width > 0 && box.height > 0).length,
    boxes: count('.boxlayer path.box'),
    maps: count('.heatmaplayer image'),
    notes: count('.annotation'),
    ticks: count('.yaxislayer-above .ytick'),
  };
}"""


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


def wait_for_charts(page: Page) -> list[str]:
    """The ids of all charts of the page, once they are drawn."""
    page.wait_for_load_state("load")
    plots = page.locator("[data-chart]")
    for place in range(plots.count()):
        page.locator(f"[data-chart] >> nth={place} >> css=.main-svg >> nth=0").wait_for(state="attached")
        plots.nth(place).and_(page.locator("[data-drawn]")).wait_for(state="attached")
    return [str(plots.nth(place).get_attribute("id")) for place in range(plots.count())]


def read_figure(page: Page, plot: str) -> Figure:
    found: Figure = page.evaluate("id => JSON.parse(document.getElementById(id + '-figure').textContent)", plot)
    return found


def count_values(trace: Figure, axis: str = "x") -> int:
    return sum(value is not None for value in trace[axis])


def count_ranges(error: Figure) -> int:
    return sum(bool(up or down) for up, down in zip(error["array"], error["arrayminus"], strict=True))


def expect_marks(figure: Figure) -> dict[str, int]:
    """What must be on the screen for a figure, kind by kind."""
    expected = dict.fromkeys(("dots", "words", "bars", "boxes", "maps"), 0)
    for trace in figure["data"]:
        if trace["type"] == "scatter":
            expected["dots"] += count_values(trace)
            expected["words"] += count_values(trace) if "text" in trace["mode"] else 0
        elif trace["type"] == "bar":
            expected["bars"] += sum(bool(value) for value in trace["x" if trace.get("orientation") == "h" else "y"])
        elif trace["type"] == "box":
            expected["boxes"] += len(trace["median"])
        elif trace["type"] == "heatmap":
            expected["maps"] += 1
    expected["notes"] = len(figure["layout"].get("annotations", []))
    return expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        (f"{ROUND}/issues", {"ranges", "cells", "stacked", "boxes", "places", "pairs"}),
        (f"{ROUND}/questions?section=sec_japan", {"bars", "columns"}),
        (f"{ROUND}/questions?section=sec_support", {"bars", "stacked"}),
        (f"{ROUND}/questions/ch_areas?by=company_size", {"bars", "cells"}),
        (f"{ROUND}/released", {"ranges", "cells", "bars"}),
        (f"{EARLIER}/progress", {"bars", "days"}),
    ],
)
def test_every_kind_draws_as_many_marks_as_its_figure_holds(
    open_desk: OpenDesk, path: str, kinds: set[str], scheme: str
) -> None:
    with open_desk(color_scheme=scheme, viewport={"width": 1280, "height": 900}) as page:
        page.goto(path)
        drawn = wait_for_charts(page)
        assert drawn
        shown = {kind for kind in kinds if page.locator(f".chart-{kind}").count()}
        assert shown == kinds
        for plot in drawn:
            figure = read_figure(page, plot)
            marks = page.evaluate(COUNT_MARKS, plot)
            expected = expect_marks(figure)
            assert {name: marks[name] for name in expected} == expected, plot
            if "error_x" in figure["data"][0]:
                assert marks["ranges"] == sum(count_ranges(trace["error_x"]) for trace in figure["data"]), plot
            if "tickvals" in figure["layout"]["yaxis"]:
                assert marks["ticks"] == len(figure["layout"]["yaxis"]["tickvals"]), plot
            assert "var(--" not in page.inner_html(f"#{plot}"), "every token has its value"


def test_a_heat_map_draws_every_cell(open_desk: OpenDesk) -> None:
    """Cells are pixels of one image: five rows down and across, each in the colour of its step."""
    with open_desk(viewport={"width": 1400, "height": 900}) as page:
        page.goto(f"{ROUND}/issues?by=company_size")
        wait_for_charts(page)
        figure = read_figure(page, "segments-chart-1")
        values = figure["data"][0]["z"]
        colours = page.evaluate(
            """async ([id, rows, columns]) => {
              const image = document.querySelector(`#${id} .heatmaplayer image`);
              const picture = new Image();
              picture.src = image.href.baseVal;
              await picture.decode();
              const canvas = document.createElement('canvas');
              canvas.width = picture.width; canvas.height = picture.height;
              const brush = canvas.getContext('2d', {willReadFrequently: true});
              brush.drawImage(picture, 0, 0);
              return rows.map((_, row) => columns.map((_, column) => [...brush.getImageData(
                (column + 0.5) * picture.width / columns.length, (row + 0.5) * picture.height / rows.length, 1, 1).data]
              ));
            }""",
            ["segments-chart-1", values, values[0]],
        )
        steps: dict[int, set[tuple[int, ...]]] = {}
        for line, row in zip(values, colours, strict=True):
            for value, colour in zip(line, row, strict=True):
                assert colour[3] == 255
                steps.setdefault(min(4, int(value // 20)), set()).add(tuple(colour))
        assert len(steps) >= 4 and all(len(found) == 1 for found in steps.values())
        assert len({next(iter(found)) for found in steps.values()}) == len(steps)


def test_the_library_comes_after_the_page(open_desk: OpenDesk) -> None:
    """Tables can be read before the library is asked for, and nothing is asked of another host."""
    with open_desk() as page:
        asked: list[tuple[str, bool]] = []
        page.on("request", lambda request: asked.append((request.url, "plotly" in request.url)))
        page.goto(f"{ROUND}/issues")
        wait_for_charts(page)
        timing = "() => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd"
        library = (
            "() => performance.getEntriesByType('resource').find(entry => entry.name.includes('plotly')).startTime"
        )
        assert page.evaluate(library) > page.evaluate(timing)
        assert all(url.startswith(("http://127.0.0.1", "data:", "blob:")) for url, _ in asked)
        assert not page.locator(".modebar").count(), "no figure leaves without its base"


def test_charts_change_with_the_colour_scheme(open_desk: OpenDesk) -> None:
    with open_desk(color_scheme="light") as page:
        page.goto(f"{ROUND}/issues")
        wait_for_charts(page)
        colour = "() => getComputedStyle(document.querySelector('#ranking-chart-1 .scatterlayer .point')).fill"
        before = page.evaluate(colour)
        page.emulate_media(color_scheme="dark")
        for _ in range(50):
            if page.evaluate(colour) != before:
                break
            page.wait_for_timeout(100)
        assert page.evaluate(colour) != before


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("issues", "ko"),
        ("issues", "en"),
        ("issues", "ja"),
        ("questions?section=sec_readiness", "en"),
        ("released", "ja"),
        ("texts?area=gmp", "ko"),
        ("export", "ko"),
    ],
)
def test_nothing_sticks_out_on_a_phone(open_desk: OpenDesk, path: str, language: str) -> None:
    with open_desk("manager", language, viewport={"width": 390, "height": 844}) as page:
        page.goto(f"{ROUND}/{path}")
        wait_for_charts(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_without_script_the_tables_stand_alone(open_desk: OpenDesk) -> None:
    with open_desk(java_script_enabled=False) as page:
        page.goto(f"{ROUND}/issues")
        assert page.locator("#ranking table").is_visible()
        assert not page.locator(".chart").first.is_visible()
        page.locator("#segments .tables summary").click()
        assert page.locator("#segments table").is_visible()
        page.locator(".filter summary").first.click()
        page.locator("input[name='company_type'][value='bio']").check()
        page.locator(".filters button[type=submit]").click()
        page.wait_for_url("**company_type=bio**")
        assert page.locator(".chip").count() == 1
        page.locator(".chip").click()
        page.wait_for_url(lambda address: "company_type" not in address)
