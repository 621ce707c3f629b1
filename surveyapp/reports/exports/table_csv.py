"""Any table of rows as CSV: UTF-8 with a byte-order mark and CRLF, or plain for R and Python; text made safe."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.reports.csv_export import BOM, CHUNK, LINE_END, PLAIN_LINE_END, write_own_words
from surveyapp.reports.exports.columns import Column, Missing
from surveyapp.reports.exports.row_layout import Cell
from surveyapp.reports.exports.row_table import RowTable, TableOptions, list_headings, list_labels
from surveyapp.reports.safe_text import write_text_cell


def stream_table_csv(table: RowTable, options: TableOptions, *, is_plain: bool = False) -> Iterator[bytes]:
    """The file in chunks; the first holds the heading and the first rows."""
    end = PLAIN_LINE_END if is_plain else LINE_END
    labels = list_labels(table, options)
    lines = [("" if is_plain else BOM) + ",".join(map(write_text_cell, list_headings(table, options)))]
    gathered = 0
    for row in table.read_rows():
        cells = zip(table.columns, row, labels, strict=True)
        line = ",".join([_write_cell(column, cell, known) for column, cell, known in cells])
        lines.append(line)
        gathered += len(line)
        if gathered >= CHUNK:
            yield f"{end.join(lines)}{end}".encode()
            lines, gathered = [], 0
    if lines:
        yield f"{end.join(lines)}{end}".encode()


def _write_cell(column: Column, cell: Cell, labels: dict[str, str]) -> str:
    if isinstance(cell, Missing | int):
        return str(cell)
    if column.is_number or column.kind in ("tick", "place"):
        return cell
    return write_text_cell(labels.get(cell, cell)) if column.kind == "choice" else write_own_words(cell)
