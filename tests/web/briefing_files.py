"""The files of a briefing read back by other libraries: what stands in each cell, by code of the row."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from lxml.html import HtmlElement, document_fromstring
from openpyxl import load_workbook
from pypdf import PdfReader

BOM = "\ufeff"


def read_words(element: HtmlElement) -> str:
    """Words in one line, without the marks that hold a word together."""
    return " ".join(element.text_content().replace("\u2060", "").split())


def read_tables(page: str) -> tuple[list[list[str]], list[list[str]]]:
    """The rows of the areas and of the issues of a page, every cell in words."""

    root: HtmlElement = document_fromstring(page)

    def read(name: str) -> list[list[str]]:
        return [
            [read_words(cell) for cell in row]
            for block in root.find_class(name)
            for row in block.iterfind(".//tbody/tr")
        ]

    return read("briefing-areas"), read("briefing-issues")


def read_pdf(content: bytes) -> PdfReader:
    return PdfReader(io.BytesIO(content))


def read_pdf_words(reader: PdfReader) -> str:
    """All words of a PDF without blanks: where lines are broken is a matter of layout."""
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in reader.pages))


def squeeze(text: str) -> str:
    return re.sub(r"\s+", "", text)


def list_fonts(reader: PdfReader) -> dict[str, bool]:
    """The fonts of a PDF by name, and whether each is inside it."""
    found = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            for inner in font.get_object()["/DescendantFonts"]:
                descriptor = inner.get_object()["/FontDescriptor"].get_object()
                found[str(descriptor["/FontName"])] = any(f"/FontFile{kind}" in descriptor for kind in ("", "2", "3"))
    return found


def read_workbook(content: bytes) -> dict[str, list[dict[str, Any]]]:
    """The rows of each sheet, by its place: areas, issues, methods, hidden."""
    book = load_workbook(io.BytesIO(content), read_only=False)
    sheets = {}
    for name, sheet in zip(("areas", "issues", "methods", "hidden"), book.worksheets, strict=True):
        headings, *rows = list(sheet.values)
        sheets[name] = [dict(zip(map(str, headings), row, strict=True)) for row in rows]
    return sheets


def read_csv(content: bytes) -> Mapping[str, dict[str, str]]:
    """The lines of the ministry table, by code of the area or issue."""
    text = content.decode().removeprefix(BOM)
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return {row["issue_code"] or row["area_code"]: row for row in rows}
