"""One question as a viewer sees it: released figures only."""

from __future__ import annotations

from surveyapp.analysis.disclosure import ReleasedQuestion
from surveyapp.reports.cards import FigureCard, Source, describe_rows
from surveyapp.reports.charts import Chart, Mark, draw_bars
from surveyapp.reports.released_cells import (
    build_interval_cell,
    build_number_cell,
    build_share_cell,
    list_released_facts,
)
from surveyapp.reports.released_words import describe_figure, explain_hidden, name_hidden, write_count
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Number


def report_released_question(question: ReleasedQuestion, source: Source, *, title: str) -> FigureCard:
    """One question, as far as its answers may be shown."""
    words = source.words
    facts = list_released_facts(
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
            (build_share_cell(words, choice.share), build_interval_cell(words, choice.share)),
        )
        for choice in question.choices
    ]
    for label, figure in (
        (words.gettext("Median"), question.median),
        (words.gettext("Lower quartile"), question.lower_quartile),
        (words.gettext("Upper quartile"), question.upper_quartile),
    ):
        if figure is not None:
            rows.append(Row(Cell(label), (build_number_cell(words, figure), Cell(""))))
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


def _times_100(value: Number | None) -> Number | None:
    return None if value is None else value * 100
