"""Spellings of one company are one; those of two stay two."""

from __future__ import annotations

import pytest

from surveyapp.fieldwork.directory.names import build_search_words, fold_name, split_search, take_initials
from surveyapp.questionnaire.model import Text

# Nothing here is read from the database, whichever it is.
ONE_COMPANY = (
    ["한빛바이오", "㈜한빛바이오", "(주) 한빛 바이오", "한빛바이오 주식회사", "한빛·바이오㈜", "（주）한빛바이오"],
    ["Hanbit Bio", "HANBIT BIO CO., LTD.", "Hanbit Bio Co.,Ltd", "Ｈａｎｂｉｔ Bio Inc.", "Hanbit-Bio Corporation"],
    [
        "ハンビットバイオ",
        "株式会社ハンビットバイオ",
        "ハンビットバイオ㈱",
        "ﾊﾝﾋﾞｯﾄﾊﾞｲｵ",
        "はんびっとばいお",
        "㍿ハンビットバイオ",
    ],
)


@pytest.mark.parametrize("spellings", ONE_COMPANY)
def test_spellings_of_one_company_are_folded_into_one(spellings: list[str]) -> None:
    assert len({fold_name(each) for each in spellings}) == 1


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("Cosmax", "cosmax"),  # a sign of legal form inside a word is none
        ("Incyte Korea Ltd", "incytekorea"),
        ("Medico", "medico"),
        ("The Co-operative", "thecooperative"),
        ("주식회사", "주식회사"),  # nothing but the sign
        ("대한사료(유)", "대한사료"),
        ("Kolon Industries, Inc", "kolonindustries"),
        ("", ""),
    ],
)
def test_what_is_taken_for_a_sign_of_legal_form(name: str, folded: str) -> None:
    assert fold_name(name) == folded


def test_different_companies_stay_apart() -> None:
    names = ["한빛바이오", "한빛제약", "한빛", "Hanbit Pharma", "Hanbit Bio", "ハンビット"]
    assert len({fold_name(each) for each in names}) == len(names)


def test_initial_consonants_are_those_that_a_keyboard_types() -> None:
    (typed,) = split_search("ㅎㅂㅂㅇ")
    assert typed in take_initials(fold_name("㈜한빛바이오"))
    (doubled,) = split_search("ㄸㅂㅊ")
    assert doubled == take_initials("또바치")
    assert take_initials("hanbit") == ""


def test_search_words_hold_each_script_and_the_initials_once() -> None:
    lines = build_search_words([Text("한빛바이오", "Hanbit Bio", ""), Text("한빛 바이오㈜", "HBB", "")]).split("\n")
    assert lines == ["한빛바이오", "hanbitbio", "hbb", take_initials("한빛바이오")]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("  ", ()),
        ("주식회사", ()),
        ("(주)한빛 bio", ("한빛", "bio")),
        ("123-45-67891", ("1234567891",)),
        ("bio BIO", ("bio",)),
        ("%_\\", ()),
    ],
)
def test_a_search_is_folded_like_names(typed: str, words: tuple[str, ...]) -> None:
    assert split_search(typed) == words
