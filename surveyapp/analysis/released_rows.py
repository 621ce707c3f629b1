"""Released tables as rows of named figures: the path of a figure is its table, its row and its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from surveyapp.analysis.disclosure import (
    ReleasedAreaCross,
    ReleasedFigure,
    ReleasedIssueRow,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    StoredReleaseFaulty,
    read_released,
)
from surveyapp.questionnaire.model import Text

AnyReleased = ReleasedIssueTable | ReleasedAreaCross | ReleasedReadiness | ReleasedQuestion

WHOLE = "*"  # the row of what is said of the table as a whole; no code or choice is called so


@dataclass(frozen=True, slots=True)
class NamedFigure:
    """`label` are the words of the questionnaire; None where the name is one of this product's own."""

    name: str
    label: Text | None
    figure: ReleasedFigure


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One row; `label` as for a figure."""

    code: str
    label: Text | None
    figures: tuple[NamedFigure, ...]


def write_path(definition: str, row: str, name: str) -> str:
    """`issues/gmp/share`, `segments:jp_stage/gmp/onmarket`, …"""
    return f"{definition}/{row}/{name}"


def read_table(definition: str, content: Mapping[str, Any]) -> AnyReleased:
    """The table that a release holds. Raises StoredReleaseFaulty."""
    kind = definition.partition(":")[0]
    if kind == "issues":
        return read_released(ReleasedIssueTable, content)
    if kind == "segments":
        return read_released(ReleasedAreaCross, content)
    if kind == "readiness":
        return read_released(ReleasedReadiness, content)
    if kind == "question":
        return read_released(ReleasedQuestion, content)
    raise StoredReleaseFaulty(definition)


def list_figure_rows(table: AnyReleased) -> tuple[FigureRow, ...]:
    """Every figure of the table, row by row."""
    if isinstance(table, ReleasedIssueTable):
        return tuple(_list_issue_rows(table))
    if isinstance(table, ReleasedAreaCross):
        return tuple(_list_cross_rows(table))
    if isinstance(table, ReleasedReadiness):
        return tuple(_list_readiness_rows(table))
    return tuple(_list_question_rows(table))


def _name(name: str, figure: ReleasedFigure | None) -> Iterator[NamedFigure]:
    if figure is not None:
        yield NamedFigure(name, None, figure)


def _build_row(code: str, label: Text | None, **figures: ReleasedFigure | None) -> FigureRow:
    return FigureRow(code, label, tuple(each for name, figure in figures.items() for each in _name(name, figure)))


def _list_issue_rows(table: ReleasedIssueTable) -> Iterator[FigureRow]:
    yield _build_row(WHOLE, None, base=table.base, none=table.none)
    for row in (*table.areas, *table.leaves):
        yield _build_issue_row(row)


def _build_issue_row(row: ReleasedIssueRow) -> FigureRow:
    return _build_row(
        row.code,
        row.name,
        share=row.share,
        severity=row.severity,
        open_share=row.open_share,
        index=row.index,
        tier=row.tier,
        place=row.place,
        **dict(row.by_stage),
        concerned=None if row.concerned is None else row.concerned[1],
        cost=row.cost,
    )


def _list_cross_rows(table: ReleasedAreaCross) -> Iterator[FigureRow]:
    for area, label, cells in table.rows:
        named = zip(table.segments, cells, strict=True)
        yield FigureRow(area, label, tuple(NamedFigure(name, text, cell) for (name, text), cell in named))


def _list_readiness_rows(table: ReleasedReadiness) -> Iterator[FigureRow]:
    for one in table.dimensions:
        yield _build_row(
            one.dimension,
            None,
            n=one.n,
            median=one.median,
            lower_quartile=one.lower_quartile,
            upper_quartile=one.upper_quartile,
            **{f"level_{level}": figure for level, figure in enumerate(one.levels)},
            ready=one.ready,
            not_ready=one.not_ready,
            net=one.net,
        )
    yield _build_row(
        WHOLE,
        None,
        overall=table.overall,
        overall_equal_weights=table.overall_equal_weights,
        **{f"band_{band}": figure for band, figure in table.bands},
    )


def _list_question_rows(table: ReleasedQuestion) -> Iterator[FigureRow]:
    for choice in table.choices:
        yield _build_row(choice.choice, choice.label, share=choice.share)
    yield _build_row(
        WHOLE,
        None,
        asked=table.asked,
        answered=table.answered,
        not_answered=table.not_answered,
        dont_know=table.dont_know,
        not_applicable=table.not_applicable,
        median=table.median,
        lower_quartile=table.lower_quartile,
        upper_quartile=table.upper_quartile,
    )
