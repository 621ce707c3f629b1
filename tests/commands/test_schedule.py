"""Work that nobody asks for: once for each occasion, however many workers look."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from surveyapp.commands.installation import Installation
from surveyapp.commands.schedule import LOOK_BACK, add_scheduled_jobs, after_closing, each_day_at
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_claims import claim_job, fail_job, list_due_jobs
from surveyapp.records.job_queue import Job, list_jobs
from surveyapp.records.tables import round_table
from surveyapp.settings import Settings
from tests.database_kinds import run_on_both
from tests.respondent_visits import make_round

__all__ = ["run_on_both"]

MORNING = datetime(2026, 11, 2, 19, 30, tzinfo=UTC)  # 04:30 of the next day in Seoul
MINUTE = timedelta(minutes=1)


@pytest.fixture
def installation(settings: Settings, migrated_url: str, vault: Vault) -> Iterator[Installation]:
    database = open_database(migrated_url, wait_seconds=20)
    yield Installation(settings, database, vault)
    database.close()


def read_jobs(installation: Installation) -> tuple[Job, ...]:
    with installation.database.read() as connection:
        return list_jobs(connection)


def end(database: Database, now: datetime) -> None:
    with database.write() as connection:
        for job_id, _attempts in list_due_jobs(connection, now, limit=9):
            held = claim_job(connection, job_id, worker="w", now=now)
            assert held is not None
            fail_job(connection, held[0], "program", now=now, retry_at=None)


def test_daily_work_is_done_once_a_day_from_its_hour_in_seoul_on(installation: Installation) -> None:
    schedule = (each_day_at("jobs.clean", 4, 30),)
    assert add_scheduled_jobs(installation, schedule, MORNING - MINUTE) == 0
    assert add_scheduled_jobs(installation, schedule, MORNING) == 1
    assert add_scheduled_jobs(installation, schedule, MORNING) == 0
    end(installation.database, MORNING)
    assert add_scheduled_jobs(installation, schedule, MORNING + timedelta(hours=19, minutes=29)) == 0
    assert add_scheduled_jobs(installation, schedule, MORNING + timedelta(days=1)) == 1
    assert [each.once_key for each in read_jobs(installation)] == ["jobs.clean:2026-11-04", "jobs.clean:2026-11-03"]
    assert {each.actor for each in read_jobs(installation)} == {"schedule"}


def test_a_round_that_closed_is_an_occasion_and_once_more_when_it_closes_anew(
    installation: Installation, questionnaire: Questionnaire
) -> None:
    opened = make_round(installation.database, questionnaire)
    schedule = (after_closing("index.snapshot"),)
    closes = opened.closes_at
    installation = replace(installation, settings=replace(installation.settings, survey_id=opened.survey_id))
    assert add_scheduled_jobs(installation, schedule, closes - MINUTE) == 0
    assert add_scheduled_jobs(installation, schedule, closes) == 1
    end(installation.database, closes)
    assert add_scheduled_jobs(installation, schedule, closes + MINUTE) == 0
    (job,) = read_jobs(installation)
    assert (job.survey_id, job.arguments) == (
        opened.survey_id,
        {"survey_id": opened.survey_id, "round_id": opened.round_id},
    )
    extended = closes + timedelta(days=3)
    with installation.database.write() as connection:
        connection.execute(round_table.update().values(closes_at=extended))
    assert add_scheduled_jobs(installation, schedule, closes + MINUTE) == 0
    assert add_scheduled_jobs(installation, schedule, extended) == 1
    assert add_scheduled_jobs(installation, schedule, extended + LOOK_BACK) == 0


def test_workers_that_look_at_once_ask_once(installation: Installation) -> None:
    schedule = (each_day_at("jobs.clean", 4), each_day_at("index.snapshot", 4))
    added: list[int] = []
    begun = threading.Barrier(6)

    def look() -> None:
        begun.wait(10)
        added.append(add_scheduled_jobs(installation, schedule, MORNING))

    threads = [threading.Thread(target=look) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(added) == 6 and sum(added) == 2
    assert len(read_jobs(installation)) == 2
