"""Figures that a page has not the time to check, and the job that releases them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.analysis.disclosure.suppression import forget_plans
from surveyapp.records.database import Database
from surveyapp.records.job_queue import Job, list_jobs
from surveyapp.records.tables import release
from surveyapp.settings import Settings
from surveyapp.web.installation import Installation, keep_installation
from tests.web.desk_data import ROUND, open_samples, read_page, read_words, work_off

SignIn = Callable[[str], FlaskClient]
RELEASED, REQUEST = f"{ROUND}/released", f"{ROUND}/release"
UNCHECKED = "not checked in time = not shown to be safe in the time there was"
BUTTON = "Check and release in the background"


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def app_in_haste(app: Flask, database: Database) -> Flask:
    """An installation whose pages have no time at all."""
    app.config["WTF_CSRF_ENABLED"] = False
    forget_plans()  # what other tests had the time for
    installation: Installation = app.extensions["surveyapp"]
    keep_installation(app, replace(installation, settings=replace(installation.settings, disclosure_seconds=0)))
    return app


def list_release_jobs(app: Flask) -> tuple[Job, ...]:
    installation: Installation = app.extensions["surveyapp"]
    with installation.database.read() as connection:
        return list_jobs(connection, kind="tables.release")


def list_released(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        found = select(release.c.definition, release.c.actor).order_by(release.c.release_number)
        return [(row.definition, row.actor) for row in connection.execute(found)]


def test_a_page_with_time_asks_for_nothing(sign_in: SignIn, database: Database) -> None:
    page = read_page(sign_in("analyst"), RELEASED)
    assert UNCHECKED not in read_words(page) and BUTTON not in page


def test_what_a_page_cannot_check_is_hidden_and_a_job_releases_it(
    app_in_haste: Flask, sign_in: SignIn, database: Database
) -> None:
    analyst = sign_in("analyst")
    page = read_page(analyst, RELEASED)
    assert UNCHECKED in read_words(page) and BUTTON in page and REQUEST in page
    for _ in range(2):
        assert analyst.post(REQUEST).headers["Location"].endswith(RELEASED)
    [job] = list_release_jobs(app_in_haste)
    waiting = read_page(analyst, RELEASED)
    assert BUTTON not in waiting and f"progress-{job.job_id}" in waiting
    assert list_released(database) == [], "looking releases nothing"

    work_off(app_in_haste)
    [done] = list_release_jobs(app_in_haste)
    assert (done.state, done.result) == ("done", {"is_proven": True})
    released = list_released(database)
    assert {"issues", "segments:jp_stage", "readiness", "field"} <= {definition for definition, _ in released}
    assert {actor for _, actor in released} == {"analyst@example.com"}
    given = read_page(sign_in("viewer"), RELEASED)
    assert UNCHECKED not in read_words(given) and "As released on" in given
    assert list_released(database) == released, "the viewer is given what was released"

    work_off(app_in_haste)
    assert list_released(database) == released, "done twice it releases nothing new"


def test_a_viewer_cannot_ask(app_in_haste: Flask, sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    page = read_page(viewer, RELEASED)
    assert UNCHECKED in read_words(page) and BUTTON not in page
    assert viewer.post(REQUEST).status_code == 403
    assert not list_release_jobs(app_in_haste)


def test_in_a_round_that_is_gone_the_job_says_so(app_in_haste: Flask, sign_in: SignIn) -> None:
    assert sign_in("analyst").post("/desk/rounds/nowhere/release").status_code == 404
