"""The cells of a workbook as text: a program of its own, run by `table_files` on what somebody uploaded.

It bounds its memory, time and files before it looks at the workbook, reads it from standard input, writes JSON to
standard output, and computes no formula. It imports nothing of this package: it gets no settings and no secrets, and is
started with an empty environment.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from typing import Any

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*ref="([A-Z]{1,3})([0-9]{1,7}):([A-Z]{1,3})([0-9]{1,7})"')
_OVERLAP = 256  # bytes of one piece that are looked at again with the next, so that no tag is cut in two
_PIECE = 1 << 16
_HEAD = 4096
_BLANK_ROWS = 2000  # one after the other: the sheet is over, however many rows of format follow


class Refused(Exception):
    """The workbook is not read; the message is a code that `table_files` knows."""


def main(limits: dict[str, int]) -> None:
    bound_process(limits)
    try:
        answer: dict[str, Any] = {"sheets": read_workbook(sys.stdin.buffer.read(), limits)}
    except Refused as fault:
        answer = {"problem": str(fault)}
    except MemoryError:
        answer = {"problem": "too_costly"}
    except Exception:  # whatever a damaged file makes of the library
        answer = {"problem": "broken"}
    json.dump(answer, sys.stdout, ensure_ascii=True, separators=(",", ":"))


def bound_process(limits: dict[str, int]) -> None:
    for kind, most in (
        (resource.RLIMIT_AS, limits["memory"]),
        (resource.RLIMIT_CPU, limits["cpu_seconds"]),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 32),
    ):
        resource.setrlimit(kind, (most, most))


def read_workbook(content: bytes, limits: dict[str, int]) -> list[dict[str, Any]]:
    archive = open_archive(content, limits)
    # Neither is needed, and both would take address space that is bounded; lxml would also resolve entities.
    sys.modules["numpy"] = sys.modules["lxml"] = None  # type: ignore[assignment]
    from openpyxl import load_workbook

    book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
    left = limits["characters"]
    sheets = []
    read_only: Any = book.worksheets  # of a kind that the library's types do not tell
    for sheet in read_only:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        rows = []
        for row in read_rows(sheet, limits):
            left -= sum(map(len, row))
            if left < 0:
                raise Refused("too_costly")
            rows.append(row)
        while rows and not rows[-1]:
            rows.pop()
        fill_merged(rows, list_merged(archive, sheet._worksheet_path), limits)
        sheets.append({"name": sheet.title, "rows": rows})
    return sheets


def open_archive(content: bytes, limits: dict[str, int]) -> zipfile.ZipFile:
    """The parts of the workbook, once their number and their sizes together are known to be small."""
    try:
        archive = zipfile.ZipFile(BytesIO(content))
    except zipfile.BadZipFile:
        raise Refused("broken") from None
    parts = archive.infolist()
    if any(part.flag_bits & 0x1 for part in parts):
        raise Refused("encrypted")
    if "xl/workbook.xml" not in archive.namelist():
        raise Refused("not_workbook")
    if len(parts) > limits["parts"] or sum(part.file_size for part in parts) > limits["unpacked"]:
        raise Refused("too_large_unpacked")
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            with archive.open(part) as file:
                if b"<!DOCTYPE" in file.read(_HEAD).replace(b"\0", b""):  # no program writes one; entities need it
                    raise Refused("unsafe")
    return archive


def read_rows(sheet: Any, limits: dict[str, int]) -> Iterator[list[str]]:
    blank = filled = 0
    for cells in sheet.iter_rows():
        row = [write_cell(cell) for cell in cells[: limits["columns"] + 1]]
        while row and not row[-1]:
            row.pop()
        if len(row) > limits["columns"]:
            raise Refused("too_many_columns")
        blank, filled = (0, filled + 1) if row else (blank + 1, filled)
        if filled > limits["rows"]:
            raise Refused("too_many_rows")
        if blank > _BLANK_ROWS:
            return
        yield row


def write_cell(cell: Any) -> str:
    """A value as text. A formula keeps its sign, so that whoever reads it can refuse it."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type == "f":
        return "=" + str(getattr(value, "text", value)).lstrip("=")[:80]
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    isoformat = getattr(value, "isoformat", None)
    text = isoformat() if isoformat is not None else str(value)
    return text.removesuffix("T00:00:00")[:1000]


def list_merged(archive: zipfile.ZipFile, path: str) -> list[tuple[int, int, int, int]]:
    """Ranges of merged cells as first row, first column, last row, last column, counted from 0."""
    found: dict[tuple[int, int, int, int], None] = {}
    with archive.open(path.removeprefix("/")) as file:
        rest = b""
        while piece := file.read(_PIECE):
            rest += piece
            for left, top, right, bottom in _MERGED.findall(rest):
                found[int(top) - 1, read_column(left), int(bottom) - 1, read_column(right)] = None
            rest = rest[-_OVERLAP:]
    return list(found)


def read_column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def fill_merged(rows: list[list[str]], ranges: list[tuple[int, int, int, int]], limits: dict[str, int]) -> None:
    """Repeat the words of a merged range in each of its cells, as a reader of the sheet takes them."""
    filled = 0
    for top, left, bottom, right in ranges:
        if top >= len(rows) or left >= len(rows[top]) or not rows[top][left]:
            continue
        words = rows[top][left]
        for row in rows[top : bottom + 1]:
            last = min(right, limits["columns"] - 1)
            filled += last - left + 1
            if filled > limits["merged"]:
                raise Refused("too_costly")
            row.extend([""] * (last + 1 - len(row)))
            for place in range(left, last + 1):
                row[place] = row[place] or words


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
