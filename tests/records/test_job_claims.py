"""What a worker does with the rows of jobs, and what becomes of a job whose worker is gone."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from surveyapp.records.database import Connection, Database, open_database
from surveyapp.records.job_claims import (
    Claim,
    JobCounts,
    JobLost,
    beat,
    claim_job,
    count_jobs,
    end_cancelled,
    fail_job,
    finish_job,
    hand_back_job,
    is_cancel_asked,
    list_due_jobs,
    remove_ended_jobs,
    take_back_lost_jobs,
    write_progress,
)
from surveyapp.records.job_queue import Job, JobUnknown, add_job, ask_to_cancel, find_job
from tests.records.databases import NOW

ACTOR = "admin@example.com"
MINUTE = timedelta(minutes=1)


def ask(connection: Connection, **changes: object) -> str:
    values = {"kind": "index.snapshot", "arguments": {}, "actor": ACTOR, "now": NOW, **changes}
    return add_job(connection, **values)  # type: ignore[arg-type] # changes of one test each


def take(database: Database, **changes: object) -> Claim:
    with database.write() as connection:
        job_id = ask(connection, **changes)
        return take_up(connection, job_id)


def take_up(connection: Connection, job_id: str, worker: str = "here:1") -> Claim:
    held = claim_job(connection, job_id, worker=worker, now=NOW)
    assert held is not None
    return held[0]


def look(database: Database, claim: Claim) -> Job:
    with database.read() as connection:
        return find_job(connection, claim.job_id)


def test_due_jobs_are_found_the_longest_waiting_first(database: Database) -> None:
    with database.write() as connection:
        late = ask(connection, run_after=NOW)
        early = ask(connection, run_after=NOW - MINUTE)
        ask(connection, run_after=NOW + MINUTE)
        take_up(connection, ask(connection))
        assert list_due_jobs(connection, NOW, limit=9) == ((early, 0), (late, 0))
        assert list_due_jobs(connection, NOW, limit=1) == ((early, 0),)


def test_a_job_that_is_not_due_is_not_taken_up(database: Database) -> None:
    with database.write() as connection:
        job_id = ask(connection, run_after=NOW + MINUTE)
        assert claim_job(connection, job_id, worker="w", now=NOW) is None
        assert claim_job(connection, "unknown", worker="w", now=NOW) is None
        assert claim_job(connection, job_id, worker="w", now=NOW + MINUTE) is not None
        assert claim_job(connection, job_id, worker="w", now=NOW + MINUTE) is None


def test_of_workers_that_race_for_a_job_one_has_it(migrated_url: str) -> None:
    database = open_database(migrated_url, wait_seconds=20)
    with database.write() as connection:
        ids = [ask(connection) for _ in range(20)]
    had: list[str] = []
    begun = threading.Barrier(6)

    def race(name: str) -> None:
        begun.wait(10)
        for job_id in ids:
            with database.write() as connection:
                held = claim_job(connection, job_id, worker=name, now=NOW)
            if held is not None:
                had.append(job_id)

    threads = [threading.Thread(target=race, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    database.close()
    assert sorted(had) == sorted(ids)


def test_a_job_that_ended_well_holds_its_result(database: Database) -> None:
    claim = take(database)
    with database.write() as connection:
        write_progress(connection, claim, 3, 7, NOW + MINUTE)
    found = look(database, claim)
    assert (found.state, found.progress, found.progress_of, found.beat_at) == ("running", 3, 7, NOW + MINUTE)
    assert (found.started_at, found.attempts) == (NOW, 1)
    with database.write() as connection:
        finish_job(connection, claim, {"returns": 7}, NOW + MINUTE)
    found = look(database, claim)
    assert (found.state, found.result, found.finished_at) == ("done", {"returns": 7}, NOW + MINUTE)


def test_a_failure_waits_for_its_next_attempt_or_is_final(database: Database) -> None:
    claim = take(database)
    with database.write() as connection:
        fail_job(connection, claim, "database", now=NOW, retry_at=NOW + MINUTE)
    found = look(database, claim)
    assert (found.state, found.problem, found.run_after, found.attempts) == ("queued", "database", NOW + MINUTE, 1)
    with database.write() as connection:
        held = claim_job(connection, claim.job_id, worker="w", now=NOW + MINUTE)
        assert held is not None and held[1].attempts == 2
        fail_job(connection, held[0], "program", now=NOW + MINUTE, retry_at=None)
    found = look(database, claim)
    assert (found.state, found.problem, found.finished_at) == ("failed", "program", NOW + MINUTE)


def test_a_failure_of_what_is_to_be_cancelled_is_not_tried_again(database: Database) -> None:
    claim = take(database)
    with database.write() as connection:
        assert not is_cancel_asked(connection, claim)
        ask_to_cancel(connection, claim.job_id, actor=ACTOR, now=NOW)
        assert is_cancel_asked(connection, claim)
        fail_job(connection, claim, "database", now=NOW, retry_at=NOW + MINUTE)
    assert look(database, claim).state == "cancelled"


def test_a_job_handed_back_has_lost_no_attempt(database: Database) -> None:
    claim = take(database)
    with database.write() as connection:
        write_progress(connection, claim, 3, None, NOW)
        hand_back_job(connection, claim, NOW)
        held = claim_job(connection, claim.job_id, worker="w", now=NOW)
    assert held is not None
    assert (held[1].attempts, held[1].progress) == (1, 3)


def test_a_job_is_lost_when_its_worker_is_silent(database: Database) -> None:
    claim, living = take(database), take(database)
    with database.write() as connection:
        beat(connection, living, NOW + MINUTE)
    with database.write() as connection:
        (taken,) = take_back_lost_jobs(connection, silent_since=NOW + MINUTE, now=NOW + 2 * MINUTE)
    assert taken == look(database, claim)
    assert (taken.state, taken.problem, taken.run_after) == ("queued", "worker_lost", NOW + 2 * MINUTE)
    assert (taken.worker, taken.attempts) == (None, 1)
    assert look(database, living).state == "running"


@pytest.mark.parametrize(("is_cancelled", "state"), [(False, "failed"), (True, "cancelled")])
def test_a_job_lost_for_the_last_time_is_over(database: Database, is_cancelled: bool, state: str) -> None:
    claim = take(database, most_attempts=1)
    with database.write() as connection:
        if is_cancelled:
            ask_to_cancel(connection, claim.job_id, actor=ACTOR, now=NOW)
        take_back_lost_jobs(connection, silent_since=NOW + MINUTE, now=NOW + MINUTE)
    found = look(database, claim)
    assert (found.state, found.problem, found.finished_at) == (state, "worker_lost", NOW + MINUTE)


def test_a_worker_that_was_taken_for_dead_changes_nothing_any_more(database: Database) -> None:
    claim = take(database)
    with database.write() as connection:
        take_back_lost_jobs(connection, silent_since=NOW + MINUTE, now=NOW + MINUTE)
        again = claim_job(connection, claim.job_id, worker="here:1", now=NOW + MINUTE)
        assert again is not None
    before = look(database, claim)
    for change in (
        lambda connection: beat(connection, claim, NOW),
        lambda connection: is_cancel_asked(connection, claim),
        lambda connection: write_progress(connection, claim, 9, 9, NOW),
        lambda connection: finish_job(connection, claim, {}, NOW),
        lambda connection: fail_job(connection, claim, "program", now=NOW, retry_at=None),
        lambda connection: end_cancelled(connection, claim, NOW),
        lambda connection: hand_back_job(connection, claim, NOW),
    ):
        with pytest.raises(JobLost), database.write() as connection:
            change(connection)
    assert look(database, claim) == before


def test_jobs_that_ended_long_ago_are_forgotten(database: Database) -> None:
    old, new, waiting = (take(database) for _ in range(3))
    with database.write() as connection:
        finish_job(connection, old, {}, NOW)
        finish_job(connection, new, {}, NOW + MINUTE)
        assert remove_ended_jobs(connection, NOW + MINUTE) == 1
    with database.read() as connection:
        with pytest.raises(JobUnknown):
            find_job(connection, old.job_id)
        assert find_job(connection, new.job_id).state == "done"
        assert find_job(connection, waiting.job_id).state == "running"


def test_jobs_are_counted_for_those_who_watch(database: Database) -> None:
    with database.read() as connection:
        assert count_jobs(connection, NOW) == JobCounts(0, 0, 0, None)
    with database.write() as connection:
        ask(connection, run_after=NOW - MINUTE)
        ask(connection, run_after=NOW - 2 * MINUTE)
        ask(connection, run_after=NOW + MINUTE)
        take_up(connection, ask(connection))
        fail_job(connection, take_up(connection, ask(connection)), "program", now=NOW, retry_at=None)
        assert count_jobs(connection, NOW) == JobCounts(3, 1, 1, NOW - 2 * MINUTE)
