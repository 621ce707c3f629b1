"""Workbooks (XLSX): sheets of rows, written row by row in flat memory.

Text is always a text cell, so that nothing is taken for a formula, a link or a number; what names a thing is text, what
is counted is a number.
"""

from __future__ import annotations

import re
import tempfile
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import ExportRefused, RowTable, TableOptions, list_headings, list_labels

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

MOST_COLUMNS = 16_384
MOST_ROWS = 1_048_576  # the heading among them
LONGEST_CELL = 32_767  # characters as UTF-16 counts them
_NOT_XML = re.compile(r"[\ud800-\udfff\ufffe\uffff]")  # other control characters are written as Excel escapes them
_NARROWEST = 9  # characters of a column on screen; a Korean or Japanese one takes the room of two
_WIDEST_HEADING = 24  # longer ones are broken into lines
_WIDEST_CELL = 40
_WIDEST_WRAPPED = 60
_LINE = 15  # points that a line takes
_MOST_HEADING_LINES = 8
_MEASURED = 200  # rows whose cells decide how wide a column is
_PAGE = 250  # characters across a page at half size, the smallest that is read without trouble
_A4 = 9  # as XlsxWriter numbers paper
_MOST_DECIMALS = 4  # of a number that are shown even where they are noughts

SheetCell = str | int | float | Decimal | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`is_text` says of each column whether its cells are shown as text whatever they look like.

    `key` is how many columns at the left name a row; they stay in sight on screen, and stand on every page across on
    paper.
    """

    name: str
    headings: tuple[str, ...]
    rows: Iterable[Sequence[SheetCell]]
    is_text: tuple[bool, ...]
    is_wrapped: bool = False
    key: int = 1


def write_workbook(
    file: BinaryIO, sheets: Sequence[Sheet], *, title: str, now: datetime, scratch: Path | None = None
) -> None:
    """All sheets, each with its heading frozen and a filter, and set up for A4.

    Raises `ExportRefused` for what Excel cannot hold.

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
        formats = _Formats(book)
        try:
            for sheet in sheets:
                _write_sheet(book.add_worksheet(sheet.name), sheet, formats)
            book.close()
        finally:
            for worksheet in book.worksheets():
                worksheet.row_data_fh.close()


def build_data_sheet(name: str, table: RowTable, options: TableOptions) -> Sheet:
    """The rows of a table, with names of choices or their labels."""
    if len(table.columns) > MOST_COLUMNS:
        raise ExportRefused("too_many_columns", count=len(table.columns), most=MOST_COLUMNS)
    labels = list_labels(table, options)

    def read_rows() -> Iterator[Sequence[SheetCell]]:
        for row in table.read_rows():
            cells = zip(table.columns, labels, row, strict=True)
            yield [_read(column, known, cell) for column, known, cell in cells]

    headings = tuple(list_headings(table, options))
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


class _Formats:
    """The formats of a workbook, each made once."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._decimals: dict[int, Format] = {}
        self.heading = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        self.text = book.add_format({"num_format": "@"})
        self.wrapped = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})

    def choose_for(self, number: int | float | Decimal) -> Format | None:
        """As many decimals as were given, so that 50.0 is not shown as 50 among its neighbours."""
        digits = -int(number.as_tuple().exponent) if isinstance(number, Decimal) else 0
        if not 0 < digits <= _MOST_DECIMALS:
            return None
        if digits not in self._decimals:
            self._decimals[digits] = self._book.add_format({"num_format": "0." + "0" * digits})
        return self._decimals[digits]


def _write_sheet(worksheet: Worksheet, sheet: Sheet, formats: _Formats) -> None:
    text = formats.wrapped if sheet.is_wrapped else formats.text
    column_formats = [text if is_text else None for is_text in sheet.is_text]
    worksheet.set_row(0, _LINE * _count_heading_lines(sheet.headings))
    for place, words in enumerate(sheet.headings):
        worksheet.write_string(0, place, _fit(words, 1, words), formats.heading)
        worksheet.set_column(place, place, None, column_formats[place])
    widest = [0] * len(sheet.headings)
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
                worksheet.write_number(last, place, cell, formats.choose_for(cell))
            if last <= _MEASURED:
                widest[place] = max(widest[place], measure_width(str(cell)))
    widths = [_choose_width(sheet, place, found) for place, found in enumerate(widest)]
    for place, width in enumerate(widths):
        worksheet.set_column(place, place, width, column_formats[place])
    worksheet.freeze_panes(1, sheet.key)
    if sheet.headings:
        worksheet.autofilter(0, 0, last, len(sheet.headings) - 1)
        worksheet.ignore_errors({"number_stored_as_text": f"A1:XFD{last + 1}"})
    _set_up_page(worksheet, sheet, widths)


def measure_width(text: str) -> int:
    """Columns of a fixed-width font that the longest line of a text takes (Unicode Standard Annex 11)."""
    return max((_measure_line(line) for line in text.split("\n")), default=0)


def _measure_line(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in line)


def _count_heading_lines(headings: Sequence[str]) -> int:
    """Lines of the longest heading, broken at the width of a column of headings; words are seldom broken evenly."""
    widest = max(map(measure_width, headings), default=0)
    lines = -(-widest // _WIDEST_HEADING)
    return min(_MOST_HEADING_LINES, lines + 1 if lines > 1 else 1)


def _choose_width(sheet: Sheet, place: int, widest: int) -> int:
    of_heading = min(_WIDEST_HEADING, measure_width(sheet.headings[place]))
    of_cells = min(_WIDEST_WRAPPED if sheet.is_wrapped else _WIDEST_CELL, widest)
    return max(_NARROWEST, of_heading + 2, of_cells + 2)  # beside the words stand the filter's button and a margin


def _set_up_page(worksheet: Worksheet, sheet: Sheet, widths: Sequence[int]) -> None:
    """Landscape on A4, on one page across where that can be read, else on as few as can; the heading on each."""
    worksheet.set_paper(_A4)
    worksheet.set_landscape()
    worksheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)  # inches
    worksheet.set_footer("&L&A&R&P / &N")
    worksheet.repeat_rows(0)
    repeated = sum(widths[: sheet.key])
    across = max(1, -(-(sum(widths) - repeated) // (_PAGE - repeated)))
    worksheet.fit_to_pages(across, 0)
    if across > 1:
        worksheet.repeat_columns(0, sheet.key - 1)
        worksheet.print_across()


def _fit(text: str, row: int, heading: str) -> str:
    if len(text) * 2 > LONGEST_CELL and len(text.encode("utf-16-le")) // 2 > LONGEST_CELL:
        raise ExportRefused("cell_too_long", row=row, column=heading, most=LONGEST_CELL)
    return _NOT_XML.sub("\ufffd", text)
