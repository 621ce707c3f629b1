"""The raw CSV: one line a submitted return, for analysts (docs/csv.md describes every column and code).

Written by hand rather than by the `csv` module: nearly all cells repeat (a choice, a row of 0 and 1), so their text is
made once and joined, which is several times faster. `safe_text` decides what a text cell looks like.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Literal, Protocol

from surveyapp.analysis.asked_paths import find_asked_paths
from surveyapp.fieldwork.consent import TextUse, decide_use
from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Answers, Choice, Question, Questionnaire, Stored, Text
from surveyapp.reports.safe_text import write_text_cell
from surveyapp.reports.words import SEOUL, Words

BOM = "\ufeff"
LINE_END = "\r\n"

# Why a cell holds no answer. Don't know and not applicable are choices of the questionnaire and appear as such.
NOT_ASKED = ""
NOT_ANSWERED = ".n"
WITHHELD = ".w"  # the company allowed statistics only: its own words stay on the screen

CHUNK = 1 << 16  # characters gathered before they are handed on
MAX_REMEMBERED = 2048  # distinct answers of one question whose cells are kept

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

RawKind = Literal["raw", "identified"]
AnswerWriter = Callable[[str], str]  # an answer as text, names with blanks between -> its cells, joined by commas


class Numbers(Protocol):
    """Response numbers that can be asked for one (a bitmap of the index, a set)."""

    def __contains__(self, number: int, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class RawOptions:
    """How a raw file is written: names of choices or their labels, in which language, with or without identities."""

    words: Words
    with_labels: bool = False
    kind: RawKind = "raw"


class _Cells(dict[object, str]):
    """The cells of one question by its answer (None: not answered), as text, joined by commas.

    They are made when first met, and forgotten when too many, so that memory stays flat.
    """

    def __init__(self, not_answered: str, write: AnswerWriter) -> None:
        super().__init__({None: not_answered})
        self._not_answered = not_answered
        self._write = write

    def __missing__(self, answer: object) -> str:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
            self[None] = self._not_answered
        cells = self[answer] = self._write(str(answer))
        return cells


@dataclass(frozen=True, slots=True)
class _Column:
    code: str
    label: str


@dataclass(frozen=True, slots=True)
class _Block:
    """The columns of one question and what stands in them."""

    name: str
    columns: tuple[_Column, ...]
    cells: _Cells


class _Gap:
    """A stretch of questions that are asked or not asked together."""

    def __init__(self, start: int, blocks: list[_Block]) -> None:
        self.start = start
        self._place = slice(start, start + len(blocks))
        self._not_answered = [block.cells[None] for block in blocks]
        self._not_asked = ["," * (len(block.columns) - 1) for block in blocks]
        self._joined = (",".join(self._not_asked),)

    def close(self, cells: list[str]) -> None:
        """Put the blank cells in as one piece; gaps further on must have been closed before. An answer, should there
        be one in spite of the path, is never lost."""
        found = cells[self._place]
        if found == self._not_answered:
            cells[self._place] = self._joined
        else:
            triples = zip(found, self._not_answered, self._not_asked, strict=True)
            cells[self._place] = [blank if cell == unanswered else cell for cell, unanswered, blank in triples]


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
    layout = RawLayout(questionnaire, survey_round, options)
    lines = [BOM + layout.header]
    gathered = 0
    for submitted in returns:
        line = layout.write_line(submitted, is_counted=submitted.number in counted)
        lines.append(line)
        gathered += len(line)
        if gathered >= CHUNK:
            yield _end_lines(lines)
            lines, gathered = [], 0
    if lines:
        yield _end_lines(lines)


def _end_lines(lines: list[str]) -> bytes:
    return f"{LINE_END.join(lines)}{LINE_END}".encode()


def name_raw_file(survey_id: str, survey_round: Round, options: RawOptions, now: datetime) -> str:
    """A file name that says what is inside; a round that is not real says so in front."""
    form = f"labels-{options.words.language}" if options.with_labels else "codes"
    return f"{name_file(survey_id, survey_round, options.kind, now)}_{form}.csv"


def name_file(survey_id: str, survey_round: Round, kind: str, now: datetime) -> str:
    mark = {"sample": "FICTIONAL_", "trial": "TRIAL_"}.get(survey_round.kind, "")
    return f"{mark}{survey_id}_{survey_round.slug}_{kind}_{now.astimezone(SEOUL):%Y%m%d-%H%M}"


class RawLayout:
    """Columns of one questionnaire version and how a return fills them. The columns depend on nothing else."""

    def __init__(self, questionnaire: Questionnaire, survey_round: Round, options: RawOptions) -> None:
        self._options = options
        self._operator_texts = survey_round.operator_texts
        self._paths = find_asked_paths(questionnaire)
        self._round_cells = _RoundCells(survey_round, options)
        compartments = ("answers", "texts", "identity") if options.kind == "identified" else ("answers", "texts")
        rows = [
            row
            for row in sorted(questionnaire.rows, key=lambda row: row.kind == "calculate")
            if row.kind != "note" and row.compartment in compartments
        ]
        blocks = [self._build_block(row) for row in rows]
        self.columns = (*_RoundCells.columns, *(column for block in blocks for column in block.columns))
        self.header = ",".join(map(self._write_header, self.columns))

        self._blocks = {block.name: (place, block.cells) for place, block in enumerate(blocks)}
        self._not_answered = [block.cells[None] for block in blocks]
        self._gaps = sorted(self._list_gaps(blocks), key=lambda item: -item[1].start)
        self._own_words = frozenset(row.name for row in rows if row.kind == "text")
        conditions = {name: place for place, names in enumerate(self._paths.conditions) for name in names}
        self._offered = [
            (self._blocks[row.name][0], conditions[row.name], _write_offered(row))
            for row in rows
            if row.kind == "select_multiple" and row.choice_filter is not None and row.choice_filter.names
        ]

    def write_line(self, submitted: SubmittedReturn, *, is_counted: bool) -> str:
        """One return as a line of the file, without its end."""
        answers, texts = submitted.answers, submitted.texts
        flags = self._paths.find_path({**answers, **texts} if texts else answers).flags
        use = decide_use(answers)
        cells = self._not_answered.copy()
        try:
            self._fill(cells, answers)
        except KeyError:  # an answer to a question that this version does not have
            self._fill(cells, {name: answer for name, answer in answers.items() if name in self._blocks})
        for place, condition, write in self._offered:
            if flags[condition]:
                cells[place] = write(answers)
        if texts or submitted.identity:
            self._add_own_words(cells, {**texts, **submitted.identity}, is_withheld=not use.gist_to_ministry)
        for condition, gap in self._gaps:
            if not flags[condition]:
                gap.close(cells)
        cells.insert(0, self._round_cells.write(submitted, use, is_counted))
        return ",".join(cells)

    def _fill(self, cells: list[str], answers: Answers) -> None:
        blocks = self._blocks
        for name, answer in answers.items():
            place, known = blocks[name]
            cells[place] = known[" ".join(answer) if answer.__class__ is list else answer]

    def _list_gaps(self, blocks: list[_Block]) -> Iterator[tuple[int, _Gap]]:
        """Stretches of questions with one condition (its place among the flags of a path)."""
        for condition, names in enumerate(self._paths.conditions):
            places = sorted(self._blocks[name][0] for name in names if name in self._blocks)
            for _, stretch in groupby(enumerate(places), lambda item: item[1] - item[0]):
                members = [place for _, place in stretch]
                yield condition, _Gap(members[0], blocks[members[0] : members[-1] + 1])

    def _add_own_words(self, cells: list[str], typed: Answers, *, is_withheld: bool) -> None:
        for name, text in typed.items():
            if name in self._own_words:
                cells[self._blocks[name][0]] = WITHHELD if is_withheld else _write_own_words(str(text))

    def _write_header(self, column: _Column) -> str:
        if not self._options.with_labels:
            return write_text_cell(column.code)
        return write_text_cell(f"{column.label} [{column.code}]" if column.label else column.code)

    def _label(self, text: Text) -> str:
        label = self._options.words.text(text.filled(self._operator_texts))
        return " ".join(label.split())

    def _label_question(self, question: Question) -> str:
        """The question's words, those of its block in front where it stands in one: ten blocks ask alike."""
        block = question.groups[-1] if len(question.groups) > 1 else None
        label = self._label(question.label)
        return f"{self._label(block.label)}: {label}" if block else label

    def _build_block(self, question: Question) -> _Block:
        if question.kind == "calculate":
            return _Block(question.name, (_Column(question.name, ""),), _Cells(NOT_ASKED, _write_calculated))
        label = self._label_question(question)
        if question.kind in ("select_multiple", "rank"):
            choices = _find_possible_choices(question)
            columns = tuple(
                _Column(f"{question.name}/{choice.name}", f"{label}: {self._label(choice.label)}") for choice in choices
            )
            write = _write_places(choices) if question.kind == "rank" else _write_ticks(choices)
            return _Block(question.name, columns, _Cells(",".join([NOT_ANSWERED] * len(choices)), write))
        write = self._write_chosen(question) if question.choices else str
        return _Block(question.name, (_Column(question.name, label),), _Cells(NOT_ANSWERED, write))

    def _write_chosen(self, question: Question) -> AnswerWriter:
        shown = {
            choice.name: self._label(choice.label) if self._options.with_labels else choice.name
            for choice in question.choices
        }
        return lambda name: write_text_cell(shown.get(name, name))


class _RoundCells:
    """The first columns: number, round, times, and what the company allowed."""

    columns = tuple(
        _Column(code, "")
        for code in (
            "number",
            "round",
            "round_kind",
            "questionnaire_version",
            "language",
            "submitted_at",
            "edited_at",
            "counted",
            "use_gist_to_ministry",
            "use_word_for_word",
            "use_company_name",
        )
    )

    def __init__(self, survey_round: Round, options: RawOptions) -> None:
        words = options.words
        kinds = {
            "real": words.gettext("Real round"),
            "trial": words.gettext("Trial round"),
            "sample": words.gettext("Sample round (fictional)"),
        }
        kind = kinds[survey_round.kind] if options.with_labels else survey_round.kind
        self._round = ",".join(map(write_text_cell, (survey_round.slug, kind, survey_round.questionnaire_version)))

    def write(self, submitted: SubmittedReturn, use: TextUse, is_counted: bool) -> str:
        edited = "" if submitted.edited_at is None else _write_time(submitted.edited_at)
        return (
            f"{submitted.number},{self._round},{submitted.language},{_write_time(submitted.submitted_at)},{edited},"
            f"{is_counted:d},{use.gist_to_ministry:d},{use.word_for_word:d},{use.company_name_to_ministry:d}"
        )


def _write_time(moment: datetime) -> str:
    return moment.astimezone(SEOUL).isoformat(timespec="seconds")


def _find_possible_choices(question: Question) -> tuple[Choice, ...]:
    """The choices that any return could be offered: a filter that reads no answer leaves out the same ones always."""
    if question.choice_filter is None or question.choice_filter.names:
        return question.choices
    return question.choice_filter.choose({}, question.choices)


def _write_ticks(choices: tuple[Choice, ...]) -> AnswerWriter:
    names = [choice.name for choice in choices]

    def write(answer: str) -> str:
        ticked = set(answer.split())
        return ",".join(["1" if name in ticked else "0" for name in names])

    return write


def _write_places(choices: tuple[Choice, ...]) -> AnswerWriter:
    names = [choice.name for choice in choices]

    def write(answer: str) -> str:
        places = {name: str(place) for place, name in enumerate(answer.split(), 1)}
        return ",".join([places.get(name, NOT_ANSWERED) for name in names])

    return write


def _write_offered(question: Question) -> Callable[[Answers], str]:
    """Cells of a question whose choices other answers decide: a choice that was not offered was not asked about."""
    choice_filter, choices = question.choice_filter, question.choices
    assert choice_filter is not None
    deciding = (question.name, *sorted(choice_filter.names))

    def write(key: str) -> str:
        given = dict(zip(deciding, key.split("\n"), strict=True))
        ticked = set(given[question.name].split())
        offered = {choice.name for choice in choice_filter.choose(given, choices)}
        blank = "0" if ticked else NOT_ANSWERED
        return ",".join(
            ["1" if choice.name in ticked else blank if choice.name in offered else NOT_ASKED for choice in choices]
        )

    cells = _Cells("", write)
    return lambda answers: cells["\n".join([_join_names(answers.get(name)) for name in deciding])]


def _join_names(answer: Stored | None) -> str:
    return " ".join(answer) if isinstance(answer, list) else "" if answer is None else str(answer)


def _write_own_words(text: str) -> str:
    """A typed text; one that looks like a code for a missing answer is marked, so that the codes stay unambiguous."""
    return f"'{text}" if text in (NOT_ANSWERED, WITHHELD) else write_text_cell(text)


def _write_calculated(value: str) -> str:
    return value if _NUMBER.fullmatch(value) else write_text_cell(value)
