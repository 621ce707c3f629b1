"""Random small tables and histories of releases against an attacker who enumerates every consistent set of answers."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.knowledge import Sum, Told, tell
from surveyapp.analysis.disclosure.links import Link, LinkKind
from surveyapp.analysis.disclosure.protection import Verdict, protect
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.fieldwork.thresholds import Audience, Thresholds
from tests.analysis.brute_force import Answers, count_in, list_worlds

# Small enough for tables of a handful of companies to show anything; below two a mark would say the count itself.
THRESHOLDS = Thresholds(group_base=3, group_count=2, round_base=4, round_count=2)
GROUPS = {audience: Rules.of_groups(audience, THRESHOLDS) for audience in Audience}
WHOLE = {audience: Rules.of_round(audience, THRESHOLDS) for audience in Audience}
attacked = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


def build_sum(world: Answers, answers: Sequence[str], members: FrozenBitMap, rules: Rules, *, may_hide: bool) -> Sum:
    named = count_in(world, answers, members)
    reason = rules.find_reason(named, len(members)) if may_hide else None
    return Sum(tuple(answers), members, named, rules, reason, may_hide=may_hide)


def check_sums(
    sums: Sequence[Sum], verdict: Verdict, worlds: Sequence[Answers], free: Sequence[Answers], rules: Rules
) -> None:
    """Every sensitive sum is as open as it must be, unless it would not be with everything hidden either (`free`)."""
    assert worlds, "the truth itself agrees with what is told"
    for each, reason in zip(sums, verdict.reasons, strict=True):
        if each.reason is None or not each.members:
            continue
        assert reason is not None
        values = {count_in(world, each.answers, each.members) for world in worlds}
        possible = {count_in(world, each.answers, each.members) for world in free}
        if max(possible) - min(possible) >= each.width:
            assert max(values) - min(values) >= each.width, (each, values)
        if each.width:
            assert len(values) > 1 or len(possible) == 1


def check_companies(companies: Sequence[int], name: str, worlds: Sequence[Answers], free: Sequence[Answers]) -> None:
    for company in companies:
        if len({name in world[company] for world in free}) == 2:
            assert len({name in world[company] for world in worlds}) == 2, company


def list_free(
    companies: Sequence[int], names: Sequence[str], sums: Sequence[Sum], links: Sequence[Link], beside: Sequence[Told]
) -> list[Answers]:
    """What is possible with all hidden that may be, and no reason told."""
    fixed = [each for each in sums if not each.may_hide and each.members]
    return list_worlds(companies, names, [*tell(fixed, [None] * len(fixed)), *beside], links)


subsets = st.sets(st.integers(0, 8)).map(FrozenBitMap)


@attacked
@given(
    ticked=st.sets(st.integers(0, 8)),
    groups=st.lists(subsets, min_size=1, max_size=6),
    has_total=st.booleans(),
    audience=st.sampled_from(Audience),
)
def test_overlapping_groups(ticked: set[int], groups: list[FrozenBitMap], has_total: bool, audience: Audience) -> None:
    """One answer in any groups, nested, overlapping or the same twice, with the total of the round or without."""
    companies, rules = range(9), GROUPS[audience]
    world = {company: frozenset({"a"} if company in ticked else ()) for company in companies}
    sums = [build_sum(world, "a", group, rules, may_hide=True) for group in groups]
    if has_total and WHOLE[audience].find_reason(len(ticked), 9) is None:
        sums.append(build_sum(world, "a", FrozenBitMap(companies), WHOLE[audience], may_hide=False))
    verdict = protect(sums, watch_companies=True)
    # A lone hidden cell whose own reason says too much can only be left without it.
    assert verdict.is_proven or sum(reason not in (None, Hidden.NOT_COMPUTED) for reason in verdict.reasons) == 1
    worlds = list_worlds(companies, "a", verdict.told)
    free = list_free(companies, "a", sums, (), ())
    check_sums(sums, verdict, worlds, free, rules)
    check_companies(companies, "a", worlds, free)


@attacked
@given(
    answers=st.lists(st.integers(0, 2), min_size=5, max_size=7),
    halves=st.lists(st.integers(0, 2), min_size=7, max_size=7),
    audience=st.sampled_from(Audience),
)
def test_tables_with_totals_both_ways(answers: list[int], halves: list[int], audience: Audience) -> None:
    """Answers that exclude each other in groups that exclude each other, with all totals shown."""
    companies, names = range(len(answers)), "abc"
    world = {company: frozenset(names[answer]) for company, answer in enumerate(answers)}
    everyone = FrozenBitMap(companies)
    groups = [FrozenBitMap(company for company in companies if halves[company] == half) for half in range(3)]
    rules = GROUPS[audience]
    sums = [build_sum(world, name, group, rules, may_hide=True) for name in names for group in groups]
    sums += [build_sum(world, name, everyone, rules, may_hide=False) for name in names]
    links = [Link("exactly_one", tuple(names), everyone)]
    verdict = protect(sums, links=links, watch_companies=True)
    worlds = list_worlds(companies, names, verdict.told, links)
    free = list_free(companies, names, sums, links, ())
    check_sums(sums, verdict, worlds, free, rules)
    for name in names:
        check_companies(companies, name, worlds, free)


@attacked
@given(
    kind=st.sampled_from(("any", "none_or_any", "whole_and_parts", "parts_of_whole")),
    given_answers=st.lists(st.sets(st.sampled_from("abc")), min_size=4, max_size=6),
    audience=st.sampled_from(Audience),
)
def test_answers_that_are_bound_to_each_other(
    kind: LinkKind, given_answers: list[set[str]], audience: Audience
) -> None:
    """ "None" or any, an area with its problems, over a whole round."""
    companies, names = range(len(given_answers)), "abc"
    link = Link(kind, tuple(names), FrozenBitMap(companies))
    world = dict(enumerate(map(frozenset, given_answers)))
    possible = list_worlds(companies, names, (), [link])
    if world not in possible:
        return
    rules = WHOLE[audience]
    sums = [build_sum(world, name, link.members, rules, may_hide=True) for name in names]
    verdict = protect(sums, links=[link])
    check_sums(sums, verdict, list_worlds(companies, names, verdict.told, [link]), possible, rules)


@attacked
@given(
    kind=st.sampled_from(("any", "none_or_any", "whole_and_parts", "parts_of_whole")),
    given_answers=st.lists(st.sets(st.sampled_from("abc")), min_size=5, max_size=6),
    parts=st.lists(st.integers(0, 1), min_size=7, max_size=7),
    apart=st.sets(st.sampled_from("abc"), max_size=1),
    audience=st.sampled_from(Audience),
)
def test_groups_of_answers_that_are_bound_to_each_other(
    kind: LinkKind, given_answers: list[set[str]], parts: list[int], apart: set[str], audience: Audience
) -> None:
    """The parts of an area and of its problems beside the table of the round; of one answer there may be no parts."""
    companies, names = range(len(given_answers)), "abc"
    link = Link(kind, tuple(names), FrozenBitMap(companies))
    world = dict(enumerate(map(frozenset, given_answers)))
    if world not in list_worlds(companies, names, (), [link]):
        return
    whole = [build_sum(world, name, link.members, WHOLE[audience], may_hide=True) for name in names]
    table = protect(whole, links=[link])
    groups = [FrozenBitMap(company for company in companies if parts[company] == part) for part in (0, 1)]
    shown = [name for name, reason in zip(names, table.reasons, strict=True) if reason is None and name not in apart]
    sums = [build_sum(world, name, group, GROUPS[audience], may_hide=True) for name in shown for group in groups]
    verdict = protect(sums, beside=table.told, links=[link], watch_companies=True)
    worlds = list_worlds(companies, names, [*table.told, *verdict.told], [link])
    free = list_worlds(companies, names, table.told, [link])
    check_sums(sums, verdict, worlds, free, GROUPS[audience])
    for name in names:
        check_companies(companies, name, worlds, free)


@attacked
@given(
    ticked=st.sets(st.integers(0, 7)),
    joined=st.lists(st.integers(4, 8), min_size=2, max_size=5).map(sorted),
    groups=st.lists(st.sets(st.integers(0, 7)), min_size=1, max_size=2),
    audience=st.sampled_from(Audience),
)
def test_histories(ticked: set[int], joined: list[int], groups: list[set[int]], audience: Audience) -> None:
    """Up to five releases while companies join: nothing follows from all of them read together."""
    rules = GROUPS[audience]
    told: list[Told] = []
    sums: list[Sum] = []
    for here in joined:
        members = FrozenBitMap(range(here))
        world = {company: frozenset({"a"} if company in ticked else ()) for company in members}
        release = [build_sum(world, "a", members, rules, may_hide=True)]
        release += [build_sum(world, "a", members & FrozenBitMap(group), rules, may_hide=True) for group in groups]
        verdict = protect(release, before=[told], watch_companies=True)
        told += verdict.told
        sums += release
        worlds = list_worlds(range(here), "a", told)
        free = list_worlds(range(here), "a", ())
        check_companies(range(here), "a", worlds, free)
        for each in sums:
            if each.reason is not None and each.members:
                values = {count_in(entry, "a", each.members) for entry in worlds}
                assert max(values) - min(values) >= each.width


@settings(attacked, max_examples=40)
@example(  # "none" rises by one with the one company that joins
    kind="none_or_any",
    given_answers=[{"b", "c"}, {"a"}, {"b", "c"}, {"b", "c"}, {"b"}, {"a"}],
    joined=[5, 6],
    group={4, 5},
    edited=None,
    audience=Audience.JAPAN,
)
@given(
    kind=st.sampled_from(("none_or_any", "whole_and_parts", "parts_of_whole")),
    given_answers=st.lists(st.sets(st.sampled_from("abc")), min_size=6, max_size=6),
    joined=st.lists(st.integers(4, 6), min_size=2, max_size=3).map(sorted),
    group=st.sets(st.integers(0, 5)),
    edited=st.none() | st.integers(0, 3),
    audience=st.sampled_from(Audience),
)
def test_histories_of_answers_that_are_bound_to_each_other(
    kind: LinkKind,
    given_answers: list[set[str]],
    joined: list[int],
    group: set[int],
    edited: int | None,
    audience: Audience,
) -> None:
    """No release tells more to whoever knows the rules and all releases before, whatever was edited between them."""
    names = "abc"
    world = dict(enumerate(map(frozenset, given_answers)))
    link = Link(kind, tuple(names), FrozenBitMap(range(7)))
    if world not in list_worlds(range(6), names, (), [link]):
        return
    told: list[Told] = []
    sums: list[Sum] = []
    for release, here in enumerate(joined):
        members = set(range(here))
        if edited is not None and release:  # what it said before is another unknown than what it says now
            members = members - {edited} | {6}
            world[6] = world[edited]
        present = FrozenBitMap(members)
        parts = [(present, WHOLE[audience]), (present & FrozenBitMap(group), GROUPS[audience])]
        fresh = [build_sum(world, name, part, rules, may_hide=True) for part, rules in parts if part for name in names]
        verdict = protect(fresh, before=[told], links=[Link(kind, tuple(names), present)], watch_companies=True)
        sums += fresh
        companies = sorted(set().union(*(each.members for each in sums)))
        worlds = list_worlds(companies, names, [*told, *verdict.told], [link])
        free = list_worlds(companies, names, [*told, *list_harmless(fresh, verdict.told)], [link])
        told += verdict.told
        for name in names:
            check_companies(companies, name, worlds, free)
        for each in sums:
            if each.reason is not None:
                values = {count_in(entry, each.answers, each.members) for entry in worlds}
                possible = {count_in(entry, each.answers, each.members) for entry in free}
                assert max(values) - min(values) >= min(each.width, max(possible) - min(possible)), (each, values)


def list_harmless(sums: Sequence[Sum], told: Sequence[Told]) -> list[Told]:
    """What betrays nobody by the rules of a whole round: that all gave an answer, or none did."""
    whole = {(each.answers, each.members) for each in sums if not each.rules.of_group}
    return [
        each
        for each in told
        if each.is_exact and each.low in (0, len(each.members)) and (each.answers, each.members) in whole
    ]


@attacked
@given(
    ticked=st.sets(st.integers(0, 8)),
    groups=st.lists(subsets, min_size=1, max_size=4),
    earlier=st.lists(subsets, min_size=1, max_size=2),
    audience=st.sampled_from((Audience.JAPAN, Audience.PUBLIC)),
)
def test_one_reason_for_whoever_is_told_none(
    ticked: set[int], groups: list[FrozenBitMap], earlier: list[FrozenBitMap], audience: Audience
) -> None:
    """Also where two kinds of readers know different earlier releases."""
    rules = GROUPS[audience]
    world = {company: frozenset({"a"} if company in ticked else ()) for company in range(9)}
    ministry = [build_sum(world, "a", each, GROUPS[Audience.MINISTRY], may_hide=True) for each in earlier]
    told = protect(ministry, watch_companies=True).told
    sums = [build_sum(world, "a", each, rules, may_hide=True) for each in groups]
    verdict = protect(sums, before=[(), told], watch_companies=True)
    assert len(set(verdict.reasons) - {None, Hidden.BASE_TOO_SMALL, Hidden.NOT_COMPUTED}) <= 1
    assert all(each.is_exact or (each.low, each.high) == (0, len(each.members)) for each in verdict.told)


def test_the_same_release_again_hides_nothing_more() -> None:
    rules = GROUPS[Audience.JAPAN]
    world = {company: frozenset({"a"} if company < 5 else ()) for company in range(12)}
    groups = [FrozenBitMap(range(12)), FrozenBitMap(range(3, 9))]
    sums = [build_sum(world, "a", group, rules, may_hide=True) for group in groups]
    first = protect(sums, watch_companies=True)
    assert first.reasons == (None, None)
    assert protect(sums, before=[first.told]).reasons == first.reasons


def test_one_company_that_joins_is_not_told_by_subtraction() -> None:
    rules = Rules.of_round(Audience.MINISTRY, Thresholds(5, 3, 10, 3))
    world = {company: frozenset({"a"} if company % 3 == 0 else ()) for company in range(31)}
    before = protect([build_sum(world, "a", FrozenBitMap(range(30)), rules, may_hide=True)])
    assert before.reasons == (None,)
    after = [build_sum(world, "a", FrozenBitMap(range(31)), rules, may_hide=True)]
    assert protect(after).reasons == (None,)
    assert protect(after, before=[before.told]).reasons == (Hidden.RELEASED_BEFORE,)


def test_that_a_count_was_hidden_for_anothers_sake_is_remembered() -> None:
    """The ministry, which is told each reason, knows that it is not sensitive itself."""
    rules, whole = (make(Audience.MINISTRY, Thresholds(5, 3, 10, 3)) for make in (Rules.of_groups, Rules.of_round))
    few, many = FrozenBitMap(range(7)), FrozenBitMap(range(7, 14))
    world = {company: frozenset({"a"} if company in (0, 7, 8, 9, 10) else ()) for company in range(14)}
    sums = [build_sum(world, "a", group, rules, may_hide=True) for group in (few, many)]
    verdict = protect([*sums, build_sum(world, "a", few | many, whole, may_hide=False)], watch_companies=True)
    assert verdict.reasons == (Hidden.COUNT_TOO_SMALL, Hidden.PROTECTS_ANOTHER, None)
    assert Told(("a",), many, 3, 4) in verdict.told


def test_an_area_of_few_does_not_loosen_the_rule_that_binds_all() -> None:
    """One company left, four joined. Whoever is not on the market cannot have named the last area; nobody else did."""
    rules = Rules.of_round(Audience.MINISTRY, Thresholds(5, 3, 10, 3))
    market, before = FrozenBitMap(range(1, 19)), FrozenBitMap(range(1, 39))
    now = FrozenBitMap({*before, *range(39, 43)} - {20})
    names = ("none", "a", "b", "of the market")
    told = [
        *(Told((name,), before, count, count) for name, count in zip(names, (12, 13, 13), strict=False)),
        Told((names[3],), FrozenBitMap(before & market), 0, 0),
        Told((names[3],), FrozenBitMap(before - market), 0, 0),
    ]
    counts = zip(names, (14, 15, 13), strict=False)
    sums = [
        *(Sum((name,), now, count, rules) for name, count in counts),
        Sum((names[3],), FrozenBitMap(now & market), 0, rules),
    ]
    beside = [Told((names[3],), FrozenBitMap(now - market), 0, 0)]
    verdict = protect(sums, beside=beside, before=[told], links=[Link("none_or_any", names, now)])
    assert Hidden.RELEASED_BEFORE in verdict.reasons[:3], "the one that left named b"


def test_of_a_whole_round_a_hidden_count_is_not_none() -> None:
    """Nine, three and one of thirteen: beside the nine "three or more" and "too few" could be told apart."""
    rules = Rules.of_round(Audience.MINISTRY, Thresholds(5, 3, 10, 3))
    names, everyone = ("a", "b", "c"), FrozenBitMap(range(13))
    sums = [
        Sum((name,), everyone, count, rules, rules.find_reason(count, 13))
        for name, count in zip(names, (9, 3, 1), strict=True)
    ]
    verdict = protect(sums, links=[Link("exactly_one", names, everyone)])
    hidden = [reason for reason in verdict.reasons if reason is not None]
    assert len(hidden) >= 2 and set(hidden) == {Hidden.PROTECTS_ANOTHER}, "no reason of its own stands beside"
