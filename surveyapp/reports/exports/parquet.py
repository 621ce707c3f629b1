"""A table of rows as a Parquet file, in row groups of ten thousand rows; labels and values stand in its metadata.

A column that can lack an answer has another beside it, `…__missing`, that says why: a null alone could not tell.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import MISSING_NAMES, ExportRefused, RowTable, TableOptions, list_labels

if TYPE_CHECKING:
    import pyarrow as pa

BATCH = 500  # rows held as Python objects
GROUP = 20 * BATCH  # rows written at once: what is told of every column in every group waits in memory to the end
MISSING_ENDING = "__missing"


def write_parquet(table: RowTable, file: BinaryIO, options: TableOptions, *, title: str) -> None:
    """The file. Raises `ExportRefused` where the library is not installed."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ModuleNotFoundError as fault:
        raise ExportRefused("module_missing", module="pyarrow", extra="parquet") from fault
    schema = pa.schema(list(_list_fields(pa, table.columns, options))).with_metadata({"title": title})
    labels = list_labels(table, options)
    batches = _build_batches(pa, schema, table, labels)
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(islice(batches, GROUP // BATCH)):
            writer.write_table(pa.Table.from_batches(group, schema).unify_dictionaries())
            del group
            pa.default_memory_pool().release_unused()


def _build_batches(pa: Any, schema: pa.Schema, table: RowTable, labels: Sequence[dict[str, str]]) -> Iterator[Any]:
    rows = table.read_rows()
    while batch := list(islice(rows, BATCH)):
        arrays: list[Any] = []
        for column, known, cells in zip(table.columns, labels, zip(*batch, strict=True), strict=True):
            arrays += _build_arrays(pa, column, known, cells)
        yield pa.record_batch(arrays, schema=schema)


def _find_type(pa: Any, column: Column) -> Any:
    if column.kind in ("tick", "place"):
        return pa.int16()
    if column.is_number:
        return pa.int64() if column.kind in ("integer", "fact") else pa.float64()
    if column.kind == "choice":
        return pa.dictionary(pa.int32(), pa.string())
    return pa.string()


def _list_fields(pa: Any, columns: Sequence[Column], options: TableOptions) -> Iterator[pa.Field]:
    for column in columns:
        yield pa.field(column.name, _find_type(pa, column), metadata=_describe(column))
        if column.missing:
            kinds = pa.dictionary(pa.int8(), pa.string())
            yield pa.field(column.name + MISSING_ENDING, kinds, metadata={"of": column.name})


def _describe(column: Column) -> dict[str, str]:
    """Words in three languages, measure, values and the set that the column belongs to; texts as JSON."""
    described = {f"label_{language}": column.label.in_language(language) for language in LANGUAGES}
    described |= {"variable": column.variable, "kind": column.kind, "measure": column.measure}
    if column.values:
        described["values"] = json.dumps(
            {name: _write_text(label) for name, label in column.values}, ensure_ascii=False
        )
    if column.set_name is not None:
        described["multiple_response_set"] = column.set_name
    return described


def _write_text(text: Text) -> dict[str, str]:
    return {language: text.in_language(language) for language in LANGUAGES}


def _build_arrays(pa: Any, column: Column, labels: dict[str, str], cells: Sequence[Cell]) -> list[Any]:
    kind = _find_type(pa, column)
    values = [_read(column, labels, cell) for cell in cells]
    if pa.types.is_dictionary(kind):
        arrays = [pa.array(values, pa.string()).dictionary_encode()]
    else:
        arrays = [pa.array(values, kind)]
    if column.missing:
        reasons = [MISSING_NAMES[cell] if isinstance(cell, Missing) else None for cell in cells]
        encoded = pa.array(reasons, pa.string()).dictionary_encode()
        arrays.append(encoded.cast(pa.dictionary(pa.int8(), pa.string())))
    return arrays


def _read(column: Column, labels: dict[str, str], cell: Cell) -> str | int | float | None:
    if isinstance(cell, Missing):
        return None
    if isinstance(cell, int):
        return cell
    if column.is_number:
        try:
            return int(cell) if column.kind == "integer" else float(cell)
        except ValueError:  # a calculation that came to no number
            return None
    return labels.get(cell, cell)
