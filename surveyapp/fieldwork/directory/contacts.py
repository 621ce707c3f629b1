"""People of a company whom fieldwork writes to, and who of them wants no mail.

Name, address, telephone and department are sealed in `confidential`, compartment "directory", and found again by the
HMAC of the address alone. Who wants no mail is kept by that HMAC too, so that it outlives the contact.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, Select, and_, bindparam, delete, insert, select, update

from surveyapp.fieldwork.directory.addresses import normalise_address
from surveyapp.fieldwork.directory.companies import find_company
from surveyapp.questionnaire.model import Language
from surveyapp.records.confidential import (
    erase_confidential,
    make_lookup,
    open_confidential,
    replace_rows,
    write_new_rows,
)
from surveyapp.records.database import lock_directory, request_scrub
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company_contact, confidential, mail_opt_out

OptOutSource = Literal["link", "staff"]
TIME_TO_UNDO = timedelta(minutes=30)
_BATCH = 500
_ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class ContactFields:
    """What is known of a person; each may be blank."""

    name: str = ""
    email: str = ""
    phone: str = ""
    department: str = ""
    language: Language = "ko"


@dataclass(frozen=True, slots=True)
class Contact:
    """A person of a company. `wants_no_mail` is what the person, or staff on its behalf, said of the address."""

    contact_id: str
    company_id: int
    name: str
    email: str
    phone: str
    department: str
    language: Language
    wants_no_mail: bool

    @property
    def fields(self) -> ContactFields:
        return ContactFields(self.name, self.email, self.phone, self.department, self.language)


class ContactUnknown(LookupError):
    """The company has no such contact (any more)."""


class RemovalFinal(Exception):
    """A removed contact cannot be brought back: it took too long, or it is there again."""


def list_contacts(
    connection: Connection, vault: Vault, survey_id: str, company_ids: Collection[int]
) -> dict[int, tuple[Contact, ...]]:
    """The contacts of these companies, in the order in which they were added; a company without one has no key.

    Raises `VaultFault`.
    """
    found: dict[int, list[Contact]] = {}
    wanted = sorted(set(company_ids))
    for start in range(0, len(wanted), _BATCH):
        key = {"of_survey": survey_id, "of_companies": wanted[start : start + _BATCH]}
        for row in connection.execute(_of_companies, key):
            found.setdefault(row.company_id, []).append(_read_contact(vault, row))
    return {company_id: tuple(contacts) for company_id, contacts in found.items()}


def find_contact(connection: Connection, vault: Vault, survey_id: str, company_id: int, contact_id: str) -> Contact:
    """Raises `ContactUnknown` and `VaultFault`."""
    found = find_contacts(connection, vault, survey_id, [contact_id]).get(contact_id)
    if found is None or found.company_id != company_id:
        raise ContactUnknown(contact_id)
    return found


def find_contacts(
    connection: Connection, vault: Vault, survey_id: str, contact_ids: Collection[str]
) -> dict[str, Contact]:
    """Some contacts by their numbers, of whichever company; one that is gone has no key. Raises `VaultFault`."""
    found: dict[str, Contact] = {}
    wanted = sorted(set(contact_ids))
    for start in range(0, len(wanted), _BATCH):
        key = {"of_survey": survey_id, "of_contacts": wanted[start : start + _BATCH]}
        for row in connection.execute(_of_contacts, key):
            found[row.contact_id] = _read_contact(vault, row)
    return found


def add_contact(
    connection: Connection, vault: Vault, survey_id: str, company_id: int, fields: ContactFields, *, now: datetime
) -> Contact:
    """Raises `CompanyUnknown`."""
    lock_directory(connection)
    find_company(connection, survey_id, company_id)
    (contact_id,) = insert_contacts(connection, vault, survey_id, [(company_id, fields)], now=now)
    return find_contact(connection, vault, survey_id, company_id, contact_id)


def insert_contacts(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    entries: Sequence[tuple[int, ContactFields]],
    *,
    now: datetime,
) -> list[str]:
    """Add many at once, each with its company, and return their ids; the caller holds the directory."""
    sealed = [(_write_person(fields), _find_lookup_value(fields)) for _, fields in entries]
    links = write_new_rows(connection, vault, survey_id, "directory", sealed, now)
    rows = [
        {
            "survey_id": survey_id,
            "contact_id": secrets.token_hex(_ID_BYTES),
            "company_id": company_id,
            "sealed_link": link,
            "language": fields.language,
            "created_at": now + timedelta(microseconds=place),  # lists keep the order of the file
            "changed_at": now,
        }
        for place, (link, (company_id, fields)) in enumerate(zip(links, entries, strict=True))
    ]
    if rows:
        connection.execute(insert(company_contact), rows)
    return [str(row["contact_id"]) for row in rows]


def change_contact(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    company_id: int,
    contact_id: str,
    fields: ContactFields,
    *,
    now: datetime,
) -> Contact:
    """What was known before is overwritten. Raises `ContactUnknown`."""
    lock_directory(connection)
    _find_link(connection, survey_id, company_id, contact_id)
    change_contacts(connection, vault, survey_id, {contact_id: fields}, now=now)
    request_scrub(connection)
    return find_contact(connection, vault, survey_id, company_id, contact_id)


def change_contacts(
    connection: Connection, vault: Vault, survey_id: str, changes: Mapping[str, ContactFields], *, now: datetime
) -> None:
    """Change many at once; the caller holds the directory."""
    wanted = sorted(changes)
    links: dict[str, str] = {}
    for start in range(0, len(wanted), _BATCH):
        is_one = company_contact.c.contact_id.in_(wanted[start : start + _BATCH])
        rows = connection.execute(
            select(company_contact.c.contact_id, company_contact.c.sealed_link).where(
                company_contact.c.survey_id == survey_id, is_one, company_contact.c.removed_at.is_(None)
            )
        )
        links.update((row.contact_id, row.sealed_link) for row in rows)
    replace_rows(
        connection,
        vault,
        survey_id,
        "directory",
        {
            link: (_write_person(changes[contact_id]), _find_lookup_value(changes[contact_id]))
            for contact_id, link in links.items()
        },
        now,
    )
    if links:
        connection.execute(
            _change,
            [
                {"of_survey": survey_id, "of_contact": each, "language": changes[each].language, "changed_at": now}
                for each in links
            ],
        )


def remove_contact(
    connection: Connection, vault: Vault, survey_id: str, company_id: int, contact_id: str, *, now: datetime
) -> bytes:
    """Erase a person; the row stays without a name, for the log of mails. Raises `ContactUnknown`.

    Returns the person sealed, for whoever removed it: nothing of it is kept here, and only what is returned can undo
    the removal.
    """
    lock_directory(connection)
    removed = find_contact(connection, vault, survey_id, company_id, contact_id)
    link = _find_link(connection, survey_id, company_id, contact_id)
    connection.execute(
        update(company_contact)
        .where(company_contact.c.survey_id == survey_id, company_contact.c.contact_id == contact_id)
        .values(sealed_link=None, removed_at=now)
    )
    erase_confidential(connection, survey_id, [link])
    request_scrub(connection)
    person = {**_write_person(removed.fields), "language": removed.language, "removed_at": now.isoformat()}
    return vault.seal(json.dumps(person).encode(), bound_to=_bind_removed(survey_id, contact_id))


def restore_contact(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    company_id: int,
    contact_id: str,
    sealed: bytes,
    *,
    now: datetime,
) -> Contact:
    """Undo a removal with what `remove_contact` returned. Raises `RemovalFinal` and `VaultFault`."""
    person: dict[str, str] = json.loads(vault.open(sealed, bound_to=_bind_removed(survey_id, contact_id)))
    if now - datetime.fromisoformat(person.pop("removed_at")) > TIME_TO_UNDO:
        raise RemovalFinal(contact_id)
    fields = _read_person(person, person.pop("language"))
    lock_directory(connection)
    is_removed = (
        company_contact.c.survey_id == survey_id,
        company_contact.c.company_id == company_id,
        company_contact.c.contact_id == contact_id,
        company_contact.c.removed_at.is_not(None),
    )
    if connection.scalar(select(company_contact.c.contact_id).where(*is_removed)) is None:
        raise RemovalFinal(contact_id)
    (link,) = write_new_rows(
        connection, vault, survey_id, "directory", [(_write_person(fields), _find_lookup_value(fields))], now
    )
    connection.execute(update(company_contact).where(*is_removed).values(sealed_link=link, removed_at=None))
    return find_contact(connection, vault, survey_id, company_id, contact_id)


def opt_out(
    connection: Connection, vault: Vault, survey_id: str, email: str, *, source: OptOutSource, now: datetime
) -> bool:
    """Note that this address wants no mail; False where that was known already."""
    return bool(opt_out_many(connection, vault, survey_id, [email], source=source, now=now))


def opt_out_many(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    emails: Collection[str],
    *,
    source: OptOutSource,
    now: datetime,
) -> int:
    """Note it of each of these; returns of how many it was not known yet."""
    lock_directory(connection)
    lookups = {_make_lookup(vault, survey_id, email) for email in emails}
    known = _find_opted_out(connection, survey_id, lookups)
    rows = [
        {"survey_id": survey_id, "lookup": lookup, "source": source, "opted_out_at": now}
        for lookup in sorted(lookups - known)
    ]
    if rows:
        connection.execute(insert(mail_opt_out), rows)
    return len(rows)


def take_back_opt_out(connection: Connection, vault: Vault, survey_id: str, email: str) -> bool:
    """Let mail go to this address again; False where nothing stood against it."""
    lookup = _make_lookup(vault, survey_id, email)
    gone = delete(mail_opt_out).where(mail_opt_out.c.survey_id == survey_id, mail_opt_out.c.lookup == lookup)
    return connection.execute(gone).rowcount == 1


def is_opted_out(connection: Connection, vault: Vault, survey_id: str, email: str) -> bool:
    return bool(_find_opted_out(connection, survey_id, {_make_lookup(vault, survey_id, email)}))


def _find_opted_out(connection: Connection, survey_id: str, lookups: Collection[bytes]) -> set[bytes]:
    wanted, found = sorted(lookups), set[bytes]()
    for start in range(0, len(wanted), _BATCH):
        is_one = mail_opt_out.c.lookup.in_(wanted[start : start + _BATCH])
        rows = connection.scalars(select(mail_opt_out.c.lookup).where(mail_opt_out.c.survey_id == survey_id, is_one))
        found.update(map(bytes, rows))
    return found


def _make_lookup(vault: Vault, survey_id: str, email: str) -> bytes:
    return make_lookup(vault, survey_id, "directory", normalise_address(email))


def _select_contacts() -> Select[Any]:
    of_sealed = and_(
        confidential.c.survey_id == company_contact.c.survey_id, confidential.c.link == company_contact.c.sealed_link
    )
    of_address = and_(
        mail_opt_out.c.survey_id == confidential.c.survey_id, mail_opt_out.c.lookup == confidential.c.lookup
    )
    return (
        select(company_contact, confidential.c.ciphertext, mail_opt_out.c.opted_out_at)
        .select_from(company_contact.join(confidential, of_sealed).outerjoin(mail_opt_out, of_address))
        .where(company_contact.c.survey_id == bindparam("of_survey"), company_contact.c.removed_at.is_(None))
        .order_by(company_contact.c.company_id, company_contact.c.created_at, company_contact.c.contact_id)
    )


def _read_contact(vault: Vault, row: Row[Any]) -> Contact:
    person = open_confidential(vault, row.survey_id, row.sealed_link, "directory", row.ciphertext)
    fields = _read_person(person, row.language)
    return Contact(
        contact_id=row.contact_id,
        company_id=row.company_id,
        name=fields.name,
        email=fields.email,
        phone=fields.phone,
        department=fields.department,
        language=fields.language,
        wants_no_mail=row.opted_out_at is not None,
    )


def _read_person(person: Mapping[str, object], language: Any) -> ContactFields:
    name, email, phone, department = (str(person.get(key, "")) for key in ("name", "email", "phone", "department"))
    return ContactFields(name, email, phone, department, language)


def _write_person(fields: ContactFields) -> dict[str, Any]:
    return {"name": fields.name, "email": fields.email, "phone": fields.phone, "department": fields.department}


def _find_lookup_value(fields: ContactFields) -> str | None:
    return normalise_address(fields.email) if fields.email else None


def _find_link(connection: Connection, survey_id: str, company_id: int, contact_id: str) -> str:
    link: str | None = connection.scalar(
        select(company_contact.c.sealed_link).where(
            company_contact.c.survey_id == survey_id,
            company_contact.c.company_id == company_id,
            company_contact.c.contact_id == contact_id,
        )
    )
    if link is None:
        raise ContactUnknown(contact_id)
    return link


def _bind_removed(survey_id: str, contact_id: str) -> bytes:
    return f"{survey_id}\x1f{contact_id}\x1fremoved".encode()


# Built once: every mail asks for its contact.
_of_companies = _select_contacts().where(company_contact.c.company_id.in_(bindparam("of_companies", expanding=True)))
_of_contacts = _select_contacts().where(company_contact.c.contact_id.in_(bindparam("of_contacts", expanding=True)))
_change = (
    update(company_contact)
    .where(
        company_contact.c.survey_id == bindparam("of_survey"), company_contact.c.contact_id == bindparam("of_contact")
    )
    .values(language=bindparam("language"), changed_at=bindparam("changed_at"))
)
