"""Importing a list at the desk: preview with columns to change, faults by row, confirmed once, sealed meanwhile."""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.rounds import register_questionnaire
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.settings import Settings
from tests.fieldwork.directory.workbooks import write_list, write_workbook
from tests.web.desk_data import read_page, read_words

SignIn = Callable[[str], FlaskClient]
IMPORT = "/desk/companies/import"
SURVEY = "japan_export_readiness"
HEADING = ["회사명", "사업자등록번호", "담당자", "이메일", "메모"]
ROWS = [
    ["한빛바이오㈜", "116-82-00276", "김민수", "kim@example.com", "a"],
    ["서울약품", "", "이영희", "lee@example.com", "b"],
]


@pytest.fixture(autouse=True)
def registered(database: Database, questionnaire: Questionnaire) -> None:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, datetime.now(UTC))


@pytest.fixture
def manager(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("manager")


def upload(client: FlaskClient, content: bytes, name: str = "명부.csv", **fields: str) -> TestResponse:
    file = FileStorage(io.BytesIO(content), filename=name)
    boundary, body = encode_multipart({"file": file, **fields})
    return client.post(f"{IMPORT}?lang=en", data=body, content_type=f"multipart/form-data; boundary={boundary}")


def upload_rows(client: FlaskClient, *rows: Sequence[str], encoding: str = "cp949") -> str:
    """The address of the preview."""
    reply = upload(client, write_list([HEADING, *rows], encoding=encoding))
    assert reply.status_code == 303, read_words(reply.text)
    return str(reply.location)


def read_form(page: str, url: str) -> dict[str, str]:
    """What the button that confirms would send."""
    found = re.search(rf'<form method="post" action="{re.escape(url)}">(.*?)</form>', page, re.DOTALL)
    assert found is not None, "nothing to confirm"
    return {
        name: unescape(value) for name, value in re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', found[1])
    }


def count_companies(database: Database) -> int:
    with database.read() as connection:
        return len(list_companies(connection, SURVEY))


def test_a_list_is_read_in_the_encoding_that_was_chosen(manager: FlaskClient) -> None:
    content = write_list([["이름"], ["한국"]], encoding="cp949")
    chosen = upload(manager, content, encoding="cp932")
    assert "CSV, CP932 (Shift_JIS)" in read_words(read_page(manager, str(chosen.location)))
    refused = upload(manager, content, encoding="utf-8-sig")
    assert refused.status_code == 422
    assert "The file cannot be read in the encoding UTF-8." in read_words(refused.text)
    assert re.search(r'<option value="utf-8-sig" selected>', refused.text), "the choice stays"
    assert upload(manager, content, encoding="nonsense").status_code == 303


def test_a_list_is_previewed_confirmed_and_audited(manager: FlaskClient, database: Database) -> None:
    url = upload_rows(manager, *ROWS)
    page = read_page(manager, url)
    words = read_words(page)
    assert "CSV, CP949 (EUC-KR)" in words and "2 rows read" in words.replace("rows read 2", "2 rows read")
    assert "New: 김민수" in words and count_companies(database) == 0
    confirmed = manager.post(url, data=read_form(page, url))
    assert confirmed.status_code == 303 and confirmed.location == "/desk/companies"
    assert "New: 2. Changed: 0. Unchanged: 0." in read_page(manager, "/desk/companies")
    assert count_companies(database) == 2
    with database.read() as connection:
        (event,) = list_audit(connection)
    assert (event.action, event.actor) == ("companies.imported", "manager@example.com")
    assert read_page(manager, "/desk/companies").count("The list was imported") == 0


def test_confirming_twice_is_one_import(manager: FlaskClient, database: Database) -> None:
    url = upload_rows(manager, *ROWS)
    data = read_form(read_page(manager, url), url)
    assert manager.post(url, data=data).status_code == 303
    assert manager.post(url, data=data).status_code == 303  # the reply to the first was lost
    read_page(manager, "/desk/companies")
    gone = manager.post(f"{url}?lang=en", data=data)
    assert gone.status_code == 410 and "This upload is no longer there" in gone.text
    assert count_companies(database) == 2


def test_faults_are_listed_by_row_and_nothing_can_be_confirmed(manager: FlaskClient, database: Database) -> None:
    bad = [["", "", "박", "park@example.com", ""], ["가나", "116-82-00277", "", "", ""], ["=1+1", "", "", "x", ""]]
    url = upload_rows(manager, *ROWS, *bad)
    page = read_page(manager, url)
    rows = [read_words(row) for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL)]
    assert "4 Name (Korean) Enter a name of the company in one language at least." in rows
    assert any(row.startswith("5 Business number 116-82-00277 is no business number") for row in rows)
    assert any(row.startswith("6 Name (Korean) It is a formula or its error (=1+1).") for row in rows)
    assert any(row.startswith("6 Contact e-mail x is no e-mail address") for row in rows)
    assert "4 faults" in page and f'<form method="post" action="{url}">' not in page
    assert manager.post(url, data={"digest": "0" * 64}).status_code == 422
    assert count_companies(database) == 0


def test_thousands_of_faults_come_page_by_page(manager: FlaskClient) -> None:
    url = upload_rows(manager, *(["", "", f"김{place}", "kim@example.com", ""] for place in range(450)))
    page = read_page(manager, url)
    assert "450 faults" in page
    later = re.search(r'href="([^"]+)">Further faults', page)
    assert later is not None
    second = read_words(read_page(manager, unescape(later[1]).partition("#")[0]))
    assert "202 Name (Korean)" in second and "201 Name (Korean)" not in second


def test_a_column_is_taken_for_something_else(manager: FlaskClient, database: Database) -> None:
    reply = upload(manager, write_list([["가", "나", "다"], ["한빛", "Hanbit", "kim@example.com"]]))
    url = str(reply.location)
    assert "No column of the file is taken for a name of the company." in read_page(manager, url)
    chosen = f"{url}?heading=1&c0=name_ko&c1=name_en&c2=contact_email"
    page = read_page(manager, chosen)
    assert "1 new companies" in read_words(page).replace("new companies 1", "1 new companies")
    twice = read_page(manager, f"{url}?heading=1&c0=name_ko&c1=name_ko&c2=contact_email")
    assert "Two columns of the file are taken for the same: Name (Korean)." in twice
    assert manager.post(url, data=read_form(page, url)).status_code == 303
    with database.read() as connection:
        (company,) = list_companies(connection, SURVEY)
    assert (company.name.ko, company.name.en) == ("한빛", "Hanbit")


def test_another_sheet_is_read_anew(manager: FlaskClient) -> None:
    content = write_workbook(
        {"명부": [HEADING, *ROWS], "작년": [["Company Name", "Email"], ["Old Co", "old@example.com"]]}
    )
    url = str(upload(manager, content, "명부.xlsx").location)
    page = read_page(manager, url)
    assert "Excel workbook, Sheet: 명부" in read_words(page)
    other = read_page(manager, f"{url}?sheet=1&of_sheet=0&heading=1&c0=name_ko&c1=business_number")
    assert "Sheet: 작년" in read_words(other) and "Old Co" in other and "is no business number" not in other


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "The file holds no rows."),
        (bytes.fromhex("d0cf11e0a1b11ae1"), "The file is an old Excel workbook (XLS)."),
        (b"%PDF-1.4", "The file is neither CSV nor an Excel workbook (XLSX)."),
        ("가,나\n".encode("euc-kr") + b"\xff\xff", "neither UTF-8 nor CP949 nor CP932 (row 2)"),
    ],
)
def test_what_cannot_be_read_is_told_and_kept_nowhere(
    manager: FlaskClient, settings: Settings, content: bytes, said: str
) -> None:
    reply = upload(manager, content)
    assert reply.status_code == 422 and said in reply.text
    assert list((settings.instance / "imports").glob("*")) == []


def test_without_a_file(manager: FlaskClient) -> None:
    reply = manager.post(f"{IMPORT}?lang=en", data={})
    assert reply.status_code == 422 and "Choose a file." in reply.text


def test_a_file_of_fifty_megabytes_is_refused_before_it_is_read(manager: FlaskClient) -> None:
    reply = upload(manager, b"a,b\n" * (13 * 1024 * 1024))
    assert reply.status_code == 413
    assert "The file is larger than 10 MB." in reply.text


def test_a_large_list_is_taken_where_other_forms_are_refused(manager: FlaskClient) -> None:
    rows = [[f"기업{place}", "", "", "", "메모" * 50] for place in range(9_000)]
    content = write_list([HEADING, *rows])
    assert len(content) > 2_700_000
    assert upload(manager, content).status_code == 303
    assert manager.post("/desk/companies/new", data={"name_ko": "가" * 1_000_000}).status_code == 413


def test_between_preview_and_confirmation_nothing_stands_in_clear(manager: FlaskClient, settings: Settings) -> None:
    upload_rows(manager, *ROWS)
    (kept,) = (settings.instance / "imports").glob("*")
    content = kept.read_bytes()
    assert not any(canary.encode() in content for canary in ("김민수", "kim@example.com", "한빛", "명부"))
    assert kept.stat().st_mode & 0o077 == 0 and kept.parent.stat().st_mode & 0o077 == 0


def test_an_upload_is_of_one_account_and_of_half_an_hour(
    manager: FlaskClient, sign_in: SignIn, settings: Settings
) -> None:
    url = upload_rows(manager, *ROWS)
    assert sign_in("admin").get(url).status_code == 410
    (kept,) = (settings.instance / "imports").glob("*")
    assert manager.get(url).status_code == 200
    content = kept.read_bytes()
    kept.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    assert manager.get(url).status_code == 410  # altered
    kept.write_bytes(content)
    old = time.time() - 31 * 60
    os.utime(kept, (old, old))
    other = upload_rows(manager, *ROWS)  # the next upload sweeps
    assert not kept.exists() and manager.get(url).status_code == 410 and manager.get(other).status_code == 200


def test_discarding_erases_the_upload(manager: FlaskClient, settings: Settings) -> None:
    url = upload_rows(manager, *ROWS)
    assert manager.post(f"{url}/discard").status_code == 303
    assert list((settings.instance / "imports").glob("*")) == []
    assert manager.post(f"{url}/discard").status_code == 303
    assert manager.get(f"{IMPORT}/../../secrets").status_code == 404
    assert manager.get(f"{IMPORT}/..%2fsecrets").status_code in (404, 410)


def test_a_directory_that_moved_is_shown_anew(manager: FlaskClient, sign_in: SignIn, database: Database) -> None:
    url = upload_rows(manager, *ROWS)
    data = read_form(read_page(manager, url), url)
    other = sign_in("admin")
    other_url = upload_rows(other, *ROWS)
    assert other.post(other_url, data=read_form(read_page(other, other_url), other_url)).status_code == 303
    late = manager.post(f"{url}?lang=en", data=data)
    assert late.status_code == 409
    assert "The directory has changed since the preview" in late.text
    assert manager.post(url, data=read_form(late.text, url)).status_code == 303
    assert count_companies(database) == 2


def test_a_stale_preview_is_shown_again(sign_in: SignIn, app: Flask, database: Database) -> None:
    client = sign_in("manager")
    token = re.search(r'name="csrf_token" value="([^"]+)"', read_page(client, IMPORT))
    assert token is not None
    data: dict[str, Any] = {"file": (io.BytesIO(write_list([HEADING, *ROWS])), "명부.csv"), "csrf_token": token[1]}
    url = str(client.post(IMPORT, data=data).location)
    form = {**read_form(read_page(client, url), url), "csrf_token": "stale"}
    reply = client.post(f"{url}?lang=en", data=form)
    assert reply.status_code == 400 and "The form had become stale." in reply.text
    assert read_form(reply.text, url)["digest"] == form["digest"]
    assert count_companies(database) == 0
    stale: dict[str, Any] = {"file": (io.BytesIO(b"x"), "x.csv"), "csrf_token": "stale"}
    assert "Please choose the file again." in client.post(f"{IMPORT}?lang=en", data=stale).text


def test_a_template_can_be_filled_in_and_comes_back(manager: FlaskClient, tmp_path: Path) -> None:
    reply = manager.get(f"{IMPORT}/template.xlsx?lang=ja")
    book = load_workbook(io.BytesIO(reply.data))
    sheet = book.worksheets[0]
    headings = [cell.value for cell in sheet[1]]
    assert headings[0] == "企業名（韓国語）" and "企業番号" not in headings
    sheet.append(
        ["한빛", "Hanbit", "ハンビット", "116-82-00276", "50〜299人", "医療機器", "会員", "김", "", "kim@example.com"]
    )
    filled = io.BytesIO()
    book.save(filled)
    page = read_page(manager, f"{upload(manager, filled.getvalue(), 'template.xlsx').location}?lang=en")
    assert "1 new companies" in read_words(page).replace("new companies 1", "1 new companies") and "fault" not in page
    assert manager.get(f"{IMPORT}/template.csv").data.startswith(b"\xef\xbb\xbf")
    assert manager.get(f"{IMPORT}/template.exe").status_code == 404
