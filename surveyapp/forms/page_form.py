"""A page of the questionnaire as a form: bound once, validated once, with messages in the person's language."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

from wtforms import Form

from surveyapp.forms.fields import FIELDS, AnswerField, PostedForm, is_posted
from surveyapp.forms.messages import describe_fault
from surveyapp.questionnaire.answer_digest import Settlement, digest_answer
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Language, Page, Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import Standing, check_answer, evaluate

SHOWN_FIELD = "shown"  # the questions that were on the page when it was posted, as name@version of the stored answer
SETTLED_FIELD = "settle:"  # before a question's name: which of two answers holds, as mine@version or theirs@version
VERSION_SEPARATOR = "@"
ATTRIBUTE = "answer_to_"  # a question may be named `data` or `validate`; a form's attribute may not


class PageForm(Form):
    """The questions of one page.

    `before` is the standing that the page was opened with, `standing` the one with the posted answers taken in.
    Questions of the page that were not on the screen keep what is stored of them. `read` is the version of the stored
    answer (`digest_answer`) over which each posted one was given, `settled` what was chosen between two.
    """

    def __init__(
        self,
        before: Standing,
        page: Page,
        language: Language,
        posted: PostedForm | None,
        left: Collection[str] = (),
        conflicts: Collection[str] | None = None,
    ) -> None:
        self.before = before
        self.page = page
        self.language = language
        self.posted = posted
        self.standing = before
        self.conflicts = conflicts  # None until it was saved
        self.read = _read_versions(posted)
        self.settled = _read_settlements(page, posted)
        self.shown_names = _find_shown_names(before, page, posted, self.read)
        self._left = {*left, *self._find_settled_as_stored()}
        super().__init__()

    def after_saving(self, standing: Standing, left: Collection[str], conflicts: Collection[str]) -> PageForm:
        """The same posted page over the answers as they are now: `left` show the stored answer, not the posted one."""
        return type(self)(standing, self.page, self.language, self.posted, left, conflicts)

    def process(
        self, formdata: Any = None, obj: Any = None, data: Any = None, extra_filters: Any = None, **kwargs: Any
    ) -> None:
        """Bind stored answers, and over them what was posted for the questions that were shown."""
        for field in self.answer_fields.values():
            is_answered = self.posted is not None and field.name in self.shown_names and field.name not in self._left
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
    def versions(self) -> Mapping[str, str]:
        """Of every question, the version of the stored answer that the next post is to be merged with."""
        pending = self.shown_names if self.conflicts is None else self.unsaved
        stored = {name: digest_answer(self.before.answers.get(name)) for name in self.answer_fields}
        return stored | {name: self.read[name] for name in pending if name in self.read}

    @property
    def unsaved(self) -> tuple[str, ...]:
        """Questions asked on this page whose posted answer is not the stored one."""
        return tuple(name for name in self.shown_names if self.standing.is_relevant(name) and not self._is_kept(name))

    def _is_kept(self, name: str) -> bool:
        field = self.answer_fields[name]
        return field.unreadable is None and field.answer == self.before.answers.get(name)

    @property
    def left(self) -> Collection[str]:
        """Questions that show the stored answer where another one was posted."""
        return self._left

    def _find_settled_as_stored(self) -> Iterator[str]:
        for name, choice in self.settled.items():
            if choice.side == "theirs" and choice.version == digest_answer(self.before.answers.get(name)):
                yield name

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


def _read_versions(posted: PostedForm | None) -> dict[str, str]:
    if posted is None:
        return {}
    pairs = (value.partition(VERSION_SEPARATOR) for value in posted.getlist(SHOWN_FIELD))
    return {name: version for name, separator, version in pairs if separator}


def _read_settlements(page: Page, posted: PostedForm | None) -> dict[str, Settlement]:
    if posted is None:
        return {}
    settled: dict[str, Settlement] = {}
    for question in page.questions:
        for value in posted.getlist(SETTLED_FIELD + question.name):
            side, separator, version = value.partition(VERSION_SEPARATOR)
            if separator and side in ("mine", "theirs"):
                settled[question.name] = Settlement("mine" if side == "mine" else "theirs", version)
    return settled


def _find_shown_names(
    before: Standing, page: Page, posted: PostedForm | None, read: Mapping[str, str]
) -> tuple[str, ...]:
    """Which questions of the page were on the screen. A form without the list is taken to show what was asked then."""
    if posted is None:
        return ()
    listed = frozenset({*posted.getlist(SHOWN_FIELD), *read})
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
    return _find_form_class(standing.questionnaire, page)(standing, page, language, posted)


_form_classes: WeakKeyDictionary[Questionnaire, dict[str, type[PageForm]]] = WeakKeyDictionary()


def _find_form_class(questionnaire: Questionnaire, page: Page) -> type[PageForm]:
    """The form of a page, declared once a process: WTForms sorts and checks the fields of each new class."""
    classes = _form_classes.setdefault(questionnaire, {})
    if page.name not in classes:
        fields = {ATTRIBUTE + question.name: FIELDS[question.kind](question=question) for question in page.questions}
        classes[page.name] = type("PageForm", (PageForm,), fields)
    return classes[page.name]
