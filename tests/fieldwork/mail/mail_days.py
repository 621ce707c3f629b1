"""A round of invited companies with contacts, and a mail server: for tests of what is sent to whom."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import select

from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.directory.contacts import ContactFields, add_contact, list_contacts
from surveyapp.fieldwork.invitations.inviting import Invitation, find_invitation, invite
from surveyapp.fieldwork.invitations.links import issue_token
from surveyapp.fieldwork.invitations.starting import refuse_invitation, start_invited_return
from surveyapp.fieldwork.mail.log import Message, list_messages
from surveyapp.fieldwork.mail.mailings import (
    Mailing,
    create_mailing,
    find_mailing,
    plan,
    resume_mailing,
    start_mailing,
)
from surveyapp.fieldwork.mail.office import Office
from surveyapp.fieldwork.mail.recipients import Plan
from surveyapp.fieldwork.mail.sending import SendingResult, send_mailing
from surveyapp.fieldwork.mail.server import MailServer
from surveyapp.fieldwork.mail.templates import MailingKind
from surveyapp.questionnaire.model import Language, Text
from surveyapp.records.job_queue import Job, list_jobs
from surveyapp.records.tables import invitation
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay

MANAGER = "manager@example.com"
BASE_URL = "https://survey.example.org"


class Patience:
    """A watcher that lets a run go on to its end, or ends it after some mails."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.left = stop_after
        self.told: list[tuple[int, int]] = []

    def note_progress(self, done: int, of: int) -> None:
        self.told.append((done, of))

    def check_cancelled(self) -> None:
        if self.left is not None:
            if self.left == 0:
                raise InterruptedError
            self.left -= 1


@dataclass
class MailDay:
    """`now` is the clock of everything that is done through it."""

    day: FieldworkDay
    server: MailServer | None = None
    now: datetime = field(init=False)

    def __post_init__(self) -> None:
        self.now = self.day.now

    @property
    def office(self) -> Office:
        return Office(self.day.database, self.day.vault, self.server, BASE_URL)

    @property
    def survey_id(self) -> str:
        return self.day.round.survey_id

    def pass_time(self, **amount: float) -> None:
        self.now += timedelta(**amount)

    def add_company(
        self, name: str, *emails: str, language: Language = "ko", person: str = "김철수", is_invited: bool = True
    ) -> int:
        """A company with a contact at each address; returns its number."""
        with self.day.database.write() as connection:
            added = add_company(
                connection, self.survey_id, name=Text(name, "", ""), is_sample=False, now=self.now
            ).company_id
            for place, email in enumerate(emails):
                fields = ContactFields(name=person, email=email, language=language)
                moment = self.now + timedelta(microseconds=place)  # contacts stand in the order of their coming
                add_contact(connection, self.day.vault, self.survey_id, added, fields, now=moment)
            if is_invited:
                invite(connection, self.day.round, [added], now=self.now, actor=MANAGER)
        return added

    def find_invitation(self, company_id: int) -> Invitation:
        with self.day.database.read() as connection:
            invitation_id = connection.scalar(
                select(invitation.c.invitation_id).where(invitation.c.company_id == company_id)
            )
            assert invitation_id is not None
            return find_invitation(connection, self.day.round, invitation_id)

    def find_contact_id(self, company_id: int) -> str:
        with self.day.database.read() as connection:
            contacts = list_contacts(connection, self.day.vault, self.survey_id, [company_id])
        return contacts[company_id][0].contact_id

    def issue_token(self, company_id: int) -> str:
        found = self.find_invitation(company_id)
        with self.day.database.write() as connection:
            return issue_token(connection, found, channel="mail", now=self.now)

    def begin(self, company_id: int, *, is_submitted: bool = False) -> None:
        """The company opens its link and begins, or answers all and submits."""
        token = self.issue_token(company_id)
        answers = self.day.complete(CONSENT) if is_submitted else CONSENT
        with self.day.database.write() as connection:
            begun = start_invited_return(
                connection,
                self.day.vault,
                self.day.round,
                self.day.questionnaire,
                token=token,
                answers=CONSENT,
                language="ko",
                now=self.now,
            )
        if is_submitted:
            self.day.submit(self.day.fill(begun, answers))

    def refuse(self, company_id: int) -> None:
        token = self.issue_token(company_id)
        with self.day.database.write() as connection:
            refuse_invitation(connection, self.day.round, token=token, language="ko", now=self.now)

    def prepare(self, kind: MailingKind = "invitation") -> str:
        with self.day.database.write() as connection:
            return create_mailing(connection, self.day.round, kind, actor=MANAGER, now=self.now).mailing_id

    def plan(self, mailing_id: str) -> Plan:
        with self.day.database.read() as connection:
            found = find_mailing(connection, self.day.round, mailing_id)
            return plan(connection, self.day.vault, found, now=self.now)

    def start(self, mailing_id: str, digest: str | None = None) -> int:
        shown = self.plan(mailing_id).digest if digest is None else digest
        with self.day.database.write() as connection:
            return start_mailing(
                connection, self.day.vault, self.day.round, mailing_id, digest=shown, actor=MANAGER, now=self.now
            )

    def begin_mailing(self, kind: MailingKind = "invitation") -> str:
        """A mailing that was prepared and started."""
        mailing_id = self.prepare(kind)
        self.start(mailing_id)
        return mailing_id

    def run(self, mailing_id: str, *, outages: int = 0, watcher: Patience | None = None) -> SendingResult:
        return send_mailing(
            self.office,
            self.survey_id,
            mailing_id,
            watcher=watcher or Patience(),
            outages=outages,
            tell_time=lambda: self.now,
        )

    def resume(self, mailing_id: str) -> None:
        with self.day.database.write() as connection:
            resume_mailing(connection, self.day.round, mailing_id, actor=MANAGER, now=self.now)

    def find_mailing(self, mailing_id: str) -> Mailing:
        with self.day.database.read() as connection:
            return find_mailing(connection, self.day.round, mailing_id)

    def list_messages(self) -> tuple[Message, ...]:
        with self.day.database.read() as connection:
            return list_messages(connection, self.survey_id, self.day.round.round_id, limit=1000)

    def list_jobs(self) -> tuple[Job, ...]:
        with self.day.database.read() as connection:
            return list_jobs(connection)

    @property
    def last_job(self) -> Job:
        """The one that is due last."""
        return max(self.list_jobs(), key=lambda job: job.run_after)

    def count_states(self) -> Counter[str]:
        return Counter(message.state for message in self.list_messages())
