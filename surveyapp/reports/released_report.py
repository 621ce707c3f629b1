"""What a viewer sees: released figures only, hidden ones marked with the reason.

Everything here takes the types of `analysis.disclosure`; no figure that was not released can reach these functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from surveyapp.analysis.disclosure import (
    Hidden,
    ReleasedAreaCross,
    ReleasedFigure,
    ReleasedIssueRow,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
)
from surveyapp.analysis.masks import Origin
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.cards import Fact, FigureCard, Source, describe_rows
from surveyapp.reports.charts import Band, Chart, Mark, draw_bars, draw_cells, draw_ranges
from surveyapp.reports.issue_words import describe_bilateral, describe_range, describe_stage
from surveyapp.reports.readiness_report import name_band, name_dimension, write_net
from surveyapp.reports.tables import Cell, Column, Row, Table, find_heat_tone
from surveyapp.reports.words import BLANK, Number, Words


def describe_audience(words: Words, audience: Audience) -> str:
    return {
        Audience.MINISTRY: words.gettext("Ministry (MFDS)"),
        Audience.JAPAN: words.gettext("Japan"),
        Audience.PUBLIC: words.gettext("Public"),
    }[audience]


def describe_hidden(words: Words, hidden: Hidden) -> str:
    """Why a figure is not shown, in a few plain words."""
    return {
        Hidden.BASE_TOO_SMALL: words.gettext("hidden: the group has too few companies"),
        Hidden.COUNT_TOO_SMALL: words.gettext("hidden: too few companies gave this answer"),
        Hidden.REST_TOO_SMALL: words.gettext("hidden: too few companies did not give this answer"),
        Hidden.FEW_CASES: words.gettext("not broken down: fewer than five companies"),
        Hidden.TOTAL_HIDDEN: words.gettext("hidden: the figure it belongs to is hidden"),
        Hidden.PROTECTS_ANOTHER: words.gettext("hidden: it would betray another hidden figure"),
        Hidden.RELEASED_BEFORE: words.gettext("hidden: with earlier releases it could betray a company"),
        Hidden.FEW_DETAILS: words.gettext("hidden: too few companies gave details"),
        Hidden.DOMINATED: words.gettext("hidden: one or two companies make up most of it"),
        Hidden.NOT_COMPUTED: words.gettext("no figure: too few values"),
    }[hidden]


def name_hidden(words: Words, hidden: Hidden) -> str:
    """The reason in as few words as fit into a cell; `explain_hidden` says them in full below the table."""
    return {
        Hidden.BASE_TOO_SMALL: words.gettext("group too small"),
        Hidden.COUNT_TOO_SMALL: words.gettext("too few named it"),
        Hidden.REST_TOO_SMALL: words.gettext("too few others"),
        Hidden.FEW_CASES: words.gettext("few cases"),
        Hidden.TOTAL_HIDDEN: words.gettext("total hidden"),
        Hidden.PROTECTS_ANOTHER: words.gettext("protects another"),
        Hidden.RELEASED_BEFORE: words.gettext("released before"),
        Hidden.FEW_DETAILS: words.gettext("few details"),
        Hidden.DOMINATED: words.gettext("few make up most of it"),
        Hidden.NOT_COMPUTED: words.gettext("too few values"),
    }[hidden]


def explain_hidden(words: Words, figures: Iterable[ReleasedFigure]) -> tuple[str, ...]:
    """The reasons that occur among the figures, short and in full, in one note."""
    found = {figure.hidden for figure in figures if figure.hidden is not None}
    if not found:
        return ()
    reasons = [
        f"{name_hidden(words, hidden)} = {describe_hidden(words, hidden)}" for hidden in Hidden if hidden in found
    ]
    return (words.gettext("× marks a hidden figure: %(reasons)s.", reasons=words.join_clauses(reasons)),)


def report_released_ranking(table: ReleasedIssueTable, source: Source) -> FigureCard:
    """Areas by priority index, as far as they may be shown."""
    words = source.words
    title = words.gettext("Which difficulties deserve attention first?")
    facts = _list_facts(
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
            *explain_hidden(words, _list_row_figures(table.areas)),
        ),
        is_wide=True,
    )


def report_released_leaves(table: ReleasedIssueTable, source: Source) -> FigureCard:
    """All issues, as far as they may be shown."""
    words = source.words
    title = words.gettext("Which problems lie inside the areas?")
    facts = _list_facts(
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
    facts = _list_facts(
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
                    Row(Cell(name), tuple(_build_share_cell(words, cell, is_heat=True) for cell in line))
                    for name, line in zip(names, cells, strict=True)
                ),
            ),
        ),
        notes=explain_hidden(words, (cell for line in cells for cell in line)),
        is_wide=True,
    )


def report_released_readiness(readiness: ReleasedReadiness, source: Source) -> FigureCard:
    """The readiness profile, as far as it may be shown."""
    words = source.words
    title = words.gettext("How ready are the companies?")
    facts = _list_facts(
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
                _build_number_cell(words, one.median),
                _build_number_cell(words, one.lower_quartile),
                _build_number_cell(words, one.upper_quartile),
                _build_share_cell(words, one.ready),
                _build_share_cell(words, one.not_ready),
                _build_net_cell(words, one.net),
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
        weighted=_describe_number(words, readiness.overall),
        equal=_describe_number(words, readiness.overall_equal_weights),
    )
    bands = Table(
        words.gettext("Bands of the overall result"),
        (Column(words.gettext("Band")), Column(words.gettext("Share"), True)),
        tuple(
            Row(Cell(name_band(words, band)), (_build_share_cell(words, figure),)) for band, figure in readiness.bands
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


def report_released_question(question: ReleasedQuestion, source: Source, *, title: str) -> FigureCard:
    """One question, as far as its answers may be shown."""
    words = source.words
    facts = _list_facts(
        question.origin,
        question.audience,
        source,
        base=words.gettext(
            "%(answered)s answered of %(asked)s asked",
            answered=write_count(words, question.answered),
            asked=write_count(words, question.asked),
        ),
        method=words.gettext("percent of those who answered; 95% Wilson interval"),
    )
    rows = [
        Row(
            Cell(words.text(choice.label)),
            (_build_share_cell(words, choice.share), _build_interval_cell(words, choice.share)),
        )
        for choice in question.choices
    ]
    for label, figure in (
        (words.gettext("Median"), question.median),
        (words.gettext("Lower quartile"), question.lower_quartile),
        (words.gettext("Upper quartile"), question.upper_quartile),
    ):
        if figure is not None:
            rows.append(Row(Cell(label), (_build_number_cell(words, figure), Cell(""))))
    for label, figure in (
        (words.gettext("Don't know"), question.dont_know),
        (words.gettext("Not applicable"), question.not_applicable),
        (words.gettext("Asked, not answered"), question.not_answered),
    ):
        if figure.count != 0:
            hidden = "" if figure.hidden is None else name_hidden(words, figure.hidden)
            cell = Cell(write_count(words, figure), note=hidden, tone="hidden" if hidden else "")
            rows.append(Row(Cell(label), (cell, Cell("")), is_apart=True))
    shown = [choice for choice in question.choices if choice.share.hidden is None and choice.share.value is not None]
    charts: tuple[Chart, ...] = ()
    if shown:
        charts = (
            draw_bars(
                [
                    Mark(
                        label=words.text(choice.label),
                        value=_times_100(choice.share.value),
                        low=_times_100(choice.share.interval[0] if choice.share.interval else None),
                        high=_times_100(choice.share.interval[1] if choice.share.interval else None),
                        hover=f"{words.text(choice.label)}\n{describe_figure(words, choice.share)}",
                        remark="×",
                    )
                    for choice in question.choices
                ],
                axis=words.gettext("% of those who answered, with 95% interval"),
                description=describe_rows(
                    words,
                    words.gettext("Share of each answer among those who answered."),
                    [(words.text(choice.label), describe_figure(words, choice.share)) for choice in question.choices],
                ),
            ),
        )
    return FigureCard(
        name=f"q-{question.question}",
        title=title,
        summary="",
        facts=facts,
        charts=charts,
        tables=(
            Table(
                words.gettext("Answers"),
                (
                    Column(words.gettext("Answer")),
                    Column(words.gettext("Share"), True),
                    Column(words.gettext("95% interval"), True),
                ),
                tuple(rows),
            ),
        ),
        notes=explain_hidden(words, (choice.share for choice in question.choices)),
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
            Column(words.gettext("Bilateral")),
        ),
        tuple(
            Row(
                Cell(words.text(row.name), note="" if areas is None else areas.get(row.parent or "", "")),
                (
                    _build_number_cell(words, row.tier, digits=0, why=False),
                    _build_share_cell(words, row.share),
                    _build_interval_cell(words, row.share),
                    _build_number_cell(words, row.severity, why=False),
                    Cell(words.percent(row.open_share.value), tone="" if row.open_share.hidden is None else "hidden"),
                    _build_index_cell(words, row.index),
                    *(_build_share_cell(words, figure) for _, figure in row.by_stage),
                    Cell(describe_bilateral(words, row.bilateral)),
                ),
            )
            for row in rows
        ),
    )


def write_count(words: Words, figure: ReleasedFigure) -> str:
    """The figure's count, a cross where it is hidden."""
    if figure.hidden is not None:
        return "×"
    return BLANK if figure.count is None else f"{figure.count:,}"


def describe_figure(words: Words, figure: ReleasedFigure) -> str:
    """`67% (8/12)`, or why it is hidden."""
    if figure.hidden is not None:
        return describe_hidden(words, figure.hidden)
    return f"{words.percent(figure.value)} ({figure.count or 0:,}/{figure.base or 0:,})"


def _list_facts(origin: Origin, audience: Audience, source: Source, *, base: str, method: str) -> tuple[Fact, ...]:
    words = source.words
    facts = source.list_facts(origin, base=base, method=method)
    return (*facts, Fact(words.gettext("Released for"), describe_audience(words, audience)))


def describe_method(rows: Sequence[ReleasedIssueRow], words: Words) -> str:
    method = next((row.range_method for row in rows if row.range_method is not None), None)
    index = words.gettext("index = 100 × share × (severity ÷ 5) × open share")
    if method is None:
        return index
    return words.gettext("%(index)s; range: %(range)s", index=index, range=describe_range(words, method))


def _list_row_figures(rows: Sequence[ReleasedIssueRow]) -> Iterator[ReleasedFigure]:
    for row in rows:
        yield from (row.share, row.severity, row.open_share, row.index, row.tier)
        yield from (figure for _, figure in row.by_stage)


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


def _build_share_cell(words: Words, figure: ReleasedFigure, *, is_heat: bool = False) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden), tone="hidden")
    return Cell(
        words.percent(figure.value),
        note=f"{figure.count or 0:,}/{figure.base or 0:,}",
        tone=find_heat_tone(figure.value) if is_heat else "",
    )


def _build_interval_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None or figure.interval is None:
        return Cell("×" if figure.hidden else BLANK, tone="hidden" if figure.hidden else "")
    return Cell(words.interval(figure.interval[0] * 100, figure.interval[1] * 100, unit="%"))


def _build_number_cell(words: Words, figure: ReleasedFigure, digits: int = 1, *, why: bool = True) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden) if why else "", tone="hidden")
    return Cell(words.number(figure.value, digits))


def _build_net_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden), tone="hidden")
    return Cell(write_net(words, figure.value))


def _build_index_cell(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden), tone="hidden")
    low, high = figure.interval or (None, None)
    return Cell(words.number(figure.value, 1), note=words.interval(low, high, 1), tone="strong")


def _describe_number(words: Words, figure: ReleasedFigure) -> str:
    return words.number(figure.value, 1) if figure.hidden is None else describe_hidden(words, figure.hidden)


def _times_100(value: Number | None) -> Number | None:
    return None if value is None else value * 100
