"""One return, several people: parts handed on by link, who is where, and what links say once they open nothing more."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from surveyapp.fieldwork.answering import find_draft
from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import audit_event, metadata, return_visit
from surveyapp.web.access import LINK_HOLDER, PART_HOLDER, find_rule
from tests.respondent_visits import Visit, answer_until, make_round

pytestmark = pytest.mark.usefixtures("round_")
LABEL = "카나리아-품질부서"
SURVEY = "japan_export_readiness"


@pytest.fixture
def round_(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


@pytest.fixture
def holder(client: FlaskClient) -> Visit:
    """On the first page after consent, in English."""
    visit = Visit(client).open("/s/survey-2026/?lang=en")
    return visit.fill({"consent_participate": "agree"}).press().fill({"attribution_level": "anonymous"}).press()


@pytest.fixture
def hand(app: Flask, holder: Visit) -> Callable[..., Visit]:
    """`hand("sec_challenges")` hands a part on and is the colleague, with a browser of their own."""

    def make(*sections: str, label: str = LABEL) -> Visit:
        page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
        page.action, page.values = read_form(page, "section")
        page.fill({"section": sections, "label": label}).press()
        assert page.status == 200, page.text
        return Visit(app.test_client()).open(read_made_link(page) + "?lang=en")

    return make


def read_form(visit: Visit, field_name: str) -> tuple[str, list[tuple[str, str]]]:
    """The form of a page that has a field of this name."""
    for form in visit.root.iter("form"):
        inputs = [element for element in form.iter("input") if element.get("name")]
        if any(element.get("name") == field_name for element in inputs):
            hidden = [element for element in inputs if element.get("type") == "hidden"]
            return form.get("action"), [(element.get("name"), element.get("value") or "") for element in hidden]
    raise AssertionError(f"no form with {field_name}")


def read_made_link(visit: Visit) -> str:
    [area] = visit.find(id="made-link")
    return re.sub(r"^https?://[^/]+", "", "".join(area.itertext()).strip())


def read_answers(database: Database, vault: Vault, token: str) -> dict[str, Stored]:
    with database.read() as connection:
        return dict(find_draft(connection, vault, SURVEY, token).answers)


def end_first(visit: Visit) -> Visit:
    page = Visit(visit.client).open(f"/r/{visit.token}/colleagues")
    page.action, page.values = read_form(page, "link")
    return page.press()


def close_round(database: Database, round_: Round) -> None:
    with database.write() as connection:
        now = datetime.now(UTC)
        change_dates(
            connection,
            round_,
            opens_at=now - timedelta(days=2),
            closes_at=now - timedelta(hours=1),
            actor="command",
            now=now,
        )


# the story


def test_a_part_is_handed_on_answered_and_submitted_by_its_holder(
    holder: Visit, hand: Callable[..., Visit], database: Database, vault: Vault
) -> None:
    answer_until(holder, "grp_areas")
    holder.press("leave", "colleagues")  # the page that was open is saved first
    assert holder.path == f"/r/{holder.token}/colleagues"
    colleague = hand("sec_challenges")
    assert colleague.status == 200
    assert "You were asked to answer a part" in colleague.text
    assert "minutes left" in colleague.text
    colleague.open(colleague.find(class_="button-primary")[0].get("href") or "")
    assert colleague.path.endswith("/p/grp_areas")
    colleague.fill({"ch_areas": ["reg"]}).press()
    assert colleague.path.endswith("/p/blk_reg")
    colleague.fill({"ch_reg_leaf": ["reg-consult"], "ch_reg_sev": "3", "ch_reg_status": "partly"}).press()
    while "/p/" in colleague.path:
        colleague.press()
    assert colleague.path == f"/part/{colleague.token}/"
    assert "Your part is complete" in colleague.text
    assert "nothing to submit" in colleague.text
    assert read_answers(database, vault, holder.token)["ch_areas"] == ["reg"]

    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    assert LABEL in page.text
    assert "Nothing that is needed is missing." in page.text
    assert "Last seen on the page" in page.text
    answer_until(holder, "").press()
    assert holder.receipt

    colleague.open(f"/part/{colleague.token}/p/blk_reg")
    assert "Your company has submitted this return already" in colleague.text
    colleague.fill({"ch_reg_sev": "5"}).press()
    assert "You have changes that are not submitted" in Visit(holder.client).open(f"/r/{holder.token}/check").text


def test_a_page_of_a_part_is_open_before_earlier_pages_are_complete(hand: Callable[..., Visit]) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case")
    assert colleague.path.endswith("/p/ft_case")
    assert "ft_case" in [name.partition("@")[0] for name in colleague.list_shown()]
    colleague.fill({"ft_case": "말"}).press()
    assert colleague.path == f"/part/{colleague.token}/"


def test_a_part_of_which_nothing_is_asked_yet_says_so(holder: Visit, hand: Callable[..., Visit]) -> None:
    colleague = hand("blk_gmp")
    assert "Nothing is asked in your part at the moment" in colleague.text
    assert colleague.open(f"/part/{colleague.token}/p/blk_gmp").path == f"/part/{colleague.token}/"
    assert "Nothing is asked in this part" in Visit(holder.client).open(f"/r/{holder.token}/colleagues").text


def test_two_people_at_one_question_are_asked_which_answer_holds(
    holder: Visit, hand: Callable[..., Visit], database: Database, vault: Vault
) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case")
    answer_until(holder, "ft_case").fill({"ft_case": "from the holder"}).press()
    colleague.fill({"ft_case": "from the colleague", "ft_best_practice": "a practice"}).press()
    assert colleague.status == 409
    assert "from the holder" in colleague.html
    assert "from the colleague" in colleague.html
    answers = read_answers(database, vault, holder.token)
    assert (answers["ft_case"], answers["ft_best_practice"]) == ("from the holder", "a practice")
    [mine] = [each for each in colleague.find(name="settle:ft_case") if (each.get("value") or "").startswith("mine@")]
    colleague.fill({"settle:ft_case": mine.get("value") or ""}).press()
    assert read_answers(database, vault, holder.token)["ft_case"] == "from the colleague"


def test_each_sees_that_the_other_is_at_the_page(holder: Visit, hand: Callable[..., Visit], database: Database) -> None:
    colleague = hand("sec_profile")
    holder.open(f"/r/{holder.token}/p/sec_profile")
    assert not holder.find(class_="company")
    colleague.open(f"/part/{colleague.token}/p/sec_profile")
    assert "A colleague opened this page" in colleague.text
    assert LABEL not in colleague.html
    assert f"{LABEL} opened this page" in holder.open(holder.url).text
    with database.write() as connection:
        connection.execute(update(return_visit).values(seen_at=datetime.now(UTC) - timedelta(minutes=3)))
    assert not holder.open(holder.url).find(class_="company")


def test_a_return_that_nobody_shares_keeps_no_visits(holder: Visit, database: Database) -> None:
    holder.open(f"/r/{holder.token}/p/sec_profile").press("leave", "link")
    with database.read() as connection:
        assert connection.execute(select(return_visit)).all() == []


def test_minutes_left_are_those_of_the_part(holder: Visit, hand: Callable[..., Visit]) -> None:
    def count(visit: Visit) -> int:
        found = re.search(r"About (\d+) minutes? left", visit.text)
        assert found
        return int(found[1])

    colleague = hand("sec_profile")
    colleague.open(f"/part/{colleague.token}/p/sec_profile")
    assert 0 < count(colleague) < count(holder.open(f"/r/{holder.token}/p/sec_profile"))


def test_the_script_saves_on_pages_of_a_part(
    holder: Visit, hand: Callable[..., Visit], database: Database, vault: Vault
) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case")
    [form] = colleague.find(id="answer-form")
    save_url = form.get("data-save") or ""
    assert save_url.startswith(f"/part/{colleague.token}/save/ft_case")
    colleague.fill({"ft_case": "typed"})
    reply = colleague.client.post(save_url, data=dict(colleague.values))
    assert (reply.status_code, 'data-save-state="saved"' in reply.text) == (200, True)
    assert read_answers(database, vault, holder.token)["ft_case"] == "typed"
    end_first(holder)
    reply = colleague.client.post(save_url, data=dict(colleague.values))
    assert (reply.status_code, 'data-save-state="closed"' in reply.text) == (403, True)
    assert "data-questions" not in reply.text  # so that what is typed stays on the screen


def test_the_language_of_a_colleague_is_not_that_of_the_return(
    holder: Visit, hand: Callable[..., Visit], database: Database, vault: Vault
) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case?lang=ja").fill({"ft_case": "言葉"}).switch_language("ko")
    assert colleague.language == "ko"
    colleague.press()
    with database.read() as connection:
        assert find_draft(connection, vault, SURVEY, holder.token).language == "en"


# the form


def test_a_part_without_section_or_name_comes_back_with_what_was_typed(holder: Visit) -> None:
    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    page.action, page.values = read_form(page, "section")
    page.fill({"label": LABEL}).press()
    assert (page.status, page.list_faults()) == (422, ["Tick at least one part."])
    assert page.find(id="part-label")[0].get("value") == LABEL
    page.action, page.values = read_form(page, "section")
    page.fill({"section": ["sec_voice", "blk_gmp"], "label": " "}).press()
    assert (page.status, len(page.list_faults())) == (422, 1)
    assert [box.get("value") for box in page.find(name="section") if box.get("checked") is not None] == [
        "blk_gmp",
        "sec_voice",
    ]


def test_sent_twice_it_is_one_link(holder: Visit) -> None:
    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    page.action, page.values = read_form(page, "section")
    page.fill({"section": ["sec_voice"], "label": LABEL})
    action, values = page.action, list(page.values)
    first = read_made_link(page.press())
    page.action, page.values = action, values
    assert read_made_link(page.press()) == first
    assert len(page.find(class_="part-line")) == 1


def test_a_link_is_shown_once(holder: Visit, hand: Callable[..., Visit]) -> None:
    colleague = hand("sec_voice")
    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    assert colleague.token not in page.html
    assert not page.find(id="made-link")


@pytest.mark.parametrize("field", ["csrf_token", "ticket"])
def test_a_forged_form_makes_nothing(holder: Visit, field: str) -> None:
    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    page.action, page.values = read_form(page, "section")
    page.fill({"section": ["sec_voice"], "label": LABEL, field: "forged"}).press()
    assert page.status == 400
    assert page.find(id="part-label")[0].get("value") == LABEL
    assert not page.find(class_="part-line")


def test_a_forged_end_ends_nothing(holder: Visit, hand: Callable[..., Visit]) -> None:
    colleague = hand("sec_voice")
    page = Visit(holder.client).open(f"/r/{holder.token}/colleagues")
    page.action, page.values = read_form(page, "link")
    assert page.fill({"csrf_token": "forged"}).press().status == 400
    assert colleague.open(f"/part/{colleague.token}/").status == 200
    page.action, page.values = read_form(page, "link")
    assert page.fill({"link": "nobody's"}).press().status == 404


# a part opens nothing else


def test_a_part_holder_is_refused_at_every_other_address(
    app: Flask, holder: Visit, hand: Callable[..., Visit], questionnaire: Questionnaire, database: Database
) -> None:
    answer_until(holder, "")
    before = snapshot(database)
    colleague = hand("sec_challenges", "blk_gmp")
    after_handing = snapshot(database)
    covered = {page.name for page in questionnaire.pages if page.section.name == "sec_challenges"}
    adapter = app.url_map.bind("127.0.0.1")
    tried = 0
    for route in app.url_map.iter_rules():
        rule = find_rule(app, route.endpoint)
        if "token" not in route.arguments or rule not in (LINK_HOLDER, PART_HOLDER):
            continue
        names = [page.name for page in questionnaire.pages] if "page_name" in route.arguments else [""]
        for name in names:
            values: dict[str, Any] = {"token": colleague.token} | ({"page_name": name} if name else {})
            for method in sorted((route.methods or set()) & {"GET", "POST"}):
                opens = rule is PART_HOLDER and (not name or name in covered)
                if opens:
                    continue
                body = {"consent_participate": "disagree", "csrf_token": "x"}
                reply = colleague.client.open(
                    adapter.build(route.endpoint, values, method=method),
                    method=method,
                    data=body if method == "POST" else None,
                )
                assert reply.status_code == 404, (method, route.endpoint, name)
                tried += 1
    assert tried > 60
    assert before["draft"] == after_handing["draft"] == snapshot(database)["draft"]


def test_the_own_link_is_no_part_link(app: Flask, holder: Visit) -> None:
    adapter = app.url_map.bind("127.0.0.1")
    for route in app.url_map.iter_rules():
        if find_rule(app, route.endpoint) is PART_HOLDER:
            values = {"token": holder.token} | ({"page_name": "sec_profile"} if "page_name" in route.arguments else {})
            for method in sorted((route.methods or set()) & {"GET", "POST"}):
                path = adapter.build(route.endpoint, values, method=method)
                assert holder.client.open(path, method=method).status_code == 404


def test_a_view_of_another_rule_cannot_open_a_part(app: Flask, hand: Callable[..., Visit]) -> None:
    colleague = hand("sec_voice")
    setattr(app.view_functions["respondent.show_part"], "access_rule", LINK_HOLDER)  # noqa: B010 - no typed attribute
    try:
        assert colleague.client.get(f"/part/{colleague.token}/").status_code == 403
    finally:
        setattr(app.view_functions["respondent.show_part"], "access_rule", PART_HOLDER)  # noqa: B010 - as above


def test_a_part_shows_no_answer_and_no_name_of_another_part(holder: Visit, hand: Callable[..., Visit]) -> None:
    answer_until(holder, "ft_case").fill({"ft_case": "SECRET-CASE"}).press()
    hand("sec_profile", label="another department")
    colleague = hand("sec_challenges", label=LABEL)
    for page in ("", "p/grp_areas", "p/blk_reg"):
        colleague.open(f"/part/{colleague.token}/{page}")
        assert colleague.status == 200
        for secret in ("SECRET-CASE", "another department", LABEL, holder.token, "/check", "/withdraw", "/r/"):
            assert secret not in colleague.html


def snapshot(database: Database) -> dict[str, list[Any]]:
    with database.read() as connection:
        return {name: list(connection.execute(select(metadata.tables[name]))) for name in ("draft", "return_link")}


# links that open nothing any more


def test_an_ended_part_says_so_and_whom_to_ask(holder: Visit, hand: Callable[..., Visit]) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case").fill({"ft_case": "말"})
    page = end_first(holder)
    assert "The link was ended" in page.text
    assert "Ended on" in page.text
    colleague.press()
    assert colleague.status == 410
    for words in ("It was ended on", "KPBMA", "+82-2-000-0000"):
        assert words in colleague.text
    assert colleague.open(f"/part/{colleague.token}/?lang=ko").status == 410


def test_a_replaced_link_says_so_and_the_new_one_works(
    holder: Visit, hand: Callable[..., Visit], client: FlaskClient
) -> None:
    colleague = hand("sec_voice")
    old = holder.token
    page = Visit(client).open(f"/r/{old}/replace")
    [shown] = page.find(id="private-link")
    new = "".join(shown.itertext()).strip().rstrip("/").rpartition("/")[2]
    assert Visit(client).open(f"/r/{new}/").status == 404  # not before it is confirmed
    action, values = page.action, list(page.values)
    page.press()
    assert (page.status, page.path) == (200, f"/r/{new}/replaced")
    assert new in page.html
    page.action, page.values = action, values
    assert page.press().path == f"/r/{new}/replaced"  # pressed twice
    assert Visit(client).open(f"/r/{new}/p/sec_profile").status == 200
    gone = Visit(client).open(f"/r/{old}/")
    assert gone.status == 410
    for words in ("This private link was replaced", "It was replaced on", "+82-2-000-0000"):
        assert words in gone.text
    for path in ("p/sec_profile", "check", "link", "receipt", "withdraw", "colleagues", "replace"):
        assert client.get(f"/r/{old}/{path}").status_code == 410
    assert colleague.open(f"/part/{colleague.token}/").status == 200
    assert client.post(f"/r/{old}/replace", data={"ticket": "forged"}).status_code == 410


def test_replacing_can_end_the_links_to_parts(holder: Visit, hand: Callable[..., Visit], client: FlaskClient) -> None:
    colleague = hand("sec_voice")
    Visit(client).open(f"/r/{holder.token}/replace").fill({"end_parts": "yes"}).press()
    assert colleague.open(f"/part/{colleague.token}/").status == 410


def test_a_forged_replacement_replaces_nothing(holder: Visit, client: FlaskClient) -> None:
    page = Visit(client).open(f"/r/{holder.token}/replace").fill({"csrf_token": "forged"}).press()
    assert page.status == 400
    part_ticket = dict(read_form(Visit(client).open(f"/r/{holder.token}/colleagues"), "section")[1])["ticket"]
    page = Visit(client).open(f"/r/{holder.token}/replace").fill({"ticket": part_ticket}).press()
    assert page.status == 400
    assert client.get(f"/r/{holder.token}/p/sec_profile").status_code == 200


def test_after_withdrawal_every_link_says_when(holder: Visit, hand: Callable[..., Visit], client: FlaskClient) -> None:
    colleague = hand("sec_voice")
    Visit(client).open(f"/r/{holder.token}/withdraw").press()
    for path in (f"/r/{holder.token}/", f"/part/{colleague.token}/", f"/part/{colleague.token}/p/ft_case"):
        gone = Visit(client).open(f"{path}?lang=en")
        assert gone.status == 410
        for words in ("This return was withdrawn", "It was withdrawn on", "+82-2-000-0000"):
            assert words in gone.text
    assert Visit(client).open(f"/r/{holder.token}/colleagues").status == 410
    assert Visit(client).open(f"/r/{holder.token}/replace").status == 410


def test_after_the_round_a_part_says_when_it_closed(
    holder: Visit, hand: Callable[..., Visit], database: Database, round_: Round, client: FlaskClient
) -> None:
    colleague = hand("sec_voice")
    colleague.open(f"/part/{colleague.token}/p/ft_case").fill({"ft_case": "말"})
    close_round(database, round_)
    colleague.press()
    assert colleague.status == 403
    assert colleague.list_typed("ft_case") == ["말"]  # what was typed is still there
    colleague.open(f"/part/{colleague.token}/")
    assert colleague.status == 403
    for words in ("This survey round is closed", "It closed on", "+82-2-000-0000"):
        assert words in colleague.text
    own = Visit(client).open(f"/r/{holder.token}/")
    assert (own.status, "+82-2-000-0000" in own.text) == (403, True)
    assert Visit(client).open(f"/r/{holder.token}/colleagues").status == 403


@pytest.mark.parametrize("path", ["/r/nobody/", "/part/nobody/"])
def test_an_unknown_link_is_not_found_and_says_what_to_do(client: FlaskClient, path: str) -> None:
    unknown = Visit(client).open(f"{path}?lang=en")
    assert unknown.status == 404
    assert "check that the whole link was copied" in unknown.text


# what is kept


def test_tokens_and_labels_are_in_no_log_and_no_audit(
    holder: Visit, hand: Callable[..., Visit], database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        colleague = hand("sec_voice")
        colleague.open(f"/part/{colleague.token}/p/ft_case").fill({"ft_case": "말"}).press()
        end_first(holder)
        colleague.open(f"/part/{colleague.token}/")
    assert caplog.text
    with database.read() as connection:
        audited = str(connection.execute(select(audit_event)).all())
    for secret in (LABEL, colleague.token, holder.token):
        assert secret not in caplog.text
        assert secret not in audited


def test_the_label_is_in_no_export(
    holder: Visit, hand: Callable[..., Visit], sign_in: Callable[[str], FlaskClient]
) -> None:
    hand("sec_voice")
    answer_until(holder, "ft_case").fill({"ft_case": "in the file"}).press()
    answer_until(holder, "").press()
    manager = sign_in("manager")
    adapter = manager.application.url_map.bind("127.0.0.1")
    for endpoint in ("desk.send_raw", "desk.send_ministry", "desk.send_identified"):
        [route] = manager.application.url_map.iter_rules(endpoint)
        method = "POST" if "POST" in (route.methods or ()) else "GET"
        path = adapter.build(endpoint, {"slug": "survey-2026"}, method=method)
        manager.application.config["WTF_CSRF_ENABLED"] = False  # what is asked here is what the file holds
        file = manager.open(
            path, method=method, data={"reason": "a test of what the file holds"} if method == "POST" else None
        ).get_data()
        assert len(file) > 100
        assert LABEL.encode() not in file
        assert b"in the file" in file or endpoint == "desk.send_ministry"


def test_the_number_of_statements_does_not_grow_with_links(
    holder: Visit, hand: Callable[..., Visit], count_queries: Callable[[], Any]
) -> None:
    def count(path: str) -> int:
        holder.client.get(path)  # the visit is noted, and not again within half a minute
        with count_queries() as statements:
            assert holder.client.get(path).status_code == 200
        return int(statements.count)

    paths = [f"/r/{holder.token}/p/sec_profile", f"/r/{holder.token}/colleagues"]

    def hand_one(number: int) -> None:
        colleague = hand("sec_voice", "sec_challenges", label=f"{LABEL} {number}")
        colleague.open(f"/part/{colleague.token}/p/ft_case")

    alone = [count(path) for path in paths]
    hand_one(0)
    shared = [count(path) for path in paths]
    for number in range(1, 5):
        hand_one(number)
    assert [count(path) for path in paths] == shared
    assert shared == [each + 1 for each in alone]  # a return that nobody shares is not asked for its links
    assert shared[0] <= 3
