"""Each invited company's way to a return, and what became of it by AAPOR's dispositions.

American Association for Public Opinion Research, Standard Definitions (10th edition, 2023), Internet surveys of
specifically named persons: the invited companies of the directory are the sample, a return is the interview.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqlalchemy import Connection, Select, Subquery, and_, case, exists, func, select

from surveyapp.fieldwork.directory.companies import is_listed
from surveyapp.fieldwork.rounds import Round
from surveyapp.records.tables import (
    company,
    draft,
    invitation,
    invitation_token,
    mail_message,
    refusal,
    response,
)

Segment = Literal["size", "main_business", "membership"]
SEGMENTS: tuple[Segment, ...] = ("size", "main_business", "membership")
UNKNOWN = ""  # a company whose directory entry says nothing of a segment


class Step(StrEnum):
    """What can be said of an invited company; each but the last three presupposes the invitation alone."""

    INVITED = "invited"
    DELIVERED = "delivered"  # a mail that no server sent back, or a link on paper or by telephone
    BOUNCED = "bounced"  # every mail to it came back, and it has no other link
    OPENED = "opened"
    BEGUN = "begun"
    SUBMITTED = "submitted"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Disposition(StrEnum):
    """AAPOR's final dispositions, as far as a web survey of invited companies meets them, with their codes."""

    COMPLETE = "1.1"
    REFUSAL = "2.111"  # said no, or took the return back
    IMPLICIT_REFUSAL = "2.1121"  # opened the link and answered nothing
    BREAK_OFF = "2.12"  # began and did not submit
    NOT_SENT = "3.11"  # invited, and no link was made yet
    NOTHING_RETURNED = "3.19"
    UNDELIVERED = "3.30"
    NOT_IN_SAMPLE = "4.10"  # the invitation was taken back


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """One invited company: its segments, and when it came to which step."""

    company_id: int
    size: str
    main_business: str
    membership: str
    invited_at: datetime
    revoked_at: datetime | None
    has_link: bool
    delivered_at: datetime | None
    bounced_at: datetime | None
    opened_at: datetime | None
    begun_at: datetime | None
    submitted_at: datetime | None
    refused_at: datetime | None
    withdrawn_at: datetime | None

    def find_time(self, step: Step) -> datetime | None:
        """When the company came to the step; None where it has not."""
        return {
            Step.INVITED: self.invited_at,
            Step.DELIVERED: self.delivered_at,
            Step.BOUNCED: None if self.delivered_at is not None else self.bounced_at,
            Step.OPENED: self.opened_at or self.begun_at,
            Step.BEGUN: self.begun_at,
            Step.SUBMITTED: self.submitted_at,
            Step.REFUSED: self.refused_at,
            Step.WITHDRAWN: self.withdrawn_at,
        }[step]

    @property
    def disposition(self) -> Disposition:
        if self.withdrawn_at is not None:
            return Disposition.REFUSAL
        if self.submitted_at is not None:
            return Disposition.COMPLETE
        if self.refused_at is not None:
            return Disposition.REFUSAL
        if self.begun_at is not None:
            return Disposition.BREAK_OFF
        if self.revoked_at is not None:
            return Disposition.NOT_IN_SAMPLE
        return self._judge_silence()

    def _judge_silence(self) -> Disposition:
        if self.opened_at is not None:
            return Disposition.IMPLICIT_REFUSAL
        if self.find_time(Step.BOUNCED) is not None:
            return Disposition.UNDELIVERED
        return Disposition.NOTHING_RETURNED if self.has_link else Disposition.NOT_SENT

    def find_segment(self, segment: Segment) -> str:
        return {"size": self.size, "main_business": self.main_business, "membership": self.membership}[segment]


def load_field_records(connection: Connection, round_: Round) -> tuple[FieldRecord, ...]:
    """Every invited company of the round, in the order of their numbers: one statement."""
    return tuple(
        FieldRecord(
            company_id=row.company_id,
            size=row.size or UNKNOWN,
            main_business=row.main_business or UNKNOWN,
            membership=row.membership,
            invited_at=row.created_at,
            revoked_at=row.revoked_at,
            has_link=bool(row.links),
            delivered_at=_find_earliest(row.mailed_at, row.handed_at),
            bounced_at=row.bounced_at,
            opened_at=row.opened_at,
            begun_at=row.started_at,
            submitted_at=row.submitted_at,
            refused_at=row.refused_at,
            withdrawn_at=row.withdrawn_at,
        )
        for row in connection.execute(_select_records(round_))
    )


def _find_earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _select_records(round_: Round) -> Select[tuple[object, ...]]:
    mails, links = _sum_mails(round_), _sum_links(round_)
    of_company = and_(company.c.survey_id == invitation.c.survey_id, company.c.company_id == invitation.c.company_id)
    of_draft = and_(draft.c.survey_id == invitation.c.survey_id, draft.c.draft_id == invitation.c.draft_id)
    of_response = and_(response.c.survey_id == draft.c.survey_id, response.c.number == draft.c.response_number)
    return (
        select(
            invitation.c.company_id,
            invitation.c.created_at,
            invitation.c.opened_at,
            invitation.c.refused_at,
            invitation.c.revoked_at,
            company.c.size,
            company.c.main_business,
            company.c.membership,
            draft.c.started_at,
            draft.c.withdrawn_at,
            response.c.submitted_at,
            mails.c.mailed_at,
            mails.c.bounced_at,
            links.c.links,
            links.c.handed_at,
        )
        .select_from(
            invitation.join(company, of_company)
            .outerjoin(draft, of_draft)
            .outerjoin(response, of_response)
            .outerjoin(mails, mails.c.invitation_id == invitation.c.invitation_id)
            .outerjoin(links, links.c.invitation_id == invitation.c.invitation_id)
        )
        .where(invitation.c.survey_id == round_.survey_id, invitation.c.round_id == round_.round_id, is_listed())
        .order_by(invitation.c.company_id)
    )


def _sum_mails(round_: Round) -> Subquery:
    """For each invitation: its first mail that did not come back, and its first that did."""
    return (
        select(
            mail_message.c.invitation_id,
            func.min(case((mail_message.c.state == "sent", mail_message.c.sent_at))).label("mailed_at"),
            func.min(mail_message.c.bounced_at).label("bounced_at"),
        )
        .where(mail_message.c.survey_id == round_.survey_id, mail_message.c.round_id == round_.round_id)
        .where(mail_message.c.invitation_id.is_not(None))
        .group_by(mail_message.c.invitation_id)
        .subquery("mails")
    )


def _sum_links(round_: Round) -> Subquery:
    """For each invitation: its links, and the first that was handed over by another way than mail."""
    return (
        select(
            invitation_token.c.invitation_id,
            func.count().label("links"),
            func.min(case((invitation_token.c.channel != "mail", invitation_token.c.issued_at))).label("handed_at"),
        )
        .where(invitation_token.c.survey_id == round_.survey_id)
        .group_by(invitation_token.c.invitation_id)
        .subquery("links")
    )


def count_directory(connection: Connection, round_: Round) -> dict[Segment, Counter[str]]:
    """Companies of the directory by each segment; a sample round's are the invented ones alone."""
    rows = connection.execute(
        select(company.c.size, company.c.main_business, company.c.membership, func.count().label("companies"))
        .where(company.c.survey_id == round_.survey_id, company.c.is_sample.is_(round_.kind == "sample"), is_listed())
        .group_by(company.c.size, company.c.main_business, company.c.membership)
    ).all()
    readers: dict[Segment, Callable[[int], str]] = {
        "size": lambda place: rows[place].size or UNKNOWN,
        "main_business": lambda place: rows[place].main_business or UNKNOWN,
        "membership": lambda place: rows[place].membership,
    }
    counted: dict[Segment, Counter[str]] = {segment: Counter() for segment in SEGMENTS}
    for segment, read in readers.items():
        for place, row in enumerate(rows):
            counted[segment][read(place)] += row.companies
    return counted


def list_open_returns(connection: Connection, round_: Round) -> list[int]:
    """The numbers of submitted returns that no invitation began."""
    of_response = and_(draft.c.survey_id == response.c.survey_id, draft.c.response_number == response.c.number)
    invited = exists().where(invitation.c.survey_id == draft.c.survey_id, invitation.c.draft_id == draft.c.draft_id)
    found = connection.scalars(
        select(response.c.number)
        .select_from(response.join(draft, of_response))
        .where(response.c.survey_id == round_.survey_id, response.c.round_id == round_.round_id)
        .where(response.c.state == "submitted", ~invited)
    )
    return list(found)


def count_open_refusals(connection: Connection, round_: Round, refused: int) -> int:
    """Refusals beyond the `refused` ones that invitations tell of."""
    found = connection.scalar(
        select(func.count()).where(refusal.c.survey_id == round_.survey_id, refusal.c.round_id == round_.round_id)
    )
    return max(0, int(found or 0) - refused)
