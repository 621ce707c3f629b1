"""A page of the questionnaire as a form: bound once, validated once, with messages in the person's language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from wtforms import Form

from surveyapp.forms.fields import FIELDS, AnswerField, PostedForm, is_posted
from surveyapp.forms.messages import describe_fault
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Language, Page, Question, Stored
from surveyapp.questionnaire.paths import Standing, check_answer, evaluate

SHOWN_FIELD = "shown"  # names of the questions that were on the page when it was posted
ATTRIBUTE = "answer_to_"  # a question may be named `data` or `validate`; a form's attribute may not


class PageForm(Form):
    """The questions of one page.

    `before` is the standing that the page was opened with, `standing` the one with the posted answers taken in.
    Questions of the page that were not on the screen keep what is stored of them.
    """

    def __init__(self, before: Standing, page: Page, language: Language, posted: PostedForm | None) -> None:
        self.before = before
        self.page = page
        self.language = language
        self.posted = posted
        self.standing = before
        self.shown_names = _find_shown_names(before, page, posted)
        super().__init__()

    def process(
        self, formdata: Any = None, obj: Any = None, data: Any = None, extra_filters: Any = None, **kwargs: Any
    ) -> None:
        """Bind stored answers, and over them what was posted for the questions that were shown."""
        for field in self.answer_fields.values():
            is_answered = self.posted is not None and field.name in self.shown_names
            field.process(self.posted if is_answered else None, self.before.answers.get(field.name))
        if self.posted is not None:
            self.standing = evaluate(self.before.questionnaire, self._merge_answers())

    def _merge_answers(self) -> dict[str, Stored]:
        merged = dict(self.before.answers)
        for field in self.answer_fields.values():
            if field.name in self.shown_names:
                if field.answer is None:
                    merged.pop(field.name, None)
                else:
                    merged[field.name] = field.answer
        return merged

    @cached_property
    def answer_fields(self) -> Mapping[str, AnswerField]:
        """Fields by the name of their question."""
        return {field.name: field for field in self._fields.values() if isinstance(field, AnswerField)}

    @property
    def new_questions(self) -> tuple[Question, ...]:
        """Questions that the posted answers made relevant and that were not on the screen."""
        if self.posted is None:
            return ()
        return tuple(
            question
            for question in self.standing.shown(self.page)
            if question.is_asked and question.name not in self.shown_names
        )

    def find_fault(self, field: AnswerField) -> AnswerFault | None:
        """The fault of one answer; a question that is no longer asked has none."""
        if field.name not in self.shown_names or not self.standing.is_relevant(field.name):
            return None
        return field.unreadable or check_answer(self.standing, field.question)

    def describe(self, field: AnswerField) -> str:
        assert field.fault is not None
        return describe_fault(field.fault, field.question, self.language)

    @cached_property
    def faults(self) -> Mapping[str, AnswerFault]:
        """What cannot stand, by the name of the question, in the order of the page. Empty before anything is posted."""
        if self.posted is None:
            return {}
        self.validate()
        return {name: field.fault for name, field in self.answer_fields.items() if field.errors and field.fault}

    @property
    def messages(self) -> Mapping[str, str]:
        """The sentence that goes with each fault."""
        return {name: str(self.answer_fields[name].errors[0]) for name in self.faults}

    @property
    def answers(self) -> dict[str, Stored | None]:
        """What was posted and can be kept: answers without a fault, and blanks (None) of what is merely unanswered."""
        kept: dict[str, Stored | None] = {}
        for name in self.shown_names:
            field = self.answer_fields[name]
            fault = self.faults.get(name)
            if field.unreadable is None and (fault is None or fault.code == "required"):
                kept[name] = field.answer
        return kept

    @property
    def unstorable(self) -> Mapping[str, AnswerFault]:
        """Faults of what was typed, as against questions merely left open."""
        return {name: fault for name, fault in self.faults.items() if fault.code != "required"}


def _find_shown_names(before: Standing, page: Page, posted: PostedForm | None) -> tuple[str, ...]:
    """Which questions of the page were on the screen. A form without the list is taken to show what was asked then."""
    if posted is None:
        return ()
    listed = frozenset(posted.getlist(SHOWN_FIELD))
    asked = frozenset(question.name for question in before.shown(page)) if not listed else frozenset()
    return tuple(
        question.name
        for question in page.questions
        if question.name in listed or question.name in asked or is_posted(question, posted)
    )


def build_page_form(standing: Standing, page: Page, language: Language, posted: PostedForm | None = None) -> PageForm:
    """The form of `page` with the stored answers of `standing` or, over them, what was posted.

    Validation happens once, when `.faults` is first asked for.
    """
    fields = {ATTRIBUTE + question.name: FIELDS[question.kind](question=question) for question in page.questions}
    form_class: type[PageForm] = type("PageForm", (PageForm,), fields)
    return form_class(standing, page, language, posted)
