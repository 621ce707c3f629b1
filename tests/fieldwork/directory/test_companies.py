"""The directory: numbers, names, search in three scripts, filters, and two people at one entry."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from surveyapp.fieldwork.directory.companies import (
    BusinessNumberTaken,
    CompanyChanged,
    CompanyUnknown,
    find_company,
    refresh_search_words,
)
from surveyapp.fieldwork.directory.search import NOT_GIVEN, CompanyFilter, find_companies
from surveyapp.questionnaire.model import Text
from surveyapp.records.tables import company
from tests.fieldwork.directory.directory_days import NUMBERS, DirectoryDay
from tests.records.databases import count_statements


def test_what_was_added_is_found_as_it_was(directory: DirectoryDay) -> None:
    added = directory.add(
        "한빛바이오㈜", "Hanbit Bio", "ハンビット", business_number=NUMBERS[0], size="e50_299", main_business="bio"
    )
    assert added == directory.list_all()[0]
    assert (added.company_id, added.membership, added.is_sample) == (1, "unknown", False)
    assert added.name == Text("한빛바이오㈜", "Hanbit Bio", "ハンビット")
    assert directory.add("둘째").company_id == 2


def test_two_companies_have_no_number_in_common(directory: DirectoryDay) -> None:
    first = directory.add("첫째", business_number=NUMBERS[0])
    second = directory.add("둘째", business_number=NUMBERS[1])
    with pytest.raises(BusinessNumberTaken) as fault:
        directory.add("셋째", business_number=NUMBERS[0])
    assert fault.value.company_id == first.company_id
    with pytest.raises(BusinessNumberTaken):
        directory.change(second, replace(second.fields, business_number=NUMBERS[0]))
    assert [each.business_number for each in directory.list_all()] == [*NUMBERS[:2]]
    assert directory.change(second, second.fields) == second  # one's own number is no other's


def test_who_looked_at_an_older_entry_overwrites_nothing(directory: DirectoryDay) -> None:
    read = directory.add("한빛")
    directory.now += timedelta(minutes=1)
    changed = directory.change(read, replace(read.fields, size="e1_49"), version=read.changed_at)
    with pytest.raises(CompanyChanged) as fault:
        directory.change(read, replace(read.fields, main_business="bio"), version=read.changed_at)
    assert fault.value.company == changed
    assert directory.list_all() == (changed,)


@pytest.mark.parametrize(
    "words",
    [
        "한빛",
        "(주)한빛바이오",
        "바이오 한빛",
        "ㅎㅂㅂㅇ",
        "ㅂㅇ",
        "hanbit",
        "HANBIT BIO CO., LTD.",
        "ｈａｎｂｉｔ",
        "ハンビット",
        "はんびっと",
        "ﾊﾝﾋﾞｯﾄ",
        "116-82",
        "1168200276",
        "한빛 bio",
    ],
)
def test_a_company_is_found_in_any_script(directory: DirectoryDay, words: str) -> None:
    directory.add("한빛바이오㈜", "Hanbit Bio", "株式会社ハンビットバイオ", business_number=NUMBERS[0])
    directory.add("서울약품", "Seoul Pharm", "ソウル薬品", business_number=NUMBERS[1])
    assert directory.search(words) == ["한빛바이오㈜"]


@pytest.mark.parametrize("words", ["없는이름", "%", "_", "한%오", "ㅋㅋ", "nobody@example.com"])
def test_what_is_not_there_is_not_found(directory: DirectoryDay, words: str) -> None:
    directory.add("한빛바이오")
    assert directory.search(words) == ([] if words not in ("%", "_") else ["한빛바이오"])


def test_a_contacts_address_finds_the_company(directory: DirectoryDay) -> None:
    directory.add_contact(directory.add("한빛"), "김", "Kim@Example.com")
    directory.add("서울")
    assert directory.search(" kim@example.COM ") == ["한빛"]
    assert directory.search("kim@example.org") == []


def test_filters_join_as_they_say(directory: DirectoryDay) -> None:
    directory.add("가", size="e1_49", main_business="bio", membership="member")
    directory.add("나", size="e50_299", main_business="bio", membership="none")
    directory.add("다", main_business="device", membership="member")
    assert directory.search(sizes=("e1_49", NOT_GIVEN)) == ["가", "다"]
    assert directory.search(main_businesses=("bio",), memberships=("member",)) == ["가"]
    assert directory.search(sizes=(NOT_GIVEN,)) == ["다"]
    assert directory.search("나", memberships=("member",)) == []


def test_a_page_of_many_costs_three_statements(directory: DirectoryDay) -> None:
    for place in range(60):
        directory.add(f"기업{place:03}")
    with directory.database.read() as connection, count_statements(directory.database) as statements:
        wanted = CompanyFilter("기업")
        found = find_companies(connection, directory.vault, directory.survey_id, wanted, limit=25, offset=50)
    assert (len(found.companies), found.total) == (10, 60)
    assert found.companies[0].name.ko == "기업050"
    assert len([each for each in statements if each.startswith("SELECT")]) == 3


def test_search_words_of_older_rules_are_written_anew(directory: DirectoryDay) -> None:
    directory.add("한빛바이오㈜")
    directory.add("서울")
    with directory.database.write() as connection:
        connection.execute(update(company).where(company.c.company_id == 1).values(search_words="한빛바이오(주)"))
    assert directory.search("ㅎㅂㅂㅇ") == []
    with directory.database.write() as connection:
        assert refresh_search_words(connection, directory.survey_id) == 1
        assert refresh_search_words(connection, directory.survey_id) == 0
    assert directory.search("ㅎㅂㅂㅇ") == ["한빛바이오㈜"]


def test_an_unknown_company(directory: DirectoryDay) -> None:
    with directory.database.read() as connection, pytest.raises(CompanyUnknown):
        find_company(connection, directory.survey_id, 7)
