"""How a return fills the columns of a file: what was asked, answered, left blank or is withheld.

Nearly all cells repeat (a choice, a row of 0 and 1), so the cells of one answer are made once, as one piece, and looked
up from then on. What a piece is, the pen of the format decides: joined text for a CSV file, a tuple of cells elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Generic, Protocol, TypeVar

from surveyapp.analysis.asked_paths import find_asked_paths
from surveyapp.fieldwork.consent import TextUse, decide_use
from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.questionnaire.model import Answers, Choice, Question, Questionnaire, Stored
from surveyapp.reports.exports.columns import Block, Column, ColumnSet, Missing

MAX_REMEMBERED = 2048  # distinct answers of one question whose cells are kept

# A name of a choice, a text, digits, a number or why there is none; numbers that were typed stay digits until they are
# written, so that none is changed on the way.
Cell = str | int | Missing
Piece = TypeVar("Piece")
AnswerReader = Callable[[str], Sequence[Cell]]  # an answer as text, names with blanks between -> its cells


class Numbers(Protocol):
    """Response numbers that can be asked for one (a bitmap of the index, a set)."""

    def __contains__(self, number: int, /) -> bool: ...


class Pen(Protocol[Piece]):
    """How one format writes the cells of a question."""

    def write_block(self, columns: Sequence[Column], cells: Sequence[Cell]) -> Piece: ...

    def write_facts(self, submitted: SubmittedReturn, use: TextUse, is_counted: bool, /) -> Piece: ...

    def join(self, pieces: Iterable[Piece], /) -> Piece: ...


def may_pass_on(use: TextUse) -> bool:
    """Whether a file for analysts may hold the return's own words."""
    return use.gist_to_ministry


class _Cells(dict[object, Piece], Generic[Piece]):
    """The cells of one question by its answer (None: not answered).

    They are made when first met, and forgotten when too many, so that memory stays flat.
    """

    def __init__(self, not_answered: Piece, write: Callable[[str], Piece]) -> None:
        super().__init__({None: not_answered})
        self._not_answered = not_answered
        self._write = write

    def __missing__(self, answer: object) -> Piece:
        if len(self) >= MAX_REMEMBERED:
            self.clear()
            self[None] = self._not_answered
        cells = self[answer] = self._write(str(answer))
        return cells


class _Gap(Generic[Piece]):
    """A stretch of questions that are asked or not asked together."""

    def __init__(self, start: int, not_answered: Sequence[Piece], not_asked: Sequence[Piece], pen: Pen[Piece]) -> None:
        self.start = start
        self._place = slice(start, start + len(not_answered))
        self._not_answered = list(not_answered)
        self._not_asked = list(not_asked)
        self._joined = (pen.join(not_asked),)

    def close(self, pieces: list[Piece]) -> None:
        """Put the blank cells in as one piece; gaps further on must have been closed before. An answer, should there
        be one in spite of the path, is never lost."""
        found = pieces[self._place]
        if found == self._not_answered:
            pieces[self._place] = self._joined
        else:
            triples = zip(found, self._not_answered, self._not_asked, strict=True)
            pieces[self._place] = [blank if piece == unanswered else piece for piece, unanswered, blank in triples]


class RowLayout(Generic[Piece]):
    """The columns of one questionnaire version and how a return fills them."""

    def __init__(
        self,
        questionnaire: Questionnaire,
        columns: ColumnSet,
        pen: Pen[Piece],
        *,
        suppressed: frozenset[str] = frozenset(),
        may_show: Callable[[TextUse], bool] = may_pass_on,
    ) -> None:
        """`suppressed` names questions whose cells say so in every line, whatever was answered; `may_show` says which
        texts are not withheld."""
        self._pen = pen
        self._may_show = may_show
        self._paths = find_asked_paths(questionnaire)
        self._column_of = {block.name: block.columns for block in columns.blocks}
        cells = [self._remember_cells(block, is_suppressed=block.name in suppressed) for block in columns.blocks]
        self._blocks = {
            block.name: found
            for block, found in zip(columns.blocks, enumerate(cells), strict=True)
            if block.name not in suppressed
        }
        self._not_answered = [known[None] for known in cells]
        blocks = columns.blocks
        not_asked = [pen.write_block(block.columns, [Missing.NOT_ASKED] * len(block.columns)) for block in blocks]
        self._gaps = sorted(self._list_gaps(not_asked), key=lambda item: -item[1].start)
        self._own_words = frozenset(
            block.name for block in blocks if block.question.kind == "text" and block.name in self._blocks
        )
        conditions = {name: place for place, names in enumerate(self._paths.conditions) for name in names}
        self._offered = [
            (self._blocks[block.name][0], conditions[block.name], self._remember_offers(block))
            for block in blocks
            if block.name in self._blocks
            and block.question.kind == "select_multiple"
            and block.question.choice_filter is not None
            and block.question.choice_filter.names
        ]

    def write_pieces(
        self,
        submitted: SubmittedReturn,
        *,
        is_counted: bool,
        shown: Answers | None = None,
        withholds_texts: bool = False,
    ) -> list[Piece]:
        """One return as pieces, the facts first. `shown` are answers to write in place of those that were given;
        `withholds_texts`: whatever the company allowed."""
        answers, texts = submitted.answers, submitted.texts
        paths = self._paths
        flags = paths.find_path({**answers, **texts} if texts and paths.reads_texts else answers).flags
        use = decide_use(answers)
        pieces = self._not_answered.copy()
        written = answers if shown is None else shown
        try:
            self._fill(pieces, written)
        except KeyError:  # an answer to a question that this version does not have, or that is suppressed
            self._fill(pieces, {name: answer for name, answer in written.items() if name in self._blocks})
        for place, condition, write in self._offered:
            if flags[condition]:
                pieces[place] = write(written)
        if texts or submitted.identity:
            is_withheld = withholds_texts or not self._may_show(use)
            self._add_own_words(pieces, {**texts, **submitted.identity}, is_withheld=is_withheld)
        for condition, gap in self._gaps:
            if not flags[condition]:
                gap.close(pieces)
        pieces.insert(0, self._pen.write_facts(submitted, use, is_counted))
        return pieces

    def _fill(self, pieces: list[Piece], answers: Answers) -> None:
        blocks = self._blocks
        for name, answer in answers.items():
            place, known = blocks[name]
            pieces[place] = known[" ".join(answer) if answer.__class__ is list else answer]

    def _add_own_words(self, pieces: list[Piece], typed: Answers, *, is_withheld: bool) -> None:
        for name, text in typed.items():
            if name in self._own_words:
                cell = Missing.WITHHELD if is_withheld else str(text)
                pieces[self._blocks[name][0]] = self._pen.write_block(self._column_of[name], (cell,))

    def _list_gaps(self, not_asked: Sequence[Piece]) -> Iterator[tuple[int, _Gap[Piece]]]:
        """Stretches of questions with one condition (its place among the flags of a path)."""
        for condition, names in enumerate(self._paths.conditions):
            places = sorted(self._blocks[name][0] for name in names if name in self._blocks)
            for _, stretch in groupby(enumerate(places), lambda item: item[1] - item[0]):
                members = [place for _, place in stretch]
                place = slice(members[0], members[-1] + 1)
                yield condition, _Gap(members[0], self._not_answered[place], not_asked[place], self._pen)

    def _remember_cells(self, block: Block, *, is_suppressed: bool) -> _Cells[Piece]:
        question, columns, pen = block.question, block.columns, self._pen
        blank = Missing.NOT_ASKED if question.kind == "calculate" else Missing.NOT_ANSWERED
        if is_suppressed:
            blank = Missing.SUPPRESSED
        read = _choose_reader(block)
        return _Cells(
            pen.write_block(columns, [blank] * len(columns)), lambda answer: pen.write_block(columns, read(answer))
        )

    def _remember_offers(self, block: Block) -> Callable[[Answers], Piece]:
        """Cells of a question whose choices other answers decide: a choice that was not offered was not asked about."""
        question, columns, pen = block.question, block.columns, self._pen
        deciding, read = _read_offered(question)
        cells = _Cells(self._not_answered[0], lambda key: pen.write_block(columns, read(key)))
        return lambda answers: cells["\n".join([_join_names(answers.get(name)) for name in deciding])]


def _choose_reader(block: Block) -> AnswerReader:
    names = [column.choice.name for column in block.columns if column.choice is not None]
    match block.question.kind:
        case "rank":
            return _read_places(names)
        case "select_multiple":
            return _read_ticks(names)
        case _:
            return lambda answer: (answer,)


def _read_ticks(names: Sequence[str]) -> AnswerReader:
    def read(answer: str) -> Sequence[Cell]:
        ticked = set(answer.split())
        return [1 if name in ticked else 0 for name in names]

    return read


def _read_places(names: Sequence[str]) -> AnswerReader:
    def read(answer: str) -> Sequence[Cell]:
        places = {name: place for place, name in enumerate(answer.split(), 1)}
        return [places.get(name, Missing.NOT_ANSWERED) for name in names]

    return read


def _read_offered(question: Question) -> tuple[tuple[str, ...], AnswerReader]:
    choice_filter, choices = question.choice_filter, question.choices
    assert choice_filter is not None
    deciding = (question.name, *sorted(choice_filter.names))

    def read_cell(choice: Choice, ticked: set[str], offered: set[str]) -> Cell:
        if choice.name in ticked:
            return 1
        if choice.name not in offered:
            return Missing.NOT_ASKED
        return 0 if ticked else Missing.NOT_ANSWERED

    def read(key: str) -> Sequence[Cell]:
        given = dict(zip(deciding, key.split("\n"), strict=True))
        ticked = set(given[question.name].split())
        offered = {choice.name for choice in choice_filter.choose(given, choices)}
        return [read_cell(choice, ticked, offered) for choice in choices]

    return deciding, read


def _join_names(answer: Stored | None) -> str:
    return " ".join(answer) if isinstance(answer, list) else "" if answer is None else str(answer)
