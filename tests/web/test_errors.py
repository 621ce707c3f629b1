"""Each fault of the steps as a page: its status, its words, and nothing of what it quotes."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import DictLoader

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.answering import (
    ConsentMissing,
    LinkUnknown,
    OpenLinkOff,
    ReturnWithdrawn,
)
from surveyapp.fieldwork.rounds import Round, RoundClosed, RoundNotOpen, RoundUnknown
from surveyapp.questionnaire.model import Text
from surveyapp.records.database import (
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseUnreachable,
)
from surveyapp.records.encryption import VaultFault
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.csrf import ProofFault

CANARY = "canary-of-an-answer-7f3a"
MOMENT = datetime(2026, 11, 22, 15, 5, tzinfo=UTC)


@pytest.fixture
def show_fault(app: Flask) -> Callable[[Exception, str], FlaskClient]:
    """A client of an application whose `/fault` raises the given exception."""

    def prepare(fault: Exception, language: str = "en") -> FlaskClient:
        @allow(PUBLIC)
        def view() -> str:
            raise fault

        app.add_url_rule("/fault", view_func=view)
        client = app.test_client()
        client.set_cookie("language", language)
        return client

    return prepare


@pytest.mark.parametrize(
    ("fault", "status", "words"),
    [
        (RoundUnknown(CANARY), 404, "There is no such survey round"),
        (TableTooLarge(10_001), 422, "more cells than can be protected"),
        (OpenLinkOff(CANARY), 403, "open to invited companies only"),
        (LinkUnknown(CANARY), 404, "This link does not lead to a return"),
        (ReturnWithdrawn(CANARY), 410, "This return was withdrawn"),
        (ConsentMissing(CANARY), 422, "needs the consent to take part"),
        (ProofFault(CANARY), 400, "The form could not be recognised"),
        (FilterUnknown(CANARY), 400, "This filter does not exist"),
        (DatabaseBusy(CANARY), 503, "busy with other work"),
        (DatabaseNotMigrated(CANARY), 503, "has not been prepared for this version"),
        (DatabaseReadOnly(CANARY), 503, "can be read but not written"),
        (DatabaseFull(CANARY), 503, "storage of the database is full"),
        (DatabaseUnreachable(CANARY), 503, "cannot be reached"),
        (DatabaseFault(CANARY), 503, "cannot be reached"),
        (VaultFault(CANARY), 503, "keys"),
        (RuntimeError(CANARY), 500, "Something went wrong on our side"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_a_fault_has_its_page(
    show_fault: Callable[[Exception, str], FlaskClient],
    caplog: pytest.LogCaptureFixture,
    fault: Exception,
    status: int,
    words: str,
    language: str,
) -> None:
    with caplog.at_level(logging.DEBUG):
        reply = show_fault(fault, language).get("/fault")
    assert reply.status_code == status
    assert f'<html lang="{language}">' in reply.text
    if language == "en":
        assert words in reply.text
    assert CANARY not in reply.text
    assert "Traceback" not in reply.text
    assert CANARY not in caplog.text
    if status == 503:
        assert int(reply.headers["Retry-After"]) == (5 if isinstance(fault, DatabaseBusy) else 120)
    assert reply.headers["X-Request-Id"] in reply.text


@pytest.mark.parametrize(
    ("language", "time"),
    [
        ("ko", "2026년 11월 23일 00:05 (Asia/Seoul)"),
        ("en", "November 23, 2026, 00:05 (Asia/Seoul)"),
        ("ja", "2026年11月23日 00:05 (Asia/Seoul)"),
    ],
)
@pytest.mark.parametrize("kind", [RoundNotOpen, RoundClosed])
def test_a_round_out_of_its_time_names_the_moment(
    show_fault: Callable[[Exception, str], FlaskClient], kind: type[Exception], language: str, time: str
) -> None:
    text = Text("회차", "Round", "実施回")
    round_ = Round(
        "s", 1, "r", "real", "1", text, {}, MOMENT, MOMENT, open_link=True, counts_companies=False, scheduled_at=MOMENT
    )
    reply = show_fault(kind(round_), language).get("/fault")
    assert reply.status_code == 403
    assert time in reply.text


def test_what_failed_stands_in_the_log_without_what_was_typed(
    show_fault: Callable[..., FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    try:
        raise ValueError(CANARY)
    except ValueError as cause:
        fault = KeyError(CANARY)
        fault.__cause__ = cause
    with caplog.at_level(logging.DEBUG):
        reply = show_fault(fault).get(f"/fault?answer={CANARY}")
    assert "builtins.KeyError" in caplog.text
    assert "builtins.ValueError" in caplog.text
    assert "test_errors.py" in caplog.text
    assert reply.headers["X-Request-Id"] in caplog.text
    assert CANARY not in caplog.text


class StoppedInTheMiddle(io.BytesIO):
    """What a server reads from a client that sends no more."""

    def read(self, size: int | None = -1) -> bytes:
        raise BlockingIOError(CANARY)

    def readinto(self, buffer: object) -> int:
        raise BlockingIOError(CANARY)


def test_a_post_that_stops_in_the_middle(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        reply = client.post(
            "/desk/sign-in",
            input_stream=StoppedInTheMiddle(b"x" * 100),
            environ_overrides={"wsgi.input_terminated": True},  # as gunicorn says it
            content_type="application/x-www-form-urlencoded",
        )
    assert reply.status_code == 400
    assert caplog.records == []


def test_a_post_that_is_too_large(client: FlaskClient) -> None:
    body = io.BytesIO(b"email=" + b"x" * (10 * 1024 * 1024))
    client.set_cookie("language", "ja")
    reply = client.post(
        "/desk/sign-in",
        input_stream=body,
        content_length=10 * 1024 * 1024 + 6,
        content_type="application/x-www-form-urlencoded",
    )
    assert reply.status_code == 413
    assert '<html lang="ja">' in reply.text
    assert body.read() == b""  # it was read to its end, so that the browser reads the page


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/static/x/../../settings.py", 404),
        ("POST", "/healthz", 405),
        ("GET", "/desk/sign-out", 405),
    ],
)
def test_statuses_without_a_fault_of_ours(client: FlaskClient, method: str, path: str, status: int) -> None:
    reply = client.open(path, method=method)
    assert reply.status_code == status
    if status == 405:
        assert reply.headers["Allow"]


def test_an_error_page_needs_no_template(app: Flask) -> None:
    app.jinja_env.loader = DictLoader({})
    with app.test_request_context("/nowhere?lang=en"):
        reply = app.full_dispatch_request()
    assert reply.status_code == 404
    assert "<h1>This page does not exist</h1>" in reply.get_data(as_text=True)
