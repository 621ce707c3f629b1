"""Who gets a mailing, and of everybody else why not: the list that is shown before, and that is sent to.

Both are made by `plan_mailing`; its digest says whether what was shown is still what would be sent.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, select

from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.directory.contacts import Contact, list_contacts
from surveyapp.fieldwork.mail.addresses import AddressUnusable, check_address
from surveyapp.fieldwork.mail.log import Message, list_mailed_contacts
from surveyapp.fieldwork.mail.standings import Progress, Standing, load_standings
from surveyapp.fieldwork.mail.templates import MailingKind
from surveyapp.questionnaire.model import Text
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company_contact

# Why somebody does not get a mailing. "" is whoever gets it.
Reason = Literal[
    "",
    "revoked",
    "submitted",
    "refused",
    "withdrawn",
    "not_selected",
    "no_contact",
    "no_address",
    "address_unusable",
    "opted_out",
    "same_address",
    "bounced",
    "has_invitation",
    "recently_mailed",
]
BETWEEN_MAILS = timedelta(hours=20)  # to one person: two officers who remind at once must not remind twice

_GONE_OUT = frozenset({"queued", "sending", "sent", "uncertain", "deferred"})
_FAILED = frozenset({"bounced", "refused"})


@dataclass(frozen=True, slots=True)
class Line:
    """One contact of one invited company, or the company alone where no contact comes into question."""

    company_id: int
    company: Text
    invitation_id: str
    contact: Contact | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Plan:
    """What a mailing would do now: companies in the order of the directory, their contacts in theirs."""

    lines: tuple[Line, ...]

    @property
    def getting(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if not line.reason)

    @property
    def not_getting(self) -> tuple[Line, ...]:
        return tuple(line for line in self.lines if line.reason)

    @property
    def digest(self) -> str:
        """The same for the same recipients at the same addresses."""
        found = hashlib.sha256()
        for line in self.getting:
            assert line.contact is not None
            found.update(f"{line.invitation_id}\x1f{line.contact.contact_id}\x1f{line.contact.email}\x1e".encode())
        return found.hexdigest()[:32]


def plan_mailing(
    connection: Connection,
    vault: Vault,
    survey_id: str,
    round_id: int,
    *,
    kind: MailingKind,
    progresses: Iterable[Progress],
    now: datetime,
) -> Plan:
    """Look at every invited company and its contacts. A reminder goes only to those in one of `progresses`.

    Raises `VaultFault`.
    """
    standings = load_standings(connection, survey_id, round_id)
    companies = [each for each in list_companies(connection, survey_id) if each.company_id in standings]
    contacts = list_contacts(connection, vault, survey_id, [each.company_id for each in companies])
    history = _load_history(connection, survey_id, round_id)
    wanted = frozenset(progresses)
    lines: list[Line] = []
    for company in companies:
        standing = standings[company.company_id]
        people = contacts.get(company.company_id, ())
        ending = _find_company_reason(standing, people, kind, wanted)
        if ending:
            lines.append(Line(company.company_id, company.name, standing.invitation_id, None, ending))
            continue
        for contact, reason in _judge_contacts(people, history, kind, now):
            lines.append(Line(company.company_id, company.name, standing.invitation_id, contact, reason))
    return Plan(tuple(lines))


def find_reason_now(standing: Standing | None, contact: Contact | None) -> Reason:
    """Why a mail that was queued is not sent after all; blank where it is."""
    if standing is None or contact is None:
        return "no_contact"
    return standing.ending or _find_address_reason(contact)


@dataclass(slots=True)
class _History:
    """What went to each contact in this round, and when its entry was changed last."""

    messages: dict[str, list[Message]] = field(default_factory=dict)
    changed_at: Mapping[str, datetime] = field(default_factory=dict)

    def has_bounced(self, contact_id: str) -> bool:
        """Whether the last mail came back or was refused for good, and the entry was not mended since."""
        settled = [each for each in self.messages.get(contact_id, ()) if each.state in _FAILED | {"sent"}]
        if not settled:
            return False
        last = settled[-1]
        is_permanent = last.state == "bounced" or (last.state == "refused" and (last.reply_code or 0) >= 500)
        changed = self.changed_at.get(contact_id)
        return is_permanent and (changed is None or changed <= (last.bounced_at or last.queued_at))

    def has_invitation(self, contact_id: str) -> bool:
        return any(each.kind == "invitation" and each.state in _GONE_OUT for each in self.messages.get(contact_id, ()))

    def was_mailed_since(self, contact_id: str, moment: datetime) -> bool:
        return any(
            each.state in _GONE_OUT and (each.sent_at or each.queued_at) > moment
            for each in self.messages.get(contact_id, ())
        )


def _load_history(connection: Connection, survey_id: str, round_id: int) -> _History:
    history = _History()
    for message in list_mailed_contacts(connection, survey_id, round_id):
        assert message.contact_id is not None
        history.messages.setdefault(message.contact_id, []).append(message)
    rows = connection.execute(
        select(company_contact.c.contact_id, company_contact.c.changed_at).where(
            company_contact.c.survey_id == survey_id, company_contact.c.removed_at.is_(None)
        )
    )
    history.changed_at = {contact_id: changed_at for contact_id, changed_at in rows}  # noqa: C416 - rows become a dict
    return history


def _find_company_reason(
    standing: Standing, people: tuple[Contact, ...], kind: MailingKind, wanted: frozenset[Progress]
) -> Reason:
    if standing.ending:
        return standing.ending
    if kind == "reminder" and standing.progress not in wanted:
        return "not_selected"
    return "" if people else "no_contact"


def _judge_contacts(
    people: tuple[Contact, ...], history: _History, kind: MailingKind, now: datetime
) -> Iterator[tuple[Contact, Reason]]:
    """Each contact with its reason; of two with one address only the first gets the mail."""
    taken: set[str] = set()
    for contact in people:
        reason = _find_address_reason(contact) or _find_past_reason(contact, history, kind, now)
        address = "" if reason else check_address(contact.email).spec.casefold()
        if not reason and address in taken:
            reason = "same_address"
        taken.add(address)
        yield contact, reason


def _find_address_reason(contact: Contact) -> Reason:
    if not contact.email.strip():
        return "no_address"
    if contact.wants_no_mail:
        return "opted_out"
    try:
        check_address(contact.email)
    except AddressUnusable:
        return "address_unusable"
    return ""


def _find_past_reason(contact: Contact, history: _History, kind: MailingKind, now: datetime) -> Reason:
    if history.has_bounced(contact.contact_id):
        return "bounced"
    if kind == "invitation" and history.has_invitation(contact.contact_id):
        return "has_invitation"
    if history.was_mailed_since(contact.contact_id, now - BETWEEN_MAILS):
        return "recently_mailed"
    return ""
