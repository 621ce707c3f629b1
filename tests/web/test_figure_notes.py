"""Notes under figures: who may write, what is kept, what is deleted and taken back, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from surveyapp.fieldwork.purging import purge_round
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.figure_notes import MOST_CHARACTERS, NoteNotAcceptable, clean_note, list_notes, mark_unseen
from surveyapp.settings import Settings
from tests.conftest import SAMPLES_OPENED
from tests.web.desk_data import EARLIER, ROUND, TRIAL, open_samples, read_card, read_page, read_words

SignIn = Callable[[str], FlaskClient]
WORDS = "GMP 실사 일정은 2025년부터 <b>반기</b>마다 나옵니다."


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def analyst(sign_in: SignIn) -> FlaskClient:
    return sign_in("analyst")


def find_token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def add_note(
    client: FlaskClient, words: str = WORDS, *, figure: str = "ranking", page: str = "issues", **changed: str
) -> TestResponse:
    """Post the form of a figure, as a browser does."""
    shown = read_page(client, f"{ROUND}/{page}")
    form = {"csrf_token": find_token(shown), "back": f"{ROUND}/{page}#ranking", "figure": figure, "words": words}
    return client.post(f"{ROUND}/notes", data={**form, **changed}, headers={"Accept-Language": "en"})


def press(client: FlaskClient, path: str, page: str = f"{ROUND}/issues") -> TestResponse:
    data = {"csrf_token": find_token(read_page(client, page)), "back": f"{page}#ranking"}
    return client.post(path, data=data, headers={"Accept-Language": "en"})


def find_step(card: str, step: str) -> str:
    found = re.search(rf'action="([^"]+/{step})"', card)
    assert found is not None, card
    return found.group(1)


def test_a_note_stands_under_its_figure_with_author_and_time(analyst: FlaskClient) -> None:
    reply = add_note(analyst, page="issues?company_size=e50_299")
    assert (reply.status_code, reply.location) == (303, f"{ROUND}/issues?company_size=e50_299#ranking")
    for path in ("issues", "issues?company_type=pharma"):
        card = read_card(read_page(analyst, f"{ROUND}/{path}"), "ranking")
        assert WORDS in read_words(card)
        assert "<b>" not in card, "words are no markup"
        assert re.search(r"analyst@example.com \d{4}-\d\d-\d\d \d\d:\d\d \(Asia/Seoul\)", read_words(card))
    assert WORDS[:6] not in read_card(read_page(analyst, f"{ROUND}/issues"), "severity")
    assert WORDS[:6] not in read_page(analyst, f"{EARLIER}/issues")


@pytest.mark.parametrize(
    ("figure", "page", "other"),
    [
        ("leaves:gmp", "issues?area=gmp", "issues?area=pri"),
        ("segments:jp_stage", "issues?by=jp_stage", "issues?by=company_size"),
        ("change:sample-2025", "issues", "issues?by=jp_stage&company_type=cosmetic"),
        ("q-jp_stage", "questions?section=sec_japan", "questions?section=sec_support"),
        ("q-jp_stage", "questions/jp_stage", "questions/jp_year"),
        ("cross:jp_stage:company_size", "questions/jp_stage?by=company_size", "questions/jp_stage?by=company_type"),
    ],
)
def test_a_note_belongs_to_one_of_several_figures_of_a_name(
    analyst: FlaskClient, figure: str, page: str, other: str
) -> None:
    shown = read_page(analyst, f"{ROUND}/{page}")
    assert f'name="figure" value="{figure}"' in shown
    assert add_note(analyst, "Only here.", figure=figure).status_code == 303
    assert "Only here." in read_page(analyst, f"{ROUND}/{page}")
    if figure.partition(":")[0] != "change":
        assert "Only here." not in read_page(analyst, f"{ROUND}/{other}")


def test_a_deleted_note_can_be_taken_back(analyst: FlaskClient, database: Database) -> None:
    add_note(analyst)
    card = read_card(read_page(analyst, f"{ROUND}/issues"), "ranking")
    assert press(analyst, find_step(card, "delete")).status_code == 303
    card = read_card(read_page(analyst, f"{ROUND}/issues"), "ranking")
    assert "The note is deleted. Undo" in read_words(card) and "GMP 실사" not in card
    assert "Undo" not in read_words(read_card(read_page(analyst, f"{ROUND}/issues"), "ranking")), "offered once"
    assert press(analyst, find_step(card, "undo")).status_code == 303
    assert "GMP 실사" in read_card(read_page(analyst, f"{ROUND}/issues"), "ranking")
    with database.read() as connection:
        trail = [event for event in list_audit(connection) if event.action.startswith("note.")]
    assert [event.action for event in trail] == ["note.restored", "note.removed", "note.written"]
    assert all(event.details["figure"] == "ranking" and event.actor == "analyst@example.com" for event in trail)
    assert "GMP" not in str([event.details for event in trail]), "the trail holds no words"


def test_pressing_twice_changes_nothing(analyst: FlaskClient, database: Database) -> None:
    add_note(analyst)
    step = find_step(read_page(analyst, f"{ROUND}/issues"), "delete")
    for _ in range(2):
        assert press(analyst, step).status_code == 303
    for _ in range(2):
        assert press(analyst, step.replace("/delete", "/undo")).status_code == 303
    with database.read() as connection:
        actions = [event.action for event in list_audit(connection)]
    assert (actions.count("note.removed"), actions.count("note.restored")) == (1, 1)


@pytest.mark.parametrize(
    ("words", "explained"),
    [
        ("", "Write the note before you save it."),
        (" \r\n\u200b ", "Write the note before you save it."),
        ("x" * (MOST_CHARACTERS + 1), "A note may have 500 characters."),
        ("null\x00byte", "a character that cannot be shown"),
        ("bell\x07", "a character that cannot be shown"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_its_reason(analyst: FlaskClient, words: str, explained: str) -> None:
    reply = add_note(analyst, words)
    assert reply.status_code == 422
    assert explained in read_words(reply.text) and 'id="words"' in reply.text
    assert f'name="back" value="{ROUND}/issues#ranking"' in reply.text
    assert mark_unseen(words).strip() in reply.text, "nothing typed is lost"


def test_a_stale_form_comes_back_with_the_words(analyst: FlaskClient) -> None:
    reply = add_note(analyst, csrf_token="stale")
    assert reply.status_code == 400
    assert "The form had become stale" in read_words(reply.text) and "GMP 실사" in reply.text
    add_note(analyst)
    step = find_step(read_page(analyst, f"{ROUND}/issues"), "delete")
    reply = analyst.post(step, data={"csrf_token": "stale"}, headers={"Accept-Language": "en"})
    assert reply.status_code == 400
    assert "Please press the button again" in read_words(reply.text) and f'action="{step}"' in reply.text
    assert "GMP 실사" in read_page(analyst, f"{ROUND}/issues"), "nothing was deleted"


@pytest.mark.parametrize(
    "figure",
    [
        *("", "nonsense", "ranking:1", "leaves", "leaves:none", "segments:jp_year", "change:../x"),
        *("q-nonsense", "q-company_name", "q-contact_email", "q-" + "x" * 200),
        *("cross:jp_stage", "cross:jp_stage:company_name"),
    ],
)
def test_a_figure_that_is_none_is_refused(analyst: FlaskClient, figure: str) -> None:
    assert add_note(analyst, figure=figure).status_code == 400


@pytest.mark.parametrize(
    "back",
    ["https://example.com/", "//example.com", f"{EARLIER}/issues", "/desk/audit", f"{ROUND}/../x", f"{ROUND}/issues\n"],
)
def test_the_way_back_stays_on_the_round(analyst: FlaskClient, back: str) -> None:
    assert add_note(analyst, back=back).location == f"{ROUND}/issues#ranking"


def test_a_note_is_deleted_by_its_author_or_a_manager(sign_in: SignIn) -> None:
    analyst = sign_in("analyst")
    add_note(analyst)
    step = find_step(read_page(analyst, f"{ROUND}/issues"), "delete")
    manager = sign_in("manager")
    add_note(manager, "By the manager.")
    page = read_page(analyst, f"{ROUND}/issues")
    assert len(re.findall(r'action="[^"]+/delete"', page)) == 1, "the other's note has no button"
    others = next(
        one for one in re.findall(r'action="([^"]+/delete)"', read_page(manager, f"{ROUND}/issues")) if one != step
    )
    assert press(analyst, others).status_code == 403
    assert press(manager, step).status_code == 303
    assert press(analyst, f"{ROUND}/notes/none/delete").status_code == 404
    assert press(analyst, step.replace("sample-2026", "sample-2025")).status_code == 404


def test_viewers_see_no_notes(sign_in: SignIn) -> None:
    add_note(sign_in("analyst"))
    viewer = sign_in("viewer")
    page = read_page(viewer, f"{ROUND}/released")
    assert "GMP 실사" not in page and "/notes" not in page
    assert viewer.get(f"{ROUND}/notes").status_code == 403


def test_the_address_of_notes_leads_to_the_figures(analyst: FlaskClient) -> None:
    reply = analyst.get(f"{ROUND}/notes")
    assert (reply.status_code, reply.location) == (303, f"{ROUND}/issues")


def test_a_purged_round_has_no_notes(analyst: FlaskClient, database: Database) -> None:
    with database.read() as connection:
        assert not list_notes(connection, "japan_export_readiness", 1)
    token = find_token(read_page(analyst, f"{TRIAL}/questions/jp_stage"))
    form = {"csrf_token": token, "figure": "ranking", "words": "Trial."}
    assert analyst.post(f"{TRIAL}/notes", data=form).status_code == 303
    purge_round(database, "japan_export_readiness", "trial", now=SAMPLES_OPENED)
    with database.read() as connection:
        assert not [note for id in (1, 2, 3) for note in list_notes(connection, "japan_export_readiness", id)]


def test_words_are_kept_in_one_form() -> None:
    assert clean_note("  가\u1100\u1161\r\n나\tb \n") == "가가\n나 b"
    assert clean_note("👩\u200d⚕️") == "👩\u200d⚕️"
    assert clean_note("x" * MOST_CHARACTERS)
    with pytest.raises(NoteNotAcceptable, match="control"):
        clean_note("\ud800")
