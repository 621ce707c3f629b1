"""Workbooks (XLSX): sheets of rows, written row by row in flat memory.

Text is always a text cell, so that nothing is taken for a formula, a link or a number; what names a thing is text, what
is counted is a number.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import ExportRefused, RowTable, TableOptions, head_column

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet

MOST_COLUMNS = 16_384
MOST_ROWS = 1_048_576  # the heading among them
LONGEST_CELL = 32_767  # characters as UTF-16 counts them
_NOT_XML = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # other control characters are written as Excel escapes them
_WIDEST = 60  # characters of a column on screen
_NARROWEST = 9

SheetCell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`is_text` says of each column whether its cells are shown as text whatever they look like."""

    name: str
    headings: tuple[str, ...]
    rows: Iterable[Sequence[SheetCell]]
    is_text: tuple[bool, ...]
    is_wrapped: bool = False


def write_workbook(
    file: BinaryIO, sheets: Sequence[Sheet], *, title: str, now: datetime, scratch: Path | None = None
) -> None:
    """All sheets, each with its heading frozen and a filter. Raises `ExportRefused` for what Excel cannot hold.

    Rows wait in `scratch` (else the system's folder for such files) until the workbook is put together, and are gone
    afterwards.
    """
    import xlsxwriter  # no page needs it

    for sheet in sheets:
        if len(sheet.headings) > MOST_COLUMNS:
            raise ExportRefused("too_many_columns", count=len(sheet.headings), most=MOST_COLUMNS)
    with tempfile.TemporaryDirectory(prefix="workbook-", dir=scratch) as folder:
        book = xlsxwriter.Workbook(file, {"constant_memory": True, "tmpdir": folder})
        book.set_properties({"title": title, "created": now.replace(tzinfo=None)})
        heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        text = book.add_format({"num_format": "@"})
        wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        try:
            for sheet in sheets:
                _write_sheet(book.add_worksheet(sheet.name), sheet, heading, wrapped if sheet.is_wrapped else text)
            book.close()
        finally:
            for worksheet in book.worksheets():
                worksheet.row_data_fh.close()


def build_data_sheet(name: str, table: RowTable, options: TableOptions) -> Sheet:
    """The rows of a table, with names of choices or their labels."""
    if len(table.columns) > MOST_COLUMNS:
        raise ExportRefused("too_many_columns", count=len(table.columns), most=MOST_COLUMNS)
    labels: list[Mapping[str, str]] = [
        {name: options.words.text(label) for name, label in column.values} if options.with_labels else {}
        for column in table.columns
    ]

    def read_rows() -> Iterator[Sequence[SheetCell]]:
        for row in table.read_rows():
            cells = zip(table.columns, labels, row, strict=True)
            yield [_read(column, known, cell) for column, known, cell in cells]

    headings = tuple(head_column(column, options) for column in table.columns)
    return Sheet(name, headings, read_rows(), tuple(not _is_numeric(column) for column in table.columns))


def _is_numeric(column: Column) -> bool:
    return column.is_number or column.kind in ("tick", "place")


def _read(column: Column, labels: Mapping[str, str], cell: Cell) -> SheetCell:
    if isinstance(cell, Missing):
        return str(cell) or None
    if isinstance(cell, int) or not _is_numeric(column):
        return labels.get(cell, cell) if isinstance(cell, str) else cell
    try:
        return Decimal(cell)
    except ArithmeticError:  # a calculation that came to no number
        return cell


def _write_sheet(worksheet: Worksheet, sheet: Sheet, heading: Format, text: Format) -> None:
    for place, words in enumerate(sheet.headings):
        worksheet.write_string(0, place, _fit(words, 1, words), heading)
        width = min(_WIDEST if sheet.is_wrapped else 24, max(_NARROWEST, len(words) + 2))
        worksheet.set_column(place, place, width, text if sheet.is_text[place] else None)
    last = 0
    for last, row in enumerate(sheet.rows, 1):
        if last >= MOST_ROWS:
            raise ExportRefused("too_many_rows", most=MOST_ROWS - 1)
        for place, cell in enumerate(row):
            if cell is None:
                continue
            if isinstance(cell, str):
                worksheet.write_string(last, place, _fit(cell, last + 1, sheet.headings[place]), text)
            else:
                worksheet.write_number(last, place, cell)
    worksheet.freeze_panes(1, 1)
    if sheet.headings:
        worksheet.autofilter(0, 0, last, len(sheet.headings) - 1)
        worksheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})


def _fit(text: str, row: int, heading: str) -> str:
    if len(text) * 2 > LONGEST_CELL and len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        raise ExportRefused("cell_too_long", row=row, column=heading, most=LONGEST_CELL)
    return _NOT_XML.sub("\ufffd", text)
