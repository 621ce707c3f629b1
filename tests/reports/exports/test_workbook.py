"""Workbooks, read back with openpyxl cell by cell, and what Excel cannot hold."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import load_workbook
from openpyxl.utils.escape import unescape
from openpyxl.worksheet.worksheet import Worksheet

from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.reports.exports import workbook
from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_table import ExportRefused, RowTable, TableOptions, build_long_table
from surveyapp.reports.exports.workbook import MOST_COLUMNS, Sheet, SheetCell, build_data_sheet, write_workbook
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round
from tests.reports.exports.odd_rows import make_table, odd_table, widen

__all__ = ["odd_table"]
NOW = datetime(2026, 9, 2, 23, 30, tzinfo=UTC)
ENGLISH = TableOptions(Words("en"))


def read_back(table: RowTable, options: TableOptions = ENGLISH) -> Worksheet:
    file = io.BytesIO()
    write_workbook(file, [build_data_sheet("Data", table, options)], title="Title", now=NOW)
    sheet = load_workbook(io.BytesIO(file.getvalue()))["Data"]
    assert isinstance(sheet, Worksheet)
    return sheet


def test_every_cell_comes_back_as_text_or_number(odd_table: RowTable) -> None:
    sheet = read_back(odd_table)
    rows = list(odd_table.read_rows())
    assert [cell.value for cell in sheet[1]] == [column.name for column in odd_table.columns]
    assert sheet.max_row == len(rows) + 1
    for number, row in enumerate(rows, 2):
        for place, (column, cell) in enumerate(zip(odd_table.columns, row, strict=True), 1):
            found = sheet.cell(number, place)
            if cell is Missing.NOT_ASKED:
                assert found.value is None
            elif isinstance(cell, Missing) or not (column.is_number or isinstance(cell, int)):
                assert unescape(str(found.value)) == str(cell)
                assert found.data_type == "s", "text stays text, a formula's too"
            else:
                assert found.data_type == "n" and found.value == pytest.approx(float(cell), rel=1e-15)


def test_labels_that_are_hard_on_xml_and_long() -> None:
    label = Text("\x01제어\ufffe", "=" + "x" * 300 + "😀\u202e", "<b>&amp;</b>")
    column = Column("id", "id", "choice", label, values=(("a", label),))
    table = RowTable((column,), lambda: iter([("a",)]))
    for language, shown in (("ko", "\x01제어\ufffd"), ("en", label.en), ("ja", label.ja)):
        sheet = read_back(table, TableOptions(Words(language), with_labels=True))  # type: ignore[arg-type]
        assert unescape(str(sheet["A2"].value)) == shown and sheet["A2"].data_type == "s"
        assert unescape(str(sheet["A1"].value)) == f"{shown} [id]"


def test_ids_are_text_and_the_heading_stays_in_sight(odd_table: RowTable) -> None:
    sheet = read_back(odd_table)
    assert sheet["A2"].value == "1" and sheet["A2"].number_format == "@"
    assert sheet.freeze_panes == "B2"
    last = sheet.cell(sheet.max_row, len(odd_table.columns)).coordinate
    assert sheet.auto_filter.ref == f"A1:{last}"


def lay_out(headings: tuple[str, ...], row: tuple[SheetCell, ...], *, key: int = 1) -> Worksheet:
    file = io.BytesIO()
    is_text = tuple(isinstance(cell, str) for cell in row)
    write_workbook(file, [Sheet("Data", headings, [row], is_text, key=key)], title="Title", now=NOW)
    sheet = load_workbook(io.BytesIO(file.getvalue()))["Data"]
    assert isinstance(sheet, Worksheet)
    return sheet


def test_columns_are_as_wide_as_what_stands_in_them() -> None:
    """A Korean letter takes the room of two Latin ones."""
    sheet = lay_out(("id", "a", "b", "c"), ("1", "2026-10-07T14:05:00+09:00", "가나다라마바사아자차카타", "x" * 500))
    widths = [sheet.column_dimensions[letter].width for letter in "ABCD"]
    assert widths[0] < 11
    assert 27 <= widths[1] < 29 and 26 <= widths[2] < 28, "a time, and twelve letters of Korean"
    assert widths[3] < 44


def test_a_heading_in_lines_is_seen_whole() -> None:
    one, four = lay_out(("id",), ("1",)), lay_out(("id", "가나다라 마바사아 " * 5 + "[code]"), ("1", "2"))
    assert one.row_dimensions[1].height in (None, 15)
    assert four.row_dimensions[1].height == 15 * 5, "96 wide, 24 a line, and a line for uneven breaks"


def test_a_narrow_sheet_is_printed_on_one_page_across() -> None:
    sheet = lay_out(tuple(f"c{place}" for place in range(20)), ("x",) * 20)
    assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (None, 0), "1 is what a workbook takes"
    assert sheet.sheet_properties.pageSetUpPr is not None and sheet.sheet_properties.pageSetUpPr.fitToPage
    assert sheet.print_title_rows == "$1:$1" and not sheet.print_title_cols


def test_a_wide_sheet_is_printed_on_several_with_its_key_on_each() -> None:
    sheet = lay_out(tuple(f"c{place}" for place in range(60)), ("x",) * 60, key=2)
    assert sheet.page_setup.fitToWidth == 3, "58 columns of 9, 232 to a page beside the key of 18"
    assert sheet.print_title_rows == "$1:$1" and sheet.print_title_cols == "$A:$B"
    assert sheet.freeze_panes == "C2"


def test_decimals_are_shown_as_they_were_given() -> None:
    sheet = lay_out(("a", "b", "c", "d"), (Decimal("50.0"), Decimal("3.25"), 7, Decimal("0.000000000000001")))
    assert [sheet.cell(2, place).number_format for place in range(1, 5)] == ["0.0", "0.00", "General", "General"]


def test_labels_take_the_place_of_names(odd_table: RowTable) -> None:
    sheet = read_back(odd_table, TableOptions(Words("ja"), with_labels=True))
    headings = [cell.value for cell in sheet[1]]
    place = headings.index("値段 [price]") + 1
    assert sheet.cell(2, place).value == "安い"
    assert "果物：りんご [fruits/apple]" in headings


def test_the_long_layout(odd_table: RowTable) -> None:
    sheet = read_back(build_long_table(odd_table, Words("en")))
    lines = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    assert ["1", "fruits/apple", "fruits", "apple", "1", None, None] in lines
    assert ["1", "price", "price", None, "low", "@Low", None] in lines
    assert ["2", "price", "price", None, None, None, "not_answered"] in lines
    assert ["3", "story", "story", None, None, None, "withheld"] in lines
    asked = sum(cell is not Missing.NOT_ASKED for row in odd_table.read_rows() for cell in row[12:])
    assert len(lines) == asked, "what was not asked has no line"


def test_an_empty_round_is_a_sheet_with_headings(form: Questionnaire) -> None:
    sheet = read_back(make_table([], form, make_round("real")))
    assert sheet.max_row == 1 and sheet["A1"].value == "number"


def test_16385_columns_are_refused_and_16384_are_not(odd_table: RowTable) -> None:
    few = RowTable(odd_table.columns[:1], lambda: iter(()))
    assert read_back(widen(few, MOST_COLUMNS)).max_column == MOST_COLUMNS
    with pytest.raises(ExportRefused) as refused:
        read_back(widen(few, MOST_COLUMNS + 1))
    assert refused.value.code == "too_many_columns" and refused.value.facts == {"count": 16_385, "most": 16_384}


def test_too_many_rows_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit is brought down: a million rows would only take time."""
    monkeypatch.setattr(workbook, "MOST_ROWS", 101)
    column = Column("id", "id", "text")
    assert read_back(RowTable((column,), lambda: iter([("x",)] * 100))).max_row == 101
    with pytest.raises(ExportRefused) as refused:
        read_back(RowTable((column,), lambda: iter([("x",)] * 101)))
    assert refused.value.code == "too_many_rows" and refused.value.facts == {"most": 100}


def test_a_text_that_no_cell_holds_is_refused() -> None:
    column = Column("id", "id", "text")
    assert read_back(RowTable((column,), lambda: iter([("x" * 32_767,)])))["A2"].value == "x" * 32_767
    for text in ("x" * 32_768, "😀" * 16_384):
        with pytest.raises(ExportRefused) as refused:
            read_back(RowTable((column,), lambda text=text: iter([(text,)])))  # type: ignore[misc]
        assert refused.value.code == "cell_too_long" and refused.value.facts["row"] == 2


def test_nothing_is_left_beside_a_workbook_that_failed(tmp_path: Path) -> None:
    def read_rows() -> object:
        yield ("x",)
        raise OSError(28, "No space left on device")

    column = Column("id", "id", "text")
    sheet = build_data_sheet("Data", RowTable((column,), read_rows), ENGLISH)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="No space"):
        write_workbook(io.BytesIO(), [sheet], title="", now=NOW, scratch=tmp_path)
    assert not list(tmp_path.iterdir())
