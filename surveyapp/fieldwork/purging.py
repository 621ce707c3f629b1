"""Emptying a trial or sample round. A real one is never emptied: its returns go one by one, at their holders' wish."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select

from surveyapp.fieldwork.rounds import Round, RoundFault, find_round, hold_round
from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.records.audit import COMMAND, write_audit
from surveyapp.records.confidential import erase_confidential
from surveyapp.records.database import Database, request_scrub
from surveyapp.records.tables import company, draft, refusal, response

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


def purge_round(database: Database, survey_id: str, slug: str, *, now: datetime, actor: str = COMMAND) -> PurgedCounts:
    """Erase everything that was given in a trial or sample round, in one transaction; the round itself stays.

    Drafts and refusals are deleted. Responses remain as numbers in the state "withdrawn", each under a new revision,
    so that whatever was derived from them follows. Raises `RoundNotPurgeable` and `RoundUnknown`.
    """
    with database.write() as connection:
        round_ = hold_round(connection, find_round(connection, survey_id, slug))
        if round_.kind == "real":
            raise RoundNotPurgeable(f"round {slug} is a real one and cannot be purged")
        links = _list_links(connection, round_)
        for start in range(0, len(links), _BATCH):
            erase_confidential(connection, survey_id, links[start : start + _BATCH])
        drafts = connection.execute(delete(draft).where(*_is_of(draft, round_))).rowcount
        refusals = connection.execute(delete(refusal).where(*_is_of(refusal, round_))).rowcount
        live = select(response.c.number).where(*_is_of(response, round_), response.c.state == "submitted")
        numbers = connection.scalars(live.order_by(response.c.number)).all()
        for number in numbers:
            erase_response(connection, survey_id, number, now=now)
        purged = PurgedCounts(drafts, len(numbers), len(links), refusals, _remove_companies(connection, survey_id))
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
    return sorted(link for link in links if link is not None)


def _remove_companies(connection: Connection, survey_id: str) -> int:
    """Delete the invented companies that no return of any round belongs to."""
    unknown = [
        ~exists().where(table.c.survey_id == survey_id, table.c.company_id == company.c.company_id)
        for table in (draft, response)
    ]
    gone = delete(company).where(company.c.survey_id == survey_id, company.c.is_sample.is_(True), *unknown)
    return connection.execute(gone).rowcount
