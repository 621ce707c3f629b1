"""The fast way to "was asked" agrees with the rule, for whatever may be stored."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.analysis.asked_paths import AskedPaths, find_asked_paths
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.questionnaire.paths import evaluate, keep_asked
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire, read_questionnaire
from tests.analysis.returns import draw_answers

PATHS = find_asked_paths(load_builtin_questionnaire())


def find_asked_by_rule(questionnaire: Questionnaire, stored: dict[str, Stored]) -> frozenset[str]:
    return frozenset(question.name for question in evaluate(questionnaire, stored).asked)


@given(seed=st.integers(0, 2**32), blank=st.sampled_from([0.0, 0.05, 0.3, 0.7]))
@settings(max_examples=300, deadline=None)
def test_agrees_with_the_rule_on_stored_returns(seed: int, blank: float) -> None:
    questionnaire = load_builtin_questionnaire()
    stored = keep_asked(evaluate(questionnaire, draw_answers(questionnaire, Random(seed), blank=blank)))
    path = PATHS.find_path(stored)
    assert path.names == find_asked_by_rule(questionnaire, stored)
    held = {name for flag, names in zip(path.flags, PATHS.conditions, strict=True) if flag for name in names}
    assert held == path.names


@given(seed=st.integers(0, 2**32))
@settings(max_examples=50, deadline=None)
def test_agrees_where_calculates_were_not_stored(seed: int) -> None:
    questionnaire = load_builtin_questionnaire()
    kept = keep_asked(evaluate(questionnaire, draw_answers(questionnaire, Random(seed))))
    stored = {name: answer for name, answer in kept.items() if questionnaire.by_name[name].is_asked}
    assert PATHS.find_path(stored).names == find_asked_by_rule(questionnaire, stored)


def test_nothing_stored_is_the_path_of_an_empty_return(questionnaire: Questionnaire) -> None:
    assert PATHS.find_path({}).names == find_asked_by_rule(questionnaire, {})


def test_a_question_without_choices_on_offer_is_not_asked(questionnaire: Questionnaire) -> None:
    stored = keep_asked(evaluate(questionnaire, {"consent_participate": "agree", "jp_stage": "onmarket"}))
    assert "jp_products" not in PATHS.find_path(stored).names
    stored["product_categories"] = ["device"]
    assert "jp_products" in PATHS.find_path(stored).names


SMALL = """
settings:
  form_id: small
  version: "1"
  default_language: ko
  languages: [ko, en, ja]
  title: {ko: 가, en: a, ja: あ}
  estimated_minutes: [1, 2]
choices:
  letters:
  - {name: a, label: {ko: 가, en: a, ja: あ}}
  - {name: b, label: {ko: 나, en: b, ja: い}}
  - {name: ab, label: {ko: 다, en: c, ja: う}}
survey:
- {type: begin_group, name: sec, label: {ko: 가, en: a, ja: あ}}
- {type: select_multiple letters, name: first, label: {ko: 가, en: a, ja: あ}}
- {type: integer, name: count, label: {ko: 가, en: a, ja: あ}}
- {type: text, name: words, label: {ko: 가, en: a, ja: あ}, constraint: "string-length(.) <= 100"}
- {type: calculate, name: half, calculation: "${count} div 2"}
- {type: text, name: by_part, relevant: "selected(${first}, 'a') and count-selected(${first}) < 3", \
label: {ko: 가, en: a, ja: あ}}
- {type: text, name: by_whole, relevant: "concat(${first}, '') = 'a b'", label: {ko: 가, en: a, ja: あ}}
- {type: text, name: by_number, relevant: "${half} > 1 or -(${count}) = 0", label: {ko: 가, en: a, ja: あ}}
- {type: text, name: by_words, relevant: "string-length(${words}) > 2 and not(selected(${words}, 'a'))", \
label: {ko: 가, en: a, ja: あ}}
- {type: select_one letters, name: second, choice_filter: "selected(${first}, name) and ${count} != 3", \
label: {ko: 가, en: a, ja: あ}}
- {type: text, name: after, relevant: "${second} = 'b' or ${by_words} != ''", label: {ko: 가, en: a, ja: あ}}
- {type: end_group, name: sec}
"""


@pytest.fixture(scope="module")
def small() -> AskedPaths:
    return AskedPaths(read_questionnaire(SMALL))


@given(
    first=st.lists(st.sampled_from(["a", "b", "ab"]), unique=True),
    count=st.one_of(st.none(), st.integers(-2, 6)),
    words=st.sampled_from(["", "a", "a b", "bcd", "  ab  a", "사례 있음"]),
    by_words=st.sampled_from(["", "x"]),
    second=st.sampled_from(["", "a", "b"]),
)
@settings(max_examples=300, deadline=None)
def test_agrees_on_every_way_to_look_at_an_answer(
    small: AskedPaths, first: list[str], count: int | None, words: str, by_words: str, second: str
) -> None:
    given_answers: dict[str, Stored | None] = {
        "first": [name for name in ("a", "b", "ab") if name in first] or None,
        "count": count,
        "words": words or None,
        "by_words": by_words or None,
        "second": second or None,
    }
    answers = {name: answer for name, answer in given_answers.items() if answer is not None}
    stored = keep_asked(evaluate(small.questionnaire, answers))
    assert small.find_path(stored).names == find_asked_by_rule(small.questionnaire, stored)
