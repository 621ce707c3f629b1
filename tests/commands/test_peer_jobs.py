"""Freezing the band of peers as a job: asked for by the schedule, once a day at most, and when a round has closed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from surveyapp.analysis.peer_band import FREEZE_PEERS, load_peer_band
from surveyapp.commands.installation import Installation
from surveyapp.commands.schedule import SCHEDULE, add_scheduled_jobs
from surveyapp.commands.working import Worker
from surveyapp.fieldwork.rounds import find_round_by_id
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import Job, add_job, list_jobs
from surveyapp.records.tables import frozen_figure, round_table
from surveyapp.settings import Settings
from tests.analysis.returns import Field
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
# A job asked for at a time to come waits for it.
YESTERDAY, DAY_BEFORE_YESTERDAY = NOW - 24 * HOUR, NOW - 48 * HOUR
OURS = [each for each in SCHEDULE if each.kind in (FREEZE_PEERS, "round.closed")]


@pytest.fixture
def field(database: Database, questionnaire: Questionnaire) -> Field:
    return Field(database, questionnaire)


@pytest.fixture
def installation(settings: Settings, database: Database, vault: Vault, field: Field) -> Installation:
    return Installation(replace(settings, survey_id=field.survey_id), database, vault)


def open_now(field: Field) -> int:
    round_id = field.add_round("peers", counts_companies=True)
    set_times(field, NOW - 24 * HOUR, NOW + 24 * HOUR)
    return round_id


def set_times(field: Field, opens_at: datetime, closes_at: datetime) -> None:
    with field.database.write() as connection:
        connection.execute(update(round_table).values(opens_at=opens_at, closes_at=closes_at))


def add_companies(field: Field, round_id: int, first: int, last: int) -> None:
    for company in range(first, last + 1):
        field.add(round_id, {"rd_org": str(company % 5)}, company_id=company)


def work(installation: Installation, now: datetime) -> list[Job]:
    """What is due at that time is asked for and done; the jobs of our kinds so far, the newest first."""
    add_scheduled_jobs(installation, OURS, now)
    Worker(installation, schedule=()).run_due()
    with installation.database.read() as connection:
        return [job for job in list_jobs(connection) if job.kind in (FREEZE_PEERS, "round.closed")]


def test_a_band_is_frozen_when_it_is_due_and_once_a_day_at_most(installation: Installation, field: Field) -> None:
    round_id = open_now(field)
    add_companies(field, round_id, 1, 9)
    assert work(installation, DAY_BEFORE_YESTERDAY) == []
    add_companies(field, round_id, 10, 10)
    (first,) = work(installation, DAY_BEFORE_YESTERDAY)
    assert (first.kind, first.state, first.result) == (FREEZE_PEERS, "done", {"peers": "made"})
    add_companies(field, round_id, 11, 30)
    assert len(work(installation, DAY_BEFORE_YESTERDAY)) == 1  # of this day's band no second one is asked for
    second, *_ = work(installation, YESTERDAY)
    assert second.result == {"peers": "renewed"}
    assert len(work(installation, NOW)) == 2


def test_a_closed_round_has_its_band_under_the_same_rule(installation: Installation, field: Field) -> None:
    round_id = open_now(field)
    add_companies(field, round_id, 1, 10)
    work(installation, YESTERDAY)
    add_companies(field, round_id, 11, 19)
    set_times(field, NOW - 24 * HOUR, NOW - HOUR)
    closed, first = work(installation, NOW)
    assert (closed.kind, closed.state, closed.result) == ("round.closed", "done", {"peers": "kept"})
    assert first.result == {"peers": "made"}
    with installation.database.read() as connection:
        band = load_peer_band(connection, find_round_by_id(connection, field.survey_id, round_id))
    assert band is not None and len(band.numbers) == 10
    assert len(work(installation, NOW)) == 2


def test_a_round_that_closed_without_ten_companies_has_none(installation: Installation, field: Field) -> None:
    round_id = open_now(field)
    add_companies(field, round_id, 1, 4)
    set_times(field, NOW - 24 * HOUR, NOW - HOUR)
    (closed,) = work(installation, NOW)
    assert (closed.kind, closed.result) == ("round.closed", {"peers": "too_few"})


def test_an_altered_band_fails_the_job_with_its_words(installation: Installation, field: Field) -> None:
    round_id = open_now(field)
    add_companies(field, round_id, 1, 10)
    work(installation, YESTERDAY)
    with installation.database.write() as connection:
        connection.execute(update(frozen_figure).values(digest="0" * 64))
    add_companies(field, round_id, 11, 20)
    failed, *_ = work(installation, NOW)
    assert (failed.state, failed.problem) == ("failed", "figure_altered")
    with installation.database.read() as connection:
        assert connection.scalar(select(frozen_figure.c.digest)) == "0" * 64


@pytest.mark.parametrize("round_id", [None, "1", 987])
def test_a_job_without_its_round_is_over(installation: Installation, field: Field, round_id: int | str | None) -> None:
    arguments = {"survey_id": field.survey_id, "round_id": round_id}
    with installation.database.write() as connection:
        add_job(connection, kind=FREEZE_PEERS, arguments=arguments, actor="test", now=NOW, survey_id=field.survey_id)
    (job,) = work(installation, NOW)
    assert (job.state, job.problem) == ("failed", "arguments")
