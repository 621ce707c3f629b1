"""Names for the lines of the log: it keeps references only, and whoever may see the directory sees them filled in."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, select

from surveyapp.fieldwork.directory.contacts import list_contacts
from surveyapp.fieldwork.mail.log import Message
from surveyapp.questionnaire.model import Text
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company, company_contact, confidential, mail_opt_out


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a mail went to. A contact that was removed has no name and no address any more."""

    company: Text
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class OptOut:
    """An address that wants no mail, with the contacts that have it now."""

    lookup: bytes
    source: str
    opted_out_at: datetime
    contacts: tuple[Addressee, ...]


def find_addressees(
    connection: Connection, vault: Vault, survey_id: str, messages: Sequence[Message]
) -> Mapping[str, Addressee]:
    """By the number of the contact. Raises `VaultFault`."""
    wanted = {message.contact_id for message in messages if message.contact_id is not None}
    return _load_addressees(connection, vault, survey_id, wanted)


def list_opt_outs(connection: Connection, vault: Vault, survey_id: str) -> tuple[OptOut, ...]:
    """The newest first. Raises `VaultFault`."""
    of_address = and_(
        confidential.c.survey_id == mail_opt_out.c.survey_id,
        confidential.c.lookup == mail_opt_out.c.lookup,
        confidential.c.compartment == "directory",
    )
    of_contact = and_(
        company_contact.c.survey_id == confidential.c.survey_id, company_contact.c.sealed_link == confidential.c.link
    )
    rows = connection.execute(
        select(mail_opt_out, company_contact.c.contact_id)
        .select_from(mail_opt_out.outerjoin(confidential, of_address).outerjoin(company_contact, of_contact))
        .where(mail_opt_out.c.survey_id == survey_id)
        .order_by(mail_opt_out.c.opted_out_at.desc(), mail_opt_out.c.lookup)
    ).all()
    people = _load_addressees(connection, vault, survey_id, {row.contact_id for row in rows if row.contact_id})
    found: dict[bytes, OptOut] = {}
    for row in rows:
        lookup = bytes(row.lookup)
        before = found[lookup].contacts if lookup in found else ()
        own = (people[row.contact_id],) if row.contact_id in people else ()
        found[lookup] = OptOut(lookup, row.source, row.opted_out_at, (*before, *own))
    return tuple(found.values())


def _load_addressees(
    connection: Connection, vault: Vault, survey_id: str, contact_ids: Collection[str]
) -> dict[str, Addressee]:
    of_company = and_(
        company.c.survey_id == company_contact.c.survey_id, company.c.company_id == company_contact.c.company_id
    )
    rows = connection.execute(
        select(company_contact.c.contact_id, company.c.company_id, company.c.name)
        .select_from(company_contact.join(company, of_company))
        .where(company_contact.c.survey_id == survey_id, company_contact.c.contact_id.in_(sorted(contact_ids)))
    ).all()
    people = {
        contact.contact_id: contact
        for contacts in list_contacts(connection, vault, survey_id, {row.company_id for row in rows}).values()
        for contact in contacts
    }
    found = {}
    for row in rows:
        contact = people.get(row.contact_id)
        name, email = (contact.name, contact.email) if contact is not None else ("", "")
        found[row.contact_id] = Addressee(Text(**row.name), name, email)
    return found
