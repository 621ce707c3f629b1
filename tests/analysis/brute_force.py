"""An attacker who enumerates every set of answers that agrees with what is told. For a handful of companies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.knowledge import Told
from surveyapp.analysis.disclosure.links import Link

Answers = Mapping[int, frozenset[str]]  # by company


def list_worlds(
    companies: Sequence[int], names: Sequence[str], told: Sequence[Told], links: Sequence[Link] = ()
) -> list[Answers]:
    """Every way the companies can have answered."""
    subsets = [frozenset(name for name, has in zip(names, row, strict=True) if has) for row in _flags(len(names))]
    allowed = [[each for each in subsets if _keeps(each, company, links)] for company in companies]
    worlds = (dict(zip(companies, row, strict=True)) for row in product(*allowed))
    return [world for world in worlds if all(each.low <= count(world, each) <= each.high for each in told)]


def count(world: Answers, told: Told) -> int:
    return count_in(world, told.answers, told.members)


def count_in(world: Answers, answers: Sequence[str], members: FrozenBitMap) -> int:
    return sum(bool(world[company] & set(answers)) for company in members)


def _flags(length: int) -> Iterator[tuple[bool, ...]]:
    yield from product((False, True), repeat=length)


def _keeps(given: frozenset[str], company: int, links: Sequence[Link]) -> bool:
    return all(_keeps_link(given, link) for link in links if company in link.members)


def _keeps_link(given: frozenset[str], link: Link) -> bool:
    first, rest = link.answers[0], given & set(link.answers[1:])
    if link.kind == "exactly_one":
        return len(given & set(link.answers)) == 1
    if link.kind == "any":
        return bool(given & set(link.answers))
    if link.kind == "none_or_any":
        return (first in given) != bool(rest)
    if link.kind == "whole_and_parts":
        return (first in given) == bool(rest)
    return first in given or not rest
