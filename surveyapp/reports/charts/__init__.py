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

from surveyapp.reports.charts.cells import draw_cells, find_heat_step
from surveyapp.reports.charts.distributions import Box, Series, draw_boxes, draw_columns, draw_stacked
from surveyapp.reports.charts.drawing import NARROW, Chart, LegendEntry, load_figure
from surveyapp.reports.charts.places import Spot, draw_places
from surveyapp.reports.charts.ranges import Mark, draw_bars, draw_pairs, draw_ranges
from surveyapp.reports.charts.rows import Band

__all__ = [
    "NARROW",
    "Band",
    "Box",
    "Chart",
    "LegendEntry",
    "Mark",
    "Series",
    "Spot",
    "draw_bars",
    "draw_boxes",
    "draw_cells",
    "draw_columns",
    "draw_pairs",
    "draw_places",
    "draw_ranges",
    "draw_stacked",
    "find_heat_step",
    "load_figure",
]
