"""A list of companies against the directory: what would be new, changed, unchanged or at fault; then all of it, or
nothing.

What a list leaves blank stays as it is in the directory, and nobody is removed by a list. Whoever confirms an import
confirms one plan: where the directory has changed since the plan was shown, the plan has another digest, and nothing is
written.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection

from surveyapp.fieldwork.directory.addresses import normalise_address
from surveyapp.fieldwork.directory.columns import COLUMNS, Column
from surveyapp.fieldwork.directory.companies import (
    Company,
    CompanyFields,
    insert_companies,
    list_companies,
    list_merged,
    update_companies,
)
from surveyapp.fieldwork.directory.contacts import (
    Contact,
    ContactFields,
    change_contacts,
    insert_contacts,
    list_contacts,
    opt_out_many,
)
from surveyapp.fieldwork.directory.import_rows import (
    ListedCompanies,
    ListedCompany,
    ListedContact,
    NameKey,
    RowFault,
    list_name_keys,
    overlay_company,
)
from surveyapp.records.audit import write_audit
from surveyapp.records.database import lock_directory, request_scrub
from surveyapp.records.encryption import Vault

PlanState = Literal["new", "changed", "unchanged"]


class ImportFaulty(Exception):
    """Rows of the file are at fault: nothing was imported. `plan` names them."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__(f"{len(plan.faults)} faults")
        self.plan = plan


class DirectoryMoved(Exception):
    """The directory is another one than when the plan was shown: nothing was imported. `plan` is the one of now."""

    def __init__(self, plan: ImportPlan) -> None:
        super().__init__("the directory has changed since the plan was made")
        self.plan = plan


@dataclass(frozen=True, slots=True)
class PlannedContact:
    """A contact as it will be. `contact_id` is None for a new one."""

    contact_id: str | None
    fields: ContactFields
    state: PlanState
    opts_out: bool  # its address is noted as wanting no mail by this import


@dataclass(frozen=True, slots=True)
class PlannedCompany:
    """A company as it will be. `company_id` is None for a new one, `changes` are the columns that get another value."""

    row: int
    company_id: int | None
    fields: CompanyFields
    changes: tuple[Column, ...]
    contacts: tuple[PlannedContact, ...]

    @property
    def state(self) -> PlanState:
        if self.company_id is None:
            return "new"
        is_changed = self.changes or any(each.state != "unchanged" or each.opts_out for each in self.contacts)
        return "changed" if is_changed else "unchanged"


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """What an import would do. Where there are faults it does nothing."""

    companies: tuple[PlannedCompany, ...]
    faults: tuple[RowFault, ...]
    rows: int
    digest: str

    def count(self, state: PlanState) -> int:
        return sum(company.state == state for company in self.companies)

    def count_contacts(self, state: PlanState) -> int:
        return sum(contact.state == state for company in self.companies for contact in company.contacts)


def plan_import(connection: Connection, vault: Vault, survey_id: str, listed: ListedCompanies) -> ImportPlan:
    """Lay the list over the directory as it is now. Raises `VaultFault`."""
    directory = _Directory(connection, survey_id)
    faults = list(listed.faults)
    pairs = directory.pair(listed.companies, faults)
    known = list_contacts(connection, vault, survey_id, [each.company_id for _, each in pairs if each is not None])
    planned = tuple(
        _plan_company(company, match, known.get(match.company_id, ()) if match is not None else ())
        for company, match in pairs
    )
    digest = hashlib.sha256()
    for company in planned:
        if company.state != "unchanged":
            digest.update(f"{company!r}\x1e".encode())  # a repr names every value and quotes every text
    return ImportPlan(
        companies=planned,
        faults=tuple(sorted(faults, key=lambda fault: fault.row)),
        rows=listed.rows,
        digest=digest.hexdigest(),
    )


def import_companies(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    listed: ListedCompanies,
    *,
    digest: str | None,
    now: datetime,
    actor: str,
) -> ImportPlan:
    """Write the whole list down, in the caller's transaction, and its trace. The same list again changes nothing.

    `digest` is that of the plan that was confirmed, None where nobody was shown one. Raises `ImportFaulty`,
    `DirectoryMoved` and `VaultFault`.
    """
    lock_directory(connection)
    plan = plan_import(connection, vault, survey_id, listed)
    if plan.faults:
        raise ImportFaulty(plan)
    if digest is not None and plan.digest != digest:
        raise DirectoryMoved(plan)
    new = [company for company in plan.companies if company.company_id is None]
    company_ids = insert_companies(connection, survey_id, [company.fields for company in new], now=now)
    changed = {each.company_id: each.fields for each in plan.companies if each.company_id is not None and each.changes}
    update_companies(connection, survey_id, changed, now=now)
    of_new = zip(company_ids, new, strict=True)
    of_known = ((each.company_id, each) for each in plan.companies if each.company_id is not None)
    _write_contacts(connection, vault, survey_id, [*of_new, *of_known], now)
    write_audit(
        connection,
        actor=actor,
        action="companies.imported",
        at=now,
        survey_id=survey_id,
        details={
            "added": plan.count("new"),
            "changed": plan.count("changed"),
            "unchanged": plan.count("unchanged"),
            "contacts": plan.count_contacts("new"),
        },
    )
    return plan


def _write_contacts(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    companies: Sequence[tuple[int, PlannedCompany]],
    now: datetime,
) -> None:
    contacts = [(company_id, contact) for company_id, company in companies for contact in company.contacts]
    new = [(company_id, contact.fields) for company_id, contact in contacts if contact.contact_id is None]
    insert_contacts(connection, vault, survey_id, new, now=now)
    changed = {
        contact.contact_id: contact.fields
        for _, contact in contacts
        if contact.contact_id is not None and contact.state == "changed"
    }
    change_contacts(connection, vault, survey_id, changed, now=now)
    if changed:
        request_scrub(connection)
    silent = [contact.fields.email for _, contact in contacts if contact.opts_out]
    opt_out_many(connection, vault, survey_id, silent, source="staff", now=now)


class _Directory:
    """The directory by everything that a row can name a company by; merged entries lead to the one that was kept."""

    def __init__(self, connection: Connection, survey_id: str) -> None:
        companies = list_companies(connection, survey_id)
        self._by_id = {company.company_id: company for company in companies}
        self._by_number: dict[str, Company] = {}
        self._by_name: dict[NameKey, dict[int, Company]] = {}
        merged = ((each, self._by_id[kept]) for each, kept in list_merged(connection, survey_id) if kept in self._by_id)
        for names, company in (*((each, each) for each in companies), *merged):
            self._by_id.setdefault(names.company_id, company)
            if names.business_number:
                self._by_number[names.business_number] = company
            for key in list_name_keys(names.name):
                self._by_name.setdefault(key, {})[company.company_id] = company

    def pair(
        self, listed: Iterable[ListedCompany], faults: list[RowFault]
    ) -> list[tuple[ListedCompany, Company | None]]:
        """Each company of the list with the one of the directory that it is; those at fault are left out."""
        pairs: list[tuple[ListedCompany, Company | None]] = []
        rows: dict[int, int] = {}
        for company in listed:
            match, fault = self._find(company)
            if fault is None and match is not None and match.company_id in rows:
                fault = RowFault(company.row, None, "same_company", str(rows[match.company_id]))
            if fault is not None:
                faults.append(fault)
                continue
            if match is not None:
                rows[match.company_id] = company.row
            pairs.append((company, match))
        return pairs

    def _find(self, listed: ListedCompany) -> tuple[Company | None, RowFault | None]:
        number = listed.fields.business_number
        by_number = self._by_number.get(number) if number is not None else None
        if listed.company_id is not None:
            match = self._by_id.get(listed.company_id)
            if match is None:
                return None, RowFault(listed.row, "company_id", "unknown_company", str(listed.company_id))
            if by_number is not None and by_number != match:
                return None, RowFault(listed.row, "business_number", "number_taken", str(by_number.company_id))
            return match, None
        if by_number is not None:
            return by_number, None
        if not listed.name_keys:
            return None, RowFault(listed.row, "name_ko", "no_name")
        named = self._find_named(listed)
        if len(named) > 1:
            return None, RowFault(listed.row, "business_number", "ambiguous", ", ".join(map(str, sorted(named))))
        return next(iter(named.values()), None), None

    def _find_named(self, listed: ListedCompany) -> dict[int, Company]:
        """Companies of one of the names; two business numbers are two companies, whatever they are called."""
        number = listed.fields.business_number
        return {
            company_id: company
            for key in listed.name_keys
            for company_id, company in self._by_name.get(key, {}).items()
            if None in (number, company.business_number)
        }


def _plan_company(listed: ListedCompany, match: Company | None, known: Sequence[Contact]) -> PlannedCompany:
    fields = listed.fields if match is None else overlay_company(match.fields, listed.fields, listed.given)
    contacts = {_key(contact): contact for contact in known}
    return PlannedCompany(
        row=listed.row,
        company_id=None if match is None else match.company_id,
        fields=fields,
        changes=() if match is None else _list_changes(match.fields, fields),
        contacts=tuple(_plan_contact(contact, contacts.get(contact.key)) for contact in listed.contacts.values()),
    )


def _list_changes(before: CompanyFields, after: CompanyFields) -> tuple[Column, ...]:
    values: Mapping[Column, tuple[object, object]] = {
        "name_ko": (before.name.ko, after.name.ko),
        "name_en": (before.name.en, after.name.en),
        "name_ja": (before.name.ja, after.name.ja),
        "business_number": (before.business_number, after.business_number),
        "size": (before.size, after.size),
        "main_business": (before.main_business, after.main_business),
        "membership": (before.membership, after.membership),
    }
    return tuple(column for column in COLUMNS if column in values and values[column][0] != values[column][1])


def _plan_contact(listed: ListedContact, known: Contact | None) -> PlannedContact:
    if known is None:
        return PlannedContact(None, listed.fields, "new", listed.wants_no_mail and bool(listed.fields.email))
    told = listed.fields
    fields = replace(
        known.fields,
        name=told.name or known.name,
        email=told.email or known.email,
        phone=told.phone or known.phone,
        department=told.department or known.department,
        language=told.language if listed.says_language else known.language,
    )
    state: PlanState = "unchanged" if fields == known.fields else "changed"
    opts_out = listed.wants_no_mail and bool(fields.email) and not known.wants_no_mail
    return PlannedContact(known.contact_id, fields, state, opts_out)


def _key(contact: Contact) -> str:
    if contact.email:
        return normalise_address(contact.email)
    return f"{contact.name}\x1f{contact.phone}".casefold()
