"""The directory at the desk: list, search, entry, contacts, files."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from surveyapp.fieldwork.directory.companies import CompanyFields, insert_companies, list_companies
from surveyapp.fieldwork.directory.contacts import is_opted_out
from surveyapp.fieldwork.rounds import register_questionnaire
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.records.audit import list_audit
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.desk_pages import read_csv
from tests.web.desk_data import read_page, read_words

SignIn = Callable[[str], FlaskClient]
LIST = "/desk/companies"
SURVEY = "japan_export_readiness"
TYPED = {
    "name_ko": "한빛바이오㈜",
    "name_en": "Hanbit Bio Co., Ltd.",
    "name_ja": "ハンビットバイオ",
    "business_number": "116-82-00276",
    "size": "e50_299",
    "main_business": "bio",
    "membership": "member",
}
CONTACT = {
    "contact_name": "김민수",
    "contact_department": "해외사업팀",
    "contact_email": "kim@example.com",
    "contact_phone": "+82-2-1234-5678",
    "contact_language": "ko",
}


@pytest.fixture(autouse=True)
def registered(database: Database, questionnaire: Questionnaire) -> None:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, datetime.now(UTC))


@pytest.fixture
def manager(sign_in: SignIn, app: Flask) -> FlaskClient:
    app.config["WTF_CSRF_ENABLED"] = False
    return sign_in("manager")


def add(client: FlaskClient, **changed: str) -> str:
    """Adds a company and returns its address."""
    reply = client.post(f"{LIST}/new?lang=en", data={**TYPED, **changed})
    assert reply.status_code == 303, read_words(reply.text)
    return str(reply.location)


def add_contact(client: FlaskClient, url: str, **changed: str) -> str:
    reply = client.post(f"{url}/contacts/new?lang=en", data={**CONTACT, **changed})
    assert reply.status_code == 303, read_words(reply.text)
    found = re.findall(rf"{url}/contacts/([0-9a-f]{{32}})\"", read_page(client, url))
    return f"{url}/contacts/{found[-1]}"


def list_actions(database: Database) -> list[tuple[str, Any]]:
    with database.read() as connection:
        return [(each.action, dict(each.details)) for each in reversed(list_audit(connection))]


def test_a_company_is_added_found_and_changed(manager: FlaskClient, database: Database) -> None:
    assert "There is no company yet." in read_page(manager, LIST)
    url = add(manager)
    page = read_page(manager, url)
    assert "The company was added." in page and 'value="116-82-00276"' in page
    listed = read_words(read_page(manager, f"{LIST}?q=ㅎㅂㅂㅇ&size=e50_299"))
    assert "1 company" in listed and "한빛바이오㈜" in listed and "50–299" in listed
    saved = manager.post(f"{url}?lang=en", data={**TYPED, "name_en": "Hanbit Biopharm", "version": find_version(page)})
    assert saved.status_code == 303
    assert "Hanbit Biopharm" in read_page(manager, url)
    assert list_actions(database) == [("company.added", {"company": 1}), ("company.changed", {"company": 1})]


def find_version(page: str) -> str:
    found = re.search(r'name="version" value="([^"]+)"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("changed", "said", "field"),
    [
        ({"name_ko": "", "name_en": " ", "name_ja": "-"}, "Enter a name of the company", "name_ko"),
        ({"business_number": "116-82-00277"}, "116-82-00277 is no business number", "business_number"),
        ({"size": "huge"}, "huge is none of the choices", "size"),
        ({"name_en": "=1+1"}, "It is a formula", "name_en"),
        ({"name_ja": "ハン\x07"}, "invisible character (U+0007)", "name_ja"),
    ],
)
def test_what_cannot_be_kept_comes_back_with_a_reason(
    manager: FlaskClient, database: Database, changed: dict[str, str], said: str, field: str
) -> None:
    reply = manager.post(f"{LIST}/new?lang=en", data={**TYPED, **changed})
    assert reply.status_code == 422
    assert said in read_words(reply.text) and f'href="#{field}"' in reply.text
    if field != "name_ko":
        assert "한빛바이오㈜" in reply.text
    with database.read() as connection:
        assert list_companies(connection, SURVEY) == ()


def test_a_business_number_of_another_company(manager: FlaskClient) -> None:
    add(manager)
    reply = manager.post(f"{LIST}/new?lang=en", data={**TYPED, "name_ko": "다른 회사"})
    assert reply.status_code == 422
    assert "Another company has this business number: number 1." in reply.text and "다른 회사" in reply.text


def test_two_people_at_one_company_overwrite_nothing(manager: FlaskClient) -> None:
    url = add(manager)
    version = find_version(read_page(manager, url))
    assert manager.post(url, data={**TYPED, "size": "e1000p", "version": version}).status_code == 303
    late = manager.post(f"{url}?lang=en", data={**TYPED, "name_en": "Mine", "version": version})
    assert late.status_code == 409
    words = read_words(late.text)
    assert "Somebody else changed this company meanwhile" in words and "Number of employees: 1,000 or more" in words
    assert 'value="Mine"' in late.text
    again = manager.post(url, data={**TYPED, "name_en": "Mine", "version": find_version(late.text)})
    assert again.status_code == 303


def test_a_stale_form_comes_back_with_what_was_typed(sign_in: SignIn) -> None:
    reply = sign_in("manager").post(f"{LIST}/new?lang=en", data=TYPED)
    assert reply.status_code == 400
    assert "The form had become stale." in reply.text and "한빛바이오㈜" in reply.text


def test_contacts_are_added_changed_removed_and_brought_back(manager: FlaskClient, database: Database) -> None:
    url = add(manager)
    contact = add_contact(manager, url)
    assert "김민수" in read_page(manager, url)
    changed = manager.post(contact, data={**CONTACT, "contact_department": "품질팀", "contact_no_mail": "yes"})
    assert changed.status_code == 303
    page = read_page(manager, url)
    assert "품질팀" in page and "Wants no mail" in page
    assert manager.post(f"{contact}/remove").status_code == 303
    page = read_page(manager, url)
    assert "김민수" not in page and "Bring the contact back" in page
    assert manager.get(contact).status_code == 404
    assert manager.post(f"{contact}/restore").status_code == 303
    page = read_page(manager, url)
    assert "품질팀" in page and "The contact is back." in page and "Bring the contact back" not in page
    assert manager.post(f"{contact}/restore").status_code == 303
    assert "cannot be brought back" in read_page(manager, url)
    actions = [action for action, _details in list_actions(database)]
    assert actions[1:] == [
        "contact.added",
        "contact.changed",
        "contact.opted_out",
        "contact.removed",
        "contact.restored",
    ]
    trace = str(list_actions(database))
    assert "김민수" not in trace and "example.com" not in trace


def test_the_cookie_of_an_undo_tells_nothing(manager: FlaskClient) -> None:
    url = add(manager)
    contact = add_contact(manager, url)
    manager.post(f"{contact}/remove")
    with manager.session_transaction("/desk/") as session:
        kept = str(dict(session))
    assert "removed_contact" in kept and "kim" not in kept and "김" not in kept


def test_no_mail_stays_with_the_address(manager: FlaskClient, database: Database, vault: Vault) -> None:
    url = add(manager)
    contact = add_contact(manager, url, contact_no_mail="yes")
    manager.post(f"{contact}/remove")
    with database.read() as connection:
        assert is_opted_out(connection, vault, SURVEY, "KIM@example.com")
    contact = add_contact(manager, url)
    assert "Wants no mail" in read_page(manager, url)
    assert manager.post(contact, data=CONTACT).status_code == 303  # the tick taken out
    assert "Wants no mail" not in read_page(manager, url)


def test_a_contact_without_address_and_telephone(manager: FlaskClient) -> None:
    url = add(manager)
    for changed in ({"contact_email": "", "contact_phone": ""}, dict.fromkeys(CONTACT, "")):
        reply = manager.post(f"{url}/contacts/new?lang=en", data={**CONTACT, **changed})
        assert reply.status_code == 422
        assert "Enter an e-mail address or a telephone number" in reply.text
    reply = manager.post(f"{url}/contacts/new?lang=en", data={**CONTACT, "contact_email": "kim@example"})
    assert reply.status_code == 422 and "is no e-mail address" in reply.text


@pytest.mark.parametrize("path", [f"{LIST}/77", f"{LIST}/77/contacts/new", f"{LIST}/1/contacts/nobody"])
def test_what_is_not_there(manager: FlaskClient, path: str) -> None:
    add(manager)
    read_page(manager, path, status=404)


@pytest.mark.parametrize("query", ["size=huge", "membership=friend", "page=0", "page=x", "page=99999999999"])
def test_an_address_that_means_nothing(manager: FlaskClient, query: str) -> None:
    assert manager.get(f"{LIST}?{query}").status_code == 400


def test_ten_thousand_companies_are_paged_in_a_constant_number_of_queries(
    manager: FlaskClient, database: Database, count_queries: Callable[[], Any]
) -> None:
    add(manager)
    with count_queries() as few:
        read_page(manager, LIST)
    with database.write() as connection:
        entries = [CompanyFields(Text(f"기업 {place:05}", "", "")) for place in range(10_000)]
        insert_companies(connection, SURVEY, entries, now=datetime.now(UTC))
    with count_queries() as many:
        page = read_page(manager, f"{LIST}?page=200")
    assert many.count == few.count
    assert "Page 200 of 201" in page and page.count('<th scope="row">') == 50
    assert "10,001 companies" in page
    assert "page=201" in page and "page=199" in page


def test_sample_companies_are_shown_as_fictional(manager: FlaskClient, database: Database) -> None:
    now = datetime.now(UTC)
    with database.write() as connection:
        insert_companies(connection, SURVEY, [CompanyFields(Text("노을", "", ""))], is_sample=True, now=now)
    assert "Fictional data" in read_page(manager, LIST)
    assert "Invented for the sample rounds." in read_page(manager, f"{LIST}/1")


def test_the_directory_as_csv_is_safe_and_audited(manager: FlaskClient, database: Database) -> None:
    url = add(manager)
    add_contact(manager, url)
    add_contact(manager, url, contact_name="@이영희", contact_email="lee@example.com")
    data = {"format": "csv", "language": "en", "with_contacts": "yes", "reason": "letters of round 2026"}
    rows = read_csv(manager.post(f"{LIST}/export", data=data).data)
    assert [row["Contact name"] for row in rows] == ["김민수", "'@이영희"]
    assert rows[0]["Contact telephone"] == "'+82-2-1234-5678" and rows[0]["Business number"] == "116-82-00276"
    assert rows[0]["Main line of business"] == "Biologics / biotech"
    action, details = list_actions(database)[-1]
    assert action == "companies.exported"
    assert details["listed"] == 1 and details["contacts"] == 2 and details["reason"] == "letters of round 2026"


def test_without_a_reason_no_contact_leaves(manager: FlaskClient, database: Database) -> None:
    add_contact(manager, add(manager))
    reply = manager.post(f"{LIST}/export?lang=en", data={"format": "csv", "language": "ko", "with_contacts": "yes"})
    assert reply.status_code == 422 and "Say in 10 to 500 characters" in reply.text
    content = manager.post(f"{LIST}/export", data={"format": "csv", "language": "ko"}).data.decode()
    assert "한빛바이오" in content and "kim@" not in content and "담당자" not in content
    assert [action for action, _ in list_actions(database)][-1] == "companies.exported"


def test_the_directory_as_a_workbook(manager: FlaskClient) -> None:
    add_contact(manager, add(manager), contact_name="+김")
    data = {"format": "xlsx", "language": "ja", "with_contacts": "yes", "reason": "letters of round 2026"}
    reply = manager.post(f"{LIST}/export", data=data)
    assert reply.headers["Content-Disposition"].endswith(".xlsx")
    sheet, guide = load_workbook(io.BytesIO(reply.data)).worksheets
    heading, row = list(sheet.iter_rows(values_only=True))
    assert heading[1] == "企業名（韓国語）" and row[1] == "한빛바이오㈜" and row[8] == "'+김"
    assert not any(cell.data_type == "f" for line in sheet.iter_rows() for cell in line)
    assert guide.max_row > 5
