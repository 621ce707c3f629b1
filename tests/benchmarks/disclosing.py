"""What a table that is to be released costs: from its counts to what is hidden of it, with the proof.

The tables are of invented companies and stand for the hardest that the engine is made for: answers that exclude each
other in groups two ways, with every total released beside them. So all cells are bound together, and no structure makes
the relaxation whole. Judged is the time of the processor, of which the engine uses one core
and waits for nothing; that of the clock stands beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from random import Random
from statistics import median
from time import perf_counter, thread_time

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.disclosure import (
    JOB_SECONDS,
    TableTooLarge,
    Told,
    bind_issues,
    release_area_cross,
    release_issue_table,
)
from surveyapp.analysis.disclosure.knowledge import Sum
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.disclosure.protection import Verdict, protect
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.analysis.disclosure.suppression import PAGE_SECONDS, forget_plans
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import Mask, build_mask
from surveyapp.analysis.open_indexes import open_index
from surveyapp.analysis.segments import AreaCross, cross_areas
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.taxonomy import load_taxonomy
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.stores import Store, Stores

COMPANIES = 300
AUDIENCE = Audience.MINISTRY
_PAGE_GOAL, _JOB_GOAL = 5.0, 300.0  # seconds
_RUNS = 3
JOINED = 10  # companies that answered between two releases
_SKEW = 0.7  # the k-th answer or group is k ** -_SKEW times as frequent as the first
_WHOLE = Rules.of_round(AUDIENCE, LEAST_THRESHOLDS[AUDIENCE])


@dataclass(frozen=True, slots=True)
class Shape:
    """A three-way table: answers, and two ways in which companies are grouped."""

    answers: int
    groups: tuple[int, int]

    @property
    def cells(self) -> int:
        """With all totals, and with groups that no company is in."""
        one, other = self.groups
        return self.answers * (one * other + one + other + 1)

    def __str__(self) -> str:
        return " × ".join(map(str, (self.answers, *self.groups)))


PAGE, JOB, TOO_LARGE = Shape(5, (10, 9)), Shape(20, (22, 20)), Shape(34, (17, 17))


@dataclass(frozen=True, slots=True)
class Table:
    """Its counts in groups that hold companies, and that each company gave exactly one answer."""

    sums: tuple[Sum, ...]
    link: Link


@dataclass(frozen=True, slots=True)
class Run:
    """A table, what became of it, and seconds of the processor and of the clock."""

    table: Table
    verdict: Verdict
    processor: float
    clock: float


def measure_disclosing(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    # The tables have a size of their own; a tiny run, which judges nothing, gets smaller ones.
    is_tiny = max(sizes) < COMPANIES
    page, job = (Shape(3, (4, 3)), Shape(4, (5, 4))) if is_tiny else (PAGE, JOB)
    runs = repeats or _RUNS
    yield measure_table("disclosing", page, runs, seconds=PAGE_SECONDS, goal=_PAGE_GOAL)
    yield measure_table("disclosing-job", job, 1, seconds=JOB_SECONDS, goal=_JOB_GOAL)
    yield measure_refusal(TOO_LARGE)
    for size in sizes:
        yield from measure_release(stores.find(size), runs)


def measure_table(key: str, shape: Shape, runs: int, *, seconds: float, goal: float) -> Figure:
    """Each run is of other companies, for what is remembered is not worked out again."""
    taken = [take_time(draw_table(shape, COMPANIES, seed), seconds) for seed in range(1, runs + 1)]
    first = taken[0]
    shown, sensitive = first.verdict.reasons.count(None), sum(each.reason is not None for each in first.table.sums)
    cells = len(first.table.sums)
    outcome = f"{cells:,} not empty: {shown} shown, {sensitive:,} sensitive, {cells - shown - sensitive} beside them"
    if not all(each.verdict.is_proven for each in taken):
        outcome = "not proven in time, all hidden"
    return _describe(
        key,
        f"protecting {shape} = {shape.cells:,} cells with totals, {COMPANIES} companies ({outcome})",
        (median(each.processor for each in taken), median(each.clock for each in taken)),
        goal,
        runs,
    )


def measure_refusal(shape: Shape) -> Figure:
    """Of a table with more cells than are looked at; of so many companies that no group is empty."""
    table = draw_table(shape, 30 * COMPANIES, 1)
    clock, processor = perf_counter(), thread_time()
    outcome = "not refused"
    try:
        protect(table.sums, links=[table.link], watch_companies=True)
    except TableTooLarge as refusal:
        outcome = f"refused: {refusal}"
    taken = thread_time() - processor, perf_counter() - clock
    return _describe("disclosing-refused", f"asking for {shape} ({outcome})", taken, _PAGE_GOAL, 1)


def measure_release(store: Store, runs: int) -> Iterator[Figure]:
    """The issue table and the areas by stage of a round, and once more when ten further companies have answered."""
    index = open_index(store.database, store.survey_id)
    whole = build_mask(index, store.questionnaire, store.later.round_id)
    numbers = sorted(whole.numbers)
    masks = [
        # The revision keeps what is counted here out of what the index remembers of whole rounds.
        Mask(replace(whole.origin, revision=-len(numbers[:end])), BitMap(numbers[:end]))
        for end in (len(numbers) - JOINED, len(numbers))
    ]
    grounds = [
        (
            rank_issues(index, store.questionnaire, load_taxonomy(), mask),
            cross_areas(index, store.questionnaire, mask, "jp_stage"),
        )
        for mask in masks
    ]
    before = release_both(*grounds[0], ())
    for key, title, ground, told in (
        ("release-first", "releasing issues and areas by stage", grounds[1], ()),
        ("release-again", f"the same, {JOINED} companies after another release", grounds[1], before),
    ):
        taken = []
        for _ in range(runs):
            forget_plans()
            clock, processor = perf_counter(), thread_time()
            release_both(*ground, told)
            taken.append((thread_time() - processor, perf_counter() - clock))
        yield _describe(
            key,
            f"{title} ({len(numbers):,} companies)",
            (median(each for each, _ in taken), median(each for _, each in taken)),
            _PAGE_GOAL,
            runs,
            size=store.size,
        )


def release_both(ranking: IssueRanking, cross: AreaCross, before: Sequence[Told]) -> tuple[Told, ...]:
    table = release_issue_table(ranking, AUDIENCE, LEAST_THRESHOLDS, before=(before,))
    links = bind_issues(ranking)
    areas = release_area_cross(cross, AUDIENCE, LEAST_THRESHOLDS, beside=table.told, links=links, before=(before,))
    return (*table.told, *areas.told)


def _describe(
    key: str, title: str, taken: tuple[float, float], limit: float, runs: int, *, size: int | None = None
) -> Figure:
    """`taken`: seconds of the processor and of the clock."""
    return Figure(
        key,
        title,
        size,
        value=taken[0],
        unit="s",
        against="the clock, other work included",
        yardstick=taken[1],
        ratio=taken[0],
        goal=Goal("at most", limit, "s"),
        pairs=runs,
    )


def take_time(table: Table, seconds: float) -> Run:
    forget_plans()
    clock, processor = perf_counter(), thread_time()
    verdict = protect(table.sums, links=[table.link], watch_companies=True, seconds=seconds)
    return Run(table, verdict, thread_time() - processor, perf_counter() - clock)


def draw_table(shape: Shape, companies: int, seed: int) -> Table:
    """Invented companies, and every count of them: in each group, in each group of one way, and in all."""
    random = Random(seed)
    gave = _draw(random, shape.answers, companies)
    one, other = (_draw(random, groups, companies) for groups in shape.groups)
    sets = [FrozenBitMap(range(companies))]
    sets += [_find(one, group) for group in range(shape.groups[0])]
    sets += [_find(other, group) for group in range(shape.groups[1])]
    sets += [_find(one, first) & _find(other, second) for first, second in product(*map(range, shape.groups))]
    givers = [(f"question={answer}", _find(gave, answer)) for answer in range(shape.answers)]
    sums = []
    for place, members in enumerate(sets):
        rules = _WHOLE.for_groups() if place else _WHOLE
        for name, numbers in givers if members else ():
            count = members.intersection_cardinality(numbers)
            reason = rules.find_reason(count, len(members))
            sums.append(Sum((name,), members, count, rules, reason, may_hide=place > 0))
    return Table(tuple(sums), Link("exactly_one", tuple(name for name, _ in givers), sets[0]))


def _draw(random: Random, kinds: int, companies: int) -> list[int]:
    weights = [(kind + 1) ** -_SKEW for kind in range(kinds)]
    return random.choices(range(kinds), weights, k=companies)


def _find(kinds: Sequence[int], kind: int) -> FrozenBitMap:
    return FrozenBitMap(company for company, each in enumerate(kinds) if each == kind)
