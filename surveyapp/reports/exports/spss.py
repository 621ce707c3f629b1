"""A table of rows as an SPSS file: what is a number, which labels it has, and which codes stand for no answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import BinaryIO

from surveyapp.reports.exports.columns import DONT_KNOW, NOT_APPLICABLE, Column, Missing, label_column
from surveyapp.reports.exports.missing_words import name_missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import ExportRefused, RowTable, TableOptions
from surveyapp.reports.exports.spss_format import LONGEST_STRING, ResponseSet, SpssVariable, SpssWriter
from surveyapp.reports.words import Words

# Codes of what is no answer, among the codes of choices. Beside numbers that were typed they are moved far beyond what
# can be typed (15 digits), where a double is still exact.
CODES: Mapping[Missing, int] = {Missing.NOT_ASKED: -1, Missing.NOT_ANSWERED: -2, Missing.SUPPRESSED: -3}
CHOICE_CODES: Mapping[str, int] = {DONT_KNOW: -8, NOT_APPLICABLE: -9}
MISSING_RANGE = (-9, -1)
FAR = -9_000_000_000_000_000
_LEAST_WIDTH = max(len(each) for each in Missing)
_NUMBERS = ("integer", "decimal", "calculated", "fact")


def write_spss(table: RowTable, file: BinaryIO, options: TableOptions, *, title: str, now: datetime) -> None:
    """The file, in two readings of the rows: strings have the width of the longest.

    Raises `ExportRefused` for a text that is wider than SPSS can hold, before anything is written.
    """
    widths = _measure_texts(table)
    variables = [_describe(column, widths.get(place), options.words) for place, column in enumerate(table.columns)]
    writer = SpssWriter(file, variables, list_response_sets(table.columns, options.words), title=title, now=now)
    readers = [code_choices(column) if column.kind == "choice" else None for column in table.columns]
    shapes = list(zip(table.columns, readers, (widths.get(place) for place in range(len(readers))), strict=True))
    for row in table.read_rows():
        writer.write_case([_read(*shape, cell) for shape, cell in zip(shapes, row, strict=True)])
    writer.close()


def code_choices(column: Column) -> Mapping[str, int]:
    """The number of every choice: its name where that is a whole number, else its place in the list from 1 on."""
    names = [name for name, _ in column.values]
    values = [name for name in names if name not in CHOICE_CODES]
    is_numbered = all(name.isascii() and name.isdecimal() and str(int(name)) == name for name in values)
    codes = {name: int(name) if is_numbered else place for place, name in enumerate(values, 1)}
    return {name: codes[name] if name in codes else CHOICE_CODES[name] for name in names}


def list_response_sets(columns: Sequence[Column], words: Words) -> list[ResponseSet]:
    """The multiple-choice questions among the columns."""
    members: dict[str, list[Column]] = {}
    for column in columns:
        if column.set_name is not None:
            members.setdefault(column.set_name, []).append(column)
    return [
        ResponseSet(name, _label_set(found, words), tuple(column.variable for column in found))
        for name, found in members.items()
    ]


def _label_set(columns: Sequence[Column], words: Words) -> str:
    question = columns[0].question
    assert question is not None
    return " ".join(words.text(question.label).split())


def _is_numeric(column: Column) -> bool:
    return column.is_number or column.kind == "choice"


def _measure_texts(table: RowTable) -> dict[int, int]:
    """Bytes of the longest text of every column of texts, by its place."""
    widths = {place: _LEAST_WIDTH for place, column in enumerate(table.columns) if not _is_numeric(column)}
    for row in table.read_rows():
        for place, widest in widths.items():
            cell = row[place]
            if len(cell) * 4 > widest and (size := len(str(cell).encode())) > widest:  # type: ignore[arg-type]
                if size > LONGEST_STRING:
                    column = table.columns[place]
                    raise ExportRefused("text_too_wide", column=column.name, size=size, most=LONGEST_STRING)
                widths[place] = size
    return widths


def _describe(column: Column, width: int | None, words: Words) -> SpssVariable:
    label = label_column(words, column)
    if width is not None:
        codes = tuple(str(kind) for kind in column.missing)  # SPSS takes three at most, and no column has more
        return SpssVariable(column.variable, label, "nominal", width, missing_strings=codes)
    is_far = column.kind in _NUMBERS
    labels = _label_numbers(column, words)
    labels |= {CODES[kind] + (FAR if is_far else 0): name_missing(words, kind) for kind in _list_coded(column)}
    return SpssVariable(
        column.variable,
        label,
        column.measure,
        digits=17 if is_far and column.missing else 8,
        decimals=4 if column.kind == "decimal" else 0,
        labels=labels,
        missing=_find_range(column, is_far),
    )


def _list_coded(column: Column) -> Iterator[Missing]:
    return (kind for kind in CODES if kind in column.missing)


def _find_range(column: Column, is_far: bool) -> tuple[int, int] | None:
    if not column.missing:
        return None
    least, most = MISSING_RANGE
    return (least + FAR, most + FAR) if is_far else (least, most)


def _label_numbers(column: Column, words: Words) -> dict[int, str]:
    if column.kind == "tick":
        return {0: words.gettext("not ticked"), 1: words.gettext("ticked")}
    if column.kind != "choice":
        return {}
    codes = code_choices(column)
    return {codes[name]: words.text(label) for name, label in column.values}


def _read(column: Column, choices: Mapping[str, int] | None, width: int | None, cell: Cell) -> float | int | str:
    if width is not None:
        text = str(cell)
        if len(text.encode()) > width:  # somebody edited the return between the two readings
            raise ExportRefused("text_grew", column=column.name)
        return text
    if isinstance(cell, Missing):
        return CODES[cell] + (FAR if column.kind in _NUMBERS else 0)
    if choices is not None:
        return choices[str(cell)]
    if isinstance(cell, int):
        return cell
    try:
        return float(cell)
    except ValueError:  # a calculation that came to no number
        return CODES[Missing.NOT_ASKED] + FAR
