from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.settings import Settings
from tests.conftest import make_settings
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import RETURN_PATH, SENDER, FailingServer, make_mail_server, run_smtp_server
from tests.respondent_visits import make_round


@pytest.fixture
def smtp() -> Iterator[FailingServer]:
    with run_smtp_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, smtp: FailingServer) -> Settings:
    return replace(
        make_settings(tmp_path),
        database_url=database_url,
        base_url="https://survey.example.org",
        rate_limit_mail="100 per minute",
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
        smtp_from=SENDER,
        smtp_return_path=RETURN_PATH,
    )


@pytest.fixture
def mail(database: Database, vault: Vault, questionnaire: Questionnaire, smtp: FailingServer) -> MailDay:
    """A round that is open now, and whatever its mails need."""
    now = datetime.now(UTC)
    day = FieldworkDay(database, vault, questionnaire, make_round(database, questionnaire), now=now)
    return MailDay(day, make_mail_server(smtp.port))


@pytest.fixture
def manager(sign_in: Callable[[str], FlaskClient], app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("manager")
