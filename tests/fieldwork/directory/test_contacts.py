"""Contacts are sealed, found by their address, removed for good, and their "no mail" outlives them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from surveyapp.fieldwork.directory.companies import CompanyUnknown
from surveyapp.fieldwork.directory.contacts import (
    TIME_TO_UNDO,
    ContactFields,
    ContactUnknown,
    RemovalFinal,
    add_contact,
    change_contact,
    is_opted_out,
    opt_out,
    remove_contact,
    restore_contact,
    take_back_opt_out,
)
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.records.tables import company_contact, confidential, mail_opt_out, metadata
from tests.fieldwork.directory.directory_days import DirectoryDay
from tests.records.databases import count_statements

CANARIES = ("카나리아 담당자", "Canary.Reader@example.org", "02-7131-9157", "카나리아부서")


def plant(directory: DirectoryDay) -> str:
    company = directory.add("한빛")
    name, email, phone, department = CANARIES
    return directory.add_contact(company, name, email, phone=phone, department=department, language="ja").contact_id


def list_leaks(directory: DirectoryDay) -> list[str]:
    """Places of the database where a canary stands in clear."""
    leaks = []
    with directory.database.read() as connection:
        for table in metadata.sorted_tables:
            if table.name == "questionnaire_version":
                continue
            for row in connection.execute(select(table)).mappings():
                for column, value in row.items():
                    cell = value if isinstance(value, bytes) else str(value).encode()
                    spelt = {way for each in (*CANARIES, CANARIES[1].casefold()) for way in (each, each.casefold())}
                    leaks += [f"{table.name}.{column}" for each in spelt if each.encode() in cell]
    url = directory.database.engine.url
    if url.drivername == "sqlite":
        path = url.database or ""
        for suffix in ("", "-wal"):
            content = open(path + suffix, "rb").read()  # noqa: SIM115 - closed with the test
            leaks += [f"file{suffix}" for each in CANARIES if each.encode() in content]
    return leaks


def test_a_contact_comes_back_as_it_was(directory: DirectoryDay) -> None:
    plant(directory)
    (company,) = directory.list_all()
    (contact,) = directory.list_contacts(company)[company.company_id]
    assert (contact.name, contact.email, contact.phone, contact.department) == CANARIES
    assert (contact.language, contact.wants_no_mail) == ("ja", False)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_no_contact_stands_in_clear(directory: DirectoryDay) -> None:
    contact_id = plant(directory)
    assert list_leaks(directory) == []
    with directory.database.write() as connection:
        opt_out(connection, directory.vault, directory.survey_id, CANARIES[1], source="staff", now=directory.now)
        changed = ContactFields(*CANARIES[:3], language="en")
        change_contact(connection, directory.vault, directory.survey_id, 1, contact_id, changed, now=directory.now)
    assert list_leaks(directory) == []
    with directory.database.write() as connection:
        remove_contact(connection, directory.vault, directory.survey_id, 1, contact_id, now=directory.now)
    assert list_leaks(directory) == []
    directory.add(CANARIES[0])
    assert "company.name" in list_leaks(directory)  # the search finds what is in clear


def test_another_key_opens_no_contact(directory: DirectoryDay) -> None:
    plant(directory)
    directory.vault = Vault({"k1": b"9" * 32}, b"2" * 32)
    with pytest.raises(VaultFault):
        directory.list_contacts(*directory.list_all())


def test_a_removed_contact_is_erased_and_leaves_its_row(directory: DirectoryDay) -> None:
    contact_id = plant(directory)
    with directory.database.write() as connection:
        remove_contact(connection, directory.vault, directory.survey_id, 1, contact_id, now=directory.now)
        assert connection.execute(select(confidential)).all() == []
        row = connection.execute(select(company_contact)).one()
        assert (row.contact_id, row.sealed_link, row.removed_at) == (contact_id, None, directory.now)
        with pytest.raises(ContactUnknown):
            remove_contact(connection, directory.vault, directory.survey_id, 1, contact_id, now=directory.now)
    assert directory.list_contacts(*directory.list_all()) == {}


def test_a_removal_is_undone_by_what_it_returned(directory: DirectoryDay) -> None:
    contact_id = plant(directory)
    before = directory.list_contacts(*directory.list_all())
    place = (directory.vault, directory.survey_id, 1, contact_id)
    with directory.database.write() as connection:
        sealed = remove_contact(connection, *place, now=directory.now)
    assert not any(each.encode() in sealed for each in CANARIES)
    late = directory.now + TIME_TO_UNDO + timedelta(seconds=1)
    with directory.database.write() as connection:
        with pytest.raises(RemovalFinal):
            restore_contact(connection, *place, sealed, now=late)
        restore_contact(connection, *place, sealed, now=directory.now + TIME_TO_UNDO)
        with pytest.raises(RemovalFinal):  # twice is once
            restore_contact(connection, *place, sealed, now=directory.now)
    assert directory.list_contacts(*directory.list_all()) == before
    with directory.database.write() as connection:
        other = directory.vault, directory.survey_id, 1, "another contact"
        with pytest.raises(VaultFault):
            restore_contact(connection, *other, sealed, now=directory.now)


def test_no_mail_goes_by_address_and_outlives_the_contact(directory: DirectoryDay) -> None:
    contact_id = plant(directory)
    vault, survey_id, now = directory.vault, directory.survey_id, directory.now
    with directory.database.write() as connection:
        assert opt_out(connection, vault, survey_id, " canary.reader@EXAMPLE.org", source="link", now=now)
        assert not opt_out(connection, vault, survey_id, CANARIES[1], source="link", now=now)
        assert connection.execute(select(mail_opt_out)).one().source == "link"
    (company,) = directory.list_all()
    assert directory.list_contacts(company)[1][0].wants_no_mail
    with directory.database.write() as connection:
        remove_contact(connection, vault, survey_id, 1, contact_id, now=now)
    again = directory.add_contact(company, "다시", CANARIES[1])
    assert again.wants_no_mail
    with directory.database.write() as connection:
        assert take_back_opt_out(connection, vault, survey_id, CANARIES[1])
        assert not take_back_opt_out(connection, vault, survey_id, CANARIES[1])
        assert not is_opted_out(connection, vault, survey_id, CANARIES[1])
    assert not directory.list_contacts(company)[1][0].wants_no_mail


def test_contacts_of_many_companies_come_in_few_statements(directory: DirectoryDay) -> None:
    companies = [directory.add(f"기업{place}") for place in range(12)]
    for company in companies[:10]:
        directory.add_contact(company, "김", f"kim{company.company_id}@example.com")
        directory.now += timedelta(seconds=1)
        directory.add_contact(company, "이", f"lee{company.company_id}@example.com")
    with count_statements(directory.database) as statements:
        found = directory.list_contacts(*companies)
    assert len([each for each in statements if "FROM company_contact" in each]) == 1
    assert set(found) == {company.company_id for company in companies[:10]}
    assert directory.list_emails(companies[3]) == ["kim4@example.com", "lee4@example.com"]


def test_a_contact_belongs_to_a_company_of_the_directory(directory: DirectoryDay) -> None:
    with directory.database.write() as connection, pytest.raises(CompanyUnknown):
        add_contact(connection, directory.vault, directory.survey_id, 99, ContactFields("김"), now=directory.now)
