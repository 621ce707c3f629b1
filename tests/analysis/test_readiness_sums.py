"""Returns with the same sums have the same overall readiness, which the rule draws from the sums alone."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from surveyapp.analysis.readiness_sums import ReadinessSums
from surveyapp.questionnaire.model import ScoringScheme
from surveyapp.questionnaire.scoring import score_readiness
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire

LEVELS = st.sampled_from(["0", "1", "2", "3", "4", "na", None])
ODD = ScoringScheme(
    weights={"reg": 30, "part": 30, "one": 10, "two": 10, "three": 10, "four": 10},
    items={"reg": ("r1", "r2", "r3"), "part": ("p1",), "one": ("o",), "two": ("t",), "three": ("h",), "four": ("f",)},
)


@given(data=st.data(), scheme=st.sampled_from([load_builtin_questionnaire().scoring, ODD]))
@settings(max_examples=150, deadline=None)
def test_agrees_with_the_rule(data: st.DataObject, scheme: ScoringScheme) -> None:
    items = [item for found in scheme.items.values() for item in found]
    readiness = ReadinessSums(scheme)
    for _ in range(5):
        drawn = data.draw(st.lists(LEVELS, min_size=len(items), max_size=len(items)))
        answers = {item: level for item, level in zip(items, drawn, strict=True) if level is not None}
        sums = sum(group.find_digits(group.read_levels(answers)) for group in readiness.groups)
        found, expected = readiness.find_result(sums), score_readiness(scheme, answers)
        assert (found.weighted, found.equal_weights, found.band, found.gate_applied) == (
            expected.overall,
            expected.overall_equal_weights,
            expected.band,
            expected.gate_applied,
        )
        again = sum(group.find_digits(group.read_levels(answers)) for group in readiness.groups)
        assert again == sums
