"""Issues as a viewer sees them: areas by priority, all issues, and areas against segments.

Everything here takes the types of `analysis.disclosure`; no figure that was not released can reach these functions.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surveyapp.analysis.disclosure import ReleasedAreaCross, ReleasedFigure, ReleasedIssueRow, ReleasedIssueTable
from surveyapp.reports.cards import FigureCard, Source
from surveyapp.reports.charts import Band, Chart, Mark, draw_cells, draw_ranges
from surveyapp.reports.issue_words import describe_bilateral, describe_stage
from surveyapp.reports.released_cells import (
    build_index_cell,
    build_interval_cell,
    build_number_cell,
    build_share_cell,
    build_sum_cell,
    list_released_facts,
)
from surveyapp.reports.released_words import (
    describe_figure,
    describe_hidden,
    describe_method,
    explain_costs,
    explain_hidden,
    write_count,
)
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Words


def report_released_ranking(table: ReleasedIssueTable, source: Source) -> FigureCard:
    """Areas by priority index, as far as they may be shown."""
    words = source.words
    title = words.gettext("Which difficulties deserve attention first?")
    facts = list_released_facts(
        table.origin,
        table.audience,
        source,
        base=words.gettext("%(n)s companies with a Japan interest that answered", n=write_count(words, table.base)),
        method=describe_method(table.areas, words),
    )
    if table.base.hidden is not None:
        return FigureCard("ranking", title, "", facts, empty=describe_hidden(words, table.base.hidden))
    shown = [row for row in table.areas if row.index.hidden is None]
    charts: tuple[Chart, ...] = ()
    if shown:
        charts = (
            draw_ranges(
                [_build_mark(row, words) for row in shown],
                axis=words.gettext("Priority index (0–100) with its range"),
                bands=_find_bands(shown, words) if table.is_ranked else (),
                description=words.join([f"{words.text(row.name)} {words.number(row.index.value, 1)}" for row in shown]),
            ),
        )
    top = [words.text(row.name) for row in shown if row.tier.value == 1]
    if not table.is_ranked:
        summary = words.gettext("Too few companies answered for ranks.")
    elif top:
        summary = words.gettext("First tier: %(areas)s. Within a tier no order is claimed.", areas=words.join(top))
    else:
        summary = words.gettext("No area's index may be shown.")
    return FigureCard(
        name="ranking",
        title=title,
        summary=summary,
        facts=facts,
        charts=charts,
        tables=(tabulate_released(table.areas, words, caption=words.gettext("Areas")),),
        notes=(
            words.gettext(
                "Members that answer are not a random sample. “Ranks above” may be said only where ranges do not "
                "overlap; tiers are a rule of display, no test."
            ),
            words.gettext("Areas whose index is hidden follow in the order of the questionnaire."),
            *([explain_costs(words)] if _has_costs(table.areas) else []),
            *explain_hidden(words, _list_row_figures(table.areas)),
        ),
        is_wide=True,
    )


def report_released_leaves(table: ReleasedIssueTable, source: Source) -> FigureCard:
    """All issues, as far as they may be shown."""
    words = source.words
    title = words.gettext("Which problems lie inside the areas?")
    facts = list_released_facts(
        table.origin,
        table.audience,
        source,
        base=words.gettext("companies that answered, less those not asked for details of the area"),
        method=describe_method(table.leaves, words),
    )
    shown = [row for row in table.leaves if row.share.hidden is None]
    summary = words.gettext(
        "%(shown)s of %(all)s problems may be shown.", shown=f"{len(shown):,}", all=f"{len(table.leaves):,}"
    )
    areas = {row.code: words.text(row.name) for row in table.areas}
    return FigureCard(
        name="leaves",
        title=title,
        summary=summary,
        facts=facts,
        tables=(tabulate_released(shown, words, caption=words.gettext("Problems"), areas=areas),) if shown else (),
        empty="" if shown else words.gettext("No problem was named often enough to be shown."),
        notes=explain_hidden(words, _list_row_figures(shown)),
        is_wide=True,
    )


def report_released_segments(cross: ReleasedAreaCross, source: Source) -> FigureCard:
    """Areas against segments, as far as they may be shown."""
    words = source.words
    title = words.gettext("Who meets which difficulty?")
    facts = list_released_facts(
        cross.origin,
        cross.audience,
        source,
        base=words.gettext("companies of each group that answered the areas question; percentages are of each column"),
        method=words.gettext("share of the companies of a group that ticked the area"),
    )
    columns = [words.text(label) for _, label in cross.segments]
    cells = [list(line) for _, _, line in cross.rows]
    shown = sum(cell.hidden is None for line in cells for cell in line)
    names = [words.text(name) for _, name, _ in cross.rows]
    summary = words.gettext(
        "“%(question)s”: %(shown)s of %(all)s cells may be shown.",
        question=words.text(cross.label),
        shown=f"{shown:,}",
        all=f"{sum(map(len, cells)):,}",
    )
    charts: tuple[Chart, ...] = ()
    if shown:
        charts = (
            draw_cells(
                names,
                [(column, "") for column in columns],
                [[None if cell.value is None else cell.value * 100 for cell in line] for line in cells],
                texts=[[words.percent(cell.value) if cell.hidden is None else "×" for cell in line] for line in cells],
                hovers=[
                    [
                        f"{name}\n{column}\n{describe_figure(words, cell)}"
                        for column, cell in zip(columns, line, strict=True)
                    ]
                    for name, line in zip(names, cells, strict=True)
                ],
                description=summary,
            ),
        )
    return FigureCard(
        name="segments",
        title=title,
        summary=summary,
        facts=facts,
        charts=charts,
        tables=(
            Table(
                words.text(cross.label),
                (Column(words.gettext("Area")), *(Column(column, True) for column in columns)),
                tuple(
                    Row(Cell(name), tuple(build_share_cell(words, cell, is_heat=True) for cell in line))
                    for name, line in zip(names, cells, strict=True)
                ),
            ),
        ),
        notes=explain_hidden(words, (cell for line in cells for cell in line)),
        is_wide=True,
    )


def tabulate_released(
    rows: Sequence[ReleasedIssueRow], words: Words, *, caption: str, areas: dict[str, str] | None = None
) -> Table:
    """Rows of the released ranking; each hidden cell says why it is hidden."""
    stages = [stage for stage, _ in rows[0].by_stage] if rows else []
    return Table(
        caption,
        (
            Column(words.gettext("Area") if areas is None else words.gettext("Problem")),
            Column(words.gettext("Tier"), True),
            Column(words.gettext("Share P"), True, words.gettext("n of N")),
            Column(words.gettext("95% interval"), True),
            Column(words.gettext("Severity S"), True, words.gettext("mean 1–5")),
            Column(words.gettext("Open U"), True),
            Column(words.gettext("Index"), True, words.gettext("range")),
            *(Column(describe_stage(words, stage), True) for stage in stages),
            *(
                [Column(words.gettext("Extra cost"), True, words.gettext("at least, million KRW"))]
                if _has_costs(rows)
                else []
            ),
            Column(words.gettext("Bilateral")),
        ),
        tuple(
            Row(
                Cell(words.text(row.name), note="" if areas is None else areas.get(row.parent or "", "")),
                (
                    build_number_cell(words, row.tier, digits=0, why=False),
                    build_share_cell(words, row.share),
                    build_interval_cell(words, row.share),
                    build_number_cell(words, row.severity, why=False),
                    Cell(words.percent(row.open_share.value), tone="" if row.open_share.hidden is None else "hidden"),
                    build_index_cell(words, row.index),
                    *(build_share_cell(words, figure) for _, figure in row.by_stage),
                    *([build_sum_cell(words, row.cost)] if _has_costs(rows) else []),
                    Cell(describe_bilateral(words, row.bilateral)),
                ),
            )
            for row in rows
        ),
    )


def _has_costs(rows: Sequence[ReleasedIssueRow]) -> bool:
    """Areas alone have sums, and not in tables that were released before there were any."""
    return any(row.cost is not None for row in rows)


def _list_row_figures(rows: Sequence[ReleasedIssueRow]) -> Iterator[ReleasedFigure]:
    for row in rows:
        yield from (row.share, row.severity, row.open_share, row.index, row.tier)
        yield from (figure for _, figure in row.by_stage)
        if row.cost is not None:
            yield row.cost


def _find_bands(rows: Sequence[ReleasedIssueRow], words: Words) -> list[Band]:
    bands: list[Band] = []
    for place, row in enumerate(rows):
        text = (
            words.gettext("No tier")
            if row.tier.value is None
            else words.gettext("Tier %(tier)s", tier=words.number(row.tier.value))
        )
        if bands and bands[-1].text == text:
            bands[-1] = Band(bands[-1].first, place, text)
        else:
            bands.append(Band(place, place, text))
    return bands


def _build_mark(row: ReleasedIssueRow, words: Words) -> Mark:
    low, high = row.index.interval or (None, None)
    return Mark(
        label=words.text(row.name),
        value=row.index.value,
        low=low,
        high=high,
        hover="\n".join(
            (
                words.text(row.name),
                words.gettext(
                    "Index %(index)s (%(range)s)",
                    index=words.number(row.index.value, 1),
                    range=words.interval(low, high, 1),
                ),
                describe_figure(words, row.share),
            )
        ),
    )
