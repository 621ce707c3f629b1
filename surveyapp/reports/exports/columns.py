"""What the columns of a round's files are: the one description, from which every format and the codebook are made.

The columns depend on the questionnaire version alone: two files of one version have the same columns in the same order.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from surveyapp.questionnaire.expressions import Expression, ValueType
from surveyapp.questionnaire.model import LANGUAGES, Choice, Compartment, Question, Questionnaire, Text
from surveyapp.reports.words import JOINERS, Words

ColumnKind = Literal["fact", "choice", "tick", "place", "integer", "decimal", "text", "calculated"]
Measure = Literal["nominal", "ordinal", "scale"]

NO_TEXT = Text("", "", "")
LONGEST_VARIABLE = 64  # bytes: what SPSS can hold
DONT_KNOW, NOT_APPLICABLE = "dk", "na"  # choices of the questionnaire that are no value of the scale
_NO_VALUES = frozenset({DONT_KNOW, NOT_APPLICABLE})
# Lists whose order says more or less of something; those whose choices are numbers are known by that.
_ORDERED_LISTS = frozenset({"company_size", "export_exp", "cost_range"})
_NOT_IN_VARIABLE = re.compile(r"[^A-Za-z0-9_.]")


class Missing(StrEnum):
    """Why a cell holds no answer, as it stands in text files."""

    NOT_ASKED = ""
    NOT_ANSWERED = ".n"
    WITHHELD = ".w"  # the company allowed statistics only: its own words stay on the screen
    SUPPRESSED = ".s"  # would tell the company apart from the others


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `name` heads it in text files, workbooks and Parquet; `variable` where names hold letters, digits,
    dots and underscores only."""

    name: str
    variable: str
    kind: ColumnKind
    label: Text = NO_TEXT  # the question's words and the choice's; blank for facts and calculates
    question: Question | None = None
    choice: Choice | None = None
    values: tuple[tuple[str, Text], ...] = ()  # names of choices and their words
    measure: Measure = "nominal"
    missing: tuple[Missing, ...] = ()  # what can stand here in place of an answer
    is_number: bool = False

    @property
    def set_name(self) -> str | None:
        """The multiple-response set that the column belongs to."""
        return self.question.name if self.kind == "tick" and self.question is not None else None


@dataclass(frozen=True, slots=True)
class Block:
    """The columns of one question."""

    question: Question
    columns: tuple[Column, ...]

    @property
    def name(self) -> str:
        return self.question.name


@dataclass(frozen=True, slots=True)
class ColumnSet:
    """The columns of a file: facts of the return, then the questions in the order of the questionnaire."""

    facts: tuple[Column, ...]
    blocks: tuple[Block, ...]
    all: tuple[Column, ...] = field(init=False)

    def __post_init__(self) -> None:
        found = (*self.facts, *(column for block in self.blocks for column in block.columns))
        object.__setattr__(self, "all", found)


# The first columns of the raw file, and whether they are numbers. A number that names a return is no number to count.
RAW_FACTS: Mapping[str, bool] = {
    "number": False,
    "round": False,
    "round_kind": False,
    "questionnaire_version": False,
    "language": False,
    "mode": False,
    "submitted_at": False,
    "edited_at": False,
    "counted": True,
    "use_gist_to_ministry": True,
    "use_word_for_word": True,
    "use_company_name": True,
}


def describe_columns(
    questionnaire: Questionnaire,
    operator_texts: Mapping[str, Text],
    *,
    compartments: Sequence[Compartment] = ("answers", "texts"),
    facts: Mapping[str, bool] = RAW_FACTS,
) -> ColumnSet:
    """The columns of a questionnaire version; calculates come after all questions."""
    rows = [
        row
        for row in sorted(questionnaire.rows, key=lambda row: row.kind == "calculate")
        if row.kind != "note" and row.compartment in compartments
    ]
    names = _VariableNames(facts)
    blocks = [Block(row, tuple(_list_columns(row, operator_texts, names))) for row in rows]
    return ColumnSet(
        facts=tuple(Column(code, code, "fact", is_number=is_number) for code, is_number in facts.items()),
        blocks=tuple(block for block in blocks if block.columns),
    )


def find_possible_choices(question: Question) -> tuple[Choice, ...]:
    """The choices that any return could be offered: a filter that reads no answer leaves out the same ones always."""
    if question.choice_filter is None or question.choice_filter.names:
        return question.choices
    return question.choice_filter.choose({}, question.choices)


def name_fact(words: Words, code: str) -> str:
    """What a column of facts holds, in words for the codebook; the code itself where it is not known here."""
    return {
        "number": words.gettext("Number of the return"),
        "row": words.gettext("Number of the line, without meaning"),
        "round": words.gettext("Round (code)"),
        "round_kind": words.gettext("Kind of round (code)"),
        "questionnaire_version": words.gettext("Questionnaire version"),
        "language": words.gettext("Language of the answers"),
        "mode": words.gettext("How the answers came"),
        "started_at": words.gettext("When the return was begun"),
        "submitted_at": words.gettext("When the return was submitted"),
        "edited_at": words.gettext("When the return was last changed"),
        "minutes": words.gettext("Minutes from the beginning to the submission"),
        "saves": words.gettext("How often something was saved"),
        "last_page": words.gettext("Last page that was opened"),
        "counted": words.gettext("1 where the return is counted"),
        "use_gist_to_ministry": words.gettext("1 where the gist of its texts may go to the ministry"),
        "use_word_for_word": words.gettext("1 where its texts may be quoted word for word"),
        "use_company_name": words.gettext("1 where the ministry may learn its name"),
        "column": words.gettext("Name of the column in the wide file"),
        "question": words.gettext("Question"),
        "choice": words.gettext("Choice"),
        "value": words.gettext("Value"),
        "label": words.gettext("Value in words"),
        "missing": words.gettext("Why there is no value"),
    }.get(code, code)


def label_column(words: Words, column: Column) -> str:
    """The column in words: those of its question and choice, else what the fact is; a calculate has its name alone."""
    return words.text(column.label) or name_fact(words, column.name)


def head_column(words: Words, column: Column, *, with_labels: bool) -> str:
    """The column's heading: its name, with labels after the words, so that it can always be found by its code."""
    label = words.text(column.label) if with_labels else ""
    return f"{label} [{column.name}]" if label else column.name


def label_values(words: Words, column: Column, *, with_labels: bool = True) -> dict[str, str]:
    """Words of the choices by name; none where names are to stand."""
    return {name: words.text(label) for name, label in column.values} if with_labels else {}


class _VariableNames:
    """Names that SPSS, R and REDCap take as they are, each once whatever its case."""

    def __init__(self, taken: Mapping[str, bool]) -> None:
        self._taken = {name.lower() for name in taken}

    def make(self, name: str) -> str:
        """`name` with `/` as a dot, all other signs as underscores; what is too long or taken ends in a digest."""
        plain = _NOT_IN_VARIABLE.sub("_", name.replace("/", "."))
        if len(plain) > LONGEST_VARIABLE or plain.endswith(".") or plain.lower() in self._taken:
            plain = f"{plain[: LONGEST_VARIABLE - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        self._taken.add(plain.lower())
        return plain


def _list_columns(question: Question, texts: Mapping[str, Text], names: _VariableNames) -> Iterator[Column]:
    label = NO_TEXT if question.kind == "calculate" else _label_question(question, texts)
    if question.kind in ("select_multiple", "rank"):
        is_rank = question.kind == "rank"
        for choice in find_possible_choices(question):
            name = f"{question.name}/{choice.name}"
            yield Column(
                name,
                names.make(name),
                "place" if is_rank else "tick",
                _pair(label, _tidy(choice.label, texts)),
                question,
                choice,
                measure="ordinal" if is_rank else "nominal",
                missing=(Missing.NOT_ASKED, Missing.NOT_ANSWERED),
                is_number=True,
            )
        return
    yield _describe_single(question, label, texts, names.make(question.name))


def _describe_single(question: Question, label: Text, texts: Mapping[str, Text], variable: str) -> Column:
    values = tuple((choice.name, _tidy(choice.label, texts)) for choice in question.choices)
    missing: tuple[Missing, ...] = (Missing.NOT_ASKED, Missing.NOT_ANSWERED)
    measure: Measure = "nominal"
    match question.kind:
        case "select_one":
            kind: ColumnKind = "choice"
            names = {name for name, _ in values} - _NO_VALUES
            if question.list_name in _ORDERED_LISTS or (names and all(map(str.isdecimal, names))):
                measure = "ordinal"
        case "integer":
            kind, measure = "integer", "scale"
        case "decimal":
            kind, measure = "decimal", "scale"
        case "calculate":
            kind, missing = "calculated", (Missing.NOT_ASKED,)
        case _:
            kind, missing = "text", (*missing, Missing.WITHHELD)
    is_number = kind in ("integer", "decimal") or (kind == "calculated" and _gives_number(question.calculation))
    if is_number:
        measure = "scale"
    return Column(question.name, variable, kind, label, question, None, values, measure, missing, is_number)


def _gives_number(calculation: Expression | None) -> bool:
    return calculation is not None and calculation.result is ValueType.NUMBER


def _label_question(question: Question, texts: Mapping[str, Text]) -> Text:
    """The question's words, those of its block in front where it stands in one: ten blocks ask alike."""
    label = _tidy(question.label, texts)
    block = question.groups[-1] if len(question.groups) > 1 else None
    return _pair(_tidy(block.label, texts), label) if block else label


def _tidy(text: Text, operator_texts: Mapping[str, Text]) -> Text:
    filled = text.filled(operator_texts)
    return Text(*(" ".join(filled.in_language(language).split()) for language in LANGUAGES))


def _pair(label: Text, text: Text) -> Text:
    return Text(
        *(
            f"{label.in_language(language)}{JOINERS[language].pair}{text.in_language(language)}"
            for language in LANGUAGES
        )
    )
