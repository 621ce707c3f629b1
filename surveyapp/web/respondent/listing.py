"""The whole questionnaire to read: sections, pages and questions in words, blocks that repeat told once."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, takewhile
from typing import Literal

from flask_babel import gettext as _
from flask_babel import ngettext

from surveyapp.forms.page_form import build_page_form
from surveyapp.questionnaire.conditions import find_asked_behind, find_most_selected, find_selected
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Choice, Group, Language, Page, Question, Questionnaire, Text
from surveyapp.questionnaire.paths import Standing, evaluate
from surveyapp.web.respondent.blocks import BlockContext, build_note, find_limit
from surveyapp.web.respondent.condition_words import ConditionWords, find_number
from surveyapp.web.respondent.notice_text import NoticePart, Term, split_terms, split_topic
from surveyapp.web.shown_text import hold_together

# How many choices stand beside each other, by the width of the longest (a Hangul syllable is two wide).
ChoiceColumns = Literal["one", "two", "three"]
_WIDTHS: tuple[tuple[int, ChoiceColumns], ...] = ((26, "three"), (46, "two"))
_LABEL_ENDS = " -–—·:/("  # between a block's own name and what all blocks of its kind say


@dataclass(frozen=True, slots=True)
class ChoiceSet:
    """Choices of a question, under the name of the block that offers them where blocks differ in them."""

    labels: tuple[str, ...]
    columns: ChoiceColumns
    title: str = ""


@dataclass(frozen=True, slots=True)
class ListedItem:
    """A question, or a note between questions (then `parts` holds its words)."""

    label: str
    number: str = ""
    topic: str = ""
    terms: tuple[Term, ...] = ()
    hint: str = ""
    limit: str = ""
    answer: str = ""  # how it is answered: "Choose one"
    is_required: bool = False
    condition: str = ""
    choices_follow: str = ""
    choice_sets: tuple[ChoiceSet, ...] = ()
    is_one_of: bool = False
    is_note: bool = False
    parts: tuple[NoticePart, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedPage:
    """A page of the form, or a block that is shown once for each of `repeats`."""

    title: str
    number: str
    condition: str
    items: tuple[ListedItem, ...]
    repeats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedSection:
    id: str
    title: str
    condition: str
    pages: tuple[ListedPage, ...]


def list_sections(
    questionnaire: Questionnaire, operator_texts: Mapping[str, Text], language: Language
) -> tuple[ListedSection, ...]:
    """Every section with all questions that anybody may be asked, in document order."""
    return _Listing(questionnaire, operator_texts, language).list_sections()


class _Listing:
    def __init__(self, questionnaire: Questionnaire, operator_texts: Mapping[str, Text], language: Language) -> None:
        self.questionnaire = questionnaire
        self.operator_texts = operator_texts
        self.language = language
        self.standing: Standing = evaluate(questionnaire, {})
        self.conditions = ConditionWords(questionnaire, operator_texts, language)

    def list_sections(self) -> tuple[ListedSection, ...]:
        return tuple(
            ListedSection(
                id=section.name,
                title=self.write(section.label),
                condition=self.conditions.tell(section.relevant),
                pages=tuple(
                    self._list_page(run)
                    for run in _find_runs([page for page in self.questionnaire.pages if page.section is section])
                ),
            )
            for section in self.questionnaire.sections
            if any(page.section is section for page in self.questionnaire.pages)
        )

    def write(self, text: Text) -> str:
        return hold_together(text.filled(self.operator_texts).in_language(self.language))

    def _list_page(self, run: Sequence[Page]) -> ListedPage:
        """One page, or several of one form as the one block that they are."""
        first = run[0]
        groups = _find_groups(first)
        titles, shared = split_shared_end([self.write(page.label) for page in run])
        if len(run) == 1:
            title = "" if first.label == first.section.label else self.write(first.label)
            condition = self._tell_all([group.relevant for group in groups], [first.section.relevant])
        else:
            title, condition = shared, self._tell_repeats(groups[-1], len(run))
        number = groups[-1].number if groups else None
        context = BlockContext(build_page_form(self.standing, first, self.language), self.operator_texts)
        return ListedPage(
            title=title,
            number="" if number is None else str(number),
            condition=condition,
            items=tuple(self._list_items(context, run, titles)),
            repeats=tuple(titles) if len(run) > 1 else (),
        )

    def _tell_all(self, conditions: Sequence[Expression | None], around: Sequence[Expression | None]) -> str:
        """The sentences of conditions that must all be met, each told once."""
        told: list[str] = []
        for place, condition in enumerate(conditions):
            words = self.conditions.tell(condition, *around, *conditions[:place])
            if words and words not in told:
                told.append(words)
        return " ".join(told)

    def _tell_repeats(self, group: Group, blocks: int) -> str:
        selected = find_selected(group.relevant)
        assert selected is not None  # that is what makes pages a run
        behind = self.conditions.refer(find_asked_behind(self.questionnaire, [selected[0]]))
        most = find_most_selected(self.questionnaire, selected[0])
        if most is None or most >= blocks:
            words: str = _(
                "The same questions are asked for each of these that you ticked in %(questions)s:", questions=behind
            )
            return words
        told: str = ngettext(
            "The same questions are asked for at most %(num)s of these, by what you ticked in %(questions)s:",
            "The same questions are asked for each of up to %(num)s of these that you ticked in %(questions)s:",
            most,
            questions=behind,
        )
        return told

    def _list_items(self, context: BlockContext, run: Sequence[Page], titles: Sequence[str]) -> Iterator[ListedItem]:
        for twins in zip(*map(_find_listed, run), strict=True):
            if twins[0].is_asked:
                yield self._list_question(context, twins, titles)
            else:
                note = build_note(context, twins[0])
                yield ListedItem(label=note.label, is_note=True, parts=note.parts)

    def _list_question(self, context: BlockContext, twins: Sequence[Question], titles: Sequence[str]) -> ListedItem:
        question = twins[0]
        outer = (question.section, *_find_groups(context.form.page))
        inner = [group.relevant for group in question.groups[len(outer) :]]
        topic, rest = split_topic(question.label.in_language(self.language))
        head, terms = split_terms(rest)
        label, hint = context.fill(head), context.words(question.hint)
        follows = question.choice_filter is not None and bool(question.choice_filter.names)
        return ListedItem(
            label=label,
            number="" if question.number is None else str(question.number),
            topic=topic,
            terms=tuple(Term(term.label, context.fill(term.text)) for term in terms),
            hint=hint,
            limit=find_limit(context, question, f"{label} {hint}"),
            answer=tell_answer(question),
            is_required=question.required,
            condition=self._tell_all([*inner, question.relevant], [group.relevant for group in outer]),
            choices_follow=self.conditions.tell_choices_follow(question.choice_filter)
            if follows and question.choice_filter is not None
            else "",
            choice_sets=() if follows else tuple(self._list_choices(twins, titles)),
            is_one_of=question.kind == "select_one",
        )

    def _list_choices(self, twins: Sequence[Question], titles: Sequence[str]) -> Iterator[ChoiceSet]:
        """The choices once where all blocks offer the same, else block by block."""
        sets = [tuple(self.write(choice.label) for choice in find_offered(question)) for question in twins]
        if not sets[0]:
            return
        if len(set(sets)) == 1:
            yield ChoiceSet(sets[0], find_columns(sets[0]))
            return
        for title, labels in zip(titles, sets, strict=True):
            yield ChoiceSet(labels, find_columns([label for each in sets for label in each]), title)


def find_offered(question: Question) -> tuple[Choice, ...]:
    """The choices that stand whatever was answered elsewhere."""
    if question.choice_filter is None:
        return question.choices
    return question.choice_filter.choose({}, question.choices)


def tell_answer(question: Question) -> str:
    """What a person does at this question."""
    words: Mapping[str, str] = {
        "select_one": _("Choose one"),
        "select_multiple": _("Tick what applies"),
        "rank": _("Put in order"),
        "integer": _("Whole number"),
        "decimal": _("Number"),
        "text": _("Free text") if question.multiline else _("Short text"),
    }
    return words[question.kind]


def find_columns(labels: Sequence[str]) -> ChoiceColumns:
    """How many columns the labels leave room for."""
    widest = max(sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in label) for label in labels)
    return next((columns for width, columns in _WIDTHS if widest <= width), "one")


def split_shared_end(titles: Sequence[str]) -> tuple[list[str], str]:
    """What each title says alone, and the words at the end that all share (`Prices - details`, `Dossier - details`)."""
    if len(titles) < 2:
        return list(titles), ""
    alike = takewhile(lambda chars: len(set(chars)) == 1, zip(*(title[::-1] for title in titles), strict=False))
    end = "".join(chars[0] for chars in alike)[::-1]
    shared = end.lstrip(_LABEL_ENDS)
    begins_word = len(shared) < len(end)
    if not shared or not begins_word or any(title == end for title in titles):
        return list(titles), ""
    return [title.removesuffix(end).rstrip(_LABEL_ENDS) for title in titles], shared


def _find_groups(page: Page) -> tuple[Group, ...]:
    """The groups inside the section that are around all questions of a page, outermost first."""
    alike = zip(*(question.groups for question in page.questions), strict=False)
    shared = takewhile(lambda groups: all(group is groups[0] for group in groups), alike)
    return tuple(groups[0] for groups in shared)[1:]


def _find_listed(page: Page) -> tuple[Question, ...]:
    """What is listed of a page: its questions, and the notes that do not answer to an answer."""
    return tuple(item for item in page.items if item.is_asked or (item.kind == "note" and item.relevant is None))


def _find_runs(pages: Sequence[Page]) -> Iterator[tuple[Page, ...]]:
    """Pages one after another that ask the same, each of another choice of one question; any other page by itself."""
    for form, run in groupby(pages, _describe_form):
        if form is None:
            yield from ((page,) for page in run)
        else:
            yield tuple(run)


def _describe_form(page: Page) -> tuple[object, ...] | None:
    """Equal for pages that differ in what they are about alone; None for a page that does not repeat."""
    groups = _find_groups(page)
    selected = find_selected(groups[-1].relevant) if groups else None
    if selected is None:
        return None
    return (selected[0], groups[-1].number, *groups[:-1], *(_describe_question(item) for item in _find_listed(page)))


def _describe_question(item: Question) -> tuple[object, ...]:
    return (
        item.kind,
        item.label,
        item.hint,
        item.required,
        item.relevant,
        item.constraint,
        item.constraint_message,
        item.list_name,
        item.multiline,
        find_number(item),
    )
