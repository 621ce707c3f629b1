"""What viewers see of the field: released figures only, hidden ones marked with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from surveyapp.analysis.disclosure import ReleasedField, ReleasedFigure
from surveyapp.analysis.field_records import Segment, Step
from surveyapp.reports.cards import Fact, FigureCard
from surveyapp.reports.field_words import (
    FieldSource,
    list_known_values,
    name_segment,
    name_step,
    name_value,
    say_nobody_invited,
    warn_of_scanners,
)
from surveyapp.reports.released_words import describe_audience, describe_hidden, explain_hidden, name_hidden
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Words


def report_released_field(source: FieldSource, table: ReleasedField) -> tuple[FigureCard, ...]:
    """What a viewer may see of the field: steps of the whole round, and response rates of groups."""
    words = source.words
    title = words.gettext("How far are the invited companies?")
    facts = (
        Fact(words.gettext("Released for"), describe_audience(words, table.audience)),
        *source.list_facts(
            words.gettext("companies invited to the round"),
            words.gettext("companies, not persons; each step counts whoever came to it, whatever followed"),
        ),
    )
    heading = words.gettext("Step")
    names = [name_step(words, Step(step)) for step, _ in table.steps]
    steps = _tabulate_released(words, "steps", (title, heading), facts, names, [figure for _, figure in table.steps])
    cards = [steps if steps.empty else replace(steps, notes=(*steps.notes, warn_of_scanners(words)))]
    for segment, groups in table.groups:
        by, figures = cast("Segment", segment), dict(groups)
        values = list_known_values(source, by, list(figures))
        if not values:
            continue
        title = words.gettext("Who submitted? %(segment)s", segment=name_segment(words, by))
        heading = words.gettext("Group")
        names = [name_value(source, by, value) for value in values]
        shown = [figures[value] for value in values]
        cards.append(_tabulate_released(words, f"by-{segment}", (title, heading), facts, names, shown))
    return tuple(cards)


def _tabulate_released(
    words: Words,
    name: str,
    titles: tuple[str, str],
    facts: tuple[Fact, ...],
    headings: Sequence[str],
    figures: Sequence[ReleasedFigure],
) -> FigureCard:
    title, first_column = titles
    shown = [figure for figure in figures if figure.hidden is None]
    if not shown:
        reason = (
            describe_hidden(words, figures[0].hidden) if figures and figures[0].hidden else say_nobody_invited(words)
        )
        return FigureCard(name, title, "", facts, empty=reason)
    rows = tuple(
        Row(Cell(heading), (_write_released(words, figure),)) for heading, figure in zip(headings, figures, strict=True)
    )
    columns = (
        Column(first_column),
        Column(words.gettext("Companies"), is_number=True, hint=words.gettext("of the invited")),
    )
    return FigureCard(
        name,
        title,
        "",
        facts,
        tables=(Table(words.gettext("Invited companies"), columns, rows),),
        notes=explain_hidden(words, figures),
    )


def _write_released(words: Words, figure: ReleasedFigure) -> Cell:
    if figure.hidden is not None:
        return Cell("×", note=name_hidden(words, figure.hidden), tone="hidden")
    return Cell(words.percent(figure.value), note=f"{figure.count:,}/{figure.base:,}")
