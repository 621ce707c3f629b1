"""A database that cannot serve: a plain page with 503, in the person's language, and nothing done by half."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from surveyapp.records.audit import list_audit, write_audit
from surveyapp.records.database import Database, DatabaseFull
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.page_checks import check_page


@contextmanager
def run_app(settings: Settings) -> Iterator[FlaskClient]:
    app = create_app(settings)
    yield app.test_client()
    app.extensions["surveyapp"].database.close()


def post_sign_in(client: FlaskClient, language: str = "en") -> Any:
    form = client.get("/desk/sign-in")
    token = re.findall(r'name="csrf_token" value="([^"]+)"', form.text)[0]
    reply = client.post(
        f"/desk/sign-in?lang={language}", data={"csrf_token": token, "email": "a@example.com", "password": "a guess"}
    )
    check_page(reply)
    return reply


@pytest.mark.parametrize("path", ["/s/trial/", "/r/a-token-of-nobody/", "/"])
def test_a_database_that_was_not_migrated(settings: Settings, path: str) -> None:
    with run_app(settings) as client:
        reply = client.get(f"{path}?lang=en")
        check_page(reply)
        assert reply.status_code == 503
        assert "has not been prepared for this version" in reply.text
        assert reply.headers["Retry-After"] == "120"


def test_a_database_that_can_only_be_read(settings: Settings, database: Database) -> None:
    path = settings.database_url.removeprefix("sqlite:///")
    with run_app(replace(settings, database_url=f"sqlite:///file:{path}?mode=ro&uri=true")) as client:
        reply = post_sign_in(client)
        assert reply.status_code == 503
        assert "can be read but not written" in reply.text
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503


def test_a_database_that_is_full(settings: Settings, database: Database) -> None:
    def limit(driver: sqlite3.Connection, entry: object) -> None:
        driver.execute("PRAGMA max_page_count = 1")  # no more than there are

    def fill(database: Database) -> None:
        for _ in range(5000):
            with database.write() as connection:
                write_audit(connection, actor="test", action="test.filled", at=datetime.now(UTC))

    app = create_app(settings)
    full: Database = app.extensions["surveyapp"].database
    event.listen(full.engine, "connect", limit)
    with pytest.raises(DatabaseFull):
        fill(full)
    reply = post_sign_in(app.test_client())
    assert reply.status_code == 503
    assert "storage of the database is full" in reply.text
    with database.read() as connection:
        assert {each.action for each in list_audit(connection)} == {"test.filled"}
    full.close()


def test_a_database_that_another_process_holds(app: Flask, settings: Settings) -> None:
    holder = sqlite3.connect(settings.database_url.removeprefix("sqlite:///"), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    def wait_briefly(driver: sqlite3.Connection, entry: object) -> None:
        driver.execute("PRAGMA busy_timeout = 50")

    event.listen(app.extensions["surveyapp"].database.engine, "connect", wait_briefly)
    try:
        reply = post_sign_in(app.test_client())
    finally:
        holder.rollback()
        holder.close()
    assert reply.status_code == 503
    assert reply.headers["Retry-After"] == "5"
    assert "busy with other work" in reply.text
