"""A directory on a real database, and what staff do with it, for tests of the steps without a browser."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from surveyapp.fieldwork.directory.companies import Company, CompanyFields, add_company, change_company, list_companies
from surveyapp.fieldwork.directory.contacts import Contact, ContactFields, add_contact, list_contacts
from surveyapp.fieldwork.directory.search import CompanyFilter, find_companies
from surveyapp.fieldwork.rounds import register_questionnaire
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault

NOW = datetime(2026, 11, 10, 3, 0, tzinfo=UTC)
NUMBERS = ("1168200276", "1348672683", "2208162517", "1248100998")  # published ones, with a right check digit


@dataclass
class DirectoryDay:
    database: Database
    vault: Vault
    questionnaire: Questionnaire
    now: datetime = NOW

    @property
    def survey_id(self) -> str:
        return self.questionnaire.form_id

    def add(self, ko: str = "", en: str = "", ja: str = "", **known: Any) -> Company:
        with self.database.write() as connection:
            name = Text(ko, en, ja)
            return add_company(connection, self.survey_id, name=name, is_sample=False, now=self.now, **known)

    def change(self, company: Company, fields: CompanyFields, **further: Any) -> Company:
        with self.database.write() as connection:
            return change_company(connection, company, fields, now=self.now, **further)

    def list_all(self) -> tuple[Company, ...]:
        with self.database.read() as connection:
            return list_companies(connection, self.survey_id)

    def search(self, words: str = "", **further: Any) -> list[str]:
        """Korean names of what is found, else the English ones."""
        with self.database.read() as connection:
            wanted = CompanyFilter(words, **further)
            found = find_companies(connection, self.vault, self.survey_id, wanted, limit=50)
        return [each.name.ko or each.name.en for each in found.companies]

    def add_contact(self, company: Company, name: str = "", email: str = "", **further: Any) -> Contact:
        with self.database.write() as connection:
            fields = ContactFields(name, email, **further)
            return add_contact(connection, self.vault, self.survey_id, company.company_id, fields, now=self.now)

    def list_contacts(self, *companies: Company) -> dict[int, tuple[Contact, ...]]:
        with self.database.read() as connection:
            return list_contacts(connection, self.vault, self.survey_id, [each.company_id for each in companies])

    def list_emails(self, company: Company) -> list[str]:
        return [contact.email for contact in self.list_contacts(company).get(company.company_id, ())]


def make_directory_day(database: Database, vault: Vault, questionnaire: Questionnaire) -> DirectoryDay:
    with database.write() as connection:
        register_questionnaire(connection, questionnaire, NOW)
    return DirectoryDay(database, vault, questionnaire)
