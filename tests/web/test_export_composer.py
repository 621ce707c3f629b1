"""The composer: what it shows, what it sends, who may, and what stands in the audit trail."""

from __future__ import annotations

import csv
import hashlib
import io
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from openpyxl import load_workbook
from pyroaring import BitMap
from sqlalchemy import func, select, update

from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.records.audit import list_audit, write_audit
from surveyapp.records.change_feed import take_revision
from surveyapp.records.database import Database
from surveyapp.records.deidentified_files import list_deidentified_files
from surveyapp.records.job_queue import list_jobs
from surveyapp.records.tables import response
from surveyapp.reports.exports.request import FORMATS
from surveyapp.reports.exports.request import KINDS as FILE_KINDS
from surveyapp.reports.words import Words
from surveyapp.settings import Settings
from surveyapp.web.installation import Installation, keep_installation
from tests.web.desk_data import ROUND, leave_few, open_samples, read_page, read_words, work_off

SignIn = Callable[[str], FlaskClient]
REASON = "Matching returns with the member directory"
SURVEY, SAMPLE_2026 = "japan_export_readiness", 3


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def app(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = False
    return app


@pytest.fixture
def analyst(sign_in: SignIn) -> FlaskClient:
    return sign_in("analyst")


@pytest.fixture
def manager(sign_in: SignIn) -> FlaskClient:
    return sign_in("manager")


def make_large(app: Flask) -> Installation:
    """Let every round count as large."""
    installation: Installation = app.extensions["surveyapp"]
    changed = replace(installation, settings=replace(installation.settings, export_direct_most=0))
    keep_installation(app, changed)
    return changed


@pytest.mark.parametrize("kind", [kind for kind in FILE_KINDS if kind != "identified"])
@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_the_composer_shows_what_the_file_will_hold(analyst: FlaskClient, kind: str, language: str) -> None:
    page = read_page(analyst, f"{ROUND}/export?kind={kind}&format=xlsx", language=language)
    assert f"FICTIONAL_japan_export_readiness_sample-2026_{kind}_" in page
    assert f'name="kind" value="{kind}" checked' in page


def test_the_preview_of_a_deidentified_file_says_what_is_coarsened(analyst: FlaskClient) -> None:
    words = read_words(read_page(analyst, f"{ROUND}/export?kind=deidentified"))
    assert "at least 5" in words and "Returns left out" in words and "suppressed" in words


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["raw", "paradata"])
def test_a_small_file_is_sent_at_once_and_audited(
    analyst: FlaskClient, database: Database, kind: str, form: str
) -> None:
    reply = analyst.post(f"{ROUND}/export/file", data={"kind": kind, "format": form, "language": "en"})
    assert reply.status_code == 200 and len(reply.get_data()) > 1000
    with database.read() as connection:
        (event,) = list_audit(connection, action="export.file")
    assert event.details["kind"] == kind and event.details["format"] == form
    assert str(event.details["file"]) in reply.headers["Content-Disposition"]
    assert event.actor == "analyst@example.com" and event.round_id == SAMPLE_2026


def test_a_workbook_opens(analyst: FlaskClient) -> None:
    reply = analyst.post(f"{ROUND}/export/file", data={"kind": "ministry", "format": "xlsx", "language": "en"})
    assert load_workbook(io.BytesIO(reply.get_data())).sheetnames == ["Data", "Methods", "Hidden cells"]


def test_names_are_for_managers_with_a_reason(analyst: FlaskClient, manager: FlaskClient, database: Database) -> None:
    options = {"kind": "identified", "format": "csv-plain"}
    assert analyst.post(f"{ROUND}/export/file", data={**options, "reason": REASON}).status_code == 403
    refused = manager.post(f"{ROUND}/export/file?lang=en", data={**options, "reason": "why"})
    assert refused.status_code == 422 and ">why</textarea>" in refused.get_data(as_text=True)
    with database.read() as connection:
        assert not list_audit(connection, action="export.file")
    reply = manager.post(f"{ROUND}/export/file", data={**options, "reason": REASON})
    rows = list(csv.DictReader(io.StringIO(reply.get_data(as_text=True), newline="")))
    assert any(row["company_name"] for row in rows)
    with database.read() as connection:
        (event,) = list_audit(connection, action="export.file")
    assert event.details["reason"] == REASON


@pytest.mark.parametrize("query", ["kind=secret", "format=ods", "layout=deep", "cells=1", "language=xx", "company=1"])
def test_what_a_file_cannot_be_asked_for_is_explained(analyst: FlaskClient, query: str) -> None:
    assert analyst.get(f"{ROUND}/export?{query}").status_code == 400


def test_a_form_that_is_not_offered_is_refused_in_words(analyst: FlaskClient, database: Database) -> None:
    page = read_words(read_page(analyst, f"{ROUND}/export?kind=ministry&format=sav"))
    assert "There is no file of this kind in this format." in page
    reply = analyst.post(f"{ROUND}/export/file?lang=en", data={"kind": "ministry", "format": "sav"})
    assert reply.status_code == 422 and "no file of this kind" in reply.get_data(as_text=True)
    with database.read() as connection:
        assert not list_audit(connection, action="export.file")


def test_a_full_disk_is_a_page_and_never_half_a_file(
    analyst: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: SIM115
    reply = analyst.post(f"{ROUND}/export/file?lang=en", data={"format": "csv"})
    assert reply.status_code == 503 and reply.mimetype == "text/html"
    assert "disk of the server is full" in reply.get_data(as_text=True)
    with database.read() as connection:
        assert not list_audit(connection, action="export.file")


def test_a_deidentified_file_that_was_not_sent_counts_as_given_out(
    analyst: FlaskClient, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"kind": "deidentified", "format": "csv"}
    with monkeypatch.context() as full:
        full.setattr(tempfile, "TemporaryFile", lambda **_: open("/dev/full", "w+b"))  # noqa: SIM115
        assert analyst.post(f"{ROUND}/export/file?lang=en", data=options).status_code == 503
    page = read_words(read_page(analyst, f"{ROUND}/export?kind=deidentified"))
    assert "Nothing has changed since the file of" in page and "Remembered once it is made" not in page
    assert analyst.post(f"{ROUND}/export/file?lang=en", data=options).status_code == 200
    with database.read() as connection:
        (kept,) = list_deidentified_files(connection, SURVEY, SAMPLE_2026)
    assert kept.actor == "analyst@example.com"


def test_a_later_deidentified_file_says_what_it_leaves_out_for_the_earlier_one(
    analyst: FlaskClient, database: Database
) -> None:
    before = read_words(read_page(analyst, f"{ROUND}/export?kind=deidentified"))
    assert "Remembered once it is made" in before and "because of" not in before
    methods = take_methods(analyst)
    assert methods["Returns left out"].isdecimal()
    assert "learns these answers" in methods["Answers shared by all companies that are alike in the answers above"]
    with database.write() as connection:
        (first,) = list_deidentified_files(connection, SURVEY, SAMPLE_2026)
        erase_response(connection, SURVEY, BitMap.deserialize(first.groups[0])[0], now=datetime.now(UTC))
    told = f"because of 1 earlier file ({Words('en').day(first.released_at)})"
    assert told in read_words(read_page(analyst, f"{ROUND}/export?kind=deidentified"))
    assert told in take_methods(analyst)["Returns left out"]


def take_methods(analyst: FlaskClient) -> dict[str, str]:
    """The sheet of methods of a de-identified workbook."""
    options = {"kind": "deidentified", "format": "xlsx", "language": "en"}
    reply = analyst.post(f"{ROUND}/export/file", data=options)
    sheet = load_workbook(io.BytesIO(reply.get_data()))["Methods"]
    return {str(what): str(how) for what, how in sheet.iter_rows(values_only=True)}


def test_files_that_left_before_files_were_remembered_are_told(analyst: FlaskClient, database: Database) -> None:
    path, now = f"{ROUND}/export?kind=deidentified", datetime.now(UTC)
    assert "left earlier" not in read_page(analyst, path)
    with database.write() as connection:
        for kind in ("raw", "deidentified"):
            write_audit(
                connection,
                actor="ana@example.com",
                action="export.file",
                at=now - timedelta(days=3),
                survey_id=SURVEY,
                round_id=SAMPLE_2026,
                details={"kind": kind, "file": f"{kind}.csv"},
            )
    told = f"De-identified files left earlier: {Words('en').day(now - timedelta(days=3))}"
    page = read_words(read_page(analyst, path))
    assert told in page and "could reveal companies" in page
    assert take_methods(analyst)
    page = read_words(read_page(analyst, path))
    assert f"{told} This version" in page, "the file of today is remembered, and not among them"
    assert "left earlier" not in read_page(analyst, f"{ROUND}/export?kind=raw")
    with database.write() as connection:
        write_audit(
            connection,
            actor="ana@example.com",
            action="round.purged",
            at=now - timedelta(days=2),
            survey_id=SURVEY,
            round_id=SAMPLE_2026,
        )
    assert "left earlier" not in read_page(analyst, path), "the returns in them are gone"


def test_where_nothing_can_be_given_beside_an_earlier_file_the_desk_says_what_to_do(
    analyst: FlaskClient, database: Database
) -> None:
    options = {"kind": "deidentified", "format": "csv"}
    assert analyst.post(f"{ROUND}/export/file", data=options).status_code == 200
    leave_few(database, SURVEY, SAMPLE_2026)
    page = read_page(analyst, f"{ROUND}/export?kind=deidentified")
    assert "No new de-identified file can be given" in read_words(page) and f'action="{ROUND}/export/file"' not in page
    assert "Remembered once it is made" not in page and "Returns left out" not in page
    reply = analyst.post(f"{ROUND}/export/file?lang=en", data=options)
    assert reply.status_code == 422
    assert "No further file can be given of this round." in read_words(reply.get_data(as_text=True))
    with database.read() as connection:
        assert len(list_deidentified_files(connection, SURVEY, SAMPLE_2026)) == 1
        assert len(list_audit(connection, action="export.file")) == 1


def test_a_large_file_is_a_job_and_can_be_fetched(analyst: FlaskClient, app: Flask, database: Database) -> None:
    make_large(app)
    asked = analyst.post(f"{ROUND}/export/file", data={"format": "xlsx", "language": "en"})
    assert asked.status_code == 303
    again = analyst.post(f"{ROUND}/export/file", data={"format": "xlsx", "language": "en"})
    assert again.status_code == 303, "pressing twice is asking once"
    with database.read() as connection:
        (job,) = list_jobs(connection, kind="export.make")
        (event,) = list_audit(connection, action="file.asked_for")
    assert event.details["job"] == job.job_id
    place = urlsplit(asked.headers["Location"])
    assert parse_qs(place.query)["format"] == ["xlsx"]
    page = read_page(analyst, f"{place.path}?{place.query}&lang=en")
    assert f'id="file-{job.job_id}"' in page and "Waiting" in page
    assert analyst.get(f"/desk/jobs/{job.job_id}/progress").status_code == 200
    assert analyst.get(f"{ROUND}/export/files/{job.job_id}").status_code == 404, "it is not made yet"
    work_off(app)
    page = read_page(analyst, f"{ROUND}/export?lang=en")
    reply = analyst.get(f"{ROUND}/export/files/{job.job_id}")
    content = reply.get_data()
    digest = hashlib.sha256(content).hexdigest()
    assert digest in page and f"{ROUND}/export/files/{job.job_id}" in page and "Can be fetched until" in page
    assert load_workbook(io.BytesIO(content)).sheetnames == ["Data", "Methods", "Codebook"]
    with database.read() as connection:
        (event,) = list_audit(connection, action="export.file")
    assert event.details["sha256"] == digest and event.details["job"] == job.job_id


def test_a_large_file_with_names_is_fetched_by_managers_alone(
    analyst: FlaskClient, manager: FlaskClient, app: Flask, database: Database
) -> None:
    make_large(app)
    manager.post(f"{ROUND}/export/file", data={"kind": "identified", "reason": REASON})
    work_off(app)
    with database.read() as connection:
        (job,) = list_jobs(connection, kind="export.make")
        (event,) = list_audit(connection, action="file.asked_for")
    assert job.state == "done" and event.details["reason"] == REASON and "reason" not in job.arguments
    assert analyst.get(f"{ROUND}/export/files/{job.job_id}").status_code == 403
    assert "For managers." in read_words(read_page(analyst, f"{ROUND}/export"))
    assert manager.get(f"{ROUND}/export/files/{job.job_id}").status_code == 200
    assert manager.get(f"/desk/rounds/sample-2025/export/files/{job.job_id}").status_code == 404, "of another round"


def test_a_file_made_before_a_withdrawal_is_erased(analyst: FlaskClient, app: Flask, database: Database) -> None:
    installation = make_large(app)
    analyst.post(f"{ROUND}/export/file", data={"format": "csv"})
    work_off(app)
    with database.read() as connection:
        (job,) = list_jobs(connection, kind="export.make")
    with database.write() as connection:
        first = connection.scalar(select(func.min(response.c.number)).where(response.c.round_id == SAMPLE_2026))
        connection.execute(
            update(response)
            .where(response.c.number == first)
            .values(
                state="withdrawn",
                withdrawn_at=datetime.now(UTC),
                answers={},
                texts={},
                revision=take_revision(connection, installation.settings.survey_id),
            )
        )
    reply = analyst.get(f"{ROUND}/export/files/{job.job_id}?lang=en")
    assert reply.status_code == 410 and "withdrawn" in reply.get_data(as_text=True)
    assert analyst.get(f"{ROUND}/export/files/{job.job_id}?lang=en").status_code == 410
    assert "Erased. Make it again" in read_words(read_page(analyst, f"{ROUND}/export"))


def test_a_deidentified_file_of_too_few_companies_is_refused_before_it_is_made(
    analyst: FlaskClient, database: Database
) -> None:
    page = read_page(analyst, "/desk/rounds/trial/export?kind=deidentified")
    assert "Fewer than 5 companies have answered." in read_words(page) and "Returns left out" not in page
    assert 'action="/desk/rounds/trial/export/file"' not in page and "Remembered once it is made" not in page
    reply = analyst.post("/desk/rounds/trial/export/file?lang=en", data={"kind": "deidentified"})
    assert reply.status_code == 422 and "Fewer than 5" in reply.get_data(as_text=True)
    with database.read() as connection:
        assert not list_audit(connection, action="export.file")


def test_an_empty_round_is_a_file_with_headings(analyst: FlaskClient) -> None:
    for kind in ("raw", "paradata"):
        reply = analyst.post("/desk/rounds/trial/export/file", data={"kind": kind, "format": "csv-plain"})
        assert reply.status_code == 200 and reply.get_data().count(b"\n") == 1


@pytest.mark.parametrize("language", ["ko", "en", "ja"])
def test_the_codebook_can_be_read_and_taken(analyst: FlaskClient, language: str) -> None:
    page = read_page(analyst, f"{ROUND}/codebook", language=language)
    for name in ("ch_reg_leaf/reg-patent", "ch_reg_leaf.reg_patent", "use_word_for_word", "score_overall"):
        assert f"<code>{name}</code>" in page
    document = etree.fromstring(analyst.get(f"{ROUND}/codebook/ddi").get_data())
    assert document.tag == "{ddi:codebook:2_5}codeBook"
    reply = analyst.get(f"{ROUND}/codebook/redcap?lang={language}")
    assert reply.get_data().startswith(b"\xef\xbb\xbfVariable / Field Name")
    assert analyst.get(f"{ROUND}/codebook/other").status_code == 404
