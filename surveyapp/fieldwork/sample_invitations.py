"""Invitations of a sample round: every invented company is invited, most answer through their links, some do not.

What becomes of those that answer is their return's story (`sample_rounds`); here are the links, a reminder, and the
companies that only look, refuse, or never come.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection

from surveyapp.fieldwork.invitations.inviting import Invitation, invite, revoke
from surveyapp.fieldwork.invitations.links import issue_token, note_opened
from surveyapp.fieldwork.invitations.listing import list_invitations
from surveyapp.fieldwork.invitations.starting import refuse_invitation
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.sample_answers import SEED
from surveyapp.fieldwork.sample_schedule import FieldworkPeriod, plan_visits
from surveyapp.questionnaire.model import Language
from surveyapp.records.audit import COMMAND

REMINDED_BEFORE = timedelta(days=7)  # the end
LOOKED_BEFORE = timedelta(minutes=4)  # the return was begun
REVOKED_AFTER = timedelta(days=3)
REASON = "예시: 합병되어 참여 대상이 아닌 기업"

# Companies of the file that answer nothing in the earlier round, and what they do instead.
REFUSING = ("c13", "c26", "c34")
LOOKING = ("c40", "c43", "c47")
TAKEN_BACK = "c51"


@dataclass(frozen=True, slots=True)
class SampleInvitations:
    """The invitations of one sample round. `tokens` go by the key of the file, as `company_ids` do."""

    connection: Connection
    round: Round
    period: FieldworkPeriod
    tokens: Mapping[str, str]
    invited: Mapping[str, Invitation]

    def follow_taken_back(self) -> Iterator[datetime]:
        moment = self.period.opens_at + REVOKED_AFTER
        yield moment
        revoke(self.connection, self.round, self.invited[TAKEN_BACK], reason=REASON, now=moment, actor=COMMAND)

    def follow_reminder(self) -> Iterator[datetime]:
        """A further link for whoever can still answer, a week before the end."""
        moment = self.period.closes_at - REMINDED_BEFORE
        yield moment
        for each in list_invitations(self.connection, self.round):
            if each.can_answer:
                issue_token(self.connection, each.invitation, channel="mail", now=moment)

    def follow_look(self, key: str) -> Iterator[datetime]:
        """Somebody opens the link and leaves it at that."""
        (moment,) = plan_visits(Random(f"{SEED}/{self.round.slug}/look {key}"), self.period, 1)
        yield moment
        self.open(key, moment)

    def follow_refusal(self, key: str, language: Language) -> Iterator[datetime]:
        (moment,) = plan_visits(Random(f"{SEED}/{self.round.slug}/refusal {key}"), self.period, 1)
        yield moment
        self.open(key, moment)
        refuse_invitation(self.connection, self.round, token=self.tokens[key], language=language, now=moment)

    def open(self, key: str, moment: datetime) -> str:
        """The token of a company's link, which was opened just before."""
        opened_at = max(self.period.opens_at, moment - LOOKED_BEFORE)
        note_opened(self.connection, self.round.survey_id, self.tokens[key], now=opened_at)
        return self.tokens[key]


def invite_sample_companies(
    connection: Connection, round_: Round, period: FieldworkPeriod, company_ids: Mapping[str, int]
) -> SampleInvitations:
    """Invite all of them as the round opens, each with a first link."""
    now = period.opens_at
    invite(connection, round_, company_ids.values(), now=now, actor=COMMAND)
    by_company = {each.company.company_id: each.invitation for each in list_invitations(connection, round_)}
    invited = {key: by_company[company_id] for key, company_id in company_ids.items()}
    tokens = {key: issue_token(connection, each, channel="mail", now=now) for key, each in invited.items()}
    return SampleInvitations(connection, round_, period, tokens, invited)
