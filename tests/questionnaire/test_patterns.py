"""Patterns of `regex()`: the syntax of the standard library, a place for every fault, a bound on time."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.faults import PatternFault
from surveyapp.questionnaire.patterns import MAX_PATTERN, MAX_TEXT, Pattern, compile_pattern


def try_pattern(source: str) -> Pattern | PatternFault:
    try:
        return Pattern(source)
    except PatternFault as fault:
        return fault


@given(st.text(alphabet="ab()[]{}*+?|\\^$.-,019dw:<>=!P", max_size=25), st.text(alphabet="ab01", max_size=5))
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_pattern_or_a_fault_with_its_place(source: str, text: str) -> None:
    found = try_pattern(source)
    if isinstance(found, PatternFault):
        assert 0 <= found.position <= len(source)
        assert found.reason.endswith(".")
    else:
        assert found.matches(text) in (True, False)


@pytest.mark.parametrize(
    ("source", "position"),
    [("(a", 2), ("a)", 1), ("[a", 2), ("*a", 0), ("a**", 2), ("a\\", 2), ("a" * (MAX_PATTERN + 1), MAX_PATTERN)],
)
def test_refuses_a_pattern_at_its_place(source: str, position: int) -> None:
    with pytest.raises(PatternFault) as caught:
        Pattern(source)
    assert caught.value.position == position


@pytest.mark.parametrize("source", ["(a|aa)+$b", "(x+x+)+y", "(a|a?)+c"])
def test_a_pattern_that_makes_backtracking_explode_is_answered_soon(source: str) -> None:
    begin = time.thread_time()
    assert not Pattern(source).matches("a" * 400 + "x" * 4_000)
    assert time.thread_time() - begin < 2


def test_the_whole_text_must_match() -> None:
    assert not Pattern("[0-9]{3}").matches("0123")
    assert not Pattern("[0-9]{3}").matches("012\n")


def test_a_text_over_the_bound_does_not_match() -> None:
    assert Pattern("a*").matches("a" * MAX_TEXT)
    assert not Pattern("a*").matches("a" * (MAX_TEXT + 1))


def test_word_class_knows_korean_and_patterns_are_compiled_once() -> None:
    assert compile_pattern(r"\w+") is compile_pattern(r"\w+")
    assert compile_pattern(r"\w+").matches("홍길동")
    assert compile_pattern(r"[가-힣]{2,4}").matches("홍길동")
    assert not compile_pattern(r"\W").matches("가")
