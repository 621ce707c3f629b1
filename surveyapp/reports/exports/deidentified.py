"""The de-identified table: one row a company whose combination of answers k companies share, in no order.

Nothing tells when or how a return came: no number, time, language or mode.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

from surveyapp.analysis.deidentification import Deidentification
from surveyapp.analysis.redaction import Redactor
from surveyapp.fieldwork.consent import decide_use
from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Answers, Questionnaire
from surveyapp.reports.exports.columns import Block, ColumnSet, Missing, describe_columns
from surveyapp.reports.exports.disorder import put_out_of_order
from surveyapp.reports.exports.row_layout import RowLayout
from surveyapp.reports.exports.row_table import CellPen, Row, RowTable

FACTS = {"row": False, "round": False, "round_kind": False, "questionnaire_version": False}


def build_deidentified_table(
    read_returns: Callable[[], Iterable[SubmittedReturn]],
    questionnaire: Questionnaire,
    survey_round: Round,
    decided: Deidentification,
    redactor: Redactor,
    *,
    scratch: Path | None = None,
) -> RowTable:
    """`read_returns` opens what names and reaches each company, so that it can be taken out of its own texts.

    Rows wait in `scratch` (else the system's folder for such files) until they are put out of order, at each reading.
    """
    columns = describe_deidentified_columns(questionnaire, survey_round, decided)
    layout = RowLayout(
        questionnaire,
        columns,
        CellPen(lambda submitted, use, is_counted: ()),
        suppressed=decided.suppressed,
        may_show=lambda use: use.word_for_word,
    )
    typed = frozenset(row.name for row in questionnaire.questions_in("identity", "contact") if row.kind == "text")
    of_round = (survey_round.slug, survey_round.kind, survey_round.questionnaire_version)

    def read_in_order() -> Iterator[Row]:
        for submitted in read_returns():
            if submitted.number in decided.released:
                shown = decided.coarsen_answers(submitted.answers)
                plain = submitted._replace(texts=_redact(submitted, redactor, typed), identity={}, contact={})
                is_unknown = decided.withholds_texts or submitted.number in decided.nameless
                pieces = layout.write_pieces(plain, is_counted=True, shown=shown, withholds_texts=is_unknown)
                yield [*chain.from_iterable(pieces)]

    def read_rows() -> Iterator[Row]:
        for number, cells in enumerate(put_out_of_order(read_in_order(), scratch), 1):
            yield [str(number), *of_round, *cells]

    return RowTable(columns.all, read_rows)


def describe_deidentified_columns(
    questionnaire: Questionnaire, survey_round: Round, decided: Deidentification
) -> ColumnSet:
    """The columns of the raw file, with classes for choices where a question is rolled up."""
    rows = tuple(decided.coarsen_question(row) for row in questionnaire.rows)
    described = describe_columns(replace(questionnaire, rows=rows), survey_round.operator_texts, facts=FACTS)
    blocks = (_mark_suppressed(block) if block.name in decided.suppressed else block for block in described.blocks)
    return ColumnSet(described.facts, tuple(blocks))


def _mark_suppressed(block: Block) -> Block:
    columns = tuple(replace(column, missing=(Missing.SUPPRESSED,)) for column in block.columns)
    return Block(block.question, columns)


def _redact(submitted: SubmittedReturn, redactor: Redactor, typed: Collection[str]) -> Answers:
    """The texts without what is known to name somebody; `typed` are the questions in which names are typed.

    Texts that may not be quoted stay as they are: they are withheld.
    """
    if not submitted.texts or not decide_use(submitted.answers).word_for_word:
        return submitted.texts
    own = {**submitted.identity, **submitted.contact}
    own_names = [str(own[name]) for name in own.keys() & typed]
    return {name: redactor.redact(str(text), own_names) for name, text in submitted.texts.items()}
