"""The log names requests, and nobody's secret."""

from __future__ import annotations

import logging

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.web.request_log import MaskSecrets, mask_path, write_path

TOKEN = "canary-token-Zk3vT8wQy1"


@pytest.mark.parametrize(
    ("path", "masked"),
    [
        (f"/r/{TOKEN}/", "/r/…/"),
        (f"/r/{TOKEN}", "/r/…"),
        (f"/r/{TOKEN}/p/page_consent", "/r/…/p/page_consent"),
        (f"GET /r/{TOKEN}/check?x=1 HTTP/1.1", "GET /r/…/check?x=1 HTTP/1.1"),
        (f"/desk/reset/{TOKEN}", "/desk/reset/…"),
        ("/desk/rounds/2026/issues", "/desk/rounds/2026/issues"),
    ],
)
def test_private_links_are_masked(path: str, masked: str) -> None:
    assert mask_path(path) == masked


@pytest.mark.parametrize("end_of_line", ["\n", "\r\n", "\x85", "\u2028", "\x1b[2K"])
def test_an_address_forges_no_line(end_of_line: str) -> None:
    assert len(write_path(f"/nowhere{end_of_line}INFO surveyapp.requests GET / 200").splitlines()) == 1
    assert "\x1b" not in write_path(f"/nowhere{end_of_line}")
    assert TOKEN not in write_path(f"/r/{end_of_line}{TOKEN}/check")


@pytest.mark.parametrize(
    "path", [f"/r/{TOKEN}/", f"/r/{TOKEN}/p/x?{TOKEN}", f"/desk/reset/{TOKEN}", f"/desk/sign-in?next={TOKEN}"]
)
def test_no_secret_in_any_log(client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str) -> None:
    with caplog.at_level(logging.DEBUG):
        client.get(path)
        client.post(path, data={"email": TOKEN, "answer": TOKEN})
    assert "surveyapp.requests" in {record.name for record in caplog.records}
    assert TOKEN not in caplog.text


def test_one_line_a_request(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="surveyapp.requests"):
        reply = app.test_client().get("/healthz?secret=1")
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{reply.headers['X-Request-Id']} GET /healthz 200 ")


def test_messages_of_servers_are_masked_too() -> None:
    record = logging.LogRecord(
        "gunicorn.error", logging.ERROR, "", 0, "Error handling request %s", (f"/r/{TOKEN}/",), None
    )
    assert MaskSecrets().filter(record)
    assert record.getMessage() == "Error handling request /r/…/"
