"""Every route names its access rule, and the rule holds for everybody: nobody, viewer, analyst, manager, admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule as Route

from surveyapp.web.access import ROLES, find_rule, is_admitted
from surveyapp.web.access import Rule as AccessRule

# Who may call what. A new route is added here by hand, on purpose.
DECLARED = {
    "static": "public",
    "health.show_health": "public",
    "health.show_readiness": "public",
    "respondent.show_landing": "public",
    "respondent.show_start": "public",
    "respondent.start": "public",
    "respondent.refresh_start": "public",
    "respondent.show_declined": "public",
    "respondent.resume": "link holder",
    "respondent.show_questions": "link holder",
    "respondent.save_questions": "link holder",
    "respondent.refresh_questions": "link holder",
    "respondent.show_link": "link holder",
    "respondent.show_check": "link holder",
    "respondent.submit_return": "link holder",
    "respondent.show_receipt": "link holder",
    "respondent.show_withdrawal": "link holder",
    "respondent.withdraw_return": "link holder",
    "account.sign_in": "public",
    "account.sign_out": "signed in",
    "account.reset_password": "public",
    "desk.show_home": "signed in",
    "desk.show_issues": "analyst",
    "desk.show_questions": "analyst",
    "desk.show_question": "analyst",
    "desk.show_texts": "analyst",
    "desk.show_released": "viewer",
    "desk.show_export": "analyst",
    "desk.send_raw": "analyst",
    "desk.send_ministry": "analyst",
    "desk.send_identified": "manager",
    "desk.show_audit": "admin",
}
SAMPLE_VALUES = {"token": "a-token-of-nobody", "slug": "no-such-round", "digest": "0", "filename": "css/none.css"}
NOBODY = "nobody"

Caller = Callable[[str, str], int]


def list_calls(app: Flask) -> list[tuple[Route, str, str]]:
    """Each route with a method and an address whose parts exist nowhere."""
    adapter = app.url_map.bind("127.0.0.1")
    calls = []
    for route in app.url_map.iter_rules():
        values: dict[str, Any] = {name: SAMPLE_VALUES.get(name, "nothing") for name in route.arguments}
        methods = sorted((route.methods or set()) & {"GET", "POST", "PUT", "PATCH", "DELETE"})
        assert methods
        calls += [(route, method, adapter.build(route.endpoint, values, method=method)) for method in methods]
    return calls


def test_every_route_names_the_declared_rule(app: Flask) -> None:
    named = {}
    for route in app.url_map.iter_rules():
        rule = find_rule(app, route.endpoint)
        named[route.endpoint] = rule.name if rule else "no rule"
    assert named == DECLARED


@pytest.mark.parametrize("role", [NOBODY, *ROLES])
def test_the_rule_of_every_route_holds(
    app: Flask, client: FlaskClient, sign_in: Callable[[str], FlaskClient], role: str
) -> None:
    caller = client if role == NOBODY else sign_in(role)
    roles = None if role == NOBODY else frozenset({role})
    faults = []
    for route, method, path in list_calls(app):
        if route.endpoint == "account.sign_out":
            continue  # ends the session of this walk
        reply = caller.open(path, method=method)
        rule = find_rule(app, route.endpoint)
        assert isinstance(rule, AccessRule)
        to_sign_in = reply.status_code == 303 and (reply.location or "").startswith("/desk/sign-in")
        if is_admitted(rule, roles):
            is_right = reply.status_code != 403 and not to_sign_in
        else:
            is_right = to_sign_in if role == NOBODY else reply.status_code == 403
        if not is_right:
            faults.append(f"{role} {method} {path}: {reply.status_code} {reply.location or ''} under {rule.name!r}")
    assert not faults, "\n" + "\n".join(faults)


def test_a_route_without_a_rule_is_refused(app: Flask, sign_in: Callable[[str], FlaskClient]) -> None:
    app.add_url_rule("/forgotten", "forgotten", lambda: "secret")
    for role in ("viewer", "admin"):
        reply = sign_in(role).get("/forgotten")
        assert reply.status_code == 403
        assert "secret" not in reply.text


@pytest.mark.parametrize("path", ["/nowhere", "/desk/nowhere", "/r/", "/s/"])
def test_an_address_that_does_not_exist_is_not_found(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404


def test_an_account_without_a_role_sees_what_signed_in_means_and_no_more() -> None:
    assert is_admitted(AccessRule("signed in", ()), frozenset())
    assert not is_admitted(AccessRule("viewer", ROLES), frozenset())


def test_a_post_without_a_session_leads_to_the_desk_after_sign_in(client: FlaskClient) -> None:
    reply = client.post("/desk/sign-out")
    assert reply.status_code in (303, 400)
    if reply.status_code == 303:
        assert reply.location == "/desk/sign-in?next=/desk/"
