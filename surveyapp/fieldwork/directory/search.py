"""Finding companies among thousands: by words in any script, initial consonants, business number or a contact's
address, and by what is known of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from surveyapp.fieldwork.directory.addresses import normalise_address, read_address
from surveyapp.fieldwork.directory.companies import Company, is_listed, read_company
from surveyapp.fieldwork.directory.names import split_search
from surveyapp.records.confidential import make_lookup
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company, company_contact, confidential

NOT_GIVEN = "-"  # filters for what is not known of a company
MOST_WORDS = 8


@dataclass(frozen=True, slots=True)
class CompanyFilter:
    """Which companies to show. Several values of one kind mean "or", kinds together mean "and"."""

    words: str = ""
    sizes: tuple[str, ...] = ()
    main_businesses: tuple[str, ...] = ()
    memberships: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundCompanies:
    """One page of what was found, of how many, and how many contacts each of them has."""

    companies: tuple[Company, ...]
    contacts: dict[int, int]
    total: int


def find_companies(
    connection: Connection, vault: Vault, survey_id: str, wanted: CompanyFilter, *, limit: int, offset: int = 0
) -> FoundCompanies:
    """Companies in the order of their names, in three statements however many there are."""
    conditions = [company.c.survey_id == survey_id, is_listed(), *build_conditions(vault, survey_id, wanted)]
    total = connection.scalar(select(func.count()).select_from(company).where(*conditions)) or 0
    rows = connection.execute(
        select(company)
        .where(*conditions)
        .order_by(company.c.search_words, company.c.company_id)
        .limit(limit)
        .offset(offset)
    )
    companies = tuple(map(read_company, rows))
    return FoundCompanies(companies, count_contacts(connection, survey_id, companies), total)


def count_contacts(connection: Connection, survey_id: str, companies: tuple[Company, ...]) -> dict[int, int]:
    counts = connection.execute(
        select(company_contact.c.company_id, func.count())
        .where(
            company_contact.c.survey_id == survey_id,
            company_contact.c.company_id.in_([each.company_id for each in companies]),
            company_contact.c.removed_at.is_(None),
        )
        .group_by(company_contact.c.company_id)
    )
    return {company_id: count for company_id, count in counts}  # noqa: C416 - rows become plain numbers


def build_conditions(vault: Vault, survey_id: str, wanted: CompanyFilter) -> Iterator[ColumnElement[bool]]:
    """What a row of `company` has to meet, for statements of others that join it."""
    if read_address(wanted.words):
        yield _has_address(vault, survey_id, wanted.words)
    else:
        for word in split_search(wanted.words)[:MOST_WORDS]:
            yield or_(
                company.c.search_words.contains(word, autoescape=True),
                company.c.business_number.contains(word, autoescape=True),
            )
    for column, values in (
        (company.c.size, wanted.sizes),
        (company.c.main_business, wanted.main_businesses),
        (company.c.membership, wanted.memberships),
    ):
        if values:
            is_one = column.in_(values)
            yield or_(is_one, column.is_(None)) if NOT_GIVEN in values else is_one


def _has_address(vault: Vault, survey_id: str, typed: str) -> ColumnElement[bool]:
    lookup = make_lookup(vault, survey_id, "directory", normalise_address(typed))
    holders: Any = (
        select(company_contact.c.company_id)
        .join(
            confidential,
            and_(
                confidential.c.survey_id == company_contact.c.survey_id,
                confidential.c.link == company_contact.c.sealed_link,
            ),
        )
        .where(company_contact.c.survey_id == survey_id, confidential.c.lookup == lookup)
    )
    return company.c.company_id.in_(holders)
