"""A list against the directory: new, changed, unchanged, every fault by row and column; all of it or nothing."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import func, select

from surveyapp.fieldwork.directory.contacts import is_opted_out
from surveyapp.fieldwork.directory.entries import find_entry_choices
from surveyapp.fieldwork.directory.headings import find_layout
from surveyapp.fieldwork.directory.import_rows import ListedCompanies, read_listed_companies
from surveyapp.fieldwork.directory.importing import (
    DirectoryMoved,
    ImportFaulty,
    ImportPlan,
    import_companies,
    plan_import,
)
from surveyapp.fieldwork.directory.table_files import Sheet
from surveyapp.records.audit import list_audit
from surveyapp.records.tables import company, company_contact, confidential
from surveyapp.reports.company_files import list_columns, list_directory_rows
from surveyapp.reports.directory_words import name_column
from surveyapp.reports.words import Words
from tests.fieldwork.directory.directory_days import NUMBERS, DirectoryDay
from tests.records.databases import count_statements

HEADINGS = [
    *("기업명", "영문명", "사업자등록번호", "임직원 수", "회원 구분"),
    *("담당자", "부서", "이메일", "전화", "언어", "수신 거부"),
]
HANBIT = [
    *("한빛바이오㈜", "Hanbit Bio", "116-82-00276", "120명", "회원사"),
    *("김민수", "해외팀", "kim@example.com", "02-1", "ko", ""),
]
SEOUL = ["서울약품", "Seoul Pharm", "", "", "비회원", "", "", "", "", "", ""]


def read(day: DirectoryDay, *rows: Sequence[str], headings: Sequence[str] = HEADINGS) -> ListedCompanies:
    sheet = Sheet("", [headings, *rows])
    layout = find_layout(sheet)
    return read_listed_companies(sheet, layout.heading_row, layout.columns, find_entry_choices(day.questionnaire))


def plan(day: DirectoryDay, listed: ListedCompanies) -> ImportPlan:
    with day.database.read() as connection:
        return plan_import(connection, day.vault, day.survey_id, listed)


def carry_out(day: DirectoryDay, listed: ListedCompanies, digest: str | None = None) -> ImportPlan:
    with day.database.write() as connection:
        return import_companies(
            connection, day.vault, day.survey_id, listed, digest=digest, now=day.now, actor="manager@example.com"
        )


def list_faults(day: DirectoryDay, *rows: Sequence[str]) -> list[tuple[int, str | None, str]]:
    return [(fault.row, fault.column, fault.problem) for fault in plan(day, read(day, *rows)).faults]


def count_rows(day: DirectoryDay) -> list[int]:
    with day.database.read() as connection:
        tables = (company, company_contact, confidential)
        return [connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables]


def row(**changed: str) -> list[str]:
    """The row of Hanbit with some cells changed, by their heading."""
    return [changed.get(heading.replace(" ", "_"), cell) for heading, cell in zip(HEADINGS, HANBIT, strict=True)]


def many(count: int) -> list[list[str]]:
    """Rows of companies that have nothing in common."""
    cells = ({"기업명": f"기업{place}", "이메일": f"a{place}@example.com"} for place in range(count))
    return [row(영문명="", 사업자등록번호="", **each) for each in cells]


def test_new_companies_and_contacts_are_added(directory: DirectoryDay) -> None:
    listed = read(directory, HANBIT, SEOUL)
    planned = plan(directory, listed)
    assert [planned.count(state) for state in ("new", "changed", "unchanged")] == [2, 0, 0]
    assert count_rows(directory) == [0, 0, 0]
    carry_out(directory, listed, planned.digest)
    hanbit, seoul = directory.list_all()
    assert (hanbit.business_number, hanbit.size, hanbit.membership) == (NUMBERS[0], "e50_299", "member")
    assert (seoul.name.en, seoul.business_number, seoul.membership) == ("Seoul Pharm", None, "none")
    (contact,) = directory.list_contacts(hanbit)[hanbit.company_id]
    assert (contact.name, contact.department, contact.email, contact.phone) == (
        "김민수",
        "해외팀",
        "kim@example.com",
        "02-1",
    )
    with directory.database.read() as connection:
        (event,) = list_audit(connection)
    assert (event.action, event.actor) == ("companies.imported", "manager@example.com")
    assert event.details == {"added": 2, "changed": 0, "unchanged": 0, "contacts": 1}


def test_the_same_list_again_changes_nothing(directory: DirectoryDay) -> None:
    listed = read(directory, HANBIT, SEOUL)
    carry_out(directory, listed)
    before = (directory.list_all(), directory.list_contacts(*directory.list_all()))
    again = carry_out(directory, listed)
    assert again.count("unchanged") == 2
    assert (directory.list_all(), directory.list_contacts(*directory.list_all())) == before


def test_a_list_fills_in_and_leaves_alone_what_it_leaves_blank(directory: DirectoryDay) -> None:
    carry_out(directory, read(directory, HANBIT))
    planned = carry_out(
        directory,
        read(directory, row(영문명="", 임직원_수="1,500", 회원_구분="", 부서="품질팀", 전화="", 언어="영어")),
    )
    assert [(each.state, each.changes) for each in planned.companies] == [("changed", ("size",))]
    (hanbit,) = directory.list_all()
    assert (hanbit.name.en, hanbit.size, hanbit.membership) == ("Hanbit Bio", "e1000p", "member")
    (contact,) = directory.list_contacts(hanbit)[hanbit.company_id]
    assert (contact.department, contact.phone, contact.language) == ("품질팀", "02-1", "en")
    assert count_rows(directory) == [1, 1, 1]


@pytest.mark.parametrize(
    "cells",
    [
        {"기업명": "다른 표기"},  # by the number
        {"사업자등록번호": ""},  # by the Korean name
        {"기업명": "(주) 한빛 바이오", "영문명": "", "사업자등록번호": ""},
        {"기업명": "", "영문명": "HANBIT BIO CO., LTD.", "사업자등록번호": ""},
    ],
)
def test_a_company_of_the_directory_is_recognised(directory: DirectoryDay, cells: dict[str, str]) -> None:
    carry_out(directory, read(directory, HANBIT))
    planned = plan(directory, read(directory, row(**cells)))
    assert [each.company_id for each in planned.companies] == [1]


def test_a_number_is_filled_in_and_two_numbers_are_two_companies(directory: DirectoryDay) -> None:
    directory.add("한빛바이오")
    carry_out(directory, read(directory, HANBIT))
    assert [each.business_number for each in directory.list_all()] == [NUMBERS[0]]
    planned = carry_out(directory, read(directory, row(사업자등록번호="124-81-00998")))
    assert planned.count("new") == 1


def test_contacts_of_one_company_stand_in_rows_of_their_own(directory: DirectoryDay) -> None:
    further = ["", "", "116-82-00276", "", "", "이영희", "", "lee@example.com", "", "일본어", "Y"]
    by_name = ["한빛바이오", "", "", "", "", "박", "", "", "02-3", "", ""]
    carry_out(directory, read(directory, HANBIT, further, by_name))
    (hanbit,) = directory.list_all()
    contacts = directory.list_contacts(hanbit)[hanbit.company_id]
    assert [(each.name, each.language, each.wants_no_mail) for each in contacts] == [
        ("김민수", "ko", False),
        ("이영희", "ja", True),
        ("박", "ko", False),
    ]
    with directory.database.read() as connection:
        assert is_opted_out(connection, directory.vault, directory.survey_id, "lee@example.com")
    carry_out(directory, read(directory, ["한빛바이오", "", "", "", "", "이영희", "", "lee@example.com", "", "", "N"]))
    with directory.database.read() as connection:  # a list takes no "no mail" back
        assert is_opted_out(connection, directory.vault, directory.survey_id, "lee@example.com")


def test_every_faulty_row_is_told_with_column_and_reason(directory: DirectoryDay) -> None:
    assert list_faults(
        directory,
        row(사업자등록번호="116-82-00277"),
        row(기업명="", 영문명="", 사업자등록번호=""),
        row(이메일="kim@example", 언어="독일어"),
        row(기업명="=A1", 임직원_수="많음"),
        row(기업명="한빛\x07", 전화="", 이메일=""),
        row(수신_거부="글쎄"),
    ) == [
        (2, "business_number", "business_number"),
        (3, "name_ko", "no_name"),
        (4, "contact_email", "email"),
        (4, "contact_language", "language"),
        (5, "name_ko", "formula"),
        (5, "size", "choice"),
        (6, "name_ko", "control"),
        (6, "contact_email", "unreachable"),
        (7, "contact_no_mail", "yes_no"),
    ]


def test_doubles_inside_the_file(directory: DirectoryDay) -> None:
    other = row(기업명="가나", 영문명="", 사업자등록번호="", 이메일="", 담당자="", 부서="", 전화="", 언어="")
    assert list_faults(
        directory,
        HANBIT,
        HANBIT,  # the same contact
        row(담당자="이", 이메일="lee@example.com", 임직원_수="10"),  # another size
        other,
        other,  # nothing new
    ) == [(3, "contact_email", "repeated"), (4, "size", "differs"), (6, None, "repeated")]


def test_doubles_against_the_directory(directory: DirectoryDay) -> None:
    directory.add("쌍둥이", business_number=NUMBERS[2])
    directory.add("쌍둥이", business_number=NUMBERS[3])
    directory.add("한빛바이오", "Other Name")
    twin = row(기업명="쌍둥이", 영문명="", 사업자등록번호="")
    two = [
        row(기업명="한빛바이오", 영문명="", 사업자등록번호=""),
        row(기업명="", 영문명="Other Name", 사업자등록번호=""),
    ]
    assert list_faults(directory, twin, *two) == [
        (2, "business_number", "ambiguous"),
        (4, None, "same_company"),
    ]


def test_rows_that_name_a_company_by_its_id(directory: DirectoryDay) -> None:
    directory.add("한빛", business_number=NUMBERS[0])
    directory.add("서울", business_number=NUMBERS[1])
    headings = ["기업 번호", "기업명(한국어)", "사업자등록번호"]

    def try_rows(*rows: Sequence[str]) -> ImportPlan:
        return plan(directory, read(directory, *rows, headings=headings))

    renamed = try_rows(["1", "새 이름", ""])
    assert [(each.company_id, each.changes) for each in renamed.companies] == [(1, ("name_ko",))]
    faults = try_rows(["9", "가", ""], ["x", "나", ""], ["1", "", "134-86-72683"])
    assert [(fault.row, fault.problem) for fault in faults.faults] == [
        (2, "unknown_company"),
        (3, "company_id"),
        (4, "number_taken"),
    ]


def test_one_fault_and_nothing_is_imported(directory: DirectoryDay) -> None:
    rows = many(30)
    listed = read(directory, *rows, row(사업자등록번호="1"))
    with pytest.raises(ImportFaulty) as fault:
        carry_out(directory, listed)
    assert len(fault.value.plan.faults) == 1
    assert count_rows(directory) == [0, 0, 0]


def test_a_plan_that_the_directory_left_behind_is_not_carried_out(directory: DirectoryDay) -> None:
    listed = read(directory, HANBIT, SEOUL)
    digest = plan(directory, listed).digest
    directory.add("서울약품")  # another officer meanwhile
    with pytest.raises(DirectoryMoved) as moved:
        carry_out(directory, listed, digest)
    assert (moved.value.plan.count("new"), moved.value.plan.count("changed")) == (1, 1)
    assert count_rows(directory) == [1, 0, 0]
    carry_out(directory, listed, moved.value.plan.digest)
    assert len(directory.list_all()) == 2


def test_two_officers_import_at_once(directory: DirectoryDay) -> None:
    rows = many(40)
    listed = read(directory, *rows)
    digest = plan(directory, listed).digest
    outcomes: list[str] = []

    def confirm() -> None:
        try:
            carry_out(directory, listed, digest)
            outcomes.append("done")
        except DirectoryMoved:
            outcomes.append("moved")

    threads = [threading.Thread(target=confirm) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "moved", "moved"]
    assert count_rows(directory) == [40, 40, 40]


def test_thousands_are_written_in_few_statements(directory: DirectoryDay) -> None:
    rows = many(3000)
    listed = read(directory, *rows)
    with count_statements(directory.database) as statements:
        carry_out(directory, listed)
    assert count_rows(directory) == [3000, 3000, 3000]
    assert len(statements) < 60, len(statements)


def test_an_exported_list_comes_back_unchanged(directory: DirectoryDay) -> None:
    carry_out(directory, read(directory, HANBIT, SEOUL, row(담당자="+이", 이메일="lee@example.com", 수신_거부="Y")))
    companies = directory.list_all()
    contacts, words = directory.list_contacts(*companies), Words("en")
    columns = list_columns(with_contacts=True)
    choices = find_entry_choices(directory.questionnaire)
    rows: Any = list_directory_rows(companies, contacts, choices, words, columns)
    headings = [name_column(words, column) for column in columns]
    planned = plan(directory, read(directory, *rows, headings=headings))
    assert (planned.count("unchanged"), planned.count_contacts("unchanged"), planned.faults) == (2, 2, ())
