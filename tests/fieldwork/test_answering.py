from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from surveyapp.fieldwork.answering import (
    ConsentMissing,
    LinkUnknown,
    OpenLinkOff,
    ReturnWithdrawn,
    make_token,
    set_language,
    start_return,
)
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.rounds import RoundClosed, RoundNotOpen, open_round
from surveyapp.questionnaire.answer_digest import Settlement, digest_answer
from surveyapp.questionnaire.model import Language, Stored
from surveyapp.records.audit import list_audit
from surveyapp.records.tables import draft as draft_table
from surveyapp.records.tables import refusal
from tests.fieldwork.fieldwork_days import CLOSES, CONSENT, NOW, OPENS, TITLE, WORDS, FieldworkDay

PROFILE, JAPAN = "sec_profile", "sec_japan"
NAMED = {**CONSENT, "attribution_level": "named"}


# Beginning


def test_nothing_is_stored_before_somebody_agrees(day: FieldworkDay) -> None:
    for answers in ({}, {"consent_quote": "agree"}, {**CONSENT, "consent_participate": "disagree"}):
        with pytest.raises(ConsentMissing):
            day.start(answers)
    assert day.count_rows() == {"draft": 0, "response": 0, "refusal": 0, "confidential": 0}


def test_a_return_begins_with_the_answers_of_the_consent_page_alone(day: FieldworkDay) -> None:
    begun = day.start({**CONSENT, "company_type": "bio", "company_name": "한빛", "nonsense": "x"}, language="ja")
    assert begun.answers == CONSENT
    assert (begun.state, begun.language, begun.saves) == ("open", "ja", 1)
    assert (begun.response_number, begun.receipt, begun.has_unsubmitted_changes) == (None, None, False)
    assert begun.started_at == begun.saved_at == day.now
    assert day.find() == begun


def test_only_a_digest_of_the_link_is_stored(day: FieldworkDay) -> None:
    token = make_token()
    day.start(token=token)
    with day.database.read() as reader:
        stored = reader.execute(select(draft_table.c.token_hash)).scalar_one()
    assert stored == hashlib.sha256(token.encode()).digest()
    assert len(token) >= 22
    assert token.encode() not in day.read_stored()


def test_the_same_start_form_sent_twice_is_one_return(day: FieldworkDay) -> None:
    first = day.start(token="a start form's token")
    second = day.start(token="a start form's token")
    assert second == first
    assert day.count_rows()["draft"] == 1


def test_a_start_form_sent_again_after_going_back_saves_what_it_says_now(day: FieldworkDay) -> None:
    first = day.start(NAMED, token="a start form's token")
    day.save(first, PROFILE, {"company_name": "한빛", "company_type": "bio"})
    again = day.start({**CONSENT, "attribution_level": "aggregate"}, token="a start form's token")
    assert again.draft_id == first.draft_id
    assert again.answers == {**CONSENT, "attribution_level": "aggregate", "company_type": "bio"}


@pytest.mark.parametrize(("moment", "fault"), [(OPENS - timedelta(1), RoundNotOpen), (CLOSES, RoundClosed)])
def test_a_return_begins_only_in_an_open_round(
    day: FieldworkDay, moment: datetime, fault: type[RoundNotOpen | RoundClosed]
) -> None:
    day.now = moment
    with pytest.raises(fault) as refused:
        day.start()
    assert isinstance(refused.value, RoundNotOpen | RoundClosed)
    assert refused.value.round == day.round
    assert day.count_rows()["draft"] == 0


def test_a_round_without_open_link_takes_invited_companies_only(day: FieldworkDay) -> None:
    with day.database.write() as connection:
        day.round = open_round(
            connection,
            day.questionnaire,
            slug="invited",
            kind="real",
            title=TITLE,
            operator_texts=dict.fromkeys(day.questionnaire.placeholders, WORDS),
            opens_at=OPENS,
            closes_at=CLOSES,
            open_link=False,
            counts_companies=True,
            now=NOW,
        )
        company = add_company(connection, day.round.survey_id, name=TITLE, is_sample=False, now=NOW)
    with pytest.raises(OpenLinkOff):
        day.start()
    with day.database.write() as connection:
        begun = start_return(
            connection,
            day.vault,
            day.round,
            day.questionnaire,
            token="an invitation's token",
            answers=CONSENT,
            language="en",
            now=NOW,
            company_id=company.company_id,
        )
    assert begun.company_id == company.company_id


def test_a_token_of_another_round_opens_nothing_here(day: FieldworkDay) -> None:
    day.start(token="a start form's token")
    with day.database.write() as connection:
        day.round = open_round(
            connection,
            day.questionnaire,
            slug="other",
            kind="real",
            title=TITLE,
            operator_texts=dict.fromkeys(day.questionnaire.placeholders, WORDS),
            opens_at=OPENS,
            closes_at=CLOSES,
            open_link=True,
            counts_companies=False,
            now=NOW,
        )
    with pytest.raises(LinkUnknown):
        day.start(token="a start form's token")


@pytest.mark.parametrize("token", ["", "x", "../../etc", "가" * 500, "\x00", "\ud800", "a" * 100_000])
def test_a_wrong_link_leads_nowhere(day: FieldworkDay, token: str) -> None:
    day.start()
    with pytest.raises(LinkUnknown):
        day.find(token or " ")


def test_a_link_of_another_survey_leads_nowhere(day: FieldworkDay) -> None:
    day.start(token="a token")
    day.round = replace(day.round, survey_id="another survey")
    with pytest.raises(LinkUnknown):
        day.find("a token")


# Refusing


def test_a_refusal_is_counted_once_and_holds_no_answer(day: FieldworkDay) -> None:
    day.refuse("form 1", "ja")
    day.refuse("form 1", "ja")
    day.refuse("form 2")
    with day.database.read() as reader:
        rows = reader.execute(select(refusal).order_by(refusal.c.language)).all()
    assert [(row.language, row.round_id, row.refused_at) for row in rows] == [("ja", 1, NOW), ("ko", 1, NOW)]
    assert set(refusal.c.keys()) == {"survey_id", "refusal_id", "round_id", "language", "refused_at"}
    assert day.count_rows()["draft"] == 0


def test_who_refuses_and_then_agrees_on_the_same_form_is_a_return_and_no_refusal(day: FieldworkDay) -> None:
    day.refuse("one form")
    day.start(token="one form")
    assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 0, "confidential": 0}


def test_who_agrees_and_then_refuses_on_the_same_form_is_erased(day: FieldworkDay) -> None:
    begun = day.start(NAMED, token="one form")
    day.save(begun, PROFILE, {"company_name": "한빛"})
    day.refuse("one form")
    assert day.find("one form").state == "withdrawn"
    assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 1, "confidential": 0}


@pytest.mark.parametrize(("moment", "fault"), [(OPENS - timedelta(1), RoundNotOpen), (CLOSES, RoundClosed)])
def test_a_refusal_outside_the_round_is_not_counted(
    day: FieldworkDay, moment: datetime, fault: type[Exception]
) -> None:
    day.now = moment
    with pytest.raises(fault):
        day.refuse()
    assert day.count_rows()["refusal"] == 0


# Saving


def test_a_saved_page_is_there_on_the_next_device(day: FieldworkDay) -> None:
    day.now = NOW + timedelta(hours=1)
    saved = day.save(
        day.start(),
        PROFILE,
        {"company_type": "other", "company_type_other": "상사", "product_categories": ["generic", "api"]},
        language="en",
    )
    assert saved.cleared == ()
    assert saved.draft == day.find()
    assert saved.draft.answers == {
        **CONSENT,
        "company_type": "other",
        "company_type_other": "상사",
        "product_categories": ["generic", "api"],
    }
    assert (saved.draft.language, saved.draft.saves, saved.draft.saved_at) == ("en", 2, day.now)
    assert saved.standing.answers == saved.draft.answers


def test_a_blank_takes_an_answer_away_and_silence_keeps_it(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"company_type": "bio", "company_size": "e1_49", "respondent_role": "ra"})
    saved = day.save(begun, PROFILE, {"company_type": None, "company_size": "e50_299"})
    assert saved.draft.answers == {**CONSENT, "company_size": "e50_299", "respondent_role": "ra"}


def test_only_the_questions_that_the_page_asks_are_stored(day: FieldworkDay) -> None:
    posted: dict[str, Stored | None] = {
        "company_type": "bio",  # asked
        "company_type_other": "hidden: the type is not other",
        "company_name": "hidden: the company is not named",
        "jp_stage": "onmarket",  # another page's
        "ch_leaf_n": "7",  # a calculate
        "privacy_note": "a note",
        "is_admin": "yes",
    }
    assert day.save(day.start(), PROFILE, posted).draft.answers == {**CONSENT, "company_type": "bio"}
    assert day.count_rows()["confidential"] == 0


def test_a_question_that_becomes_relevant_by_the_same_post_is_stored(day: FieldworkDay) -> None:
    saved = day.save(day.start(), PROFILE, {"respondent_role": "other", "respondent_role_other": "법무"})
    assert saved.draft.answers["respondent_role_other"] == "법무"


def test_a_hidden_answer_stays_in_the_draft_and_comes_back(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"respondent_role": "other", "respondent_role_other": "법무"})
    hidden = day.save(begun, PROFILE, {"respondent_role": "ra", "respondent_role_other": None})
    assert not hidden.standing.is_relevant("respondent_role_other")
    shown = day.save(begun, PROFILE, {"respondent_role": "other"})
    assert shown.standing.answer("respondent_role_other") == "법무"


def test_a_choice_that_is_no_longer_offered_is_cleared_and_told(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"product_categories": ["generic", "api", "biosimilar"]})
    day.save(begun, JAPAN, {"jp_stage": "prepare", "jp_products": ["generic", "api"]})
    saved = day.save(begun, PROFILE, {"product_categories": ["api"]})
    assert [(question.name, choice.name) for question, choice in saved.cleared] == [("jp_products", "generic")]
    assert saved.draft.answers["jp_products"] == ["api"]
    saved = day.save(begun, PROFILE, {"product_categories": ["biosimilar"]})
    assert [(question.name, choice.name) for question, choice in saved.cleared] == [("jp_products", "api")]
    assert "jp_products" not in saved.draft.answers
    assert day.save(begun, PROFILE, {"product_categories": ["api", "biosimilar"]}).cleared == ()


def test_clearing_one_answer_clears_what_hangs_on_it(day: FieldworkDay) -> None:
    begun = day.start()
    complete = day.complete(
        {**CONSENT, "jp_stage": "prepare", "ch_areas": ["reg"], "ch_reg_leaf": ["reg-pathway", "reg-consult"]}
    )
    day.fill(begun, {**complete, "top1": "reg-pathway", "top2": "reg-consult"})
    page = day.questionnaire.page_of["ch_reg_leaf"]
    saved = day.save(begun, page.name, {"ch_reg_leaf": ["reg-consult", "reg-review"]})
    assert ("top1", "reg-pathway") in {(question.name, choice.name) for question, choice in saved.cleared}
    assert "top1" not in saved.draft.answers
    assert saved.draft.answers["top2"] == "reg-consult"


def test_two_people_on_two_pages_lose_nothing_of_each_other(day: FieldworkDay) -> None:
    """Both work from the same old draft, as two browsers do."""
    begun = day.start()
    day.save(begun, PROFILE, {"company_type": "bio"})
    day.save(begun, JAPAN, {"jp_stage": "filed"})
    assert day.find().answers == {**CONSENT, "company_type": "bio", "jp_stage": "filed"}


def test_two_people_on_one_page_overwrite_nothing_silently(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"company_type": "bio", "company_size": "e1_49"}, over=begun)
    saved = day.save(begun, PROFILE, {"company_type": "ivd", "company_size": "e1_49"}, over=begun)
    assert saved.conflicts == ("company_type",)
    assert day.find().answers["company_type"] == "bio"
    mine = Settlement("mine", digest_answer("bio"))
    assert not day.save(begun, PROFILE, {"company_type": "ivd"}, over=begun, settled={"company_type": mine}).conflicts
    assert day.find().answers["company_type"] == "ivd"


def test_a_conflict_keeps_nothing_else_from_being_saved(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"company_type": "bio"}, over=begun)
    saved = day.save(begun, PROFILE, {"company_type": "ivd", "company_size": "e1_49"}, over=begun)
    assert saved.conflicts == ("company_type",)
    assert day.find().answers == {**CONSENT, "company_type": "bio", "company_size": "e1_49"}


def test_what_one_person_left_alone_stands_as_the_other_changed_it(day: FieldworkDay) -> None:
    begun = day.start()
    drawn = day.save(begun, PROFILE, {"company_type": "bio", "company_size": "e1_49"}).draft
    day.save(begun, PROFILE, {"company_type": "ivd", "company_size": "e1_49"}, over=drawn)
    saved = day.save(begun, PROFILE, {"company_type": "bio", "company_size": "e50_299"}, over=drawn)
    assert (saved.left, saved.conflicts) == (("company_type",), ())
    assert day.find().answers == {**CONSENT, "company_type": "ivd", "company_size": "e50_299"}


def test_a_choice_between_two_answers_counts_against_those_two_only(day: FieldworkDay) -> None:
    begun = day.start()
    day.save(begun, PROFILE, {"company_type": "bio"}, over=begun)
    day.save(begun, PROFILE, {"company_type": "cmo_cro"}, over=day.find())
    chosen = {"company_type": Settlement("mine", digest_answer("bio"))}
    saved = day.save(begun, PROFILE, {"company_type": "ivd"}, over=begun, settled=chosen)
    assert saved.conflicts == ("company_type",)
    assert day.find().answers["company_type"] == "cmo_cro"
    chosen = {"company_type": Settlement("theirs", digest_answer("cmo_cro"))}
    saved = day.save(begun, PROFILE, {"company_type": "ivd"}, over=begun, settled=chosen)
    assert (saved.left, saved.conflicts) == (("company_type",), ())


def test_the_same_page_sent_twice_is_no_conflict(day: FieldworkDay) -> None:
    begun = day.start()
    first = day.save(begun, PROFILE, {"company_type": "bio"}, over=begun)
    second = day.save(begun, PROFILE, {"company_type": "bio"}, over=begun)
    assert (first.draft.saves, second.draft.saves) == (2, 2)
    assert not second.conflicts
    other = day.save(begun, JAPAN, {"jp_stage": "filed"}, over=begun)  # the other page was left alone
    assert other.draft.saves == 3


def test_typing_neither_gives_nor_withdraws_consent(day: FieldworkDay) -> None:
    begun = day.start({**CONSENT, "attribution_level": "named", "consent_quote": "agree"})
    page = day.questionnaire.page_of["attribution_level"].name
    typed: dict[str, Stored | None] = {
        "consent_participate": "disagree",
        "attribution_level": "aggregate",
        "consent_quote": None,
    }
    day.save(begun, page, typed, over=begun, is_typing=True)
    assert day.find().answers == begun.answers
    assert day.count_rows()["refusal"] == 0


def test_typing_erases_nothing_that_the_next_key_may_bring_back(day: FieldworkDay) -> None:
    """Changing one's mind twice within a page loses neither a name nor what another answer brings up."""
    begun = day.fill(day.start(NAMED), {"company_name": "가나제약", "ch_areas": ["reg", "gmp"], "ch_reg_sev": "4"})
    for areas in (["gmp"], ["reg", "gmp"]):
        day.save(begun, "grp_areas", {"ch_areas": areas}, over=day.find(), is_typing=True)
    assert day.find().answers == begun.answers


def test_saving_ends_when_the_round_closes_while_somebody_types(day: FieldworkDay) -> None:
    begun = day.start()
    day.now = CLOSES
    with pytest.raises(RoundClosed) as refused:
        day.save(begun, PROFILE, {"company_type": "bio"})
    assert refused.value.round == day.round
    assert day.find() == begun


def test_nothing_can_be_added_to_a_withdrawn_return(day: FieldworkDay) -> None:
    begun = day.start()
    day.withdraw(begun)
    with pytest.raises(ReturnWithdrawn):
        day.save(begun, PROFILE, {"company_type": "bio"})
    assert day.find().answers == {}


def test_taking_the_yes_away_without_a_no_is_not_saved(day: FieldworkDay) -> None:
    begun = day.start()
    with pytest.raises(ConsentMissing):
        day.save(begun, "sec_consent", {"consent_participate": None})
    assert day.find() == begun


@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_the_language_changes_without_touching_an_answer(day: FieldworkDay, language: Language) -> None:
    begun = day.start()
    with day.database.write() as connection:
        set_language(connection, begun, language)
    found = day.find()
    assert found.language == language
    assert (found.answers, found.saves) == (begun.answers, begun.saves)


# Consent taken back on the way


def test_saying_no_later_erases_the_draft_and_counts_one_refusal(day: FieldworkDay) -> None:
    begun = day.start(NAMED)
    day.save(begun, PROFILE, {"company_name": "한빛", "company_type": "bio"})
    for _ in range(2):  # a double click
        saved = day.save(begun, "sec_consent", {"consent_participate": "disagree", "consent_quote": "agree"})
        assert (saved.draft.state, dict(saved.draft.answers), saved.cleared) == ("withdrawn", {}, ())
    found = day.find()
    assert (found.state, dict(found.answers), found.withdrawn_at) == ("withdrawn", {}, NOW)
    assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 1, "confidential": 0}
    with day.database.read() as reader:
        assert [event.action for event in list_audit(reader)] == ["return.refused", "round.opened"]


def test_a_no_from_another_page_is_passed_over(day: FieldworkDay) -> None:
    saved = day.save(day.start(), PROFILE, {"consent_participate": "disagree", "company_type": "bio"})
    assert saved.draft.answers == {**CONSENT, "company_type": "bio"}


def test_the_company_name_goes_at_once_when_the_company_is_no_longer_named(day: FieldworkDay) -> None:
    begun = day.start(NAMED)
    day.save(begun, PROFILE, {"company_name": "한빛", "company_type": "other", "company_type_other": "상사"})
    saved = day.save(begun, "sec_consent", {"attribution_level": "anonymous"})
    assert "company_name" not in saved.draft.answers
    assert saved.draft.answers["company_type_other"] == "상사"
    back = day.save(begun, "sec_consent", {"attribution_level": "named"})
    assert "company_name" not in back.draft.answers  # it must be given anew
    assert day.count_rows()["confidential"] == 1


def test_contact_data_go_at_once_when_their_use_is_no_longer_agreed_to(day: FieldworkDay) -> None:
    contact: dict[str, Stored] = {
        "followup": "yes",
        "consent_contact": "agree",
        "contact_name": "김",
        "contact_email": "kim@example.org",
        "consent_third_party": "agree",
    }
    begun = day.start()
    day.fill(begun, contact)
    page = day.questionnaire.page_of["consent_contact"].name
    saved = day.save(begun, page, {"consent_contact": "disagree", "contact_name": "김", "contact_email": "kim@x.kr"})
    assert {name: stored for name, stored in saved.draft.answers.items() if "contact" in name or "third" in name} == {
        "consent_contact": "disagree"
    }
    day.fill(begun, contact)
    saved = day.save(begun, day.questionnaire.page_of["followup"].name, {"followup": "no"})
    assert set(saved.draft.answers) == {*CONSENT, "followup"}
    assert day.count_rows()["confidential"] == 0


def test_what_was_taken_back_is_gone_from_the_files(day: FieldworkDay) -> None:
    """Identity rows are encrypted; here it is the ciphertext itself that must be gone."""
    begun = day.start(NAMED)
    day.save(begun, PROFILE, {"company_name": "한빛"})
    ciphertext = day.load_confidential_rows()[0].ciphertext
    assert ciphertext in day.read_stored()
    day.save(begun, "sec_consent", {"attribution_level": "anonymous"})
    assert ciphertext not in day.read_stored()
