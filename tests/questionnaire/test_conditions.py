"""Conditions read as sentences need them: requirements where they are simple, else the questions behind them."""

from __future__ import annotations

import pytest

from surveyapp.questionnaire.conditions import (
    Requirement,
    find_asked_behind,
    find_most_selected,
    find_selected,
    read_requirements,
)
from surveyapp.questionnaire.expressions import Expression
from surveyapp.questionnaire.model import Questionnaire


def find_condition(questionnaire: Questionnaire, name: str) -> Expression:
    groups = {group.name: group for row in questionnaire.rows for group in row.groups}
    condition = groups[name].relevant if name in groups else questionnaire.by_name[name].relevant
    assert condition is not None
    return condition


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("company_name", (Requirement("attribution_level", "is", ("named",)),)),
        ("support_needs_other", (Requirement("support_needs", "ticked", ("other",)),)),
        ("ch_worst", (Requirement("ch_areas", "more_than", number=4),)),
        ("jp_year", (Requirement("jp_stage", "is_not", ("noplan", "interest")),)),
        (
            "sec_readiness",
            (Requirement("consent_participate", "is", ("agree",)), Requirement("jp_stage", "is_not", ("noplan",))),
        ),
        ("ch_other_text", None),  # one of ten may hold
        ("top3", None),  # of a sum
        ("blk_reg", None),  # of a calculated selection, which nobody sees
    ],
)
def test_simple_conditions_become_requirements(
    questionnaire: Questionnaire, name: str, requirements: tuple[Requirement, ...] | None
) -> None:
    assert read_requirements(questionnaire, find_condition(questionnaire, name)) == requirements


def test_any_condition_leads_back_to_questions(questionnaire: Questionnaire) -> None:
    def find_names(name: str) -> list[str]:
        return [each.name for each in find_asked_behind(questionnaire, find_condition(questionnaire, name).names)]

    assert find_names("blk_pms") == ["ch_areas", "ch_worst"]
    assert find_names("grp_top3") == [name for name in questionnaire.by_name if name.endswith("_leaf")]
    conditions = [row.relevant for row in questionnaire.rows if row.relevant is not None]
    assert all(find_asked_behind(questionnaire, condition.names) for condition in conditions)


def test_a_block_names_the_choice_that_it_is_shown_for(questionnaire: Questionnaire) -> None:
    assert find_selected(find_condition(questionnaire, "blk_dos")) == ("ch_detail", "dos")
    assert find_selected(find_condition(questionnaire, "grp_worst")) is None
    assert find_selected(None) is None


def test_how_many_choices_count_at_most_is_seen_from_the_form(questionnaire: Questionnaire) -> None:
    assert find_most_selected(questionnaire, "ch_detail") == 4
    assert find_most_selected(questionnaire, "ch_worst") == 4
    assert find_most_selected(questionnaire, "ch_areas") is None
    assert find_most_selected(questionnaire, "ch_leaf_all") is None
