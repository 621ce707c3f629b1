"""One WTForms field per kind of question. A field binds what was posted; the questionnaire says whether it may stand.

The rules themselves live in `questionnaire.kinds` and `questionnaire.paths`; nothing is decided here twice. Markup
comes from Jinja components, so these fields have no widgets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from wtforms.fields import Field
from wtforms.validators import StopValidation

from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import Kind, Question, Stored

RANK_SEPARATOR = ":"  # between a question's name and a choice's in the name of a ranking's select


class PostedForm(Protocol):
    """What was posted, by name: werkzeug's and Django's multi-dictionaries have this shape."""

    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: Any, /) -> bool: ...
    def getlist(self, name: str, /) -> list[str]: ...


class AnswerField(Field):
    """One question on a page.

    `typed` is what the person sees in the field, as posted or as kept; `answer` is what would be stored (None when
    blank); `unreadable` is why what was posted is no answer of this kind, `fault` why the answer cannot stand on the
    page as it was posted.
    """

    def __init__(self, *, question: Question, **options: Any) -> None:
        super().__init__(label=question.name, name=question.name, **_without_name(options))
        self.question = question
        self.typed: tuple[str, ...] = ()
        self.answer: Stored | None = None
        self.unreadable: AnswerFault | None = None
        self.fault: AnswerFault | None = None

    def process_data(self, value: Stored | None) -> None:
        self.answer = value
        self.data = value
        self.typed = self.show_stored(value)

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.typed = tuple(valuelist)
        self.answer = None
        try:
            self.answer = KINDS[self.question.kind].parse(self.question, self.typed)
        except AnswerFault as fault:
            self.unreadable = fault
        self.data = self.answer

    def pre_validate(self, form: Any) -> None:
        """Stop with the fault of this answer among the others of the page, if it has one."""
        self.fault = form.find_fault(self)
        if self.fault is not None:
            raise StopValidation(form.describe(self))

    def show_stored(self, value: Stored | None) -> tuple[str, ...]:
        if value is None:
            return ()
        return tuple(value) if isinstance(value, list) else (str(value),)


class RankField(AnswerField):
    """A position for each choice, posted as one select per choice and read as `choice=position`."""

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        self.process_errors = []
        self.process_data(data)
        if formdata is None:
            return
        self.raw_data = []
        for choice in self.question.choices:
            values = formdata.getlist(name_rank_select(self.question, choice.name))
            self.raw_data += [f"{choice.name}={value}" for value in values if value.strip()]
        self.process_formdata(self.raw_data)

    def show_stored(self, value: Stored | None) -> tuple[str, ...]:
        ranked = value if isinstance(value, list) else []
        return tuple(f"{choice}={position}" for position, choice in enumerate(ranked, start=1))


FIELDS: Mapping[Kind, type[AnswerField]] = {
    "select_one": AnswerField,
    "select_multiple": AnswerField,
    "integer": AnswerField,
    "decimal": AnswerField,
    "text": AnswerField,
    "rank": RankField,
}


def name_rank_select(question: Question, choice: str) -> str:
    """The posted name of the position of one choice."""
    return f"{question.name}{RANK_SEPARATOR}{choice}"


def is_posted(question: Question, posted: PostedForm) -> bool:
    """Whether a browser sent anything for this question (an unticked box sends nothing)."""
    if question.kind == "rank":
        return any(name_rank_select(question, choice.name) in posted for choice in question.choices)
    return question.name in posted


def _without_name(options: dict[str, Any]) -> dict[str, Any]:
    """What WTForms adds when it binds a field, less the attribute's name: a field is posted under its question's."""
    return {key: value for key, value in options.items() if key != "name"}
