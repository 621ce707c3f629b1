from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.mail.mail_days import MailDay
from tests.fieldwork.mail.smtp_server import FailingServer, make_mail_server, run_smtp_server


@pytest.fixture
def smtp() -> Iterator[FailingServer]:
    with run_smtp_server() as server:
        yield server


@pytest.fixture
def mail(day: FieldworkDay, smtp: FailingServer) -> MailDay:
    return MailDay(day, make_mail_server(smtp.port))
