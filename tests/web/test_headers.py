"""What every reply tells the browser."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.records.database import Database
from surveyapp.settings import Settings
from surveyapp.web import create_app
from surveyapp.web.headers import EMPTY_STYLE, build_policy, find_nonce, permit_charts


def test_form_pages_forbid_everything_but_our_files() -> None:
    assert build_policy("N", draws_charts=False) == (
        "default-src 'none'; script-src 'self' 'nonce-N'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types surveyapp"
    )


def test_chart_pages_allow_the_empty_style_and_no_trusted_types(app: Flask) -> None:
    with app.test_request_context("/"):
        permit_charts()
        response = app.process_response(app.make_response("x"))
    policy = response.headers["Content-Security-Policy"]
    assert f"style-src 'self' {EMPTY_STYLE};" in policy
    assert "trusted-types" not in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/healthz", "/desk/sign-in", "/nowhere", "/desk/"])
def test_every_reply_has_its_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_a_nonce_is_used_once(app: Flask) -> None:
    nonces = set()
    for _ in range(3):
        with app.test_request_context("/"):
            nonces.add(find_nonce())
            assert find_nonce() in nonces
    assert len(nonces) == 3
    assert all(re.fullmatch(r"[\w-]{24}", nonce) for nonce in nonces)


def test_behind_a_proxy_with_https(settings: Settings, database: Database) -> None:
    app = create_app(replace(settings, base_url="https://survey.example.org", trusted_proxies=1))
    reply = app.test_client().get("/desk/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" in reply.headers["Set-Cookie"]
    app.extensions["surveyapp"].database.close()


def test_no_proxy_is_trusted_unasked(app: Flask) -> None:
    with app.test_client() as client:
        reply = client.get("/desk/sign-in", headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "1.2.3.4"})
    assert "Strict-Transport-Security" not in reply.headers
