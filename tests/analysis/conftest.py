"""A survey to put returns into."""

from __future__ import annotations

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import Taxonomy, load_taxonomy
from surveyapp.records.database import Database
from tests.analysis.returns import Field


@pytest.fixture
def field(database: Database, questionnaire: Questionnaire) -> Field:
    return Field(database, questionnaire)


@pytest.fixture
def taxonomy() -> Taxonomy:
    return load_taxonomy()
