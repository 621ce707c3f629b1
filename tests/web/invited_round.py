"""A round of invited companies for tests of the pages: who is invited, and the links that they hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from surveyapp.fieldwork.directory.columns import Membership
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.directory.contacts import ContactFields, add_contact
from surveyapp.fieldwork.invitations.inviting import Invitation, invite, revoke
from surveyapp.fieldwork.invitations.links import Channel, find_by_token, issue_token
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.invitations.revoking import revoke_links
from surveyapp.fieldwork.rounds import Round, change_dates
from surveyapp.questionnaire.model import Language, Questionnaire, Text
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from tests.respondent_visits import make_round

SURVEY = "japan_export_readiness"
HANBIT = Text("한빛바이오팜", "Hanbit Biopharm", "ハンビットバイオファーム")
MANAGER = "manager@example.com"


@dataclass
class InvitedRound:
    database: Database
    vault: Vault
    round: Round
    companies: list[int] = field(default_factory=list)

    def add(
        self,
        name: Text = HANBIT,
        *,
        size: str | None = None,
        main_business: str | None = None,
        membership: Membership = "member",
        contact: ContactFields | None = None,
    ) -> int:
        now = datetime.now(UTC)
        with self.database.write() as connection:
            company_id = add_company(
                connection,
                SURVEY,
                name=name,
                is_sample=False,
                now=now,
                size=size,
                main_business=main_business,
                membership=membership,
            ).company_id
            if contact is not None:
                add_contact(connection, self.vault, SURVEY, company_id, contact, now=now)
        self.companies.append(company_id)
        return company_id

    def invite(self, *company_ids: int) -> None:
        with self.database.write() as connection:
            invite(connection, self.round, company_ids, now=datetime.now(UTC), actor=MANAGER)

    def find_of(self, company_id: int) -> Invitation:
        with self.database.read() as connection:
            listed = list_invitations(connection, self.round)
        return next(each.invitation for each in listed if each.company.company_id == company_id)

    def issue(self, company_id: int, *, channel: Channel = "mail", language: Language | None = None) -> str:
        """A further link; with `language` one of a new contact who speaks it."""
        now = datetime.now(UTC)
        invited = self.find_of(company_id)
        with self.database.write() as connection:
            contact_id = None
            if language is not None:
                fields = ContactFields(email=f"{language}@example.com", language=language)
                contact_id = add_contact(connection, self.vault, SURVEY, company_id, fields, now=now).contact_id
            return issue_token(connection, invited, channel=channel, now=now, contact_id=contact_id)

    def invite_new(self, name: Text = HANBIT, *, language: Language | None = None) -> str:
        """A company more, invited; its first link's token."""
        company_id = self.add(name)
        self.invite(company_id)
        return self.issue(company_id, language=language)

    def find(self, token: str) -> Invitation:
        with self.database.read() as connection:
            return find_by_token(connection, SURVEY, token)

    def revoke_links(self, token: str) -> None:
        with self.database.write() as connection:
            revoke_links(
                connection,
                self.round,
                self.find(token),
                reason="wrong recipient",
                now=datetime.now(UTC),
                actor=MANAGER,
            )

    def revoke(self, invited: Invitation) -> None:
        with self.database.write() as connection:
            revoke(connection, self.round, invited, reason="entered twice", now=datetime.now(UTC), actor=MANAGER)

    def move(self, *, opens_in: timedelta, closes_in: timedelta) -> None:
        now = datetime.now(UTC)
        with self.database.write() as connection:
            self.round = change_dates(
                connection,
                self.round,
                opens_at=now + opens_in,
                closes_at=now + closes_in,
                actor=MANAGER,
                now=now,
            )


def make_invited_round(database: Database, vault: Vault, questionnaire: Questionnaire) -> InvitedRound:
    return InvitedRound(database, vault, make_round(database, questionnaire, open_link=False))
