"""Taking mails of a mailing up: claimed, looked at once more, written with a link that works from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from surveyapp.fieldwork.directory.contacts import Contact, find_contacts
from surveyapp.fieldwork.drafts import make_token
from surveyapp.fieldwork.invitations.links import InvitationRevoked, NewLink, keep_links
from surveyapp.fieldwork.mail.composing import Letter
from surveyapp.fieldwork.mail.log import Message, cancel_message, claim_message
from surveyapp.fieldwork.mail.mailings import Mailing
from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.mail.recipients import find_reason_now
from surveyapp.fieldwork.mail.standings import Standing, find_standings
from surveyapp.fieldwork.mail.wording import fill_letter, list_personal_values
from surveyapp.fieldwork.rounds import Round, RoundClosed
from surveyapp.questionnaire.model import Text
from surveyapp.records.database import Connection


@dataclass(frozen=True, slots=True)
class TakenUp:
    """A mail that is to be handed over now."""

    message: Message
    contact: Contact
    letter: Letter


@dataclass(frozen=True, slots=True)
class _Ready:
    """A mail against which nothing speaks, with its link before that is kept."""

    message: Message
    contact: Contact
    link: NewLink


@dataclass(slots=True)
class Desk:
    """A mailing on the table: what is the same for all of its mails, and the names of companies as the run began."""

    office: Office
    mailing: Mailing
    round: Round
    lease: timedelta
    names: Mapping[int, Text]

    def take_up(
        self, connection: Connection, message_ids: Sequence[str], *, now: datetime
    ) -> dict[str, TakenUp | None]:
        """Mails that are to be handed over now, by number. None is one that is not sent after all: the log says why.

        One that somebody else has, or that is not due, has no key.
        """
        survey_id, until = self.mailing.survey_id, now + self.lease
        claims = [claim_message(connection, survey_id, each, now=now, until=until) for each in message_ids]
        messages = [each for each in claims if each is not None]
        if not messages:
            return {}
        standings = find_standings(connection, survey_id, {each.invitation_id or "" for each in messages})
        wanted = {each.contact_id for each in messages if each.contact_id is not None}
        contacts = find_contacts(connection, self.office.vault, survey_id, wanted)
        ready: list[_Ready] = []
        for message in messages:
            standing = standings.get(message.invitation_id or "")
            contact = self._choose_contact(contacts, standing, message)
            reason: str = find_reason_now(standing, contact)
            if standing is None or contact is None or reason:
                cancel_message(connection, message, reason)
            else:
                # A new link for every attempt: of the one before nothing but a digest was kept.
                ready.append(_Ready(message, contact, NewLink(standing.invitation, make_token(), message.contact_id)))
        taken: dict[str, TakenUp | None] = {each.message_id: None for each in messages}
        for each in self._keep_links(connection, ready, now):
            letter = self._write(each.message, each.contact, each.link.token)
            taken[each.message.message_id] = TakenUp(each.message, each.contact, letter)
        return taken

    def _choose_contact(
        self, contacts: Mapping[str, Contact], standing: Standing | None, message: Message
    ) -> Contact | None:
        """None where the contact or its company is not in the directory any more."""
        if standing is None or standing.company_id not in self.names:
            return None
        contact = contacts.get(message.contact_id or "")
        return contact if contact is not None and contact.company_id == standing.company_id else None

    def _keep_links(self, connection: Connection, ready: Sequence[_Ready], now: datetime) -> Sequence[_Ready]:
        """Write the links down; those are left whose link may not be made any more."""
        if not ready:
            return ready
        try:
            links = [each.link for each in ready]
            keep_links(connection, links, channel="mail", now=now, mailing_id=self.mailing.mailing_id)
            return ready
        except RoundClosed:
            reason = "round_closed"
        except InvitationRevoked:
            if len(ready) > 1:  # nothing was written: which one it is shows one by one
                return [left for each in ready for left in self._keep_links(connection, [each], now)]
            reason = "revoked"
        for each in ready:
            cancel_message(connection, each.message, reason)
        return ()

    def _write(self, message: Message, contact: Contact, token: str) -> Letter:
        language = message.language
        values = list_personal_values(
            company=self.names[contact.company_id],
            person=contact.name,
            language=language,
            link=self.office.write_link(token, language),
        )
        decline_url = self.office.write_decline_link(message.survey_id, contact.email, language)
        template = self.mailing.templates[language]
        return fill_letter(self.round, language, template, values, decline_url=decline_url)
