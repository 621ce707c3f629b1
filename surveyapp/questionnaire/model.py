"""What is asked: questions, choices and texts in three languages, as immutable values.

Nothing here knows Flask, WTForms or SQLAlchemy. A `Questionnaire` is made by `yaml_source` and never changes; a round
names the version that it uses.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from surveyapp.questionnaire.expressions import Expression

Language = Literal["ko", "en", "ja"]
LANGUAGES: tuple[Language, ...] = ("ko", "en", "ja")
DEFAULT_LANGUAGE: Language = "ko"

# An answer as it is kept: a choice name or a text (str), a whole number (int), chosen names in the order of the choice
# list or ranked names best first (list[str]); a decimal is its canonical digits (str). A blank answer has no key.
Stored = str | int | list[str]
Answers = Mapping[str, Stored]

Kind = Literal["note", "select_one", "select_multiple", "integer", "decimal", "text", "rank", "calculate"]
Compartment = Literal["answers", "texts", "identity", "contact"]


@dataclass(frozen=True, slots=True)
class Text:
    """One text in Korean, English and Japanese."""

    ko: str
    en: str
    ja: str

    def in_language(self, language: Language) -> str:
        text: str = getattr(self, language)
        return text

    def filled(self, placeholders: Mapping[str, Text]) -> Text:
        """The same text with `{{name}}` replaced by the operator's words, language by language."""
        ko, en, ja = self.ko, self.en, self.ja
        if "{{" not in ko and "{{" not in en and "{{" not in ja:
            return self
        for name, words in placeholders.items():
            mark = "{{" + name + "}}"
            ko, en, ja = ko.replace(mark, words.ko), en.replace(mark, words.en), ja.replace(mark, words.ja)
        return Text(ko, en, ja)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer that can be chosen. It is stored and counted by `name`, never by label."""

    name: str
    label: Text
    columns: Mapping[str, str] = field(default_factory=dict)  # further columns that a choice_filter may read (area=…)


@dataclass(frozen=True, slots=True)
class Group:
    """A `begin_group`: a section at the outermost level, a page where its appearance is `field-list`."""

    name: str
    label: Text
    relevant: Expression | None
    field_list: bool
    parents: tuple[Group, ...]  # outermost first
    number: int | None = None  # display number (`q`) of a block that counts once
    line: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the questionnaire that is not a group: a question, a note or a calculate."""

    name: str
    kind: Kind
    label: Text
    groups: tuple[Group, ...]  # outermost first; all must be relevant for this row to be
    hint: Text | None = None
    required: bool = False
    relevant: Expression | None = None
    constraint: Expression | None = None
    constraint_message: Text | None = None
    choices: tuple[Choice, ...] = ()
    list_name: str | None = None
    choice_filter: Expression | None = None
    calculation: Expression | None = None
    multiline: bool = False
    compartment: Compartment = "answers"
    dimension: str | None = None
    number: int | None = None  # display number (`q`)
    line: int = 0

    @property
    def is_asked(self) -> bool:
        """Whether a person answers it (a note and a calculate are not asked)."""
        return self.kind not in ("note", "calculate")

    @property
    def section(self) -> Group:
        return self.groups[0]

    @property
    def max_length(self) -> int | None:
        """Characters a text may have, where its constraint says so in the form `string-length(.) <= N`."""
        return self.constraint.length_limit if self.constraint is not None else None

    @property
    def max_selected(self) -> int | None:
        """Choices that may be ticked, where the constraint says so in the form `count-selected(.) <= N`."""
        return self.constraint.selection_limit if self.constraint is not None else None

    def find_choice(self, name: str) -> Choice | None:
        return next((choice for choice in self.choices if choice.name == name), None)


@dataclass(frozen=True, slots=True)
class Page:
    """What is shown at once: a field-list group, or a run of questions between nested groups (house.md)."""

    name: str
    label: Text
    section: Group
    items: tuple[Question, ...]  # in document order; calculates and notes included

    @property
    def questions(self) -> tuple[Question, ...]:
        return tuple(item for item in self.items if item.is_asked)


@dataclass(frozen=True, slots=True)
class ScoringScheme:
    """Weights of the readiness dimensions (0-100 in sum) and the items of each; see docs/method/scoring.md."""

    weights: Mapping[str, int]
    items: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, eq=False)
class Questionnaire:
    """An immutable version of the questionnaire. It can be a key of a cache; two versions differ by `digest`."""

    form_id: str
    version: str
    default_language: Language
    title: Text
    estimated_minutes: tuple[int, int]
    sections: tuple[Group, ...]
    pages: tuple[Page, ...]
    rows: tuple[Question, ...]  # every note, question and calculate in document order
    closing: tuple[Question, ...]  # notes and calculates after the last page: read after the last answer
    choice_lists: Mapping[str, tuple[Choice, ...]]
    placeholders: Mapping[str, Text]  # name -> the sample text that an operator replaces
    scoring: ScoringScheme
    source: str = field(repr=False, default="")
    digest: str = ""  # SHA-256 of `source`, hexadecimal

    @cached_property
    def by_name(self) -> Mapping[str, Question]:
        return {row.name: row for row in self.rows}

    @cached_property
    def page_of(self) -> Mapping[str, Page]:
        """Page by the name of any row on it (the rows of `closing` are on none)."""
        return {item.name: page for page in self.pages for item in page.items}

    @cached_property
    def page_by_name(self) -> Mapping[str, Page]:
        return {page.name: page for page in self.pages}

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Rows that a person answers, in document order."""
        return tuple(row for row in self.rows if row.is_asked)

    def questions_in(self, *compartments: Compartment) -> Iterator[Question]:
        return (question for question in self.questions if question.compartment in compartments)
