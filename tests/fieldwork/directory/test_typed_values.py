"""What people type into a form or a list: business numbers, addresses, choices in three languages, and nonsense."""

from __future__ import annotations

import pytest

from surveyapp.fieldwork.directory.addresses import normalise_address, read_address
from surveyapp.fieldwork.directory.business_numbers import find_check_digit, read_business_number, show_business_number
from surveyapp.fieldwork.directory.columns import Column
from surveyapp.fieldwork.directory.entries import (
    EntryChoices,
    clean_words,
    find_entry_choices,
    read_company_fields,
    read_contact_fields,
    read_wants_no_mail,
)
from surveyapp.questionnaire.model import Questionnaire
from tests.fieldwork.directory.directory_days import NUMBERS


@pytest.fixture
def choices(questionnaire: Questionnaire) -> EntryChoices:
    return find_entry_choices(questionnaire)


@pytest.mark.parametrize("number", NUMBERS)
def test_published_numbers_are_right(number: str) -> None:
    assert read_business_number(number) == number
    assert read_business_number(show_business_number(number)) == number


@pytest.mark.parametrize("typed", ["124 - 81 - 00998", "１２４－８１－００９９８", "124.81.00998", " 1248100998\n"])
def test_a_number_is_read_however_it_is_parted(typed: str) -> None:
    assert read_business_number(typed) == "1248100998"


@pytest.mark.parametrize("typed", ["", "124-81-0099", "124-81-009980", "124-81-0099A", "١٢٤٨١٠٠٩٩٨", "1.24810E+09"])
def test_what_is_no_number(typed: str) -> None:
    assert read_business_number(typed) is None


@pytest.mark.parametrize("number", NUMBERS)
def test_the_check_digit_finds_every_single_wrong_digit(number: str) -> None:
    for place in range(len(number)):
        for digit in set("0123456789") - {number[place]}:
            wrong = number[:place] + digit + number[place + 1 :]
            assert read_business_number(wrong) is None, (place, digit)
    assert len({find_check_digit(number[:8] + digit) for digit in "0123456789"}) == 10


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("kim@example.co.kr", "kim@example.co.kr"),
        (" Kim.Min+su@EXAMPLE.co.kr ", "Kim.Min+su@example.co.kr"),
        ("ｋｉｍ＠example.com", "kim@example.com"),
        ("info@회사.한국", "info@xn--vf4b131b.xn--3e0b707e"),
    ],
)
def test_addresses_that_mail_can_be_sent_to(typed: str, address: str) -> None:
    assert read_address(typed) == address


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "kim",
        "kim@example",
        "kim@@example.com",
        "kim..min@example.com",
        ".kim@example.com",
        "kim@-example.com",
        "김@example.com",
        "Kim <kim@example.com>",
        "kim@example.com, lee@example.com",
        "kim@example.com\nBcc: all@example.com",
        "kim@example.com\r",
        "kim\x00@example.com",
        "kim@exa mple.com",
        "kim@[127.0.0.1]",
        '"kim"@example.com',
        "k" * 65 + "@example.com",
        "kim@" + "a." * 130 + "com",
    ],
)
def test_what_is_no_address(typed: str) -> None:
    assert read_address(typed) in (None, "kim@example.com" if typed == "kim@example.com\r" else None)


def test_one_address_in_several_spellings() -> None:
    assert normalise_address("Kim@회사.한국") == normalise_address("kim@XN--VF4B131B.xn--3e0b707e ")


@pytest.mark.parametrize(
    ("typed", "size"),
    [
        ("e50_299", "e50_299"),
        ("50~299명", "e50_299"),
        ("50 ～ 299 명", "e50_299"),
        ("50–299", "e50_299"),
        ("1,000명 이상", "e1000p"),
        ("1000人以上", "e1000p"),
        ("312", "e300_999"),
        ("약 1,250명", "e1000p"),
        ("0", "e1_49"),
        ("", None),
        ("-", None),
        ("해당 없음", None),
    ],
)
def test_a_size_by_code_label_or_number_of_employees(choices: EntryChoices, typed: str, size: str | None) -> None:
    fields, faults = read_company_fields({"name_ko": "가", "size": typed}, choices)
    assert (fields.size, faults) == (size, ())


@pytest.mark.parametrize(
    ("column", "typed", "problem"),
    [
        ("business_number", "123-45-67890", "business_number"),
        ("size", "크다", "choice"),
        ("main_business", "제약", "choice"),
        ("membership", "그룹", "membership"),
        ("name_en", "Han\x07bit", "control"),
        ("name_en", "Han\u202ebit", "control"),
        ("name_en", "=HYPERLINK(1)", "formula"),
        ("name_ja", "＝1+1", "formula"),
        ("name_ko", "가" * 201, "too_long"),
        ("name_ko", "\ud800", "control"),
    ],
)
def test_what_is_refused_of_a_company(choices: EntryChoices, column: Column, typed: str, problem: str) -> None:
    _, faults = read_company_fields({"name_ko": "한빛", column: typed}, choices)
    assert [(each.column, each.problem) for each in faults] == [(column, problem)]


def test_a_company_needs_a_name_in_one_language(choices: EntryChoices) -> None:
    _, faults = read_company_fields({"name_ko": " - ", "business_number": NUMBERS[0]}, choices)
    assert [(each.column, each.problem) for each in faults] == [("name_ko", "no_name")]
    fields, faults = read_company_fields({"name_ja": "ハンビット"}, choices)
    assert fields.name.ja == "ハンビット" and not faults


def test_a_contact_must_be_reachable() -> None:
    assert read_contact_fields({"contact_language": "ko"}) == (None, ())
    _, faults = read_contact_fields({"contact_name": "김민수"})
    assert [(each.column, each.problem) for each in faults] == [("contact_email", "unreachable")]
    fields, faults = read_contact_fields({"contact_phone": "+82-2-1234-5678", "contact_language": "일본어"})
    assert fields is not None and not faults
    assert (fields.phone, fields.language) == ("+82-2-1234-5678", "ja")
    _, faults = read_contact_fields({"contact_email": "kim@example", "contact_language": "de"})
    assert {each.problem for each in faults} == {"email", "language"}


@pytest.mark.parametrize(
    ("typed", "wants"), [("", None), ("Y", True), ("수신거부", True), ("아니오", False), ("0", False)]
)
def test_who_wants_no_mail(typed: str, wants: bool | None) -> None:
    assert read_wants_no_mail({"contact_no_mail": typed}) == (wants, ())


def test_words_are_cleaned_and_our_own_apostrophe_taken_off() -> None:
    assert clean_words("  한빛\r\n바이오\u00a0㈜\u200b ") == "한빛 바이오 ㈜"
    assert clean_words("'+82-2-123") == "+82-2-123"
    assert clean_words("'quoted'") == "'quoted'"
    assert clean_words("\u1112\u1161\u11ab") == "한"  # NFD, as files from macOS have it
