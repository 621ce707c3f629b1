"""The readiness of one company: levels and next ones, first steps, what can be compared with an earlier round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from surveyapp.analysis.company_readiness import (
    MOST_FIRST_STEPS,
    CompanyReadiness,
    DimensionReading,
    compare_readiness,
    read_readiness,
)
from surveyapp.questionnaire.model import Question, Questionnaire, Stored, Text
from tests.analysis.returns import PLAIN

VECTOR: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "questionnaire" / "scoring_test_vector.json").read_text(encoding="utf-8")
)
COMPANIES: Mapping[str, Mapping[str, Any]] = {each["id"]: each for each in VECTOR["readiness"]}


def read(questionnaire: Questionnaire, answers: Mapping[str, Stored]) -> CompanyReadiness:
    return read_readiness(questionnaire, {**PLAIN, **answers})


def read_company(questionnaire: Questionnaire, company: str) -> CompanyReadiness:
    return read(questionnaire, COMPANIES[company]["answers"])


def find(readiness: CompanyReadiness, dimension: str) -> DimensionReading:
    return next(each for each in readiness.dimensions if each.dimension == dimension)


def list_items(questionnaire: Questionnaire) -> list[str]:
    return [item for items in questionnaire.scoring.items.values() for item in items]


def list_steps(readiness: CompanyReadiness) -> list[tuple[str, str]]:
    return [(dimension.dimension, item.question.name) for dimension, item in readiness.first_steps]


def change_question(questionnaire: Questionnaire, name: str, **changes: Any) -> Questionnaire:
    rows = tuple(replace(row, **changes) if row.name == name else row for row in questionnaire.rows)
    return replace(questionnaire, rows=rows)


@pytest.mark.parametrize("company", COMPANIES)
def test_vector_of_companies(questionnaire: Questionnaire, company: str) -> None:
    expected = COMPANIES[company]["expected"]
    readiness = read_company(questionnaire, company)
    scores = {each.dimension: each.score for each in readiness.dimensions}
    assert scores == {
        name: None if score is None else Fraction(str(score)) for name, score in expected["dimension_scores"].items()
    }
    result = readiness.result
    assert (result.answered_dimensions, result.answered_weight, result.band) == (
        expected["answered_dimensions"],
        expected["answered_weight"],
        expected["band"],
    )
    wanted = [expected["overall"], expected["overall_equal_weights"]]
    assert [result.overall, result.overall_equal_weights] == [None if x is None else Decimal(str(x)) for x in wanted]
    assert result.gate_applied == (company == "B")
    assert [each.dimension for each in readiness.dimensions if each.holds_band] == (["reg"] if company == "B" else [])


def test_each_item_tells_its_sentence_and_the_next(questionnaire: Questionnaire) -> None:
    readiness = read_company(questionnaire, "A")
    path, dialog = find(readiness, "reg").items
    choices = {choice.name: choice.label for choice in questionnaire.by_name["rd_reg_path"].choices}
    assert (path.state, path.level, path.sentence, path.next_sentence) == ("level", 3, choices["3"], choices["4"])
    assert (dialog.level, dialog.next_sentence) != (path.level, path.next_sentence)
    (clinical,) = find(readiness, "clin").items
    assert (clinical.state, clinical.level, clinical.sentence, clinical.next_sentence) == (
        "not_applicable",
        None,
        None,
        None,
    )


def test_the_highest_level_has_no_next_one(questionnaire: Questionnaire) -> None:
    readiness = read(questionnaire, dict.fromkeys(list_items(questionnaire), "4"))
    assert {item.next_sentence for each in readiness.dimensions for item in each.items} == {None}
    assert (readiness.first_steps, readiness.result.overall, readiness.result.band) == ((), Decimal("100.0"), "ready")


def test_not_applicable_everywhere_is_no_zero(questionnaire: Questionnaire) -> None:
    readiness = read(questionnaire, dict.fromkeys(list_items(questionnaire), "na"))
    assert {each.score for each in readiness.dimensions} == {None}
    assert {item.state for each in readiness.dimensions for item in each.items} == {"not_applicable"}
    assert (readiness.result.overall, readiness.first_steps, readiness.is_asked) == (None, (), True)


def test_blank_and_not_applicable_are_told_apart(questionnaire: Questionnaire) -> None:
    readiness = read(questionnaire, {"rd_reg_path": "na", "rd_qual_system": "0"})
    assert [item.state for item in find(readiness, "reg").items] == ["not_applicable", "not_answered"]
    assert [item.state for item in find(readiness, "qual").items] == ["level", "not_answered"]
    assert find(readiness, "qual").score == 0 and find(readiness, "reg").score is None


def test_who_has_no_plan_was_not_asked(questionnaire: Questionnaire) -> None:
    answers = {**COMPANIES["A"]["answers"], "jp_stage": "noplan"}
    readiness = read(questionnaire, answers)
    assert not readiness.is_asked and readiness.first_steps == ()
    assert {item.state for each in readiness.dimensions for item in each.items} == {"not_asked"}
    assert {each.score for each in readiness.dimensions} == {None}


def test_first_steps_are_those_with_the_most_missing_points(questionnaire: Questionnaire) -> None:
    readiness = read_company(questionnaire, "A")  # 16 x 62.5, 12 x 62.5, 10 x 75: qual 1000, dos 750, price 750
    assert list_steps(readiness) == [("qual", "rd_qual_change"), ("dos", "rd_dos_lang"), ("price", "rd_price")]
    points = [dimension.missing_points for dimension, _ in readiness.first_steps]
    others = [each.missing_points for each in readiness.dimensions if each.dimension not in ("qual", "dos", "price")]
    assert points == sorted(points, reverse=True) and min(points) >= max(others)
    assert len(readiness.first_steps) == MOST_FIRST_STEPS


def test_what_holds_the_band_back_is_the_first_step(questionnaire: Questionnaire) -> None:
    answers = {
        **dict.fromkeys(list_items(questionnaire), "3"),
        "rd_part": "0",
        "rd_reg_path": "0",
        "rd_reg_dialog": "1",
    }
    readiness = read(questionnaire, answers)
    assert readiness.result.gate_applied and readiness.result.band == "preparing"
    assert list_steps(readiness)[:2] == [("reg", "rd_reg_path"), ("part", "rd_part")]
    without = read(questionnaire, dict.fromkeys(list_items(questionnaire), "1"))
    assert not without.result.gate_applied and list_steps(without)[0][0] == "reg"  # by its points alone


def test_a_return_is_compared_with_an_earlier_one(questionnaire: Questionnaire) -> None:
    now, then = read_company(questionnaire, "A"), read_company(questionnaire, "D")
    found = compare_readiness(questionnaire, now.result, questionnaire, then.result)
    assert found.dimensions["reg"] == (Fraction("62.5"), Fraction(50))
    assert "clin" not in found.dimensions and "price" not in found.dimensions  # only in one of the two
    assert found.overall == (Fraction("48.8"), Fraction("41.3")) and found.changed == ()


def reword(question: Question) -> Text:
    return replace(question.label, ja=question.label.ja + "？")


def test_only_what_was_asked_the_same_is_compared(questionnaire: Questionnaire) -> None:
    now = read_company(questionnaire, "A").result
    price = questionnaire.by_name["rd_price"]
    for earlier in (
        change_question(questionnaire, "rd_price", label=reword(price)),
        change_question(questionnaire, "rd_price", choices=price.choices[:-1]),
        change_question(
            questionnaire,
            "rd_price",
            choices=(replace(price.choices[0], label=price.choices[1].label), *price.choices[1:]),
        ),
    ):
        found = compare_readiness(questionnaire, now, earlier, now)
        assert found.changed == ("price",) and "price" not in found.dimensions and "reg" in found.dimensions
        assert found.overall is None


def test_other_weights_leave_the_dimensions_comparable_but_not_the_overall_result(questionnaire: Questionnaire) -> None:
    now = read_company(questionnaire, "A").result
    scoring = replace(questionnaire.scoring, weights={**questionnaire.scoring.weights, "reg": 15, "digi": 7})
    found = compare_readiness(questionnaire, now, replace(questionnaire, scoring=scoring), now)
    assert found.overall is None and found.changed == () and found.dimensions["reg"] == (Fraction("62.5"),) * 2


def test_a_dimension_that_is_new_or_has_other_items_is_not_compared(questionnaire: Questionnaire) -> None:
    now = read_company(questionnaire, "A").result
    items = {**questionnaire.scoring.items, "reg": ("rd_reg_path",), "org": ()}
    earlier = replace(questionnaire, scoring=replace(questionnaire.scoring, items=items))
    assert compare_readiness(questionnaire, now, earlier, now).changed == ("reg", "org")
