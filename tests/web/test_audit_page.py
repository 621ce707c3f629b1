"""The audit trail in words: every action and actor that the code writes has a name in each language."""

from __future__ import annotations

import ast
import dataclasses
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from surveyapp.fieldwork.purging import PurgedCounts
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire
from surveyapp.records.audit import COMMAND, Detail
from surveyapp.reports.words import Words
from surveyapp.web.desk.audit_page import list_titles, name_action, name_actor
from surveyapp.web.desk.audit_words import describe_details, name_detail

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


def list_details() -> set[str]:
    """Names of the details that the sources write: keys of what is handed over or kept as `details`."""
    found: set[str] = set()
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            given: ast.expr | None = None
            if isinstance(node, ast.keyword) and node.arg == "details":
                given = node.value
            elif isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if any(isinstance(target, ast.Name) and target.id == "details" for target in targets):
                    given = node.value
            if isinstance(given, ast.Dict):
                found |= {str(key.value) for key in given.keys if isinstance(key, ast.Constant)}
    return found | {field.name for field in dataclasses.fields(PurgedCounts)} - {"confidential_rows"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_detail_has_words(language: Language) -> None:
    words = Words(language, load_translator(language))
    names = list_details()
    assert {"opens_at", "file", "filters", "responses"} <= names
    assert {name for name in names if name_detail(words, name) == name} == set()


def test_details_are_told_in_the_readers_language_and_in_seoul() -> None:
    details: dict[str, Detail] = {
        "kind": "raw",
        "labels": True,
        "closes_at": "2026-11-30T14:59:00+00:00",
        "revision": 12345,
        "gone": None,
    }
    assert describe_details(Words("en"), details, {}) == (
        "What the file holds: Raw answers; Labels instead of codes: Yes; "
        "Closes: 2026-11-30 23:59 (Asia/Seoul); Data revision: 12,345"
    )
    japanese = describe_details(Words("ja", load_translator("ja")), details, {})
    assert "：はい；" in japanese and "2026-11-30 23:59 (Asia/Seoul)" in japanese
    assert describe_details(Words("en"), {"moon": "full", "number": 1234}, {}) == "moon: full; Return number: 1234"


def test_parts_and_issues_are_told_by_their_titles(questionnaire: Questionnaire) -> None:
    titles = list_titles([questionnaire])
    details: dict[str, Detail] = {"sections": "sec_challenges, ft_case, sec_gone", "issue": "gmp"}
    told = describe_details(Words("ko", load_translator("ko")), details, titles)
    assert told == "조사 구성: 5. 겪은 어려움, 6. 사례와 제안, sec_gone; 애로사항: 품질·GMP·변경관리"


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
