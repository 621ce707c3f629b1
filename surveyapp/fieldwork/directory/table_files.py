"""Lists of companies as offices save them, as rows of text: CSV in several encodings, and XLSX.

What a file is, its content says and not its name. A workbook is unpacked in a process of its own, which is bounded in
memory, time and output (workbook_reader). Nothing here knows what the columns mean.
"""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

MOST_BYTES = 10 * 1024 * 1024
MOST_ROWS = 20_000
MOST_COLUMNS = 100
_LIMITS: Mapping[str, int] = {
    "memory": 512 * 1024 * 1024,
    "cpu_seconds": 30,
    "rows": MOST_ROWS,
    "columns": MOST_COLUMNS,
    "parts": 1000,
    "unpacked": 150 * 1024 * 1024,
    "characters": 20_000_000,
    "merged": 200_000,
}
_WALL_SECONDS = 60
_MOST_ANSWER = 140_000_000  # bytes: every character may take six, and its quotes
_READER = Path(__file__).with_name("workbook_reader.py")
_ZIP, _COMPOUND = b"PK\x03\x04", bytes.fromhex("d0cf11e0a1b11ae1")
_RATED = 100_000  # characters by which two encodings are told apart
_LEAST_RATE = 0.4  # by _rate_text
_DELIMITERS = (",", "\t", ";")
_one_at_a_time = threading.BoundedSemaphore(2)  # workbooks that are unpacked at once, by this process

TableKind = Literal["csv", "xlsx"]
Encoding = Literal["utf-8-sig", "cp949", "cp932", "utf-16"]
ENCODINGS: Mapping[Encoding, str] = {
    "utf-8-sig": "UTF-8",
    "cp949": "CP949 (EUC-KR)",
    "cp932": "CP932 (Shift_JIS)",
    "utf-16": "UTF-16",
}
TableProblem = Literal[
    "broken",
    "empty",
    "encoding",
    "encrypted",
    "other_encoding",
    "not_workbook",
    "old_workbook",
    "quotes",
    "too_costly",
    "too_large",
    "too_large_unpacked",
    "too_many_columns",
    "too_many_rows",
    "unknown_kind",
    "unsafe",
    "web_page",
]


class TableRefused(Exception):
    """A file cannot be read as a list; `problem` says why, `shown` where."""

    def __init__(self, problem: TableProblem, shown: str = "") -> None:
        super().__init__(f"{problem} {shown}".strip())
        self.problem: TableProblem = problem
        self.shown = shown


@dataclass(frozen=True, slots=True)
class Sheet:
    """One list: rows of text, the first of them row 1 of the file; blank ends of rows are cut off."""

    name: str
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class TableFile:
    """What a file holds. `encoding` is how its text was read, blank for a workbook."""

    kind: TableKind
    encoding: Encoding | Literal[""]
    sheets: tuple[Sheet, ...]


def read_table_file(content: bytes, encoding: Encoding | None = None) -> TableFile:
    """`encoding` is how the text of a CSV is to be read; without it the text is recognised. Raises `TableRefused`."""
    if len(content) > MOST_BYTES:
        raise TableRefused("too_large")
    if content.startswith(_ZIP):
        return TableFile("xlsx", "", _read_workbook(content))
    if content.startswith(_COMPOUND):
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in content
        raise TableRefused("encrypted" if is_encrypted else "old_workbook")
    text, read_as = _decode(content) if encoding is None else (_decode_as(content, encoding), encoding)
    return TableFile("csv", read_as, (Sheet("", _read_csv(text)),))


def _decode_as(content: bytes, encoding: Encoding) -> str:
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as fault:
        raise TableRefused("other_encoding", ENCODINGS[encoding]) from fault
    if "\0" in text:
        raise TableRefused("other_encoding", ENCODINGS[encoding])
    return text


def _decode(content: bytes) -> tuple[str, Encoding]:
    """The text, and which of the encodings of Korean and Japanese offices it was in."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings: tuple[Encoding, ...] = ("utf-16",)
    elif b"\0" in content or content.startswith((b"%PDF", b"\x89PNG", b"GIF8")):
        raise TableRefused("unknown_kind")
    else:
        encodings = ("utf-8-sig", "cp949", "cp932")
    texts: dict[Encoding, str] = {}
    wrong = 0
    for encoding in encodings:
        try:
            texts[encoding] = content.decode(encoding)
        except UnicodeDecodeError as fault:
            wrong = max(wrong, fault.start)
            continue
        if encoding.startswith("utf"):  # nothing else looks like it
            break
    rates = {encoding: _rate_text(text, encoding) for encoding, text in texts.items()}
    if rates.keys() == {"cp932"} and rates["cp932"] < _LEAST_RATE:  # which almost any bytes can be read as
        rates = {}
    if not rates:
        raise TableRefused("encoding", str(content.count(b"\n", 0, wrong) + 1))
    encoding = max(rates, key=rates.__getitem__)
    return texts[encoding], encoding


def _rate_text(text: str, encoding: str) -> float:
    """How much of what is not ASCII people write: the same bytes may be text in two encodings.

    Japanese in CP932 becomes syllables in CP949 that no Korean writes, those beyond KS X 1001; Korean in CP949 becomes
    half-width katakana in CP932. Where they come out alike it is Korean.
    """
    beyond = Counter(text[:_RATED])
    signs = {sign: count for sign, count in beyond.items() if not sign.isascii()}
    if not signs:
        return 1.0
    tests: Mapping[str, Callable[[str], bool]] = {"cp949": _is_in_ks_x_1001, "cp932": _is_full_width}
    if encoding not in tests:
        return 1.0
    is_written = tests[encoding]
    return sum(count for sign, count in signs.items() if is_written(sign)) / sum(signs.values())


def _is_in_ks_x_1001(sign: str) -> bool:
    return min(sign.encode("cp949")) > 0xA0


def _is_full_width(sign: str) -> bool:
    return not ("\uff61" <= sign <= "\uff9f" or "\ue000" <= sign <= "\uf8ff" or sign < "\xa1")


def _read_csv(text: str) -> list[list[str]]:
    head = text[:2000].lstrip().casefold()
    if head.startswith(("<html", "<!doctype", "<table", "<?xml")):
        raise TableRefused("web_page")
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_find_delimiter(text), strict=True)
    try:
        for row in reader:
            while row and not row[-1].strip():
                row.pop()
            if len(row) > MOST_COLUMNS:
                raise TableRefused("too_many_columns")
            rows.append(row)
            if len(rows) > MOST_ROWS:
                raise TableRefused("too_many_rows")
    except csv.Error:
        raise TableRefused("quotes", str(reader.line_num)) from None
    while rows and not rows[-1]:
        rows.pop()
    if not rows:
        raise TableRefused("empty")
    return rows


def _find_delimiter(text: str) -> str:
    """The sign that parts the cells of the first lines, where it stands outside of quotes."""
    outside = "".join(text[:4000].split('"')[::2])
    return max(_DELIMITERS, key=outside.count)


def _read_workbook(content: bytes) -> tuple[Sheet, ...]:
    answer = _ask_reader(content)
    if "problem" in answer:
        raise TableRefused(answer["problem"])
    sheets = tuple(Sheet(sheet["name"], sheet["rows"]) for sheet in answer["sheets"] if sheet["rows"])
    if not sheets:
        raise TableRefused("empty")
    return sheets


def _ask_reader(content: bytes) -> dict[str, Any]:
    """Run the reader on the workbook; whatever ends it before it has answered was too costly."""
    command = [sys.executable, "-I", str(_READER), json.dumps(dict(_LIMITS))]
    with _one_at_a_time:
        process = subprocess.Popen(  # noqa: S603 - our own program, the workbook comes by standard input
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            cwd="/",
            close_fds=True,
            start_new_session=True,
        )
        try:
            written, _ = process.communicate(content, timeout=_WALL_SECONDS)
        except subprocess.TimeoutExpired:
            raise TableRefused("too_costly") from None
        finally:
            if process.poll() is None:
                process.kill()
                process.communicate()
    if process.returncode != 0 or not 0 < len(written) <= _MOST_ANSWER:
        raise TableRefused("too_costly")
    answer: dict[str, Any] = json.loads(written)
    return answer
