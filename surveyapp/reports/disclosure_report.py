"""For staff: what an audience would be shown of each table, why the rest is hidden, and what a roll-up would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from surveyapp.analysis.disclosure import Hidden, ReleasedAreaCross, count_shown, list_figures
from surveyapp.fieldwork.thresholds import Audience, Thresholds
from surveyapp.reports.cards import Fact, FigureCard, Source
from surveyapp.reports.released_words import describe_audience, state_reason
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Words


@dataclass(frozen=True, slots=True)
class TableShown:
    """One table as the audience may see it now: `content` is the released table, the rest as in `Shown`."""

    name: str
    url: str
    content: object
    since: datetime | None
    is_held_back: bool


def report_disclosure(
    tables: Sequence[TableShown], audience: Audience, thresholds: Thresholds, source: Source
) -> FigureCard:
    """Every table with how many of its figures are shown, the reasons of the others, and when it was released."""
    words = source.words
    shown = [count_shown(each.content) for each in tables]
    every = [sum(1 for _ in list_figures(each.content)) for each in tables]
    return FigureCard(
        name="tables",
        title=words.gettext("What would be shown?"),
        summary=words.gettext(
            "%(shown)s of %(all)s figures may be shown.", shown=f"{sum(shown):,}", all=f"{sum(every):,}"
        ),
        facts=(
            Fact(words.gettext("Released for"), describe_audience(words, audience)),
            Fact(
                words.gettext("Least numbers"),
                words.gettext(
                    "groups of %(base)s companies, %(count)s each that gave an answer and that did not; "
                    "rounds of %(round_base)s with %(round_count)s",
                    base=thresholds.group_base,
                    count=thresholds.group_count,
                    round_base=thresholds.round_base,
                    round_count=thresholds.round_count,
                ),
            ),
        ),
        tables=(
            Table(
                words.gettext("Tables"),
                (
                    Column(words.gettext("Table")),
                    Column(words.gettext("Shown"), True),
                    Column(words.gettext("Why the rest is hidden")),
                    Column(words.gettext("Released")),
                ),
                tuple(
                    Row(
                        Cell(each.name, url=each.url),
                        (
                            Cell(f"{number:,}/{total:,}"),
                            Cell(_list_reasons(words, each.content)),
                            _build_release_cell(words, each),
                        ),
                    )
                    for each, number, total in zip(tables, shown, every, strict=True)
                ),
            ),
        ),
        notes=(
            words.gettext(
                "Looking at this page releases nothing. A table counts as released when a viewer opens it or a file "
                "with it is made."
            ),
        ),
        is_wide=True,
    )


def report_rollups(versions: Sequence[ReleasedAreaCross], source: Source) -> FigureCard:
    """The same heat map as it is and with categories merged: how many cells each would show by itself."""
    words = source.words
    counts = [count_shown(version) for version in versions]
    best = counts.index(max(counts))
    rows = []
    for place, (version, count) in enumerate(zip(versions, counts, strict=True)):
        total = len(version.segments) * len(version.rows)
        rows.append(
            Row(
                Cell(words.join([words.text(label) for _, label in version.segments])),
                (
                    Cell(f"{count:,}/{total:,}", tone="strong" if place == best else ""),
                    Cell(_list_reasons(words, version)),
                ),
            )
        )
    if len(versions) == 1:
        summary = words.gettext("No roll-up is declared for these groups.")
    elif best == 0:
        summary = words.gettext("No roll-up would show more cells.")
    else:
        summary = words.gettext(
            "Merged, %(merged)s cells are shown in place of %(plain)s.",
            merged=f"{counts[best]:,}",
            plain=f"{counts[0]:,}",
        )
    return FigureCard(
        name="rollups",
        title=words.gettext("Which roll-up would show more?"),
        summary=summary,
        facts=(
            Fact(words.gettext("Groups"), words.text(versions[0].label)),
            Fact(words.gettext("Method"), words.gettext("each version by itself, without earlier releases")),
        ),
        tables=(
            Table(
                words.gettext("Versions"),
                (
                    Column(words.gettext("Groups")),
                    Column(words.gettext("Shown"), True),
                    Column(words.gettext("Why the rest is hidden")),
                ),
                tuple(rows),
            ),
        ),
        is_wide=True,
    )


def _list_reasons(words: Words, content: object) -> str:
    counted = Counter(figure.hidden for figure in list_figures(content) if figure.hidden is not None)
    return words.join_clauses(
        [f"{state_reason(words, hidden)} ({counted[hidden]:,})" for hidden in Hidden if counted[hidden]]
    )


def _build_release_cell(words: Words, each: TableShown) -> Cell:
    if each.since is None:
        return Cell(words.gettext("not yet as it is now"), tone="faint")
    if each.is_held_back:
        return Cell(words.time(each.since), note=words.gettext("newer figures would show less and are held back"))
    return Cell(words.time(each.since))
