"""What lies behind the ranking: who meets which difficulty, how severe it is, and what it costs."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_rows import IssueRanking, IssueRow
from surveyapp.analysis.segments import AreaCross
from surveyapp.questionnaire.model import Choice
from surveyapp.reports.cards import FigureCard, Source, describe_rows, write_of, write_share, write_share_interval
from surveyapp.reports.charts import Box, Chart, Series, draw_boxes, draw_cells, draw_stacked
from surveyapp.reports.issue_words import hover_count, say_nobody, write_count, write_percent
from surveyapp.reports.tables import Cell, Column, Row, Table, find_heat_tone
from surveyapp.reports.words import BLANK, Words


def report_segments(cross: AreaCross, source: Source) -> FigureCard:
    """P of every area in every segment, as a heat map."""
    words = source.words
    title = words.gettext("Who meets which difficulty?")
    facts = source.list_facts(
        cross.origin,
        base=words.gettext(
            "%(n)s with a Japan interest that answered the areas question; percentages are of each column",
            n=source.count(cross.origin, cross.base),
        ),
        method=words.gettext("share of the companies of a segment that ticked the area"),
    )
    segments = [segment for segment in cross.segments if segment.base]
    if not segments:
        return FigureCard("segments", title, "", facts, empty=say_nobody(words))
    if not any(row.cells for row in cross.rows):
        few_everywhere = words.gettext("Every area is named by fewer than five companies, so nothing is broken down.")
        return FigureCard("segments", title, "", facts, empty=few_everywhere)
    places = [place for place, segment in enumerate(cross.segments) if segment.base]
    columns = [(words.text(segment.label), f"n={segment.base:,}") for segment in segments]
    few = words.gettext("few cases")
    values, texts, hovers, rows = [], [], [], []
    for row in cross.rows:
        shares = [row.cells[place] for place in places] if row.cells else [None] * len(places)
        values.append([None if share is None or share.value is None else share.value * 100 for share in shares])
        texts.append([few if share is None else f"{write_share(words, share)}\n{write_of(share)}" for share in shares])
        hovers.append(
            [
                f"{words.text(row.name)}\n{words.text(segment.label)}\n"
                + (
                    few
                    if share is None
                    else f"{write_share(words, share)} ({write_of(share)}; {write_share_interval(words, share)})"
                )
                for segment, share in zip(segments, shares, strict=True)
            ]
        )
        cells = tuple(
            Cell(few, tone="few")
            if share is None
            else Cell(
                write_share(words, share),
                note=write_of(share),
                tone=find_heat_tone(share.value),
            )
            for share in shares
        )
        rows.append(Row(Cell(words.text(row.name), note=write_of(row.total)), cells))
    label = words.text(cross.label)
    summary = words.gettext(
        "%(areas)s areas by %(segments)s groups of “%(question)s”. Small groups differ by chance: look at the counts.",
        areas=len(cross.rows),
        segments=len(segments),
        question=label,
    )
    notes = [
        words.gettext(
            "Areas named by fewer than five companies are not broken down, so that no company is recognised."
        ),
    ]
    if len(segments) < len(cross.segments):
        notes.append(words.gettext("Groups without a company in the base are left out."))
    return FigureCard(
        name="segments",
        title=title,
        summary=summary,
        facts=facts,
        charts=(
            draw_cells(
                [words.text(row.name) for row in cross.rows],
                columns,
                values,
                texts=texts,
                hovers=hovers,
                description=summary,
            ),
        ),
        tables=(
            Table(
                words.gettext("Share of each group that ticked the area"),
                (
                    Column(words.gettext("Area"), hint=words.gettext("named by")),
                    *(Column(words.text(segment.label), True, f"n={segment.base:,}") for segment in segments),
                ),
                tuple(rows),
                is_folded=True,
            ),
        ),
        notes=tuple(notes),
        is_wide=True,
    )


def report_severity(ranking: IssueRanking, source: Source) -> FigureCard:
    """How severe the areas are and how far they are solved."""
    words = source.words
    title = words.gettext("How severe are they, and how far are they solved?")
    facts = source.list_facts(
        ranking.origin,
        base=words.gettext("companies that gave details of the area (n in the table)"),
        method=words.gettext(
            "severity of the worst problem, 1 to 5; open share: resolved 0, partly ½, unresolved and given up 1"
        ),
    )
    rows = [row for row in ranking.areas if row.severity.answered or row.status.answered]
    if not rows:
        return FigureCard("severity", title, "", facts, empty=words.gettext("Nobody gave details of an area."))
    severity = [
        Series(
            name=words.gettext("Severity %(level)s", level=level),
            tone=f"warm-{level}",
            values=[write_percent(Share(row.severity.counts[level - 1], row.severity.answered)) for row in rows],
            texts=[write_count(row.severity.counts[level - 1]) for row in rows],
            hovers=[
                hover_count(
                    words,
                    row,
                    words.gettext("Severity %(level)s", level=level),
                    row.severity.counts[level - 1],
                    row.severity.answered,
                )
                for row in rows
            ],
        )
        for level in range(1, 6)
    ]
    states = (
        (words.gettext("Resolved"), "status-1", [row.status.resolved for row in rows]),
        (words.gettext("Partly resolved"), "status-2", [row.status.partly for row in rows]),
        (words.gettext("Unresolved"), "status-3", [row.status.unresolved for row in rows]),
        (words.gettext("Given up"), "status-4", [row.status.abandoned for row in rows]),
    )
    status = [
        Series(
            name=name,
            tone=tone,
            values=[write_percent(Share(count, row.status.answered)) for count, row in zip(counts, rows, strict=True)],
            texts=[write_count(count) for count in counts],
            hovers=[
                hover_count(words, row, name, count, row.status.answered)
                for count, row in zip(counts, rows, strict=True)
            ],
        )
        for name, tone, counts in states
    ]
    labels = [words.text(row.name) for row in rows]
    answered = sum(row.severity.answered for row in rows)
    summary = words.gettext(
        "%(answered)s ratings of severity in %(areas)s areas. The rows stand in the order of the first figure.",
        answered=f"{answered:,}",
        areas=len(rows),
    )
    return FigureCard(
        name="severity",
        title=title,
        summary=summary,
        facts=facts,
        charts=(
            draw_stacked(
                labels,
                severity,
                axis=words.gettext("Severity, % of those who rated it"),
                description=describe_rows(
                    words,
                    words.gettext("Severity 1 to 5 of each area, in percent of those who rated it."),
                    [
                        (
                            words.text(row.name),
                            words.join(
                                write_share(words, Share(count, row.severity.answered)) for count in row.severity.counts
                            ),
                        )
                        for row in rows
                    ],
                ),
            ),
            draw_stacked(
                labels,
                status,
                axis=words.gettext("Status, % of those who gave it"),
                description=describe_rows(
                    words,
                    words.gettext("Status of each area, in percent of those who gave it."),
                    [
                        (
                            words.text(row.name),
                            words.join(
                                f"{name} {write_share(words, Share(counts[place], row.status.answered))}"
                                for name, _, counts in states
                            ),
                        )
                        for place, row in enumerate(rows)
                    ],
                ),
            ),
        ),
        tables=(_tabulate_severity(rows, words, states),),
        notes=(
            words.gettext(
                "A company with more than four areas gives details of its four worst only; the others count in the "
                "share and are missing here."
            ),
        ),
        is_wide=True,
    )


def report_burden(ranking: IssueRanking, source: Source) -> FigureCard:
    """Delay in months and extra cost by range."""
    words = source.words
    title = words.gettext("What do they cost in time and money?")
    facts = source.list_facts(
        ranking.origin,
        base=words.gettext("companies that gave details of the area and a number (or a cost range)"),
        method=words.gettext("quartiles of type 7, not shown for fewer than five values; cost: sum of lower bounds"),
    )
    rows = [row for row in ranking.areas if row.delay is not None and row.cost is not None and row.detailed]
    if not rows:
        return FigureCard("burden", title, "", facts, empty=words.gettext("Nobody gave details of an area."))
    labels = [words.text(row.name) for row in rows]
    choices = _list_cost_choices(rows)
    few = words.gettext("fewer than five values")
    boxes = [_build_delay_box(row, words, few) for row in rows]
    charts: list[Chart] = []
    if any(box.quartiles is not None for box in boxes):
        charts.append(
            draw_boxes(
                boxes,
                axis=words.gettext("Delay in months: median, quartiles, smallest and largest"),
                description=describe_rows(
                    words,
                    words.gettext("Delay in months of each area."),
                    [
                        (words.text(row.name), words.number(row.delay.median, 1))
                        for row in rows
                        if row.delay is not None and row.delay.median is not None
                    ],
                ),
            )
        )
    costs = [
        Series(
            name=words.text(choice.label),
            tone=f"cool-{place}",
            values=[write_percent(_find_cost_share(row, choice.name)) for row in rows],
            texts=[write_count(_find_cost_share(row, choice.name).count) for row in rows],
            hovers=[
                hover_count(
                    words,
                    row,
                    words.text(choice.label),
                    _find_cost_share(row, choice.name).count,
                    _find_cost_share(row, choice.name).base,
                )
                for row in rows
            ],
        )
        for place, choice in enumerate(choices, 1)
    ]
    charts.append(
        draw_stacked(
            labels,
            costs,
            axis=words.gettext("Extra cost, % of those who named a range"),
            description=describe_rows(
                words,
                words.gettext("Extra cost of each area by range."),
                [
                    (
                        words.text(row.name),
                        words.join(write_share(words, _find_cost_share(row, choice.name)) for choice in choices),
                    )
                    for row in rows
                ],
            ),
        )
    )
    total = sum(row.cost.at_least for row in rows if row.cost is not None)
    summary = words.gettext(
        "Extra cost adds up to at least %(total)s million KRW (lower bounds of the ranges; don't know and blanks left "
        "out).",
        total=f"{total:,}",
    )
    return FigureCard(
        name="burden",
        title=title,
        summary=summary,
        facts=facts,
        charts=tuple(charts),
        tables=(_tabulate_delay(rows, words), _tabulate_cost(rows, choices, words)),
        is_wide=True,
    )


def _tabulate_severity(rows: Sequence[IssueRow], words: Words, states: Sequence[tuple[str, str, list[int]]]) -> Table:
    return Table(
        words.gettext("Severity and status, counts of companies"),
        (
            Column(words.gettext("Area")),
            Column(words.gettext("With details"), True, words.gettext("of n")),
            *(Column(str(level), True, words.gettext("severity")) for level in range(1, 6)),
            Column(words.gettext("Mean"), True, words.gettext("n rated")),
            *(Column(name, True) for name, _, _ in states),
            Column(words.gettext("Open share"), True, words.gettext("n with status")),
        ),
        tuple(
            Row(
                Cell(words.text(row.name)),
                (
                    Cell(f"{row.detailed:,}/{row.share.count:,}"),
                    *(Cell(f"{count:,}") for count in row.severity.counts),
                    Cell(words.number(row.severity.mean, 1), note=f"n={row.severity.answered:,}", tone="strong"),
                    *(Cell(f"{counts[place]:,}") for _, _, counts in states),
                    Cell(words.percent(row.status.open_share), note=f"n={row.status.answered:,}", tone="strong"),
                ),
            )
            for place, row in enumerate(rows)
        ),
    )


def _tabulate_delay(rows: Sequence[IssueRow], words: Words) -> Table:
    cells = []
    for row in rows:
        assert row.delay is not None
        delay = row.delay
        cells.append(
            Row(
                Cell(words.text(row.name)),
                (
                    Cell(f"{delay.n:,}"),
                    Cell(words.number(delay.median, 1), tone="strong"),
                    Cell(words.interval(delay.lower_quartile, delay.upper_quartile, 1)),
                    Cell(words.interval(delay.smallest, delay.largest) if delay.median is not None else BLANK),
                    Cell(f"{row.delay_not_answered:,}"),
                ),
            )
        )
    return Table(
        words.gettext("Delay in months"),
        (
            Column(words.gettext("Area")),
            Column(words.gettext("Gave a number"), True, "n"),
            Column(words.gettext("Median"), True, words.gettext("months")),
            Column(words.gettext("Quartiles"), True, words.gettext("months")),
            Column(words.gettext("Smallest–largest"), True, words.gettext("months")),
            Column(words.gettext("Not answered"), True),
        ),
        tuple(cells),
    )


def _tabulate_cost(rows: Sequence[IssueRow], choices: Sequence[Choice], words: Words) -> Table:
    cells = []
    for row in rows:
        assert row.cost is not None
        cells.append(
            Row(
                Cell(words.text(row.name)),
                (
                    *(Cell(f"{_find_cost_share(row, choice.name).count:,}") for choice in choices),
                    Cell(words.gettext("at least %(sum)s", sum=f"{row.cost.at_least:,}"), tone="strong"),
                    Cell(f"{row.cost.dont_know:,}"),
                    Cell(f"{row.cost.not_answered:,}"),
                ),
            )
        )
    return Table(
        words.gettext("Extra cost, counts of companies"),
        (
            Column(words.gettext("Area")),
            *(Column(words.text(choice.label), True) for choice in choices),
            Column(words.gettext("Sum"), True, words.gettext("million KRW")),
            Column(words.gettext("Don't know"), True),
            Column(words.gettext("Not answered"), True),
        ),
        tuple(cells),
    )


def _list_cost_choices(rows: Sequence[IssueRow]) -> list[Choice]:
    """The ranges from the lowest, as every area asks for them."""
    cost = rows[0].cost
    return [] if cost is None else [Choice(name, label) for name, label, _ in cost.ranges]


def _find_cost_share(row: IssueRow, choice: str) -> Share:
    ranges = () if row.cost is None else row.cost.ranges
    return next((share for name, _, share in ranges if name == choice), Share(0, 0))


def _build_delay_box(row: IssueRow, words: Words, few: str) -> Box:
    delay = row.delay
    label = words.text(row.name)
    if (
        delay is None
        or delay.lower_quartile is None
        or delay.median is None
        or delay.upper_quartile is None
        or delay.smallest is None
        or delay.largest is None
    ):
        return Box(label, None, None, remark=f"{few} (n={0 if delay is None else delay.n})")
    hover = words.gettext(
        "Median %(median)s months, quartiles %(quartiles)s, smallest and largest %(ends)s (n=%(n)s)",
        median=words.number(delay.median, 1),
        quartiles=words.interval(delay.lower_quartile, delay.upper_quartile, 1),
        ends=words.interval(delay.smallest, delay.largest),
        n=f"{delay.n:,}",
    )
    return Box(
        label,
        (delay.lower_quartile, delay.median, delay.upper_quartile),
        (delay.smallest, delay.largest),
        hover=f"{label}\n{hover}",
    )
