"""Rules that bind the answers of one company, written for how many of k interchangeable companies gave each.

Each kind holds for the numbers X exactly when the answers can be dealt out to k companies so that it holds for each:

* exactly one of several: the X add up to k. Deal them out one after the other.
* at least one of several: the X together reach k. Lay them round the k, each company covered before any twice.
* either "none" or at least one of several: X <= k - none for each, and the X together reach k - none. Put the "none"s
  aside and lay the others round the rest, each company covered before any is covered twice.
* a whole with parts, at least one each (an area and its problems): each part <= the whole <= the parts together. As
  above, with the companies of the whole as the rest. Parts that need not be there: each part <= the whole.

They may stand on top of each other (areas beside "none", problems inside an area): the whole is dealt out first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Literal

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.problems import Row

LinkKind = Literal["exactly_one", "any", "none_or_any", "whole_and_parts", "parts_of_whole"]


@dataclass(frozen=True, slots=True)
class Link:
    """One rule for every company of `members`. The first of `answers` is the "none" or the whole, if there is one."""

    kind: LinkKind
    answers: tuple[str, ...]
    members: FrozenBitMap = field(repr=False)


def extend_links(links: Iterable[Link], told: Sequence[tuple[tuple[str, ...], FrozenBitMap]]) -> Iterator[Link]:
    """The same rules for those of whom earlier releases told, but who are not among the returns as they are now.

    `told` is of which answers and of whom. A rule holds for whoever one of its answers was told of; that of an area's
    problems for whoever was asked for them. That each had a problem is known of the present returns only.
    """
    for link in links:
        has_parts = link.kind in ("whole_and_parts", "parts_of_whole")
        asked = set(link.answers[1:] if has_parts else link.answers)
        found = [members for answers, members in told if not asked.isdisjoint(answers)]
        others = reduce(or_, found, FrozenBitMap()) - link.members
        if others:
            yield Link("parts_of_whole" if has_parts else link.kind, link.answers, FrozenBitMap(others))


def write_rows(link: Link, size: int, unknown: Mapping[str, tuple[int, ...]]) -> Iterator[Row]:
    """The rule for `size` interchangeable companies; `unknown` are those whose sum gave each answer."""
    parts = [unknown[name] for name in link.answers]
    if link.kind in ("exactly_one", "any"):
        most = size if link.kind == "exactly_one" else size * len(parts)
        yield Row(_join(parts), size, most)
        return
    first, others = parts[0], parts[1:]
    if link.kind == "none_or_any":
        yield Row(_join(parts), size, size * len(parts))
        for other in others:
            yield Row((*first, *other), 0, size)
    else:
        if link.kind == "whole_and_parts":
            yield Row(_join(others), 0, size * len(others), minus=first)
        for other in others:
            yield Row(first, 0, size, minus=other)


def _join(parts: Iterable[tuple[int, ...]]) -> tuple[int, ...]:
    return tuple(unknown for part in parts for unknown in part)
