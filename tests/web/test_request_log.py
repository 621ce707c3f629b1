"""The log names requests, and nobody's secret; people can quote the id of theirs."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from surveyapp.settings import Settings
from surveyapp.web import create_app
from surveyapp.web.access import PUBLIC, allow

TOKEN = "canary-token-Zk3vT8wQy1"
HEX = "5f0c2b6e9a7d41f88c3e2a1b0d9f7e64"


def list_entries(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines about requests, as the log's formatter takes them."""
    return [record.msg for record in caplog.records if record.name == "surveyapp.requests"]  # type: ignore[misc]


@pytest.mark.parametrize(
    "path",
    [
        f"/r/{TOKEN}/",
        f"/r/{TOKEN}/p/x?{TOKEN}",
        f"/part/{TOKEN}/",
        f"/i/{TOKEN}/",
        f"/i/{TOKEN}/fragment",
        f"/i/{TOKEN}/declined?lang={TOKEN}",
        f"/desk/reset/{TOKEN}",
        f"/desk/sign-in?next={TOKEN}",
        f"/{TOKEN}",
        f"/nowhere\nINFO {TOKEN}",
    ],
)
def test_no_secret_in_any_log(client: FlaskClient, caplog: pytest.LogCaptureFixture, path: str) -> None:
    with caplog.at_level(logging.DEBUG):
        for method in ("GET", "POST", TOKEN):
            client.open(
                path,
                method=method,
                data={"email": TOKEN, "answer": TOKEN} if method == "POST" else None,
                headers={"X-Request-ID": TOKEN, "User-Agent": TOKEN, "Referer": TOKEN},
            )
    assert len(list_entries(caplog)) >= 3
    assert TOKEN not in caplog.text
    assert "INFO" not in str([record.msg for record in caplog.records])


def test_one_line_a_request(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="surveyapp.requests"):
        reply = app.test_client().get("/healthz?secret=1")
    (entry,) = list_entries(caplog)
    assert entry.pop("duration_ms") >= 0
    assert entry == {
        "event": "request",
        "request_id": reply.headers["X-Request-Id"],
        "method": "GET",
        "route": "/healthz",
        "endpoint": "health.show_health",
        "status": 200,
        "bytes": 3,
        "role": "anyone",
    }


def test_the_line_says_what_kind_of_person_it_was(
    client: FlaskClient, sign_in: Callable[[str], FlaskClient], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="surveyapp.requests"):
        sign_in("analyst").get("/desk/")
        client.get("/desk/")
        client.get("/r/nobody/")
        client.get("/nowhere")
    assert [entry["role"] for entry in list_entries(caplog)] == ["analyst", "not signed in", "link holder", "anyone"]


def test_a_file_of_ours_has_its_line(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="surveyapp.requests"):
        client.get("/static/0/css/tokens.css").close()
    (entry,) = list_entries(caplog)
    assert (entry["status"], entry["route"]) == (200, "/static/<digest>/<path:filename>")
    assert entry["bytes"] > 1000


def test_what_is_made_while_it_is_sent_has_its_line_at_the_end(app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    @allow(PUBLIC)
    def view() -> Response:
        return Response(iter([b"one", b"two"]))

    app.add_url_rule("/stream", view_func=view)
    app.test_client_class = FlaskClient
    with caplog.at_level(logging.INFO, logger="surveyapp.requests"):
        reply = app.test_client().get("/stream", buffered=False)
        assert list_entries(caplog) == []
        assert reply.get_data() == b"onetwo"
        reply.close()
    (entry,) = list_entries(caplog)
    assert (entry["status"], entry["route"], entry["bytes"]) == (200, "/stream", None)


@pytest.mark.parametrize(
    ("given", "is_taken"),
    [
        (HEX, True),
        (str(uuid.UUID(HEX)), True),
        ("", False),
        ("abc", False),
        ("a" * 65, False),
        (f"{HEX} {HEX}", False),
        ("hong.gildong@example.co.kr", False),
        ("홍길동-0123456789abcdef", False),
    ],
)
@pytest.mark.parametrize("proxies", [0, 1])
def test_a_request_id_is_taken_from_a_trusted_proxy_alone(
    settings: Settings, given: str, is_taken: bool, proxies: int
) -> None:
    app = create_app(replace(settings, trusted_proxies=proxies))
    reply = app.test_client().get("/healthz", headers={"X-Request-ID": given.encode().decode("latin-1")})
    shown = reply.headers["X-Request-Id"]
    assert (shown == given) is (is_taken and proxies == 1)
    if shown != given:
        assert uuid.UUID(shown).version == 4
    app.extensions["surveyapp"].database.close()


def test_every_request_has_an_id_of_its_own(client: FlaskClient) -> None:
    assert len({client.get("/healthz").headers["X-Request-Id"] for _ in range(20)}) == 20


def test_people_can_quote_the_id_of_a_fault(client: FlaskClient) -> None:
    reply = client.get("/nowhere", headers={"Accept-Language": "en"})
    assert f'<code class="request-number">{reply.headers["X-Request-Id"]}</code>' in reply.text
