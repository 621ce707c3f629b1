"""The parts of the disclosure engine by themselves: rules, structures, audit, suppression, roll-ups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations
from time import thread_time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from surveyapp.analysis.disclosure.audit import Audit, find_proof
from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.problems import CellRow, Problem, Row, Target, list_rows
from surveyapp.analysis.disclosure.protection import protect
from surveyapp.analysis.disclosure.rollups import ROLLUPS
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.analysis.disclosure.solver import Programme
from surveyapp.analysis.disclosure.structure import is_totally_unimodular
from surveyapp.analysis.disclosure.suppression import (
    MOST_CELLS,
    TableTooLarge,
    _Planner,
    plan_suppression,
)
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Questionnaire
from tests.benchmarks.disclosing import PAGE, TOO_LARGE, draw_table

MINISTRY = Audience.MINISTRY
GROUP = Rules.of_groups(MINISTRY, LEAST_THRESHOLDS[MINISTRY])
WHOLE = Rules.of_round(MINISTRY, LEAST_THRESHOLDS[MINISTRY])

# Summaries of few.


@pytest.mark.parametrize(
    ("n", "median", "quartile"), [(4, False, False), (5, True, False), (11, True, False), (12, True, True)]
)
def test_quartiles_need_companies_beyond_them(n: int, median: bool, quartile: bool) -> None:
    assert (GROUP.summary(Fraction(50), n).hidden is None) is median
    assert (GROUP.quartile(Fraction(50), n).hidden is None) is quartile


def test_a_mean_at_its_end_says_the_same_of_everybody_in_a_group() -> None:
    assert GROUP.detail(Fraction(5), 6, (1, 5)).hidden is Hidden.REST_TOO_SMALL
    assert GROUP.detail(Fraction(4), 6, (1, 5)).hidden is None
    assert WHOLE.detail(Fraction(5), 6, (1, 5)).hidden is None


# Structures.


def rows_of(*sets: Sequence[int]) -> list[Row]:
    return [Row(tuple(each), 0, 9) for each in sets]


def test_one_hierarchy_or_two_are_totally_unimodular() -> None:
    nested = rows_of((0, 1, 2, 3), (0, 1), (2, 3), (0,))
    both_ways = rows_of((0, 1), (2, 3), (0, 2), (1, 3), (0, 1, 2, 3))
    assert is_totally_unimodular([])
    assert is_totally_unimodular(nested)
    assert is_totally_unimodular(both_ways)


def test_three_sets_that_cross_each_other_are_not() -> None:
    # The matrix of a triangle has the determinant 2.
    assert not is_totally_unimodular(rows_of((0, 1), (1, 2), (0, 2)))
    assert not is_totally_unimodular([Row((0,), 0, 1, minus=(1,))])


def test_where_the_relaxation_is_not_whole_the_integer_programme_answers() -> None:
    # a + b + c = 1 follows in whole numbers from three pairs that each hold at most one, with one at least of all.
    rows = [Row((0, 1), 1, 1), Row((1, 2), 1, 1), Row((0, 2), 0, 1)]
    targets = [Target((1,), 1), Target((0,), 1)]
    audit = Audit([1, 1, 1], rows, targets, thread_time() + 5)
    assert not is_totally_unimodular(rows)
    found = [audit.find_range(place) for place in (0, 1)]
    # The relaxation allows b = 1/2; whole numbers allow b = 1 alone, for a = c = 1 would break the third pair.
    assert [(each.low, each.high) for each in found] == [(1, 1), (0, 0)]
    # Rounded to whole numbers the relaxation proves it too: from all three rows.
    assert find_proof([1, 1, 1], rows, targets[0]) == [0, 1, 2]


def test_an_audit_that_is_late_calls_nothing_safe() -> None:
    targets = [Target((0,), 1)]
    assert Audit([5], [], targets, thread_time() - 1).find_betrayed() == [0]
    assert Audit([5], [], targets, thread_time() + 5).find_betrayed() == []


def test_the_solutions_of_another_audit_prove_nothing_unless_they_agree() -> None:
    """Two values of one unknown are known from an audit with fewer rows; a further row leaves only one of them."""
    target, rows = Target((0,), 1), [Row((0, 1), 3, 3)]
    witnesses: list[Any] = []
    assert Audit([3, 3], rows, [target], thread_time() + 5, witnesses=witnesses).find_betrayed() == []
    assert len(witnesses) >= 2
    fixed = [*rows, Row((1,), 2, 2)]
    assert Audit([3, 3], fixed, [target], thread_time() + 5, witnesses=witnesses).find_betrayed() == [0]
    # They do spare programmes: where they agree, an audit without any time left finds the target open.
    assert Audit([3, 3], rows, [target], thread_time() - 1, witnesses=witnesses).find_betrayed() == []


def test_one_betrayed_target_is_enough_where_it_is_asked_for() -> None:
    targets = [Target((0,), 1), Target((1,), 1), Target((2,), 1)]
    audit = Audit([1, 1, 1], [Row((0,), 1, 1), Row((1, 2), 1, 1)], targets, thread_time() + 5)
    assert audit.find_betrayed(is_one_enough=True) == [0]
    assert audit.is_betrayed(0) and not audit.is_betrayed(1)


# Published examples.

# Fischetti & Salazar-González (2001), figure 1: investment of enterprises by activity (I, II, III) and region (A, B,
# C). The cell (II, C) = 22 is confidential. Hiding (II, A), (III, A) and (III, C) too, a reader finds 5 to 30 for it.
INVESTMENT = ((20, 50, 10), (8, 19, 22), (17, 32, 12))
CONFIDENTIAL, PUBLISHED = 5, frozenset({3, 6, 8})


def pose_table(table: Sequence[Sequence[int]], hidden: set[int], width: int) -> Problem:
    height, breadth = len(table), len(table[0])
    rows = [Row(tuple(range(at * breadth, (at + 1) * breadth)), sum(line), sum(line)) for at, line in enumerate(table)]
    for at in range(breadth):
        column = sum(line[at] for line in table)
        rows.append(Row(tuple(range(at, height * breadth, breadth)), column, column))
    values = [value for line in table for value in line]
    cells = tuple(
        CellRow((place,), value, place in hidden, (0, sum(values)), math.log2(2 + value))
        for place, value in enumerate(values)
    )
    return Problem(
        tuple([sum(values)] * len(values)), tuple(rows), cells, tuple(Target((place,), width) for place in hidden)
    )


def test_the_range_of_fischetti_and_salazar() -> None:
    problem = pose_table(INVESTMENT, {CONFIDENTIAL}, 1)
    rows, _ = list_rows(problem, PUBLISHED, PUBLISHED | {CONFIDENTIAL})
    found = Audit(problem.sizes, rows, problem.targets, thread_time() + 5).find_range(0)
    assert (found.low, found.high) == (5, 30)


def test_the_cheapest_pattern_for_their_table() -> None:
    problem = pose_table(INVESTMENT, {CONFIDENTIAL}, 1)
    plan = plan_suppression(problem)
    assert plan.is_proven
    assert len(plan.hidden) == 3
    prices = {
        frozenset(chosen): sum(problem.cells[place].weight for place in chosen)
        for chosen in combinations([place for place in range(9) if place != CONFIDENTIAL], 3)
        if is_rectangle({*chosen, CONFIDENTIAL})
    }
    assert plan.hidden == min(prices, key=lambda each: prices[each])


def is_rectangle(places: set[int]) -> bool:
    """Whether four cells of a table three wide are the corners of a rectangle: the least that protects one of them."""
    return len({place // 3 for place in places}) == 2 == len({place % 3 for place in places}) and len(places) == 4


def test_two_hidden_in_each_row_and_column_are_not_enough() -> None:
    """The first two rows less the first two columns leave one cell: the attack that a rule of thumb overlooks."""
    table = ((5, 6, 7, 8), (4, 3, 9, 9), (9, 9, 6, 5), (9, 9, 4, 7))
    hidden = {0, 1, 2, 4, 5, 10, 11, 14, 15}
    problem = pose_table(table, hidden, 1)
    rows, _ = list_rows(problem, frozenset(), frozenset(hidden))
    audit = Audit(problem.sizes, rows, problem.targets, thread_time() + 5)
    assert [problem.targets[place].unknowns for place in audit.find_betrayed()] == [(2,)]
    assert plan_suppression(problem).hidden


# Suppression.


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    table=st.lists(st.lists(st.integers(0, 6), min_size=3, max_size=3), min_size=2, max_size=3),
    hidden=st.sets(st.integers(0, 5), min_size=1, max_size=3),
    width=st.integers(1, 2),
)
def test_no_cheaper_choice_passes_the_audit(table: list[list[int]], hidden: set[int], width: int) -> None:
    problem = pose_table(table, hidden, width)
    plan = plan_suppression(problem, 30.0)
    assert plan.is_proven
    planner = _Planner(problem, thread_time() + 60)
    planner.targets = [each for each in planner.targets if each[0] not in plan.betrayed]
    price = sum(problem.cells[place].weight for place in plan.hidden)
    for size in range(len(planner.choosable) + 1):
        for chosen in combinations(planner.choosable, size):
            if sum(problem.cells[place].weight for place in chosen) < price - 1e-6:
                assert planner._judge(frozenset(chosen)) is None, chosen


def test_without_anything_sensitive_nothing_is_hidden() -> None:
    problem = pose_table(INVESTMENT, set(), 1)
    assert plan_suppression(problem).hidden == frozenset()


def test_what_follows_from_elsewhere_is_said_to_be_betrayed() -> None:
    problem = Problem((9,), (Row((0,), 2, 2),), (CellRow((0,), 2, True, (0, 2)),), (Target((0,), 1),))
    assert plan_suppression(problem).betrayed == {0}


@pytest.mark.parametrize(("low", "more"), [(0, frozenset()), (4, frozenset({1}))])
def test_where_no_reason_is_told_a_cell_hidden_alone_still_has_its_own(low: int, more: frozenset[int]) -> None:
    """Of 4 to 6 that are possible, only 4 is too few: no other hidden cell, no doubt that it is the sensitive one."""
    cells = (CellRow((0,), 4, True, (0, 4)), CellRow((1,), 5, False, (5, 5), 1.0))
    problem = Problem((10, 10), (Row((0,), low, 6),), cells, (Target((0,), 2),), tells_reasons=False)
    plan = plan_suppression(problem)
    assert (plan.hidden, plan.is_proven) == (more, True)


def test_a_table_that_is_too_large_is_refused() -> None:
    cells = (CellRow((0,), 5, False, (0, 9), 1.0),) * (MOST_CELLS + 1)
    with pytest.raises(TableTooLarge, match="merge categories"):
        plan_suppression(Problem((9,), (), cells, ()))


def test_a_table_of_three_ways_is_protected_in_the_time_of_a_page() -> None:
    """Some 500 cells over 300 companies, bound together by answers that exclude each other, with all totals."""
    table = draw_table(PAGE, 300, 1)
    begin = thread_time()
    verdict = protect(table.sums, links=[table.link], watch_companies=True, seconds=60)
    assert thread_time() - begin < 30  # some 2 s on a quiet machine
    assert verdict.is_proven
    sensitive = sum(each.reason is not None for each in table.sums)
    hidden = len(table.sums) - verdict.reasons.count(None)
    assert 0 < hidden - sensitive <= 20


def test_more_cells_than_are_looked_at_are_refused_before_anything_is_worked_out() -> None:
    table = draw_table(TOO_LARGE, 9_000, 1)
    begin = thread_time()
    with pytest.raises(TableTooLarge, match="merge categories"):
        protect(table.sums, links=[table.link], watch_companies=True)
    assert thread_time() - begin < 5


# Roll-ups.


def test_roll_ups_name_choices_of_the_questionnaire_once(questionnaire: Questionnaire) -> None:
    for question, levels in ROLLUPS.items():
        known = {choice.name for choice in questionnaire.by_name[question].choices}
        for merges in levels:
            named = [choice for merged in merges for choice in merged.choices]
            assert len(named) == len(set(named))
            assert set(named) <= known
            assert not {merged.name for merged in merges} & known


def test_the_solver_says_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    """What a library prints would stand in the output of commands and in the log of the server."""
    for is_integer in (False, True):
        programme = Programme([(0, 3), (0, 3)], [Row((0, 1), 4, 4)], is_integer=is_integer)
        solved = programme.solve([1.0, 0.0], is_highest=True, seconds=5)
        assert solved is not None and solved.objective == 3
    assert capfd.readouterr() == ("", "")
