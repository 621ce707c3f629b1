from __future__ import annotations

import pytest

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.database_kinds import run_on_both
from tests.fieldwork.fieldwork_days import make_fieldwork_day
from tests.fieldwork.invitations.invited_days import InvitedDay

__all__ = ["run_on_both"]


@pytest.fixture
def day(database: Database, vault: Vault, questionnaire: Questionnaire) -> InvitedDay:
    return InvitedDay(make_fieldwork_day(database, vault, questionnaire, open_link=False))
