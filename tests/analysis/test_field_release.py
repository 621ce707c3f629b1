"""Progress of the field is remembered: one day's shares less another day's tell nothing of a single company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from surveyapp.analysis.disclosure import (
    NOTHING_BEFORE,
    ReleasedField,
    Told,
    read_released,
    release_field,
    write_released,
)
from surveyapp.analysis.disclosure.field_shares import FieldSets
from surveyapp.analysis.field_records import FieldRecord
from surveyapp.analysis.field_release import ask_for_field, sort_companies
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.release_memory import Shown, release_tables
from surveyapp.analysis.released_methods import find_methods
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from tests.analysis.test_field_progress import make_record
from tests.analysis.test_release_memory import Desk, desk, fill, find_gmp
from tests.records.databases import NOW

__all__ = ["desk"]

MINISTRY = Audience.MINISTRY
ORIGIN = Origin("survey", 1, 1, ("1",), "companies")
SUBMITTED: Mapping[str, Any] = {"opened_at": NOW, "begun_at": NOW, "submitted_at": NOW}
SMALL, LARGE = "e1_49", "e300_999"


def sort(records: Sequence[FieldRecord]) -> FieldSets:
    return sort_companies(records, ORIGIN, returns=count_submitted(records), open_returns=0)


def count_submitted(records: Sequence[FieldRecord]) -> int:
    return sum(each.submitted_at is not None and each.withdrawn_at is None for each in records)


def invite(submitted: int, silent: int, *, size: str, first: int) -> list[FieldRecord]:
    return [
        make_record(company_id=first + place, size=size, **(SUBMITTED if place < submitted else {}))
        for place in range(submitted + silent)
    ]


def release(records: Sequence[FieldRecord], before: Sequence[Told] = ()) -> ReleasedField:
    return release_field(sort(records), MINISTRY, LEAST_THRESHOLDS, before=(before,))


def find_share(table: ReleasedField, size: str) -> tuple[int | None, int | None]:
    figure = dict(dict(table.groups)["size"])[size]
    return figure.count, figure.base


DAY_ONE = [*invite(6, 6, size=SMALL, first=1), *invite(8, 7, size=LARGE, first=20)]


def test_a_first_day_is_shown_with_its_groups_and_kept_as_it_is() -> None:
    table = release(DAY_ONE)
    assert find_share(table, SMALL) == (6, 12)
    assert find_share(table, LARGE) == (8, 15)
    assert (table.rate.count, table.rate.base) == (14, 27)
    assert table.returns is not None and table.returns.count == 14 and table.through_open_link is None
    assert {told.answers for told in table.told} >= {("field.submitted@1",), ("field.opened@1",)}
    assert read_released(ReleasedField, write_released(table)) == replace(table, told=())
    again = release(DAY_ONE)
    assert (again, again.told) == (table, table.told), "the same companies at the same steps are the same release"


@pytest.mark.parametrize("did", [{}, SUBMITTED], ids=["silent", "submitted"])
def test_one_company_that_was_invited_since_is_not_told_by_subtraction(did: Mapping[str, Any]) -> None:
    first = release(DAY_ONE)
    joined = make_record(company_id=90, size=SMALL, **did)
    second = release([*DAY_ONE, joined], first.told)
    worlds = list_joint_worlds(second.told, joined.company_id)
    if did:
        # Thirteen invited, seven submitted: somebody did, but it may have been one of the six who had not.
        assert find_share(second, SMALL) == (7, 13)
    else:
        # Thirteen invited, six submitted as before: nobody did, not the company that joined either.
        assert find_share(second, SMALL) == (None, None)
        assert second.rate.count is None
    assert worlds == {0, 1}


def list_joint_worlds(told: Sequence[Told], company: int) -> set[int]:
    """What the company that joined may have done, by every way the shares shown on the second day can have come about.

    The six and eight who had submitted on the first day have on the second.
    """
    shown = {len(each.members): each.low for each in told if each.answers == ("field.submitted@2",) and each.is_exact}
    found = set()
    for small, large, joined in product(range(6, 13), range(8, 16), (0, 1)):
        counted = {13: small + joined, 15: large, 28: small + joined + large}
        if all(counted[size] == count for size, count in shown.items() if size in counted):
            found.add(joined)
    return found


def test_progress_of_companies_that_were_there_before_is_shown() -> None:
    first = release(DAY_ONE)
    later = [*invite(9, 3, size=SMALL, first=1), *invite(11, 4, size=LARGE, first=20)]
    second = release(later, first.told)
    assert find_share(second, SMALL) == (9, 12)
    assert (second.rate.count, second.rate.base) == (20, 27)
    assert {answer for told in second.told for answer in told.answers} >= {"field.submitted@2"}


def test_a_return_that_was_taken_back_is_not_told_by_subtraction() -> None:
    first = release(DAY_ONE)
    second = release([replace(DAY_ONE[0], withdrawn_at=NOW), *DAY_ONE[1:]], first.told)
    assert second.rate.count is None, "14 of the same 27 less 13: one took its return back"
    assert second.returns is not None and second.returns.count is None, "so would 13 returns less 14 tell"
    assert find_share(second, SMALL) == (None, None)


def test_the_last_progress_is_shown_again_until_enough_has_happened(desk: Desk) -> None:
    """Through the memory: kept, held back with its date, released anew; other tables of the round are left alone."""

    def release_day(records: Sequence[FieldRecord]) -> Shown[ReleasedField]:
        desk.clock += timedelta(days=1)
        sets = replace(sort(records), origin=replace(ORIGIN, survey_id=desk.field.survey_id, round_id=desk.round_id))
        return release_tables(
            desk.field.database,
            desk.round,
            MINISTRY,
            lambda memory: ask_for_field(memory, desk.round, sets),
            actor="viewer@example.com",
            now=desk.clock,
        )

    first = release_day(DAY_ONE)
    assert (first.since, desk.find_last().definition) == (desk.clock, "field")
    joined = [*DAY_ONE, make_record(company_id=90, size=SMALL)]
    second = release_day(joined)
    assert second.is_held_back
    assert (second.table, second.since) == (first.table, first.since)
    assert find_methods(second) == find_methods(first), "the methods sentence says the number and rate of the first day"
    assert desk.count_releases() == 1
    grown = [*invite(9, 4, size=SMALL, first=1), *invite(12, 6, size=LARGE, first=20)]
    third = release_day(grown)
    assert (find_share(third.table, SMALL), third.since) == ((9, 13), desk.clock)
    fill(desk, 9, 6)
    assert find_gmp(desk.release()).count == 9


def test_groups_of_several_segments_are_read_together() -> None:
    """Size and line of business each show enough; the one company that the two tell apart must not follow."""
    records = [
        *[make_record(company_id=place, main_business="bio", size=SMALL, **SUBMITTED) for place in range(1, 6)],
        *[make_record(company_id=place, main_business="bio", size=SMALL) for place in range(6, 11)],
        make_record(company_id=11, main_business="device", size=SMALL, **SUBMITTED),
        *[make_record(company_id=place, main_business="device", size=LARGE, **SUBMITTED) for place in range(12, 17)],
        *[make_record(company_id=place, main_business="device", size=LARGE) for place in range(17, 22)],
    ]
    table = release(records)
    groups = {segment: dict(values) for segment, values in table.groups}
    shown = [groups["size"][SMALL].count, groups["main_business"]["bio"].count]
    assert None in shown, "6 of the 11 small ones less 5 of the 10 of bio are the one that is small and no bio"
    assert (
        release(records, ()).told
        == release_field(sort(records), MINISTRY, LEAST_THRESHOLDS, before=NOTHING_BEFORE).told
    )
