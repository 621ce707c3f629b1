"""The personal link: whose it is, one return for a company, and what a link says that opens nothing any more."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.fieldwork.answering import find_draft
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft, invitation_token, refusal, response
from surveyapp.settings import Settings
from surveyapp.web import create_app
from tests.respondent_visits import OPERATOR_TEXTS, Visit, answer_until
from tests.web.invited_round import HANBIT, SURVEY, InvitedRound, make_invited_round


@pytest.fixture
def invited(database: Database, vault: Vault, questionnaire: Questionnaire) -> InvitedRound:
    return make_invited_round(database, vault, questionnaire)


@pytest.fixture
def enter(app: Flask) -> Callable[[str], Visit]:
    """Somebody at a machine of their own who opens a link."""
    return lambda token: Visit(app.test_client()).open(f"/i/{token}/?lang=en")


def agree(visit: Visit) -> Visit:
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()


def refuse(visit: Visit) -> Visit:
    return visit.fill({"consent_participate": "disagree"}).press()


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return len(connection.execute(select(table)).all())


# whose link it is


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_names_the_company_and_whom_a_stranger_is_to_tell(
    client: FlaskClient, invited: InvitedRound, language: Language
) -> None:
    visit = Visit(client).open(f"/i/{invited.invite_new()}/?lang={language}")
    assert visit.status == 200
    assert HANBIT.in_language(language) in visit.text
    assert OPERATOR_TEXTS["privacy_contact"].in_language(language) in visit.text
    assert count(invited.database, draft) == 0


def test_a_name_is_shown_in_the_first_language_that_has_one(client: FlaskClient, invited: InvitedRound) -> None:
    token = invited.invite_new(Text("한빛", "", ""))
    assert "Personal link for 한빛" in Visit(client).open(f"/i/{token}/?lang=en").text


def test_it_opens_in_the_language_of_the_person_it_was_made_for(client: FlaskClient, invited: InvitedRound) -> None:
    token = invited.invite_new(language="ja")
    assert '<html lang="ja"' in client.get(f"/i/{token}/", headers={"Accept-Language": "ko"}).text
    assert '<html lang="en"' in client.get(f"/i/{token}/?lang=en").text


def test_what_a_browser_is_told_keeps_the_link_private(client: FlaskClient, invited: InvitedRound) -> None:
    token = invited.invite_new()
    for path in (f"/i/{token}/", f"/i/{token}/declined", "/i/of-nobody/"):
        headers = client.get(path).headers
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cache-Control"] == "no-store"
        assert "noindex" in headers["X-Robots-Tag"]


def test_the_first_opening_is_kept_and_a_look_ahead_is_none(client: FlaskClient, invited: InvitedRound) -> None:
    token = invited.invite_new()
    client.head(f"/i/{token}/")
    client.get(f"/i/{token}/", headers={"Sec-Purpose": "prefetch"})
    assert invited.find(token).opened_at is None
    client.get(f"/i/{token}/")
    first = invited.find(token).opened_at
    assert first is not None
    client.get(f"/i/{token}/")
    assert invited.find(token).opened_at == first


# one return


def test_from_the_link_to_the_receipt_and_back(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    token = invited.invite_new()
    visit = agree(enter(token))
    assert visit.path == f"/r/{token}/p/sec_profile"
    answer_until(visit, "").press()
    assert visit.path == f"/r/{token}/receipt"
    with invited.database.read() as connection:
        row = connection.execute(select(response)).one()
    assert (row.company_id, row.receipt) == (invited.companies[0], visit.receipt)
    again = enter(token)
    assert again.path == f"/r/{token}/receipt"
    again.open(f"/r/{token}/p/sec_profile").fill({"company_size": "e1000p"}).press()
    assert "not submitted" in again.open(f"/r/{token}/check").text
    again.press()
    assert again.path == f"/r/{token}/receipt"
    again.open(f"/r/{token}/withdraw").press()
    assert again.status == 410
    assert "This return was withdrawn" in again.text


def test_colleagues_go_on_in_the_same_return_by_links_of_their_own(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    first = invited.invite_new()
    second = invited.issue(invited.companies[0], channel="letter")
    begun = agree(enter(first))
    begun.fill({"company_type": "pharma", "company_size": "e50_299"}).leave()
    assert "Colleagues who were invited too" in begun.text
    colleague = enter(second)
    assert colleague.path == f"/r/{second}/p/sec_profile"
    assert 'value="e50_299" checked' in colleague.html
    assert first not in colleague.html
    assert count(invited.database, draft) == 1


def test_two_who_begin_at_once_come_to_the_same_return(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    first = invited.invite_new()
    second = invited.issue(invited.companies[0])
    mine, theirs = enter(first), enter(second)
    agree(mine).fill({"company_type": "pharma"}).leave()
    agree(theirs)
    assert theirs.path == f"/r/{second}/p/sec_profile"
    assert 'value="pharma" checked' in theirs.html
    assert count(invited.database, draft) == 1


def test_the_other_address_of_a_link_that_began_nothing_leads_to_its_start(
    client: FlaskClient, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    for path in (f"/r/{token}/", f"/r/{token}/check", f"/r/{token}/withdraw"):
        assert client.get(path).location == f"/i/{token}/"
    assert client.get(f"/part/{token}/").status_code == 404


def test_the_form_of_another_invitation_is_not_taken(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    mine, theirs = enter(invited.invite_new()), enter(invited.invite_new(Text("둘째", "Second", "二番目")))
    ticket = dict(theirs.values)["ticket"]
    mine.fill({"ticket": ticket, "consent_participate": "agree"}).press()
    assert mine.status == 400
    assert 'value="agree" checked' in mine.html
    assert count(invited.database, draft) == 0


def test_faults_and_a_change_of_language_keep_what_was_chosen(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    visit = enter(invited.invite_new()).press()
    assert visit.status == 422
    visit.fill({"consent_participate": "agree"}).switch_language("ja")
    assert 'value="agree" checked' in visit.html
    assert HANBIT.ja in visit.text


def test_the_script_is_given_the_questions_alone(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    token = invited.invite_new()
    reply = enter(token).client.post(f"/i/{token}/fragment", data={"consent_participate": "agree"})
    assert "attribution_level" in reply.text
    assert "<html" not in reply.text


# refusing


def test_a_refusal_is_counted_once_for_the_company_and_can_be_taken_back(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    first = invited.invite_new()
    second = invited.issue(invited.companies[0])
    for token in (first, second):
        visit = refuse(enter(token))
        assert visit.path == f"/i/{token}/declined"
    assert count(invited.database, refusal) == 1
    back = enter(first)
    assert "does not take part" in back.text
    agree(back)
    assert back.path == f"/r/{first}/p/sec_profile"
    assert count(invited.database, refusal) == 0


def test_refusing_in_mid_return_erases_it_and_the_link_leads_back(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    token = invited.invite_new()
    visit = agree(enter(token))
    visit.open(f"/r/{token}/p/sec_consent")
    refuse(visit)
    assert visit.path == f"/i/{token}/declined"
    assert invited.find(token).refused_at is not None
    assert agree(enter(token)).path == f"/r/{token}/p/sec_profile"


def test_a_refusal_does_not_erase_what_a_colleague_began(
    enter: Callable[[str], Visit], invited: InvitedRound, vault: Vault
) -> None:
    first = invited.invite_new()
    left_open = enter(invited.issue(invited.companies[0]))
    agree(enter(first))
    refuse(left_open)
    assert left_open.path.endswith("/withdraw")
    assert "Somebody in your company has begun to answer" in left_open.text
    with invited.database.read() as connection:
        assert find_draft(connection, vault, SURVEY, first).state == "open"
    assert count(invited.database, refusal) == 0


# what a link says that opens nothing, or nothing any more


def test_a_withdrawn_return_is_told_and_begun_anew_on_purpose(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    token = invited.invite_new()
    left_open = enter(token)
    agree(enter(token)).open(f"/r/{token}/withdraw").press()
    told = enter(token)
    assert (told.status, told.path) == (410, f"/r/{token}/")
    assert "can no longer be used" not in told.text
    agree(left_open)  # a start page from before begins nothing
    assert left_open.status == 410
    assert count(invited.database, draft) == 1
    [link] = [each.get("href") or "" for each in told.find(class_="button") if "anew" in (each.get("href") or "")]
    anew = told.open(link)
    assert "You begin a new return" in anew.text
    agree(anew)
    assert anew.path == f"/r/{token}/p/sec_profile"
    assert enter(token).path == f"/r/{token}/p/sec_profile"
    assert count(invited.database, draft) == 2


def test_after_the_round_a_withdrawn_return_is_only_told(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    token = invited.invite_new()
    agree(enter(token)).open(f"/r/{token}/withdraw").press()
    invited.move(opens_in=timedelta(days=-9), closes_in=timedelta(days=-1))
    told = enter(token)
    assert told.status == 410
    assert "anew" not in told.html
    assert told.open(f"/i/{token}/?anew=1").status == 403


@pytest.mark.parametrize("whole", [True, False])
def test_a_revoked_link_says_so_wherever_it_leads(
    enter: Callable[[str], Visit], invited: InvitedRound, whole: bool
) -> None:
    token = invited.invite_new()
    visit = agree(enter(token)).fill({"company_type": "pharma"})
    own = invited.find(token)
    if whole:
        invited.revoke(own)
    else:
        invited.revoke_links(token)
    visit.press()
    assert visit.status == 410
    assert "What you just typed was not saved" in visit.text
    for path in (f"/i/{token}/", f"/r/{token}/", f"/r/{token}/withdraw"):
        visit.open(path)
        assert visit.status == 410
        assert "The survey office revoked it on" in visit.text
        assert "is kept" in visit.text
        assert OPERATOR_TEXTS["privacy_contact"].en in visit.text
    sent = visit.client.post(f"/r/{token}/save/sec_profile", data={"company_type": "bio"})
    assert sent.status_code == 403
    if not whole:
        assert enter(invited.issue(invited.companies[0])).path.endswith("/p/sec_profile")


def test_before_and_after_the_round_the_link_says_when(enter: Callable[[str], Visit], invited: InvitedRound) -> None:
    token = invited.invite_new()
    left_open = enter(token)
    invited.move(opens_in=timedelta(days=2), closes_in=timedelta(days=9))
    visit = enter(token)
    assert visit.status == 403
    assert "not open yet" in visit.text and "the same link then" in visit.text
    invited.move(opens_in=timedelta(days=-9), closes_in=timedelta(days=-2))
    visit = enter(token)
    assert visit.status == 403
    assert "Nothing was answered through this link" in visit.text
    assert left_open.fill({"consent_participate": "agree"}).press().status == 403
    assert count(invited.database, draft) == 0


def test_a_closed_round_lets_what_was_submitted_be_read_and_withdrawn(
    enter: Callable[[str], Visit], invited: InvitedRound
) -> None:
    token = invited.invite_new()
    answer_until(agree(enter(token)), "").press()
    invited.move(opens_in=timedelta(days=-9), closes_in=timedelta(days=-2))
    visit = enter(token)
    assert visit.path == f"/r/{token}/receipt"
    visit.open(f"/r/{token}/withdraw").press()
    assert visit.status == 410


# unknown links


@pytest.mark.parametrize(
    "path", ["/i/{}/", "/i/{}/declined", "/r/{}/", "/r/{}/check", "/part/{}/", "/part/{}/p/ft_case"]
)
def test_an_unknown_link_gets_one_page_in_three_languages(
    client: FlaskClient, invited: InvitedRound, path: str
) -> None:
    pages = set()
    for token in ("x", "a" * 32, "%ED%95%9C" * 200):
        reply = client.get(path.format(token) + "?lang=ko")
        assert reply.status_code == 404
        words = re.sub(r"<code class=\"request-number\">[^<]*|nonce=\"[^\"]*|href=\"/(i|r|part)/[^\"]*", "", reply.text)
        pages.add(words)
    assert len(pages) == 1
    for words in ("이 링크", "This link does not lead to a return", "このリンク"):
        assert words in reply.text


@pytest.mark.parametrize("path", ["/i/{}/", "/r/{}/"])
def test_an_unknown_link_costs_the_same_whatever_it_is(
    client: FlaskClient, invited: InvitedRound, count_queries: Callable[[], Any], path: str
) -> None:
    invited.invite_new()
    costs = set()
    for token in ("x", "a" * 32, "%ED%95%9C" * 200, "' OR 1=1"):
        with count_queries() as statements:
            client.get(path.format(token))
        costs.add(statements.count)
    assert len(costs) == 1
    assert costs.pop() <= 4


def test_unknown_links_are_limited_and_genuine_ones_are_not(
    settings: Settings, invited: InvitedRound, database: Database
) -> None:
    app = create_app(replace(settings, rate_limit_link="3 per minute", trusted_proxies=1))
    client = app.test_client()

    def get(path: str, address: str = "10.0.0.1") -> Any:
        return client.get(f"{path}?lang=en", headers={"X-Forwarded-For": address})

    guesses = ["/i/one/", "/r/two/", "/part/three/", "/i/four/", "/r/five/"]
    replies = [get(path) for path in guesses]
    assert [reply.status_code for reply in replies] == [404, 404, 404, 429, 429]
    assert "Too many attempts" in replies[-1].text
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 60
    assert get(f"/i/{invited.invite_new()}/").status_code == 200  # behind the same address
    assert get("/i/six/", "10.0.0.2").status_code == 404
    app.extensions["surveyapp"].database.close()


def test_starting_through_links_is_limited_as_any_start_is(
    settings: Settings, invited: InvitedRound, database: Database
) -> None:
    app = create_app(replace(settings, rate_limit_start="2 per minute"))
    visit = Visit(app.test_client()).open(f"/i/{invited.invite_new()}/")
    assert [visit.press().status for _ in range(2)] == [422, 422]
    assert visit.client.post(visit.action, data=dict(visit.values)).status_code == 429
    app.extensions["surveyapp"].database.close()


# replacing


@pytest.mark.parametrize("scope", ["all", "this"])
def test_the_company_replaces_its_links(enter: Callable[[str], Visit], invited: InvitedRound, scope: str) -> None:
    first = invited.invite_new()
    second = invited.issue(invited.companies[0])
    visit = agree(enter(first)).open(f"/r/{first}/replace")
    assert "1 other personal link" in visit.text
    if scope == "this":
        visit.fill({"scope": "this"})
    before = (visit.action, list(visit.values))
    visit.press()
    new = visit.token
    assert visit.path == f"/r/{new}/replaced"
    assert ("only this link" in visit.text) is (scope == "all")
    for _ in range(2):
        assert visit.open(f"/r/{first}/").status == 410
        assert "replaced" in visit.text
        visit.action, visit.values = before
        visit.press()  # pressed twice
        assert visit.path == f"/r/{new}/replaced"
    colleague = enter(second)
    assert colleague.status == (410 if scope == "all" else 200)
    assert enter(new).path == f"/r/{new}/p/sec_profile"
    with invited.database.read() as connection:
        channels = connection.scalars(select(invitation_token.c.channel)).all()
    assert sorted(channels) == ["mail", "mail", "replaced"]
