"""Returns that staff enter for a company: who may, what is asked first, and that they stay marked everywhere."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.rounds import change_dates, find_round
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import AuditEvent, list_audit
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft, refusal, response
from tests.conftest import LOOKUP_KEY, VAULT_KEYS
from tests.desk_pages import read_csv
from tests.respondent_visits import Visit, answer_until, make_round
from tests.web.desk_data import read_page, read_words
from tests.web.invited_round import SURVEY, InvitedRound

SignIn = Callable[[str], FlaskClient]
ENTRY = "/desk/rounds/survey-2026/entry"
BAND = "Entered by staff on behalf of a company (by telephone)"
FILLED = {
    "mode": "phone",
    "language": "en",
    "consent_on": "2026-01-15",
    "consent_by": "Kim, international team",
    "confirmed": "yes",
}


@pytest.fixture(autouse=True)
def round_without_open_link(database: Database, questionnaire: Questionnaire) -> None:
    make_round(database, questionnaire, open_link=False)


@pytest.fixture
def manager(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("manager")


def find_ticket(client: FlaskClient) -> str:
    found = re.search(r'name="ticket" value="([^"]+)"', read_page(client, ENTRY))
    assert found is not None
    return found[1]


def begin(client: FlaskClient, ticket: str | None = None, **changed: str) -> TestResponse:
    data = {**FILLED, **changed, "ticket": ticket or find_ticket(client)}
    return client.post(f"{ENTRY}?lang=en", data=data)


def begin_visit(client: FlaskClient, **changed: str) -> Visit:
    started = begin(client, **changed)
    assert started.status_code == 303
    return Visit(client).open(started.headers["Location"])


def submit(visit: Visit) -> Visit:
    """As told: consents first, the other pages, then submitted."""
    visit.fill({"attribution_level": "anonymous"}).press()
    assert visit.status == 200, visit.list_faults()
    return answer_until(visit, "").press()


def list_entries(database: Database) -> list[AuditEvent]:
    with database.read() as connection:
        return list(list_audit(connection, action="return.entered_by_staff"))


def list_modes(database: Database) -> Iterator[Mapping[str, str]]:
    with database.read() as connection:
        for table in (draft, response):
            yield {row.state: row.mode for row in connection.execute(select(table.c.state, table.c.mode))}


def test_the_return_goes_the_ordinary_way_under_a_band(manager: FlaskClient, database: Database) -> None:
    visit = begin_visit(manager)
    assert visit.path.startswith("/r/") and visit.path.endswith("/p/sec_consent")
    assert visit.language == "en"
    assert visit.list_typed("consent_participate") == ["agree"]
    assert BAND in visit.html
    submit(visit)
    assert visit.path.endswith("/receipt") and visit.receipt
    assert BAND in visit.html and f"/r/{visit.token}" in visit.html
    assert list(list_modes(database)) == [{"submitted": "phone"}, {"submitted": "phone"}]


def test_the_audit_trail_says_who_and_how_and_nothing_of_the_answers(manager: FlaskClient, database: Database) -> None:
    submit(begin_visit(manager))
    (entry,) = list_entries(database)
    assert entry.actor == "manager@example.com" and entry.round_id == 1
    assert entry.details == {"mode": "phone", "consent_on": "2026-01-15", "consent_by": "Kim, international team"}


def test_beginning_twice_is_one_return(manager: FlaskClient, database: Database) -> None:
    ticket = find_ticket(manager)
    first, second = begin(manager, ticket), begin(manager, ticket)
    assert first.headers["Location"] == second.headers["Location"]
    assert len(list_entries(database)) == 1


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("mode", "", "Choose how the company gave its answers."),
        ("mode", "web", "Choose how the company gave its answers."),
        ("language", "de", "Choose the language of the return."),
        ("consent_on", "yesterday", "Enter the day on which the company agreed"),
        ("consent_on", "2999-01-01", "lies in the future"),
        ("consent_by", "  ", "Enter who took the consent"),
        ("consent_by", "x" * 121, "Enter who took the consent"),
        ("confirmed", "", "Without the company's consent nothing may be entered."),
    ],
)
def test_nothing_begins_without_mode_and_consent(
    manager: FlaskClient, database: Database, name: str, value: str, said: str
) -> None:
    reply = begin(manager, **{name: value})
    words = read_words(reply.get_data(as_text=True))
    assert reply.status_code == 422
    assert said in words.replace("&#39;", "'")
    assert f'href="#{name}"' in reply.get_data(as_text=True)
    if name != "consent_by":
        assert FILLED["consent_by"] in reply.get_data(as_text=True)
    assert list(list_modes(database)) == [{}, {}] and not list_entries(database)


def test_a_stale_form_comes_back_with_what_was_entered(manager: FlaskClient, database: Database) -> None:
    reply = begin(manager, "made-up")
    assert reply.status_code == 400
    assert FILLED["consent_by"] in reply.get_data(as_text=True)
    assert list(list_modes(database)) == [{}, {}]


def test_managers_alone_may(sign_in: SignIn, app: Flask) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    analyst = sign_in("analyst")
    assert analyst.get(ENTRY).status_code == 403
    assert analyst.post(ENTRY, data=FILLED).status_code == 403
    assert ENTRY not in read_page(analyst, "/desk/")
    assert ENTRY in read_page(sign_in("manager"), "/desk/")


def test_only_while_the_round_is_open(manager: FlaskClient, database: Database) -> None:
    ticket = find_ticket(manager)
    now = datetime.now(UTC)
    with database.write() as connection:
        round_ = find_round(connection, "japan_export_readiness", "survey-2026")
        change_dates(
            connection, round_, opens_at=now - timedelta(days=9), closes_at=now - timedelta(days=1), actor="t", now=now
        )
    page = read_page(manager, ENTRY)
    assert "The round closed on" in page and 'name="ticket"' not in page
    assert begin(manager, ticket).status_code == 403


def test_the_desk_lists_them_with_their_state(manager: FlaskClient) -> None:
    begin_visit(manager, mode="paper")
    submitted = submit(begin_visit(manager))
    withdrawn = submit(begin_visit(manager))
    withdrawn.open(f"/r/{withdrawn.token}/withdraw").press()
    words = read_words(read_page(manager, ENTRY))
    assert "On paper Not submitted yet" in words
    assert "By telephone Submitted" in words and submitted.receipt in words
    assert "By telephone Withdrawn" in words
    assert submitted.token not in read_page(manager, ENTRY)


def test_what_the_company_edits_stays_marked(manager: FlaskClient, client: FlaskClient, database: Database) -> None:
    token = submit(begin_visit(manager)).token
    company = Visit(client).open(f"/r/{token}/p/sec_profile?lang=en")
    assert BAND in company.html
    company.fill({"company_size": "e1000p"}).press()
    company.open(f"/r/{token}/check").press()
    assert list(list_modes(database)) == [{"submitted": "phone"}, {"submitted": "phone"}]
    rows = read_csv(manager.get("/desk/rounds/survey-2026/export/raw.csv").data)
    assert [(row["mode"], row["company_size"]) for row in rows] == [("phone", "e1000p")]


def test_figures_say_how_many_staff_entered(manager: FlaskClient) -> None:
    submit(begin_visit(manager))
    submit(begin_visit(manager, mode="paper"))
    for path in ("issues", "questions/company_size"):
        assert "Entered by staff 2 returns (by telephone 1, on paper 1)" in read_words(
            read_page(manager, f"/desk/rounds/survey-2026/{path}")
        )
    released = read_words(read_page(manager, "/desk/rounds/survey-2026/released"))
    assert "Entered by staff" not in released
    ministry = manager.get("/desk/rounds/survey-2026/export/ministry.csv").get_data(as_text=True)
    assert "mode" not in ministry.partition("\n")[0].split(",")


def test_a_company_of_its_own_is_under_no_band(
    client: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    make_round(database, questionnaire, slug="open")
    visit = Visit(client).open("/s/open/?lang=en")
    visit.fill({"consent_participate": "agree"}).bring_up("attribution_level")
    visit.fill({"attribution_level": "anonymous"}).press()
    assert visit.path.startswith("/r/") and "Entered by staff" not in visit.html


def test_a_return_entered_for_an_invited_company_is_the_companys(
    manager: FlaskClient, app: Flask, database: Database
) -> None:
    with database.read() as connection:
        survey_round = find_round(connection, SURVEY, "survey-2026")
    invited = InvitedRound(database, Vault(VAULT_KEYS, LOOKUP_KEY), survey_round)
    token = invited.invite_new()
    chosen = invited.find(token).invitation_id
    assert f'value="{chosen}"' in read_page(manager, ENTRY)
    submit(begin_visit(manager, invitation=chosen))
    with database.read() as connection:
        [state] = list_invitations(connection, survey_round)
        assert connection.execute(select(response.c.company_id, response.c.mode)).one() == (
            state.company.company_id,
            "phone",
        )
    assert state.state == "submitted"
    # The company's own link leads to it; whoever enters it once more is told, and nothing is begun.
    assert "Your return has been submitted" in Visit(app.test_client()).open(f"/i/{token}/?lang=en").text
    assert f'value="{chosen}"' not in read_page(manager, ENTRY)
    refused = begin(manager, invitation=chosen)
    assert refused.status_code == 422
    assert "has a return already" in read_words(refused.get_data(as_text=True))
    with database.read() as connection:
        assert len(connection.execute(select(draft.c.draft_id)).all()) == 1


def test_a_company_that_had_said_no_and_then_answers_by_telephone_is_no_refusal(
    manager: FlaskClient, app: Flask, database: Database
) -> None:
    with database.read() as connection:
        survey_round = find_round(connection, SURVEY, "survey-2026")
    invited = InvitedRound(database, Vault(VAULT_KEYS, LOOKUP_KEY), survey_round)
    token = invited.invite_new()
    Visit(app.test_client()).open(f"/i/{token}/?lang=en").fill({"consent_participate": "disagree"}).press()
    with database.read() as connection:
        assert len(connection.execute(select(refusal.c.refusal_id)).all()) == 1
    submit(begin_visit(manager, invitation=invited.find(token).invitation_id))
    with database.read() as connection:
        assert connection.execute(select(refusal.c.refusal_id)).all() == []
        [state] = list_invitations(connection, survey_round)
    assert (state.state, state.invitation.refused_at) == ("submitted", None)


@pytest.mark.parametrize("wrong", ["unknown", "0" * 32])
def test_an_invitation_that_is_none_begins_nothing(manager: FlaskClient, database: Database, wrong: str) -> None:
    assert begin(manager, invitation=wrong).status_code == 422
    with database.read() as connection:
        assert connection.execute(select(draft.c.draft_id)).all() == []
