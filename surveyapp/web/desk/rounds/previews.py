"""The texts that hold words of the operator, as companies will read them in each language."""

from __future__ import annotations

from collections.abc import Mapping

from surveyapp.questionnaire.model import LANGUAGES, Language, Question, Questionnaire, Text
from surveyapp.reports.words import Words
from surveyapp.web.desk.rounds.pages import NoticeColumn, NoticePreview
from surveyapp.web.frame import LANGUAGE_NAMES
from surveyapp.web.respondent.notice_text import NoticePart, Term, split_notice
from surveyapp.web.shown_text import hold_together


def build_previews(
    questionnaire: Questionnaire, operator_texts: Mapping[str, Text], words: Words
) -> tuple[NoticePreview, ...]:
    """Where an operator's words are missing, the questionnaire's sample stands in their place, in its brackets."""
    texts = {
        name: Text(*(_find_words(sample, operator_texts.get(name), language) for language in LANGUAGES))
        for name, sample in questionnaire.placeholders.items()
    }
    marks = ["{{" + name + "}}" for name in texts]
    return tuple(
        NoticePreview(
            place=words.text(row.section.label),
            columns=tuple(_build_column(row, texts, language) for language in LANGUAGES),
        )
        for row in questionnaire.rows
        if any(mark in row.label.en for mark in marks)
    )


def _find_words(sample: Text, own: Text | None, language: Language) -> str:
    words = "" if own is None else own.in_language(language).strip()
    return words or sample.in_language(language)


def _build_column(row: Question, texts: Mapping[str, Text], language: Language) -> NoticeColumn:
    """Split before the placeholders are filled, as on the form: slashes of the operator are its own."""
    notice = split_notice(row.label.in_language(language))

    def fill(text: str) -> str:
        filled = Text(text, text, text).filled(texts)
        return hold_together(filled.in_language(language))

    return NoticeColumn(
        language=language,
        name=LANGUAGE_NAMES[language],
        title=fill(notice.title),
        parts=tuple(
            NoticePart(fill(part.text), tuple(Term(term.label, fill(term.text)) for term in part.terms))
            for part in notice.parts
        ),
    )
