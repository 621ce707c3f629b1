"""Of two entries that look like one company somebody says that they are two, and takes it back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from surveyapp.fieldwork.directory.companies import Company, CompanyUnknown
from surveyapp.fieldwork.directory.dismissing import dismiss_double, list_dismissed, suspect_again
from surveyapp.fieldwork.directory.doubles import find_doubles
from surveyapp.fieldwork.directory.merging import merge_companies, propose_fields, undo_merge
from surveyapp.records.audit import list_audit
from tests.database_kinds import run_on_both
from tests.fieldwork.directory.directory_days import DirectoryDay

__all__ = ["run_on_both"]
ACTOR = "manager@example.com"


def dismiss(day: DirectoryDay, one: int, other: int) -> bool:
    with day.database.write() as connection:
        return dismiss_double(connection, day.survey_id, one, other, now=day.now, actor=ACTOR)


def take_back(day: DirectoryDay, one: int, other: int) -> bool:
    with day.database.write() as connection:
        return suspect_again(connection, day.survey_id, one, other, now=day.now, actor=ACTOR)


def list_pairs(day: DirectoryDay) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """Suspected pairs and dismissed ones."""
    with day.database.read() as connection:
        suspected = find_doubles(connection, day.survey_id)
        dismissed = list_dismissed(connection, day.survey_id, limit=50)
    return (
        [(each.first.company_id, each.second.company_id) for each in suspected],
        [(each.first.company_id, each.second.company_id) for each in dismissed],
    )


def list_trail(day: DirectoryDay) -> list[tuple[str, object]]:
    with day.database.read() as connection:
        events = list_audit(connection, subject="companies")
    return [(event.action.partition(".")[2], event.details) for event in reversed(events)]


def test_a_pair_is_dismissed_once_in_either_order_and_suspected_again(directory: DirectoryDay) -> None:
    for _ in range(3):
        directory.add("한빛바이오")
    assert list_pairs(directory) == ([(1, 2), (1, 3)], [])
    assert dismiss(directory, 2, 1)
    assert not dismiss(directory, 1, 2)
    assert list_pairs(directory) == ([(1, 3)], [(1, 2)])
    assert take_back(directory, 1, 2)
    assert not take_back(directory, 2, 1)
    assert list_pairs(directory) == ([(1, 2), (1, 3)], [])
    pair = {"company": 1, "other": 2}
    assert list_trail(directory) == [("double_dismissed", pair), ("double_suspected_again", pair)]


def test_it_is_remembered_whatever_the_entries_say_later(directory: DirectoryDay) -> None:
    first, second = directory.add("한빛바이오"), directory.add("한빛바이오")
    dismiss(directory, 1, 2)
    directory.change(second, replace(second.fields, size="e1_49"))
    directory.add_contact(first, "김", "same@example.com")
    directory.add_contact(second, "이", "same@example.com")  # a further reason is no new pair
    assert list_pairs(directory) == ([], [(1, 2)])


def test_joining_one_with_a_third_hides_the_pair_until_they_are_apart_again(directory: DirectoryDay) -> None:
    first, _, third = directory.add("한빛바이오"), directory.add("한빛바이오"), directory.add("가람제약 주식회사")
    dismiss(directory, 1, 2)
    with directory.database.write() as connection:
        fields = propose_fields(third, first)
        merge_id = merge_companies(connection, directory.survey_id, 3, 1, fields, now=directory.now, actor=ACTOR)
    assert list_pairs(directory) == ([], [])
    with directory.database.write() as connection:
        undo_merge(connection, directory.survey_id, merge_id, now=directory.now, actor=ACTOR)
    assert list_pairs(directory) == ([], [(1, 2)])


@pytest.mark.parametrize(("one", "other"), [(1, 1), (1, 9), (9, 1)])
def test_what_is_no_pair_is_refused(directory: DirectoryDay, one: int, other: int) -> None:
    directory.add("한빛바이오")
    with pytest.raises(CompanyUnknown):
        dismiss(directory, one, other)
    assert list_trail(directory) == []


def test_two_officers_dismiss_at_once(directory: DirectoryDay) -> None:
    companies: list[Company] = [directory.add("한빛바이오") for _ in range(2)]
    with ThreadPoolExecutor(4) as officers:
        done = list(officers.map(lambda _: dismiss(directory, *(each.company_id for each in companies)), range(8)))
    assert done.count(True) == 1
    assert len(list_trail(directory)) == 1
