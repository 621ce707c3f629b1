"""The desk's side of invitations: who is invited, links that leave, links that open nothing any more."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import document_fromstring
from pypdf import PdfReader
from sqlalchemy import select, update

from surveyapp.fieldwork.directory.contacts import ContactFields
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import audit_event, invitation, invitation_token, round_table
from tests.respondent_visits import Visit
from tests.web.invited_round import HANBIT, InvitedRound, make_invited_round

PATH = "/desk/rounds/survey-2026/invitations"
SECOND = Text("누리의료기기", "Nuri Devices", "ヌリ医療機器")
REASON = "받는 사람이 바뀌어 링크를 폐기합니다."
LINK = re.compile(r"https?://[^/]+/i/([\w-]{32})/")


@pytest.fixture
def invited(database: Database, vault: Vault, questionnaire: Questionnaire) -> InvitedRound:
    return make_invited_round(database, vault, questionnaire)


@pytest.fixture
def manager(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    return sign_in("manager")


def post(client: FlaskClient, path: str, **fields: Any) -> Any:
    """A form of the page, as it is sent."""
    page = client.get(f"{path.rsplit('/', 1)[0] if path.endswith(('.pdf', '.csv')) else path}?lang=en").text
    [token, *_] = re.findall(r'name="csrf_token" value="([^"]+)"', page)
    return client.post(f"{path}?lang=en", data={"csrf_token": token, **fields})


def count(database: Database, table: Any) -> int:
    with database.read() as connection:
        return len(connection.execute(select(table)).all())


def read_csv(content: bytes) -> list[dict[str, str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


# inviting


def test_an_empty_round_says_what_inviting_is_and_offers_it(manager: FlaskClient, invited: InvitedRound) -> None:
    page = manager.get(f"{PATH}?lang=en")
    assert "Nobody is invited to this round yet" in page.text
    assert f'href="{PATH}/choose"' in page.text


def test_companies_are_chosen_by_what_is_known_of_them_and_invited_once(
    manager: FlaskClient, invited: InvitedRound
) -> None:
    first = invited.add(size="e50_299", main_business="pharma")
    second = invited.add(SECOND, size="e1_49", main_business="device", membership="none")
    page = manager.get(f"{PATH}/choose?size=e1_49&membership=none&lang=en")
    assert "Nuri Devices" in page.text and "Hanbit" not in page.text
    assert "Invite the 1 company of this list" in page.text
    assert "Nuri" in manager.get(f"{PATH}/choose?q=ㄴㄹㅇㄹ&lang=en").text
    done = post(manager, f"{PATH}/choose", scope="ticked", company=[str(first)])
    assert done.location == f"{PATH}?invited=1"
    assert "1 company was invited. Nothing was sent." in manager.get(f"{done.location}&lang=en").text
    assert "Hanbit" not in manager.get(f"{PATH}/choose?lang=en").text
    assert post(manager, f"{PATH}/choose", scope="all").location == f"{PATH}?invited=1"
    assert {invited.find_of(each).company_id for each in (first, second)} == {first, second}
    assert "no company that could be invited" in manager.get(f"{PATH}/choose?lang=en").text


def test_nothing_ticked_is_told_and_the_filters_stay(manager: FlaskClient, invited: InvitedRound) -> None:
    invited.add(size="e50_299")
    reply = post(manager, f"{PATH}/choose", scope="ticked", size="e50_299")
    assert reply.status_code == 422
    assert 'value="e50_299" selected' in reply.text
    assert "Tick at least one company" in reply.text
    assert count(invited.database, invitation) == 0


def test_all_of_the_list_means_those_that_the_filters_find(manager: FlaskClient, invited: InvitedRound) -> None:
    invited.add(size="e50_299")
    small = invited.add(SECOND, size="e1_49")
    post(manager, f"{PATH}/choose", scope="all", size="e1_49")
    assert invited.find_of(small).company_id == small
    assert count(invited.database, invitation) == 1


@pytest.mark.parametrize("query", ["size=huge", "business=bank", "membership=lord", "page=0x", "page=", "state=lost"])
def test_a_filter_that_means_nothing_is_refused(manager: FlaskClient, invited: InvitedRound, query: str) -> None:
    assert manager.get(f"{PATH}?{query}").status_code == 400


def test_a_long_list_has_pages(manager: FlaskClient, invited: InvitedRound) -> None:
    companies = [invited.add(Text(f"기업 {number:03}", f"Company {number:03}", "")) for number in range(105)]
    invited.invite(*companies)
    first = manager.get(f"{PATH}?lang=en").text
    assert "1 to 100 of 105" in first
    assert "Company 104" not in first
    last = manager.get(f"{PATH}?page=2&lang=en").text
    assert "101 to 105 of 105" in last and "Company 104" in last
    assert "101 to 105 of 105" in manager.get(f"{PATH}?page=99&lang=en").text


def test_after_the_round_nobody_is_invited_and_no_link_made(manager: FlaskClient, invited: InvitedRound) -> None:
    company_id = invited.add()
    token = invited.invite_new(SECOND)
    invited.move(opens_in=timedelta(days=-9), closes_in=timedelta(days=-1))
    page = manager.get(f"{PATH}?lang=en")
    assert "Nobody can be invited" in page.text
    assert "Print letters" not in page.text
    assert post(manager, PATH, scope="all").status_code == 405
    key = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    reply = manager.post(f"{PATH}/choose", data={"csrf_token": key, "scope": "ticked", "company": str(company_id)})
    assert reply.status_code == 409
    own = invited.find(token).invitation_id
    assert manager.post(f"{PATH}/{own}/link", data={"csrf_token": key}).status_code == 403
    assert count(invited.database, invitation_token) == 1


# the list


def test_the_list_counts_states_and_narrows_to_one(app: Flask, manager: FlaskClient, invited: InvitedRound) -> None:
    opened, refused = invited.invite_new(), invited.invite_new(SECOND)
    Visit(app.test_client()).open(f"/i/{opened}/")
    Visit(app.test_client()).open(f"/i/{refused}/").fill({"consent_participate": "disagree"}).press()
    words = str(document_fromstring(manager.get(f"{PATH}?lang=en").text).xpath("string()"))
    assert re.search(r"Refused\s*1", words) and re.search(r"Link opened\s*1", words)
    narrowed = manager.get(f"{PATH}?state=refused&lang=en").text
    assert "Nuri" in narrowed and "Hanbit" not in narrowed


def test_a_contact_s_address_finds_the_company_and_stands_nowhere(manager: FlaskClient, invited: InvitedRound) -> None:
    contact = ContactFields(name="김하나", email="hana@example.com", language="ja")
    invited.invite(invited.add(contact=contact), invited.add(SECOND))
    page = manager.get(f"{PATH}?q=Hana@Example.com&lang=en").text
    assert "Hanbit" in page and "Nuri" not in page
    for path in (PATH, f"{PATH}/choose"):
        page = manager.get(path).text
        assert "hana@example.com" not in page and "김하나" not in page


def test_a_round_in_preparation_invites_but_lets_no_link_leave(
    client: FlaskClient, manager: FlaskClient, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    with invited.database.write() as connection:
        connection.execute(update(round_table).values(scheduled_at=None))
    page = manager.get(f"{PATH}?lang=en").text
    assert "in preparation" in page and "Print letters" not in page and "Invite companies" in page
    key = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    own = find_one(invited, token)
    assert "on the telephone" not in manager.get(f"{own}?lang=en").text
    assert manager.post(f"{own}/link", data={"csrf_token": key}).status_code == 409
    assert manager.post(f"{PATH}/links.csv", data={"csrf_token": key, "scope": "all"}).status_code == 409
    assert manager.post(f"{PATH}/letters.pdf", data={"csrf_token": key, "scope": "all"}).status_code == 409
    assert count(invited.database, invitation_token) == 1
    unknown = client.get(f"/i/{token}/?lang=en")  # as if there were no such round
    assert unknown.status_code == 404
    assert "This link does not lead to a return" in unknown.text
    assert post(manager, f"{PATH}/choose", scope="all").status_code == 303


# links that leave


def test_the_file_of_links_opens_the_start_pages_and_is_safe_to_open(
    client: FlaskClient, manager: FlaskClient, invited: InvitedRound
) -> None:
    formula = invited.add(
        Text("=1+1", "@cmd", '여러 줄,"인용"'), contact=ContactFields(name="=A1", email="a@example.com")
    )
    plain = invited.add(SECOND)
    invited.invite(formula, plain)
    reply = post(manager, f"{PATH}/links.csv", scope="all")
    assert reply.mimetype == "text/csv"
    assert "links" in reply.headers["Content-Disposition"] or "export" in reply.headers["Content-Disposition"]
    rows = read_csv(reply.data)
    assert [row["company_id"] for row in rows] == [str(formula), str(plain)]
    assert (rows[0]["name_ko"], rows[0]["name_en"], rows[0]["person"]) == ("'=1+1", "'@cmd", "'=A1")
    for row in rows:
        [token] = LINK.findall(row["Personal link"])
        assert client.get(f"/i/{token}/").status_code == 200
    again = read_csv(post(manager, f"{PATH}/links.csv", scope="all").data)
    assert {row["Personal link"] for row in again}.isdisjoint({row["Personal link"] for row in rows})
    assert count(invited.database, invitation_token) == 4
    with invited.database.read() as connection:
        events = list_audit(connection, action="invitation.links_exported")
        everything = repr(connection.execute(select(audit_event)).all())
    assert [(event.actor, event.details["links"]) for event in events] == [("manager@example.com", 2)] * 2
    assert not any(LINK.findall(row["Personal link"])[0] in everything for row in rows)


def test_whoever_answered_refused_or_was_taken_back_gets_no_further_link(
    app: Flask, manager: FlaskClient, invited: InvitedRound
) -> None:
    refused, revoked = invited.invite_new(), invited.invite_new(SECOND)
    Visit(app.test_client()).open(f"/i/{refused}/").fill({"consent_participate": "disagree"}).press()
    invited.revoke(invited.find(revoked))
    left = invited.add(Text("셋째", "Third", ""))
    invited.invite(left)
    rows = read_csv(post(manager, f"{PATH}/links.csv", scope="all").data)
    assert [row["company_id"] for row in rows] == [str(left)]
    own = invited.find(refused).invitation_id
    reply = post(manager, f"{PATH}/links.csv", scope="ticked", invitation=[own])
    assert reply.status_code == 422
    assert "can still answer" in reply.text


@pytest.mark.parametrize("file", ["letters.pdf", "links.csv"])
def test_for_nobody_nothing_is_made(manager: FlaskClient, invited: InvitedRound, file: str) -> None:
    invited.invite_new()
    reply = post(manager, f"{PATH}/{file}", scope="ticked")
    assert reply.status_code == 422
    assert 'href="#scope"' in reply.text
    assert count(invited.database, invitation_token) == 1


def test_too_many_letters_are_told_before_any_is_made(manager: FlaskClient, invited: InvitedRound) -> None:
    invited.invite(*[invited.add(Text(f"기업 {number}", "", "")) for number in range(51)])
    reply = post(manager, f"{PATH}/letters.pdf", scope="all")
    assert reply.status_code == 422
    assert "At most 50 letters" in reply.text
    assert count(invited.database, invitation_token) == 0


def test_letters_are_in_the_language_of_each_company_with_a_link_that_opens(
    client: FlaskClient, manager: FlaskClient, invited: InvitedRound
) -> None:
    japanese = ContactFields(name="佐藤", email="sato@example.com", department="薬事部", language="ja")
    invited.invite(invited.add(contact=japanese), invited.add(SECOND))
    reply = post(manager, f"{PATH}/letters.pdf", scope="all")
    assert reply.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(reply.data))
    pages = [page.extract_text() for page in reader.pages]
    assert len(pages) == 2
    by_company = {name: text for text in pages for name in (HANBIT.ja, SECOND.ko) if name in text}
    assert "佐藤 様" in by_company[HANBIT.ja] and "薬事部" in by_company[HANBIT.ja]
    assert "누리의료기기" in by_company[SECOND.ko] and "귀사" in by_company[SECOND.ko]
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    for text in pages:
        [token] = LINK.findall("".join(text.split()))
        opened = client.get(f"/i/{token}/")
        assert opened.status_code == 200
    assert count(invited.database, invitation_token) == 2
    with invited.database.read() as connection:
        assert list_audit(connection, action="invitation.letters_printed")[0].details["links"] == 2
        contacts = connection.scalars(select(invitation_token.c.contact_id)).all()
    assert sorted(contact is None for contact in contacts) == [False, True]


def test_letters_can_be_had_in_one_language(manager: FlaskClient, invited: InvitedRound) -> None:
    invited.invite(invited.add())
    reply = post(manager, f"{PATH}/letters.pdf", scope="all", letter_language="en")
    text = PdfReader(io.BytesIO(reply.data)).pages[0].extract_text()
    assert "Hanbit Biopharm" in text and "invites your company" in text


# one company


def find_one(invited: InvitedRound, token: str) -> str:
    return f"{PATH}/{invited.find(token).invitation_id}"


def test_a_fresh_link_is_shown_once_and_audited(
    client: FlaskClient, manager: FlaskClient, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    one = find_one(invited, token)
    page = manager.get(f"{one}?lang=en")
    key = re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0]
    shown = manager.post(f"{one}/link?lang=en", data={"csrf_token": key})
    [made] = LINK.findall(shown.text)
    assert " ".join(made[start : start + 4] for start in range(0, 32, 4)) in shown.text
    assert client.get(f"/i/{made}/").status_code == 200
    again = manager.get(f"{one}?lang=en").text
    assert made not in again and made[:8] not in again
    assert "Shown to staff" in again
    with invited.database.read() as connection:
        [event] = list_audit(connection, action="invitation.link_shown")
    assert (event.actor, event.details) == ("manager@example.com", {"company": invited.companies[0]})


@pytest.mark.parametrize("which", ["one", "links", "invitation"])
def test_links_are_revoked_for_a_reason(
    client: FlaskClient, manager: FlaskClient, invited: InvitedRound, which: str
) -> None:
    first = invited.invite_new()
    second = invited.issue(invited.companies[0], channel="letter")
    one = find_one(invited, first)
    page = manager.get(f"{one}?lang=en").text
    key = re.findall(r'name="csrf_token" value="([^"]+)"', page)[0]
    links = re.findall(r'name="which" value="([0-9a-f]{64})"', page)
    assert len(links) == 2
    value = links[0] if which == "one" else which
    bad = manager.post(f"{one}/revoke?lang=en", data={"csrf_token": key, "reason": "short"})
    assert bad.status_code == 422
    assert 'href="#which"' in bad.text and 'href="#reason"' in bad.text and ">short</textarea>" in bad.text
    done = manager.post(f"{one}/revoke", data={"csrf_token": key, "which": value, "reason": REASON})
    assert done.status_code == 303
    assert "open nothing any more" in manager.get(f"{done.location}&lang=en").text or which != "invitation"
    statuses = sorted(client.get(f"/i/{token}/").status_code for token in (first, second))
    assert statuses == ([200, 410] if which == "one" else [410, 410])
    with invited.database.read() as connection:
        [event] = list_audit(connection, limit=1)
    assert event.details["reason"] == REASON
    if which == "invitation":
        reply = manager.post(f"{one}/link?lang=en", data={"csrf_token": key})
        assert reply.status_code == 409
        assert manager.post(f"{one}/reinstate", data={"csrf_token": key}).status_code == 303
        assert manager.post(f"{one}/link", data={"csrf_token": key}).status_code == 200


def test_an_invitation_that_does_not_exist_is_not_found(manager: FlaskClient, invited: InvitedRound) -> None:
    assert manager.get(f"{PATH}/nobody").status_code == 404


def test_a_stale_form_comes_back_with_what_was_typed(manager: FlaskClient, invited: InvitedRound) -> None:
    one = find_one(invited, invited.invite_new())
    reply = manager.post(f"{one}/revoke?lang=en", data={"csrf_token": "stale", "which": "links", "reason": REASON})
    assert reply.status_code == 400
    assert REASON in reply.text and 'value="links" checked' not in reply.text
    reply = manager.post(f"{PATH}/links.csv?lang=en", data={"csrf_token": "stale", "scope": "all"})
    assert reply.status_code == 400
    assert 'value="all" checked' in reply.text
    assert manager.post(f"{PATH}/choose?lang=en", data={"csrf_token": "stale", "scope": "all"}).status_code == 400


@pytest.mark.parametrize("role", ["viewer", "analyst"])
def test_who_answered_is_for_managers_alone(
    sign_in: Callable[[str], FlaskClient], invited: InvitedRound, role: str
) -> None:
    assert sign_in(role).get(PATH).status_code == 403
    assert PATH not in sign_in(role).get("/desk/").text
