"""SPSS files, read back with ReadStat, the library that R's haven uses too; the bytes of the header by ourselves."""

from __future__ import annotations

import io
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyreadstat
import pytest

from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.reports.exports.columns import NO_TEXT, Column, Missing
from surveyapp.reports.exports.row_table import ExportRefused, RowTable, TableOptions
from surveyapp.reports.exports.spss import CODES, FAR, code_choices, write_spss
from surveyapp.reports.exports.spss_format import cut_bytes
from surveyapp.reports.words import Words
from tests.reports.conftest import Submit, make_round
from tests.reports.exports.odd_rows import make_table, odd_table

__all__ = ["odd_table"]
NOW = datetime(2026, 9, 2, 23, 30, tzinfo=UTC)
ENGLISH = TableOptions(Words("en"))


def read_back(table: RowTable, folder: Path, options: TableOptions = ENGLISH) -> tuple[dict[str, list[Any]], Any]:
    path = folder / "file.sav"
    with path.open("wb") as file:
        write_spss(table, file, options, title="시험 회차", now=NOW)
    return pyreadstat.read_sav(str(path), user_missing=True, output_format="dict")


def test_every_cell_comes_back(odd_table: RowTable, tmp_path: Path) -> None:
    columns, _ = read_back(odd_table, tmp_path)
    rows = list(odd_table.read_rows())
    assert list(columns) == [column.variable for column in odd_table.columns]
    for place, column in enumerate(odd_table.columns):
        found = columns[column.variable]
        assert len(found) == len(rows)
        for row, value in zip(rows, found, strict=True):
            cell = row[place]
            if not (column.is_number or column.kind == "choice"):
                assert value == str(cell)
            elif isinstance(cell, Missing):
                far = FAR if column.kind in ("integer", "decimal", "calculated") else 0
                assert value == CODES[cell] + far
            elif column.kind == "choice":
                assert value == code_choices(column)[str(cell)]
            else:
                assert value == float(cell)


def test_labels_measures_and_user_missing_values(odd_table: RowTable, tmp_path: Path) -> None:
    _, meta = read_back(odd_table, tmp_path)
    labels = meta.column_names_to_labels
    assert labels["fruits.apple"] == "Fruits: =Apple" and labels["number"] == "Number of the return"
    values = meta.variable_value_labels
    assert values["price"] == {1: "@Low", -8: "Do not know", -1: "not asked", -2: "not answered"}
    assert values["rd_reg"] == {
        0: "Zero", 1: "+One", 2: "Two", 3: "Three", 4: "Four", -9: "Not applicable", -1: "not asked", -2: "not answered"
    }  # fmt: skip
    assert values["sold.pear"] == {0: "not ticked", 1: "ticked", -1: "not asked", -2: "not answered"}
    assert values["change"] == {FAR - 1: "not asked", FAR - 2: "not answered"}
    assert meta.missing_ranges["price"] == [{"lo": -9, "hi": -1}]
    assert meta.missing_ranges["change"] == [{"lo": FAR - 9, "hi": FAR - 1}]
    assert meta.missing_ranges["story"] == [{"lo": each, "hi": each} for each in ("", ".n", ".w")]
    measures = meta.variable_measure
    assert (measures["price"], measures["rd_reg"], measures["weight"]) == ("nominal", "ordinal", "scale")
    assert meta.file_label == "시험 회차" and meta.file_encoding == "UTF-8"


def test_multiple_response_sets(odd_table: RowTable, tmp_path: Path) -> None:
    _, meta = read_back(odd_table, tmp_path)
    assert set(meta.mr_sets) == {"fruits", "sold", "on_trees"}
    fruits = meta.mr_sets["fruits"]
    assert fruits["type"] == "D" and fruits["counted_value"] == 1 and fruits["label"] == "Fruits"
    assert fruits["variable_list"] == ["fruits.apple", "fruits.berry", "fruits.pear"]


def test_missing_values_are_blank_to_who_does_not_ask(odd_table: RowTable, tmp_path: Path) -> None:
    """No mean or sum takes a code for a value."""
    read_back(odd_table, tmp_path)
    columns, _ = pyreadstat.read_sav(str(tmp_path / "file.sav"), output_format="dict")
    for place, column in enumerate(odd_table.columns):
        if column.is_number or column.kind == "choice":
            for row, value in zip(odd_table.read_rows(), columns[column.variable], strict=True):
                is_none = isinstance(row[place], Missing) or row[place] in ("dk", "na")
                assert (value is None or value != value) == is_none  # NaN is not itself


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_come_in_the_language_of_the_file(odd_table: RowTable, tmp_path: Path, language: str) -> None:
    words = Words(language, load_translator(language))  # type: ignore[arg-type]
    _, meta = read_back(odd_table, tmp_path, TableOptions(words))
    expected = {"ko": "과일: 사과", "en": "Fruits: =Apple", "ja": "果物：りんご"}
    assert meta.column_names_to_labels["fruits.apple"] == expected[language]


def test_the_header_says_what_the_file_is(odd_table: RowTable) -> None:
    file = io.BytesIO()
    write_spss(odd_table, file, ENGLISH, title="Title", now=NOW)
    head = file.getvalue()[:176]
    magic, product, layout, _, compression, weight, cases, bias = struct.unpack("<4s60siiiiid", head[:92])
    assert magic == b"$FL2" and product.startswith(b"@(#) SPSS DATA FILE")
    assert (layout, compression, weight, bias) == (2, 1, 0, 100.0)
    assert cases == len(list(odd_table.read_rows()))
    assert head[92:109] == b"02 Sep 2623:30:00" and head[109:173].rstrip() == b"Title"


@pytest.mark.parametrize("size", [1, 7, 8, 9, 251, 252, 253, 255, 256, 257, 504, 510, 511, 765, 2000, 6000, 32_767])
def test_texts_of_every_width(size: int, tmp_path: Path) -> None:
    """Beyond 255 bytes a text is kept in segments; no byte is lost at their seams, whatever character lies there."""
    texts = ["x" * size, "y" * (size - 1), "", "가" * (size // 3)]
    column = Column("text", "text", "text")
    after = Column("after", "after", "integer", is_number=True)
    rows = [(text, place) for place, text in enumerate(texts)]
    columns, _ = read_back(RowTable((column, after), lambda: iter(rows)), tmp_path)
    assert columns["text"] == texts
    assert columns["after"] == [0, 1, 2, 3]


def test_a_text_too_wide_is_refused_before_anything_is_written() -> None:
    file = io.BytesIO()
    table = RowTable((Column("text", "text", "text"),), lambda: iter([("가" * 11_000,)]))
    with pytest.raises(ExportRefused) as refused:
        write_spss(table, file, ENGLISH, title="", now=NOW)
    assert refused.value.code == "text_too_wide" and refused.value.facts["column"] == "text"
    assert file.getvalue() == b""


def test_no_return_and_no_column(form: Questionnaire, tmp_path: Path) -> None:
    empty = make_table([], form, make_round("real"))
    columns, meta = read_back(empty, tmp_path)
    assert list(columns) == [column.variable for column in empty.columns] and meta.number_rows == 0


def test_labels_are_cut_at_a_character() -> None:
    assert cut_bytes("가" * 300, 255) == ("가" * 84 + "…").encode()
    assert cut_bytes("x" * 255, 255) == b"x" * 255


def test_many_cases(submit: Submit, form: Questionnaire, tmp_path: Path) -> None:
    """More than one group of byte codes is written, and numbers that take a double each."""
    numbers = [(str(number), number * 1.5) for number in range(20_000)]
    columns = (Column("id", "id", "text"), Column("x", "x", "decimal", NO_TEXT, is_number=True))
    found, _ = read_back(RowTable(columns, lambda: ((text, str(value)) for text, value in numbers)), tmp_path)
    assert found["x"] == [value for _, value in numbers] and found["id"] == [text for text, _ in numbers]
