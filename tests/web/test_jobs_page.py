"""The page of jobs: what stands on it, its buttons, and how far one job is."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from flask.testing import FlaskClient

from surveyapp.commands.jobs import KINDS
from surveyapp.commands.schedule import SCHEDULE
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.job_queue import Problem, find_job
from surveyapp.reports.words import Words
from surveyapp.web.desk.jobs.jobs_page import ENDED_SHOWN
from surveyapp.web.desk.jobs.words import explain_problem, name_kind
from tests.web.desk_data import read_page, read_words
from tests.web.job_rows import add, add_one_of_each, advance, begin, fail, finish

SignIn = Callable[[str], FlaskClient]


def read_job(page: str, job_id: str) -> str:
    found = re.search(
        rf'<li class="card job" id="job-{job_id}".*?</li>\s*(?=<li class="card|</ul>\s*</section>)', page, re.S
    )
    assert found is not None, f"no job {job_id}"
    return found[0]


def press(client: FlaskClient, job_id: str, step: str) -> Any:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/desk/jobs").text)
    assert token is not None
    headers = {"Accept-Language": "en"}
    return client.post(f"/desk/jobs/{job_id}/{step}", data={"csrf_token": token[1]}, headers=headers)


def test_without_jobs_the_page_says_so(sign_in: SignIn) -> None:
    page = read_words(read_page(sign_in("admin"), "/desk/jobs"))
    assert "Nothing waits or runs at the moment." in page and "No job has ended yet." in page


def test_each_state_has_its_words_progress_and_buttons(sign_in: SignIn, database: Database) -> None:
    ids = add_one_of_each(database)
    page = read_page(sign_in("admin"), "/desk/jobs")
    shown = {name: read_job(page, job_id) for name, job_id in ids.items()}
    words = {name: read_words(markup) for name, markup in shown.items()}
    assert "Running 1,240 of 10,000" in words["running"]
    assert '<progress class="job-bar" max="10000" value="1240"' in shown["running"]
    assert "37 done" in words["unknown"] and "<progress" not in shown["unknown"]
    assert "Stopping" in words["stopping"] and "<button" not in shown["stopping"]
    assert "Done" in words["done"] and "30 returns were read" in words["done"] and "<button" not in shown["done"]
    assert "The database could not be used. Check that the database runs" in words["failed"]
    assert "Attempt 1 of at most 3" in words["failed"]
    assert "Waiting for another attempt" in words["again"] and "Begins:" in words["again"]
    assert "stopped without a word" in words["again"] and "try the job again" not in words["again"]
    assert "Cancelled" in words["cancelled"] and "Forget old jobs" in words["cancelled"]
    for name in ("waiting", "running", "unknown", "again"):
        assert f'formaction="/desk/jobs/{ids[name]}/cancel"' in shown[name] and "/retry" not in shown[name]
    for name in ("failed", "cancelled"):
        assert f'formaction="/desk/jobs/{ids[name]}/retry"' in shown[name] and "/cancel" not in shown[name]


def test_the_fragment_holds_the_same_lists(sign_in: SignIn, database: Database) -> None:
    ids = add_one_of_each(database)
    client = sign_in("admin")
    page, fragment = read_page(client, "/desk/jobs"), read_page(client, "/desk/jobs/list")
    assert "<html" not in fragment and "csrf" not in fragment
    for job_id in ids.values():
        assert read_job(page, job_id) == read_job(fragment, job_id)


def test_the_page_costs_the_same_however_many_jobs_there_are(
    sign_in: SignIn, database: Database, count_queries: Callable[[], Any]
) -> None:
    client = sign_in("admin")
    add_one_of_each(database)
    read_page(client, "/desk/jobs")
    with count_queries() as few:
        read_page(client, "/desk/jobs/list")
    for _ in range(3):
        add_one_of_each(database)
    with count_queries() as many:
        read_page(client, "/desk/jobs/list")
    assert few.count == many.count <= 9


def test_what_was_done_about_a_round_leads_there(sign_in: SignIn, sampled: Database) -> None:
    claim = begin(sampled, arguments={"survey_id": "japan_export_readiness", "round_id": 3})
    gone = begin(sampled, arguments={"round_id": 99})
    finish(sampled, claim, returns=30)
    finish(sampled, gone, returns=30)
    page = read_page(sign_in("admin"), "/desk/jobs")
    assert re.search(r'href="/desk/rounds/[\w-]+/issues"', read_job(page, claim.job_id))
    assert "<a " not in read_job(page, gone.job_id)


@pytest.fixture
def sampled(database: Database, sampled_file: Any, settings: Any) -> Database:
    database.close()
    shutil.copy(sampled_file, settings.instance / "survey.sqlite3")
    return database


def test_ended_jobs_come_page_by_page(sign_in: SignIn, database: Database) -> None:
    ids = []
    for number in range(ENDED_SHOWN + 5):
        claim = begin(database, now=datetime.now(UTC) - timedelta(hours=1) + timedelta(seconds=number))
        finish(database, claim, returns=1)
        ids.append(claim.job_id)
    waiting = add(database)
    client = sign_in("admin")
    first = read_page(client, "/desk/jobs")
    (following,) = re.findall(r'href="(/desk/jobs\?before=\w+)">Earlier jobs', first)
    second = read_page(client, following)
    assert [job for job in ids if f'id="job-{job}"' in first] == ids[5:]
    assert [job for job in ids if f'id="job-{job}"' in second] == ids[:5]
    assert waiting in first and waiting not in second and "Earlier jobs" not in second
    assert read_page(client, "/desk/jobs?before=unknown", status=404)


def test_jobs_that_nobody_takes_up_are_told_of(sign_in: SignIn, database: Database) -> None:
    client = sign_in("admin")
    add(database, now=datetime.now(UTC) - timedelta(minutes=1))
    assert "no worker takes them up" not in read_page(client, "/desk/jobs")
    add(database, now=datetime.now(UTC) - timedelta(minutes=3))
    assert "no worker takes them up" in read_page(client, "/desk/jobs")
    begin(database)
    assert "no worker takes them up" not in read_page(client, "/desk/jobs")


def test_a_failed_job_is_tried_again_and_the_trail_says_who(sign_in: SignIn, database: Database) -> None:
    claim = begin(database)
    fail(database, claim, "program")
    reply = press(sign_in("admin"), claim.job_id, "retry")
    assert (reply.status_code, reply.headers["Location"]) == (303, f"/desk/jobs#job-{claim.job_id}")
    with database.read() as connection:
        assert find_job(connection, claim.job_id).state == "queued"
        (event,) = list_audit(connection, action="job.retried")
    assert event.actor == "admin@example.com"
    trail = read_words(read_page(sign_in("admin"), "/desk/audit"))
    assert f"Job number: {claim.job_id}; Kind of job: Prepare the desk for a quick start" in trail


def test_a_waiting_job_is_cancelled(sign_in: SignIn, database: Database) -> None:
    job_id = add(database)
    assert press(sign_in("admin"), job_id, "cancel").status_code == 303
    with database.read() as connection:
        assert find_job(connection, job_id).state == "cancelled"


def test_what_can_no_longer_be_done_is_explained(sign_in: SignIn, database: Database) -> None:
    ids = add_one_of_each(database)
    client = sign_in("admin")
    for job_id, step, said in (
        (ids["done"], "cancel", "had ended before it could be cancelled"),
        (ids["running"], "retry", "has not failed"),
    ):
        reply = press(client, job_id, step)
        assert reply.status_code == 409 and said in reply.text
    keyed = begin(database, once_key="k")
    fail(database, keyed, "program")
    add(database, once_key="k")
    reply = press(client, keyed.job_id, "retry")
    assert reply.status_code == 409 and "waiting or running already" in reply.text
    assert press(client, "unknown", "retry").status_code == 404


def test_a_stale_form_changes_nothing_and_shows_the_page(sign_in: SignIn, database: Database) -> None:
    job_id = add(database)
    reply = sign_in("admin").post(
        f"/desk/jobs/{job_id}/cancel", data={"csrf_token": "old"}, headers={"Accept-Language": "en"}
    )
    assert reply.status_code == 400 and "had become stale" in reply.text
    with database.read() as connection:
        assert find_job(connection, job_id).state == "queued"


@pytest.mark.parametrize(
    ("kind", "role", "actor", "status"),
    [
        ("index.snapshot", "admin", "someone@example.com", 200),
        ("index.snapshot", "manager", "someone@example.com", 403),
        ("index.snapshot", "manager", "manager@example.com", 200),
        ("mail.send_mailing", "manager", "someone@example.com", 200),
        ("mail.send_mailing", "analyst", "someone@example.com", 403),
        ("mail.send_mailing", "viewer", "viewer@example.com", 200),
    ],
)
def test_how_far_a_job_is_concerns_some(
    sign_in: SignIn, database: Database, kind: str, role: str, actor: str, status: int
) -> None:
    claim = begin(database, kind, actor=actor)
    advance(database, claim, 3, 7)
    page = read_page(sign_in(role), f"/desk/jobs/{claim.job_id}/progress", status=status)
    assert ("3 of 7" in page) is (status == 200)


def test_progress_says_when_it_is_over(sign_in: SignIn, database: Database) -> None:
    claim = begin(database)
    client = sign_in("admin")
    url = f"/desk/jobs/{claim.job_id}/progress"
    assert "data-live-over" not in read_page(client, url)
    finish(database, claim)
    assert "data-live-over" in read_page(client, url)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_and_problem_has_words(language: Language) -> None:
    words = Words(language, load_translator(language))
    names = {kind: name_kind(words, kind) for kind in (*KINDS, *(each.kind for each in SCHEDULE))}
    assert {kind for kind, name in names.items() if name == kind} == set()
    problems = {problem: explain_problem(words, problem) for problem in get_args(Problem)}
    assert {problem for problem, (name, _advice) in problems.items() if name == problem} == set()
    assert all(advice for _name, advice in problems.values())


def test_what_is_scheduled_can_be_done() -> None:
    assert {each.kind for each in SCHEDULE} <= set(KINDS)
