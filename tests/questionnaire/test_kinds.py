"""Posted values become answers: every kind, every fault, and the characters of real keyboards."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.faults import AnswerFault
from surveyapp.questionnaire.kinds import KINDS, MAX_TEXT_LENGTH, MAX_WHOLE, clean_text
from surveyapp.questionnaire.model import Choice, Group, Kind, Language, Question, Stored, Text

SECTION = Group("sec", Text("", "", ""), None, field_list=False, parents=())
CHOICES = (
    Choice("apple", Text("사과", "Apple", "りんご")),
    Choice("berry", Text("딸기", "Berry", "いちご")),
    Choice("pear", Text("배", "Pear", "なし")),
)


def build(kind: Kind, *, multiline: bool = False) -> Question:
    choices = CHOICES if KINDS[kind].has_choices else ()
    return Question("q", kind, Text("", "", ""), (SECTION,), choices=choices, multiline=multiline)


def parse(kind: Kind, *raw: str, multiline: bool = False) -> Stored | None:
    return KINDS[kind].parse(build(kind, multiline=multiline), raw)


@pytest.mark.parametrize(
    ("kind", "raw", "stored"),
    [
        ("text", ["  한국 "], "한국"),
        ("text", ["\u1112\u1161\u11ab\u1100\u116e\u11a8"], "한국"),  # NFD, as macOS sends it
        ("text", ["", "last"], "last"),
        ("text", ["first", ""], "first"),
        ("text", ["\u3000 \t"], None),
        ("text", [], None),
        ("integer", ["12"], 12),
        ("integer", ["０１２"], 12),
        ("integer", ["－５"], -5),
        ("integer", ["-5"], -5),
        ("integer", ["+5"], 5),
        ("integer", ["1,234,567"], 1234567),
        ("integer", ["１，２３４"], 1234),
        ("integer", ["-0"], 0),
        ("integer", [" "], None),
        ("integer", ["0" * 40 + "7"], 7),
        ("decimal", ["1.50"], "1.5"),
        ("decimal", ["１．５"], "1.5"),
        ("decimal", [".5"], "0.5"),
        ("decimal", ["5."], "5"),
        ("decimal", ["-0.0"], "0"),
        ("decimal", ["1,234.5"], "1234.5"),
        ("decimal", ["100"], "100"),
        ("decimal", [""], None),
        ("select_one", ["apple"], "apple"),
        ("select_one", ["", " apple "], "apple"),
        ("select_one", ["apple", "apple"], "apple"),
        ("select_one", [""], None),
        ("select_multiple", ["pear", "apple", "pear", ""], ["apple", "pear"]),
        ("select_multiple", [], None),
        ("rank", ["apple=2", "pear=1", "berry="], ["pear", "apple"]),
        ("rank", ["apple=3", "pear=１"], ["pear", "apple"]),
        ("rank", ["apple=1", "apple=1"], ["apple"]),
        ("rank", ["apple=", ""], None),
        ("note", ["x"], None),
        ("calculate", ["x"], None),
    ],
)
def test_parse(kind: Kind, raw: list[str], stored: Stored | None) -> None:
    assert parse(kind, *raw) == stored


@pytest.mark.parametrize(
    ("kind", "raw", "code"),
    [
        ("text", ["a\x00b"], "control_character"),
        ("text", ["a\nb"], "control_character"),
        ("text", ["a\tb"], "control_character"),
        ("text", ["a\x85b"], "control_character"),
        ("text", ["a\ud800b"], "control_character"),
        ("text", ["a\uffffb"], "control_character"),
        ("text", ["a" * (MAX_TEXT_LENGTH + 1)], "too_long"),
        ("integer", ["12a"], "not_whole"),
        ("integer", ["1.5"], "not_whole"),
        ("integer", ["12,34"], "not_whole"),
        ("integer", ["٣"], "not_whole"),
        ("integer", ["一"], "not_whole"),
        ("integer", ["1\x002"], "control_character"),
        ("integer", [str(MAX_WHOLE + 1)], "too_large"),
        ("integer", ["9" * 10_000], "too_large"),
        ("decimal", ["1.2.3"], "not_number"),
        ("decimal", ["1e5"], "not_number"),
        ("decimal", ["nan"], "not_number"),
        ("decimal", ["."], "not_number"),
        ("decimal", ["-"], "not_number"),
        ("decimal", ["1.2345678901234567"], "too_large"),
        ("decimal", ["0." + "0" * 60 + "1"], "too_large"),
        ("select_one", ["kiwi"], "not_a_choice"),
        ("select_one", ["Apple"], "not_a_choice"),
        ("select_one", ["apple", "pear"], "not_a_choice"),
        ("select_one", ["app\x00le"], "not_a_choice"),
        ("select_multiple", ["apple", "kiwi"], "not_a_choice"),
        ("rank", ["apple=1", "pear=1"], "rank_tie"),
        ("rank", ["apple=1", "apple=2"], "rank_tie"),
        ("rank", ["apple=4"], "rank_position"),
        ("rank", ["apple=0"], "rank_position"),
        ("rank", ["apple=x"], "rank_position"),
        ("rank", ["kiwi=1"], "not_a_choice"),
        ("rank", ["apple"], None),
    ],
)
def test_parse_refuses(kind: Kind, raw: list[str], code: str | None) -> None:
    if code is None:
        assert parse(kind, *raw) is None
        return
    with pytest.raises(AnswerFault) as caught:
        parse(kind, *raw)
    assert caught.value.code == code
    assert all(str(value).isprintable() for value in caught.value.params.values())


def test_a_multiline_text_keeps_tabs_and_plain_line_ends() -> None:
    assert parse("text", "a\r\nb\rc\td\n", multiline=True) == "a\nb\nc\td"
    with pytest.raises(AnswerFault):
        clean_text("a\x0bb", multiline=True)


@pytest.mark.parametrize(
    ("kind", "stored", "language", "text"),
    [
        ("select_one", "apple", "ko", "사과"),
        ("select_one", "gone", "ko", "gone"),
        ("select_multiple", ["apple", "pear"], "ja", "りんご、なし"),
        ("select_multiple", ["apple", "pear"], "en", "Apple, Pear"),
        ("rank", ["pear", "apple"], "en", "1. Pear, 2. Apple"),
        ("integer", -5, "ko", "-5"),
        ("decimal", "1.5", "ko", "1.5"),
        ("text", "말", "ko", "말"),
    ],
)
def test_to_text(kind: Kind, stored: Stored, language: Language, text: str) -> None:
    assert KINDS[kind].to_text(build(kind), stored, language) == text


@pytest.mark.parametrize(
    ("kind", "stored", "xpath"),
    [
        ("select_one", "apple", "apple"),
        ("select_multiple", ["apple", "pear"], "apple pear"),
        ("rank", ["pear", "apple"], "pear apple"),
        ("integer", 84, "84"),
        ("decimal", "1.5", "1.5"),
    ],
)
def test_to_xpath(kind: Kind, stored: Stored, xpath: str) -> None:
    assert KINDS[kind].to_xpath(build(kind), stored) == xpath


@pytest.mark.parametrize(
    ("kind", "stored", "kept"),
    [
        ("select_one", "apple", "apple"),
        ("select_one", "berry", None),
        ("select_one", ["apple"], None),
        ("select_multiple", ["apple", "berry", "apple"], ["apple"]),
        ("select_multiple", ["berry"], None),
        ("select_multiple", "apple", None),
        ("select_multiple", [["apple"], 3, None], None),
        ("rank", ["pear", "berry"], ["pear"]),
        ("integer", True, None),
        ("integer", 10**20, None),
        ("integer", "5", None),
        ("integer", 5, 5),
        ("decimal", "1.5", "1.5"),
        ("decimal", "x", None),
        ("decimal", 1.5, None),
        ("text", "x", "x"),
        ("text", "", None),
        ("text", 5, None),
        ("note", "x", None),
        ("calculate", "x", None),
    ],
)
def test_keep_only_what_fits(kind: Kind, stored: object, kept: Stored | None) -> None:
    assert KINDS[kind].keep(stored, {"apple", "pear"}) == kept


RAW = st.lists(
    st.text(max_size=20) | st.sampled_from(["apple", "pear=1", "berry=2", "1", "-2.5", "１２", "\x00", "=", "kiwi=1"]),
    max_size=5,
)


@given(st.sampled_from(sorted(KINDS)), RAW)
@settings(max_examples=400, deadline=None)
def test_any_post_gives_an_answer_that_stays_itself_or_a_fault(kind: Kind, raw: list[str]) -> None:
    question = build(kind)
    try:
        stored = KINDS[kind].parse(question, raw)
    except AnswerFault:
        return
    if stored is None:
        return
    assert KINDS[kind].keep(stored, {choice.name for choice in CHOICES}) == stored
    entries = [f"{name}={place}" for place, name in enumerate(stored, 1)] if isinstance(stored, list) else []
    again = entries if kind == "rank" else stored if isinstance(stored, list) else [str(stored)]
    assert KINDS[kind].parse(question, again) == stored
    assert KINDS[kind].to_text(question, stored, "ja")


def test_faults_are_values() -> None:
    assert AnswerFault("required") == AnswerFault("required")
    assert AnswerFault("too_large", {"limit": 1}) != AnswerFault("too_large", {"limit": 2})
    assert AnswerFault("required") != "required"
    assert len({AnswerFault("required"), AnswerFault("required")}) == 1
    assert repr(AnswerFault("too_large", {"limit": 1})) == "AnswerFault('too_large', {'limit': 1})"
