"""The readiness profile as a viewer sees it: released figures only."""

from __future__ import annotations

from surveyapp.analysis.disclosure import ReleasedReadiness
from surveyapp.reports.cards import FigureCard, Source
from surveyapp.reports.charts import Chart, Mark, draw_ranges
from surveyapp.reports.readiness_report import name_band, name_dimension
from surveyapp.reports.released_cells import build_net_cell, build_number_cell, build_share_cell, list_released_facts
from surveyapp.reports.released_words import describe_number, explain_hidden, write_count
from surveyapp.reports.tables import Cell, Column, Row, Table


def report_released_readiness(readiness: ReleasedReadiness, source: Source) -> FigureCard:
    """The readiness profile, as far as it may be shown."""
    words = source.words
    title = words.gettext("How ready are the companies?")
    facts = list_released_facts(
        readiness.origin,
        readiness.audience,
        source,
        base=words.gettext("companies with a score in the dimension (n in the table)"),
        method=words.gettext("self-assessment, 0 to 100; median and quartiles of type 7"),
    )
    shown = [one for one in readiness.dimensions if one.median.hidden is None]
    rows = tuple(
        Row(
            Cell(name_dimension(words, one.dimension), note=words.gettext("weight %(weight)s", weight=one.weight)),
            (
                Cell(
                    write_count(words, one.n),
                    note=words.gettext("few answers") if one.few_answers else "",
                    tone="hidden" if one.n.hidden else "",
                ),
                build_number_cell(words, one.median),
                build_number_cell(words, one.lower_quartile),
                build_number_cell(words, one.upper_quartile),
                build_share_cell(words, one.ready),
                build_share_cell(words, one.not_ready),
                build_net_cell(words, one.net),
            ),
        )
        for one in readiness.dimensions
    )
    charts: tuple[Chart, ...] = ()
    if shown:
        charts = (
            draw_ranges(
                [
                    Mark(
                        label=name_dimension(words, one.dimension),
                        value=one.median.value,
                        low=one.lower_quartile.value,
                        high=one.upper_quartile.value,
                        hover=f"{name_dimension(words, one.dimension)}\n{words.number(one.median.value, 1)}",
                        is_hollow=one.few_answers,
                    )
                    for one in shown
                ],
                axis=words.gettext("Median score (0–100), line: middle half of the companies"),
                span=(0.0, 100.0),
                description=words.join(
                    [f"{name_dimension(words, one.dimension)} {words.number(one.median.value, 1)}" for one in shown],
                ),
            ),
        )
    summary = words.gettext(
        "Overall result: median %(weighted)s, with equal weights %(equal)s.",
        weighted=describe_number(words, readiness.overall),
        equal=describe_number(words, readiness.overall_equal_weights),
    )
    bands = Table(
        words.gettext("Bands of the overall result"),
        (Column(words.gettext("Band")), Column(words.gettext("Share"), True)),
        tuple(
            Row(Cell(name_band(words, band)), (build_share_cell(words, figure),)) for band, figure in readiness.bands
        ),
    )
    return FigureCard(
        name="readiness",
        title=title,
        summary=summary,
        facts=facts,
        charts=charts,
        tables=(
            Table(
                words.gettext("Readiness by dimension"),
                (
                    Column(words.gettext("Dimension")),
                    Column(words.gettext("With a score"), True, "n"),
                    Column(words.gettext("Median"), True),
                    Column(words.gettext("Lower quartile"), True),
                    Column(words.gettext("Upper quartile"), True),
                    Column(words.gettext("75 and over"), True),
                    Column(words.gettext("25 and below"), True),
                    Column(words.gettext("Net balance"), True),
                ),
                rows,
            ),
            bands,
        ),
        notes=explain_hidden(
            words,
            (
                figure
                for one in readiness.dimensions
                for figure in (
                    one.n,
                    one.median,
                    one.lower_quartile,
                    one.upper_quartile,
                    one.ready,
                    one.not_ready,
                    one.net,
                )
            ),
        ),
        is_wide=True,
    )
