"""Rows of cells below described columns: what a workbook, SPSS and Parquet file are written from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal

from surveyapp.fieldwork.consent import TextUse
from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.csv_export import COMPARTMENTS, RawKind, write_time
from surveyapp.reports.exports.columns import RAW_FACTS, Column, Missing, describe_columns, head_column, label_values
from surveyapp.reports.exports.row_layout import Cell, Numbers, RowLayout
from surveyapp.reports.words import Words

Row = Sequence[Cell]
RefusalCode = Literal[
    "too_many_columns",
    "too_many_rows",
    "cell_too_long",
    "text_too_wide",
    "text_grew",
    "module_missing",
    "not_offered",
    "exhausted",
    "exhausted_closed",
    "too_few",
]


class ExportRefused(Exception):
    """A file of this form cannot be made; `facts` name what is too much and how much there may be.

    The words for each code are in reports/exports/refusals.py.
    """

    def __init__(self, code: RefusalCode, **facts: str | int) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts: Mapping[str, str | int] = facts


@dataclass(frozen=True, slots=True)
class RowTable:
    """Columns, and the rows below them. `read_rows` may be called again and gives the same rows."""

    columns: tuple[Column, ...]
    read_rows: Callable[[], Iterator[Row]]


@dataclass(frozen=True, slots=True)
class TableOptions:
    """Names of choices or their labels, and in which language labels and remarks are."""

    words: Words
    with_labels: bool = False


class CellPen:
    """Cells as they are, in tuples."""

    def __init__(self, write_facts: Callable[[SubmittedReturn, TextUse, bool], tuple[Cell, ...]]) -> None:
        self._write_facts = write_facts

    def write_block(self, columns: Sequence[Column], cells: Sequence[Cell]) -> tuple[Cell, ...]:
        return tuple(cells)

    def join(self, pieces: Iterable[tuple[Cell, ...]], /) -> tuple[Cell, ...]:
        return tuple(chain.from_iterable(pieces))

    def write_facts(self, submitted: SubmittedReturn, use: TextUse, is_counted: bool, /) -> tuple[Cell, ...]:
        return self._write_facts(submitted, use, is_counted)


def build_return_table(
    read_returns: Callable[[], Iterable[SubmittedReturn]],
    questionnaire: Questionnaire,
    survey_round: Round,
    kind: RawKind,
    *,
    counted: Numbers,
    round_kind: str | None = None,
) -> RowTable:
    """One row a submitted return, with the columns of the raw CSV; `round_kind` in words where labels are asked for."""
    columns = describe_columns(
        questionnaire, survey_round.operator_texts, compartments=COMPARTMENTS[kind], facts=RAW_FACTS
    )
    layout = RowLayout(questionnaire, columns, CellPen(_write_raw_facts(survey_round, round_kind or survey_round.kind)))

    def read_rows() -> Iterator[Row]:
        for submitted in read_returns():
            pieces = layout.write_pieces(submitted, is_counted=submitted.number in counted)
            yield list(chain.from_iterable(pieces))

    return RowTable(columns.all, read_rows)


def _write_raw_facts(
    survey_round: Round, round_kind: str
) -> Callable[[SubmittedReturn, TextUse, bool], tuple[Cell, ...]]:
    of_round = (survey_round.slug, round_kind, survey_round.questionnaire_version)

    def write(submitted: SubmittedReturn, use: TextUse, is_counted: bool) -> tuple[Cell, ...]:
        return (
            str(submitted.number),
            *of_round,
            submitted.language,
            submitted.mode,
            write_time(submitted.submitted_at),
            Missing.NOT_ASKED if submitted.edited_at is None else write_time(submitted.edited_at),
            int(is_counted),
            int(use.gist_to_ministry),
            int(use.word_for_word),
            int(use.company_name_to_ministry),
        )

    return write


LONG_FACTS: Mapping[str, bool] = {
    "column": False,
    "question": False,
    "choice": False,
    "value": False,
    "label": False,
    "missing": False,
}
MISSING_NAMES: Mapping[Missing, str] = {
    Missing.NOT_ASKED: "not_asked",
    Missing.NOT_ANSWERED: "not_answered",
    Missing.WITHHELD: "withheld",
    Missing.SUPPRESSED: "suppressed",
}


def build_long_table(wide: RowTable, words: Words) -> RowTable:
    """One row for every question, and choice of a multiple-choice question, that a return was asked.

    What was not asked has no row. The first column is that of the wide table, so that rows of one return are known.
    """
    key = wide.columns[0]
    asked = [(place, column) for place, column in enumerate(wide.columns) if column.question is not None]
    heads = {place: _head_long_row(column) for place, column in asked}
    labels = {place: label_values(words, column) for place, column in asked}
    columns = (key, *(Column(code, code, "fact", is_number=is_number) for code, is_number in LONG_FACTS.items()))

    def read_rows() -> Iterator[Row]:
        for row in wide.read_rows():
            for place, column in asked:
                cell = row[place]
                if cell is Missing.NOT_ASKED:
                    continue
                if isinstance(cell, Missing):
                    yield (row[0], *heads[place], Missing.NOT_ASKED, Missing.NOT_ASKED, MISSING_NAMES[cell])
                    continue
                label = labels[place].get(str(cell), Missing.NOT_ASKED) if column.values else Missing.NOT_ASKED
                yield (row[0], *heads[place], str(cell), label, Missing.NOT_ASKED)

    return RowTable(columns, read_rows)


def _head_long_row(column: Column) -> tuple[Cell, Cell, Cell]:
    assert column.question is not None
    return column.name, column.question.name, Missing.NOT_ASKED if column.choice is None else column.choice.name


def list_headings(table: RowTable, options: TableOptions) -> list[str]:
    return [head_column(options.words, column, with_labels=options.with_labels) for column in table.columns]


def list_labels(table: RowTable, options: TableOptions) -> list[dict[str, str]]:
    """For each column what to write in place of the names of choices."""
    return [label_values(options.words, column, with_labels=options.with_labels) for column in table.columns]
