"""The raw CSV: one line a submitted return, for analysts (docs/csv.md describes every column and code).

Written by hand rather than by the `csv` module: the text of nearly all cells is made once and joined, which is several
times faster. `safe_text` decides what a text cell looks like.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from surveyapp.fieldwork.consent import TextUse
from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Compartment, Questionnaire
from surveyapp.reports.exports.columns import Column, Missing, describe_columns, head_column, label_values
from surveyapp.reports.exports.row_layout import Cell, Numbers, RowLayout
from surveyapp.reports.safe_text import write_text_cell
from surveyapp.reports.words import SEOUL, Words

BOM = "\ufeff"
LINE_END = "\r\n"
PLAIN_LINE_END = "\n"

CHUNK = 1 << 16  # characters gathered before they are handed on

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CODES = frozenset(str(each) for each in Missing if each)

RawKind = Literal["raw", "identified"]
COMPARTMENTS: dict[RawKind, tuple[Compartment, ...]] = {
    "raw": ("answers", "texts"),
    "identified": ("answers", "texts", "identity"),
}


@dataclass(frozen=True, slots=True)
class RawOptions:
    """How a raw file is written: names of choices or their labels, in which language, with or without identities.

    `is_plain`: without a byte-order mark and with LF, as R and Python like it; the cells are the same.
    """

    words: Words
    with_labels: bool = False
    kind: RawKind = "raw"
    is_plain: bool = False

    @property
    def line_end(self) -> str:
        return PLAIN_LINE_END if self.is_plain else LINE_END

    @property
    def mark(self) -> str:
        return "" if self.is_plain else BOM


def stream_raw_csv(
    returns: Iterable[SubmittedReturn],
    questionnaire: Questionnaire,
    survey_round: Round,
    options: RawOptions,
    *,
    counted: Numbers,
) -> Iterator[bytes]:
    """The file in chunks of UTF-8: a byte-order mark, the header, one line a return, all ended by CRLF.

    The first chunk holds the header and the first returns, so a caller who takes it before replying learns of a
    failure in time. `counted` are the numbers that the figures count (one return a company, where companies count).
    """
    columns = describe_columns(questionnaire, survey_round.operator_texts, compartments=COMPARTMENTS[options.kind])
    layout = RowLayout(questionnaire, columns, CsvPen(survey_round, options))
    end = options.line_end
    headings = (head_column(options.words, column, with_labels=options.with_labels) for column in columns.all)
    lines = [options.mark + ",".join(map(write_text_cell, headings))]
    gathered = 0
    for submitted in returns:
        line = ",".join(layout.write_pieces(submitted, is_counted=submitted.number in counted))
        lines.append(line)
        gathered += len(line)
        if gathered >= CHUNK:
            yield _end_lines(lines, end)
            lines, gathered = [], 0
    if lines:
        yield _end_lines(lines, end)


def _end_lines(lines: list[str], end: str) -> bytes:
    return f"{end.join(lines)}{end}".encode()


def name_file(survey_id: str, survey_round: Round, kind: str, now: datetime) -> str:
    """A file name that says what is inside; a round that is not real says so in front."""
    mark = {"sample": "FICTIONAL_", "trial": "TRIAL_"}.get(survey_round.kind, "")
    return f"{mark}{survey_id}_{survey_round.slug}_{kind}_{now.astimezone(SEOUL):%Y%m%d-%H%M}"


def name_round_kind(words: Words, survey_round: Round) -> str:
    return {
        "real": words.gettext("Real round"),
        "trial": words.gettext("Trial round"),
        "sample": words.gettext("Sample round (fictional)"),
    }[survey_round.kind]


class CsvPen:
    """Cells as text, joined by commas."""

    def __init__(self, survey_round: Round, options: RawOptions) -> None:
        self._options = options
        kind = name_round_kind(options.words, survey_round) if options.with_labels else survey_round.kind
        self._round = ",".join(map(write_text_cell, (survey_round.slug, kind, survey_round.questionnaire_version)))
        self._labels: dict[str, dict[str, str]] = {}  # of the choices of a question, by name

    def write_block(self, columns: Sequence[Column], cells: Sequence[Cell]) -> str:
        return ",".join([self._write_cell(column, cell) for column, cell in zip(columns, cells, strict=True)])

    def join(self, pieces: Iterable[str], /) -> str:
        return ",".join(pieces)

    def write_facts(self, submitted: SubmittedReturn, use: TextUse, is_counted: bool, /) -> str:
        """In the order of RAW_FACTS."""
        edited = "" if submitted.edited_at is None else write_time(submitted.edited_at)
        return (
            f"{submitted.number},{self._round},{submitted.language},{submitted.mode},"
            f"{write_time(submitted.submitted_at)},{edited},"
            f"{is_counted:d},{use.gist_to_ministry:d},{use.word_for_word:d},{use.company_name_to_ministry:d}"
        )

    def _write_cell(self, column: Column, cell: Cell) -> str:
        if cell.__class__ is not str:
            return str(cell)
        match column.kind:
            case "choice":
                return write_text_cell(self._find_labels(column).get(cell, cell) if self._options.with_labels else cell)
            case "text":
                return write_own_words(cell)
            case "calculated":
                return cell if _NUMBER.fullmatch(cell) else write_text_cell(cell)
            case _:
                return cell

    def _find_labels(self, column: Column) -> dict[str, str]:
        known = self._labels.get(column.name)
        if known is None:
            known = self._labels[column.name] = label_values(self._options.words, column)
        return known


def write_time(moment: datetime) -> str:
    return moment.astimezone(SEOUL).isoformat(timespec="seconds")


def write_own_words(text: str) -> str:
    """A typed text; one that looks like a code for a missing answer is marked, so that the codes stay unambiguous."""
    return f"'{text}" if text in _CODES else write_text_cell(text)
