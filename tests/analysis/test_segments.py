"""The heat map of areas and segments."""

from __future__ import annotations

import pytest

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.segments import SEGMENT_QUESTIONS, SegmentQuestion, cross_areas
from tests.analysis.returns import Field, tick


def test_cells_have_the_base_of_their_segment(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", company_type="bio")] * 3 + [tick("gmp", company_type="api")] * 2)
    field.add_many(round_id, [tick("reg", company_type="api")] * 4)
    field.add(round_id, {"jp_stage": "noplan", "company_type": "api"})
    mask = field.mask(round_id)
    cross = cross_areas(field.index, field.questionnaire, mask, "company_type")
    segments = [segment.choice for segment in cross.segments]
    gmp = next(row for row in cross.rows if row.code == "gmp")
    assert (gmp.total, gmp.few_cases) == (Share(5, 9), False)
    assert gmp.cells[segments.index("bio")] == Share(3, 3)
    assert gmp.cells[segments.index("api")] == Share(2, 6)
    assert cross.segments[segments.index("api")].base == 6
    assert cross.base == 9


def test_few_cases_are_not_broken_down(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp")] * 4)
    mask = field.mask(round_id)
    gmp = next(row for row in cross_areas(field.index, field.questionnaire, mask, "jp_stage").rows if row.code == "gmp")
    assert (gmp.few_cases, gmp.cells) == (True, ())


@pytest.mark.parametrize("question", SEGMENT_QUESTIONS)
def test_every_segment_question(field: Field, question: SegmentQuestion) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp")] * 5)
    mask = field.mask(round_id)
    cross = cross_areas(field.index, field.questionnaire, mask, question)
    assert all(len(row.cells) in (0, len(cross.segments)) for row in cross.rows)
    assert "noplan" not in {segment.choice for segment in cross.segments}
    assert sum(segment.base for segment in cross.segments) == 5
