"""The thresholds of a round are those that its released figures keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    Hidden,
    ReleasedFigure,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
)
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.segments import cross_areas
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, AudienceThresholds
from surveyapp.questionnaire.model import Stored
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import PLAIN, Field, tick

MINISTRY = Audience.MINISTRY
READINESS: Mapping[str, Stored] = {
    **dict.fromkeys(("rd_reg_path", "rd_reg_dialog", "rd_qual_system", "rd_qual_change", "rd_dos_content"), "2"),
    **dict.fromkeys(("rd_dos_lang", "rd_part", "rd_price", "rd_comm", "rd_org"), "3"),
}
SMALL: Mapping[str, Stored] = {**PLAIN, **READINESS, "company_size": "e1_49"}
LARGE: Mapping[str, Stored] = {**PLAIN, **READINESS, "company_size": "e300_999"}


def ask_for(**numbers: int) -> AudienceThresholds:
    return {**LEAST_THRESHOLDS, MINISTRY: replace(LEAST_THRESHOLDS[MINISTRY], **numbers)}


@pytest.fixture
def round_id(field: Field) -> int:
    """Twelve companies: six small ones, of which three have GMP trouble, and six large ones, of which three have it."""
    of_round = field.add_round("twelve")
    for size in (SMALL, LARGE):
        field.add_many(of_round, [{**size, **tick("gmp")}] * 3 + [{**size, "ch_areas": ["none"]}] * 3)
    return of_round


@pytest.mark.parametrize(
    ("thresholds", "hidden"),
    [
        (LEAST_THRESHOLDS, None),
        (ask_for(round_base=12), None),
        (ask_for(round_base=13), Hidden.BASE_TOO_SMALL),
        (ask_for(round_count=6), None),
        # Six have the trouble and six have none: that both are below seven says how many each.
        (ask_for(round_count=7), Hidden.PROTECTS_ANOTHER),
    ],
)
def test_tallies_over_a_round(
    field: Field, taxonomy: Taxonomy, round_id: int, thresholds: AudienceThresholds, hidden: Hidden | None
) -> None:
    mask = field.mask(round_id, {})
    question = count_question(field.index, field.questionnaire.by_name["ch_areas"], mask)
    [gmp] = [
        choice.share for choice in release_question(question, MINISTRY, thresholds).choices if choice.choice == "gmp"
    ]
    table = release_issue_table(rank_issues(field.index, field.questionnaire, taxonomy, mask), MINISTRY, thresholds)
    [row] = [row for row in table.areas if row.code == "gmp"]
    assert gmp.hidden is row.share.hidden is hidden
    assert table.is_ranked == (thresholds[MINISTRY].round_base <= 12)


@pytest.mark.parametrize(
    ("thresholds", "hidden"),
    [
        (LEAST_THRESHOLDS, None),
        (ask_for(group_base=6), None),
        (ask_for(group_base=7), Hidden.BASE_TOO_SMALL),
        # Each of two "too few" of which three at most are possible, six together: the reason would say how many.
        (ask_for(group_count=4), Hidden.PROTECTS_ANOTHER),
    ],
)
def test_groups_inside_a_round(
    field: Field, round_id: int, thresholds: AudienceThresholds, hidden: Hidden | None
) -> None:
    def find_cell(audience: Audience) -> ReleasedFigure:
        mask = field.mask(round_id, {})  # brings the index up to date
        cross = cross_areas(field.index, field.questionnaire, mask, "company_size")
        released = release_area_cross(cross, audience, thresholds)
        place = [choice for choice, _label in released.segments].index("e1_49")
        return next(cells[place] for code, _name, cells in released.rows if code == "gmp")

    assert find_cell(MINISTRY).hidden is hidden
    assert find_cell(Audience.JAPAN).hidden is Hidden.BASE_TOO_SMALL, "its own base is ten"
    filtered = field.mask(round_id, {"company_size": ("e1_49",)})
    readiness = release_readiness(profile_readiness(field.index, field.questionnaire, filtered), MINISTRY, thresholds)
    is_shown = thresholds[MINISTRY].group_base <= 6
    assert any(dimension.n.hidden is None for dimension in readiness.dimensions) == is_shown
