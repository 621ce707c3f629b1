"""The sample rounds as each audience may see them: enough is shown, and nothing of it betrays a company."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import (
    ReleasedIssueTable,
    release_issue_table,
)
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import Mask, build_mask
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import Taxonomy
from surveyapp.records.database import open_database


@pytest.fixture(scope="module")
def index(sampled_file: Path, tmp_path_factory: pytest.TempPathFactory, questionnaire: Questionnaire) -> AnswerIndex:
    copied = tmp_path_factory.mktemp("samples") / "samples.sqlite"
    shutil.copyfile(sampled_file, copied)
    database = open_database(f"sqlite:///{copied}")
    try:
        with database.read() as connection:
            return refresh_index(AnswerIndex(questionnaire.form_id), connection, lambda version: questionnaire)
    finally:
        database.close()


@pytest.fixture(params=["earlier", "later"])
def round_id(request: pytest.FixtureRequest, index: AnswerIndex) -> int:
    first, second = sorted((each for each in index.rounds if len(index.of_round(each)) > 20), key=int)[:2]
    return first if request.param == "earlier" else second


def release_table(
    index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, mask: Mask, audience: Audience
) -> ReleasedIssueTable:
    return release_issue_table(rank_issues(index, questionnaire, taxonomy, mask), audience, LEAST_THRESHOLDS)


@pytest.mark.parametrize("audience", Audience)
def test_a_table_shows_at_least_seven_of_the_ten_areas(
    index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, round_id: int, audience: Audience
) -> None:
    table = release_table(index, questionnaire, taxonomy, build_mask(index, questionnaire, round_id), audience)
    shown = [row for row in table.areas if row.share.hidden is None]
    placed = [row for row in table.areas if row.place.hidden is None]
    assert len(shown) >= 7, [(row.code, row.share.hidden) for row in table.areas]
    assert len(placed) >= 7
