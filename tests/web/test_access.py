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
    "metrics.show_metrics": "token holder",
    "respondent.show_landing": "public",
    "respondent.show_start": "public",
    "respondent.start": "public",
    "respondent.refresh_start": "public",
    "respondent.show_declined": "public",
    "respondent.show_question_list": "public",
    "respondent.send_question_list": "public",
    "respondent.show_invitation": "link holder",
    "respondent.start_invitation": "link holder",
    "respondent.refresh_invitation": "link holder",
    "respondent.show_invitation_declined": "link holder",
    "respondent.resume": "link holder",
    "respondent.show_questions": "link holder",
    "respondent.save_questions": "link holder",
    "respondent.save_typed": "link holder",
    "respondent.show_link": "link holder",
    "respondent.show_check": "link holder",
    "respondent.submit_return": "link holder",
    "respondent.show_receipt": "link holder",
    "respondent.show_company_readiness": "link holder",
    "respondent.send_company_readiness": "link holder",
    "respondent.show_withdrawal": "link holder",
    "respondent.show_consents": "link holder",
    "respondent.narrow_consent": "link holder",
    "respondent.withdraw_return": "link holder",
    "respondent.show_colleagues": "link holder",
    "respondent.hand_part": "link holder",
    "respondent.end_part": "link holder",
    "respondent.show_replacement": "link holder",
    "respondent.replace_link": "link holder",
    "respondent.show_replaced": "link holder",
    "respondent.show_part": "part holder",
    "respondent.show_part_questions": "part holder",
    "respondent.save_part_questions": "part holder",
    "respondent.save_part_typed": "part holder",
    "account.sign_in": "public",
    "account.sign_out": "signed in",
    "account.reset_password": "public",
    "desk.show_home": "signed in",
    "desk.show_issues": "analyst",
    "desk.show_questions": "analyst",
    "desk.show_question": "analyst",
    "desk.show_texts": "analyst",
    "desk.show_round_notes": "analyst",
    "desk.add_note": "analyst",
    "desk.delete_note": "analyst",
    "desk.undelete_note": "analyst",
    "desk.show_disclosure": "analyst",
    "desk.show_progress": "viewer",
    "desk.show_released": "viewer",
    "desk.request_release": "analyst",
    "desk.show_figure_search": "viewer",
    "desk.show_figure": "viewer",
    "desk.show_briefing": "viewer",
    "desk.send_briefing_pdf": "viewer",
    "desk.send_briefing_workbook": "viewer",
    "desk.send_briefing_csv": "viewer",
    "desk.show_export": "analyst",
    "desk.make_file": "analyst",
    "desk.fetch_export": "analyst",
    "desk.show_codebook": "analyst",
    "desk.send_codebook": "analyst",
    "desk.show_invitations": "manager",
    "desk.show_choice": "manager",
    "desk.invite_chosen": "manager",
    "desk.send_letters": "manager",
    "desk.send_links": "manager",
    "desk.show_invitation": "manager",
    "desk.show_fresh_link": "manager",
    "desk.revoke_invitation": "manager",
    "desk.reinstate_invitation": "manager",
    "desk.show_entry": "manager",
    "desk.start_entry": "manager",
    "respondent.mail_receipt": "link holder",
    "respondent.mail_link": "link holder",
    "respondent.show_decline": "link holder",
    "respondent.decline": "link holder",
    "desk.show_mailings": "manager",
    "desk.add_mailing": "manager",
    "desk.show_mail_log": "manager",
    "desk.decide_mail": "manager",
    "desk.show_delivery_reports": "manager",
    "desk.import_delivery_reports": "manager",
    "desk.show_opt_outs": "manager",
    "desk.change_opt_outs": "manager",
    "desk.show_mailing": "manager",
    "desk.save_mailing": "manager",
    "desk.show_mail_html": "manager",
    "desk.show_recipients": "manager",
    "desk.send_mailing": "manager",
    "desk.show_mailing_counts": "manager",
    "desk.stop_sending": "manager",
    "desk.resume_sending": "manager",
    "desk.send_raw": "analyst",
    "desk.send_ministry": "analyst",
    "desk.send_identified": "manager",
    "desk.show_companies": "manager",
    "desk.show_new_company": "manager",
    "desk.add_new_company": "manager",
    "desk.show_company": "manager",
    "desk.save_company": "manager",
    "desk.show_new_contact": "manager",
    "desk.add_new_contact": "manager",
    "desk.show_contact": "manager",
    "desk.save_contact": "manager",
    "desk.delete_contact": "manager",
    "desk.undelete_contact": "manager",
    "desk.show_doubles": "manager",
    "desk.undo_company_merge": "manager",
    "desk.dismiss_suspected": "manager",
    "desk.undo_dismissal": "manager",
    "desk.show_merge": "manager",
    "desk.merge_company": "manager",
    "desk.show_upload": "manager",
    "desk.upload_companies": "manager",
    "desk.send_template": "manager",
    "desk.show_import": "manager",
    "desk.confirm_import": "manager",
    "desk.discard_import": "manager",
    "desk.show_company_export": "manager",
    "desk.send_companies": "manager",
    "desk.show_new_round": "manager",
    "desk.prepare_new_round": "manager",
    "desk.show_settings": "manager",
    "desk.save_plan": "manager",
    "desk.show_posted": "manager",
    "desk.schedule": "manager",
    "desk.unschedule": "manager",
    "desk.extend": "manager",
    "desk.close": "manager",
    "desk.reopen": "manager",
    "desk.switch_link": "manager",
    "desk.save_thresholds": "manager",
    "desk.show_first_steps": "admin",
    "desk.note_first_step": "admin",
    "desk.show_round_privacy": "manager",
    "desk.save_retention": "manager",
    "desk.purge_now": "admin",
    "desk.show_privacy": "admin",
    "desk.find_subject": "admin",
    "desk.send_access_file": "admin",
    "desk.show_audit": "admin",
    "desk.show_jobs": "admin",
    "desk.show_job_list": "admin",
    "desk.show_job_progress": "viewer",
    "desk.retry": "admin",
    "desk.cancel": "admin",
    "desk.show_crosswalk": "analyst",
    "desk.show_style": "analyst",
}
SAMPLE_VALUES: dict[str, str | int] = {
    "token": "a-token-of-nobody",
    "slug": "no-such-round",
    "digest": "0",
    "filename": "css/none.css",
    "company_id": 987654,
    "step": "schedule",
    "other_id": 987655,
}
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
