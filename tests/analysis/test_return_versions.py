"""One unknown for each version of a return: what was edited later dissolves nothing that was told before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from pyroaring import BitMap, FrozenBitMap
from sqlalchemy import update

from surveyapp.analysis.disclosure import ReleasedIssueTable
from surveyapp.analysis.release_memory import Shown
from surveyapp.analysis.return_versions import FIRST_EARLIER, SLACK, ReturnVersions
from surveyapp.questionnaire.model import Stored
from surveyapp.records.releases import ReleaseMoment, ReturnChange
from surveyapp.records.tables import release
from tests.analysis.returns import NOW, tick
from tests.analysis.test_release_memory import MINISTRY, NONE, Desk, desk, fill, find_gmp
from tests.database_kinds import run_on_both

__all__ = ["desk", "run_on_both"]


def moment(revision: int, day: int, *changed: int) -> ReleaseMoment:
    return ReleaseMoment(revision, NOW + timedelta(days=day), BitMap(changed).serialize())


def change(revision: int, day: float) -> ReturnChange:
    return ReturnChange(revision, NOW + timedelta(days=day))


def count_gmp(shown: Shown[ReleasedIssueTable]) -> tuple[int | None, int | None]:
    return find_gmp(shown).count, find_gmp(shown).base


def test_an_edit_leaves_what_earlier_releases_told_of_one_version() -> None:
    """Of return 1, edited between the second and the third; of 2, edited after the third; of 3, before the second."""
    moments = [moment(10, 0), moment(20, 2, 3), moment(30, 4, 1)]
    changes = {1: change(25, 3), 2: change(35, 5), 3: change(15, 1)}
    versions = ReturnVersions(moments, changes)
    earlier = versions.find_earlier(40, versions.find_changed(40))
    assert versions.find_changed(40) == BitMap([2])
    assert earlier[10][1] == earlier[20][1] and 1 not in earlier[30]
    assert earlier[10][2] == earlier[20][2] == earlier[30][2]
    assert 3 in earlier[10] and 3 not in earlier[20] | earlier[30]
    every = [number for of_release in earlier.values() for number in of_release.values()]
    assert min(every) >= FIRST_EARLIER and len(set(every)) == 3


def test_a_release_of_an_older_table_tells_of_the_versions_before() -> None:
    """It comes after the release of a newer one: return 1 was edited before both, 2 between what they were made of."""
    moments = [moment(10, 0), moment(30, 2, 1, 2)]
    changes = {1: change(15, 1), 2: change(25, 2)}
    versions = ReturnVersions(moments, changes)
    assert versions.find_changed(20) == BitMap([1])
    earlier = versions.find_earlier(20, versions.find_changed(20))
    assert (set(earlier[10]), set(earlier[30])) == ({1}, {2})
    with_older, changed = versions.add(20, NOW + timedelta(days=2))
    assert changed == BitMap([1])
    later = with_older.find_earlier(40, BitMap())
    assert {revision: set(of_release) for revision, of_release in later.items()} == {10: {1, 2}, 20: {2}, 30: set()}
    assert later[10][2] == later[20][2]


def test_a_new_revision_alone_is_no_new_version() -> None:
    day = SLACK / timedelta(days=1)
    changes = {1: change(20, -1), 2: change(20, -0.5 * day), 3: change(20, 1)}
    versions = ReturnVersions([moment(10, 0)], changes)
    assert versions.find_changed(30) == BitMap([2, 3]), "within the slack the clocks may differ"
    assert versions.find_changed(15) == BitMap(), "changed after the table was counted"
    assert versions.find_doubtful(15) == BitMap([2, 3])


def test_a_return_whose_texts_are_erased_while_a_table_is_made_had_changed_before() -> None:
    versions = ReturnVersions([moment(10, 0)], {1: change(20, 1), 2: change(20, 2)})
    assert versions.list_guesses(15) == [BitMap([1]), BitMap([2]), BitMap([1, 2])]
    _, changed = versions.add(15, NOW + timedelta(days=2))
    assert changed == BitMap([1])


def test_one_edit_does_not_part_the_releases_before_it(desk: Desk) -> None:
    """Three of twenty, then four of 26 named gmp: of the six that joined, one. Four of nine would betray the three
    that come next.
    """

    def join(stage: str, *answers: Mapping[str, Stored]) -> list[int]:
        return desk.field.add_many(desk.round_id, [{**each, "jp_stage": stage} for each in answers])

    first = join("prepare", *[tick("gmp")] * 3, *[tick("reg")] * 9, *[NONE] * 8)
    assert count_gmp(desk.release()) == (3, 20)
    join("withdrawn", tick("gmp"), *[tick("reg")] * 3, *[NONE] * 2)
    assert count_gmp(desk.release()) == (4, 26)
    desk.field.edit(first[5], {**tick("reg", severity=5), "jp_stage": "prepare"})
    join("withdrawn", *[tick("gmp")] * 2, tick("gmp", "reg"))
    shown = desk.release()
    assert count_gmp(shown) == (4, 26) and shown.is_held_back


def test_a_release_that_kept_no_changes_counts_as_if_all_had_changed(desk: Desk) -> None:
    fill(desk, 12, 12)
    desk.release()
    joined = desk.field.add(desk.round_id, tick("gmp", "reg"))
    fill(desk, 6, 6)
    desk.release()
    assert desk.count_releases() == 2
    desk.field.edit(joined, NONE)
    with desk.field.database.write() as connection:
        connection.execute(update(release).values(changed_returns=None))
    assert count_earlier(desk) == 1, "what was told of in one release has one version there"
    desk.field.edit(1, NONE)
    assert count_earlier(desk) == 3, "of the first company's two are taken to be possible"
    with desk.field.database.write() as connection:
        connection.execute(update(release).values(changed_returns=BitMap().serialize()))
    assert count_earlier(desk) == 2


def count_earlier(desk: Desk) -> int:
    [reader] = desk.list_readers(MINISTRY)
    return sum(number >= FIRST_EARLIER for number in FrozenBitMap.union(*(each.members for each in reader)))


@pytest.mark.parametrize("is_touched", [False, True])
def test_housekeeping_changes_no_answer(desk: Desk, *, is_touched: bool) -> None:
    numbers = desk.field.add_many(desk.round_id, [tick("gmp")] * 10 + [tick("reg")] * 10 + [NONE] * 10)
    desk.field.edit(numbers[0], tick("gmp", severity=5))
    assert count_gmp(desk.release()) == (10, 30)
    if is_touched:
        for number in numbers:
            desk.field.erase_texts(number)
    desk.field.add(desk.round_id, tick("gmp"))
    shown = desk.release()
    assert count_gmp(shown) == (10, 30) and shown.is_held_back


def test_what_is_edited_while_a_table_is_made_was_not_edited_in_it(desk: Desk) -> None:
    numbers = desk.field.add_many(desk.round_id, [tick("gmp")] * 10 + [tick("reg")] * 10 + [NONE] * 10)
    assert count_gmp(desk.release()) == (10, 30)
    desk.field.add(desk.round_id, tick("gmp"))
    ask = desk.make(MINISTRY)
    desk.field.clock = desk.clock + timedelta(days=1) - SLACK  # a day is from one release to the next
    for number, answers in ((numbers[0], tick("gmp", "org")), (numbers[10], tick("reg", "org")), (numbers[20], NONE)):
        desk.field.edit(number, answers)
    shown = desk.release(ask=ask)
    assert count_gmp(shown) == (10, 30) and shown.is_held_back
