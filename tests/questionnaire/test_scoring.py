"""Readiness to the digit: the test vector, the rules at their edges, and the questionnaire's own calculates."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import evaluate, keep_asked
from surveyapp.questionnaire.scoring import find_band, round_half_up, score_readiness

VECTOR = json.loads((Path(__file__).parent / "scoring_test_vector.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", VECTOR["readiness"], ids=lambda case: str(case["id"]))
def test_vector(real: Questionnaire, case: dict[str, Any]) -> None:
    readiness = score_readiness(real.scoring, case["answers"])
    expected = case["expected"]
    scores = {name: None if score is None else float(score) for name, score in readiness.dimensions.items()}
    assert scores == expected["dimension_scores"]
    assert readiness.answered_dimensions == expected["answered_dimensions"]
    assert readiness.answered_weight == expected["answered_weight"]
    assert _show(readiness.overall) == expected["overall"]
    assert _show(readiness.overall_equal_weights) == expected["overall_equal_weights"]
    assert readiness.band == expected["band"]
    assert readiness.gate_applied is (case["id"] == "B")


def _show(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


@pytest.mark.parametrize(
    ("value", "digits", "rounded"),
    [
        (41.25, 1, "41.3"),
        (2.675, 2, "2.68"),
        (Fraction(1, 3), 2, "0.33"),
        (Fraction(2, 3), 4, "0.6667"),
        (Fraction(-1, 20), 1, "-0.1"),
        (Fraction(-1, 100), 1, "0.0"),
        (Decimal("0.5"), 0, "1"),
        (7, 1, "7.0"),
        (np.float64(41.25), 1, "41.3"),
    ],
)
def test_rounds_half_up(value: Fraction | Decimal | float, digits: int, rounded: str) -> None:
    assert str(round_half_up(value, digits)) == rounded


def test_refuses_to_round_what_is_no_number() -> None:
    with pytest.raises(ValueError, match="nan"):
        round_half_up(float("nan"), 1)


@pytest.mark.parametrize(
    ("overall", "band"),
    [
        ("0.0", "exploring"),
        ("24.9", "exploring"),
        ("25.0", "preparing"),
        ("49.9", "preparing"),
        ("50.0", "advancing"),
        ("74.9", "advancing"),
        ("75.0", "ready"),
        ("100.0", "ready"),
    ],
)
def test_bands_begin_at_their_number(overall: str, band: str) -> None:
    assert find_band(Decimal(overall)) == band


def test_the_gate_lowers_a_band_and_never_lifts_one(real: Questionnaire) -> None:
    items = [item for names in real.scoring.items.values() for item in names]
    strong = dict.fromkeys(items, "4")
    assert score_readiness(real.scoring, strong).band == "ready"
    gated = score_readiness(real.scoring, {**strong, "rd_part": "0"})
    assert (gated.band, gated.gate_applied) == ("preparing", True)
    weak = score_readiness(real.scoring, dict.fromkeys(items, "0"))
    assert (weak.band, weak.gate_applied) == ("exploring", False)
    blank = score_readiness(real.scoring, {**strong, "rd_part": "na"})
    assert (blank.band, blank.gate_applied) == ("ready", False)


LEVELS = st.sampled_from(["", "na", "0", "1", "2", "3", "4"])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_the_calculates_of_the_questionnaire_say_the_same(real: Questionnaire, data: st.DataObject) -> None:
    items = [item for names in real.scoring.items.values() for item in names]
    drawn = {item: data.draw(LEVELS, label=item) for item in items}
    answers = {item: level for item, level in drawn.items() if level}
    readiness = score_readiness(real.scoring, answers)
    kept = keep_asked(evaluate(real, {**answers, "consent_participate": "agree", "jp_stage": "filed"}))
    for dimension, score in readiness.dimensions.items():
        calculated = kept.get(f"score_{dimension}")
        assert (None if score is None else round_half_up(score, 1)) == (
            None if calculated is None else Decimal(str(calculated))
        )
    overall = kept.get("score_overall")
    assert readiness.overall == (None if overall is None else Decimal(str(overall)))
    assert kept["score_weight"] == str(readiness.answered_weight)


def test_answers_that_are_no_levels_do_not_count(real: Questionnaire) -> None:
    readiness = score_readiness(real.scoring, {"rd_part": "9", "rd_org": ["4"], "rd_clin": 4})
    assert readiness.answered_dimensions == 0
    assert readiness.overall is None
