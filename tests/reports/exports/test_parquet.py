"""Parquet files, read back with pyarrow cell by cell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.exports import parquet
from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.parquet import write_parquet
from surveyapp.reports.exports.refusals import explain_refusal
from surveyapp.reports.exports.row_table import MISSING_NAMES, ExportRefused, RowTable, TableOptions
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round
from tests.reports.exports.odd_rows import make_table, odd_table

__all__ = ["odd_table"]
ENGLISH = TableOptions(Words("en"))


def write(table: RowTable, folder: Path, options: TableOptions = ENGLISH) -> Path:
    path = folder / "file.parquet"
    with path.open("wb") as file:
        write_parquet(table, file, options, title="Title")
    return path


def expect(column: Column, cell: object) -> object:
    if isinstance(cell, Missing):
        return None
    if column.is_number and isinstance(cell, str):
        return int(cell) if column.kind == "integer" else float(cell)
    return cell


def test_every_cell_comes_back(odd_table: RowTable, tmp_path: Path) -> None:
    path = write(odd_table, tmp_path)
    columns = pq.read_table(path).to_pydict()
    rows = list(odd_table.read_rows())
    for place, column in enumerate(odd_table.columns):
        cells = [row[place] for row in rows]
        expected = [expect(column, cell) for cell in cells]
        assert columns[column.name] == expected
        if column.missing:
            reasons = [MISSING_NAMES[cell] if isinstance(cell, Missing) else None for cell in cells]
            assert columns[f"{column.name}__missing"] == reasons
        else:
            assert f"{column.name}__missing" not in columns


def test_fields_describe_themselves(odd_table: RowTable, tmp_path: Path) -> None:
    schema = pq.read_schema(write(odd_table, tmp_path))
    field = schema.field("fruits/apple").metadata
    assert field[b"label_ko"].decode() == "과일: 사과" and field[b"multiple_response_set"] == b"fruits"
    assert json.loads(schema.field("price").metadata[b"values"])["low"] == {"ko": "쌈", "en": "@Low", "ja": "安い"}
    assert schema.metadata[b"title"] == b"Title"


def test_labels_take_the_place_of_names(odd_table: RowTable, tmp_path: Path) -> None:
    path = write(odd_table, tmp_path, TableOptions(Words("ko"), with_labels=True))
    assert pq.read_table(path, columns=["price"]).to_pydict()["price"][0] == "쌈"


def test_row_groups_are_written_as_rows_come(
    odd_table: RowTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "BATCH", 2)
    monkeypatch.setattr(parquet, "GROUP", 4)
    path = write(odd_table, tmp_path)
    rows = len(list(odd_table.read_rows()))
    found = pq.ParquetFile(path)
    assert found.num_row_groups == -(-rows // 4) and found.metadata.num_rows == rows


def test_an_empty_round_keeps_its_columns(form: Questionnaire, tmp_path: Path) -> None:
    empty = make_table([], form, make_round("real"))
    found = pq.read_table(write(empty, tmp_path))
    assert found.num_rows == 0 and "fruits/apple" in found.column_names


def test_a_missing_library_is_said_in_words(
    odd_table: RowTable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(ExportRefused) as refused:
        write(odd_table, tmp_path)
    what, advice = explain_refusal(Words("en"), refused.value)
    assert "pyarrow" in what and "surveyapp[parquet]" in advice
