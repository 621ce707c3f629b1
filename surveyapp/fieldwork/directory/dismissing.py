"""Two entries that look like one company and are two: once somebody said so, they are suspected no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from surveyapp.fieldwork.directory.companies import Company, CompanyUnknown, find_company, list_companies
from surveyapp.records.audit import write_audit
from surveyapp.records.database import lock_directory
from surveyapp.records.tables import dismissed_double


@dataclass(frozen=True, slots=True)
class DismissedDouble:
    """Two entries that are two companies, the older one first; who said so, and when."""

    first: Company
    second: Company
    actor: str
    dismissed_at: datetime


def dismiss_double(
    connection: Connection, survey_id: str, one_id: int, other_id: int, *, now: datetime, actor: str
) -> bool:
    """Keep in mind that these are two companies; False where that is known. Raises `CompanyUnknown`."""
    lock_directory(connection)
    if one_id == other_id:
        raise CompanyUnknown(other_id)
    for company_id in (one_id, other_id):
        find_company(connection, survey_id, company_id)
    first_id, second_id = sorted((one_id, other_id))
    if (first_id, second_id) in list_dismissed_pairs(connection, survey_id):
        return False
    row = {"survey_id": survey_id, "first_id": first_id, "second_id": second_id, "actor": actor, "dismissed_at": now}
    connection.execute(insert(dismissed_double).values(row))
    _write_trace(connection, "companies.double_dismissed", survey_id, first_id, second_id, now=now, actor=actor)
    return True


def suspect_again(
    connection: Connection, survey_id: str, one_id: int, other_id: int, *, now: datetime, actor: str
) -> bool:
    """Forget what was said of the two; False where nothing was."""
    lock_directory(connection)
    first_id, second_id = sorted((one_id, other_id))
    if not connection.execute(delete(dismissed_double).where(*_is_pair(survey_id, first_id, second_id))).rowcount:
        return False
    _write_trace(connection, "companies.double_suspected_again", survey_id, first_id, second_id, now=now, actor=actor)
    return True


def list_dismissed_pairs(connection: Connection, survey_id: str) -> frozenset[tuple[int, int]]:
    """Numbers of the entries, the lower one first."""
    rows = connection.execute(
        select(dismissed_double.c.first_id, dismissed_double.c.second_id).where(
            dismissed_double.c.survey_id == survey_id
        )
    )
    return frozenset((first_id, second_id) for first_id, second_id in rows)


def list_dismissed(connection: Connection, survey_id: str, *, limit: int) -> tuple[DismissedDouble, ...]:
    """The latest first, without entries that were joined with others meanwhile."""
    companies = {each.company_id: each for each in list_companies(connection, survey_id)}
    rows = connection.execute(
        select(dismissed_double)
        .where(dismissed_double.c.survey_id == survey_id)
        .order_by(dismissed_double.c.dismissed_at.desc(), dismissed_double.c.first_id, dismissed_double.c.second_id)
    )
    found = [
        DismissedDouble(companies[row.first_id], companies[row.second_id], row.actor, row.dismissed_at)
        for row in rows
        if row.first_id in companies and row.second_id in companies
    ]
    return tuple(found[:limit])


def _is_pair(survey_id: str, first_id: int, second_id: int) -> tuple[ColumnElement[bool], ...]:
    return (
        dismissed_double.c.survey_id == survey_id,
        dismissed_double.c.first_id == first_id,
        dismissed_double.c.second_id == second_id,
    )


def _write_trace(
    connection: Connection, action: str, survey_id: str, first_id: int, second_id: int, *, now: datetime, actor: str
) -> None:
    details = {"company": first_id, "other": second_id}
    write_audit(connection, actor=actor, action=action, at=now, survey_id=survey_id, details=details)
