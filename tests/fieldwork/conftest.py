from __future__ import annotations

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.fieldwork.fieldwork_days import FieldworkDay, make_fieldwork_day


@pytest.fixture
def day(database: Database, vault: Vault, questionnaire: Questionnaire) -> FieldworkDay:
    return make_fieldwork_day(database, vault, questionnaire)
