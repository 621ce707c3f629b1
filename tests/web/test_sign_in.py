"""Signing in to the desk, out of it, and setting a password through a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from flask import session as own_session
from flask.testing import FlaskClient
from flask_security import hash_password
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from werkzeug.test import TestResponse

from surveyapp.records.account_changes import add_account, replace_password
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.tables import user_account
from surveyapp.settings import Settings
from surveyapp.web.access import find_desk_target
from surveyapp.web.password_links import AddressUnusable, check_address, make_password_link

PASSWORD = "correct horse battery staple"
EMAIL = "Kim.Staff@example.com"


@pytest.fixture
def staff(app: Flask, database: Database) -> str:
    """An analyst with a password."""
    now = datetime.now(UTC)
    with app.app_context():
        hashed = hash_password(PASSWORD)
    with database.write() as connection:
        made = add_account(connection, email=EMAIL, role_name="analyst", now=now)
        replace_password(connection, made.account_id, hashed, now)
    return EMAIL


def read_token(page: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None
    return found[1]


def post_sign_in(client: FlaskClient, email: str, password: str, target: str = "") -> TestResponse:
    token = read_token(client.get("/desk/sign-in?lang=en"))
    form = {"csrf_token": token, "email": email, "password": password, "next": target}
    return client.post("/desk/sign-in", data=form)


def list_actions(database: Database) -> list[tuple[str, str]]:
    with database.read() as connection:
        return [(each.actor, each.action) for each in list_audit(connection)]


def test_the_desk_leads_to_sign_in_and_back(client: FlaskClient, staff: str) -> None:
    first = client.get("/desk/?lang=en")
    assert first.status_code == 303
    assert first.location == "/desk/sign-in?next=/desk/?lang%3Den"

    signed_in = post_sign_in(client, staff, PASSWORD, "/desk/?lang=en")
    assert (signed_in.status_code, signed_in.location) == (303, "/desk/?lang=en")
    assert client.get("/desk/").status_code != 303


@pytest.mark.parametrize("address", [EMAIL.lower(), EMAIL.upper(), f" {EMAIL} ".strip()])
def test_the_address_is_compared_without_its_case(client: FlaskClient, staff: str, address: str) -> None:
    assert post_sign_in(client, address, PASSWORD).status_code == 303


def test_every_failure_says_the_same(client: FlaskClient, app: Flask, database: Database, staff: str) -> None:
    with database.write() as connection:
        add_account(connection, email="new@example.com", role_name="viewer", now=datetime.now(UTC))
    attempts = [
        (staff, "wrong"),
        ("nobody@example.com", PASSWORD),
        ("new@example.com", PASSWORD),
        ("no address", "x"),
        ("", ""),
    ]
    pages = set()
    for email, password in attempts:
        response = post_sign_in(client, email, password)
        assert response.status_code == 422
        page = re.sub(r'value="[^"]*"', "", response.text)
        pages.add(page)
        assert "The e-mail address or the password is not right." in page
    assert len(pages) == 1


def test_what_was_typed_comes_back_but_never_the_password(client: FlaskClient, staff: str) -> None:
    page = post_sign_in(client, staff, "a wrong password").text
    assert f'value="{staff}"' in page
    assert "a wrong password" not in page


def test_a_disabled_account_stays_out(client: FlaskClient, database: Database, staff: str) -> None:
    post_sign_in(client, staff, PASSWORD)
    with database.write() as connection:
        connection.execute(user_account.update().values(active=False))
    assert client.get("/desk/").status_code == 303
    assert post_sign_in(client, staff, PASSWORD).status_code == 422


def test_signing_in_is_audited(client: FlaskClient, database: Database, staff: str) -> None:
    post_sign_in(client, staff, "wrong")
    post_sign_in(client, "a password in the wrong field", "x")
    post_sign_in(client, staff, PASSWORD)
    assert list_actions(database) == [
        (staff, "account.signed_in"),
        ("unknown account", "account.sign_in_failed"),
        (staff, "account.sign_in_failed"),
    ]
    with database.read() as connection:
        row = connection.execute(select(user_account)).one()
    assert row.login_count == 1
    assert row.current_login_at is not None


def test_asking_whether_the_page_is_there_is_no_attempt(client: FlaskClient, database: Database, staff: str) -> None:
    assert client.head("/desk/sign-in").status_code == 200
    assert list_actions(database) == []


def test_a_stale_form_comes_back_with_what_was_typed(client: FlaskClient, staff: str) -> None:
    form = {"csrf_token": "wrong", "email": staff, "password": PASSWORD, "next": "/desk/audit"}
    response = client.post("/desk/sign-in?lang=en", data=form)
    assert response.status_code == 400
    assert f'value="{staff}"' in response.text
    assert 'value="/desk/audit"' in response.text
    form["csrf_token"] = read_token(response)
    assert client.post("/desk/sign-in", data=form).status_code == 303


def test_the_form_never_expires(client: FlaskClient, staff: str) -> None:
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC)) as traveller:
        token = read_token(client.get("/desk/sign-in"))
        traveller.shift(timedelta(hours=11))
        form = {"csrf_token": token, "email": staff, "password": PASSWORD}
        assert client.post("/desk/sign-in", data=form).status_code == 303


def test_signing_out_ends_the_session(sign_in: Callable[[str], FlaskClient], database: Database) -> None:
    client = sign_in("analyst")
    with client.session_transaction("/desk/") as session:
        session["csrf_token"] = "raw"
    refused = client.post("/desk/sign-out")
    assert refused.status_code == 400
    with client.application.test_request_context("/desk/"):
        own_session["csrf_token"] = "raw"
        token = generate_csrf()
    copied = client.get_cookie("desk_session", path="/desk")
    assert copied is not None
    response = client.post("/desk/sign-out", data={"csrf_token": token})
    assert (response.status_code, response.location) == (303, "/desk/sign-in")
    assert client.get("/desk/").status_code == 303
    client.set_cookie("desk_session", copied.value, path="/desk")
    assert client.get("/desk/").status_code == 303, "a copy of the cookie outlives signing out"
    assert list_actions(database) == [("analyst@example.com", "account.signed_out")]


def test_the_session_cookie_is_for_the_desk_alone(client: FlaskClient) -> None:
    cookie = client.get("/desk/sign-in").headers["Set-Cookie"]
    assert "desk_session=" in cookie
    assert "HttpOnly" in cookie
    assert "Path=/desk" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_a_link_sets_the_password_once(client: FlaskClient, database: Database, settings: Settings) -> None:
    with database.write() as connection:
        add_account(connection, email="first@example.com", role_name="admin", now=datetime.now(UTC))
    link = make_password_link(settings, "FIRST@example.com")
    assert link.startswith("http://127.0.0.1:8000/desk/reset/")
    path = link.removeprefix("http://127.0.0.1:8000")

    page = client.get(f"{path}?lang=en")
    assert page.status_code == 200
    token = read_token(page)

    short = client.post(path, data={"csrf_token": token, "password": "short", "password_confirm": "short"})
    assert short.status_code == 422
    assert "Choose a password of 12 to 128 characters." in short.text
    other = client.post(path, data={"csrf_token": token, "password": PASSWORD, "password_confirm": PASSWORD + "!"})
    assert other.status_code == 422
    assert "The two passwords are not the same." in other.text
    empty = client.post(path, data={"csrf_token": token})
    assert empty.status_code == 422
    stale = client.post(path, data={"csrf_token": "x", "password": PASSWORD, "password_confirm": PASSWORD})
    assert stale.status_code == 400

    done = client.post(path, data={"csrf_token": token, "password": PASSWORD, "password_confirm": PASSWORD})
    assert (done.status_code, done.location) == (303, "/desk/sign-in?notice=password")
    assert "The password is set." in client.get(done.location).text

    spent = client.get(path)
    assert spent.status_code == 404
    assert "This link no longer works" in spent.text
    assert client.post(path, data={"csrf_token": token, "password": PASSWORD}).status_code in (400, 404)
    assert post_sign_in(client, "first@example.com", PASSWORD).status_code == 303
    assert ("first@example.com", "account.password_set") in list_actions(database)


def test_a_new_password_ends_the_sessions_of_the_old_one(
    sign_in: Callable[[str], FlaskClient], client: FlaskClient, settings: Settings
) -> None:
    thief = sign_in("analyst")
    assert thief.get("/desk/").status_code != 303
    path = make_password_link(settings, "analyst@example.com").removeprefix(settings.base_url)
    token = read_token(client.get(path))
    client.post(path, data={"csrf_token": token, "password": PASSWORD, "password_confirm": PASSWORD})
    assert thief.get("/desk/").status_code == 303


def test_a_link_expires(client: FlaskClient, database: Database, settings: Settings) -> None:
    with time_machine.travel(datetime(2026, 11, 1, tzinfo=UTC)) as traveller:
        with database.write() as connection:
            add_account(connection, email="late@example.com", role_name="viewer", now=datetime.now(UTC))
        path = make_password_link(settings, "late@example.com").removeprefix(settings.base_url)
        traveller.shift(timedelta(days=2, hours=23))
        assert client.get(path).status_code == 200
        traveller.shift(timedelta(hours=2))
        expired = client.get(f"{path}?lang=en")
    assert expired.status_code == 404
    assert "more than 3 days ago" in expired.text


@pytest.mark.parametrize("token", ["x", "WyJhIl0.aaaa.bbbb", "한글"])
def test_a_made_up_link_tells_nothing(client: FlaskClient, token: str) -> None:
    assert client.get(f"/desk/reset/{token}").status_code == 404


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/desk/",
        "//evil.example/desk/",
        "/\\evil.example",
        "/desk",
        "/r/token",
        "",
        "/desk/\nx",
        "javascript:alert(1)",
    ],
)
def test_sign_in_never_leads_away(wanted: str) -> None:
    assert find_desk_target(wanted) == "/desk/"


def test_sign_in_leads_to_the_wanted_page() -> None:
    assert find_desk_target("/desk/rounds/2026/issues?filter=a&lang=ja") == "/desk/rounds/2026/issues?filter=a&lang=ja"


def test_addresses_of_accounts() -> None:
    assert check_address("Kim@Example.COM") == "Kim@example.com"
    with pytest.raises(AddressUnusable, match="no e-mail address"):
        check_address("kim at example")
