"""The sum of extra cost as a released figure, against an attacker who enumerates every set of answers that fits it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import combinations_with_replacement, product
from random import Random

import pytest

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure, ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.disclosure.amounts import (
    FAR_FROM_ENDS,
    add_up,
    find_count_ranges,
    is_dominated,
    is_estimable,
    may_be_shown,
)
from surveyapp.analysis.disclosure.rules import PROTECTION_WIDTHS, Rules
from surveyapp.analysis.issue_details import LOWER_BOUNDS
from surveyapp.analysis.issue_questions import find_issue_questions
from surveyapp.analysis.released_tables import FIXED_QUESTIONS
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, Thresholds
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import Field, tick
from tests.analysis.test_disclosure import release_table
from tests.analysis.test_disclosure_summaries import find_betrayed
from tests.analysis.test_release_memory import NONE, Desk, desk

__all__ = ["desk"]

MINISTRY, JAPAN, PUBLIC = Audience
AMOUNTS = tuple(sorted(set(LOWER_BOUNDS.values())))
GROUP = Rules.of_groups(MINISTRY, LEAST_THRESHOLDS[MINISTRY])
WHOLE = Rules.of_round(MINISTRY, LEAST_THRESHOLDS[MINISTRY])
# The least at which so few companies show anything.
SMALL = Thresholds(group_base=3, group_count=2, round_base=4, round_count=2)
SMALL_RULES = [of(audience, SMALL) for of in (Rules.of_groups, Rules.of_round) for audience in Audience]


def give(contributions: Iterable[int], amounts: Sequence[int] = AMOUNTS) -> dict[int, int]:
    return dict.fromkeys(amounts, 0) | Counter(contributions)


# The rule by itself.


@pytest.mark.parametrize(
    ("contributions", "dominated", "estimable"),
    [
        ([], False, False),
        ([0, 0, 0], False, False),
        ([100], True, True),
        ([50, 50], True, True),
        ([40, 40, 20], False, False),
        ([45, 41, 14], True, False),
        ([900, 40, 30, 20, 10], True, True),
        ([500, 100, 49], True, True),
        ([500, 100, 50], True, False),
        ([50, 50, 50, 50, 50], False, False),
    ],
)
def test_dominance(contributions: list[int], dominated: bool, estimable: bool) -> None:
    for order in (contributions, contributions[::-1]):
        assert is_dominated(Counter(order)) is dominated
        assert is_estimable(Counter(order)) is estimable


@pytest.mark.parametrize(
    ("contributions", "hidden"),
    [
        ([], Hidden.FEW_DETAILS),
        ([50] * 4, Hidden.FEW_DETAILS),
        ([50, 50, 0, 0, 0], Hidden.COUNT_TOO_SMALL),
        ([0] * 6, Hidden.COUNT_TOO_SMALL),
        ([1000, 50, 50, 0, 0], Hidden.DOMINATED),
        ([500, 200, 200, 200, 50], Hidden.PROTECTS_ANOTHER),  # 1,150 of five companies comes about in this way alone
        ([200, 200, 200, 50, 0], Hidden.PROTECTS_ANOTHER),  # 650 in two ways, and in both one gave 0
        ([50] * 5, Hidden.PROTECTS_ANOTHER),  # 250 in one way: all gave 50
        ([1000] * 6, Hidden.PROTECTS_ANOTHER),  # the highest sum there is
        ([500, 500, 200, 200, 200, 200, 0, 0, 0, 0, 50, 50], None),
    ],
)
def test_sums_of_a_group(contributions: list[int], hidden: Hidden | None) -> None:
    figure = GROUP.total(give(contributions))
    assert figure.hidden is hidden
    assert (figure.value, figure.base) == ((sum(contributions), len(contributions)) if hidden is None else (None, None))


def test_a_whole_round_that_says_the_same_says_so() -> None:
    assert WHOLE.total(give([0] * 10)).value == 0
    assert WHOLE.total(give([1000] * 10)).value == 10_000
    assert WHOLE.total(give([1000] * 9 + [500])).hidden is Hidden.PROTECTS_ANOTHER, "one company named less"


def test_outside_the_government_no_reason_of_a_group_says_anything_of_the_amounts() -> None:
    rules = Rules.of_groups(JAPAN, LEAST_THRESHOLDS[JAPAN])
    given = ([50] * 9, [0] * 10, [1000] * 10, [50, 50, 50, 50, 1000, 0, 0, 0, 0, 0], [1000] * 2 + [50] * 3 + [0] * 6)
    assert {rules.total(give(each)).hidden for each in given} == {Hidden.PROTECTS_ANOTHER}


# Whoever enumerates all answers.

World = tuple[int, ...]  # by company
BLANK = -1  # "don't know" or nothing


def write(figure: ReleasedFigure) -> Hashable:
    return figure.hidden or (figure.value, figure.base)


def tell(world: World, rules: Rules, amounts: Sequence[int]) -> Hashable:
    return write(rules.total(give((each for each in world if each != BLANK), amounts)))


@pytest.mark.parametrize("rules", SMALL_RULES, ids=str)
@pytest.mark.parametrize(
    ("n", "amounts", "with_blanks"),
    [(4, AMOUNTS, True), (5, AMOUNTS, True), (6, AMOUNTS, False), (8, (0, 50, 200), False)],
)
def test_no_range_of_a_company_follows_from_a_sum(
    rules: Rules, n: int, amounts: tuple[int, ...], with_blanks: bool
) -> None:
    """Shown or hidden, with the reason; but for a whole round in which everybody said the same."""
    worlds: list[World] = list(product([*amounts, BLANK] if with_blanks else amounts, repeat=n))
    betrayed = {world for world, _ in find_betrayed(worlds, lambda world: tell(world, rules, amounts))}
    assert len({tell(world, rules, amounts) for world in worlds}) > 3
    assert betrayed <= (set() if rules.of_group else {(amount,) * n for amount in amounts})


@pytest.mark.parametrize("rules", SMALL_RULES, ids=str)
def test_no_count_that_is_hidden_follows_from_a_shown_sum(rules: Rules) -> None:
    """Neither how few gave an amount nor, in a group, that all but few did: as the sum is read by one who knows the
    rules, and so that such a sum was shown."""
    shown: dict[Hashable, list[Mapping[int, int]]] = defaultdict(list)
    for n in range(4, 12):
        for contributions in combinations_with_replacement(AMOUNTS, n):
            figure = rules.total(give(contributions))
            if figure.hidden is None:
                shown[write(figure)].append(give(contributions))
    assert len(shown) > 100
    for worlds in shown.values():
        for amount in AMOUNTS:
            counts = {world[amount] for world in worlds}
            n = sum(worlds[0].values())
            few = {each for each in counts if 0 < each < rules.least_count}
            rest = {each for each in counts if rules.of_group and n - each < rules.least_count}
            width = PROTECTION_WIDTHS[rules.audience] if rules.of_group else 1
            assert not (few or rest) or max(counts) - min(counts) >= width


def test_without_the_rule_a_sum_would_say_who_named_how_much() -> None:
    worlds = list(product(AMOUNTS, repeat=4))
    assert find_betrayed(worlds, sum)
    ranges = find_count_ranges(5, 1_150, AMOUNTS, least_contributing=3)
    assert ranges == ((0, 0), (1, 1), (3, 3), (1, 1), (0, 0))


@pytest.mark.parametrize("n", [21, 24, 30])
def test_far_from_its_ends_a_sum_leaves_every_count_open(n: int) -> None:
    """What `find_count_ranges` takes for granted there: found here by going through all ways."""
    least, highest = FAR_FROM_ENDS * AMOUNTS[-1] + 50, (n - FAR_FROM_ENDS) * AMOUNTS[-1]
    ways: dict[int, list[Mapping[int, int]]] = defaultdict(list)
    for first, second, third, fourth in product(range(n + 1), repeat=4):
        rest = n - first - second - third - fourth
        if rest >= 0:
            given = dict(zip(AMOUNTS, (rest, fourth, third, second, first), strict=True))
            if least <= (total := add_up(given)) < highest:
                ways[total].append(given)
    assert len(ways) > (highest - least) / 50 * 0.99
    for total, found in ways.items():
        assert find_count_ranges(n, total, AMOUNTS, least_contributing=3) is None
        for amount in AMOUNTS:
            counts = [given[amount] for given in found if may_be_shown(given, 3)]
            assert max(counts) - min(counts) >= max(PROTECTION_WIDTHS.values()), (total, amount)


@pytest.mark.parametrize("amounts", [AMOUNTS, (0, 3, 4), (1, 2, 7)])
def test_the_ranges_are_those_of_all_ways(amounts: tuple[int, ...]) -> None:
    for n in (5, 9):
        ways: dict[int, list[Mapping[int, int]]] = defaultdict(list)
        for contributions in combinations_with_replacement(amounts, n):
            given = give(contributions, amounts)
            if may_be_shown(given, 2):
                ways[sum(contributions)].append(given)
        assert ways
        for total, found in ways.items():
            each = tuple((min(way[amount] for way in found), max(way[amount] for way in found)) for amount in amounts)
            assert find_count_ranges(n, total, amounts, least_contributing=2) == each


# In the table of issues.

COSTS: Sequence[Stored] = ("c3", "c3", "c2", "c2", "c3", "c4", "c1", "c0", "c2", "c4", "c3", "c2")  # 2,000 million KRW


def name_costs(costs: Iterable[Stored], area: str = "gmp") -> list[dict[str, Stored]]:
    return [{**tick(area), f"ch_{area}_cost": cost} for cost in costs]


def find(table: ReleasedIssueTable, code: str = "gmp") -> ReleasedIssueRow:
    return next(row for row in (*table.areas, *table.leaves) if row.code == code)


def find_cost(table: ReleasedIssueTable, code: str = "gmp") -> ReleasedFigure:
    cost = find(table, code).cost
    assert cost is not None
    return cost


def test_an_area_says_what_it_costs_at_least(field: Field, taxonomy: Taxonomy) -> None:
    """Those that said "don't know" or nothing are in neither the sum nor its base."""
    round_id = field.add_round()
    field.add_many(round_id, [*name_costs([*COSTS, "dk", "dk"]), tick("gmp"), *[NONE] * 6])
    table = release_table(field, taxonomy, round_id)
    gmp, cost = find(table), find_cost(table)
    assert (gmp.share.count, cost.value, cost.base, cost.count) == (15, Fraction(2_000), 12, None)
    assert [row.cost for row in table.leaves] == [None] * len(table.leaves)
    assert find_cost(table, "org").hidden is Hidden.NOT_COMPUTED, "nobody named the area"
    assert find_cost(release_table(field, taxonomy, round_id, JAPAN)).value == 2_000


def test_what_rests_on_few_costs_is_hidden_alone(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [*name_costs([*COSTS[:9], *["dk"] * 3]), *[NONE] * 6])
    table = release_table(field, taxonomy, round_id)
    assert find(table).severity.hidden is None
    assert find_cost(table).hidden is Hidden.FEW_DETAILS


def test_a_hidden_share_hides_the_cost(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [*name_costs(["c5", "c5"]), *name_costs(COSTS, "org")])
    table = release_table(field, taxonomy, round_id)
    assert find_cost(table).hidden is find(table).share.hidden is not None
    assert find_cost(table).value is None


def test_in_a_filtered_group_the_ends_are_hidden(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [*name_costs(["c5"] * 12), *[NONE] * 6])
    assert find_cost(release_table(field, taxonomy, round_id)).value == 12_000
    assert find_cost(release_table(field, taxonomy, round_id, jp_stage=("onmarket",))).hidden is Hidden.PROTECTS_ANOTHER


@pytest.mark.parametrize("audience", Audience)
def test_whatever_random_rounds_release_keeps_the_rules(field: Field, taxonomy: Taxonomy, audience: Audience) -> None:
    random = Random(11)
    shown = 0
    for size in (14, 24, 36):
        round_id = field.add_round(f"round-{size}")
        costs = [random.choice([*LOWER_BOUNDS, "dk"]) for _ in range(size)]
        field.add_many(round_id, [*name_costs(costs), *[NONE] * 5])
        table = release_table(field, taxonomy, round_id, audience)
        cost, named = find_cost(table), [LOWER_BOUNDS[each] for each in costs if each in LOWER_BOUNDS]
        if cost.hidden is None:
            shown += 1
            assert (cost.value, cost.base) == (Fraction(sum(named)), len(named))
            assert len(named) >= 10 and sum(map(bool, named)) >= 3
    assert shown >= 2


def test_the_ranges_of_the_cost_are_released_nowhere_beside_their_sum(questionnaire: Questionnaire) -> None:
    """Counts of single ranges and their sum would be read together; the sum is judged by itself."""
    costs = {block.cost for block in find_issue_questions(questionnaire).blocks}
    assert len(costs) == 10
    assert costs.isdisjoint(FIXED_QUESTIONS)


# From one release to the next.


def test_what_one_company_added_is_not_told_by_subtraction(desk: Desk) -> None:
    desk.field.add_many(desk.round_id, [*name_costs(COSTS), *[NONE] * 6])
    first = desk.release()
    assert find_cost(first.table).value == 2_000
    desk.field.add_many(desk.round_id, name_costs(["c5"]))
    second = desk.release()
    assert second.is_held_back and second.table == first.table
    desk.field.add_many(desk.round_id, [*name_costs(["c2", "c0"]), *[NONE] * 3])
    third = desk.release()
    assert not third.is_held_back and find_cost(third.table).value == 3_050
    desk.field.add_many(desk.round_id, name_costs(["c4"]))
    assert find_cost(desk.release(JAPAN).table).hidden is Hidden.RELEASED_BEFORE, "the ministry reads Japan's as well"


def test_beside_an_earlier_sum_no_other_reason_is_given() -> None:
    """A tenth company that named a range and left: "too few" would say that it had named one."""
    rules = replace(WHOLE, may_summarise=False)
    for contributions in ([], [50] * 9, [1000] + [50] * 9, [500, 200, 50, 0] * 3):
        assert rules.total(give(contributions)).hidden is Hidden.RELEASED_BEFORE
