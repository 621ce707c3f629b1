"""Which version of a return each release of its round tells of.

A return that was edited or withdrawn may have said something else before: a reader of the releases has one unknown for
each of its versions. Between two releases that tell of the same version nothing changed, so that one less the other is
about the other returns alone. It is revisions that say which of two came first; times say which of them changed what a
return said, for a return gets a new one where texts or contacts are erased or entries of the directory are joined, too.
Joining entries can decide which of two returns of a company counts. That changes whom a figure is about, and not what
either said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import combinations

from pyroaring import BitMap

from surveyapp.records.releases import ReleaseMoment, ReturnChange

# An edit's time and a release's are taken when their requests begin, and on clocks of their own. A return that was
# edited within it before a release, and only had texts erased since, counts as edited since.
SLACK = timedelta(minutes=5)
MOST_GUESSED = 3  # returns that changed while a table was made, of which each may have changed before

FIRST_EARLIER = 2**31  # bitmaps hold numbers to 2**32; no survey has so many returns


class ReturnVersions:
    """Versions of the returns of a round: `moments` of its releases in their order, `changes` of its returns since.

    `changes` hold every return that was changed after the oldest revision among the moments.
    """

    def __init__(self, moments: Sequence[ReleaseMoment], changes: Mapping[int, ReturnChange]) -> None:
        self._moments, self._changes = tuple(moments), changes
        self._changed = [None if each.changed is None else BitMap.deserialize(each.changed) for each in self._moments]

    def add(self, revision: int, released_at: datetime) -> tuple[ReturnVersions, BitMap]:
        """With one more release, and the returns that had changed since the one before it.

        What changed long before, and only had texts erased while its table was made, is among them.
        """
        changed = self.find_changed(revision)
        doubtful = self.find_doubtful(revision)
        changed |= BitMap(each for each in doubtful if self._changes[each].changed_at < released_at - SLACK)
        moment = ReleaseMoment(revision, released_at, changed.serialize())
        return ReturnVersions((*self._moments, moment), self._changes), changed

    def find_changed(self, revision: int) -> BitMap:
        """Returns of which a table of that revision tells in a newer version than the release before it did.

        What changed after the table was counted is not among them: the table tells of the version before.
        """
        return BitMap(each for each in self._list_changed(revision) if self._changes[each].revision <= revision)

    def list_guesses(self, revision: int) -> list[BitMap]:
        """What else `find_changed` may have had to find, beside returns that are known to have changed.

        A return with a change after such a table was counted may have changed before, too: any of them, or where there
        are many, all.
        """
        changed, doubtful = self.find_changed(revision), self.find_doubtful(revision)
        sizes = range(1, len(doubtful) + 1) if len(doubtful) <= MOST_GUESSED else [len(doubtful)]
        return [changed | BitMap(some) for size in sizes for some in combinations(doubtful, size)]

    def find_doubtful(self, revision: int) -> BitMap:
        """Returns with a change after such a table was counted, which may have changed before, too."""
        return BitMap(each for each in self._list_changed(revision) if self._changes[each].revision > revision)

    def _list_changed(self, revision: int) -> list[int]:
        before = [moment for moment in self._moments if moment.revision <= revision]
        if not before:
            return []
        last = max(before, key=lambda moment: (moment.revision, moment.released_at))
        return [number for number, change in self._changes.items() if _is_after(change, last)]

    def find_earlier(self, revision: int, changed: BitMap) -> dict[int, dict[int, int]]:
        """By the revision of a release: returns of which it tells in another version than a table of `revision` does,
        and a number for that version, above all numbers of returns.

        `changed` is what `find_changed` found, or more.
        """
        told_at = sorted({moment.revision for moment in self._moments})
        numbers: dict[tuple[int, int], int] = {}
        earlier: dict[int, dict[int, int]] = {each: {} for each in told_at}
        for number in sorted(self._changes):
            starts = self._find_starts(number)
            if number in changed:
                starts = _begin(starts, revision)
            present = _find_start(starts, revision)
            for each in told_at:
                start = _find_start(starts, each)
                if start != present:
                    version = numbers.setdefault((number, start), FIRST_EARLIER + len(numbers))
                    earlier[each][number] = version
        return earlier

    def _find_starts(self, number: int) -> list[int]:
        """From which revisions on releases tell of another version of the return, ascending."""
        starts: list[int] = []
        for moment, changed in zip(self._moments, self._changed, strict=True):
            if changed is None:  # it is not known: any return may have changed
                starts = sorted({*starts, moment.revision})
            elif number in changed:
                # It has not changed again by then, so that an older release of a newer table told of the same version.
                starts = _begin(starts, moment.revision)
        change = self._changes[number]
        unchanged = [each.revision for each in self._moments if not _is_after(change, each)]
        return [start for start in starts if start <= min(unchanged)] if unchanged else starts


def _begin(starts: Sequence[int], revision: int) -> list[int]:
    return [*(start for start in starts if start < revision), revision]


def _find_start(starts: Sequence[int], revision: int) -> int:
    return max((start for start in starts if start <= revision), default=0)


def _is_after(change: ReturnChange, moment: ReleaseMoment) -> bool:
    return change.revision > moment.revision and change.changed_at >= moment.released_at - SLACK
