"""The codebook as a data dictionary of the form that REDCap reads and writes: one line a question, in one language."""

from __future__ import annotations

from collections.abc import Iterator

from surveyapp.reports.csv_export import BOM, LINE_END
from surveyapp.reports.exports.codebook import Codebook, list_conditions
from surveyapp.reports.exports.columns import Block
from surveyapp.reports.safe_text import write_text_cell
from surveyapp.reports.words import Words

HEADINGS = (
    "Variable / Field Name",
    "Form Name",
    "Section Header",
    "Field Type",
    "Field Label",
    "Choices, Calculations, OR Slider Labels",
    "Field Note",
    "Text Validation Type OR Show Slider Number",
    "Text Validation Min",
    "Text Validation Max",
    "Identifier?",
    "Branching Logic (Show field only if...)",
    "Required Field?",
    "Custom Alignment",
    "Question Number (surveys only)",
    "Matrix Group Name",
    "Matrix Ranking?",
    "Field Annotation",
)


def stream_data_dictionary(codebook: Codebook, words: Words) -> Iterator[bytes]:
    """The file. What is asked when stands in the annotation, as the questionnaire writes it: REDCap's own logic has
    another syntax. An order of choices is a number for each of them."""
    lines = [",".join(map(write_text_cell, HEADINGS))]
    section = ""
    for block in codebook.columns.blocks:
        for field in _list_fields(block, codebook, words):
            header = (
                ""
                if block.question.section.name == section
                else words.text(codebook.label_section(block.question.section))
            )
            section = block.question.section.name
            lines.append(",".join(write_text_cell(cell) for cell in (*field[:2], header, *field[2:])))
    yield (BOM + "".join(line + LINE_END for line in lines)).encode()


def _list_fields(block: Block, codebook: Codebook, words: Words) -> Iterator[tuple[str, ...]]:
    question = block.question
    if question.kind == "rank":
        for column in block.columns:
            yield _write_field(_name_field(column.variable), block, "text", words.text(column.label), "", "integer")
        return
    column = block.columns[0]
    label = " ".join(words.text(question.label.filled(codebook.survey_round.operator_texts)).split())
    kinds = {
        "select_one": ("radio", ""),
        "select_multiple": ("checkbox", ""),
        "integer": ("text", "integer"),
        "decimal": ("text", "number"),
        "calculate": ("calc", ""),
    }
    kind, validation = kinds.get(question.kind, ("notes" if question.multiline else "text", ""))
    choices = question.calculation.source if question.calculation is not None else _write_choices(block, words)
    yield _write_field(_name_field(question.name), block, kind, label or column.name, choices, validation)


def _write_field(name: str, block: Block, kind: str, label: str, choices: str, validation: str) -> tuple[str, ...]:
    """A line but for its section header, which comes third."""
    question = block.question
    return (
        name,
        _name_field(question.section.name),
        kind,
        label,
        choices,
        f"{', '.join(column.name for column in block.columns)}",
        validation,
        "",
        "",
        "y" if question.compartment == "identity" else "",
        "",
        "y" if question.required else "",
        "",
        "" if question.number is None else str(question.number),
        "",
        "",
        " and ".join(f"({condition})" for condition in list_conditions(question)),
    )


def _write_choices(block: Block, words: Words) -> str:
    choices = [column.choice for column in block.columns if column.choice is not None] or list(block.question.choices)
    return " | ".join(
        f"{choice.name}, {' '.join(words.text(choice.label).replace('|', '/').split())}" for choice in choices
    )


def _name_field(name: str) -> str:
    return name.lower().replace(".", "_")
