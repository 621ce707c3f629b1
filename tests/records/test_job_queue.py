"""Rows of jobs: asking for work, finding it again, cancelling, trying again."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest

from surveyapp.records.audit import list_audit
from surveyapp.records.database import Connection, Database, open_database
from surveyapp.records.job_claims import claim_job, end_cancelled, fail_job, finish_job
from surveyapp.records.job_queue import (
    Job,
    JobHasEnded,
    JobHasNotEnded,
    JobPending,
    JobUnknown,
    Json,
    add_job,
    ask_to_cancel,
    find_job,
    find_latest_job,
    list_jobs,
    retry_job,
)
from tests.records.databases import NOW, SURVEY

ACTOR = "admin@example.com"
SECOND = timedelta(seconds=1)


def ask(connection: Connection, **changes: object) -> str:
    values = {"kind": "index.snapshot", "arguments": {"round_id": 3}, "actor": ACTOR, "now": NOW, **changes}
    return add_job(connection, **values)  # type: ignore[arg-type] # changes of one test each


def look(database: Database, job_id: str) -> Job:
    with database.read() as connection:
        return find_job(connection, job_id)


def fail(database: Database, job_id: str) -> None:
    with database.write() as connection:
        held = claim_job(connection, job_id, worker="w", now=NOW)
        assert held is not None
        fail_job(connection, held[0], "program", now=NOW, retry_at=None)


def test_what_was_asked_for_is_kept_as_it_was(database: Database) -> None:
    arguments: dict[str, Json] = {"round_id": 3, "names": ["가", "b"], "deep": {"none": None, "half": 0.5, "yes": True}}
    later = NOW + timedelta(hours=1)
    with database.write() as connection:
        job_id = ask(connection, arguments=arguments, survey_id=SURVEY, once_key="k", run_after=later, most_attempts=5)
    assert re.fullmatch(r"[0-9a-f]{32}", job_id)
    assert look(database, job_id) == Job(
        job_id=job_id,
        kind="index.snapshot",
        survey_id=SURVEY,
        arguments=arguments,
        state="queued",
        once_key="k",
        actor=ACTOR,
        created_at=NOW,
        run_after=later,
        started_at=None,
        beat_at=None,
        finished_at=None,
        cancel_asked_at=None,
        worker=None,
        attempts=0,
        most_attempts=5,
        progress=0,
        progress_of=None,
        result={},
        problem=None,
    )


def test_a_transaction_that_fails_asks_for_nothing(database: Database) -> None:
    asked: list[str] = []

    def ask_and_fail() -> None:
        with database.write() as connection:
            asked.append(ask(connection))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        ask_and_fail()
    with database.read() as connection, pytest.raises(JobUnknown):
        find_job(connection, asked[0])


def test_two_jobs_of_one_key_do_not_wait_at_once_and_the_transaction_goes_on(database: Database) -> None:
    with database.write() as connection:
        first = ask(connection, once_key="round.closed:1")
        with pytest.raises(JobPending) as pending:
            ask(connection, once_key="round.closed:1")
        assert pending.value.job_id == first
        other = ask(connection, once_key="round.closed:2")
        ask(connection)
        ask(connection)
    assert look(database, other).state == "queued"
    with database.read() as connection:
        assert len(list_jobs(connection)) == 4


def test_a_key_is_free_again_once_its_job_has_ended(database: Database) -> None:
    with database.write() as connection:
        first = ask(connection, once_key="k")
        held = claim_job(connection, first, worker="w", now=NOW)
        assert held is not None
        with pytest.raises(JobPending):
            ask(connection, once_key="k")
    with database.write() as connection:
        ask_to_cancel(connection, first, actor=ACTOR, now=NOW)
    with database.write() as connection, pytest.raises(JobPending):
        ask(connection, once_key="k")  # it runs until its worker has stopped
    with database.write() as connection:
        end_cancelled(connection, held[0], NOW)
        second = ask(connection, once_key="k", now=NOW + SECOND)
        found = find_latest_job(connection, "k")
        assert found is not None and found.job_id == second
        assert find_latest_job(connection, "another") is None


def test_of_many_who_ask_at_once_one_is_first_and_all_learn_its_number(migrated_url: str) -> None:
    database = open_database(migrated_url, wait_seconds=20)
    made: list[str] = []
    told: list[str] = []
    begun = threading.Barrier(8)

    def ask_too() -> None:
        begun.wait(10)
        try:
            with database.write() as connection:
                job_id = ask(connection, once_key="k")
            made.append(job_id)
        except JobPending as pending:
            told.append(pending.job_id)

    threads = [threading.Thread(target=ask_too) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    database.close()
    assert len(made) == 1
    assert told == made * 7


def test_jobs_are_listed_newest_first_page_by_page(database: Database) -> None:
    with database.write() as connection:
        ids = [ask(connection, now=NOW + SECOND * (number // 2)) for number in range(7)]
        mail = ask(connection, kind="mail.send_mailing", survey_id=SURVEY, now=NOW - SECOND)
    fail(database, ids[0])
    with database.read() as connection:
        pages = []
        last = None
        while page := list_jobs(connection, limit=3, before_id=last):
            pages.append([each.job_id for each in page])
            last = page[-1].job_id
        shown = [each for page in pages for each in page]
        assert [len(page) for page in pages] == [3, 3, 2]
        assert set(shown) == {*ids, mail} and shown[-1] == mail and shown[0] == ids[6]
        assert [each.job_id for each in list_jobs(connection, states=["failed"])] == [ids[0]]
        assert [each.job_id for each in list_jobs(connection, kind="mail.send_mailing")] == [mail]
        assert [each.job_id for each in list_jobs(connection, survey_id=SURVEY)] == [mail]
        with pytest.raises(JobUnknown):
            list_jobs(connection, before_id="unknown")


def test_a_waiting_job_is_cancelled_at_once_and_never_taken_up(database: Database) -> None:
    with database.write() as connection:
        job_id = ask(connection)
    with database.write() as connection:
        assert ask_to_cancel(connection, job_id, actor=ACTOR, now=NOW) == "cancelled"
        assert claim_job(connection, job_id, worker="w", now=NOW) is None
        with pytest.raises(JobHasEnded):
            ask_to_cancel(connection, job_id, actor=ACTOR, now=NOW)
    found = look(database, job_id)
    assert (found.state, found.finished_at) == ("cancelled", NOW)


def test_a_running_job_is_asked_once_to_stop(database: Database) -> None:
    with database.write() as connection:
        job_id = ask(connection, survey_id=SURVEY)
        claim_job(connection, job_id, worker="w", now=NOW)
    with database.write() as connection:
        assert ask_to_cancel(connection, job_id, actor=ACTOR, now=NOW) == "running"
        assert ask_to_cancel(connection, job_id, actor="other@example.com", now=NOW + SECOND) == "running"
    assert look(database, job_id).cancel_asked_at == NOW
    with database.read() as connection:
        (event,) = list_audit(connection, action="job.cancelled")
    assert (event.actor, event.survey_id, event.at) == (ACTOR, SURVEY, NOW)
    assert event.details == {"job": job_id, "job_kind": "index.snapshot"}


def test_what_failed_is_tried_again_from_where_it_stood(database: Database) -> None:
    with database.write() as connection:
        job_id = ask(connection, most_attempts=1)
    fail(database, job_id)
    with database.write() as connection:
        retry_job(connection, job_id, actor=ACTOR, now=NOW + SECOND)
    found = look(database, job_id)
    assert (found.state, found.attempts, found.run_after) == ("queued", 0, NOW + SECOND)
    assert (found.finished_at, found.worker, found.problem) == (None, None, "program")
    with database.read() as connection:
        (event,) = list_audit(connection, action="job.retried")
    assert event.details["job"] == job_id


def test_only_what_has_ended_badly_is_tried_again(database: Database) -> None:
    with database.write() as connection:
        waiting, done, cancelled = (ask(connection) for _ in range(3))
        held = claim_job(connection, done, worker="w", now=NOW)
        assert held is not None
        with pytest.raises(JobHasNotEnded):
            retry_job(connection, done, actor=ACTOR, now=NOW)
        finish_job(connection, held[0], {"returns": 3}, NOW)
        ask_to_cancel(connection, cancelled, actor=ACTOR, now=NOW)
    for job_id in (waiting, done):
        with database.write() as connection, pytest.raises(JobHasNotEnded):
            retry_job(connection, job_id, actor=ACTOR, now=NOW)
    with database.write() as connection:
        retry_job(connection, cancelled, actor=ACTOR, now=NOW)
        with pytest.raises(JobUnknown):
            retry_job(connection, "unknown", actor=ACTOR, now=NOW)
        with pytest.raises(JobUnknown):
            ask_to_cancel(connection, "unknown", actor=ACTOR, now=NOW)
    assert look(database, cancelled).cancel_asked_at is None


def test_trying_again_waits_for_another_job_of_the_key(database: Database) -> None:
    with database.write() as connection:
        first = ask(connection, once_key="k")
    fail(database, first)
    with database.write() as connection:
        second = ask(connection, once_key="k")
        with pytest.raises(JobPending) as pending:
            retry_job(connection, first, actor=ACTOR, now=NOW)
        assert pending.value.job_id == second
    assert look(database, first).state == "failed"
