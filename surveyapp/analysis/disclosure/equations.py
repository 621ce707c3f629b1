"""From sums and what is told beside them to a problem: unknowns, rows, and what must stay open.

Companies that no figure tells apart are one unknown (see `problems`). Answers that belong together, as an area and its
problems, share one division of the companies; others have their own, so that it stays small in large rounds. "None or
an area" binds divisions that differ: it is written for the groups that all its answers have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.knowledge import Sum, Told
from surveyapp.analysis.disclosure.links import Link, write_rows
from surveyapp.analysis.disclosure.problems import CellRow, Problem, Row, Target

_Entry = tuple[tuple[str, ...], FrozenBitMap]  # answers, and the companies they are counted among


@dataclass(frozen=True, slots=True, eq=False)
class _Division:
    """Answers with one division of the companies: of each group the places of the entries it stands in, and its size.

    The unknowns are numbered group by group, from `start` on.
    """

    answers: Mapping[str, int]  # the number of each
    groups: tuple[tuple[frozenset[int], int], ...]
    start: int

    def find_unknowns(self, names: Iterable[str], groups: Iterable[int]) -> tuple[int, ...]:
        groups = list(groups)
        return tuple(self.start + group * len(self.answers) + self.answers[name] for group in groups for name in names)

    def list_groups(self, place: int) -> list[int]:
        return [group for group, (places, _) in enumerate(self.groups) if place in places]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(size for _, size in self.groups for _ in self.answers)


def build_problem(
    sums: Sequence[Sum], beside: Sequence[Told], links: Sequence[Link], *, watch_companies: bool
) -> Problem:
    """The problem of one table. `watch_companies`: guard single answers and differences of groups as well."""
    entries: list[_Entry] = [(each.answers, each.members) for each in sums]
    entries += [(told.answers, told.members) for told in beside]
    entries += [(link.answers, link.members) for link in links]
    divisions = _divide(entries, links, first_link=len(sums) + len(beside))

    def find_unknowns(place: int) -> tuple[int, ...]:
        answers = entries[place][0]
        division = divisions[answers[0]]
        return division.find_unknowns(answers, division.list_groups(place))

    cells = tuple(
        CellRow(find_unknowns(place), each.count, each.reason is not None, each.marks, each.price)
        for place, each in enumerate(sums)
    )
    targets = [Target(cell.unknowns, each.width) for cell, each in zip(cells, sums, strict=True) if each.reason]
    rows: list[Row] = []
    for place, told in enumerate(beside, start=len(sums)):
        unknowns = find_unknowns(place)
        rows.append(Row(unknowns, told.low, told.high))
        if told.width:
            targets.append(Target(unknowns, told.width))
    for place, link in enumerate(links, start=len(sums) + len(beside)):
        rows += _bind(link, place, entries, divisions)
    if watch_companies:
        targets += _watch_companies(sums, beside, divisions)
    sizes = tuple(size for each in dict.fromkeys(divisions.values()) for size in each.sizes)
    return Problem(sizes, tuple(dict.fromkeys(rows)), cells, tuple(dict.fromkeys(targets)))


def find_relatives(names: Iterable[tuple[str, ...]]) -> Callable[[str], str]:
    """One name for all answers that stand together in any of the tuples."""
    parents: dict[str, str] = {}

    def find(name: str) -> str:
        while parents.setdefault(name, name) != name:
            name = parents[name]
        return name

    for together in names:
        for name in together[1:]:
            parents[find(name)] = find(together[0])
    return find


def _divide(entries: Sequence[_Entry], links: Sequence[Link], *, first_link: int) -> Mapping[str, _Division]:
    """The division of each answer."""
    bridges = {place for place, link in enumerate(links, start=first_link) if link.kind == "none_or_any"}
    find = find_relatives(answers for place, (answers, _) in enumerate(entries) if place not in bridges)
    places: dict[str, list[int]] = {}
    names: dict[str, dict[str, None]] = {}
    for place, (answers, _) in enumerate(entries):
        for name in answers:
            relative = find(name)
            names.setdefault(relative, {})[name] = None
            held = places.setdefault(relative, [])
            if not held or held[-1] != place:
                held.append(place)
    divisions: dict[str, _Division] = {}
    start = 0
    for relative in sorted(places):
        answers_of = {name: number for number, name in enumerate(sorted(names[relative]))}
        groups = _find_groups({place: entries[place][1] for place in places[relative]})
        division = _Division(answers_of, groups, start)
        start += len(groups) * len(answers_of)
        divisions |= dict.fromkeys(answers_of, division)
    return divisions


def _find_groups(sets: Mapping[int, FrozenBitMap]) -> tuple[tuple[frozenset[int], int], ...]:
    """Companies that stand in the same sets."""
    inside: dict[int, list[int]] = {}
    for place, members in sets.items():
        for company in members:
            inside.setdefault(company, []).append(place)
    counted: dict[tuple[int, ...], int] = {}
    for places in inside.values():
        counted[tuple(places)] = counted.get(tuple(places), 0) + 1
    return tuple((frozenset(places), size) for places, size in sorted(counted.items()))


def _bind(link: Link, place: int, entries: Sequence[_Entry], divisions: Mapping[str, _Division]) -> Iterator[Row]:
    """The rule for each group that the divisions of all its answers have in common."""
    of_link = list(dict.fromkeys(divisions[name] for name in link.answers))
    sets = [{entries[each][1] for places, _ in division.groups for each in places} for division in of_link]
    common = set.intersection(*sets)
    sizes: dict[frozenset[FrozenBitMap], int] = {}
    unknowns: dict[frozenset[FrozenBitMap], dict[str, tuple[int, ...]]] = {}
    for division in of_link:
        names = [name for name in link.answers if name in division.answers]
        for group in division.list_groups(place):
            places, size = division.groups[group]
            key = common.intersection(entries[each][1] for each in places)
            if division is of_link[0]:
                sizes[frozenset(key)] = sizes.get(frozenset(key), 0) + size
            found = unknowns.setdefault(frozenset(key), {})
            for name in names:
                found[name] = (*found.get(name, ()), *division.find_unknowns((name,), (group,)))
    for shared, size in sizes.items():
        yield from write_rows(link, size, unknowns[shared])


def _watch_companies(
    sums: Sequence[Sum], beside: Sequence[Told], divisions: Mapping[str, _Division]
) -> Iterator[Target]:
    """Every company's answer, and those between two groups of which one lies in the other.

    Left out are answers of which a tally over a whole round says that nobody or everybody gave them, and what was told
    of all of a group before: nothing can protect it any more.
    """
    known = {
        each.answers
        for each in sums
        if not each.rules.of_group and each.reason is None and each.count in (0, each.base)
    }
    rules = sums[0].rules.for_groups()
    told_whole = {place: each.answers for place, each in enumerate(beside, start=len(sums)) if each.is_of_all_or_none}
    for division in dict.fromkeys(divisions.values()):
        for group, (places, size) in enumerate(division.groups):
            fixed = {name for place in places for name in told_whole.get(place, ())}
            for name in division.answers:
                if (name,) not in known and name not in fixed:
                    yield Target(division.find_unknowns((name,), (group,)), at_most=size - 1, at_least=1)
    counted = [
        (place, each.answers, each.members)
        for place, each in enumerate(sums)
        if each.reason is None and each.answers not in known
    ] + [
        (place, told.answers, told.members)
        for place, told in enumerate(beside, start=len(sums))
        if told.is_exact and told.answers not in known
    ]
    by_answers: dict[tuple[str, ...], list[tuple[int, FrozenBitMap]]] = {}
    for place, answers, members in counted:
        by_answers.setdefault(answers, []).append((place, members))
    for answers, found in by_answers.items():
        division = divisions[answers[0]]
        for pair in combinations(found, 2):
            (inner, held), (outer, around) = sorted(pair, key=lambda each: len(each[1]))
            base = len(around) - len(held)
            if 0 < base < rules.least_base and held.issubset(around):
                between = [
                    group
                    for group, (places, _) in enumerate(division.groups)
                    if outer in places and inner not in places
                ]
                yield Target(division.find_unknowns(answers, between), min(rules.width, base))
