"""The way through the real questionnaire, and what no answers in any order can break."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.model import Question, Questionnaire, Stored
from surveyapp.questionnaire.paths import (
    Standing,
    check_all,
    check_answer,
    check_page,
    count_minutes_left,
    evaluate,
    find_cleared,
    find_first_incomplete,
    find_next_page,
    find_previous_page,
    find_resume_page,
    is_reachable,
    keep_asked,
)
from surveyapp.questionnaire.yaml_source import read_questionnaire
from tests.questionnaire.conftest import SMALL_FORM

PROFILE: Mapping[str, Stored] = {
    "consent_participate": "agree",
    "attribution_level": "anonymous",
    "company_type": "pharma",
    "company_size": "e1_49",
    "product_categories": ["api", "generic"],
    "respondent_role": "ra",
    "export_experience": "none",
}
JAPAN: Mapping[str, Stored] = {
    **PROFILE,
    "jp_stage": "filed",
    "jp_products": ["api"],
    "jp_routes": ["dmah"],
    "pmda_contact": "none",
}


def answer_readiness(questionnaire: Questionnaire) -> dict[str, Stored]:
    return {question.name: "2" for question in questionnaire.questions if question.dimension is not None}


def answer_areas(*areas: str) -> dict[str, Stored]:
    answers: dict[str, Stored] = {"ch_areas": list(areas)}
    for area in areas[:4]:
        answers[f"ch_{area}_leaf"] = [f"{area}-other"]
        answers[f"ch_{area}_sev"] = "3"
        answers[f"ch_{area}_status"] = "partly"
    if len(areas) > 4:
        answers["ch_worst"] = list(areas[:4])
    return answers


def list_pages(standing: Standing) -> list[str]:
    return [page.name for page in standing.pages]


def name_of(page: Any) -> str | None:
    return None if page is None else page.name


def test_before_consent_there_is_one_page(real: Questionnaire) -> None:
    standing = evaluate(real, {})
    assert list_pages(standing) == ["sec_consent"]
    assert [row.name for row in standing.shown(real.pages[0])] == ["intro_note", "privacy_note", "consent_participate"]
    assert check_all(standing) == {"consent_participate": AnswerFault("required")}
    assert keep_asked(standing) == {}
    assert find_next_page(standing, real.pages[0]) is None


def test_who_refuses_sees_one_page_with_the_reason(real: Questionnaire) -> None:
    standing = evaluate(real, {**JAPAN, "consent_participate": "disagree"})
    assert list_pages(standing) == ["sec_consent"]
    assert standing.shown(real.pages[0])[-1].name == "decline_note"
    assert keep_asked(standing) == {"consent_participate": "disagree"}


def test_who_plans_nothing_in_japan_skips_readiness_and_challenges(real: Questionnaire) -> None:
    standing = evaluate(real, {**PROFILE, "jp_stage": "noplan", "rd_part": "4", "ch_areas": ["reg"]})
    assert list_pages(standing) == ["sec_consent", "sec_profile", "sec_japan", "ft_case", "rank_topics"]
    assert not standing.is_relevant("ft_case")
    assert set(check_all(standing)) == {"followup"}
    kept = keep_asked(standing)
    assert "rd_part" not in kept
    assert "n_part" not in kept
    assert "ch_areas" not in kept
    assert standing.values["ch_leaf_n"] == ""


def test_five_areas_ask_for_the_worst_four(real: Questionnaire) -> None:
    answers = {**JAPAN, **answer_readiness(real), **answer_areas("reg", "lic", "gmp", "pms", "org")}
    standing = evaluate(real, answers)
    assert "grp_worst" in list_pages(standing)
    assert [name for name in list_pages(standing) if name.startswith("blk_")] == [
        "blk_reg",
        "blk_lic",
        "blk_gmp",
        "blk_pms",
    ]
    assert standing.values["ch_detail"] == "reg lic gmp pms"
    assert [choice.name for choice in standing.offered(real.by_name["ch_worst"])] == ["reg", "lic", "gmp", "pms", "org"]
    assert "ch_other_text" in list_pages(standing)
    assert standing.values["ch_leaf_n"] == "4"
    offered = [choice.name for choice in standing.offered(real.by_name["top1"])]
    assert offered == ["reg-other", "lic-other", "gmp-other", "pms-other"]
    assert set(check_all(standing)) == {"top1", "followup"}
    done = {**answers, "top1": "gmp-other", "top2": "reg-other", "followup": "no"}
    standing = evaluate(real, done)
    assert check_all(standing) == {}
    assert find_first_incomplete(standing) is None
    kept = keep_asked(standing)
    assert kept["ch_leaf_n"] == "4"
    assert kept["score_overall"] == "50"


def test_fewer_areas_ask_no_worst_and_one_leaf_no_order(real: Questionnaire) -> None:
    standing = evaluate(real, {**JAPAN, **answer_readiness(real), **answer_areas("reg"), "ch_worst": ["reg"]})
    assert "grp_worst" not in list_pages(standing)
    assert "grp_top3" not in list_pages(standing)
    assert standing.answer("ch_worst") is None
    assert "ch_worst" in standing.answers


def test_a_choice_that_is_no_longer_offered_is_cleared_and_told(real: Questionnaire) -> None:
    standing = evaluate(real, {**JAPAN, "jp_products": ["api", "device"], "product_categories": ["api"]})
    assert standing.answer("jp_products") == ["api"]
    assert [(question.name, choice.name) for question, choice in find_cleared(standing)] == [("jp_products", "device")]
    standing = evaluate(real, {**JAPAN, "jp_products": ["device"], "product_categories": ["api"]})
    assert standing.answer("jp_products") is None
    assert check_answer(standing, real.by_name["jp_products"]) == AnswerFault("required")
    assert find_cleared(evaluate(real, {**JAPAN, "consent_participate": "disagree", "jp_products": ["device"]})) == ()


def test_a_question_that_offers_nothing_is_not_asked(real: Questionnaire) -> None:
    answers = {name: stored for name, stored in JAPAN.items() if name != "product_categories"}
    standing = evaluate(real, answers)
    assert not standing.is_relevant("jp_products")
    assert [choice.name for _, choice in find_cleared(standing)] == ["api"]
    assert set(check_page(standing, real.page_by_name["sec_japan"])) == set()
    assert set(check_page(standing, real.page_by_name["sec_profile"])) == {"product_categories"}


def test_a_constraint_brings_its_message_and_limit(real: Questionnaire) -> None:
    standing = evaluate(real, {**JAPAN, "jp_routes": ["dmah", "licence", "api_mf", "ecom"], "jp_year": 1900})
    faults = check_page(standing, real.page_by_name["sec_japan"])
    assert list(faults) == ["jp_routes", "jp_year"]
    assert faults["jp_routes"].code == "constraint"
    assert faults["jp_routes"].params == {"limit": 3}
    assert faults["jp_year"].message == real.by_name["jp_year"].constraint_message
    undecided = evaluate(real, {**JAPAN, "jp_routes": ["undecided", "dmah"]})
    assert check_answer(undecided, real.by_name["jp_routes"]) is not None


def test_a_constraint_is_not_looked_at_on_a_blank_answer(real: Questionnaire) -> None:
    standing = evaluate(real, JAPAN)
    assert check_answer(standing, real.by_name["jp_year"]) is None


def test_priorities_differ(real: Questionnaire) -> None:
    base = {**JAPAN, **answer_readiness(real), **answer_areas("reg", "lic", "gmp"), "top1": "reg-other"}
    same = evaluate(real, {**base, "top2": "reg-other"})
    assert list(check_page(same, real.page_by_name["grp_top3"])) == ["top2"]
    third = evaluate(real, {**base, "top2": "lic-other", "top3": "lic-other"})
    assert list(check_page(third, real.page_by_name["grp_top3"])) == ["top3"]
    assert not check_page(evaluate(real, {**base, "top3": "gmp-other"}), real.page_by_name["grp_top3"])


def test_contact_is_asked_of_those_who_agree(real: Questionnaire) -> None:
    base = {**PROFILE, "jp_stage": "noplan", "followup": "yes"}
    contact = real.page_by_name["grp_contact"]
    assert set(check_all(evaluate(real, base))) == {"consent_contact"}
    agreed = evaluate(real, {**base, "consent_contact": "agree", "contact_email": "not an address"})
    assert list(check_page(agreed, contact)) == ["contact_name", "contact_email"]
    refused = evaluate(real, {**base, "consent_contact": "disagree", "contact_email": "a@b.kr"})
    assert check_all(refused) == {}
    assert "contact_email" not in keep_asked(refused)


def test_the_closing_note_is_on_no_page(real: Questionnaire) -> None:
    assert [row.name for row in evaluate(real, PROFILE).closing] == ["thanks_note"]
    assert evaluate(real, {}).closing == ()


def test_pages_open_in_order_only(real: Questionnaire) -> None:
    standing = evaluate(real, PROFILE)
    assert [page.name for page in standing.pages if is_reachable(standing, page)] == [
        "sec_consent",
        "sec_profile",
        "sec_japan",
    ]
    assert not is_reachable(standing, real.page_by_name["rd_page_market"])
    assert not is_reachable(standing, real.page_by_name["grp_worst"])
    assert name_of(find_first_incomplete(standing)) == "sec_japan"


def test_next_and_previous_skip_what_is_not_shown(real: Questionnaire) -> None:
    standing = evaluate(real, {**PROFILE, "jp_stage": "noplan"})
    japan, voice = real.page_by_name["sec_japan"], real.page_by_name["ft_case"]
    assert name_of(find_next_page(standing, japan)) == "ft_case"
    assert name_of(find_previous_page(standing, voice)) == "sec_japan"
    assert name_of(find_next_page(standing, real.page_by_name["blk_dos"])) == "ft_case"
    assert name_of(find_previous_page(standing, real.page_by_name["blk_dos"])) == "sec_japan"
    assert find_previous_page(standing, real.pages[0]) is None


def test_who_comes_back_sees_optional_pages_too(real: Questionnaire) -> None:
    assert name_of(find_resume_page(evaluate(real, {}))) == "sec_consent"
    assert name_of(find_resume_page(evaluate(real, PROFILE))) == "sec_japan"
    half = {**PROFILE, "jp_stage": "noplan"}
    assert name_of(find_first_incomplete(evaluate(real, half))) == "rank_topics"
    assert name_of(find_resume_page(evaluate(real, half))) == "ft_case"
    done = {**half, "followup": "no"}
    assert find_resume_page(evaluate(real, done)) is None
    broken = {**done, "company_type": "nothing"}
    assert name_of(find_resume_page(evaluate(real, broken))) == "sec_profile"


def test_minutes_fall_and_end(real: Questionnaire) -> None:
    assert 20 <= count_minutes_left(evaluate(real, {}), real.pages[0]) <= 30
    answers = {**JAPAN, **answer_readiness(real), **answer_areas("reg", "lic"), "top1": "reg-other", "followup": "no"}
    standing = evaluate(real, answers)
    minutes = [count_minutes_left(standing, page) for page in standing.pages]
    assert minutes == sorted(minutes, reverse=True)
    assert minutes[-1] >= 1
    none = evaluate(real, {**JAPAN, **answer_readiness(real), "ch_areas": ["none"]})
    open_ = evaluate(real, {**JAPAN, **answer_readiness(real)})
    areas = real.page_by_name["grp_areas"]
    assert count_minutes_left(none, areas) < count_minutes_left(open_, areas)


def test_hidden_answers_do_not_count_in_expressions(small: Questionnaire) -> None:
    answers: dict[str, Stored] = {"consent": "agree", "fruits": ["apple"], "trees": 5, "weight": "2.5"}
    assert evaluate(small, answers).answer("weight") == "2.5"
    standing = evaluate(small, {**answers, "fruits": ["berry"]})
    assert not standing.is_relevant("trees")
    assert standing.values["trees"] == ""
    assert not standing.is_relevant("weight")
    assert standing.answers["trees"] == 5
    assert keep_asked(standing) == {"consent": "agree", "fruits": ["berry"], "n_fruits": "1", "score": "0"}


def test_a_calculate_that_is_no_number_is_blank() -> None:
    source = SMALL_FORM.replace("calculation: count-selected(${fruits})", "calculation: number(${best})")
    standing = evaluate(read_questionnaire(source), {"consent": "agree", "fruits": ["apple"]})
    assert standing.values["n_fruits"] == ""
    assert "n_fruits" not in keep_asked(standing)


def test_answers_of_a_wrong_shape_are_passed_over(small: Questionnaire) -> None:
    answers: Any = {"consent": ["agree"], "fruits": "apple", "nobody": 3, "n_fruits": "9", "hello": "x"}
    standing = evaluate(small, answers)
    assert keep_asked(standing) == {}
    assert standing.answer("n_fruits") is None


def test_unknown_names_are_no_trouble(small: Questionnaire) -> None:
    standing = evaluate(small, {"consent": "agree"})
    assert not standing.is_relevant("nobody")
    assert standing.answer("nobody") is None


def test_offered_of_a_hidden_question_is_what_its_filter_lets_pass(real: Questionnaire) -> None:
    standing = evaluate(real, {"product_categories": ["api"], "jp_products": ["device"]})
    assert standing.offered(real.by_name["jp_products"]) == ()
    assert find_cleared(standing) == ()
    areas = {choice.columns["area"] for choice in standing.offered(real.by_name["ch_reg_leaf"])}
    assert areas == {"reg"}


def test_threads_do_not_disturb_each_other(real: Questionnaire) -> None:
    returns: list[dict[str, Stored]] = [
        {**JAPAN, **answer_readiness(real), **answer_areas(*areas), "jp_year": 1980 + year}
        for year, areas in enumerate([("reg", "lic"), ("gmp",), ("dev", "pri", "com"), ("none",)] * 8)
    ]
    expected = [keep_asked(evaluate(real, answers)) for answers in returns]
    fresh = read_questionnaire(real.source)  # nothing is remembered yet
    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(lambda answers: keep_asked(evaluate(fresh, answers)), returns)) == expected


@pytest.fixture(scope="session", params=["real", "small"])
def questionnaire(request: pytest.FixtureRequest) -> Questionnaire:
    found: Questionnaire = request.getfixturevalue(request.param)
    return found


GARBAGE: st.SearchStrategy[object] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.lists(st.text(max_size=3) | st.integers() | st.lists(st.text(max_size=2), max_size=1), max_size=3)
)


@st.composite
def draw_answers(draw: st.DrawFn, questionnaire: Questionnaire) -> dict[str, Any]:
    """Answers as a draft may hold them: mostly sensible, some blank, some of another version or of no shape at all."""
    agrees = draw(st.booleans())
    answers: dict[str, Any] = {}
    noise = draw(st.randoms(use_true_random=False))
    for question in questionnaire.questions:
        lot = noise.random()
        if lot < 0.25:
            continue
        answers[question.name] = draw(GARBAGE) if lot > 0.98 else pick_answer(question, noise)
    if agrees:
        answers |= {"consent_participate": "agree", "consent": "agree"}
        if answers.get("jp_stage") == "noplan":
            answers["jp_stage"] = "filed"
    return answers


def pick_answer(question: Question, noise: Any) -> Stored:
    names = [choice.name for choice in question.choices]
    if question.kind == "select_one":
        return str(noise.choice(names))
    if question.kind in ("select_multiple", "rank"):
        return noise.sample(names, noise.randint(1, min(6, len(names))))  # type: ignore[no-any-return]
    if question.kind == "integer":
        return int(noise.randint(-5, 3000))
    return str(noise.choice(["3.5", "a@b.kr", "010-1234-5678", "사례", "x" * 3000]))


@given(st.data())
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_no_answers_break_the_way(questionnaire: Questionnaire, data: st.DataObject) -> None:
    answers = data.draw(draw_answers(questionnaire))
    standing = evaluate(questionnaire, answers)
    assert standing.answers == answers
    follow_to_the_end(standing)
    hidden_is_not_counted(standing)
    pages_open_in_order(standing)
    kept = keep_asked(standing)
    again = evaluate(questionnaire, kept)
    assert keep_asked(again) == kept
    assert list_pages(again) == list_pages(standing)
    assert check_all(again) == check_all(standing)
    assert find_cleared(again) == ()
    assert (check_all(standing) == {}) is (find_first_incomplete(standing) is None)


def follow_to_the_end(standing: Standing) -> None:
    """The chain of next pages ends and sees every page once; the chain of previous pages is the same backwards."""
    assert standing.pages
    page, seen = standing.pages[0], [standing.pages[0]]
    while (following := find_next_page(standing, page)) is not None:
        assert find_previous_page(standing, following) is page
        assert len(seen) <= len(standing.questionnaire.pages)
        page = following
        seen.append(page)
    assert tuple(seen) == standing.pages
    assert all(standing.shown(page) for page in seen)
    for hidden in standing.questionnaire.pages:
        find_next_page(standing, hidden)
        assert 0 <= count_minutes_left(standing, hidden) <= standing.questionnaire.estimated_minutes[1]


def hidden_is_not_counted(standing: Standing) -> None:
    asked = {question.name for question in standing.asked}
    kept = keep_asked(standing)
    for row in standing.questionnaire.rows:
        if not standing.is_relevant(row.name):
            assert row.name not in kept
            assert row.name not in asked
            assert standing.values.get(row.name, "") == ""
    for question in standing.asked:
        stored = kept.get(question.name)
        if question.choices and stored is not None:
            offered = {choice.name for choice in standing.offered(question)}
            assert set(stored if isinstance(stored, list) else [stored]) <= offered
    assert {question.name for page in standing.pages for question in page.questions} >= asked


def pages_open_in_order(standing: Standing) -> None:
    complete = True
    for page in standing.pages:
        assert is_reachable(standing, page) is complete
        complete = complete and not check_page(standing, page)
    resumed = find_resume_page(standing)
    assert resumed is None or is_reachable(standing, resumed)


@given(st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_whoever_answers_what_is_asked_arrives(real: Questionnaire, data: st.DataObject) -> None:
    """Answering page by page, each question with something that it accepts, always ends in a complete return."""
    noise = data.draw(st.randoms(use_true_random=False))
    answers: dict[str, Stored] = {"consent_participate": "agree"}
    for _ in range(2 * len(real.pages)):
        standing = evaluate(real, answers)
        page = find_first_incomplete(standing)
        if page is None:
            break
        for name in check_page(standing, page):
            answers[name] = find_accepted(real, answers, real.by_name[name], noise)
    assert check_all(evaluate(real, answers)) == {}


def find_accepted(
    questionnaire: Questionnaire, answers: Mapping[str, Stored], question: Question, noise: Any
) -> Stored:
    standing = evaluate(questionnaire, answers)
    offered = [choice.name for choice in standing.offered(question)]
    for _ in range(50):
        tried: Stored
        if question.kind == "select_one":
            tried = noise.choice(offered)
        elif question.kind == "select_multiple":
            tried = noise.sample(offered, noise.randint(1, min(5, len(offered))))
        elif question.kind == "integer":
            tried = noise.randint(0, 120)
        else:
            tried = "a@b.kr"
        after = evaluate(questionnaire, {**answers, question.name: tried})
        if check_answer(after, question) is None:
            return tried
    raise AssertionError(f"{question.name} accepts nothing")
