"""From sums and what is told beside them to a problem: unknowns, rows, and what must stay open.

Companies that no figure tells apart are one unknown (see `problems`). Answers that a figure or a rule binds share one
division of the companies; others have their own, so that it stays small in large rounds. Who was asked for details of
an area divides that area and its problems alone: it depends on answers, and a reader is taken not to use it for others.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

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
    owners: Mapping[int, int]  # the group of each company
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
    sums: Sequence[Sum],
    beside: Sequence[Told],
    links: Sequence[Link],
    *,
    watch_companies: bool,
    is_repeated: bool = False,
) -> Problem:
    """The problem of one table. `watch_companies`: guard single answers and differences of groups as well.

    That nobody gave an answer is shown of a whole round, so that of a hidden count it is known not to be none; but not
    where earlier releases were told of the same answers (`is_repeated`).
    """
    entries: list[_Entry] = [(each.answers, each.members) for each in sums]
    entries += [(told.answers, told.members) for told in beside]
    entries += [(link.answers, link.members) for link in links]
    divisions = _divide(entries, links, first_link=len(sums) + len(beside))

    def find_unknowns(place: int) -> tuple[int, ...]:
        answers = entries[place][0]
        division = divisions[answers[0]]
        return division.find_unknowns(answers, division.list_groups(place))

    cells = tuple(_build_cell(each, find_unknowns(place), is_repeated) for place, each in enumerate(sums))
    targets = [Target(cell.unknowns, each.width) for cell, each in zip(cells, sums, strict=True) if each.reason]
    rows: list[Row] = []
    for place, told in enumerate(beside, start=len(sums)):
        unknowns = find_unknowns(place)
        rows.append(Row(unknowns, told.low, told.high))
        if told.width:
            targets.append(Target(unknowns, told.width))
    for link in links:
        rows += _bind(link, divisions)
    if watch_companies:
        targets += _watch_companies(sums, beside, divisions)
    sizes = tuple(size for each in dict.fromkeys(divisions.values()) for size in each.sizes)
    return Problem(sizes, tuple(dict.fromkeys(rows)), cells, tuple(dict.fromkeys(targets)))


def _build_cell(each: Sum, unknowns: tuple[int, ...], is_repeated: bool) -> CellRow:
    is_none = not each.rules.of_group and each.count == 0
    return CellRow(
        unknowns,
        each.count,
        is_hidden=each.reason is not None,
        marks=each.marks,
        weight=0.0 if is_none and not is_repeated else each.price,
        floor=0 if is_repeated else each.floor,
    )


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
    """The division of each answer.

    Answers that "none or an area" binds are divided alike, by every set that any of them is counted in. An area's
    problems are not divided by the sets of other areas: that each lies in the area is written for their own groups.
    """
    bridges = _find_bridges(links, first_link)
    find = find_relatives(answers for place, (answers, _) in enumerate(entries) if place not in bridges)
    tie = find_relatives(
        tuple(dict.fromkeys(map(find, entries[place][0]))) for place, kind in bridges.items() if kind == "tied"
    )
    own: dict[str, dict[int, None]] = {}  # by relative, the places of the sets that divide it
    shared: dict[str, dict[int, None]] = {}  # by tied relatives, of those that divide all of them
    names: dict[str, dict[str, None]] = {}
    for place, (answers, _) in enumerate(entries):
        for name in answers:
            relative = find(name)
            names.setdefault(relative, {})[name] = None
            held = (
                own.setdefault(relative, {}) if bridges.get(place) == "loose" else shared.setdefault(tie(relative), {})
            )
            held[place] = None
    divisions: dict[str, _Division] = {}
    partitions, start = _Partitions(entries), 0
    for relative in sorted(names):
        answers_of = {name: number for number, name in enumerate(sorted(names[relative]))}
        places = sorted({**own.get(relative, {}), **shared.get(tie(relative), {})})
        groups, owners = partitions.find(places)
        division = _Division(answers_of, groups, owners, start)
        start += len(groups) * len(answers_of)
        divisions |= dict.fromkeys(answers_of, division)
    return divisions


def _find_bridges(links: Sequence[Link], first_link: int) -> Mapping[int, Literal["tied", "loose"]]:
    """Links between answers whose divisions differ, by place: "none or an area", and the problems of such areas."""
    tied = {name for link in links if link.kind == "none_or_any" for name in link.answers}
    found: dict[int, Literal["tied", "loose"]] = {}
    for place, link in enumerate(links, start=first_link):
        if link.kind == "none_or_any":
            found[place] = "tied"
        elif link.kind in ("whole_and_parts", "parts_of_whole") and link.answers[0] in tied:
            found[place] = "loose"
    return found


class _Partitions:
    """How sets divide the companies that stand in them. Many entries have the same sets, and many answers the same
    entries, so that each partition is worked out once.
    """

    def __init__(self, entries: Sequence[_Entry]) -> None:
        numbers: dict[FrozenBitMap, int] = {}
        self._number_of = [numbers.setdefault(members, len(numbers)) for _, members in entries]
        self._sets = list(numbers)
        self._found: dict[tuple[int, ...], tuple[Mapping[tuple[int, ...], int], Mapping[int, int]]] = {}

    def find(self, places: Sequence[int]) -> tuple[tuple[tuple[frozenset[int], int], ...], Mapping[int, int]]:
        """The groups by the places of the entries they stand in, with their sizes, and the group of each company."""
        key = tuple(sorted({self._number_of[place] for place in places}))
        if key not in self._found:
            self._found[key] = self._divide(key)
        groups, owners = self._found[key]
        return tuple(
            (frozenset(place for place in places if self._number_of[place] in group), size)
            for group, size in groups.items()
        ), owners

    def _divide(self, key: Sequence[int]) -> tuple[Mapping[tuple[int, ...], int], Mapping[int, int]]:
        inside: dict[int, list[int]] = {}
        for number in key:
            for company in self._sets[number]:
                inside.setdefault(company, []).append(number)
        numbers: dict[tuple[int, ...], int] = {}
        owners = {company: numbers.setdefault(tuple(sets), len(numbers)) for company, sets in inside.items()}
        sizes = Counter(owners.values())
        return {sets: sizes[number] for sets, number in numbers.items()}, owners


def _bind(link: Link, divisions: Mapping[str, _Division]) -> Iterator[Row]:
    """The rule for the smallest groups that are whole in the divisions of all its answers."""
    owners = list({id(divisions[name].owners): divisions[name].owners for name in link.answers}.values())
    together = Counter(tuple(each[company] for each in owners) for company in link.members)
    find = find_relatives(
        tuple(f"{place}:{group}" for place, group in enumerate(groups)) for groups in sorted(together)
    )
    sizes: dict[str, int] = {}
    held: dict[str, list[set[int]]] = {}
    for groups, companies in sorted(together.items()):
        common = find(f"0:{groups[0]}")
        sizes[common] = sizes.get(common, 0) + companies
        for found, group in zip(held.setdefault(common, [set() for _ in owners]), groups, strict=True):
            found.add(group)
    place_of = {id(each): place for place, each in enumerate(owners)}
    for common, size in sizes.items():
        unknowns = {}
        for name in link.answers:
            division = divisions[name]
            unknowns[name] = division.find_unknowns((name,), sorted(held[common][place_of[id(division.owners)]]))
        yield from write_rows(link, size, unknowns)


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
