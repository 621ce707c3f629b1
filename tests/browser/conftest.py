"""A signed-in browser at the desk, for every browser test that opens one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.account_changes import add_account
from surveyapp.records.database import Database
from surveyapp.records.tables import user_account
from tests.browser.every_page import Ground, open_ground
from tests.conftest import LiveServer

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

OpenDesk = Callable[..., AbstractContextManager["Page"]]


@pytest.fixture
def open_desk(live_server: LiveServer, database: Database, browser: Browser) -> OpenDesk:
    """`with open_desk("analyst") as page` is a signed-in browser whose complaints fail the test."""

    @contextmanager
    def open_page(
        role: str = "analyst", language: str = "ko", *, may_complain: bool = False, **options: Any
    ) -> Iterator[Page]:
        with database.write() as connection:
            add_account(connection, email=f"{role}@example.com", role_name=role, now=datetime.now(UTC))
            key = connection.scalar(select(user_account.c.fs_uniquifier))
        client = live_server.app.test_client()
        with client.session_transaction("/desk/") as session:
            session.update(_user_id=key, _fresh=True, fs_cc="set", fs_paa=datetime.now(UTC).timestamp())
        name = live_server.app.config["SESSION_COOKIE_NAME"]
        path = live_server.app.config["SESSION_COOKIE_PATH"] or "/"
        cookie = client.get_cookie(name, path=path)
        assert cookie is not None
        context = browser.new_context(base_url=live_server.url, **options)
        context.add_cookies(
            [
                {"name": name, "value": cookie.value, "url": live_server.url + path},
                {"name": "language", "value": language, "url": live_server.url},
            ]
        )
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: complaints.append(str(fault)))
        page.on(
            "response", lambda reply: complaints.append(f"{reply.status} {reply.url}") if reply.status >= 400 else None
        )
        yield page
        context.close()
        assert may_complain or not complaints

    return open_page


@pytest.fixture(scope="session")
def ground(
    tmp_path_factory: pytest.TempPathFactory, sampled_file: Path, questionnaire: Questionnaire
) -> Iterator[Ground]:
    """A server with a return in each state, for tests that walk over every kind of page."""
    with open_ground(tmp_path_factory.mktemp("ground"), sampled_file, questionnaire) as opened:
        shared = opened.read_answers("full")
        yield opened
        assert opened.read_answers("full") == shared, "a test changed the return that all look at: it needs its own"
