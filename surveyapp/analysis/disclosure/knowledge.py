"""Cells of a table and what else a reader is told, as sets of companies; from them the problems to be solved.

The reader is taken to know which companies answered and in which groups they are (type, size, stage, products, routes,
when they joined); not known is what they answered.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.links import Link, extend_links, write_rows
from surveyapp.analysis.disclosure.problems import CellRow, Plan, Problem, Row, Target
from surveyapp.analysis.disclosure.rules import TELLING, Rules, blur_reason
from surveyapp.analysis.disclosure.suppression import MOST_CELLS, SECONDS, TableTooLarge, plan_suppression


@dataclass(frozen=True, slots=True)
class Told:
    """What a reader knows of one count: how many of `members` gave one of `answers` lies between `low` and `high`.

    `width` above 0: the count is hidden because it is sensitive, and must stay open by as much.
    """

    answers: tuple[str, ...]  # names such as "ch_areas=gmp"; several are answers that exclude each other
    members: FrozenBitMap = field(repr=False)
    low: int
    high: int
    width: int = 0

    @property
    def is_exact(self) -> bool:
        return self.low == self.high and self.width == 0


@dataclass(frozen=True, slots=True)
class Sum:
    """One count of a table before it is released. `reason` says why it is sensitive by itself.

    `may_hide`: whether it may be hidden to protect another. A base or total that other tables show may not.
    """

    answers: tuple[str, ...]
    members: FrozenBitMap = field(repr=False)
    count: int
    rules: Rules
    reason: Hidden | None = None
    may_hide: bool = True
    discount: float = 1.0  # below 1: cheaper to hide than its count says

    @property
    def base(self) -> int:
        return len(self.members)

    @property
    def marks(self) -> tuple[int, int]:
        """What its mark tells a reader who knows the thresholds: (lowest, highest)."""
        least, base = self.rules.least_count, self.base
        if self.reason is Hidden.COUNT_TOO_SMALL:
            return (0 if self.rules.of_group else 1), min(least - 1, base)
        if self.reason is Hidden.REST_TOO_SMALL:
            return max(base - least + 1, 0), base
        if self.reason is None and self.rules.of_group and base >= self.rules.least_base:
            return min(least, self.count), max(base - least, self.count)
        return 0, base

    @property
    def price(self) -> float:
        """What is lost by hiding it; 0 where it may not be hidden.

        A zero protects little, for it leaves the other hidden counts as they are: it costs as a count that would do.
        """
        if not self.may_hide:
            return 0.0
        return self.discount * math.log2(2 + (self.count or 2 * self.rules.least_count))

    @property
    def width(self) -> int:
        """How far its range must reach: as far as the audience asks for, and mark and group leave room."""
        if self.reason is Hidden.RELEASED_BEFORE:
            return 0  # hidden for another's sake
        low, high = self.marks
        return min(self.rules.width, high - low)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is hidden of a table: a reason for each sum, None where it is shown, and what a reader then knows."""

    reasons: tuple[Hidden | None, ...]
    told: tuple[Told, ...]
    is_proven: bool = True
    betrayed: int = 0  # targets that follow from what was told before, whatever this table hides


# What was released before, once for each kind of reader: whoever is told more must not learn more of a company either.
Readers = Sequence[Sequence[Told]]
NOTHING_BEFORE: Readers = ((),)


def protect(
    sums: Sequence[Sum],
    *,
    beside: Sequence[Told] = (),
    before: Readers = NOTHING_BEFORE,
    links: Sequence[Link] = (),
    across: Sequence[Link] = (),
    watch_companies: bool = False,
    seconds: float = SECONDS,
) -> Verdict:
    """Which sums are hidden so that neither a sensitive one nor one company's answer follows from all that is told.

    `beside` is told in other figures of the same release, `before` in earlier ones. What is hidden of an answer that
    was released before has one reason for all: beside the earlier figures the reason itself would tell too much. So has
    what is hidden of a table of groups for an audience that is not told reasons (`Rules.tells_reasons`).

    `links` bind answers of this release to each other, `across` binds them to answers told before.

    `watch_companies`: guard the answer of each company and of the difference of any two groups that lie in each other,
    too; for tables of groups. Empty groups are left out; their reason is that nothing was computed. Raises
    TableTooLarge.
    """
    verdicts = [
        _protect_from(sums, beside, told, (links, across), watch_companies=watch_companies, seconds=seconds)
        for told in before
    ]
    reasons = [_join_reasons(each, [verdict.reasons[place] for verdict in verdicts]) for place, each in enumerate(sums)]
    if Hidden.RELEASED_BEFORE in reasons and not _tells_reasons(sums):
        # Two reasons would part those that earlier releases would betray from those that are hidden anyway.
        reasons = [Hidden.RELEASED_BEFORE if each is Hidden.PROTECTS_ANOTHER else each for each in reasons]
    return Verdict(
        tuple(reasons),
        tuple(tell(sums, reasons)),
        is_proven=all(verdict.is_proven for verdict in verdicts),
        betrayed=max(verdict.betrayed for verdict in verdicts),
    )


def _tells_reasons(sums: Iterable[Sum]) -> bool:
    return all(each.rules.tells_reasons for each in sums)


def _join_reasons(each: Sum, reasons: Sequence[Hidden | None]) -> Hidden | None:
    """Hidden for one reader, hidden for all; a reason that must not be told to one is told to none."""
    found = [reason for reason in reasons if reason is not None]
    return next((reason for reason in found if reason is not each.reason), found[0] if found else None)


def _protect_from(
    sums: Sequence[Sum],
    beside: Sequence[Told],
    before: Sequence[Told],
    bonds: tuple[Sequence[Link], Sequence[Link]],
    *,
    watch_companies: bool,
    seconds: float,
) -> Verdict:
    """What one kind of reader must not be shown. Rules of answers hold for returns as they were earlier, too."""
    links, across = bonds
    every = [*links, *extend_links(links, [(told.answers, told.members) for told in before]), *across]
    return _solve(sums, beside, before, every, watch_companies=watch_companies, seconds=seconds)


def _solve(
    sums: Sequence[Sum],
    beside: Sequence[Told],
    before: Sequence[Told],
    links: Sequence[Link],
    *,
    watch_companies: bool,
    seconds: float,
) -> Verdict:
    tells_reasons = _tells_reasons(sums)
    reasons: list[Hidden | None] = [
        _find_own_reason(each, tells_reasons=tells_reasons) if each.members else Hidden.NOT_COMPUTED for each in sums
    ]
    betrayed, is_proven = 0, True
    released = {answer for told in before for answer in told.answers}
    for places, told, bound in _split(sums, [*beside, *before], links):
        if len(places) > MOST_CELLS:
            raise TableTooLarge(len(places))
        part = [sums[place] for place in places]
        is_repeated = any(not released.isdisjoint(each.answers) for each in told)
        if is_repeated and _says_nothing_new(part, [reasons[place] for place in places], told):
            continue
        problem = _build_problem(part, told, bound, watch_companies=watch_companies or is_repeated)
        plan = plan_suppression(replace(problem, tells_reasons=tells_reasons and not is_repeated), seconds)
        betrayed += len(plan.betrayed)
        is_proven = is_proven and plan.is_proven
        for place, reason in zip(places, _mark(part, plan, is_repeated=is_repeated), strict=True):
            reasons[place] = reason
    return Verdict(tuple(reasons), (), is_proven, betrayed)


def exclude(told: Iterable[Told], answer: str, impossible: FrozenBitMap) -> list[Told]:
    """What is told of one answer, without the companies that are known not to have given it."""
    return [replace(each, members=each.members - impossible) for each in told if each.answers == (answer,)]


def tell(sums: Sequence[Sum], reasons: Sequence[Hidden | None]) -> Iterator[Told]:
    """What a reader knows of the sums once they are released so."""
    for each, reason in zip(sums, reasons, strict=True):
        if not each.members:
            continue
        if reason is None:
            yield Told(each.answers, each.members, each.count, each.count)
        elif each.reason is not None:
            low, high = each.marks if reason is each.reason else (0, each.base)
            yield Told(each.answers, each.members, low, high, each.width)


def _find_own_reason(each: Sum, *, tells_reasons: bool) -> Hidden | None:
    return each.reason if each.reason is None or tells_reasons else blur_reason(each.reason)


def _says_nothing_new(sums: Sequence[Sum], reasons: Sequence[Hidden | None], told: Iterable[Told]) -> bool:
    """Whether the reader was told all of it before, the marks included: nothing can follow that did not before."""
    known = set(told)
    return known.issuperset(tell(sums, reasons))


def _mark(sums: Sequence[Sum], plan: Plan, *, is_repeated: bool) -> Iterator[Hidden | None]:
    neutral = Hidden.RELEASED_BEFORE if is_repeated else Hidden.PROTECTS_ANOTHER
    for place, each in enumerate(sums):
        if place in plan.hidden or (place in plan.blurred and each.reason in TELLING):
            yield neutral
        else:
            yield each.reason


_Part = tuple[list[int], list[Told], list[Link]]


def _split(sums: Sequence[Sum], beside: Sequence[Told], links: Sequence[Link]) -> Iterator[_Part]:
    """Parts whose answers have nothing to do with each other: each is a problem of its own."""
    together = [each.answers for each in sums] + [told.answers for told in beside] + [link.answers for link in links]
    find = _find_relatives(together)
    parts: dict[str, _Part] = {}
    for place, each in enumerate(sums):
        if each.members:
            parts.setdefault(find(each.answers[0]), ([], [], []))[0].append(place)
    for told in beside:
        if told.members and (part := parts.get(find(told.answers[0]))) is not None:
            part[1].append(told)
    for link in links:
        if (part := parts.get(find(link.answers[0]))) is not None:
            part[2].append(link)
    yield from parts.values()


def _find_relatives(names: Iterable[tuple[str, ...]]) -> Callable[[str], str]:
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


def _build_problem(
    sums: Sequence[Sum], beside: Sequence[Told], links: Sequence[Link], *, watch_companies: bool
) -> Problem:
    told_of: list[tuple[tuple[str, ...], FrozenBitMap]] = [(each.answers, each.members) for each in sums]
    told_of += [(each.answers, each.members) for each in beside]
    told_of += [(link.answers, link.members) for link in links]
    answers = sorted({name for names, _ in told_of for name in names})
    sets = [members for _, members in told_of]
    groups = _find_groups(sets)
    number = {name: place for place, name in enumerate(answers)}

    def find_unknowns(names: Iterable[str], held: Iterable[int]) -> tuple[int, ...]:
        held = list(held)
        return tuple(group * len(answers) + number[name] for group in held for name in names)

    holders: list[list[int]] = [[] for _ in sets]
    for group, (inside, _) in enumerate(groups):
        for place in inside:
            holders[place].append(group)
    sizes = tuple(size for _, size in groups for _ in answers)
    cells = tuple(
        CellRow(
            find_unknowns(each.answers, holders[place]),
            each.count,
            each.reason is not None,
            each.marks,
            each.price,
        )
        for place, each in enumerate(sums)
    )
    targets = [Target(cell.unknowns, each.width) for cell, each in zip(cells, sums, strict=True) if each.reason]
    rows: list[Row] = []
    for place, told in enumerate(beside, start=len(sums)):
        unknowns = find_unknowns(told.answers, holders[place])
        rows.append(Row(unknowns, told.low, told.high))
        if told.width:
            targets.append(Target(unknowns, told.width))
    for place, link in enumerate(links, start=len(sums) + len(beside)):
        for group in holders[place]:
            bound = {name: group * len(answers) + number[name] for name in link.answers}
            rows += write_rows(link, groups[group][1], bound)
    if watch_companies:
        targets += _watch_companies(sums, beside, groups, answers, find_unknowns)
    return Problem(sizes, tuple(dict.fromkeys(rows)), cells, tuple(dict.fromkeys(targets)))


_Groups = list[tuple[tuple[int, ...], int]]


def _find_groups(sets: Sequence[BitMap | FrozenBitMap]) -> _Groups:
    """Companies that stand in the same sets: (places of the sets, number of companies)."""
    inside: dict[int, list[int]] = {}
    for place, members in enumerate(sets):
        for company in members:
            inside.setdefault(company, []).append(place)
    counted: dict[tuple[int, ...], int] = {}
    for places in inside.values():
        counted[tuple(places)] = counted.get(tuple(places), 0) + 1
    return sorted(counted.items())


def _watch_companies(
    sums: Sequence[Sum],
    beside: Sequence[Told],
    groups: _Groups,
    answers: Sequence[str],
    find_unknowns: Callable[[Iterable[str], Iterable[int]], tuple[int, ...]],
) -> Iterator[Target]:
    """Every company's answer, and those between two groups of which one lies in the other.

    Left out are answers of which a tally over a whole round says that nobody or everybody gave them.
    """
    known = {
        each.answers
        for each in sums
        if not each.rules.of_group and each.reason is None and each.count in (0, each.base)
    }
    rules = sums[0].rules.for_groups()
    for name in answers:
        if (name,) in known:
            continue
        for group, (_, size) in enumerate(groups):
            yield Target(find_unknowns((name,), (group,)), at_most=size - 1, at_least=1)
    counted = [(each.answers, each.members) for each in sums if each.reason is None and each.answers not in known] + [
        (told.answers, told.members) for told in beside if told.is_exact and told.answers not in known
    ]
    told_of = [*(each.members for each in sums), *(told.members for told in beside)]
    places = {id(members): place for place, members in enumerate(told_of)}
    for one, other in combinations(counted, 2):
        if one[0] != other[0]:
            continue
        (names, inner), (_, outer) = sorted((one, other), key=lambda each: len(each[1]))
        base = len(outer) - len(inner)
        if base == 0 or not inner.issubset(outer):
            continue
        if base < rules.least_base:
            between = [
                group
                for group, (inside, _) in enumerate(groups)
                if places[id(outer)] in inside and places[id(inner)] not in inside
            ]
            yield Target(find_unknowns(names, between), min(rules.width, base))
