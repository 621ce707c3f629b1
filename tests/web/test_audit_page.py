"""The audit trail in words: every action and actor that the code writes has a name in each language."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.audit import COMMAND
from surveyapp.reports.words import Words
from surveyapp.web.desk.audit_page import name_action, name_actor

SOURCES = Path(__file__).parent.parent.parent / "surveyapp"


def list_actions() -> set[str]:
    """What the sources write into the audit trail: `action="…"`, and the second argument of `_audit`."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            named = [keyword.value for keyword in node.keywords if keyword.arg == "action"]
            given = node.args[1:2] if isinstance(node.func, ast.Name) and node.func.id == "_audit" else []
            constants = [value.value for value in (*named, *given) if isinstance(value, ast.Constant)]
            found |= {value for value in constants if isinstance(value, str)}
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_action_has_words(language: Language) -> None:
    words = Words(language, load_translator(language))
    actions = list_actions()
    assert {"texts.viewed", "account.signed_out", "export.csv"} <= actions
    names = {action: name_action(words, action) for action in actions}
    assert {action for action, name in names.items() if name == action} == set()
    assert len(set(names.values())) == len(names)


def test_an_action_that_is_not_known_shows_its_code() -> None:
    assert name_action(Words("en"), "moon.landed") == "moon.landed"


def test_actors_are_named() -> None:
    korean = Words("ko", load_translator("ko"))
    assert name_actor(korean, "analyst@example.com") == "analyst@example.com"
    assert name_actor(korean, f"{COMMAND}:root") == "명령:root"


def test_the_page_says_what_was_done_in_the_persons_language(sign_in: Callable[[str], FlaskClient]) -> None:
    administrator = sign_in("admin")
    administrator.post("/desk/sign-out", data={"csrf_token": read_token(administrator)})
    page = sign_in("admin").get("/desk/audit?lang=ja")
    assert page.status_code == 200
    assert "ログアウト" in page.text
    assert "account.signed_out" in page.text


def read_token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/desk/").text)
    assert found is not None
    return found[1]
