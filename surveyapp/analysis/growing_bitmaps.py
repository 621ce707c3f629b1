"""Bitmaps that grow without being copied: what came and went lies over the whole until somebody reads it.

With a million responses an index holds well over a thousand bitmaps of up to 125 kB, and a hundred new responses touch
nearly all of them. Making each anew would cost more than reading the responses.
"""

from __future__ import annotations

from pyroaring import BitMap

# So many changes are put into the whole at once, so that they stay few: what a roaring container holds as a list.
SETTLED_FROM = 4096

_Changes = tuple[BitMap, BitMap]  # gone, come since


class GrowingBitmap:
    """Some returns of an index. What it holds never changes: `extend` and `shorten` give the next one.

    Any thread may read it at any time. Whole and changes are replaced together, by what means the same.
    """

    __slots__ = ("_parts",)

    def __init__(self, whole: BitMap, changes: _Changes | None = None) -> None:
        self._parts = (whole, changes)

    @property
    def numbers(self) -> BitMap:
        """The returns as one bitmap, which must not be changed; the same object every time."""
        whole, changes = self._parts
        if changes is not None:
            gone, came = changes
            whole = ((whole - gone) if gone else whole) | came
            self._parts = (whole, None)
        return self._parts[0]

    def extend(self, numbers: BitMap) -> GrowingBitmap:
        """These returns and the given ones."""
        whole, changes = self._parts
        if not whole and changes is None:
            return GrowingBitmap(numbers)
        gone, came = changes or (BitMap(), BitMap())
        return _lay_over(whole, gone, came | numbers)

    def shorten(self, numbers: BitMap) -> GrowingBitmap:
        """These returns without the given ones; the same object where it has none of them."""
        whole, changes = self._parts
        gone, came = changes or (BitMap(), BitMap())
        if not whole.intersect(numbers) and not came.intersect(numbers):
            return self
        return _lay_over(whole, gone | (numbers & whole), came - numbers)


def _lay_over(whole: BitMap, gone: BitMap, came: BitMap) -> GrowingBitmap:
    made = GrowingBitmap(whole, (gone, came))
    if len(gone) + len(came) >= SETTLED_FROM:
        return GrowingBitmap(made.numbers)
    return made


NOBODY = GrowingBitmap(BitMap())


class Growth:
    """One step in which bitmaps grow or shrink. Questions that share a bitmap and change alike share the next one too.

    Most questions were asked of, and answered by, just those who were asked or answered another one.
    """

    def __init__(self) -> None:
        self._given: dict[bytes, BitMap] = {}
        self._extended: dict[tuple[int, int], tuple[GrowingBitmap, GrowingBitmap]] = {}  # with what the ids are of
        self._shortened: dict[int, tuple[GrowingBitmap, GrowingBitmap]] = {}

    def extend(self, held: GrowingBitmap, numbers: BitMap) -> GrowingBitmap:
        """`held` and the numbers: the same object for the same `held` and equal numbers."""
        numbers = self._given.setdefault(numbers.serialize(), numbers)
        key = (id(held), id(numbers))
        if key not in self._extended:
            self._extended[key] = (held, held.extend(numbers))
        return self._extended[key][1]

    def shorten(self, held: GrowingBitmap, numbers: BitMap) -> GrowingBitmap:
        """`held` without the numbers, which are the same in the whole step."""
        if id(held) not in self._shortened:
            self._shortened[id(held)] = (held, held.shorten(numbers))
        return self._shortened[id(held)][1]
