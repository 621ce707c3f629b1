"""Jobs that send mail, run by a worker's runner against a real mail server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.fieldwork.mail.addresses import check_address
from surveyapp.fieldwork.mail.singles import queue_single
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import Job, add_job, ask_to_cancel
from surveyapp.settings import Settings
from tests.conftest import make_settings
from tests.database_kinds import run_on_both
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.mail.mail_days import MANAGER, MailDay
from tests.fieldwork.mail.smtp_server import SENDER, FailingServer, make_mail_server, run_smtp_server
from tests.respondent_visits import make_round

__all__ = ["run_on_both"]


@pytest.fixture
def smtp() -> Iterator[FailingServer]:
    with run_smtp_server() as server:
        yield server


@pytest.fixture
def settings(tmp_path: Path, database_url: str, smtp: FailingServer) -> Settings:
    return replace(
        make_settings(tmp_path),
        database_url=database_url,
        smtp_host="127.0.0.1",
        smtp_port=smtp.port,
        smtp_security="none",
        smtp_from=SENDER,
    )


@pytest.fixture
def mail(database: Database, vault: Vault, questionnaire: Questionnaire, smtp: FailingServer) -> MailDay:
    day = FieldworkDay(database, vault, questionnaire, make_round(database, questionnaire), now=datetime.now(UTC))
    return MailDay(day, make_mail_server(smtp.port))


@pytest.fixture
def runner(settings: Settings, database: Database, vault: Vault) -> JobRunner:
    return JobRunner(Installation(settings, database, vault), "worker", KINDS, 1.0, threading.Event())


def find_job(mail: MailDay, job_id: str) -> Job:
    return next(job for job in mail.list_jobs() if job.job_id == job_id)


def test_a_mailing_is_sent_by_its_job_with_progress(mail: MailDay, smtp: FailingServer, runner: JobRunner) -> None:
    for number in range(5):
        mail.add_company(str(number), f"c{number}@example.com")
    smtp.to_recipient["c3@example.com"] = ["550 5.1.1 nobody"]
    mailing_id = mail.begin_mailing()
    [job] = mail.list_jobs()
    assert runner.run(job.job_id)
    after = find_job(mail, job.job_id)
    assert (after.state, after.progress, after.progress_of) == ("done", 5, 5)
    assert after.result == {"sent": 4, "refused": 1}
    assert mail.find_mailing(mailing_id).state == "sent"
    assert sum(smtp.count().values()) == 4
    assert not runner.run(job.job_id)


def test_a_cancelled_job_leaves_the_rest_waiting_and_can_be_taken_up_again(
    mail: MailDay, smtp: FailingServer, runner: JobRunner
) -> None:
    for number in range(12):
        mail.add_company(str(number), f"c{number}@example.com")
    smtp.delay = 0.5
    mailing_id = mail.begin_mailing()
    [job] = mail.list_jobs()
    working = threading.Thread(target=runner.run, args=(job.job_id,))
    working.start()
    while not smtp.accepted:
        pass
    with mail.day.database.write() as connection:
        ask_to_cancel(connection, job.job_id, actor=MANAGER, now=datetime.now(UTC))
    working.join()
    assert find_job(mail, job.job_id).state == "cancelled"
    states = mail.count_states()
    assert states["queued"] >= 1 and states["sent"] == len(smtp.accepted) and states["sending"] == 0
    smtp.delay = 0
    mail.now = datetime.now(UTC)
    mail.resume(mailing_id)
    assert runner.run(mail.last_job.job_id)
    assert smtp.count() == {f"c{number}@example.com": 1 for number in range(12)}


def test_a_single_mail_is_sent_by_its_job(mail: MailDay, smtp: FailingServer, runner: JobRunner) -> None:
    with mail.day.database.write() as connection:
        queue_single(
            connection,
            mail.day.vault,
            mail.day.round,
            "receipt",
            check_address("kim@example.com"),
            language="en",
            values={"receipt": "K7QM-2F9X-4TRC", "submitted": "today"},
            now=mail.now,
        )
    [job] = mail.list_jobs()
    assert "kim" not in repr(job)
    assert runner.run(job.job_id)
    assert find_job(mail, job.job_id).result == {"state": "sent"}
    assert "K7QM-2F9X-4TRC" in smtp.accepted[0].message["Subject"]


@pytest.mark.parametrize("kind", ["mail.send_mailing", "mail.send_message"])
@pytest.mark.parametrize("arguments", [{}, {"mailing_id": "x", "message_id": "x"}])
def test_a_job_about_nothing_fails_for_good(
    mail: MailDay, runner: JobRunner, kind: str, arguments: dict[str, str]
) -> None:
    given = {**arguments, "survey_id": mail.survey_id} if arguments else {}
    with mail.day.database.write() as connection:
        job_id = add_job(connection, kind=kind, arguments=given, actor=MANAGER, now=mail.now)
    runner.run(job_id)
    after = find_job(mail, job_id)
    assert (after.state, after.problem) == ("failed", "arguments")
