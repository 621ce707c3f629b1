"""Doubles are suspected for a reason; two entries become one with all that belongs to them, and two again."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import timedelta
from itertools import combinations
from random import Random
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from surveyapp.analysis.open_indexes import open_index
from surveyapp.fieldwork.directory.companies import BusinessNumberTaken, Company, CompanyUnknown, find_company
from surveyapp.fieldwork.directory.contacts import remove_contact
from surveyapp.fieldwork.directory.doubles import are_one_apart, find_doubles, find_near_names
from surveyapp.fieldwork.directory.merging import (
    MergeNotUndone,
    MergeRefused,
    MergeUnknown,
    count_belongings,
    list_merges,
    merge_companies,
    propose_fields,
    undo_merge,
)
from surveyapp.fieldwork.rounds import open_round
from surveyapp.questionnaire.model import Text
from surveyapp.records.audit import list_audit
from surveyapp.records.tables import company, draft, invitation, invitation_token, metadata, response
from tests.fieldwork.directory.directory_days import NOW, NUMBERS, DirectoryDay
from tests.fieldwork.fieldwork_days import CLOSES, TITLE, WORDS, FieldworkDay


def suspect(day: DirectoryDay) -> list[tuple[int, int, tuple[str, ...]]]:
    with day.database.read() as connection:
        found = find_doubles(connection, day.survey_id)
    return [(each.first.company_id, each.second.company_id, each.reasons) for each in found]


def merge(day: DirectoryDay, kept: Company, merged: Company, **changed: Any) -> str:
    with day.database.write() as connection:
        fields = replace(propose_fields(kept, merged), **changed)
        place = (connection, day.survey_id, kept.company_id, merged.company_id)
        return merge_companies(*place, fields, now=day.now, actor="manager@example.com")


def undo(day: DirectoryDay, merge_id: str) -> None:
    with day.database.write() as connection:
        undo_merge(connection, day.survey_id, merge_id, now=day.now, actor="manager@example.com")


def read_all(day: DirectoryDay) -> dict[str, list[Any]]:
    """Everything that belongs to companies, without what every change of it leaves: times, revisions, the trail."""
    left_out = {"changed_at", "revision"}
    names = {"company", "company_contact", "draft", "response", "invitation", "invitation_token"}
    with day.database.read() as connection:
        return {
            table.name: sorted(
                str([value for column, value in row.items() if column not in left_out])
                for row in connection.execute(select(table)).mappings()
            )
            for table in metadata.sorted_tables
            if table.name in names
        }


def test_the_same_name_in_any_script_is_suspected(directory: DirectoryDay) -> None:
    directory.add("한빛바이오", "Hanbit Bio")
    directory.add("주식회사 한빛 바이오", "HBB Inc.")
    directory.add("", "HANBIT BIO CO., LTD.")
    directory.add("서울약품", "Seoul Pharm")
    assert suspect(directory) == [(1, 2, ("same_name",)), (1, 3, ("same_name",))]


def test_the_same_address_is_suspected(directory: DirectoryDay) -> None:
    one, other = directory.add("하나"), directory.add("우리")
    directory.add_contact(one, "김", "kim@example.com")
    directory.add_contact(other, "김", "KIM@example.com")
    assert suspect(directory) == [(1, 2, ("same_address",))]


def test_near_names_are_suspected_unless_two_numbers_speak_against_it(directory: DirectoryDay) -> None:
    one = directory.add("한빛바이오팜", business_number=NUMBERS[0])
    other = directory.add("한빗바이오팜")
    directory.add("서울바이오팜")
    assert suspect(directory) == [(1, 2, ("near_name",))]
    directory.change(other, replace(other.fields, business_number=NUMBERS[1]))
    assert suspect(directory) == []
    directory.add_contact(one, "김", "kim@example.com")
    directory.add_contact(other, "김", "kim@example.com")
    assert suspect(directory) == [(1, 2, ("same_address", "near_name"))]


def test_fictional_companies_are_not_suspected(directory: DirectoryDay) -> None:
    directory.add("노을비탈제약(가상)")
    directory.add("노을비탈제약(가상)")
    assert len(suspect(directory)) == 1
    with directory.database.write() as connection:
        connection.execute(update(company).values(is_sample=True))
    assert suspect(directory) == []


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("한빛바이오팜", "한빗바이오팜", True),  # another letter
        ("hanbitpharm", "hanbitpharma", True),  # one too many
        ("hanbitpharm", "hanbtpharm", True),  # one missing
        ("hanbitpharm", "hnabitpharm", True),  # two in each other's place
        ("ハンビットバイオ", "ハンピットバイオ", True),
        ("hanbitpharm", "hanbitpharm", False),
        ("한빛제약", "서울제약", False),
        ("hanbitpharm", "hanmipharm", False),
        ("abcdefgh", "badcefgh", False),
        ("", "a", True),
    ],
)
def test_what_is_one_letter_apart(one: str, other: str, is_near: bool) -> None:
    first, second = (unicodedata.normalize("NFD", each) for each in (one, other))
    assert are_one_apart(first, second) is is_near
    assert are_one_apart(second, first) is is_near


def test_digits_are_no_letters_and_short_names_are_not_compared(directory: DirectoryDay) -> None:
    for name in ("한빛바이오팜 1공장", "한빛바이오팜 2공장", "한독", "한돈"):
        directory.add(name)
    assert suspect(directory) == []


def test_no_near_pair_is_left_out_by_what_is_compared() -> None:
    """Against every pair compared with every other, on names of few letters so that many are near."""
    random = Random(7)
    names = sorted({"".join(random.choices("abc", k=random.randint(8, 10))) for _ in range(400)})
    companies = [
        Company("s", place, Text("", name, ""), False, None, None, None, "unknown", NOW)
        for place, name in enumerate(names)
    ]
    wanted = {
        (one.company_id, other.company_id)
        for one, other in combinations(companies, 2)
        if are_one_apart(one.name.en, other.name.en)
    }
    assert set(find_near_names(companies)) == wanted and len(wanted) > 20


@pytest.fixture
def pair(directory: DirectoryDay) -> tuple[Company, Company]:
    kept = directory.add("한빛", "", "", size="e50_299")
    merged = directory.add("한빛바이오㈜", "Hanbit Bio", "", business_number=NUMBERS[0], membership="member")
    directory.add_contact(kept, "김", "kim@example.com")
    directory.add_contact(merged, "김민수", "KIM@example.com")
    directory.now += timedelta(seconds=1)
    directory.add_contact(merged, "이", "lee@example.com")
    return kept, merged


def test_one_entry_is_kept_with_what_both_had(directory: DirectoryDay, pair: tuple[Company, Company]) -> None:
    kept, merged = pair
    merge(directory, kept, merged)
    (listed,) = directory.list_all()
    assert listed.company_id == kept.company_id
    assert listed.name == Text("한빛", "Hanbit Bio", "")
    assert (listed.business_number, listed.size, listed.membership) == (NUMBERS[0], "e50_299", "member")
    assert directory.list_emails(listed) == ["kim@example.com", "lee@example.com"]  # one letter to each address
    assert directory.search("ㅎㅂㅂㅇㅇ") == ["한빛"]  # found by the other's name still
    assert directory.search("한빛바이오") == ["한빛"]
    with directory.database.read() as connection:
        with pytest.raises(CompanyUnknown):
            find_company(connection, directory.survey_id, merged.company_id)
        (event,) = list_audit(connection)
    assert (event.action, event.details) == ("companies.merged", {"company": 1, "merged": 2})


def test_undoing_puts_everything_back(directory: DirectoryDay, pair: tuple[Company, Company]) -> None:
    before = read_all(directory)
    merge_id = merge(directory, *pair)
    assert read_all(directory) != before
    undo(directory, merge_id)
    assert read_all(directory) == before
    with pytest.raises(MergeNotUndone) as fault:
        undo(directory, merge_id)
    assert fault.value.obstacle == "undone"
    with pytest.raises(MergeUnknown):
        undo(directory, "nobody")


def test_undoing_leaves_what_was_changed_since(directory: DirectoryDay, pair: tuple[Company, Company]) -> None:
    kept, merged = pair
    merge_id = merge(directory, kept, merged)
    (listed,) = directory.list_all()
    directory.change(listed, replace(listed.fields, size="e1000p", name=replace(listed.name, ja="ハンビット")))
    contact = directory.list_contacts(listed)[1][1]
    with directory.database.write() as connection:
        remove_contact(connection, directory.vault, directory.survey_id, 1, contact.contact_id, now=directory.now)
    undo(directory, merge_id)
    first, second = directory.list_all()
    assert (first.size, first.name, first.business_number) == ("e1000p", Text("한빛", "", "ハンビット"), None)
    assert second.business_number == NUMBERS[0]
    assert directory.list_emails(second) == ["KIM@example.com"]


def test_a_number_given_away_meanwhile_stays_there(directory: DirectoryDay, pair: tuple[Company, Company]) -> None:
    kept, merged = pair
    merge_id = merge(directory, kept, merged)
    (listed,) = directory.list_all()
    directory.change(listed, replace(listed.fields, business_number=NUMBERS[1]))
    directory.add("셋째", business_number=NUMBERS[0])
    undo(directory, merge_id)
    assert [each.business_number for each in directory.list_all()] == [NUMBERS[1], None, NUMBERS[0]]


def test_the_number_of_a_merged_entry_belongs_to_the_kept_one(directory: DirectoryDay) -> None:
    kept, merged = directory.add("가", business_number=NUMBERS[0]), directory.add("나", business_number=NUMBERS[1])
    merge(directory, kept, merged)
    with pytest.raises(BusinessNumberTaken) as fault:
        directory.add("다", business_number=NUMBERS[1])
    assert fault.value.company_id == kept.company_id


def test_merges_in_a_chain_are_undone_from_the_last(directory: DirectoryDay) -> None:
    one, two, three = directory.add("하나"), directory.add("둘"), directory.add("셋")
    directory.add_contact(one, "김", "kim@example.com")
    before = read_all(directory)
    first = merge(directory, two, one)
    second = merge(directory, three, two)
    assert [each.company_id for each in directory.list_all()] == [3]
    assert directory.search("하나") == ["셋"]
    with directory.database.read() as connection:
        listed = list_merges(connection, directory.survey_id, limit=9)
    assert {(each.merge_id, each.kept_id) for each in listed} == {(first, 2), (second, 3)}
    with pytest.raises(MergeNotUndone) as fault:
        undo(directory, first)
    assert fault.value.obstacle == "kept_was_merged"
    undo(directory, second)
    undo(directory, first)
    assert read_all(directory) == before


@pytest.mark.parametrize(("kept_id", "merged_id"), [(1, 1), (1, 9), (9, 1)])
def test_what_cannot_be_joined(directory: DirectoryDay, kept_id: int, merged_id: int) -> None:
    company = directory.add("가")
    with directory.database.write() as connection, pytest.raises(CompanyUnknown):
        merge_companies(
            connection, directory.survey_id, kept_id, merged_id, company.fields, now=NOW, actor="manager@example.com"
        )


class Fieldwork:
    """A round with a return of each of two companies, through invitations or not."""

    def __init__(self, directory: DirectoryDay) -> None:
        with directory.database.write() as connection:
            round_ = open_round(
                connection,
                directory.questionnaire,
                slug="survey",
                kind="real",
                title=TITLE,
                operator_texts=dict.fromkeys(directory.questionnaire.placeholders, WORDS),
                opens_at=NOW - timedelta(days=1),
                closes_at=CLOSES,
                open_link=True,
                counts_companies=True,
                now=NOW,
            )
        self.directory = directory
        self.day = FieldworkDay(directory.database, directory.vault, directory.questionnaire, round_, NOW)

    def answer(self, company_: Company, *, submits: bool) -> str:
        """A return of the company; its draft's id."""
        draft_ = self.day.start(self.day.complete({}))
        if submits:
            draft_ = self.day.find()
            self.day.submit(self.day.fill(draft_, self.day.complete({})))
        with self.directory.database.write() as connection:
            for table in (draft, response):
                key = table.c.draft_id == draft_.draft_id if table is draft else table.c.company_id.is_(None)
                connection.execute(update(table).where(key).values(company_id=company_.company_id))
        return draft_.draft_id

    def invite(self, company_: Company, name: str, draft_id: str | None = None) -> None:
        place = {"survey_id": self.directory.survey_id, "invitation_id": name}
        with self.directory.database.write() as connection:
            connection.execute(
                insert(invitation).values(
                    **place,
                    round_id=self.day.round.round_id,
                    company_id=company_.company_id,
                    draft_id=draft_id,
                    created_at=NOW,
                    opened_at=NOW if draft_id else None,
                )
            )
            connection.execute(
                insert(invitation_token).values(
                    **place, token_hash=name.ljust(32, "x").encode(), channel="letter", issued_at=NOW
                )
            )

    def list_invitations(self) -> list[tuple[str, int, str | None, list[str]]]:
        """Each invitation with its company, its return and the invitations whose links lead to it."""
        with self.directory.database.read() as connection:
            links: dict[str, list[str]] = {}
            for row in connection.execute(select(invitation_token).order_by(invitation_token.c.token_hash)):
                links.setdefault(row.invitation_id, []).append(bytes(row.token_hash).decode().rstrip("x"))
            rows = connection.execute(select(invitation).order_by(invitation.c.invitation_id))
            return [(row.invitation_id, row.company_id, row.draft_id, links.get(row.invitation_id, [])) for row in rows]


@pytest.fixture
def fieldwork(directory: DirectoryDay) -> Fieldwork:
    return Fieldwork(directory)


def test_returns_go_over_and_the_figures_follow(directory: DirectoryDay, fieldwork: Fieldwork) -> None:
    kept, merged = directory.add("가"), directory.add("나")
    for each in (kept, merged):
        fieldwork.answer(each, submits=True)

    def count() -> int:
        return len(open_index(directory.database, directory.survey_id).of_round(fieldwork.day.round.round_id))

    assert count() == 2
    with directory.database.read() as connection:
        assert count_belongings(connection, directory.survey_id, merged.company_id).returns == 1
    before = read_all(directory)
    merge_id = merge(directory, kept, merged)
    assert count() == 1  # two returns of one company count once
    undo(directory, merge_id)
    assert count() == 2
    assert read_all(directory) == before


def test_an_invitation_goes_over(directory: DirectoryDay, fieldwork: Fieldwork) -> None:
    kept, merged = directory.add("가"), directory.add("나")
    fieldwork.invite(merged, "m")
    before = read_all(directory)
    merge_id = merge(directory, kept, merged)
    assert fieldwork.list_invitations() == [("m", kept.company_id, None, ["m"])]
    undo(directory, merge_id)
    assert read_all(directory) == before


def test_two_invitations_of_one_round_lead_to_one_return(directory: DirectoryDay, fieldwork: Fieldwork) -> None:
    kept, merged = directory.add("가"), directory.add("나")
    begun = fieldwork.answer(merged, submits=False)
    fieldwork.invite(kept, "k")
    fieldwork.invite(merged, "m", begun)
    before = read_all(directory)
    merge_id = merge(directory, kept, merged)
    assert fieldwork.list_invitations() == [
        ("k", kept.company_id, begun, ["k", "m"]),
        ("m", merged.company_id, None, []),
    ]
    undo(directory, merge_id)
    assert read_all(directory) == before


def test_two_returns_that_were_begun_are_not_made_one(directory: DirectoryDay, fieldwork: Fieldwork) -> None:
    kept, merged = directory.add("가"), directory.add("나")
    fieldwork.invite(kept, "k", fieldwork.answer(kept, submits=False))
    fieldwork.invite(merged, "m", fieldwork.answer(merged, submits=False))
    before = read_all(directory)
    with pytest.raises(MergeRefused) as fault:
        merge(directory, kept, merged)
    assert fault.value.round_id == fieldwork.day.round.round_id
    assert read_all(directory) == before
