"""Means, medians and quartiles against an attacker who enumerates every set of answers that agrees with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from fractions import Fraction
from itertools import product

import pytest
from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure import NOTHING_BEFORE, Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.analysis.disclosure.summaries import limit_rules, tell_basis
from surveyapp.analysis.number_summaries import summarise_numbers
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, Thresholds
from tests.analysis.returns import tick
from tests.analysis.test_release_memory import NONE, Desk, desk

__all__ = ["desk"]

MINISTRY = Audience.MINISTRY
GROUP = Rules.of_groups(MINISTRY, LEAST_THRESHOLDS[MINISTRY])
SMALL = Rules.of_groups(MINISTRY, Thresholds(group_base=3, group_count=2, round_base=4, round_count=2))

World = tuple[int, ...]


def find_betrayed(worlds: Iterable[World], tell: Callable[[World], Hashable]) -> list[tuple[World, int]]:
    """Worlds and companies whose answer is the same in all worlds that tell the same."""
    alike: dict[Hashable, list[World]] = defaultdict(list)
    for world in worlds:
        alike[tell(world)].append(world)
    return [
        (group[0], company)
        for group in alike.values()
        for company in range(len(group[0]))
        if len({world[company] for world in group}) == 1
    ]


def write(figure: ReleasedFigure) -> Hashable:
    return figure.hidden or figure.value


def summarise(world: World, rules: Rules) -> tuple[Hashable, ...]:
    summary = summarise_numbers(sorted(Counter(world).items()))
    return (
        write(rules.summary(summary.median, summary.n)),
        write(rules.quartile(summary.lower_quartile, summary.n)),
        write(rules.quartile(summary.upper_quartile, summary.n)),
    )


@pytest.mark.parametrize("n", [3, 4, 5])
def test_no_severity_follows_from_a_mean_of_a_group(n: int) -> None:
    def tell(world: World) -> Hashable:
        return write(GROUP.detail(Fraction(sum(world), n), n, (1, 5)))

    assert find_betrayed(product(range(1, 6), repeat=n), tell) == []
    plain = find_betrayed(product(range(1, 6), repeat=n), sum)
    assert {world for world, _ in plain} == {(1,) * n, (5,) * n}, "without the rule the ends would betray all"


@pytest.mark.parametrize(("n", "values", "rules"), [(5, 5, GROUP), (6, 4, GROUP), (8, 3, SMALL)])
def test_no_score_follows_from_median_and_quartiles_of_a_group(n: int, values: int, rules: Rules) -> None:
    """Eight companies show quartiles under these thresholds, five and six the median alone."""
    worlds = list(product(range(values), repeat=n))
    shown = {summarise(world, rules) for world in worlds}
    assert len(shown) >= values
    assert any(isinstance(lower, Fraction) for _, lower, _ in shown) is (n == 8)
    assert find_betrayed(worlds, lambda world: summarise(world, rules)) == []


def test_what_one_change_tells_is_not_released() -> None:
    """Two days of five scores from 0 to 4, of which the first company may have changed its own in between."""
    day_one, same, one_changed = (FrozenBitMap(each) for each in (range(5), range(5), [*range(1, 5), 99]))
    worlds = list(product(range(4), repeat=6))  # the first company's score on the second day comes last

    def tell(world: World, basis: FrozenBitMap, before: bool) -> Hashable:
        told = ((tell_basis("scores", basis),),) if before else NOTHING_BEFORE
        rules = limit_rules(GROUP, "scores", day_one, told)
        return summarise(world[:5], GROUP), summarise((world[5], *world[1:5]), rules)

    without = find_betrayed(worlds, lambda world: tell(world, one_changed, before=False))
    assert {company for _, company in without} >= {0, 5}, "both medians together give away what changed"
    assert find_betrayed(worlds, lambda world: tell(world, one_changed, before=True)) == []
    assert limit_rules(GROUP, "scores", day_one, ((tell_basis("scores", same),),)).may_summarise


@pytest.mark.parametrize(("changed", "may_summarise"), [(0, True), (1, False), (2, False), (3, True), (8, True)])
def test_summaries_are_released_anew_when_enough_companies_changed(changed: int, may_summarise: bool) -> None:
    before = ((tell_basis("scores", FrozenBitMap(range(20))),),)
    joined = FrozenBitMap(range(20 + changed))
    left = FrozenBitMap(range(changed, 20))
    for members in (joined, left):
        rules = limit_rules(GROUP, "scores", members, before)
        assert rules.may_summarise is may_summarise
        assert limit_rules(GROUP, "other scores", members, before).may_summarise
        figure = rules.summary(Fraction(2), len(members))
        assert figure.hidden is (None if may_summarise else Hidden.RELEASED_BEFORE)


def test_the_severity_that_one_company_changed_is_not_told_by_subtraction(desk: Desk) -> None:
    """From a mean of 9 severities to the next: the difference is what the one company changed, 1 to 5."""
    numbers = [desk.field.add(desk.round_id, tick("gmp", "reg", severity=3 if place else 1)) for place in range(9)]
    desk.field.add_many(desk.round_id, [NONE] * 6)
    first = desk.release()
    severity = next(row.severity for row in first.table.areas if row.code == "gmp")
    assert severity.value == Fraction(25, 9)
    desk.field.edit(numbers[0], tick("gmp", "reg", severity=5))
    second = desk.release()
    assert second.is_held_back and second.table == first.table
    for number in numbers[1:3]:
        desk.field.edit(number, tick("gmp", "reg", severity=4))
    third = desk.release()
    assert next(row.severity for row in third.table.areas if row.code == "gmp").value == Fraction(31, 9)
