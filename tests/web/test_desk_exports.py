"""The files of the desk: who may take them, what is inside, and that each is written to the audit trail."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from surveyapp.fieldwork.sample_files import load_sample_companies
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import confidential, response
from surveyapp.settings import Settings
from surveyapp.web.installation import keep_installation
from tests.web.desk_data import ROUND, open_samples, read_page

SignIn = Callable[[str], FlaskClient]
REASON = "Matching returns with the member directory"
BOM = "\ufeff"
SAMPLE_2026 = 3


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def analyst(sign_in: SignIn) -> FlaskClient:
    return sign_in("analyst")


@pytest.fixture
def manager(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("manager")


def read_rows(reply: TestResponse) -> list[dict[str, str]]:
    assert reply.status_code == 200, reply.get_data(as_text=True)[-500:]
    text = reply.get_data().decode()
    assert text.startswith(BOM) and text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))


def count_live(database: Database, round_id: int) -> int:
    with database.read() as connection:
        live = select(response.c.number).where(response.c.round_id == round_id, response.c.state == "submitted")
        return len(connection.execute(live).all())


def test_raw_holds_every_submitted_return(analyst: FlaskClient, database: Database) -> None:
    reply = analyst.get(f"{ROUND}/export/raw.csv")
    rows = read_rows(reply)
    assert len(rows) == count_live(database, SAMPLE_2026)
    assert sum(row["counted"] == "1" for row in rows) == 36
    assert {row["round_kind"] for row in rows} == {"sample"}
    assert sorted(row["mode"] for row in rows if row["mode"] != "web") == ["paper", "phone"]
    assert all(row["submitted_at"].endswith("+09:00") for row in rows)
    assert [int(row["number"]) for row in rows] == sorted(int(row["number"]) for row in rows)
    name = reply.headers["Content-Disposition"]
    assert 'filename="FICTIONAL_japan_export_readiness_sample-2026_raw_' in name and name.endswith("_codes.csv")
    assert reply.mimetype == "text/csv" and reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("language", "label"),
    [("ko", "일본 시장 판매·공급 중"), ("en", "On the Japanese market"), ("ja", "日本市場で販売・供給中")],
)
def test_labels_come_in_the_language_of_the_file(analyst: FlaskClient, language: str, label: str) -> None:
    rows = read_rows(analyst.get(f"{ROUND}/export/raw.csv?form=labels&language={language}"))
    (heading,) = (name for name in rows[0] if name.endswith("[jp_stage]"))
    assert label in {row[heading] for row in rows}


def test_texts_of_statistics_only_companies_stay_on_the_screen(analyst: FlaskClient) -> None:
    rows = read_rows(analyst.get(f"{ROUND}/export/raw.csv"))
    texts = ("ft_case", "ft_ask_ministry", "ft_best_practice", "ch_other_text")
    withheld = [row for row in rows if any(row[text] == ".w" for text in texts)]
    assert withheld
    for row in rows:
        if row["attribution_level"] == "aggregate":
            assert row["use_gist_to_ministry"] == "0"
            assert {row[text] for text in texts} <= {"", ".n", ".w"}


def test_no_file_for_analysts_names_a_company_or_a_person(analyst: FlaskClient, database: Database) -> None:
    names = {name for company in load_sample_companies().values() for name in vars_of(company)}
    for path in ("raw.csv", "raw.csv?form=labels&language=ko", "ministry.csv", "ministry.csv?form=labels&language=ja"):
        text = analyst.get(f"{ROUND}/export/{path}").get_data(as_text=True)
        assert not [name for name in names if name in text]
        assert "@example" not in text
    with database.read() as connection:
        assert connection.execute(select(confidential.c.link)).first() is not None, "there is something to betray"


def vars_of(company: object) -> list[str]:
    name = getattr(company, "name")  # noqa: B009 - a Text in three languages
    return [name.ko, name.en, name.ja]


def test_identified_is_for_managers_with_a_reason(
    analyst: FlaskClient, manager: FlaskClient, database: Database
) -> None:
    assert analyst.post(f"{ROUND}/export/identified.csv", data={"reason": REASON}).status_code == 403
    assert manager.get(f"{ROUND}/export/identified.csv").status_code == 405
    refused = manager.post(f"{ROUND}/export/identified.csv?lang=en", data={"reason": "why"})
    assert refused.status_code == 422
    assert "what the file is for" in refused.get_data(as_text=True) and ">why</textarea>" in refused.get_data(
        as_text=True
    )
    with database.read() as connection:
        assert not list_audit(connection, action="export.csv")
    rows = read_rows(manager.post(f"{ROUND}/export/identified.csv", data={"reason": REASON}))
    named = [row for row in rows if row["attribution_level"] == "named"]
    assert named and all(row["company_name"] for row in named)
    assert not [row for row in rows if row["attribution_level"] != "named" and row["company_name"]]
    assert not [name for name in rows[0] if name.startswith("contact_")]
    with database.read() as connection:
        (event,) = list_audit(connection, action="export.csv")
    assert event.actor == "manager@example.com"
    assert event.details["kind"] == "identified" and event.details["reason"] == REASON


def test_a_stale_form_comes_back_with_the_reason(sign_in: SignIn) -> None:
    reply = sign_in("manager").post(f"{ROUND}/export/identified.csv", data={"reason": REASON, "csrf_token": "old"})
    assert reply.status_code == 400
    assert REASON in reply.get_data(as_text=True)


def test_the_export_page_offers_what_the_role_may_take(analyst: FlaskClient, sign_in: SignIn) -> None:
    assert 'value="identified"' not in read_page(analyst, f"{ROUND}/export?kind=identified")
    assert 'value="identified"' in read_page(sign_in("manager"), f"{ROUND}/export")


@pytest.mark.parametrize("path", ["raw.csv", "raw.csv?form=labels&language=ja", "ministry.csv"])
def test_each_export_is_audited(analyst: FlaskClient, database: Database, path: str) -> None:
    assert analyst.get(f"{ROUND}/export/{path}").status_code == 200
    with database.read() as connection:
        (event,) = list_audit(connection, action="export.csv")
    assert event.actor == "analyst@example.com" and event.round_id == SAMPLE_2026
    assert str(event.details["kind"]) in path
    assert str(event.details["file"]).startswith("FICTIONAL_")


@pytest.mark.parametrize("file", ["raw.csv", "ministry.csv"])
@pytest.mark.parametrize("query", ["language=xx", "form=other", "company_size=micro", "labels=1"])
def test_what_a_file_cannot_be_asked_for_is_explained(
    analyst: FlaskClient, database: Database, file: str, query: str
) -> None:
    """A file that ignored a filter would be taken for the filtered one."""
    assert analyst.get(f"{ROUND}/export/{file}?{query}").status_code == 400
    with database.read() as connection:
        assert not list_audit(connection, action="export.csv")


def test_a_failure_is_an_error_page_and_never_half_a_file(manager: FlaskClient, app: Flask, database: Database) -> None:
    """Rows that the keys do not open: the fault shows before a header is sent, and nothing is audited."""
    keep_installation(app, replace(app.extensions["surveyapp"], vault=Vault({"k2": b"3" * 32}, b"4" * 32)))
    reply = manager.post(f"{ROUND}/export/identified.csv", data={"reason": REASON, "language": "en"})
    assert reply.status_code == 503
    assert reply.mimetype == "text/html" and "Content-Disposition" not in reply.headers
    with database.read() as connection:
        assert not list_audit(connection, action="export.csv")


def test_a_reader_who_goes_away_ends_the_transaction(analyst: FlaskClient, app: Flask) -> None:
    pool = app.extensions["surveyapp"].database.engine.pool
    before = pool.checkedout()
    reply = analyst.get(f"{ROUND}/export/raw.csv", buffered=False)
    next(iter(reply.response))
    reply.close()
    assert pool.checkedout() == before


def test_a_large_file_is_asked_for_instead(analyst: FlaskClient, app: Flask, database: Database) -> None:
    """As the composer does: nobody waits minutes for a page."""
    installation = app.extensions["surveyapp"]
    keep_installation(app, replace(installation, settings=replace(installation.settings, export_direct_most=1)))
    reply = analyst.get(f"{ROUND}/export/raw.csv?form=labels&language=en")
    assert reply.status_code == 303 and "/export?kind=raw" in reply.headers["Location"]
    with database.read() as connection:
        assert not list_audit(connection, action="export.csv")
        (event,) = list_audit(connection, action="file.asked_for")
    assert event.details["labels"] is True and event.details["language"] == "en"
    assert analyst.get(f"{ROUND}/export/ministry.csv").mimetype == "text/csv", "a table of figures is never large"


def test_an_empty_round_is_a_file_with_headings(analyst: FlaskClient) -> None:
    reply = analyst.get("/desk/rounds/trial/export/raw.csv")
    assert read_rows(reply) == []
    assert reply.get_data().count(b"\r\n") == 1
    assert "TRIAL_" in reply.headers["Content-Disposition"]


def test_the_ministry_table_lists_what_can_be_raised(analyst: FlaskClient, questionnaire: Questionnaire) -> None:
    rows = read_rows(analyst.get(f"{ROUND}/export/ministry.csv?language=en"))
    assert {row["bilateral"] for row in rows} == {"yes", "part"}
    areas = [row for row in rows if row["level"] == "area"]
    assert len(areas) == 10 and rows[: len(areas)] == areas
    shown = [float(row["index"]) for row in areas if row["index"]]
    assert shown == sorted(shown, reverse=True)
    labels = {choice.name: choice.label for choice in questionnaire.choice_lists["issue_area"]}
    for row in areas:
        label = labels[row["area_code"]]
        assert (row["area_ko"], row["area_en"], row["area_ja"]) == (label.ko, label.en, label.ja)
    for row in rows:
        for figure, reason in (
            ("n", "reason"),
            ("severity_mean", "severity_reason"),
            ("index", "index_reason"),
            ("withdrawn_n", "withdrawn_reason"),
        ):
            assert bool(row[figure]) != bool(row[reason]), "a figure, or why there is none"
        assert row["round_kind"] == "sample" and row["round_n"] == "35" and "95% Wilson interval" in row["method"]
    assert all(row["withdrawn_n"] == "" for row in rows), "one company stopped or withdrew"
