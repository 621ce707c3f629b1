"""The crosswalk: every issue has its place among trade measures, and a faulty line is refused by name."""

from __future__ import annotations

from importlib.resources import files

import pytest

from surveyapp.questionnaire.crosswalk import CHAPTERS, CrosswalkFault, load_crosswalk, read_crosswalk
from surveyapp.questionnaire.taxonomy import load_taxonomy

HEAD = "code,measures,aspect,obstacles,reason_en,reason_ko,reason_ja"


def read_names(name: str) -> list[str]:
    folder = files("surveyapp.questionnaire").joinpath("definitions")
    return folder.joinpath(f"{name}.csv").read_text(encoding="utf-8").splitlines()


def test_every_issue_has_its_place_and_a_reason_in_three_languages() -> None:
    crosswalk = load_crosswalk()
    assert [line.code for line in crosswalk.lines] == [leaf.code for leaf in load_taxonomy().leaves if leaf.stage]
    for line in crosswalk.lines:
        assert all((line.reason.ko, line.reason.en, line.reason.ja)), line.code
        assert (line.reason.ko.endswith("다.") and line.reason.ja.endswith("す。")) or line.reason.ja.endswith("ん。")
        assert bool(line.obstacles) or line.aspect in ("rule", "business"), line.code


def test_the_sixteen_chapters_are_named() -> None:
    measures = load_crosswalk().measures
    assert [code for code in measures if len(code) == 1] == list(CHAPTERS)
    assert all(code[0] in CHAPTERS and all((text.ko, text.en, text.ja)) for code, text in measures.items())
    used = {code for line in load_crosswalk().lines for code in line.measures}
    assert {code for code in measures if len(code) > 1} <= used, "a code that no issue needs"


def test_an_area_is_its_issues_taken_together() -> None:
    crosswalk, taxonomy = load_crosswalk(), load_taxonomy()
    found = crosswalk.find("reg", taxonomy)
    assert found is not None and found.measures == ("B", "N") and found.aspect == "both"
    assert found.obstacles == ("info", "time")
    clinical = crosswalk.find("clin", taxonomy)
    assert clinical is not None and clinical.aspect == "rule", "what is business alone does not count"
    assert crosswalk.find("reg-other", taxonomy) is None
    assert crosswalk.find("no-such-code", taxonomy) is None


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("reg-pathway,Q1,rule,,a,b,c", "unknown Q1"),
        ("reg-pathway,B81,rules,,a,b,c", "unknown aspect 'rules'"),
        ("reg-pathway,B81,rule,hurry,a,b,c", "unknown hurry"),
        ("reg-pathway,B81,business,,a,b,c", "no measure of a government"),
        ("reg-pathway,B81,rule,,a,b,c\nreg-pathway,B81,rule,,a,b,c", "occurs twice"),
        ("reg-nothing,B81,rule,,a,b,c", "not the issues of the taxonomy"),
    ],
)
def test_a_line_that_cannot_hold_is_refused(line: str, fault: str) -> None:
    with pytest.raises(CrosswalkFault, match=fault):
        read_crosswalk(
            [HEAD, *line.split("\n")],
            read_names("mast_measures"),
            read_names("procedural_obstacles"),
            taxonomy=load_taxonomy(),
        )
