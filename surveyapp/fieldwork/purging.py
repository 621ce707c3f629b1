"""Emptying a trial or sample round. A real one is never emptied: its returns go one by one, at their holders' wish."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, exists, select

from surveyapp.fieldwork.rounds import Round, RoundFault, find_round, hold_round
from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.records.audit import COMMAND, write_audit
from surveyapp.records.confidential import erase_confidential
from surveyapp.records.database import Database, request_scrub
from surveyapp.records.tables import (
    company,
    company_contact,
    company_merge,
    deidentified_file,
    dismissed_double,
    draft,
    figure_note,
    frozen_figure,
    invitation,
    invitation_token,
    mail_message,
    mailing,
    refusal,
    release,
    response,
    return_link,
)

_BATCH = 500


class RoundNotPurgeable(RoundFault):
    """The round is a real one."""


@dataclass(frozen=True, slots=True)
class PurgedCounts:
    """What a purge erased. `companies` are invented ones that no other round knows."""

    drafts: int
    responses: int
    confidential_rows: int
    refusals: int
    companies: int
    invitations: int = 0


def purge_round(database: Database, survey_id: str, slug: str, *, now: datetime, actor: str = COMMAND) -> PurgedCounts:
    """Erase everything that was given in a trial or sample round, in one transaction; the round itself stays.

    Drafts, refusals, invitations and the log of mails are deleted. Responses remain as numbers in the state
    "withdrawn", each under a new revision, so that whatever was derived from them follows. Raises
    `RoundNotPurgeable` and `RoundUnknown`.
    """
    with database.write() as connection:
        round_ = hold_round(connection, find_round(connection, survey_id, slug))
        if round_.kind == "real":
            raise RoundNotPurgeable(f"round {slug} is a real one and cannot be purged")
        links = _list_links(connection, round_)
        for start in range(0, len(links), _BATCH):
            erase_confidential(connection, survey_id, links[start : start + _BATCH])
        invitations = _remove_invitations(connection, round_)
        drafts = connection.execute(delete(draft).where(*_is_of(draft, round_))).rowcount
        connection.execute(delete(figure_note).where(*_is_of(figure_note, round_)))  # they may repeat answers
        connection.execute(delete(frozen_figure).where(*_is_of(frozen_figure, round_)))
        for memory in (release, deidentified_file):  # of returns that are gone
            connection.execute(delete(memory).where(*_is_of(memory, round_)))
        refusals = connection.execute(delete(refusal).where(*_is_of(refusal, round_))).rowcount
        live = select(response.c.number).where(*_is_of(response, round_), response.c.state == "submitted")
        numbers = connection.scalars(live.order_by(response.c.number)).all()
        for number in numbers:
            erase_response(connection, survey_id, number, now=now)
        companies = _remove_companies(connection, survey_id)
        purged = PurgedCounts(drafts, len(numbers), len(links), refusals, companies, invitations)
        details: dict[str, Any] = asdict(purged)
        del details["confidential_rows"]
        write_audit(
            connection,
            actor=actor,
            action="round.purged",
            at=now,
            survey_id=survey_id,
            round_id=round_.round_id,
            details=details,
        )
        request_scrub(connection)
    return purged


def _is_of(table: Table, round_: Round) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return table.c.survey_id == round_.survey_id, table.c.round_id == round_.round_id


def _list_links(connection: Connection, round_: Round) -> list[str]:
    links: set[str | None] = set()
    for table in (draft, response):
        rows = connection.execute(select(table.c.identity_link, table.c.contact_link).where(*_is_of(table, round_)))
        for row in rows:
            links.update(row)
    of_draft = and_(return_link.c.survey_id == draft.c.survey_id, return_link.c.draft_id == draft.c.draft_id)
    labels = select(return_link.c.label_link).select_from(return_link.join(draft, of_draft))
    links.update(connection.scalars(labels.where(*_is_of(draft, round_))))
    links.update(connection.scalars(select(mail_message.c.address_link).where(*_is_of(mail_message, round_))))
    return sorted(link for link in links if link is not None)


def _remove_invitations(connection: Connection, round_: Round) -> int:
    """Delete the invitations of the round with their links and what was mailed; returns how many those were."""
    own = select(invitation.c.invitation_id).where(*_is_of(invitation, round_))
    links = delete(invitation_token).where(invitation_token.c.survey_id == round_.survey_id)
    connection.execute(delete(mail_message).where(*_is_of(mail_message, round_)))
    connection.execute(links.where(invitation_token.c.invitation_id.in_(own)))
    connection.execute(delete(mailing).where(*_is_of(mailing, round_)))
    return connection.execute(delete(invitation).where(*_is_of(invitation, round_))).rowcount


def _remove_companies(connection: Connection, survey_id: str) -> int:
    """Delete the invented companies that no return, invitation or contact of any round belongs to."""
    own = [(table, table.c.company_id) for table in (draft, response, invitation, company_contact)]
    merges = [(company_merge, company_merge.c.kept_id), (company_merge, company_merge.c.merged_id)]
    pairs = [(dismissed_double, dismissed_double.c.first_id), (dismissed_double, dismissed_double.c.second_id)]
    unknown = [
        ~exists().where(table.c.survey_id == survey_id, holder == company.c.company_id)
        for table, holder in (*own, *merges, *pairs)
    ]
    gone = delete(company).where(company.c.survey_id == survey_id, company.c.is_sample.is_(True), *unknown)
    return connection.execute(gone).rowcount
