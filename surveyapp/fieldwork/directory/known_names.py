"""Every name under which the directory knows a company, for whoever has to take names out of a text."""

from __future__ import annotations

from sqlalchemy import Connection, select

from surveyapp.records.tables import company


def list_known_names(connection: Connection, survey_id: str) -> frozenset[str]:
    """Names in all languages; those of entries that were joined with another are among them."""
    rows = connection.execute(select(company.c.name).where(company.c.survey_id == survey_id))
    return frozenset(name for (names,) in rows for name in names.values() if name)
