"""The codebook of a questionnaire version: what every column of its files means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Group, Question, Questionnaire, Text
from surveyapp.reports.exports.columns import (
    Block,
    Column,
    ColumnKind,
    ColumnSet,
    Measure,
    describe_columns,
    label_column,
)
from surveyapp.reports.exports.missing_words import name_missing
from surveyapp.reports.exports.spss import CODES, FAR, code_choices
from surveyapp.reports.words import Words


@dataclass(frozen=True, slots=True)
class Codebook:
    """The columns of the identified file: those of the raw file and, marked, what names the company."""

    questionnaire: Questionnaire
    survey_round: Round
    columns: ColumnSet

    @property
    def title(self) -> Text:
        return self.questionnaire.title.filled(self.survey_round.operator_texts)

    def label_section(self, section: Group) -> Text:
        return section.label.filled(self.survey_round.operator_texts)


@dataclass(frozen=True, slots=True)
class CodebookValue:
    """A value as it stands in text files and workbooks, its number in SPSS files, and its words."""

    code: str
    number: str
    words: str


def build_codebook(questionnaire: Questionnaire, survey_round: Round) -> Codebook:
    columns = describe_columns(
        questionnaire, survey_round.operator_texts, compartments=("answers", "texts", "identity")
    )
    return Codebook(questionnaire, survey_round, columns)


def list_sections(codebook: Codebook) -> Iterator[tuple[Group, list[Block]]]:
    """The questions by section, in their order; calculates at the end of their own section."""
    by_section: dict[str, tuple[Group, list[Block]]] = {}
    for block in codebook.columns.blocks:
        section = block.question.section
        by_section.setdefault(section.name, (section, []))[1].append(block)
    return iter(by_section.values())


def list_values(column: Column, words: Words) -> list[CodebookValue]:
    """What can stand in the column as an answer, where that can be listed."""
    if column.kind == "tick":
        names = {0: words.gettext("not ticked"), 1: words.gettext("ticked")}
        return [CodebookValue(str(value), str(value), name) for value, name in names.items()]
    if column.kind != "choice":
        return []
    numbers = code_choices(column)
    return [CodebookValue(name, str(numbers[name]), words.text(label)) for name, label in column.values]


def list_missing(column: Column, words: Words) -> list[CodebookValue]:
    """What can stand in place of an answer, and why."""
    is_number = column.is_number or column.kind == "choice"
    far = FAR if column.kind in ("integer", "decimal", "calculated") else 0
    return [
        CodebookValue(
            str(kind) or words.gettext("(blank)"),
            str(CODES[kind] + far) if is_number else str(kind) or words.gettext("(blank)"),
            name_missing(words, kind),
        )
        for kind in column.missing
        if not is_number or kind in CODES
    ]


def name_kind(words: Words, kind: ColumnKind) -> str:
    return {
        "fact": words.gettext("About the return"),
        "choice": words.gettext("One choice"),
        "tick": words.gettext("Several choices: a column for each, 1 ticked, 0 not ticked"),
        "place": words.gettext("Order: a column for each choice, 1 is first"),
        "integer": words.gettext("Whole number"),
        "decimal": words.gettext("Number"),
        "text": words.gettext("Text"),
        "calculated": words.gettext("Calculated from other answers"),
    }[kind]


def name_measure(words: Words, measure: Measure) -> str:
    return {
        "nominal": words.gettext("Nominal"),
        "ordinal": words.gettext("Ordinal"),
        "scale": words.gettext("Metric"),
    }[measure]


def list_conditions(question: Question) -> list[str]:
    """When the question is asked, as the questionnaire writes it."""
    conditions = (*(group.relevant for group in question.groups), question.relevant)
    return [each.source for each in conditions if each is not None]


def is_identifying(column: Column) -> bool:
    """Whether the column is in the identified file alone."""
    return column.question is not None and column.question.compartment == "identity"


def list_codebook_rows(columns: tuple[Column, ...], words: Words) -> Iterator[tuple[str, ...]]:
    """A row for each column of a file, for a sheet of its workbook."""
    for column in columns:
        yield (
            column.name,
            column.variable,
            label_column(words, column),
            name_kind(words, column.kind),
            name_measure(words, column.measure),
            "\n".join(f"{each.code} = {each.words}" for each in list_values(column, words)),
            "\n".join(f"{each.code} = {each.words}" for each in list_missing(column, words)),
        )


def list_codebook_headings(words: Words) -> tuple[str, ...]:
    return (
        words.gettext("Column"),
        words.gettext("Name in SPSS"),
        words.gettext("Label"),
        words.gettext("Kind"),
        words.gettext("Measure"),
        words.gettext("Values"),
        words.gettext("Why there is no answer"),
    )
