"""Files as offices save them, and files as nobody should send them."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from openpyxl import Workbook

Row = Sequence[Any]


def write_workbook(
    sheets: Mapping[str, Sequence[Row]], *, merged: Sequence[str] = (), hidden: Sequence[str] = ()
) -> bytes:
    """A workbook as Excel saves it; `merged` are ranges of the last sheet."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        sheet.sheet_state = "hidden" if name in hidden else "visible"
        for row in rows:
            sheet.append(list(row))
    for each in merged:
        sheet.merge_cells(each)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def write_list(rows: Sequence[Row], *, encoding: str = "utf-8-sig", delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode(encoding)


def write_sheet_part(rows: bytes) -> bytes:
    """The XML of a sheet with these rows, whatever they are."""
    namespace = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return b"<worksheet xmlns='" + namespace + b"'><sheetData>" + rows + b"</sheetData></worksheet>"


def replace_part(content: bytes, name: str, part: bytes) -> bytes:
    """A workbook in which one part is another one."""
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(changed, "w", zipfile.ZIP_DEFLATED) as after:
        for each in before.namelist():
            after.writestr(each, part if each == name else before.read(each))
        if name not in before.namelist():
            after.writestr(name, part)
    return changed.getvalue()


def mark_encrypted(content: bytes) -> bytes:
    """The same archive with every part marked as encrypted, in its own heading and in the directory."""
    marked = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = marked.find(signature)
        while place >= 0:
            marked[place + offset] |= 1
            place = marked.find(signature, place + 4)
    return bytes(marked)
