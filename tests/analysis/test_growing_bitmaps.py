"""Bitmaps that grow by what is laid over them hold what sets hold, share what they share, and never change."""

from __future__ import annotations

from pathlib import Path
from random import Random
from threading import Barrier, Thread

import pytest
from pyroaring import BitMap

from surveyapp.analysis.growing_bitmaps import NOBODY, SETTLED_FROM, GrowingBitmap, Growth
from surveyapp.analysis.index_snapshot import load_snapshot, save_snapshot
from tests.analysis.returns import Field, draw_answers


@pytest.mark.parametrize("seed", range(4))
def test_whatever_comes_and_goes_a_set_says_the_same(seed: int) -> None:
    random = Random(seed)
    made: list[tuple[GrowingBitmap, frozenset[int]]] = [(NOBODY, frozenset())]
    for _ in range(200):
        held, plain = random.choice(made[-5:])
        changed = frozenset(random.sample(range(3 * SETTLED_FROM), random.choice((1, 30, SETTLED_FROM))))
        if random.random() < 0.5:
            made.append((held.extend(BitMap(changed)), plain | changed))
        else:
            made.append((held.shorten(BitMap(changed)), plain - changed))
        if random.random() < 0.3:
            held, plain = random.choice(made)
            assert set(held.numbers) == plain  # read in between, which puts its changes in
    assert all(set(held.numbers) == plain for held, plain in made)
    assert not NOBODY.numbers


def test_what_is_not_in_it_cannot_be_taken_out() -> None:
    held = GrowingBitmap(BitMap([1, 2])).extend(BitMap([3]))
    assert held.shorten(BitMap([4, 5])) is held
    assert held.numbers is held.numbers


def test_who_shares_a_bitmap_and_changes_alike_goes_on_sharing() -> None:
    growth = Growth()
    first = growth.extend(NOBODY, BitMap([1, 2, 3]))
    assert growth.extend(NOBODY, BitMap([1, 2, 3])) is first
    assert growth.extend(NOBODY, BitMap([1, 2])) is not first
    growth = Growth()
    assert growth.extend(first, BitMap([7])) is growth.extend(first, BitMap([7]))
    assert growth.shorten(first, BitMap([2])) is growth.shorten(first, BitMap([2]))
    assert set(first.numbers) == {1, 2, 3}


def test_threads_read_the_same_while_others_extend_it() -> None:
    held = GrowingBitmap(BitMap(range(0, 200_000, 3))).shorten(BitMap([0])).extend(BitMap([1, 2]))
    expected = (set(range(3, 200_000, 3)) | {1, 2}, set(range(3, 200_000, 3)) | {1, 2, 4})
    start, seen = Barrier(4), []

    def read() -> None:
        start.wait()
        seen.append((set(held.numbers), set(held.extend(BitMap([4])).numbers)))

    threads = [Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [expected] * 4


def test_questions_that_were_asked_alike_share_a_bitmap_from_the_feed_and_from_the_snapshot(
    field: Field, tmp_path: Path
) -> None:
    random = Random(3)
    round_id = field.add_round()
    numbers = field.add_many(round_id, [draw_answers(field.questionnaire, random) for _ in range(20)])
    field.refresh()
    field.edit(numbers[4], draw_answers(field.questionnaire, random))
    field.add(round_id, draw_answers(field.questionnaire, random))
    index = field.refresh()
    assert index.asked("company_type") is index.asked("company_size") is index.asked("consent_participate")
    path = tmp_path / "kept.index"
    with field.database.read() as connection:
        save_snapshot(path, index, connection)
        loaded = load_snapshot(path, field.survey_id, connection)
    assert loaded is not None
    assert loaded.asked("company_type") is loaded.asked("company_size")
    assert loaded.asked("company_type") == index.asked("company_type")
