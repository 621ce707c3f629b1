"""The taxonomy holds what the questionnaire offers, in three languages."""

from __future__ import annotations

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy, read_issues


def test_every_leaf_and_area_of_the_questionnaire_is_known(real: Questionnaire) -> None:
    taxonomy = load_taxonomy()
    leaves = {choice.name: choice.columns["area"] for choice in real.choice_lists["issue_leaf"]}
    assert {leaf.code: leaf.parent for leaf in taxonomy.leaves} == leaves
    areas = {choice.name for choice in real.choice_lists["issue_area"]} - {"none"}
    assert {area.code for area in taxonomy.areas} == areas
    assert len(taxonomy.by_code) == len(taxonomy.issues) == 80


def test_names_are_given_in_every_language() -> None:
    for issue in load_taxonomy().issues:
        for language in LANGUAGES:
            assert issue.name.in_language(language).strip()
            assert issue.definition.in_language(language).strip()


def test_other_is_the_last_leaf_of_an_area_and_not_judged() -> None:
    taxonomy = load_taxonomy()
    for area in taxonomy.areas:
        leaves = taxonomy.leaves_of(area.code)
        assert leaves[-1].code == f"{area.code}-other"
        assert leaves[-1].bilateral is None
        assert all(leaf.bilateral in ("yes", "part", "no") for leaf in leaves[:-1])
        assert area.is_area
        assert not leaves[0].is_area


def test_find() -> None:
    found = load_taxonomy().find("gmp-inspection")
    assert found is not None
    assert found.bilateral == "yes"
    assert "PMDA" in found.responsible_body
    assert found.keywords["ko"]
    assert load_taxonomy().find("nothing") is None


def test_cells_with_lists_are_split() -> None:
    header = "code,parent,stage,en,ko,ja,definition_en,definition_ko,definition_ja,keywords_en,keywords_ko,keywords_ja"
    lines = [f"{header},responsible_body,bilateral_actionable", "a,,plan,E,K,J,e,k,j,x; y;,,,MHLW;PMDA,"]
    (issue,) = read_issues(lines)
    assert issue.keywords["en"] == ("x", "y")
    assert issue.responsible_body == ("MHLW", "PMDA")
    assert issue.bilateral is None
