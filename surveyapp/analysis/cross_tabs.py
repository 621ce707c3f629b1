"""Two questions against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex, Number
from surveyapp.analysis.counts import (
    NUMBER_KINDS,
    Missing,
    QuestionNotCounted,
    count_missing,
    find_usable,
    list_usable_choices,
)
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.questionnaire.model import Question, Text

# More rows or columns of single numbers than this are gathered in classes.
MAX_CLASSES = 10


@dataclass(frozen=True, slots=True)
class Category:
    """One row or column of a cross-tab: a choice, a number or a class of numbers ("2018–2022", label None)."""

    name: str
    label: Text | None


@dataclass(frozen=True, slots=True)
class CrossTab:
    """Counts of two questions among the returns that answered both.

    `cells[row][column]` is the share of the column's answerers (`column_bases[column]`: chose the column and answered
    the row question) that chose the row. Rows or columns of a select_multiple overlap and do not add up.
    """

    row_question: str
    column_question: str
    row_label: Text
    column_label: Text
    origin: Origin
    base: int  # answered both
    rows: tuple[Category, ...]
    columns: tuple[Category, ...]
    cells: tuple[tuple[Share, ...], ...]
    row_totals: tuple[Share, ...]  # chose the row, of `base`
    column_bases: tuple[int, ...]
    row_missing: Missing
    column_missing: Missing


def cross_tabulate(index: AnswerIndex, row: Question, column: Question, mask: Mask) -> CrossTab:
    """Two questions of any kind against each other. A rank counts by the topic put first, a text as "answered".

    Raises QuestionNotCounted for notes, calculates and confidential questions.
    """
    rows = _list_categories(index, row, mask)
    columns = _list_categories(index, column, mask)
    row_usable = find_usable(index, row)
    both = row_usable & find_usable(index, column) & mask.numbers
    column_bases = tuple(numbers.intersection_cardinality(both) for _, numbers in columns)
    cells = []
    for _, row_numbers in rows:
        in_row = row_numbers & both
        cells.append(
            tuple(
                Share(in_row.intersection_cardinality(numbers), base)
                for (_, numbers), base in zip(columns, column_bases, strict=True)
            )
        )
    return CrossTab(
        row_question=row.name,
        column_question=column.name,
        row_label=row.label,
        column_label=column.label,
        origin=mask.origin,
        base=len(both),
        rows=tuple(category for category, _ in rows),
        columns=tuple(category for category, _ in columns),
        cells=tuple(cells),
        row_totals=tuple(Share(numbers.intersection_cardinality(both), len(both)) for _, numbers in rows),
        column_bases=column_bases,
        row_missing=count_missing(index, row, mask),
        column_missing=count_missing(index, column, mask),
    )


def _list_categories(index: AnswerIndex, question: Question, mask: Mask) -> list[tuple[Category, BitMap]]:
    """The rows or columns that a question makes, each with its returns."""
    if not question.is_asked or question.compartment not in ("answers", "texts"):
        raise QuestionNotCounted(question.name)
    if question.kind in NUMBER_KINDS:
        return _list_classes(index, question, mask)
    if question.kind == "text":
        return [(Category("answered", None), index.answered(question.name))]
    return [
        (
            Category(choice.name, choice.label),
            index.ranked(question.name, choice.name, 1)
            if question.kind == "rank"
            else index.chosen(question.name, choice.name),
        )
        for choice in list_usable_choices(question)
    ]


def _list_classes(index: AnswerIndex, question: Question, mask: Mask) -> list[tuple[Category, BitMap]]:
    """Numbers one by one where there are few, else in classes of equal, round width."""
    held = {value: numbers for value, numbers in index.values(question.name).items() if numbers.intersect(mask.numbers)}
    if len(held) <= MAX_CLASSES:
        return [(Category(_write_number(value), None), numbers) for value, numbers in held.items()]
    smallest, largest = min(held), max(held)
    width = next(width for width in _list_round_widths() if largest // width - smallest // width < MAX_CLASSES)
    classes: dict[int, BitMap] = {}
    for value, numbers in held.items():
        start = int(value // width) * width
        classes[start] = classes[start] | numbers if start in classes else numbers
    return [(Category(f"{start}–{start + width - 1}", None), classes[start]) for start in sorted(classes)]


def _write_number(value: Number) -> str:
    """Digits as the questionnaire keeps them: a decimal answer is a finite decimal fraction."""
    return str(value) if isinstance(value, int) else str(Decimal(value.numerator) / Decimal(value.denominator))


def _list_round_widths() -> Iterator[int]:
    """2, 5, 10, 20, 50, …"""
    width = 1
    while True:
        yield from (2 * width, 5 * width, 10 * width)
        width *= 10
