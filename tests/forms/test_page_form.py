"""A posted page as the form reads it: bound once, judged by the questionnaire's own rules."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from typing import get_args

import pytest
from werkzeug.datastructures import MultiDict

from surveyapp.forms.fields import FIELDS, name_rank_select
from surveyapp.forms.messages import describe_fault
from surveyapp.forms.page_form import SHOWN_FIELD, PageForm, build_page_form
from surveyapp.questionnaire.faults import AnswerFault, AnswerFaultCode
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Stored
from surveyapp.questionnaire.paths import evaluate
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire

CONSENT: Mapping[str, Stored] = {"consent_participate": "agree", "attribution_level": "anonymous"}
PROFILE: Mapping[str, Stored] = {
    **CONSENT,
    "company_type": "pharma",
    "company_size": "e50_299",
    "product_categories": ["generic", "api"],
    "respondent_role": "ra",
    "export_experience": "lt3",
}


@pytest.fixture(scope="module")
def questionnaire() -> Questionnaire:
    return load_builtin_questionnaire()


def post(
    questionnaire: Questionnaire,
    page_name: str,
    posted: Mapping[str, str | list[str]],
    stored: Mapping[str, Stored] = CONSENT,
    language: Language = "ko",
) -> PageForm:
    data = MultiDict((name, value) for name, values in posted.items() for value in _as_list(values))
    standing = evaluate(questionnaire, stored)
    return build_page_form(standing, questionnaire.page_by_name[page_name], language, data)


def _as_list(values: str | list[str]) -> list[str]:
    return values if isinstance(values, list) else [values]


def test_every_kind_that_is_answered_has_a_field() -> None:
    assert set(FIELDS) == set(KINDS) - {"note", "calculate"}


def test_stored_answers_are_shown_as_they_would_be_typed(questionnaire: Questionnaire) -> None:
    stored: dict[str, Stored] = {**PROFILE, "jp_stage": "filed", "jp_year": 2026, "rank_topics": ["pmda", "gmp"]}
    standing = evaluate(questionnaire, stored)
    japan = build_page_form(standing, questionnaire.page_by_name["sec_japan"], "ko")
    assert japan.answer_fields["jp_year"].typed == ("2026",)
    support = build_page_form(standing, questionnaire.page_by_name["rank_topics"], "ko")
    assert support.answer_fields["rank_topics"].typed == ("pmda=1", "gmp=2")
    assert japan.faults == {}
    assert japan.new_questions == ()


def test_valid_page_gives_answers_as_they_are_stored(questionnaire: Questionnaire) -> None:
    form = post(
        questionnaire,
        "sec_japan",
        {
            SHOWN_FIELD: ["jp_stage", "jp_products", "jp_routes", "jp_year", "pmda_contact"],
            "jp_stage": "filed",
            "jp_products": ["api", "generic"],
            "jp_routes": ["dmah"],
            "jp_year": "２０２７",
            "pmda_contact": "formal",
        },
        PROFILE,
    )
    assert form.faults == {}
    assert form.answers == {
        "jp_stage": "filed",
        "jp_products": ["generic", "api"],  # in the order of the list
        "jp_routes": ["dmah"],
        "jp_year": 2027,  # full-width digits
        "pmda_contact": "formal",
    }


def test_question_that_an_answer_brings_up_is_new_and_no_error(questionnaire: Questionnaire) -> None:
    form = post(questionnaire, "sec_japan", {SHOWN_FIELD: "jp_stage", "jp_stage": "filed"}, PROFILE)
    assert [question.name for question in form.new_questions] == ["jp_products", "jp_routes", "jp_year", "pmda_contact"]
    assert form.faults == {}


def test_form_without_the_list_of_shown_questions_is_judged_by_what_was_asked(questionnaire: Questionnaire) -> None:
    form = post(questionnaire, "sec_profile", {"company_type": "pharma"})
    assert set(form.faults) == {"company_size", "product_categories", "respondent_role", "export_experience"}
    assert {fault.code for fault in form.faults.values()} == {"required"}


def test_question_that_was_not_on_the_screen_keeps_its_answer(questionnaire: Questionnaire) -> None:
    stored: dict[str, Stored] = {**PROFILE, "company_type": "other", "company_type_other": "검사기관"}
    form = post(questionnaire, "sec_profile", {SHOWN_FIELD: "company_type", "company_type": "pharma"}, stored)
    assert "company_type_other" not in form.answers
    assert form.standing.answers["company_type_other"] == "검사기관"
    assert form.standing.answer("company_type_other") is None  # not asked any more, kept all the same


def test_fault_of_a_question_that_is_no_longer_asked_is_none(questionnaire: Questionnaire) -> None:
    form = post(
        questionnaire,
        "sec_japan",
        {SHOWN_FIELD: ["jp_stage", "jp_year"], "jp_stage": "noplan", "jp_year": "next year"},
        {**PROFILE, "jp_stage": "filed"},
    )
    assert form.faults == {}
    assert "jp_year" not in form.answers


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        ({"company_type": "no-such-choice"}, "not_a_choice"),
        ({"company_size": ["e1_49", "e50_299"]}, "not_a_choice"),
        ({"product_categories": ["generic", "nothing"]}, "not_a_choice"),
        ({}, "required"),
    ],
)
def test_faults_of_choices(questionnaire: Questionnaire, posted: Mapping[str, str | list[str]], code: str) -> None:
    form = post(questionnaire, "sec_profile", posted)
    assert code in {fault.code for fault in form.faults.values()}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("12.5", "not_whole"),
        ("soon", "not_whole"),
        ("1" * 40, "too_large"),
        ("121", "constraint"),
        ("1\x002", "control_character"),
    ],
)
def test_faults_of_numbers(questionnaire: Questionnaire, typed: str, code: str) -> None:
    stored: dict[str, Stored] = {**PROFILE, "jp_stage": "filed", "ch_areas": ["reg"]}
    form = post(questionnaire, "blk_reg", {SHOWN_FIELD: "ch_reg_delay", "ch_reg_delay": typed}, stored)
    assert form.faults["ch_reg_delay"].code == code
    assert form.answer_fields["ch_reg_delay"].typed == (typed,)
    assert "ch_reg_delay" not in form.answers
    assert "ch_reg_delay" in form.unstorable


def test_constraint_speaks_in_the_language_of_the_page(questionnaire: Questionnaire) -> None:
    stored: dict[str, Stored] = {**PROFILE, "jp_stage": "filed"}
    for language in LANGUAGES:
        form = post(
            questionnaire,
            "sec_japan",
            {SHOWN_FIELD: "jp_routes", "jp_routes": ["dmah", "licence", "api_mf", "ecom"]},
            stored,
            language,
        )
        message = questionnaire.by_name["jp_routes"].constraint_message
        assert message is not None
        assert form.messages["jp_routes"] == message.in_language(language)


def test_ranking_may_be_partial_but_not_tied(questionnaire: Questionnaire) -> None:
    question = questionnaire.by_name["rank_topics"]
    first, second, third = (choice.name for choice in question.choices[:3])
    partial = {
        SHOWN_FIELD: "rank_topics",
        name_rank_select(question, first): "",
        name_rank_select(question, second): "1",
        name_rank_select(question, third): "2",
    }
    assert post(questionnaire, "rank_topics", partial).answers["rank_topics"] == [second, third]
    blank = {SHOWN_FIELD: "rank_topics", name_rank_select(question, first): ""}
    assert post(questionnaire, "rank_topics", blank).answers == {"rank_topics": None}
    tied = post(questionnaire, "rank_topics", {**partial, name_rank_select(question, first): "2"})
    assert tied.faults["rank_topics"].code == "rank_tie"
    assert set(tied.answer_fields["rank_topics"].typed) == {f"{first}=2", f"{second}=1", f"{third}=2"}


def test_blank_radio_clears_an_optional_answer(questionnaire: Questionnaire) -> None:
    stored: dict[str, Stored] = {**PROFILE, "jp_stage": "filed", "ch_areas": ["reg"], "ch_reg_cost": "c2"}
    form = post(questionnaire, "blk_reg", {SHOWN_FIELD: "ch_reg_cost", "ch_reg_cost": ""}, stored)
    assert form.answers == {"ch_reg_cost": None}


def test_decomposed_korean_is_counted_as_it_is_read(questionnaire: Questionnaire) -> None:
    typed = unicodedata.normalize("NFD", "가" * 120)
    form = post(
        questionnaire,
        "sec_profile",
        {SHOWN_FIELD: "company_name", "company_name": typed},
        {**CONSENT, "attribution_level": "named"},
    )
    assert form.faults == {}
    assert form.answers["company_name"] == "가" * 120


def test_every_fault_has_a_sentence_in_every_language(questionnaire: Questionnaire) -> None:
    codes: tuple[AnswerFaultCode, ...] = get_args(AnswerFaultCode)
    for language in LANGUAGES:
        for code in codes:
            for question in questionnaire.questions:
                sentence = describe_fault(AnswerFault(code, {"limit": 20000, "position": 2}), question, language)
                assert sentence
                assert "%(" not in sentence
