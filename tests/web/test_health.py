"""Whether the process answers and whether it can serve."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from surveyapp.settings import Settings
from surveyapp.web import create_app


def test_a_healthy_installation(client: FlaskClient) -> None:
    assert (client.get("/healthz").status_code, client.get("/healthz").text) == (200, "ok\n")
    assert (client.get("/readyz").status_code, client.get("/readyz").text) == (200, "ready\n")


def test_the_process_answers_without_asking_the_database(client: FlaskClient, count_queries: Callable[[], Any]) -> None:
    with count_queries() as statements:
        client.get("/healthz")
    assert statements.count == 0


def test_a_database_that_was_not_migrated(settings: Settings) -> None:
    app = create_app(settings)
    reply = app.test_client().get("/readyz")
    assert reply.status_code == 503
    assert "surveyapp init" in reply.text
    assert reply.mimetype == "text/plain"
    assert int(reply.headers["Retry-After"]) > 0
    page = app.test_client().get("/desk/", headers={"Accept-Language": "en"})
    assert page.status_code == 303  # nobody is signed in: nothing was asked of the database
    app.extensions["surveyapp"].database.close()


def test_a_database_that_cannot_be_opened(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "survey.sqlite3").write_text("this is no database, only some text\n" * 100)
    app = create_app(settings)
    reply = app.test_client().get("/readyz")
    assert reply.status_code == 503
    assert "Traceback" not in reply.text
    app.extensions["surveyapp"].database.close()
