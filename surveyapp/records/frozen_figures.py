"""Figures made once and kept as they are, each with the digest by which it can be verified.

The digest finds out what was changed by mistake or by hand. Who can write the database and knows how it is made could
write a new one: against that stand the audit trail and the backups.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from surveyapp.records.tables import frozen_figure


class FigureAltered(Exception):
    """What is kept is not what was frozen."""


@dataclass(frozen=True, slots=True)
class FrozenFigure:
    """`content` is JSON; `revision` is the survey's up to which returns were counted."""

    content: Mapping[str, Any]
    revision: int
    made_at: datetime


def load_frozen_figure(connection: Connection, survey_id: str, round_id: int, name: str) -> FrozenFigure | None:
    """The figure of that name, None where there is none. Raises `FigureAltered`."""
    query = select(
        frozen_figure.c.content, frozen_figure.c.digest, frozen_figure.c.revision, frozen_figure.c.made_at
    ).where(*_is_figure(survey_id, round_id, name))
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    figure = FrozenFigure(row.content, row.revision, row.made_at)
    if row.digest != digest_figure(survey_id, round_id, name, figure):
        raise FigureAltered(f"{name} of round {round_id} of {survey_id}")
    return figure


def keep_frozen_figure(connection: Connection, survey_id: str, round_id: int, name: str, figure: FrozenFigure) -> None:
    """Keep a figure in the place of the one before. The caller holds the survey (`hold_survey`)."""
    connection.execute(delete(frozen_figure).where(*_is_figure(survey_id, round_id, name)))
    connection.execute(
        insert(frozen_figure).values(
            survey_id=survey_id,
            round_id=round_id,
            name=name,
            content=figure.content,
            digest=digest_figure(survey_id, round_id, name, figure),
            revision=figure.revision,
            made_at=figure.made_at,
        )
    )


def find_frozen_revision(connection: Connection, survey_id: str, round_id: int, name: str) -> int | None:
    """The revision that a figure rests on, unverified; None where there is none."""
    query = select(frozen_figure.c.revision).where(*_is_figure(survey_id, round_id, name))
    found: int | None = connection.scalar(query)
    return found


def digest_figure(survey_id: str, round_id: int, name: str, figure: FrozenFigure) -> str:
    """SHA-256 of the content, and of whose it is and when it was made: a row put elsewhere is found out as well."""
    written = json.dumps(
        {
            "survey_id": survey_id,
            "round_id": round_id,
            "name": name,
            "revision": figure.revision,
            "made_at": figure.made_at.timestamp(),
            "content": figure.content,
        },
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(written.encode()).hexdigest()


def _is_figure(survey_id: str, round_id: int, name: str) -> tuple[Any, ...]:
    table = frozen_figure.c
    return table.survey_id == survey_id, table.round_id == round_id, table.name == name
