"""A briefing as a workbook: the figures of the page as numbers, each hidden one with its reason, and the methods.

Names stand in full, and every area and issue that may be shown is there, also where the page has no room for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import BinaryIO

from surveyapp.analysis.disclosure import ReleasedFigure, ReleasedIssueRow
from surveyapp.questionnaire.crosswalk import load_crosswalk
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.briefing.changes import name_direction, name_recurrence, write_changes
from surveyapp.reports.briefing.figures import BriefingFigures
from surveyapp.reports.briefing.paper import build_paper, name_briefing
from surveyapp.reports.crosswalk_report import describe_aspect, name_measures
from surveyapp.reports.exports.workbook import Sheet, SheetCell, write_workbook
from surveyapp.reports.issue_words import describe_bilateral
from surveyapp.reports.released_words import describe_hidden
from surveyapp.reports.words import Words


def write_briefing_workbook(
    file: BinaryIO, words: Words, figures: BriefingFigures, *, now: datetime, scratch: Path | None = None
) -> None:
    """Sheets of areas, issues, methods and hidden cells."""
    columns = _list_columns(words, figures)
    area, issues = [*figures.areas], [*figures.issues]
    sheets = [
        _build_sheet(words.gettext("Areas"), columns, area),
        _build_sheet(words.gettext("Problems"), columns, issues),
        Sheet(
            words.gettext("Methods"),
            (words.gettext("What"), words.gettext("How")),
            _list_methods(words, figures, now),
            (True, True),
            is_wrapped=True,
        ),
        Sheet(
            words.gettext("Hidden cells"),
            (words.gettext("Issue"), words.gettext("Which figure"), words.gettext("Why hidden")),
            _list_hidden(words, columns, [*area, *issues]),
            (True, True, True),
            is_wrapped=True,
        ),
    ]
    write_workbook(file, sheets, title=name_briefing(words), now=now, scratch=scratch)


@dataclass(frozen=True, slots=True)
class _Column:
    """`figure` is what the cell is a part of, so that an empty cell can say why it is empty."""

    heading: str
    read: Callable[[ReleasedIssueRow], SheetCell]
    figure: Callable[[ReleasedIssueRow], ReleasedFigure | None] | None = None
    is_text: bool = False


def _build_sheet(name: str, columns: Sequence[_Column], rows: Sequence[ReleasedIssueRow]) -> Sheet:
    return Sheet(
        name,
        tuple(column.heading for column in columns),
        [[column.read(row) for column in columns] for row in rows],
        tuple(column.is_text for column in columns),
        key=2,
    )


def _list_columns(words: Words, figures: BriefingFigures) -> list[_Column]:
    areas = {row.code: row.name for row in figures.table.areas}
    crosswalk, taxonomy = load_crosswalk(), load_taxonomy()

    def read_measures(row: ReleasedIssueRow) -> SheetCell:
        line = crosswalk.find(row.code, taxonomy)
        return None if line is None else name_measures(words, crosswalk, line) or None

    def read_aspect(row: ReleasedIssueRow) -> SheetCell:
        line = crosswalk.find(row.code, taxonomy)
        return None if line is None else describe_aspect(words, line.aspect)

    def read_direction(row: ReleasedIssueRow) -> SheetCell:
        change = figures.find_change(row.code)
        if change is None:
            return None
        if change.before is None:
            return words.gettext("Not comparable")
        return None if change.direction is None else name_direction(words, change.direction)

    def read_recurrence(row: ReleasedIssueRow) -> SheetCell:
        change = figures.find_change(row.code)
        return None if change is None or change.recurrence is None else name_recurrence(words, change.recurrence)

    def find_before(row: ReleasedIssueRow) -> ReleasedFigure | None:
        change = figures.find_change(row.code)
        return None if change is None else change.before

    is_taken = figures.earlier is not None and figures.earlier.released_at is not None
    earlier = words.gettext("As given then") if is_taken else words.gettext("Earlier round")
    return [
        _Column(words.gettext("Area"), lambda row: words.text(areas[row.parent or row.code]), is_text=True),
        _Column(words.gettext("Issue"), lambda row: None if row.parent is None else words.text(row.name), is_text=True),
        _Column(words.gettext("Code"), lambda row: row.code, is_text=True),
        _Column(words.gettext("Bilateral"), lambda row: describe_bilateral(words, row.bilateral), is_text=True),
        _Column(words.gettext("Tier"), lambda row: _round(row.tier.value, 0)),
        *_list_share_columns(words, words.gettext("Named by"), lambda row: row.share),
        *_list_mean_columns(words, words.gettext("Severity, mean 1–5"), lambda row: row.severity, 2),
        *_list_mean_columns(words, words.gettext("Open share, %"), lambda row: row.open_share, 1, factor=100),
        *_list_mean_columns(words, words.gettext("Priority index, 0–100"), lambda row: row.index, 1, with_range=True),
        *_list_share_columns(words, earlier, find_before),
        _Column(words.gettext("Change since then"), read_direction, is_text=True),
        _Column(words.gettext("Recurring or new"), read_recurrence, is_text=True),
        _Column(words.gettext("Trade measure (UNCTAD)"), read_measures, is_text=True),
        _Column(words.gettext("What hinders"), read_aspect, is_text=True),
        *_list_mean_columns(words, words.gettext("Extra cost, at least (million KRW)"), lambda row: row.cost, 0),
    ]


_Find = Callable[[ReleasedIssueRow], ReleasedFigure | None]


def _list_share_columns(words: Words, heading: str, find: _Find) -> Iterator[_Column]:
    parts: tuple[tuple[str, Callable[[ReleasedFigure], SheetCell]], ...] = (
        ("n", lambda figure: figure.count),
        (words.gettext("base"), lambda figure: figure.base),
        ("%", lambda figure: _round(figure.value, 1, 100)),
        (words.gettext("95% interval from, %"), partial(_read_end, end=0, factor=100)),
        (words.gettext("95% interval to, %"), partial(_read_end, end=1, factor=100)),
    )
    yield from (_Column(words.pair(heading, name), partial(_read, find, part), find) for name, part in parts)


def _list_mean_columns(
    words: Words, heading: str, find: _Find, digits: int, *, factor: int = 1, with_range: bool = False
) -> Iterator[_Column]:
    yield _Column(heading, partial(_read, find, lambda figure: _round(figure.value, digits, factor)), find)
    if with_range:
        for end, name in enumerate((words.gettext("range from"), words.gettext("range to"))):
            yield _Column(words.pair(heading, name), partial(_read, find, partial(_read_end, end=end)), find)
    else:
        yield _Column(words.pair(heading, "n"), partial(_read, find, lambda figure: figure.base), find)


def _read(find: _Find, part: Callable[[ReleasedFigure], SheetCell], row: ReleasedIssueRow) -> SheetCell:
    figure = find(row)
    return None if figure is None else part(figure)


def _read_end(figure: ReleasedFigure, *, end: int, factor: int = 1) -> SheetCell:
    return None if figure.interval is None else _round(figure.interval[end], 1, factor)


def _round(value: Fraction | None, digits: int, factor: int = 1) -> Decimal | None:
    return None if value is None else round_half_up(value * factor, digits)


def _list_methods(words: Words, figures: BriefingFigures, now: datetime) -> Iterator[tuple[str, str]]:
    paper = build_paper(words, figures, now=now)
    yield words.gettext("What the file holds"), paper.title
    if paper.mark:
        yield words.gettext("Kind of round"), paper.mark
    yield from ((fact.label, fact.text) for fact in paper.facts)
    yield words.gettext("Methods"), paper.methods
    if paper.empty:
        yield words.gettext("Areas"), paper.empty
    yield from ((words.gettext("What changed since the last meeting"), said) for said in write_changes(words, figures))
    yield from ((words.gettext("Note"), note) for note in paper.notes)


def _list_hidden(
    words: Words, columns: Sequence[_Column], rows: Sequence[ReleasedIssueRow]
) -> Iterator[tuple[str, str, str]]:
    for row in rows:
        for column in columns:
            figure = None if column.figure is None else column.figure(row)
            if figure is not None and figure.hidden is not None:
                yield words.text(row.name), column.heading, describe_hidden(words, figure.hidden)
