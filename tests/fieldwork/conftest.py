from __future__ import annotations

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.database_kinds import run_on_both
from tests.fieldwork.fieldwork_days import FieldworkDay, make_fieldwork_day

__all__ = ["run_on_both"]


@pytest.fixture
def day(database: Database, vault: Vault, questionnaire: Questionnaire) -> FieldworkDay:
    return make_fieldwork_day(database, vault, questionnaire)
