"""How many of each part of a group a file may have, for random parts."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from pyroaring import BitMap

from surveyapp.analysis.file_groups import NEW, Part, Trail, share_out, take_share

K = 5


def draw_parts(random: Random) -> tuple[dict[Part, int], Counter[Trail]]:
    """Parts of returns in no file and of two groups of the files before, and how many of each group are gone."""
    sizes: dict[Part, int] = {}
    gone: Counter[Trail] = Counter({NEW: random.choice([0, 0, 2])})
    trails: tuple[Trail, ...] = (NEW, ((1, 0),), ((1, 1), (2, 0)))
    for trail in trails:
        for place in range(random.randint(0, 3)):
            sizes[Part(trail, ((str(place),),), False)] = random.randint(1, 14)
            if trail != NEW and random.random() < 0.5:
                sizes[Part(trail, ((str(place),),), True)] = random.randint(1, 8)
        if trail != NEW:
            gone[trail] = random.choice([0, 0, 1, 7])
    return sizes, gone


@pytest.mark.parametrize("seed", range(100))
def test_a_group_is_divided_into_parts_of_k_alone(seed: int) -> None:
    sizes, gone = draw_parts(Random(seed))
    shares = share_out(sizes, gone, K)
    assert shares.keys() == sizes.keys()
    for part, share in shares.items():
        assert share == 0 or K <= share <= sizes[part]
    for trail in {part.trail for part in sizes} - {NEW}:
        own = [part for part in sizes if part.trail == trail]
        left_out = gone[trail] + sum(sizes[part] - shares[part] for part in own)
        assert left_out == 0 or left_out >= K or not any(shares[part] for part in own)
    dark = gone[NEW] + sum(sizes[part] - shares[part] for part in sizes if part.is_edited or part.trail == NEW)
    is_told_more = any(shares[part] for part in sizes if part.is_edited or part.trail == NEW)
    assert dark == 0 or dark >= K or not is_told_more


def test_a_file_without_others_leaves_out_what_is_rare_and_no_more_than_needed() -> None:
    many, some, few = (Part(NEW, ((name,),), False) for name in ("many", "some", "few"))
    assert share_out({many: 20, some: 5}, {}, K) == {many: 20, some: 5}
    assert share_out({many: 20, some: 5, few: 1}, {}, K) == {many: 16, some: 5, few: 0}
    assert share_out({some: 5, few: 1}, {}, K) == {some: 0, few: 0}


@pytest.mark.parametrize(("size", "share"), [(20, 16), (9, 5), (5, 5)])
def test_who_is_left_out_is_spread_over_all(size: int, share: int) -> None:
    numbers = BitMap(range(100, 100 + size))
    taken = take_share(numbers, share)
    assert len(taken) == share and taken.issubset(numbers)
    half = numbers[: size // 2]
    assert abs(len(half - taken) - (size - share) / 2) <= 1
