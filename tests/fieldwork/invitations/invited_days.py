"""A round of invited companies, and the moves of those companies, for tests of the steps without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select, update

from surveyapp.fieldwork.answering import Draft, find_draft
from surveyapp.fieldwork.invitations.inviting import Invitation, InviteOutcome, invite
from surveyapp.fieldwork.invitations.links import Channel, find_by_token, issue_token
from surveyapp.fieldwork.invitations.listing import InvitationState, list_invitations
from surveyapp.fieldwork.invitations.starting import refuse_invitation, start_invited_return
from surveyapp.questionnaire.model import Language, Stored
from surveyapp.records.tables import company, company_contact, confidential, invitation, invitation_token, round_table
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay

MANAGER = "manager@example.com"


@dataclass
class InvitedDay:
    """`plain` is the day with its round; companies are numbered from 1."""

    plain: FieldworkDay
    companies: list[int] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.plain.now

    @property
    def survey_id(self) -> str:
        return self.plain.round.survey_id

    def add_companies(self, count: int, *, is_sample: bool = False) -> list[int]:
        added = list(range(len(self.companies) + 1, len(self.companies) + 1 + count))
        with self.plain.database.write() as connection:
            connection.execute(
                insert(company),
                [
                    {
                        "survey_id": self.survey_id,
                        "company_id": number,
                        "name": {"ko": f"가람제약 {number}", "en": f"Garam {number}", "ja": f"カラム製薬 {number}"},
                        "membership": "member",
                        "search_words": f"가람제약 {number} garam {number}",
                        "is_sample": is_sample,
                        "created_at": self.now,
                        "changed_at": self.now,
                    }
                    for number in added
                ],
            )
        self.companies += added
        return added

    def add_contact(self, company_id: int, contact_id: str, language: Language = "ko") -> str:
        with self.plain.database.write() as connection:
            connection.execute(
                insert(confidential).values(
                    survey_id=self.survey_id,
                    link=contact_id,
                    compartment="directory",
                    ciphertext=b"c" * 40,
                    saved_at=self.now,
                )
            )
            connection.execute(
                insert(company_contact).values(
                    survey_id=self.survey_id,
                    contact_id=contact_id,
                    company_id=company_id,
                    sealed_link=contact_id,
                    language=language,
                    created_at=self.now,
                    changed_at=self.now,
                )
            )
        return contact_id

    def invite(self, *company_ids: int) -> InviteOutcome:
        with self.plain.database.write() as connection:
            return invite(connection, self.plain.round, company_ids, now=self.now, actor=MANAGER)

    def find_of(self, company_id: int) -> InvitationState:
        with self.plain.database.read() as connection:
            listed = list_invitations(connection, self.plain.round)
        return next(each for each in listed if each.company.company_id == company_id)

    def issue(self, company_id: int, *, channel: Channel = "mail", contact_id: str | None = None) -> str:
        """A further link of an invited company."""
        invited = self.find_of(company_id).invitation
        with self.plain.database.write() as connection:
            return issue_token(connection, invited, channel=channel, now=self.now, contact_id=contact_id)

    def invite_one(self) -> str:
        """A new company, invited; its first link's token."""
        [company_id] = self.add_companies(1)
        self.invite(company_id)
        return self.issue(company_id)

    def find(self, token: str) -> Invitation:
        with self.plain.database.read() as connection:
            return find_by_token(connection, self.survey_id, token)

    def find_return(self, token: str) -> Draft:
        with self.plain.database.read() as connection:
            return find_draft(connection, self.plain.vault, self.survey_id, token)

    def start(
        self,
        token: str,
        answers: Mapping[str, Stored | None] = CONSENT,
        *,
        anew: bool = False,
        language: Language = "ko",
    ) -> Draft:
        with self.plain.database.write() as connection:
            return start_invited_return(
                connection,
                self.plain.vault,
                self.plain.round,
                self.plain.questionnaire,
                token=token,
                answers=answers,
                language=language,
                now=self.now,
                anew=anew,
            )

    def refuse(self, token: str) -> None:
        with self.plain.database.write() as connection:
            refuse_invitation(connection, self.plain.round, token=token, language="ko", now=self.now)

    def make_kind(self, kind: str) -> None:
        with self.plain.database.write() as connection:
            connection.execute(update(round_table).values(kind=kind))

    def count_links(self) -> int:
        with self.plain.database.read() as connection:
            return len(connection.execute(select(invitation_token.c.token_hash)).all())

    def count_invitations(self) -> int:
        with self.plain.database.read() as connection:
            return len(connection.execute(select(invitation.c.invitation_id)).all())
