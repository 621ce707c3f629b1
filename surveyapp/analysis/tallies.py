"""Sorting very many returns by what they answered: one small number a return and question, sorted in numpy.

A list of response numbers for each choice would be appended to at scattered places of memory, several times a return
where several choices can be ticked. So what a return answered to a question is looked up in a dictionary once, its code
is appended to the one column of that question, and only the codes, which are few, are told apart into marks.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pyroaring import BitMap

from surveyapp.analysis.answer_index import build_bitmap

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.uint32]

NUMBER = "I"  # array's letter for the numbers of responses, 32 bits as in bitmaps
CODE = "i"

Mark = TypeVar("Mark", bound=Hashable)


class Codes(dict[Any, int]):
    """Consecutive codes from 0, given out as keys are met."""

    def __missing__(self, key: object) -> int:
        code = self[key] = len(self)
        return code


class Tally(Generic[Mark]):
    """What returns answered to one question, or to a few of them together, in the order in which they were read.

    Readers write `tally.column.append(tally.codes[answer])`. `list_marks` says what an answer is to be sorted under.
    """

    __slots__ = ("_list_marks", "codes", "column")

    def __init__(self, list_marks: Callable[[Any], Iterable[Mark]]) -> None:
        self.codes = Codes()
        self.column = array(CODE)
        self._list_marks = list_marks

    def sort(self, numbers: Numbers) -> Iterator[tuple[Mark, Numbers]]:
        """Each mark with the numbers of the returns that have it, in their order; `numbers` are those of the column."""
        return sort_by_mark(numbers, self.take_codes(), map(self._list_marks, self.codes))

    def take_codes(self) -> NDArray[np.int32]:
        """The column as an array of its own."""
        import numpy as np

        return np.array(self.column, dtype=np.int32)

    def clear(self) -> None:
        """Begin anew. The dictionary and the column stay the same objects, for readers hold on to them."""
        self.codes.clear()
        del self.column[:]


def sort_by_mark(
    numbers: Numbers, column: NDArray[np.integer[Any]], marks_by_code: Iterable[Iterable[Mark]]
) -> Iterator[tuple[Mark, Numbers]]:
    """Each mark with those of the numbers whose code has it, in their order. A code may have any number of marks."""
    import numpy as np

    marks = Codes()
    of_code = [[marks[mark] for mark in listed] for listed in marks_by_code]
    most = max(map(len, of_code), default=0)
    if most == 0:
        return
    nothing = len(marks)
    padded = chain.from_iterable([*found, *[nothing] * (most - len(found))] for found in of_code)
    table = np.fromiter(padded, dtype=np.uint16 if nothing < 1 << 16 else np.uint32).reshape(-1, most)
    found = table[column].ravel()  # `most` places for each return, those without a mark hold `nothing`
    held = np.flatnonzero(found != nothing)
    found = found[held]
    by_mark = numbers[held[np.argsort(found, kind="stable")] // most]  # 16 bits are sorted in linear time
    start = 0
    for mark, end in zip(marks, np.cumsum(np.bincount(found, minlength=nothing)).tolist(), strict=True):
        yield mark, by_mark[start:end]
        start = end


def build_bitmap_of(numbers: Numbers) -> BitMap:
    return build_bitmap(array(NUMBER, numbers.tobytes()))
