"""What stands on a desk page and in a file of the desk, read as a person reads it: rows of tables, lines of a CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lxml.html import HtmlElement, document_fromstring

SMALL_PRINT = "cell-note"


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure of a page: rows of its first table by their heading, and the line under it (base, round, method)."""

    rows: Mapping[str, Sequence[str]]
    facts: Mapping[str, str]


def read_figures(html: str) -> dict[str, Figure]:
    """The figures of a page by their anchor. Small print of cells is left out."""
    cards = document_fromstring(html).iterfind(".//*[@id][@aria-labelledby]")
    return {card.get("id", ""): Figure(_read_rows(card), _read_facts(card)) for card in cards}


def read_csv(content: bytes) -> list[Mapping[str, str]]:
    """Lines of a CSV by the name of their column. It must begin with a byte-order mark and end each line with CRLF."""
    assert content.startswith("\ufeff".encode())
    assert content.count(b"\n") == content.count(b"\r\n")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def _read_rows(card: HtmlElement) -> Mapping[str, Sequence[str]]:
    rows = {}
    for table in card.iterfind(".//table"):
        for row in table.iterfind(".//tr"):
            heading, cells = row.find("th"), row.findall("td")
            if heading is not None and cells:
                rows[_read_words(heading)] = [_read_words(cell) for cell in cells]
        break
    return rows


def _read_facts(card: HtmlElement) -> Mapping[str, str]:
    return {
        _read_words(name): _read_words(text)
        for name, text in zip(card.iterfind(".//dt"), card.iterfind(".//dd"), strict=True)
    }


def _read_words(element: HtmlElement) -> str:
    return " ".join(" ".join(_list_words(element)).split())


def _list_words(element: HtmlElement) -> Iterator[str]:
    if element.get("class") != SMALL_PRINT:
        yield element.text or ""
        for part in element:
            yield from _list_words(part)
            yield part.tail or ""
