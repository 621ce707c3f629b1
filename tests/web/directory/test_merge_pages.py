"""Suspected doubles at the desk: compared, joined with a choice for each difference, put apart again."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient

from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.rounds import register_questionnaire
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from tests.web.desk_data import read_page, read_words

SignIn = Callable[[str], FlaskClient]
DOUBLES = "/desk/companies/doubles"
MERGE = "/desk/companies/1/merge/2"


@pytest.fixture(autouse=True)
def registered(database: Database, questionnaire: Questionnaire) -> None:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, datetime.now(UTC))


@pytest.fixture
def manager(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    client = sign_in("manager")
    for data in (
        {"name_ko": "한빛바이오", "name_en": "Hanbit", "size": "e1_49", "membership": "unknown"},
        {"name_ko": "㈜한빛바이오", "size": "e50_299", "business_number": "116-82-00276", "membership": "member"},
    ):
        assert client.post("/desk/companies/new", data=data).status_code == 303
    return client


def read_form(client: FlaskClient, path: str = MERGE) -> dict[str, str]:
    page = read_page(client, path)
    hidden = re.findall(r'type="hidden" name="(kept|other)" value="([^"]*)"', page)
    chosen = re.findall(r'name="(take_\w+)" value="(\w+)" checked', page)
    return {name: unescape(value) for name, value in [*hidden, *chosen]}


def list_names(database: Database) -> list[tuple[str, str, str | None, str | None]]:
    with database.read() as connection:
        companies = list_companies(connection, "japan_export_readiness")
    return [(each.name.ko, each.name.en, each.size, each.business_number) for each in companies]


def test_a_suspected_pair_is_joined_and_put_apart(manager: FlaskClient, database: Database) -> None:
    before = list_names(database)
    page = read_page(manager, DOUBLES)
    assert "1 suspected pair" in page and "The same name" in page and MERGE in page
    form = read_form(manager)
    assert form["take_business_number"] == "merged" and form["take_size"] == "kept" and form["take_name_en"] == "kept"
    joined = manager.post(MERGE, data={**form, "take_size": "merged"})
    assert joined.status_code == 303 and joined.location == "/desk/companies/1"
    assert "The two entries are one now." in read_page(manager, "/desk/companies/1")
    assert list_names(database) == [("한빛바이오", "Hanbit", "e50_299", "1168200276")]
    read_page(manager, "/desk/companies/2", status=404)
    page = read_page(manager, DOUBLES)
    assert "No two entries look like one company." in page
    undo = re.search(r'action="(/desk/companies/merges/\w+/undo)"', page)
    assert undo is not None
    assert manager.post(undo[1]).status_code == 303
    assert list_names(database) == before
    again = manager.post(f"{undo[1]}?lang=en")
    assert again.status_code == 409 and "The two entries are apart already." in again.text


def test_joining_twice_is_joining_once(manager: FlaskClient) -> None:
    form = read_form(manager)
    assert manager.post(MERGE, data=form).status_code == 303
    assert manager.post(MERGE, data=form).status_code == 404


def test_an_entry_that_changed_meanwhile_is_shown_again(manager: FlaskClient, database: Database) -> None:
    form = read_form(manager)
    manager.post("/desk/companies/2", data={"name_ko": "한빛바이오", "name_ja": "ハンビット", "membership": "member"})
    late = manager.post(f"{MERGE}?lang=en", data=form)
    assert late.status_code == 409 and "was changed meanwhile" in late.text and "ハンビット" in late.text
    assert len(list_names(database)) == 2


def test_the_other_one_can_be_kept(manager: FlaskClient) -> None:
    page = read_page(manager, MERGE)
    assert "/desk/companies/2/merge/1" in page
    words = read_words(page)
    assert "Entry that is kept" in words and "1 contact goes over" not in words and "0 contacts go over" in words


@pytest.mark.parametrize(
    "path", ["/desk/companies/1/merge/1", "/desk/companies/1/merge/9", "/desk/companies/9/merge/1"]
)
def test_what_is_not_there(manager: FlaskClient, path: str) -> None:
    read_page(manager, path, status=404)
    assert manager.post(path).status_code == 404
    assert manager.post("/desk/companies/merges/nobody/undo").status_code == 404


def test_an_address_that_means_nothing(manager: FlaskClient) -> None:
    assert manager.get(f"{DOUBLES}?page=x").status_code == 400


def test_a_suspected_pair_is_known_as_two_companies_and_suspected_again(
    manager: FlaskClient, database: Database
) -> None:
    before = list_names(database)
    [dismissal] = re.findall(r'action="(/desk/companies/1/apart/2)"', read_page(manager, DOUBLES))
    assert manager.post(dismissal).location == DOUBLES
    page = read_page(manager, DOUBLES)
    assert "The two stay apart and are not suspected any more." in page
    assert "No two entries look like one company." in page and "Known as two companies" in page
    assert MERGE not in page and list_names(database) == before
    [undoing] = re.findall(r'action="(/desk/companies/1/apart/2/undo)"', page)
    assert manager.post(undoing).location == DOUBLES
    page = read_page(manager, DOUBLES)
    assert "1 suspected pair" in page and "Known as two companies" not in page
    assert manager.post("/desk/companies/1/apart/9").status_code == 404
    assert manager.post("/desk/companies/1/apart/9/undo").status_code == 404


def test_any_other_entry_is_found_from_a_companys_page_and_joined(manager: FlaskClient, database: Database) -> None:
    manager.post("/desk/companies/new", data={"name_ko": "가람제약", "name_ja": "カラム製薬", "membership": "none"})
    assert "Compare and join" not in read_page(manager, "/desk/companies/1")
    page = read_page(manager, "/desk/companies/1?join=ㄱㄹㅈㅇ&lang=en")
    assert "1 entry" in read_words(page) and 'href="/desk/companies/1/merge/3"' in page
    own = read_words(read_page(manager, "/desk/companies/1?join=Hanbit&lang=en"))
    assert "No other entry is like that." in own
    assert "No other entry is like that." in read_page(manager, "/desk/companies/1?join=" + "x" * 5000 + "&lang=en")
    form = read_form(manager, "/desk/companies/1/merge/3")
    assert manager.post("/desk/companies/1/merge/3", data=form).status_code == 303
    assert [name for name, *_ in list_names(database)] == ["한빛바이오", "㈜한빛바이오"]


def test_more_candidates_than_are_shown(manager: FlaskClient) -> None:
    for number in range(22):
        manager.post("/desk/companies/new", data={"name_ko": f"한빛지점 {number}", "membership": "none"})
    page = read_page(manager, "/desk/companies/1?join=한빛&lang=en")
    assert "More than 20 entries; add a word." in page
    assert len(re.findall(r'href="/desk/companies/1/merge/\d+"', page)) == 20
