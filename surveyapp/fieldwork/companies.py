"""The directory of companies: whom a round can invite, and whose returns of several rounds belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from surveyapp.questionnaire.model import Text
from surveyapp.records.tables import company


@dataclass(frozen=True, slots=True)
class Company:
    """One company of a survey's directory. `is_sample` marks one that was invented for a sample round."""

    survey_id: str
    company_id: int
    name: Text
    is_sample: bool


def add_company(connection: Connection, survey_id: str, *, name: Text, is_sample: bool, now: datetime) -> Company:
    """Add a company under the next free number of the survey; the caller holds the write transaction."""
    highest = connection.scalar(select(func.max(company.c.company_id)).where(company.c.survey_id == survey_id))
    company_id = (highest or 0) + 1
    connection.execute(
        insert(company).values(
            survey_id=survey_id,
            company_id=company_id,
            name={"ko": name.ko, "en": name.en, "ja": name.ja},
            is_sample=is_sample,
            created_at=now,
        )
    )
    return Company(survey_id, company_id, name, is_sample)


def list_companies(connection: Connection, survey_id: str) -> tuple[Company, ...]:
    """Every company of the survey's directory, in the order in which they were added."""
    rows = connection.execute(select(company).where(company.c.survey_id == survey_id).order_by(company.c.company_id))
    return tuple(Company(row.survey_id, row.company_id, Text(**row.name), row.is_sample) for row in rows)
