"""A round at the desk: prepared, filled in, scheduled, extended, closed, reopened, by one manager at a time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml.html import document_fromstring
from sqlalchemy import update
from werkzeug.test import TestResponse

from surveyapp.fieldwork.retention import RetentionKind, change_retention, find_day
from surveyapp.fieldwork.rounds import Round, RoundPlan, change_plan, find_round, register_questionnaire
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience, Thresholds
from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.tables import round_table
from surveyapp.settings import Settings
from surveyapp.web.frame import LANGUAGE_NAMES
from surveyapp.web.locale import ZONE
from tests.respondent_visits import OPERATOR_TEXTS, TITLE
from tests.web.desk_data import open_samples, read_page, read_words

SignIn = Callable[[str], FlaskClient]
NEW, HERE = "/desk/rounds/new", "/desk/rounds/spring/settings"
REASON = "식약처 요청으로 5개사가 더 참여합니다."


def write_local(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M}"


NOW = datetime.now(UTC)
OPENS, CLOSES = write_local(NOW + timedelta(days=10)), write_local(NOW + timedelta(days=30))
LATER = write_local(NOW + timedelta(days=40))


def write_form(questionnaire: Questionnaire, **changed: str) -> dict[str, str]:
    texts = {"title": TITLE, **OPERATOR_TEXTS}
    form = {
        f"text_{name}_{language}": text.in_language(language) for name, text in texts.items() for language in LANGUAGES
    }
    facts = {
        "slug": "spring",
        "kind": "real",
        "version": questionnaire.version,
        "open_link": "open",
        "opens_at": OPENS,
        "closes_at": CLOSES,
    }
    return {**form, **facts, **changed}


@pytest.fixture
def manager(sign_in: SignIn, app: Flask, database: Database, questionnaire: Questionnaire) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
    return sign_in("manager")


def post(client: FlaskClient, path: str, data: Mapping[str, str], *, language: str = "en") -> TestResponse:
    return client.post(path, data=data, headers={"Accept-Language": language})


def read_form(page: str, action: str) -> dict[str, str]:
    """What the form that is posted to `action` holds; the last one where two buttons lead there."""
    root: Any = document_fromstring(page)
    forms = [each for each in root.forms if each.method == "POST" and each.action == action]
    # A browser leaves out the line break with which a text field begins.
    return {name: (value or "").removeprefix("\n") for name, value in forms[-1].form_values()}


def read_fault(page: str, name: str) -> str:
    """What is said at one field."""
    return document_fromstring(page).findtext(f".//p[@id='{name}-error']") or ""


def list_previews(page: str, language: str) -> list[str]:
    """The texts of one language as the preview shows them."""
    root: Any = document_fromstring(page)
    return [
        " ".join(" ".join(each.itertext()).split())
        for each in root.iterfind(".//article[@class='preview']")
        if each.get("lang") == language
    ]


def press(client: FlaskClient, step: str, **typed: str) -> TestResponse:
    """Press the button of one deed on the page as it stands, with what is typed for it."""
    action = f"{HERE}/{step}"
    return post(client, action, {**read_form(read_page(client, HERE), action), **typed})


def load(database: Database, questionnaire: Questionnaire, slug: str = "spring") -> Round:
    with database.read() as connection:
        return find_round(connection, questionnaire.form_id, slug)


@pytest.fixture
def prepared(manager: FlaskClient, database: Database, questionnaire: Questionnaire) -> Round:
    assert post(manager, NEW, write_form(questionnaire)).status_code == 303
    return load(database, questionnaire)


def move(database: Database, round_: Round, **times: datetime) -> None:
    """As if time had passed."""
    with database.write() as connection:
        connection.execute(update(round_table).where(round_table.c.slug == round_.slug).values(**times))


def test_a_round_from_its_first_words_to_its_second_end(
    manager: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    started = post(manager, NEW, write_form(questionnaire, text_operator_ja="", text_retention_text_en="[set later]"))
    assert started.headers["Location"] == f"{HERE}?done=prepared"
    words = read_words(read_page(manager, started.headers["Location"]))
    assert "The round was prepared. Nobody outside the desk can see it yet." in words
    assert "“Who conducts the survey” is not filled in, or holds the sample in brackets, in: 日本語" in words
    assert "“How long answers are kept” is not filled in, or holds the sample in brackets, in: English" in words
    assert "Schedule the round" not in words and manager.get("/s/spring/").status_code == 404
    refused = post(manager, f"{HERE}/schedule", {"edition": load(database, questionnaire).edition, "when": "time"})
    assert refused.status_code == 422
    assert "The round cannot open yet. What is missing stands below." in read_words(refused.text)

    edition = read_form(read_page(manager, HERE), HERE)["edition"]
    saved = post(manager, HERE, write_form(questionnaire, edition=edition))
    assert saved.status_code == 303 and "Schedule the round" in read_page(manager, HERE)
    assert press(manager, "schedule").headers["Location"] == f"{HERE}?done=opened", "the last of two buttons: at once"
    assert manager.get("/s/spring/").status_code == 200

    assert press(manager, "extend", closes_at=LATER).headers["Location"] == f"{HERE}?done=extended"
    assert write_local(load(database, questionnaire).closes_at) == LATER
    assert press(manager, "close").status_code == 303
    assert manager.get("/s/spring/").status_code == 403
    nothing = press(manager, "reopen", closes_at=LATER, reason=" ")
    assert nothing.status_code == 422 and "Enter the reason" in nothing.text and LATER in nothing.text
    assert press(manager, "reopen", closes_at=LATER, reason=REASON).status_code == 303
    assert manager.get("/s/spring/").status_code == 200
    assert press(manager, "open-link").status_code == 303
    assert manager.get("/s/spring/").status_code == 403 and not load(database, questionnaire).open_link

    timeline = [line.text for line in document_fromstring(read_page(manager, HERE)).iterfind(".//ol/li/p/strong")]
    assert timeline == [
        "Open link switched",
        "Round reopened",
        "Round closed early",
        "Round extended",
        "Round scheduled",
        "Round in preparation changed",
        "Round prepared",
    ]
    assert REASON in read_page(manager, HERE)


def test_what_is_scheduled_opens_by_itself_and_can_be_taken_back(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    edition = {"edition": prepared.edition, "when": "time"}
    assert post(manager, f"{HERE}/schedule", edition).headers["Location"] == f"{HERE}?done=scheduled"
    assert manager.get("/s/spring/").status_code == 403
    page = read_page(manager, HERE)
    assert f'action="{HERE}"' not in page, "once it is scheduled, its wording stands still"
    assert OPERATOR_TEXTS["privacy_contact"].ja in page
    assert press(manager, "unschedule").headers["Location"] == f"{HERE}?done=unscheduled"
    assert manager.get("/s/spring/").status_code == 404
    assert load(database, questionnaire).scheduled_at is None


@pytest.mark.parametrize(
    ("changes", "name", "said"),
    [
        ({"slug": ""}, "slug", "Enter a short name"),
        ({"slug": "Spring 2027"}, "slug", "Use small letters"),
        ({"slug": "taken"}, "slug", "Another round has this short name"),
        ({"opens_at": ""}, "opens_at", "Enter when the round opens"),
        ({"opens_at": "2027-02-30T09:00"}, "opens_at", "Enter when the round opens"),
        ({"opens_at": "2027-02-03T09:00+09:00"}, "opens_at", "Enter when the round opens"),
        ({"opens_at": "0001-01-01T00:00"}, "opens_at", "Enter when the round opens"),
        ({"closes_at": "9999-12-31T23:59"}, "closes_at", "Enter when the round closes"),
        ({"closes_at": OPENS}, "closes_at", "The round would close before it opens"),
        ({"kind": "sample"}, "kind", "Choose whether"),
        ({"open_link": ""}, "open_link", "Choose who may take part"),
        ({"version": "9.9.9"}, "version", "Choose one of the versions"),
        ({"text_title_ko": "가" * 201}, "text_title_ko", "Shorten this to at most 200"),
        ({"text_operator_en": "x" * 2001}, "text_operator_en", "Shorten this to at most 2000"),
    ],
)
def test_what_cannot_be_read_comes_back_with_everything_typed(
    manager: FlaskClient,
    prepared: Round,
    database: Database,
    questionnaire: Questionnaire,
    changes: dict[str, str],
    name: str,
    said: str,
) -> None:
    assert post(manager, NEW, write_form(questionnaire, slug="taken")).status_code == 303
    typed = write_form(questionnaire, text_title_en="Mine & “mine”", edition=prepared.edition, **changes)
    fresh = post(manager, NEW, {**typed, "slug": changes.get("slug", "new-one")})
    again = post(manager, HERE, typed)
    for reply, action in ((fresh, NEW), (again, HERE)):
        assert reply.status_code == 422
        [fault] = document_fromstring(reply.text).iterfind(".//div[@id='error-summary']//a")
        assert fault.get("href") == f"#{name}" and said in str(fault.findtext("span"))
        assert read_fault(reply.text, name).startswith(said)
        held = read_form(reply.text, action)
        assert held["text_title_en"] == "Mine & “mine”" and held["text_retention_text_ja"] == "調査終了後3年"
    assert load(database, questionnaire) == prepared


def test_the_second_of_two_managers_sees_both(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    form = read_form(read_page(manager, HERE), HERE)
    theirs = replace(RoundPlan.of_round(prepared), title=replace(TITLE, en="Title of the other"))
    with database.write() as connection:
        saved = change_plan(connection, prepared, theirs, seen=None, actor="lee@example.com", now=NOW)
    reply = post(manager, HERE, {**form, "text_title_en": "My own title", "text_operator_en": "ours"})
    assert reply.status_code == 409
    words = read_words(reply.text)
    assert "Somebody else changed this round in the meantime" in words
    assert "Title (English) Title of the other My own title" in words
    assert "Who conducts the survey (English) KPBMA ours" in words
    assert load(database, questionnaire) == saved, "nothing was overwritten"
    mine = read_form(reply.text, HERE)
    assert mine["text_title_en"] == "My own title" and mine["edition"] == saved.edition
    assert post(manager, HERE, mine).status_code == 303
    assert load(database, questionnaire).title.en == "My own title"


@pytest.mark.parametrize("step", ["extend", "close", "open-link", "thresholds"])
def test_a_deed_on_an_older_edition_is_not_done(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire, step: str
) -> None:
    assert post(manager, f"{HERE}/schedule", {"edition": prepared.edition, "when": "now"}).status_code == 303
    form = read_form(read_page(manager, HERE), f"{HERE}/{step}")
    assert press(manager, "extend", closes_at=LATER).status_code == 303
    before = load(database, questionnaire)
    reply = post(manager, f"{HERE}/{step}", {**form, "closes_at": write_local(NOW + timedelta(days=50))})
    assert reply.status_code == 409 and "Somebody else changed this round in the meantime" in reply.text
    assert load(database, questionnaire) == before


def test_what_the_state_no_longer_allows_is_told(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    assert post(manager, f"{HERE}/schedule", {"edition": prepared.edition, "when": "now"}).status_code == 303
    form = read_form(read_page(manager, HERE), f"{HERE}/close")
    move(database, prepared, opens_at=NOW - timedelta(days=2), closes_at=NOW - timedelta(days=1))
    edition = load(database, questionnaire).edition
    reply = post(manager, f"{HERE}/close", {**form, "edition": edition})
    assert reply.status_code == 409 and "the round is in another state by now (Closed)" in reply.text
    past = write_local(NOW - timedelta(hours=3))
    for step, typed in (("reopen", {"closes_at": past, "reason": REASON}),):
        refused = press(manager, step, **typed)
        assert refused.status_code == 422 and "Enter a time that lies ahead" in refused.text
        assert past in refused.text and REASON in refused.text


def test_a_new_round_takes_over_wording_and_thresholds(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    strict = {"ministry_group_base": "7", "japan_group_base": "12"}
    action = f"{HERE}/thresholds"
    assert press(manager, "thresholds", **strict).headers["Location"] == f"{HERE}?done=thresholds"
    told = "Released for: Ministry (MFDS); Companies in a group: 7; Answers in a group: 3; Companies in the round: 10"
    assert told in read_words(read_page(manager, HERE))
    form = read_form(read_page(manager, f"{NEW}?from=spring"), NEW)
    assert form["text_retention_contact_ko"] == OPERATOR_TEXTS["retention_contact"].ko
    assert form["open_link"] == "open" and not form["slug"] and not form["opens_at"] and not form["text_title_ko"]
    reply = post(manager, NEW, {**form, "slug": "autumn", "opens_at": OPENS, "closes_at": CLOSES})
    assert reply.status_code == 303
    copied = load(database, questionnaire, "autumn").thresholds
    assert copied == {
        **LEAST_THRESHOLDS,
        Audience.MINISTRY: Thresholds(7, 3, 10, 3),
        Audience.JAPAN: Thresholds(12, 5, 10, 3),
    }
    assert load(database, questionnaire, "autumn").retention == {}  # there was nothing to take over
    weaker = press(manager, "thresholds", public_round_base="9", ministry_group_count="drei")
    assert weaker.status_code == 422
    for name, typed, said in (("public_round_base", "9", "from 10 to"), ("ministry_group_count", "drei", "from 3 to")):
        assert said in read_fault(weaker.text, name)
        assert read_form(weaker.text, action)[name] == typed
    assert read_page(manager, f"{NEW}?from=nowhere", status=404)


def test_a_new_round_takes_over_retention_dates_as_much_later_as_it_closes(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    closing = find_day(prepared.closes_at)
    with database.write() as connection:
        dates: dict[RetentionKind, date | None] = {"drafts": closing + timedelta(30), "texts": closing}
        change_retention(connection, prepared, dates, seen=prepared.edition, actor="m@example.com", now=NOW)
    move(database, prepared, closes_at=prepared.closes_at + timedelta(days=5))  # extended after the dates were set
    form = read_form(read_page(manager, f"{NEW}?from=spring"), NEW)
    form |= {f"text_title_{language}": "autumn" for language in LANGUAGES}
    closes = prepared.closes_at + timedelta(days=205)
    reply = post(manager, NEW, {**form, "slug": "autumn", "opens_at": OPENS, "closes_at": write_local(closes)})
    assert reply.status_code == 303
    autumn = load(database, questionnaire, "autumn")
    later = timedelta(days=200)
    assert autumn.retention == {"drafts": closing + timedelta(30) + later, "texts": find_day(autumn.closes_at)}
    with database.read() as connection:
        told = list_audit(connection, action="round.retention_changed", round_id=autumn.round_id)
    assert {event.details["data"] for event in told} == {"drafts", "texts"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_preview_is_what_companies_will_read(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire, language: str
) -> None:
    page = read_page(manager, HERE, language=language)
    for shown in LANGUAGES:
        words = " ".join(list_previews(page, shown))
        for name in ("operator", "privacy_contact", "retention_text", "retention_contact"):
            assert OPERATOR_TEXTS[name].in_language(shown) in words
        assert "{{" not in words
    assert post(manager, f"{HERE}/schedule", {"edition": prepared.edition, "when": "now"}).status_code == 303
    start = read_words(manager.get("/s/spring/", headers={"Accept-Language": language}).text)
    introduction, notice = list_previews(page, language)[:2]
    for words in (introduction, notice):
        own_name, _space, read = words.partition(" ")
        assert own_name in LANGUAGE_NAMES.values() and read in start


def test_a_missing_text_shows_its_sample(manager: FlaskClient, prepared: Round, questionnaire: Questionnaire) -> None:
    form = write_form(questionnaire, text_retention_text_ko="", edition=prepared.edition)
    assert post(manager, HERE, form).status_code == 303
    page = read_page(manager, HERE)
    assert questionnaire.placeholders["retention_text"].ko in page
    assert re.search(r'id="text_retention_text_ko-sample">For example: <span lang="ko">[^\[<]+</span>', page)


def test_a_stale_form_comes_back_as_typed(
    sign_in: SignIn, manager: FlaskClient, app: Flask, prepared: Round, questionnaire: Questionnaire
) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    typed = write_form(questionnaire, text_title_en="Typed long ago", edition=prepared.edition)
    for path, data in (
        (HERE, typed),
        (NEW, {**typed, "slug": "other"}),
        (f"{HERE}/thresholds", {"ministry_group_base": "77", "edition": prepared.edition}),
        (f"{HERE}/close", {"edition": prepared.edition}),
    ):
        reply = post(manager, path, {**data, "csrf_token": "stale"})
        assert reply.status_code == 400 and "The form had become stale." in reply.text
        kept = data.get("text_title_en") or data.get("ministry_group_base", "")
        assert kept in reply.text


def test_the_address_of_a_deed_leads_to_the_page(manager: FlaskClient, prepared: Round) -> None:
    for step in ("schedule", "extend", "close", "reopen", "thresholds", "open-link", "unschedule"):
        assert manager.get(f"{HERE}/{step}").headers["Location"] == HERE


def test_nothing_of_a_form_is_audited_but_what_changed(
    manager: FlaskClient, prepared: Round, database: Database, questionnaire: Questionnaire
) -> None:
    form = write_form(questionnaire, text_operator_en="A new name", edition=prepared.edition)
    assert post(manager, HERE, form).status_code == 303
    with database.read() as connection:
        [changed, made] = list_audit(connection, subject="round")
    assert (changed.actor, changed.details) == ("manager@example.com", {"changed": "operator"})
    assert made.action == "round.prepared" and "A new name" not in str(changed)


def test_released_figures_keep_the_thresholds_of_their_round(
    settings: Settings, sampled_file: Path, app: Flask, sign_in: SignIn
) -> None:
    open_samples(settings, sampled_file).close()
    app.config["WTF_CSRF_ENABLED"] = False
    client = sign_in("manager")
    here, released = "/desk/rounds/sample-2026/settings", "/desk/rounds/sample-2026/released"
    before = read_words(read_page(client, released))
    assert "36 companies answered" in before
    taken = client.get("/desk/rounds/sample-2026/export/ministry.csv?lang=en").text
    assert "36 companies" in taken
    form = read_form(read_page(client, here), f"{here}/thresholds")
    reply = post(client, f"{here}/thresholds", {**form, "ministry_round_base": "37"})
    assert reply.status_code == 303
    after = read_words(read_page(client, released))
    hidden = "hidden: the group has too few companies"
    assert after.count(hidden) > before.count(hidden)
    assert "too few for their number to be shown" in after
    table = client.get("/desk/rounds/sample-2026/export/ministry.csv?lang=en").text
    assert "too few for their number to be shown" in table and "36 companies" not in table
    assert table != taken


def test_a_sample_round_says_why_it_is_not_opened_to_companies(
    settings: Settings, sampled_file: Path, app: Flask, sign_in: SignIn
) -> None:
    open_samples(settings, sampled_file).close()
    app.config["WTF_CSRF_ENABLED"] = False
    client, here = sign_in("manager"), "/desk/rounds/sample-2026/settings"
    page = read_page(client, here)
    assert "no real answers may come among them" in read_words(page) and "Save the thresholds" in page
    assert 'href="#danger"' not in page and 'class="deed"' not in page
    edition = read_form(page, f"{here}/thresholds")["edition"]
    for step, typed in (
        ("reopen", {"closes_at": LATER, "reason": REASON}),
        ("open-link", {"open_link": "open"}),
        ("extend", {"closes_at": LATER}),
    ):
        refused = post(client, f"{here}/{step}", {**typed, "edition": edition})
        assert refused.status_code == 422 and "The companies of this round are invented" in read_words(refused.text)
    assert client.get("/s/sample-2026/").status_code == 403
