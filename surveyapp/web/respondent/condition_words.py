"""When a question is asked, in a sentence: the conditions of the questionnaire for whoever reads it before starting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext as _
from flask_babel import ngettext

from surveyapp.fieldwork.consent import PARTICIPATION
from surveyapp.questionnaire.conditions import Requirement, find_asked_behind, read_requirements
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Language, Question, Questionnaire, Text
from surveyapp.web.shown_text import hold_together


class ConditionWords:
    """Tells conditions in one language. What every question needs, the consent to take part, is not repeated."""

    def __init__(self, questionnaire: Questionnaire, operator_texts: Mapping[str, Text], language: Language) -> None:
        self.questionnaire = questionnaire
        self.operator_texts = operator_texts
        self.language = language

    def tell(self, condition: Expression | None, *around: Expression | None) -> str:
        """The sentences of a condition; blank where it adds nothing to consent and to the conditions `around` it."""
        if condition is None or condition in around:
            return ""
        requirements = read_requirements(self.questionnaire, condition)
        if requirements is None:
            return self._tell_dependence(condition)
        told = {each for outer in around if outer for each in read_requirements(self.questionnaire, outer) or ()}
        return " ".join(
            self._tell_requirement(each) for each in requirements if each not in told and each.question != PARTICIPATION
        )

    def refer(self, questions: Sequence[Question]) -> str:
        """`questions 27, 28`, or the words of a question that has no number."""
        numbers = list(dict.fromkeys(number for each in questions if (number := find_number(each)) is not None))
        if not numbers:
            return self._join([self._quote(self._write(each.label)) for each in questions])
        shown = (", " if self.language != "ja" else "、").join(map(str, numbers))
        words: str = ngettext("question %(numbers)s", "questions %(numbers)s", len(numbers), numbers=shown)
        return words

    def tell_choices_follow(self, choice_filter: Expression) -> str:
        """That other answers decide which choices are offered."""
        behind = find_asked_behind(self.questionnaire, choice_filter.names)
        words: str = _("The choices follow from your answers to %(questions)s.", questions=self.refer(behind))
        return words

    def _tell_dependence(self, condition: Expression) -> str:
        behind = [
            question
            for question in find_asked_behind(self.questionnaire, condition.names)
            if question.name != PARTICIPATION
        ]
        if not behind:
            return ""
        words: str = _(
            "Asked only if it applies to you; this follows from your answers to %(questions)s.",
            questions=self.refer(behind),
        )
        return words

    def _tell_requirement(self, requirement: Requirement) -> str:
        question = self.questionnaire.by_name[requirement.question]
        at = self._quote(self._write(question.label)) if question.number is None else self.refer([question])
        chosen = [question.find_choice(name) for name in requirement.choices]
        labels = [self._quote(self._write(choice.label)) for choice in chosen if choice is not None]
        sentences = {
            "is": lambda: _(
                "Asked only if your answer to %(question)s is %(answer)s.", question=at, answer=self._join(labels)
            ),
            "is_not": lambda: _(
                "Left out if your answer to %(question)s is %(answer)s.", question=at, answer=self._join(labels)
            ),
            "ticked": lambda: _(
                "Asked only if your answer to %(question)s includes %(answer)s.",
                question=at,
                answer=self._join(labels),
            ),
            "more_than": lambda: ngettext(
                "Asked only if you tick more than %(num)s choice in %(question)s.",
                "Asked only if you tick more than %(num)s choices in %(question)s.",
                requirement.number,
                question=at,
            ),
        }
        words: str = sentences[requirement.kind]()
        return words

    def _write(self, text: Text) -> str:
        return hold_together(text.filled(self.operator_texts).in_language(self.language))

    def _quote(self, words: str) -> str:
        opening, closing = ("「", "」") if self.language == "ja" else ("“", "”")
        return f"{opening}{words}{closing}"

    def _join(self, names: Sequence[str]) -> str:
        joined, *rest = names
        for name in rest:
            joined = _("%(first)s or %(second)s", first=joined, second=name)
        return joined


def find_number(question: Question) -> int | None:
    """The number that stands at a question: its own, or that of the block it is part of."""
    if question.number is not None:
        return question.number
    return next((group.number for group in reversed(question.groups) if group.number is not None), None)
