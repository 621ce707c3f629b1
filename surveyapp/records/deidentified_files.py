"""The memory of de-identified files: which left a round, how coarse, and which of their lines no reader can tell apart.

A file is never changed. Returns are named by number alone, and nothing of their answers is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from surveyapp.records.tables import deidentified_file, deidentified_group, response


@dataclass(frozen=True, slots=True)
class DeidentifiedFile:
    """One file as it left; `number` counts those of the round.

    `groups` are the numbers of its returns (serialised bitmaps), by what this file and all before it show of them.
    """

    number: int
    k: int
    levels: Mapping[str, int]
    source_digest: str
    revision: int
    released_at: datetime
    actor: str
    groups: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """The newest revision of a return, which need not have changed its answers, and when those were last changed."""

    revision: int
    edited_at: datetime | None


def list_deidentified_files(connection: Connection, survey_id: str, round_id: int) -> list[DeidentifiedFile]:
    """Every file of the round that left, oldest first."""
    own, of_file = deidentified_group.c, deidentified_file.c
    groups: dict[int, list[bytes]] = {}
    for row in connection.execute(
        select(own.file_number, own.members)
        .where(own.survey_id == survey_id, own.round_id == round_id)
        .order_by(own.file_number, own.position)
    ):
        groups.setdefault(row.file_number, []).append(bytes(row.members))
    rows = connection.execute(
        select(deidentified_file)
        .where(of_file.survey_id == survey_id, of_file.round_id == round_id)
        .order_by(of_file.file_number)
    )
    return [
        DeidentifiedFile(
            number=row.file_number,
            k=row.k,
            levels=row.levels,
            source_digest=row.source_digest,
            revision=row.revision,
            released_at=row.released_at,
            actor=row.actor,
            groups=tuple(groups.get(row.file_number, ())),
        )
        for row in rows
    ]


def find_last_file_number(connection: Connection, survey_id: str, round_id: int) -> int:
    """The number of the newest file of the round, 0 where none has left."""
    of_file = deidentified_file.c
    last: int | None = connection.scalar(
        select(func.max(of_file.file_number)).where(of_file.survey_id == survey_id, of_file.round_id == round_id)
    )
    return last or 0


def add_deidentified_file(
    connection: Connection,
    *,
    survey_id: str,
    round_id: int,
    k: int,
    levels: Mapping[str, int],
    source_digest: str,
    revision: int,
    groups: Sequence[bytes],
    actor: str,
    now: datetime,
) -> int:
    """Remember a file; its number. The caller holds the round, so that files come one after another."""
    number = find_last_file_number(connection, survey_id, round_id) + 1
    key = {"survey_id": survey_id, "round_id": round_id, "file_number": number}
    connection.execute(
        insert(deidentified_file).values(
            **key,
            k=k,
            levels=dict(levels),
            source_digest=source_digest,
            revision=revision,
            released_at=now,
            actor=actor,
        )
    )
    rows = [{**key, "position": position, "members": members} for position, members in enumerate(groups)]
    if rows:
        connection.execute(insert(deidentified_group), rows)
    return number


def list_edits(connection: Connection, survey_id: str, round_id: int, *, since: int) -> dict[int, Edit]:
    """Submitted returns of the round that have a newer revision, by number."""
    rows = connection.execute(
        select(response.c.number, response.c.revision, response.c.edited_at).where(
            response.c.survey_id == survey_id,
            response.c.round_id == round_id,
            response.c.state == "submitted",
            response.c.revision > since,
        )
    )
    return {row.number: Edit(row.revision, row.edited_at) for row in rows}
