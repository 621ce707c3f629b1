"""A return in words: its answers by section, what is wrong with them, and what they may be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.consent import decide_use
from surveyapp.forms.messages import describe_fault
from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import Group, Language, Page, Question, Stored, Text
from surveyapp.questionnaire.paths import Standing
from surveyapp.web.frame import SummaryFault
from surveyapp.web.locale import show_number
from surveyapp.web.respondent.notice_text import split_terms, split_topic
from surveyapp.web.respondent.pages import AnswerGroup, AnswerRow, AnswerSection, Use
from surveyapp.web.shown_text import hold_together

CONTACT_USE = "consent_third_party"
RETURN_FIELD = "return"  # of an address that was reached from the check page and leads back to it
TO_CHECK = "check"
SHOW_QUESTIONS = "respondent.show_questions"


class AnswerWords:
    """Writes the answers of one return in one language."""

    def __init__(
        self,
        standing: Standing,
        language: Language,
        operator_texts: Mapping[str, Text],
        token: str,
        faults: Mapping[str, AnswerFault],
    ) -> None:
        self.standing = standing
        self.language = language
        self.operator_texts = operator_texts
        self.token = token
        self.faults = faults

    def write_sections(self) -> tuple[AnswerSection, ...]:
        """Every question that is asked now, in document order, under the headings of its section and page."""
        by_section: dict[str, tuple[Group, list[Page]]] = {}
        for page in self.standing.pages:
            by_section.setdefault(page.section.name, (page.section, []))[1].append(page)
        return tuple(
            AnswerSection(self.write(section.label), tuple(self._write_group(page) for page in pages))
            for section, pages in by_section.values()
        )

    def write_faults(self) -> tuple[SummaryFault, ...]:
        """Lines that lead to the page of each fault."""
        lines = []
        for name, fault in self.faults.items():
            question = self.standing.questionnaire.by_name[name]
            text = describe_fault(fault, question, self.language)
            lines.append(SummaryFault(text, self._find_change_url(question), self.write_label(question), name))
        return tuple(lines)

    def write(self, text: Text) -> str:
        return hold_together(text.filled(self.operator_texts).in_language(self.language))

    def write_label(self, question: Question) -> str:
        """The question without its topic and terms, its number in front."""
        label = split_terms(split_topic(self.write(question.label))[1])[0]
        return f"{question.number}. {label}" if question.number is not None else label

    def _write_group(self, page: Page) -> AnswerGroup:
        title = "" if page.label == page.section.label else self.write(page.label)
        rows = tuple(self._write_row(question) for question in self.standing.shown(page) if question.is_asked)
        return AnswerGroup(title, rows)

    def _write_row(self, question: Question) -> AnswerRow:
        stored = self.standing.answer(question.name)
        fault = self.faults.get(question.name)
        return AnswerRow(
            id=f"answer-{question.name}",
            label=self.write_label(question),
            value=self.write_answer(question, stored),
            is_ordered=question.kind == "rank",
            is_blank=stored is None,
            change_url=self._find_change_url(question),
            fault=describe_fault(fault, question, self.language) if fault is not None else "",
        )

    def write_answer(self, question: Question, stored: Stored | None) -> tuple[str, ...]:
        if stored is None:
            return ()
        if isinstance(stored, list):
            chosen = (question.find_choice(name) for name in stored)
            return tuple(self.write(choice.label) for choice in chosen if choice is not None)
        words = KINDS[question.kind].to_text(question, stored, self.language)
        return (hold_together(words) if question.choices else words,)

    def _find_change_url(self, question: Question) -> str:
        page = self.standing.questionnaire.page_of[question.name]
        query: dict[str, Any] = {RETURN_FIELD: TO_CHECK}
        anchor = f"block-{question.name}"
        return url_for(SHOW_QUESTIONS, token=self.token, page_name=page.name, _anchor=anchor, **query)


def write_permitted_uses(standing: Standing) -> tuple[Use, ...]:
    """What the consent given so far permits, use by use."""
    answers = {question.name: stored for question in standing.asked if (stored := standing.answer(question.name))}
    use = decide_use(answers)
    uses = [
        (_("Counted in statistics"), True),
        (_("Gist of written answers to the ministry, without the company's name"), use.gist_to_ministry),
        (_("Word-for-word quotation, after removing what identifies the company"), use.word_for_word),
        (_("Company's name to the ministry"), use.company_name_to_ministry),
    ]
    if standing.is_relevant(CONTACT_USE):
        uses.append((_("Contact details to the ministry"), answers.get(CONTACT_USE) == "agree"))
    return tuple(Use(*use) for use in uses)


def write_minutes(estimate: tuple[int, int]) -> str:
    low, high = estimate
    words: str = _("About %(low)s to %(high)s minutes", low=show_number(low), high=show_number(high))
    return words
