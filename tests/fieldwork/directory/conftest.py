from __future__ import annotations

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.fieldwork.directory.directory_days import DirectoryDay, make_directory_day


@pytest.fixture
def directory(database: Database, vault: Vault, questionnaire: Questionnaire) -> DirectoryDay:
    return make_directory_day(database, vault, questionnaire)
