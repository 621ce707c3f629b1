"""Which lines of a de-identified file stay together, so that it and all files before it tell no company from k others.

A reader of several files finds the line of a return again by its other answers, though the lines have no order and no
number. So what is known of a line is what every file shows of its company, or that it is in a file no more: its trail.
Companies of one trail are a group; whatever a new file does to a group, it does to k of its companies at least, or to
none. The problem is described by Byun, Sohn, Bertino & Li (Secure anonymization for incremental datasets, SDM 2006) and
Xiao & Tao (m-Invariance, SIGMOD 2007).

A return that was edited goes on as another line, one that was withdrawn as none. Where fewer than k of a group do so,
others are left out with them: those whose lines vanish are k then, of which nobody knows which is whose.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pyroaring import BitMap

Combination = tuple[tuple[str, ...], ...]  # chosen names, question by question
Trail = tuple[tuple[int, int], ...]  # (file, group) wherever the return has a line; blank for a return in no file
NEW: Trail = ()


class Part(NamedTuple):
    """Returns that an earlier reader cannot tell apart and that a new file shows alike."""

    trail: Trail
    combination: Combination
    is_edited: bool  # since the last file that has them


@dataclass(frozen=True, slots=True)
class EarlierFiles:
    """The trails that the files before have left. `edited` are returns whose line has become another.

    `doubled` are returns in no file whose company is in one with another return: they would be taken for it. `unsure`
    are those of which nobody can tell whether their line is another.
    """

    trails: Mapping[int, Trail] = field(default_factory=dict)
    edited: BitMap = field(default_factory=BitMap)
    doubled: BitMap = field(default_factory=BitMap)
    unsure: BitMap = field(default_factory=BitMap)
    count: int = 0
    last_at: datetime | None = None

    def __bool__(self) -> bool:
        return self.count > 0

    @property
    def barred(self) -> BitMap:
        """Returns that no new file may have."""
        return self.doubled | self.unsure


NO_FILES = EarlierFiles()


def divide_by_trail(combinations: Mapping[Combination, BitMap], earlier: EarlierFiles) -> dict[Part, BitMap]:
    """The returns by what they answered and by what was told of them before."""
    if not earlier:
        return {Part(NEW, combination, False): numbers for combination, numbers in combinations.items()}
    parts: dict[Part, BitMap] = {}
    for combination, numbers in combinations.items():
        for number in numbers:
            part = Part(earlier.trails.get(number, NEW), combination, number in earlier.edited)
            parts.setdefault(part, BitMap()).add(number)
    return parts


def count_gone(earlier: EarlierFiles, present: Iterable[BitMap]) -> Counter[Trail]:
    """How many returns of each trail cannot be in a new file; under `NEW` those that no file has and none will."""
    gone = Counter(earlier.trails.values())
    for numbers in present:
        gone.subtract(earlier.trails[number] for number in numbers if number in earlier.trails)
    gone[NEW] = len(earlier.doubled)
    return gone


def share_out(sizes: Mapping[Part, int], gone: Mapping[Trail, int], k: int) -> dict[Part, int]:
    """How many returns of each part a new file may have.

    What stays in the dark altogether is k returns too, or none, or as many as before: fewer could be worked out from
    what is known of all.
    """
    by_trail: dict[Trail, list[Part]] = {}
    for part in sizes:
        by_trail.setdefault(part.trail, []).append(part)
    for with_edited in (True, False):
        shares = dict.fromkeys(sizes, 0)
        dark = gone.get(NEW, 0)
        for trail, parts in by_trail.items():
            if trail != NEW:
                _share_group(shares, sizes, parts, gone.get(trail, 0), k, with_edited=with_edited)
                dark += sum(sizes[part] - shares[part] for part in parts if part.is_edited)
        new = by_trail.get(NEW, [])
        _share_group(shares, sizes, new, dark, k, with_edited=with_edited)
        dark += sum(sizes[part] - shares[part] for part in new)
        is_told_more = any(share for part, share in shares.items() if part.is_edited or part.trail == NEW)
        if not is_told_more or dark == 0 or dark >= k:
            break
    return shares


def _share_group(
    shares: dict[Part, int],
    sizes: Mapping[Part, int],
    parts: Sequence[Part],
    gone: int,
    k: int,
    *,
    with_edited: bool,
) -> None:
    """Share out one group: k of each part or none, and k left out or none, unless all of the group are."""
    kept = [part for part in parts if sizes[part] >= k and (with_edited or not part.is_edited)]
    for part in kept:
        shares[part] = sizes[part]
    missing = k - gone - sum(sizes[part] - shares[part] for part in parts)
    if not kept or missing <= 0 or missing == k:
        return
    kept.sort(key=lambda part: sizes[part])
    if sum(sizes[part] - k for part in kept) < missing:
        shares[kept[0]] = 0
        return
    for part in reversed(kept):  # the largest can best do without some
        taken = min(missing, sizes[part] - k)
        shares[part] -= taken
        missing -= taken


def take_share(numbers: BitMap, share: int) -> BitMap:
    """So many of the returns. Which are left out has nothing to do with what they say: they are spread evenly."""
    left_out = len(numbers) - share
    return numbers - BitMap(numbers[place * len(numbers) // left_out] for place in range(left_out))
