"""The figures of the questions page: one question's answers, and two questions against each other."""

from __future__ import annotations

from collections.abc import Callable

from surveyapp.analysis.counts import Missing, QuestionCounts
from surveyapp.analysis.cross_tabs import Category, CrossTab
from surveyapp.questionnaire.model import Question, Text
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.reports.cards import (
    Fact,
    FigureCard,
    Source,
    describe_lead,
    describe_rows,
    write_of,
    write_share,
    write_share_interval,
)
from surveyapp.reports.charts import Chart, Mark, Series, draw_bars, draw_cells, draw_columns, draw_stacked
from surveyapp.reports.issue_words import write_count
from surveyapp.reports.tables import Cell, Column, Row, Table, find_heat_tone
from surveyapp.reports.words import BLANK, Number, Words

FEW_CASES = 5
MOST_COLUMNS = 60  # distinct numbers that still make a readable row of columns


def title_question(question: Question, words: Words) -> str:
    """The question's words, with those of its block in front where ten blocks ask alike."""
    label = words.text(question.label)
    if len(question.groups) > 1 and question.number is None:
        return words.pair(words.text(question.groups[-1].label), label)
    return label


def report_question(
    counts: QuestionCounts, question: Question, source: Source, *, title: str, texts_url: Callable[[str], str]
) -> FigureCard:
    """One question: chart and table, with every kind of missing answer kept apart."""
    words = source.words
    facts = _list_facts(counts, source)
    name = f"q-{question.name}"
    missing = _list_missing(counts, words)
    if counts.asked == 0:
        empty = words.gettext("Nobody in this selection was asked this question.")
        return FigureCard(name, title, "", facts, tables=(_tabulate_missing(missing, counts, words),), empty=empty)
    if counts.kind == "text":
        table = Table(
            words.gettext("Texts"),
            (Column(words.gettext("Answer")), Column(words.gettext("Count"), True)),
            (
                Row(Cell(words.gettext("Wrote a text"), url=texts_url(question.name)), (Cell(f"{counts.answered:,}"),)),
                *missing,
            ),
        )
        summary = words.gettext(
            "%(answered)s of %(asked)s asked wrote a text.", answered=f"{counts.answered:,}", asked=f"{counts.asked:,}"
        )
        return FigureCard(name, title, summary, facts, tables=(table,))
    charts, table = _show_answers(counts, words, missing)
    empty = "" if counts.answered else words.gettext("Nobody in this selection has answered this question.")
    return FigureCard(
        name, title, _summarise(counts, words), facts, charts if counts.answered else (), (table,), (), empty
    )


def report_cross_tab(cross: CrossTab, source: Source, *, title: str) -> FigureCard:
    """Two questions: for each answer to the second, how the first was answered."""
    words = source.words
    facts = source.list_facts(
        cross.origin,
        base=words.gettext(
            "%(n)s that answered both questions; percentages are of each column",
            n=source.count(cross.origin, cross.base),
        ),
        method=words.gettext("share of the column's companies that gave the row's answer; 95% Wilson interval"),
    )
    name = "cross"
    places = [place for place, base in enumerate(cross.column_bases) if base]
    if not places or not cross.rows:
        return FigureCard(
            name, title, "", facts, empty=words.gettext("Nobody in this selection answered both questions.")
        )
    rows = [_name_category(category, words) for category in cross.rows]
    columns = [_name_category(cross.columns[place], words) for place in places]
    shares = [[line[place] for place in places] for line in cross.cells]
    summary = words.gettext(
        "%(rows)s answers by %(columns)s groups. Small groups differ by chance: look at the counts.",
        rows=len(rows),
        columns=len(columns),
    )
    chart = draw_cells(
        rows,
        [(column, f"n={cross.column_bases[place]:,}") for column, place in zip(columns, places, strict=True)],
        [[None if share.value is None else share.value * 100 for share in line] for line in shares],
        texts=[[f"{write_share(words, share)}\n{write_of(share)}" for share in line] for line in shares],
        hovers=[
            [
                f"{row}\n{column}\n{write_share(words, share)} "
                f"({write_of(share)}; {write_share_interval(words, share)})"
                for column, share in zip(columns, line, strict=True)
            ]
            for row, line in zip(rows, shares, strict=True)
        ],
        description=summary,
    )
    table = Table(
        title,
        (
            Column(words.text(cross.row_label)),
            *(
                Column(column, True, f"n={cross.column_bases[place]:,}")
                for column, place in zip(columns, places, strict=True)
            ),
            Column(words.gettext("All"), True, f"n={cross.base:,}"),
        ),
        tuple(
            Row(
                Cell(row),
                (
                    *(
                        Cell(
                            write_share(words, share),
                            note=write_of(share),
                            tone=find_heat_tone(share.value),
                        )
                        for share in line
                    ),
                    Cell(write_share(words, total), note=write_of(total), tone="strong"),
                ),
            )
            for row, line, total in zip(rows, shares, cross.row_totals, strict=True)
        ),
        notes=(
            _describe_missing(cross.row_label, cross.row_missing, words),
            _describe_missing(cross.column_label, cross.column_missing, words),
        ),
        is_folded=True,
    )
    return FigureCard(name, title, summary, facts, (chart,), (table,), is_wide=True)


def _list_facts(counts: QuestionCounts, source: Source) -> tuple[Fact, ...]:
    words = source.words
    base = words.gettext(
        "%(answered)s answered of %(asked)s asked (%(base)s in the selection)",
        answered=f"{counts.answered:,}",
        asked=f"{counts.asked:,}",
        base=source.count(counts.origin, counts.base),
    )
    method = {
        "select_one": words.gettext("percent of those who answered; 95% Wilson interval"),
        "select_multiple": words.gettext(
            "several answers possible: percent of those who answered, adding up to more than 100; 95% Wilson interval"
        ),
        "rank": words.gettext("percent of those who ranked anything"),
        "text": words.gettext("count of texts"),
    }.get(counts.kind, words.gettext("median and quartiles of type 7, not shown for fewer than five values"))
    return source.list_facts(counts.origin, base=base, method=method)


def _summarise(counts: QuestionCounts, words: Words) -> str:
    if counts.numbers is not None and counts.numbers.median is not None:
        return words.gettext(
            "Median %(median)s; the middle half lies at %(quartiles)s.",
            median=_write_answer(counts.numbers.median),
            quartiles=_write_span(counts.numbers.lower_quartile, counts.numbers.upper_quartile),
        )
    if counts.ranks:
        lead = describe_lead(words, [(words.text(rank.label), rank.first) for rank in counts.ranks])
        return words.gettext("Put first. %(lead)s", lead=lead) if lead else ""
    return describe_lead(words, [(words.text(choice.label), choice.share) for choice in counts.choices])


def _show_answers(counts: QuestionCounts, words: Words, missing: tuple[Row, ...]) -> tuple[tuple[Chart, ...], Table]:
    if counts.ranks:
        return _show_ranks(counts, words, missing)
    if counts.numbers is not None:
        return _show_numbers(counts, words, missing)
    marks = []
    rows = []
    for choice in counts.choices:
        label, share, interval = words.text(choice.label), choice.share, choice.share.interval
        marks.append(
            Mark(
                label=label,
                value=None if share.value is None else share.value * 100,
                low=None if interval is None else interval[0] * 100,
                high=None if interval is None else interval[1] * 100,
                hover=f"{label}\n{write_share(words, share)} ({write_of(share)}; {write_share_interval(words, share)})",
                is_hollow=share.count < FEW_CASES,
            )
        )
        rows.append(
            Row(
                Cell(label),
                (
                    Cell(f"{share.count:,}"),
                    Cell(write_share(words, share), tone="strong"),
                    Cell(write_share_interval(words, share)),
                ),
            )
        )
    chart = draw_bars(
        marks,
        axis=words.gettext("% of those who answered, with 95% interval"),
        description=describe_rows(
            words,
            words.gettext("Share of each answer among those who answered."),
            [(words.text(choice.label), write_share(words, choice.share)) for choice in counts.choices],
        ),
    )
    table = Table(
        words.gettext("Answers"),
        (
            Column(words.gettext("Answer")),
            Column(words.gettext("Count"), True),
            Column(words.gettext("Percent"), True, words.gettext("of %(n)s who answered", n=f"{counts.answered:,}")),
            Column(words.gettext("95% interval"), True),
        ),
        (*rows, *missing),
    )
    return (chart,), table


def _show_numbers(counts: QuestionCounts, words: Words, missing: tuple[Row, ...]) -> tuple[tuple[Chart, ...], Table]:
    numbers = counts.numbers
    assert numbers is not None
    charts: tuple[Chart, ...] = ()
    if counts.values and len(counts.values) <= MOST_COLUMNS:
        charts = (
            draw_columns(
                counts.values,
                hovers=[f"{_write_answer(value)}: {times:,}" for value, times in counts.values],
                axes=(words.text(counts.label), words.gettext("Count")),
                description=describe_rows(
                    words,
                    words.gettext("How often each number was given."),
                    [(f"{_write_answer(value)}:", f"{times:,}") for value, times in counts.values],
                ),
            ),
        )
    few = numbers.median is None
    rows = (
        (words.gettext("Gave a number"), f"{numbers.n:,}"),
        (words.gettext("Median"), _write_answer(numbers.median)),
        (words.gettext("Quartiles"), _write_span(numbers.lower_quartile, numbers.upper_quartile)),
        (words.gettext("Smallest–largest"), BLANK if few else _write_span(numbers.smallest, numbers.largest)),
    )
    table = Table(
        words.gettext("Numbers"),
        (Column(words.gettext("Measure")), Column(words.gettext("Value"), True)),
        (*(Row(Cell(label), (Cell(value),)) for label, value in rows), *missing),
        notes=(words.gettext("Quartiles are not shown for fewer than five values."),) if few else (),
    )
    return charts, table


def _write_answer(number: Number | None) -> str:
    """A number as a company gave it or between two such: years carry no comma, whole numbers no decimals."""
    if number is None:
        return BLANK
    rounded = round_half_up(number, 1)
    return str(rounded.to_integral_value()) if rounded == rounded.to_integral_value() else str(rounded)


def _write_span(low: Number | None, high: Number | None) -> str:
    return BLANK if low is None or high is None else f"{_write_answer(low)}–{_write_answer(high)}"


def _show_ranks(counts: QuestionCounts, words: Words, missing: tuple[Row, ...]) -> tuple[tuple[Chart, ...], Table]:
    places = range(1, len(counts.ranks) + 1)
    series = [
        Series(
            name=words.gettext("Place %(place)s", place=place),
            tone=f"place-{min(place, 6)}",
            values=[rank.positions[place - 1] if place <= len(rank.positions) else 0 for rank in counts.ranks],
            texts=[
                write_count(rank.positions[place - 1]) if place <= len(rank.positions) else "" for rank in counts.ranks
            ],
            hovers=[
                f"{words.text(rank.label)}\n{words.gettext('Place %(place)s', place=place)}: "
                f"{rank.positions[place - 1] if place <= len(rank.positions) else 0:,}"
                for rank in counts.ranks
            ],
        )
        for place in places
    ]
    chart = draw_stacked(
        [words.text(rank.label) for rank in counts.ranks],
        series,
        axis=words.gettext("Companies that gave the place"),
        unit="",
        description=describe_rows(
            words,
            words.gettext("How often each topic was put on each place."),
            [(words.text(rank.label), words.join(f"{times:,}" for times in rank.positions)) for rank in counts.ranks],
        ),
    )
    table = Table(
        words.gettext("Places"),
        (
            Column(words.gettext("Topic")),
            Column(words.gettext("Put first"), True, words.gettext("of %(n)s who ranked", n=f"{counts.answered:,}")),
            *(Column(str(place), True, words.gettext("place")) for place in places),
            Column(words.gettext("Ranked at all"), True),
            Column(words.gettext("Mean place"), True, words.gettext("of those that ranked it")),
        ),
        (
            *(
                Row(
                    Cell(words.text(rank.label)),
                    (
                        Cell(write_share(words, rank.first), note=write_of(rank.first), tone="strong"),
                        *(
                            Cell(f"{rank.positions[place - 1]:,}" if place <= len(rank.positions) else "0")
                            for place in places
                        ),
                        Cell(write_of(rank.ranked)),
                        Cell(words.number(rank.mean_position, 1)),
                    ),
                )
                for rank in counts.ranks
            ),
            *(
                Row(row.heading, (*row.cells, *[Cell("")] * (len(places) + 2)), is_apart=True)
                for row in _shorten(missing)
            ),
        ),
    )
    return (chart,), table


def _shorten(missing: tuple[Row, ...]) -> tuple[Row, ...]:
    return tuple(Row(row.heading, row.cells[:1], is_apart=True) for row in missing)


def _list_missing(counts: QuestionCounts, words: Words) -> tuple[Row, ...]:
    """Missing answers by kind, in as many cells as the table of the question's kind has."""
    missing = counts.missing
    width = {"text": 1, "integer": 1, "decimal": 1}.get(counts.kind, 3)
    kinds = [
        (words.gettext("Don't know"), missing.dont_know),
        (words.gettext("Not applicable"), missing.not_applicable),
    ]
    shown = [(label, count) for label, count in kinds if count]
    shown += [
        (words.gettext("Asked, not answered"), missing.not_answered),
        (words.gettext("Not asked"), missing.not_asked),
    ]
    return tuple(
        Row(Cell(label), (Cell(f"{count:,}"), *[Cell("")] * (width - 1)), is_apart=True) for label, count in shown
    )


def _tabulate_missing(missing: tuple[Row, ...], counts: QuestionCounts, words: Words) -> Table:
    return Table(
        words.gettext("Answers"),
        (Column(words.gettext("Answer")), Column(words.gettext("Count"), True)),
        _shorten(missing),
    )


def _describe_missing(label: Text, missing: Missing, words: Words) -> str:
    return words.gettext(
        "“%(question)s”: not asked %(not_asked)s, not answered %(not_answered)s, don't know %(dont_know)s, "
        "not applicable %(not_applicable)s.",
        question=words.text(label),
        not_asked=f"{missing.not_asked:,}",
        not_answered=f"{missing.not_answered:,}",
        dont_know=f"{missing.dont_know:,}",
        not_applicable=f"{missing.not_applicable:,}",
    )


def _name_category(category: Category, words: Words) -> str:
    return category.name if category.label is None else words.text(category.label)
