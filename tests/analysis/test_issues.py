"""The ranking of issues, to the letter of docs/method/scoring.md and to the digit of its test vector."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_order import find_tiers, order_rows
from surveyapp.analysis.issue_questions import IssuesNotAsked
from surveyapp.analysis.issue_rows import IssueRanking, IssueRow
from surveyapp.analysis.issues import rank_issues
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import Field, tick

VECTOR: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "questionnaire" / "scoring_test_vector.json").read_text(encoding="utf-8")
)
NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}


def rank(field: Field, taxonomy: Taxonomy, round_id: int, **filters: tuple[str, ...]) -> IssueRanking:
    mask = field.mask(round_id, filters)
    return rank_issues(field.index, field.questionnaire, taxonomy, mask)


def find(ranking: IssueRanking, code: str) -> IssueRow:
    row = ranking.find_row(code)
    assert row is not None
    return row


def show(value: Fraction | None, digits: int) -> float | None:
    return None if value is None else float(round_half_up(value, digits))


@pytest.fixture
def worked_example(field: Field, taxonomy: Taxonomy) -> IssueRanking:
    """The companies of the test vector: 12, of which 8 met gmp, two of these pms as well, nobody dev."""
    round_id = field.add_round()
    by_area = {case["area"]: case["encountered"] for case in VECTOR["issues"]}
    for position in range(12):
        answers: dict[str, Stored] = {}
        ticked = []
        for area, encountered in by_area.items():
            if position < len(encountered):
                ticked.append(area)
                details = encountered[position]
                severity = {} if details["sev"] is None else {f"ch_{area}_sev": str(details["sev"])}
                answers |= {f"ch_{area}_leaf": [f"{area}-other"], f"ch_{area}_status": details["status"], **severity}
        field.add(round_id, {**answers, "ch_areas": ticked} if ticked else NONE)
    return rank(field, taxonomy, round_id)


@pytest.mark.parametrize("case", VECTOR["issues"], ids=lambda case: str(case["area"]))
def test_vector_of_areas(worked_example: IssueRanking, case: Mapping[str, Any]) -> None:
    expected, row = case["expected"], find(worked_example, case["area"])
    assert row.share == Share(expected["n_encountered"], expected["N"])
    assert row.share.interval is not None
    assert show(row.share.value, 4) == expected["prevalence"]
    assert [show(bound, 4) for bound in row.share.interval] == expected["wilson95"]
    assert show(row.severity.mean, 4) == expected["mean_severity"]
    assert show(row.status.open_share, 4) == expected["unresolved_share"]
    assert show(row.index, 2) == expected["ipi"]
    shown = None if row.index_range is None else [show(bound, 2) for bound in row.index_range]
    assert shown == expected["ipi_range"]
    assert show(row.opportunity, 3) == expected["opportunity"]
    assert row.range_method == (None if shown is None else "wilson")


def test_overlapping_ranges_share_a_tier(worked_example: IssueRanking) -> None:
    gmp, pms, dev = (find(worked_example, code) for code in ("gmp", "pms", "dev"))
    assert (gmp.tier, pms.tier, dev.tier) == (1, 1, None)
    assert (gmp.place, pms.place, dev.place) == (1, 2, 3)
    assert worked_example.areas[0] is gmp
    assert gmp.detailed == 8
    assert gmp.severity.answered == 7


def test_vector_of_the_three_most_urgent(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    for answers in VECTOR["top3"]["answers"]:
        leaves = answers if len(answers) > 1 else [*answers, "org-people"]
        areas = sorted({leaf.split("-")[0] for leaf in leaves})
        given: dict[str, Stored] = {"ch_areas": areas}
        for area in areas:
            given[f"ch_{area}_leaf"] = [leaf for leaf in leaves if leaf.startswith(area)]
        given |= {f"top{place}": leaf for place, leaf in enumerate(answers, 1)}
        field.add(round_id, given)
    field.add(round_id, NONE)
    ranking = rank(field, taxonomy, round_id)
    shown = {row.code: show(row.urgency, 1) for row in ranking.leaves if row.urgency}
    assert shown == VECTOR["top3"]["expected"]
    assert ranking.urgency_base == 4


def test_a_company_with_a_single_issue_counts_it_as_first(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add(round_id, tick("gmp"))
    field.add(round_id, tick("gmp", "reg", top1="reg-other", top2="gmp-other"))
    ranking = rank(field, taxonomy, round_id)
    assert ranking.urgency_base == 2
    assert find(ranking, "gmp-other").urgency == Fraction(100 * (3 + 2), 6)
    assert find(ranking, "reg-other").urgency == Fraction(100 * 3, 6)
    assert find(ranking, "gmp").urgency is None


def test_the_base_is_who_is_interested_and_answered(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add(round_id, tick("gmp"))
    field.add(round_id, NONE)
    field.add(round_id)  # skipped the question
    field.add(round_id, {"jp_stage": "noplan"})
    ranking = rank(field, taxonomy, round_id)
    assert (ranking.base, ranking.none, ranking.skipped) == (2, Share(1, 2), 1)
    assert find(ranking, "gmp").share == Share(1, 2)


def test_not_asked_for_details_is_not_no(field: Field, taxonomy: Taxonomy) -> None:
    """Of more than four areas the four worst are detailed: the fifth counts in P and is missing in S, U and leaves."""
    round_id = field.add_round()
    five = ("reg", "lic", "dos", "clin", "gmp")
    field.add(round_id, tick(*five, severity=5, ch_worst=["reg", "lic", "dos", "clin"]))
    field.add(round_id, tick("gmp", severity=2, status="partly"))
    field.add(round_id, NONE)
    ranking = rank(field, taxonomy, round_id)
    gmp = find(ranking, "gmp")
    assert (gmp.share, gmp.detailed, gmp.severity.answered) == (Share(2, 3), 1, 1)
    assert (gmp.severity.mean, gmp.status.open_share) == (Fraction(2), Fraction(1, 2))
    assert find(ranking, "gmp-other").share == Share(1, 2)
    assert find(ranking, "reg-other").share == Share(1, 3)


def test_a_leaf_takes_severity_and_status_from_its_area(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add(round_id, tick("gmp", severity=5, ch_gmp_leaf=["gmp-change", "gmp-spec"]))
    field.add(round_id, tick("gmp", severity=2, status="resolved", ch_gmp_leaf=["gmp-spec"]))
    ranking = rank(field, taxonomy, round_id)
    change, spec = find(ranking, "gmp-change"), find(ranking, "gmp-spec")
    assert (change.share, change.severity.mean, change.status.open_share) == (Share(1, 2), Fraction(5), Fraction(1))
    assert (spec.share, spec.severity.mean, spec.status.open_share) == (Share(2, 2), Fraction(7, 2), Fraction(1, 2))
    assert spec.index == 100 * Fraction(7, 10) * Fraction(1, 2)
    assert (spec.parent, spec.bilateral, spec.opportunity, spec.delay) == ("gmp", "part", None, None)
    assert {row.code for row in ranking.list_leaves("gmp")} >= {"gmp-change", "gmp-other"}


def test_severity_and_status_are_counted_together_under_any_filter(field: Field, taxonomy: Taxonomy) -> None:
    round_id, given = (
        field.add_round(),
        [(3, "unresolved"), (3, None), (None, "partly"), (None, None), (3, "unresolved")],
    )
    for place, (severity, status) in enumerate(given):
        size = "e1_49" if place == 4 else "e50_299"
        field.add(round_id, {**tick("gmp", severity=severity, status=status), "company_size": size})
    expected = ((0, -1, 1), (0, 1, 1), (3, -1, 1), (3, 2, 1))
    for code in ("gmp", "gmp-other"):
        assert find(rank(field, taxonomy, round_id, company_size=("e50_299",)), code).patterns == expected
        assert find(rank(field, taxonomy, round_id, company_size=("e1_49",)), code).patterns == ((3, 2, 1),)
        assert find(rank(field, taxonomy, round_id), code).patterns == (*expected[:3], (3, 2, 2))
    field.edit(1, tick("gmp", severity=5, status="resolved"))
    field.refresh()
    edited = find(rank(field, taxonomy, round_id), "gmp-other").patterns
    assert edited == ((0, -1, 1), (0, 1, 1), (3, -1, 1), (3, 2, 1), (5, 0, 1))


def test_edge_cases(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    assert find(rank(field, taxonomy, round_id), "gmp").index is None  # N = 0: everything blank
    assert find(rank(field, taxonomy, round_id), "gmp").opportunity is None
    field.add(round_id, tick("gmp", severity=None))
    field.add(round_id, tick("reg", status=None))
    ranking = rank(field, taxonomy, round_id)
    gmp, reg, org = (find(ranking, code) for code in ("gmp", "reg", "org"))
    assert (gmp.index, gmp.index_range, gmp.severity.mean, gmp.status.open_share) == (None, None, None, Fraction(1))
    assert (reg.index, reg.severity.mean, reg.status.open_share) == (None, Fraction(3), None)
    assert (org.index, org.index_range, org.range_method) == (Fraction(0), None, None)


def test_a_small_base_is_a_list_without_ranks(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("org")] * 9)
    ranking = rank(field, taxonomy, round_id)
    assert not ranking.is_ranked
    assert [row.code for row in ranking.areas] == [
        "reg",
        "lic",
        "dos",
        "clin",
        "gmp",
        "dev",
        "pri",
        "com",
        "pms",
        "org",
    ]
    assert all(row.place is None and row.tier is None for row in (*ranking.areas, *ranking.leaves))
    assert find(ranking, "org").index == 60
    field.add(round_id, tick("org"))
    ranking = rank(field, taxonomy, round_id)
    assert ranking.is_ranked
    assert (ranking.areas[0].code, ranking.areas[0].place) == ("org", 1)


def test_few_cases_are_not_broken_down(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("pms")] * 4 + [tick("dev", jp_stage="interest")] * 5)
    ranking = rank(field, taxonomy, round_id)
    pms, dev = find(ranking, "pms"), find(ranking, "dev")
    assert (pms.few_cases, pms.by_stage, pms.concerned) == (True, (), None)
    assert not dev.few_cases
    assert [(entry.stage, entry.share) for entry in dev.by_stage] == [
        ("not_filed", Share(5, 5)),
        ("filed_or_market", Share(0, 4)),
        ("withdrawn", Share(0, 0)),
    ]
    assert ranking.stage_bases == {"not_filed": 5, "filed_or_market": 4, "withdrawn": 0}


def test_dev_and_pms_among_the_companies_they_can_concern(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    device: Mapping[str, Stored] = {"product_categories": ["device", "generic"], "jp_products": ["device"]}
    field.add_many(round_id, [{**tick("dev", "pms"), **device}] * 5 + [{**device, **NONE}] * 2)
    field.add_many(round_id, [tick("pms", jp_stage="filed")] * 3)
    ranking = rank(field, taxonomy, round_id)
    dev, pms = find(ranking, "dev").concerned, find(ranking, "pms").concerned
    assert dev is not None
    assert pms is not None
    assert (dev.group, dev.share) == ("device_products", Share(5, 7))
    assert (pms.group, pms.share) == ("approved_or_onmarket", Share(5, 7))
    assert find(ranking, "org").concerned is None


def test_the_bootstrap_takes_over_from_twenty(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", severity=5)] * 10 + [NONE] * 9)
    assert find(rank(field, taxonomy, round_id), "gmp").range_method == "wilson"
    field.add(round_id, NONE)
    gmp = find(rank(field, taxonomy, round_id), "gmp")
    assert gmp.range_method == "bootstrap"
    assert gmp.index == 50
    assert gmp.index_range == (Fraction(30), Fraction(70))


def test_delay_and_cost(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    given: list[tuple[int | None, str | None]] = [(0, "c0"), (6, "c2"), (6, "c5"), (12, "dk"), (24, None), (None, "c1")]
    for delay, cost in given:
        details = {name: value for name, value in (("ch_gmp_delay", delay), ("ch_gmp_cost", cost)) if value is not None}
        field.add(round_id, {**tick("gmp"), **details})
    gmp = find(rank(field, taxonomy, round_id), "gmp")
    assert gmp.delay is not None
    assert (gmp.delay.n, gmp.delay.median, gmp.delay.upper_quartile, gmp.delay_not_answered) == (
        5,
        Fraction(6),
        Fraction(12),
        1,
    )
    assert gmp.cost is not None
    assert [(name, share) for name, _, share in gmp.cost.ranges if share.count] == [
        ("c0", Share(1, 4)),
        ("c1", Share(1, 4)),
        ("c2", Share(1, 4)),
        ("c5", Share(1, 4)),
    ]
    assert (gmp.cost.at_least, gmp.cost.dont_know, gmp.cost.not_answered) == (1050, 1, 1)


def test_a_segment_has_its_own_base(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", company_type="bio"), {**NONE, "company_type": "bio"}, tick("gmp")])
    ranking = rank(field, taxonomy, round_id, company_type=("bio",))
    assert find(ranking, "gmp").share == Share(1, 2)
    assert ranking.origin.filters == (("company_type", ("bio",)),)


def test_tiers_hang_on_their_top_item() -> None:
    ranges = [(Fraction(low), Fraction(high)) for low, high in ((50, 90), (40, 60), (30, 45), (20, 52), (5, 31))]
    # The third overlaps the second but not the first; the fourth overlaps the first although the third does not.
    assert find_tiers(ranges) == [1, 1, 2, 1, 2]
    assert find_tiers([None, *ranges[:2], None]) == [None, 1, 1, None]
    assert find_tiers([]) == []


def test_ties_share_a_place_and_urgency_breaks_them(worked_example: IssueRanking) -> None:
    row = find(worked_example, "gmp")
    rows = [
        replace(row, code="a", urgency=Fraction(1)),
        replace(row, code="b", urgency=Fraction(5)),
        replace(row, code="c", urgency=Fraction(5)),
        replace(row, code="d", index=None),
        replace(row, code="e", share=Share(3, 9)),
    ]
    assert [(row.code, row.place) for row in order_rows(rows)] == [
        ("b", 1),
        ("c", 1),
        ("a", 3),
        ("d", None),
        ("e", None),
    ]


def test_a_questionnaire_without_issues_cannot_be_ranked(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    mask = field.mask(round_id)
    rows = tuple(row for row in field.questionnaire.rows if row.name != "ch_areas")
    with pytest.raises(IssuesNotAsked):
        rank_issues(field.index, replace(field.questionnaire, rows=rows), taxonomy, mask)


def test_rounding_is_half_up_at_the_end() -> None:
    assert round_half_up(Fraction("41.25"), 1) == Decimal("41.3")
