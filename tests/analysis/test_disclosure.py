"""What may leave the desk, and that nothing leaves it by another way."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import pytest

import surveyapp
from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    DisclosureBypassed,
    Hidden,
    ReleasedDimension,
    ReleasedFigure,
    ReleasedIssueRow,
    ReleasedIssueTable,
    ReleasedQuestion,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
)
from surveyapp.analysis.disclosure.rules import TELLING
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.segments import SEGMENT_QUESTIONS, SegmentQuestion, cross_areas
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import PLAIN, Field, draw_answers, tick

NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}
MINISTRY, JAPAN, PUBLIC = Audience


def release_table(
    field: Field, taxonomy: Taxonomy, round_id: int, audience: Audience = MINISTRY, **filters: tuple[str, ...]
) -> ReleasedIssueTable:
    mask = field.mask(round_id, filters)
    return release_issue_table(
        rank_issues(field.index, field.questionnaire, taxonomy, mask), audience, LEAST_THRESHOLDS
    )


def find(table: ReleasedIssueTable, code: str) -> ReleasedIssueRow:
    return next(row for row in (*table.areas, *table.leaves) if row.code == code)


def release_counts(
    field: Field, round_id: int, name: str, audience: Audience = MINISTRY, **filters: tuple[str, ...]
) -> ReleasedQuestion:
    mask = field.mask(round_id, filters)
    return release_question(
        count_question(field.index, field.questionnaire.by_name[name], mask), audience, LEAST_THRESHOLDS
    )


# One door.


def test_only_disclosure_makes_a_released_figure(field: Field) -> None:
    figure = release_counts(field, field.add_round(), "company_type").asked
    for key in (None, object(), "key"):
        with pytest.raises(DisclosureBypassed):
            ReleasedFigure(MINISTRY, Fraction(1), 1, 1, None, None, key)
    with pytest.raises(TypeError):
        ReleasedFigure(MINISTRY, Fraction(1), 1, 1, None, None)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="key"):
        replace(figure, count=1)  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        figure.count = 1  # type: ignore[misc]


def test_no_other_module_takes_the_key() -> None:
    package = Path(surveyapp.__file__).parent
    for path in package.rglob("*.py"):
        if Path("analysis/disclosure") in path.relative_to(package).parents:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("surveyapp.analysis.disclosure"):
                assert node.module == "surveyapp.analysis.disclosure", path
                assert not [name.name for name in node.names if name.name.startswith("_")], path
            if isinstance(node, ast.Import):
                assert not [name for name in node.names if "disclosure" in name.name], path
            if isinstance(node, ast.Attribute) and node.attr == "_KEY":
                raise AssertionError(path)


def list_figures(value: object) -> list[ReleasedFigure]:
    if isinstance(value, ReleasedFigure):
        return [value]
    if is_dataclass(value):
        return [figure for entry in fields(value) for figure in list_figures(getattr(value, entry.name, None))]
    if isinstance(value, tuple):
        return [figure for entry in value for figure in list_figures(entry)]
    return []


@pytest.mark.parametrize("audience", Audience)
def test_whatever_is_released_keeps_the_thresholds(field: Field, taxonomy: Taxonomy, audience: Audience) -> None:
    """On random rounds of different sizes, whole and filtered: a hidden figure says nothing but why."""
    random = Random(3)
    for size in (4, 12, 36):
        round_id = field.add_round(f"round-{size}")
        field.add_many(round_id, [{**PLAIN, **draw_answers(field.questionnaire, random)} for _ in range(size)])
        for filters in ({}, {"company_size": ("e1_49", "e50_299", "e300_999")}):
            mask = field.mask(round_id, filters)
            counts = [count_question(field.index, each, mask) for each in field.questionnaire.questions_in("answers")]
            ranking = rank_issues(field.index, field.questionnaire, taxonomy, mask)
            released: list[object] = [release_question(each, audience, LEAST_THRESHOLDS) for each in counts]
            released.append(release_issue_table(ranking, audience, LEAST_THRESHOLDS))
            released.append(
                release_readiness(profile_readiness(field.index, field.questionnaire, mask), audience, LEAST_THRESHOLDS)
            )
            for question in SEGMENT_QUESTIONS:
                cross = cross_areas(field.index, field.questionnaire, mask, question)
                released.append(release_area_cross(cross, audience, LEAST_THRESHOLDS))
            for figure in [figure for each in released for figure in list_figures(each)]:
                numbers = (figure.value, figure.count, figure.base, figure.interval)
                assert (figure.hidden is None) == any(number is not None for number in numbers)
                assert figure.audience is audience
                if figure.count is not None and figure.count != figure.base:
                    assert figure.base is None or figure.base >= (5 if audience is MINISTRY else 10)
                    assert figure.count == 0 or figure.count >= 3


# Tallies over the whole round.


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize(
    ("named", "base", "hidden"),
    [
        (9, 30, None),
        (3, 10, None),
        (0, 10, None),
        (10, 10, None),
        (9, 10, None),
        (2, 10, Hidden.COUNT_TOO_SMALL),
        (1, 30, Hidden.COUNT_TOO_SMALL),
        (5, 9, Hidden.BASE_TOO_SMALL),
    ],
)
def test_tallies_over_a_round(
    field: Field, taxonomy: Taxonomy, audience: Audience, named: int, base: int, hidden: Hidden | None
) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp")] * named + [tick("reg")] * (base - named))
    share = find(release_table(field, taxonomy, round_id, audience), "gmp").share
    # Where the reason would say how many, another stands for it: of 30, 29 named something else, so one it is.
    assert share.hidden in (hidden, hidden and Hidden.PROTECTS_ANOTHER)
    if hidden is None:
        assert (share.count, share.base, share.value) == (named, base, Fraction(named, base))
        assert share.interval is not None


@pytest.mark.parametrize("audience", Audience)
def test_who_is_left_over_is_not_told_either(field: Field, taxonomy: Taxonomy, audience: Audience) -> None:
    """Nine of ten named the only area, and "none" is hidden: then it is the tenth."""
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp")] * 9 + [NONE])
    table = release_table(field, taxonomy, round_id, audience)
    assert table.none.hidden is not None and find(table, "gmp").share.hidden is not None


def test_a_problem_is_not_shown_below_an_area_that_is_hidden(field: Field, taxonomy: Taxonomy) -> None:
    """Its base would tell how many named the area without being asked for details: the two that are hidden."""
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", "reg", "dos", "lic")] * 4 + [tick("gmp")] * 4 + [NONE] * 9)
    more = tick("gmp", "reg", "dos", "lic", "org")
    field.add_many(round_id, [{name: given for name, given in more.items() if "_org_" not in name}] * 2)
    table = release_table(field, taxonomy, round_id)
    assert find(table, "org").share.hidden is not None
    below = [row.share for row in table.leaves if row.parent == "org"]
    assert {share.hidden for share in below} == {Hidden.TOTAL_HIDDEN}
    assert find(table, "gmp").share.count == 10


def test_hiding_a_count_hides_all_that_follows_from_it(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", "org", severity=5)] * 2 + [tick("org")] * 4 + [tick("reg", severity=2)] * 4)
    table = release_table(field, taxonomy, round_id)
    gmp = find(table, "gmp")
    for figure in (gmp.share, gmp.severity, gmp.open_share, gmp.index, gmp.tier, gmp.place):
        assert figure.hidden is Hidden.COUNT_TOO_SMALL
        assert (figure.value, figure.count, figure.base, figure.interval) == (None, None, None, None)
    assert gmp.range_method is None
    assert {figure.hidden for _, figure in gmp.by_stage} == {Hidden.TOTAL_HIDDEN}
    # It would be second; the places of the others do not tell, and neither does where it stands.
    assert [row.code for row in table.areas[:3]] == ["org", "reg", "lic"]
    assert [row.place.value for row in table.areas[:3]] == [Fraction(1), Fraction(2), Fraction(3)]
    assert table.areas[-1].code == "gmp"


def test_rows_without_a_place_stand_by_code(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("pms", "clin", "org")] * 2 + [tick("reg")] * 8)
    table = release_table(field, taxonomy, round_id)
    assert [row.code for row in table.areas if row.place.hidden is not None] == ["clin", "org", "pms"]


def test_what_rests_on_few_details_is_hidden_alone(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", severity=None)] * 4 + [tick("gmp")] * 2 + [NONE] * 10)
    gmp = find(release_table(field, taxonomy, round_id), "gmp")
    assert gmp.share.count == 6
    assert (gmp.severity.hidden, gmp.open_share.hidden, gmp.open_share.base) == (Hidden.FEW_DETAILS, None, 6)
    assert gmp.index.hidden is gmp.tier.hidden is gmp.place.hidden is Hidden.FEW_DETAILS
    assert gmp.range_method is None
    field.add_many(round_id, [tick("gmp")] * 2)
    ministry = find(release_table(field, taxonomy, round_id), "gmp")
    assert (ministry.severity.value, ministry.severity.base, ministry.index.base) == (Fraction(3), 4, 18)
    public = find(release_table(field, taxonomy, round_id, PUBLIC), "gmp")
    assert public.severity.hidden is Hidden.PROTECTS_ANOTHER, "which reason it is is told to the ministry alone"


def test_a_small_round_releases_nothing(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", rd_clin="3", rd_org="2")] * 9)
    table = release_table(field, taxonomy, round_id)
    assert not table.is_ranked
    assert {figure.hidden for figure in list_figures(table)} >= {Hidden.BASE_TOO_SMALL}
    assert all(figure.hidden is not None for figure in list_figures(table))
    assert all(figure.hidden is not None for figure in list_figures(release_counts(field, round_id, "company_type")))


# Identifying groups.


def stages(row: ReleasedIssueRow) -> list[int | Hidden | None]:
    return [figure.count if figure.hidden is None else figure.hidden for _, figure in row.by_stage]


def fill_stages(field: Field, round_id: int, groups: Sequence[tuple[str, int, int]], area: str = "gmp") -> None:
    """Companies by stage: how many ticked the area, and how many did not."""
    for stage, named, others in groups:
        field.add_many(round_id, [tick(area, jp_stage=stage)] * named + [{**NONE, "jp_stage": stage}] * others)


def test_stages_are_identifying_groups(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("prepare", 4, 4), ("onmarket", 6, 7), ("withdrawn", 5, 5)])
    assert stages(find(release_table(field, taxonomy, round_id), "gmp")) == [4, 6, 5]
    assert stages(find(release_table(field, taxonomy, round_id, JAPAN), "gmp")) == [
        Hidden.BASE_TOO_SMALL,
        6,
        Hidden.PROTECTS_ANOTHER,
    ]


def test_zero_and_all_are_hidden_in_groups(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("prepare", 0, 8), ("onmarket", 8, 0), ("withdrawn", 4, 4)])
    assert stages(find(release_table(field, taxonomy, round_id), "gmp")) == [
        Hidden.PROTECTS_ANOTHER,
        Hidden.PROTECTS_ANOTHER,
        4,
    ]


def test_one_hidden_stage_takes_the_smallest_other_with_it(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("prepare", 5, 4), ("onmarket", 4, 9), ("withdrawn", 1, 9)])
    assert stages(find(release_table(field, taxonomy, round_id), "gmp")) == [
        5,
        Hidden.PROTECTS_ANOTHER,
        Hidden.PROTECTS_ANOTHER,
    ]


def test_the_reason_of_a_hidden_stage_does_not_fix_the_group_of_one(field: Field, taxonomy: Taxonomy) -> None:
    # 17 named it, 14 of them filed: "too few" (two at most) said of those not yet filed would give the one away.
    round_id = field.add_round()
    fill_stages(field, round_id, [("prepare", 2, 12), ("onmarket", 14, 6), ("withdrawn", 1, 0)])
    assert stages(find(release_table(field, taxonomy, round_id), "gmp")) == [
        Hidden.PROTECTS_ANOTHER,
        14,
        Hidden.BASE_TOO_SMALL,
    ]


def test_an_empty_stage_hides_nothing(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("prepare", 5, 4), ("onmarket", 4, 9)])
    assert stages(find(release_table(field, taxonomy, round_id), "gmp")) == [5, 4, Hidden.NOT_COMPUTED]


def test_few_cases_are_not_broken_down(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("onmarket", 4, 9)], "pms")
    pms = find(release_table(field, taxonomy, round_id), "pms")
    assert pms.share.count == 4
    assert set(stages(pms)) == {Hidden.FEW_CASES}
    assert pms.concerned is not None
    assert pms.concerned[1].hidden is Hidden.FEW_CASES


def test_the_companies_an_area_can_concern(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("onmarket", 6, 7), ("prepare", 0, 8)], "pms")
    pms = find(release_table(field, taxonomy, round_id), "pms")
    assert pms.concerned is not None
    assert (pms.concerned[0], pms.concerned[1].count, pms.concerned[1].base) == ("approved_or_onmarket", 6, 13)
    # One company that has only filed: the whole less the concerned would tell what it said.
    fill_stages(field, round_id, [("filed", 1, 0)], "pms")
    pms = find(release_table(field, taxonomy, round_id), "pms")
    assert pms.concerned is not None
    assert pms.concerned[1].hidden is Hidden.PROTECTS_ANOTHER


def test_what_only_a_group_can_have_met_is_a_figure_of_that_group(field: Field, taxonomy: Taxonomy) -> None:
    # 8 of 21, but everybody knows that it can concern the nine on the market alone: all but one of them named it.
    round_id = field.add_round()
    fill_stages(field, round_id, [("onmarket", 8, 1), ("prepare", 0, 12)], "pms")
    table = release_table(field, taxonomy, round_id)
    pms = find(table, "pms")
    assert pms.share.hidden is pms.severity.hidden is pms.place.hidden is Hidden.REST_TOO_SMALL
    assert set(stages(pms)) == {Hidden.TOTAL_HIDDEN}
    leaf = next(row for row in table.leaves if row.parent == "pms" and row.code == "pms-other")
    assert leaf.share.hidden is Hidden.TOTAL_HIDDEN
    fill_stages(field, round_id, [("onmarket", 0, 2)], "pms")
    pms = find(release_table(field, taxonomy, round_id), "pms")
    assert (pms.share.count, pms.share.base) == (8, 23)
    assert pms.concerned is not None
    assert (pms.concerned[1].count, pms.concerned[1].base) == (8, 11)
    assert pms.severity.hidden is None
    assert pms.open_share.hidden is Hidden.REST_TOO_SMALL, "all eight said that it is unresolved"


def test_a_filtered_selection_is_an_identifying_group(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", company_type="bio")] * 3 + [{**NONE, "company_type": "bio"}] * 3)
    ministry = find(release_table(field, taxonomy, round_id, company_type=("bio",)), "gmp")
    assert (ministry.share.count, ministry.share.base) == (3, 6)
    # All of them say "unresolved": in such a group that is as telling as a share of 100 %.
    assert ministry.open_share.hidden is Hidden.REST_TOO_SMALL
    assert ministry.index.hidden is Hidden.REST_TOO_SMALL
    japan = find(release_table(field, taxonomy, round_id, JAPAN, company_type=("bio",)), "gmp")
    assert japan.share.hidden is Hidden.BASE_TOO_SMALL


def test_the_heat_map(field: Field) -> None:
    round_id = field.add_round()
    for kind, named, others in (("bio", 4, 4), ("api", 5, 3), ("cdmo", 1, 7)):
        field.add_many(
            round_id,
            [tick("gmp", company_type=kind)] * named + [{**NONE, "company_type": kind}] * others,
        )
    mask = field.mask(round_id)

    def release(question: SegmentQuestion, audience: Audience) -> dict[str, int | Hidden | None]:
        cross = cross_areas(field.index, field.questionnaire, mask, question)
        released = release_area_cross(cross, audience, LEAST_THRESHOLDS)
        row = next(row for row in released.rows if row[0] == "gmp")
        return {
            name: figure.count if figure.hidden is None else figure.hidden
            for (name, _), figure in zip(released.segments, row[2], strict=True)
        }

    ministry = release("company_type", MINISTRY)
    assert (ministry["api"], ministry["bio"], ministry["cdmo"]) == (5, Hidden.PROTECTS_ANOTHER, Hidden.COUNT_TOO_SMALL)
    assert ministry["device"] is Hidden.NOT_COMPUTED
    assert set(release("company_type", JAPAN).values()) == {Hidden.BASE_TOO_SMALL, Hidden.NOT_COMPUTED}
    cross = cross_areas(field.index, field.questionnaire, mask, "company_size")
    reg = next(row for row in release_area_cross(cross, MINISTRY, LEAST_THRESHOLDS).rows if row[0] == "reg")
    assert {figure.hidden for figure in reg[2]} == {Hidden.FEW_CASES}


def test_the_ministry_reads_why_a_cell_is_hidden_and_others_only_that_it_is(field: Field) -> None:
    round_id = field.add_round()
    for kind, named, others in (("bio", 6, 6), ("api", 12, 1), ("cdmo", 1, 11), ("pharma", 7, 7)):
        field.add_many(
            round_id,
            [tick("gmp", company_type=kind)] * named + [{**NONE, "company_type": kind}] * others,
        )
    field.add_many(round_id, [tick("gmp", company_type="device")] * 4)
    mask = field.mask(round_id)
    cross = cross_areas(field.index, field.questionnaire, mask, "company_type")

    def release(audience: Audience) -> dict[str, int | Hidden | None]:
        [cells] = [
            cells for code, _name, cells in release_area_cross(cross, audience, LEAST_THRESHOLDS).rows if code == "gmp"
        ]
        return {
            segment.choice: figure.count if figure.hidden is None else figure.hidden
            for segment, figure in zip(cross.segments, cells, strict=True)
            if figure.hidden is not Hidden.NOT_COMPUTED
        }

    ministry = release(MINISTRY)
    assert (ministry["api"], ministry["cdmo"]) == (Hidden.REST_TOO_SMALL, Hidden.COUNT_TOO_SMALL)
    assert (ministry["bio"], ministry["device"]) == (6, Hidden.BASE_TOO_SMALL)
    for audience in (JAPAN, PUBLIC):
        assert release(audience) == {
            "bio": 6,
            "pharma": 7,
            "api": Hidden.PROTECTS_ANOTHER,
            "cdmo": Hidden.PROTECTS_ANOTHER,
            "device": Hidden.BASE_TOO_SMALL,
        }


@pytest.mark.parametrize("audience", Audience)
def test_no_reason_in_a_table_of_groups_says_anything_of_answers(
    field: Field, taxonomy: Taxonomy, audience: Audience
) -> None:
    """Outside the government: neither as a word nor as what a reader is taken to know."""
    random = Random(5)
    round_id = field.add_round()
    field.add_many(round_id, [{**PLAIN, **draw_answers(field.questionnaire, random)} for _ in range(36)])
    whole = field.mask(round_id)
    filtered = field.mask(round_id, {"company_size": ("e1_49", "e50_299", "e300_999")})
    crosses = [
        release_area_cross(cross_areas(field.index, field.questionnaire, whole, each), audience, LEAST_THRESHOLDS)
        for each in SEGMENT_QUESTIONS
    ]
    table = release_issue_table(
        rank_issues(field.index, field.questionnaire, taxonomy, filtered), audience, LEAST_THRESHOLDS
    )
    readiness = release_readiness(
        profile_readiness(field.index, field.questionnaire, filtered), audience, LEAST_THRESHOLDS
    )
    questions = [
        release_question(count_question(field.index, each, filtered), audience, LEAST_THRESHOLDS)
        for each in field.questionnaire.questions_in("answers")
    ]
    released: list[Any] = [*crosses, table, readiness, *questions]
    reasons = {figure.hidden for each in released for figure in list_figures(each)}
    told = {known for each in released for known in each.told if not known.is_exact}
    is_told = audience is MINISTRY
    assert bool(reasons & TELLING) == is_told
    assert any((known.low, known.high) != (0, len(known.members)) for known in told) == is_told
    assert reasons >= {Hidden.BASE_TOO_SMALL, None}
    assert told


def test_stages_of_the_heat_map_do_not_undo_those_of_the_table(field: Field) -> None:
    round_id = field.add_round()
    fill_stages(field, round_id, [("interest", 1, 9), ("prepare", 4, 4), ("onmarket", 5, 5), ("withdrawn", 5, 5)])
    fill_stages(field, round_id, [("filed", 1, 5)])
    mask = field.mask(round_id)
    cross = cross_areas(field.index, field.questionnaire, mask, "jp_stage")
    released = release_area_cross(cross, MINISTRY, LEAST_THRESHOLDS, may_merge=False)
    row = next(row for row in released.rows if row[0] == "gmp")
    shown = {segment.choice: figure.hidden for segment, figure in zip(cross.segments, row[2], strict=True)}
    # The issue table shows "not filed" as one group, so one of its two stages may not stand alone.
    assert (shown["interest"], shown["prepare"]) == (Hidden.COUNT_TOO_SMALL, Hidden.PROTECTS_ANOTHER)
    assert (shown["filed"], shown["onmarket"]) == (Hidden.COUNT_TOO_SMALL, Hidden.PROTECTS_ANOTHER)
    assert shown["withdrawn"] is None


# Questions.


def test_answers_that_exclude_each_other(field: Field) -> None:
    round_id = field.add_round()
    kinds = [("pharma", 8), ("api", 4), ("bio", 1)]
    field.add_many(round_id, [{"company_type": kind} for kind, times in kinds for _ in range(times)])
    released = release_counts(field, round_id, "company_type")
    shown = {entry.choice: entry.share.hidden or entry.share.count for entry in released.choices}
    assert (shown["pharma"], shown["api"], shown["bio"]) == (8, Hidden.PROTECTS_ANOTHER, Hidden.COUNT_TOO_SMALL)
    assert shown["device"] == 0
    assert (released.answered.count, released.asked.count) == (13, 13)


def test_answers_that_overlap_are_not_protected(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"edu_topics": ["gmp"]}] * 9 + [{"edu_topics": ["gmp", "mf"]}])
    shown = {entry.choice: entry.share.hidden for entry in release_counts(field, round_id, "edu_topics").choices}
    assert (shown["gmp"], shown["mf"]) == (None, Hidden.COUNT_TOO_SMALL)


def test_a_hidden_kind_of_missing_answers_hides_who_was_asked(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(
        round_id, [tick("gmp", ch_gmp_cost="c1")] * 11 + [tick("gmp", ch_gmp_cost="dk")] * 2 + [tick("gmp")] * 4
    )
    released = release_counts(field, round_id, "ch_gmp_cost")
    assert (released.answered.count, released.not_answered.count, released.not_applicable.count) == (11, 4, 0)
    assert released.dont_know.hidden is Hidden.COUNT_TOO_SMALL
    assert released.asked.hidden is Hidden.PROTECTS_ANOTHER


def test_numbers_and_ranks(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"jp_year": 2020, "rank_topics": ["gmp"]}] * 9)
    years = release_counts(field, round_id, "jp_year")
    assert years.median is not None
    assert years.median.hidden is Hidden.BASE_TOO_SMALL
    field.add(round_id, {"jp_year": 2030, "rank_topics": ["gmp"]})
    years = release_counts(field, round_id, "jp_year")
    assert years.median is not None
    assert (years.median.value, years.median.base) == (Fraction(2020), 10)
    first = release_counts(field, round_id, "rank_topics")
    assert {entry.choice: entry.share.count for entry in first.choices if entry.share.count} == {"gmp": 10}
    assert first.median is None


# Readiness.


def release_clin(field: Field, round_id: int, question: str = "clin") -> ReleasedDimension:
    mask = field.mask(round_id)
    released = release_readiness(profile_readiness(field.index, field.questionnaire, mask), MINISTRY, LEAST_THRESHOLDS)
    return next(entry for entry in released.dimensions if entry.dimension == question)


def test_a_dimension(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"rd_clin": level} for level in "000222444"])
    assert all(figure.hidden is not None for figure in list_figures(release_clin(field, round_id)))
    field.add(round_id, {"rd_clin": "4"})
    clin = release_clin(field, round_id)
    assert (clin.n.count, clin.median.value, clin.ready.count, clin.not_ready.count) == (10, Fraction(50), 4, 3)
    assert clin.net.value == 10
    assert [figure.count for figure in clin.levels] == [3, 0, 3, 0, 4]


def test_ready_not_ready_and_between_do_not_betray_each_other(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"rd_clin": level} for level in "0000244444"])
    clin = release_clin(field, round_id)
    assert (clin.ready.count, clin.not_ready.hidden) == (5, Hidden.PROTECTS_ANOTHER)
    assert clin.net.hidden is Hidden.PROTECTS_ANOTHER
    assert {figure.hidden for figure in clin.levels} == {Hidden.COUNT_TOO_SMALL}


def test_levels_do_not_tell_who_stands_at_25(field: Field) -> None:
    round_id = field.add_round()
    # Two at 25 and two at 37.5 are four at the second level; "not ready" less the first level would part them.
    pairs = ["00"] * 3 + ["11"] * 2 + ["12"] * 2 + ["22"] * 3 + ["44"] * 3
    field.add_many(round_id, [{"rd_dos_content": pair[0], "rd_dos_lang": pair[1]} for pair in pairs])
    dos = release_clin(field, round_id, "dos")
    assert (dos.not_ready.count, dos.ready.count) == (5, 3)
    assert {figure.hidden for figure in dos.levels} == {Hidden.COUNT_TOO_SMALL}


def test_bands(field: Field) -> None:
    round_id = field.add_round()
    items = [item for items in field.questionnaire.scoring.items.values() for item in items]
    for level, times in (("0", 3), ("2", 4), ("4", 4)):
        field.add_many(round_id, [dict.fromkeys(items, level)] * times)
    mask = field.mask(round_id)
    released = release_readiness(profile_readiness(field.index, field.questionnaire, mask), PUBLIC, LEAST_THRESHOLDS)
    assert {band: figure.count for band, figure in released.bands} == {
        "exploring": 3,
        "preparing": 0,
        "advancing": 4,
        "ready": 4,
    }
    assert (released.overall.value, released.overall_equal_weights.base) == (Fraction(50), 11)


def test_no_single_hidden_part_of_a_shown_sum(field: Field) -> None:
    """Whatever the counts: of the parts of a shown total either none or at least two are hidden, or all there are."""
    round_id = field.add_round()
    random = Random(9)
    field.add_many(
        round_id,
        [
            {**PLAIN, **draw_answers(field.questionnaire, random), **tick("gmp" if random.random() < 0.7 else "org")}
            for _ in range(60)
        ],
    )
    mask = field.mask(round_id)
    for audience, question in product(Audience, field.questionnaire.questions_in("answers")):
        counts = count_question(field.index, question, mask)
        if question.kind != "select_one":
            continue
        released = release_question(counts, audience, LEAST_THRESHOLDS)
        hidden = [entry for entry in released.choices if entry.share.hidden is not None]
        assert len(hidden) != 1
