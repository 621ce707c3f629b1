"""Readiness of a group, and readiness set against issues."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from surveyapp.analysis.counts import Missing
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.readiness import (
    DimensionProfile,
    ImportancePerformance,
    ReadinessProfile,
    match_importance,
    measure_net_readiness,
    profile_readiness,
)
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.scoring import round_half_up
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import Field, tick

VECTOR: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "questionnaire" / "scoring_test_vector.json").read_text(encoding="utf-8")
)


def profile(field: Field, round_id: int) -> ReadinessProfile:
    mask = field.mask(round_id)
    return profile_readiness(field.index, field.questionnaire, mask)


def find(found: ReadinessProfile, dimension: str) -> DimensionProfile:
    return next(entry for entry in found.dimensions if entry.dimension == dimension)


def test_vector_of_net_readiness() -> None:
    scores = [Fraction(str(score)) for score in VECTOR["net_readiness"]["scores"] if score is not None]
    expected = VECTOR["net_readiness"]["expected"]
    ready, not_ready, net = measure_net_readiness(sorted(Counter(scores).items()))
    assert ready == Share(expected["ready"], expected["n"])
    assert not_ready == Share(expected["not_ready"], expected["n"])
    assert round_half_up(net, 1) == Decimal(str(expected["net"]))


def test_vector_of_companies(field: Field) -> None:
    """The companies of the vector, five times each, so that there is something to show of every one."""
    round_id = field.add_round()
    for company in VECTOR["readiness"]:
        field.add_many(round_id, [company["answers"]] * 5)
    found = profile(field, round_id)
    values = {
        round_half_up(Fraction(value), 1): len(numbers)
        for value, numbers in field.index.values("readiness.overall").items()
    }
    expected = Counter(str(company["expected"]["overall"]) for company in VECTOR["readiness"])
    assert {str(value): count for value, count in values.items()} == {
        overall: 5 * count for overall, count in expected.items() if overall != "None"
    }
    assert found.scored == 15
    assert dict(found.bands) == {
        "exploring": Share(0, 15),
        "preparing": Share(15, 15),
        "advancing": Share(0, 15),
        "ready": Share(0, 15),
    }
    assert found.overall.median == Fraction("48.8")
    assert found.overall_equal_weights.median == Fraction("48.2")
    # reg: 62.5, 12.5, 50, 50, five of each
    reg = find(found, "reg")
    assert (reg.n, reg.scores.median, reg.scores.lower_quartile) == (20, Fraction(50), Fraction("40.625"))
    assert reg.weight == 16


def test_levels_count_who_stands_between_with_the_lower(field: Field) -> None:
    round_id = field.add_round()
    pairs = [("0", "1"), ("1", "1"), ("1", "2"), ("2", "3"), ("4", "3"), ("4", "4"), ("4", "na")]
    field.add_many(round_id, [{"rd_qual_system": one, "rd_qual_change": other} for one, other in pairs])
    qual = find(profile(field, round_id), "qual")
    assert [share.count for share in qual.levels] == [1, 2, 1, 1, 2]
    assert (qual.ready, qual.not_ready) == (Share(3, 7), Share(2, 7))
    assert qual.net == Fraction(100, 7)
    assert qual.few_answers
    assert not qual.too_few


def test_nothing_is_shown_of_fewer_than_five(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"rd_clin": "4"}] * 4)
    clin = find(profile(field, round_id), "clin")
    assert (clin.n, clin.too_few, clin.levels, clin.ready, clin.not_ready, clin.net) == (4, True, (), None, None, None)
    assert (clin.scores.median, clin.scores.smallest) == (None, None)
    assert profile(field, round_id).bands == ()
    field.add(round_id, {"rd_clin": "4"})
    clin = find(profile(field, round_id), "clin")
    assert (clin.net, clin.scores.median) == (Fraction(100), Fraction(100))


def test_na_and_blank_are_counted_apart(field: Field) -> None:
    round_id = field.add_round()
    answers: list[dict[str, Stored]] = [
        {"rd_dos_content": "2", "rd_dos_lang": "na"},
        {"rd_dos_content": "na", "rd_dos_lang": "na"},
        {"rd_dos_content": "na"},
        {},
        {"jp_stage": "noplan"},
    ]
    field.add_many(round_id, answers)
    dos = find(profile(field, round_id), "dos")
    assert (dos.n, dos.not_applicable, dos.not_answered, dos.not_asked) == (1, 2, 1, 1)
    content = next(item for item in dos.items if item.question == "rd_dos_content")
    assert content.answered == 1
    assert content.missing == Missing(not_asked=1, not_answered=1, dont_know=0, not_applicable=2)


def compare(field: Field, taxonomy: Taxonomy, round_id: int) -> ImportancePerformance:
    mask = field.mask(round_id)
    ranking = rank_issues(field.index, field.questionnaire, taxonomy, mask)
    return match_importance(profile_readiness(field.index, field.questionnaire, mask), ranking)


def test_importance_and_performance(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round()
    levels: Mapping[str, Stored] = {"rd_qual_system": "0", "rd_clin": "4", "rd_org": "2"}
    field.add_many(round_id, [{**tick("gmp", "pms", severity=5), **levels}] * 6)
    field.add_many(round_id, [{**tick("org"), **levels}] * 3)
    found = compare(field, taxonomy, round_id)
    points = {point.dimension: point for point in found.points}
    assert points.keys() == {"qual", "clin", "org"}
    assert (points["qual"].area, points["qual"].readiness) == ("gmp", Fraction(0))
    assert points["qual"].priority == Fraction(200, 3)
    assert found.centre == (Fraction(50), Fraction(20))
    assert points["qual"].quadrant == "concentrate"
    assert points["clin"].quadrant == "possible_overkill"
    assert points["org"].quadrant is None  # on the cross-hairs
    assert ("reg", "reg") in found.left_out
    assert [(code, index) for code, _, index in found.without_dimension] == [("pms", Fraction(200, 3))]


def test_no_points_have_no_centre(field: Field, taxonomy: Taxonomy) -> None:
    found = compare(field, taxonomy, field.add_round())
    assert (found.points, found.centre, len(found.left_out)) == ((), None, 9)
