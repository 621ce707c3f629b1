"""How many returns each round has."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, func, select

from surveyapp.records.tables import response


def count_responses(connection: Connection, survey_id: str) -> Mapping[int, int]:
    """Submitted and not withdrawn returns by round; a round without one is not in it."""
    query = (
        select(response.c.round_id, func.count())
        .where(response.c.survey_id == survey_id, response.c.state == "submitted")
        .group_by(response.c.round_id)
    )
    return dict(connection.execute(query).all())  # of the rows: dict() would take the result for a mapping
