"""Notices broken into terms: every word stays, in its order, and plain sentences stay sentences."""

from __future__ import annotations

import re

import pytest

from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire
from surveyapp.web.respondent.notice_text import split_notice, split_terms, split_topic
from tests.respondent_visits import OPERATOR_TEXTS

PUNCTUATION = re.compile(r"[\s/／:：\[\]【】]+")


def strip_marks(words: str) -> str:
    return PUNCTUATION.sub("", words)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_word_of_a_notice_is_lost(questionnaire: Questionnaire, language: Language) -> None:
    for row in questionnaire.rows:
        text = row.label.filled(OPERATOR_TEXTS).in_language(language)
        notice = split_notice(text)
        words = notice.title + "".join(
            part.text + "".join(term.label + term.text for term in part.terms) for part in notice.parts
        )
        assert strip_marks(words) == strip_marks(text)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("name", "terms"), [("privacy_note", 4), ("contact_note", 3), ("intro_note", 0), ("rd_note", 0)]
)
def test_notices_of_the_questionnaire_have_their_terms(
    questionnaire: Questionnaire, name: str, terms: int, language: Language
) -> None:
    notice = split_notice(questionnaire.by_name[name].label.in_language(language))
    assert sum(len(part.terms) for part in notice.parts) == terms
    assert bool(notice.title) == bool(terms)


@pytest.mark.parametrize("language", LANGUAGES)
def test_one_question_only_lists_terms(questionnaire: Questionnaire, language: Language) -> None:
    with_terms = {
        question.name for question in questionnaire.questions if split_terms(question.label.in_language(language))[1]
    }
    assert with_terms == {"consent_third_party"}


def test_text_of_an_operator_with_its_own_marks_is_not_taken_apart() -> None:
    notice = split_notice("[안내] 목적: 통계 / 문의: {{privacy_contact}}")
    assert [term.text for part in notice.parts for term in part.terms] == ["통계", "{{privacy_contact}}"]
    assert split_notice("Half / half, and nothing more.").parts[0].text == "Half / half, and nothing more."


def test_topic_in_front_of_a_question() -> None:
    assert split_topic("[규제] 얼마나 파악하고 있습니까?") == ("규제", "얼마나 파악하고 있습니까?")
    assert split_topic("【薬事】把握していますか。") == ("薬事", "把握していますか。")
    assert split_topic("Company name") == ("", "Company name")
