"""The minimality attack: a reader who knows the algorithm replays it for every set of answers that agrees with a table.

Sets of answers that would have led to other cells being hidden, or to other reasons, fall away. What is left may fix a
hidden count, or a company's answer, that the audit had shown to be open. Tables are random and of a handful of
companies, under the least thresholds that let so few show anything: chance favours the attacker there. The reader sees
what the audience is shown, the reasons included that it is told.

Source: Wong, Fu, Wang & Pei (2007), "Minimality attack in privacy preserving data publishing", VLDB 543-554.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from time import thread_time

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.knowledge import Sum, Told
from surveyapp.analysis.disclosure.protection import protect
from surveyapp.analysis.disclosure.rules import TOLD_REASONS, Rules
from surveyapp.fieldwork.thresholds import Audience, Thresholds
from tests.analysis.brute_force import Answers, count_in, list_worlds

THRESHOLDS = Thresholds(group_base=3, group_count=2, round_base=4, round_count=2)
COMPANIES, ANSWER = 8, "a"
SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many tables, sensitive counts and answers of companies there were, and what was fixed by whom."""

    tables: int
    counts: int
    fixed_by_table: int  # by what is told alone: what the audit prevents, where anything can be done
    fixed_by_replay: int  # beyond that, by the algorithm
    companies: int
    betrayed_by_table: int
    betrayed_by_replay: int


def attack_by_replay(audience: Audience, *, most_tables: int, seconds: float = SECONDS, seed: int = 1) -> Replayed:
    """Random tables one after the other, until there are so many or time has run out."""
    random, begin = Random(seed), thread_time()
    found = [0] * 7
    while found[0] < most_tables and thread_time() - begin < seconds:
        for place, number in enumerate(_attack_one(random, audience)):
            found[place] += number
    return Replayed(*found)


def _attack_one(random: Random, audience: Audience) -> tuple[int, ...]:
    companies = range(COMPANIES)
    everyone = FrozenBitMap(companies)
    groups = [everyone]
    for kinds in (2, 3)[: random.randint(1, 2)]:
        of = [random.randrange(kinds) for _ in companies]
        groups += [FrozenBitMap(each for each in companies if of[each] == kind) for kind in range(kinds)]
    ticked = frozenset(each for each in companies if random.random() < random.choice((0.3, 0.5, 0.7)))
    world = {each: frozenset({ANSWER} if each in ticked else ()) for each in companies}
    published = _publish(world, groups, audience)
    hidden = [group for group, (_, reason) in zip(groups, published.shown, strict=True) if reason is not None and group]
    worlds = list_worlds(companies, ANSWER, published.told)
    replayed = [each for each in worlds if _publish(each, groups, audience).shown == published.shown]
    assert world in replayed
    sensitive = [
        each.members for each in published.sums if each.reason is not None and each.members and each.members in hidden
    ]
    counts = [
        [len({count_in(each, ANSWER, group) for each in every}) for group in sensitive] for every in (worlds, replayed)
    ]
    single = [
        [len({ANSWER in each[company] for each in every}) for company in companies] for every in (worlds, replayed)
    ]
    return (
        1,
        len(sensitive),
        counts[0].count(1),
        counts[1].count(1) - counts[0].count(1),
        len(companies),
        single[0].count(1),
        single[1].count(1) - single[0].count(1),
    )


@dataclass(frozen=True, slots=True)
class _Published:
    sums: tuple[Sum, ...]
    told: tuple[Told, ...]
    shown: tuple[tuple[int | None, Hidden | None], ...]


def _publish(world: Answers, groups: Sequence[FrozenBitMap], audience: Audience) -> _Published:
    """What a reader sees of each group: its count, or the reason why not."""
    whole = Rules.of_round(audience, THRESHOLDS)
    sums = []
    for place, members in enumerate(groups):
        rules = whole.for_groups() if place else whole
        count = count_in(world, ANSWER, members)
        sums.append(Sum((ANSWER,), members, count, rules, rules.find_reason(count, len(members))))
    verdict = protect(sums, watch_companies=True)
    shown = tuple(
        (each.count if reason is None else None, reason) for each, reason in zip(sums, verdict.reasons, strict=True)
    )
    return _Published(tuple(sums), verdict.told, shown)


def write_replay(tables: int, seconds: float = SECONDS) -> str:
    lines = [
        "| audience | reasons | tables | sensitive | fixed by it | by replay too | answers | by it | by replay |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for audience in (Audience.MINISTRY, Audience.JAPAN):
        found = attack_by_replay(audience, most_tables=tables, seconds=seconds / 2)
        name = "each its own" if audience in TOLD_REASONS else "one for all"
        lines.append(
            f"| {audience} | {name} | {found.tables} | {found.counts} | {found.fixed_by_table} "
            f"| {found.fixed_by_replay} | {found.companies} | {found.betrayed_by_table} "
            f"| {found.betrayed_by_replay} |"
        )
    return "\n".join(lines)
