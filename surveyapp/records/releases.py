"""The memory of releases: what left the desk for an audience, when, under which thresholds, by whom.

A release is never changed. It holds the table as it was shown and what its reader knows of the returns as they were
then; the returns themselves are named by number alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, or_, select

from surveyapp.records.tables import release, released_value, response


@dataclass(frozen=True, slots=True)
class ReleasedValue:
    """Of the returns whose numbers `members` holds (a serialised bitmap), `low` to `high` gave one of the answers."""

    answers: tuple[str, ...]
    members: bytes = field(repr=False)
    low: int
    high: int
    width: int


@dataclass(frozen=True, slots=True)
class Remembered:
    """One value with the release it was told in, and the revision of the survey it was true of."""

    audience: str
    release_number: int
    revision: int
    value: ReleasedValue


@dataclass(frozen=True, slots=True)
class Release:
    """One table as it was released. `number` counts the releases of the round."""

    survey_id: str
    round_id: int
    number: int
    audience: str
    definition: str
    policy: Mapping[str, int]
    content: Mapping[str, Any] = field(repr=False)
    digest: str
    source_digest: str
    revision: int
    released_at: datetime
    actor: str


@dataclass(frozen=True, slots=True)
class ReleaseMoment:
    """When a release was made, and up to which revision of the survey it tells.

    `changed`: the returns that were edited or withdrawn since the release before it, a serialised bitmap; None where
    that was not kept yet.
    """

    revision: int
    released_at: datetime
    changed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReturnChange:
    """The newest revision of a return, which need not have changed its answers, and when those were last changed."""

    revision: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseStamp:
    """Which release, and when."""

    round_id: int
    number: int
    released_at: datetime


def add_release(
    connection: Connection,
    *,
    survey_id: str,
    round_id: int,
    audience: str,
    definition: str,
    policy: Mapping[str, int],
    content: Mapping[str, Any],
    digests: tuple[str, str],
    revision: int,
    changed: bytes,
    values: Sequence[ReleasedValue],
    actor: str,
    now: datetime,
) -> int:
    """Remember a release; its number. The caller holds the round, so that releases come one after another.

    `digests` are those of the content and of its source; `changed` as in `ReleaseMoment`.
    """
    number = find_last_number(connection, survey_id, round_id) + 1
    key = {"survey_id": survey_id, "round_id": round_id, "release_number": number}
    connection.execute(
        insert(release).values(
            **key,
            audience=audience,
            definition=definition,
            policy=dict(policy),
            content=dict(content),
            digest=digests[0],
            source_digest=digests[1],
            revision=revision,
            released_at=now,
            actor=actor,
            changed_returns=changed,
        )
    )
    rows = [
        {
            **key,
            "position": position,
            "answers": list(value.answers),
            "members": value.members,
            "low": value.low,
            "high": value.high,
            "width": value.width,
        }
        for position, value in enumerate(values)
    ]
    if rows:
        connection.execute(insert(released_value), rows)
    return number


def find_last_number(connection: Connection, survey_id: str, round_id: int) -> int:
    """That of the newest release of a round to any audience; 0 where there is none."""
    of_round = (release.c.survey_id == survey_id, release.c.round_id == round_id)
    return connection.scalar(select(func.max(release.c.release_number)).where(*of_round)) or 0


def find_last_releases(connection: Connection, survey_id: str, round_id: int, *, audience: str) -> list[Release]:
    """The newest release of every table of a round to one audience."""
    of_audience = (
        release.c.survey_id == survey_id,
        release.c.round_id == round_id,
        release.c.audience == audience,
    )
    newest = select(func.max(release.c.release_number)).where(*of_audience).group_by(release.c.definition)
    found = select(release).where(*of_audience, release.c.release_number.in_(newest))
    return [_read_release(row) for row in connection.execute(found.order_by(release.c.release_number))]


def list_table_releases(
    connection: Connection, survey_id: str, *, audience: str, definition: str
) -> list[ReleaseStamp]:
    """Every release of a table to an audience in any round, newest first, without what it holds."""
    columns = (release.c.round_id, release.c.release_number, release.c.released_at)
    found = select(*columns).where(
        release.c.survey_id == survey_id, release.c.audience == audience, release.c.definition == definition
    )
    newest = (release.c.released_at.desc(), release.c.round_id.desc(), release.c.release_number.desc())
    return [ReleaseStamp(*row) for row in connection.execute(found.order_by(*newest))]


def load_release(connection: Connection, survey_id: str, round_id: int, number: int) -> Release:
    """One release, which must be there."""
    found = select(release).where(
        release.c.survey_id == survey_id, release.c.round_id == round_id, release.c.release_number == number
    )
    return _read_release(connection.execute(found).one())


def list_releases(connection: Connection, survey_id: str, *, audiences: Collection[str]) -> list[Release]:
    """Every release of a survey to one of the audiences, oldest first within its round."""
    found = select(release).where(
        release.c.survey_id == survey_id, release.c.audience.in_([str(each) for each in audiences])
    )
    rows = connection.execute(found.order_by(release.c.round_id, release.c.release_number))
    return [_read_release(row) for row in rows]


def list_released_values(connection: Connection, survey_id: str, round_id: int) -> list[Remembered]:
    """Everything that anybody was told of a round, oldest first."""
    same = (
        (release.c.survey_id == released_value.c.survey_id)
        & (release.c.round_id == released_value.c.round_id)
        & (release.c.release_number == released_value.c.release_number)
    )
    rows = connection.execute(
        select(released_value, release.c.audience, release.c.revision)
        .join(release, same)
        .where(released_value.c.survey_id == survey_id, released_value.c.round_id == round_id)
        .order_by(released_value.c.release_number, released_value.c.position)
    )
    return [
        Remembered(
            row.audience,
            row.release_number,
            row.revision,
            ReleasedValue(tuple(row.answers), bytes(row.members), row.low, row.high, row.width),
        )
        for row in rows
    ]


def list_release_moments(connection: Connection, survey_id: str, round_id: int) -> list[ReleaseMoment]:
    """Those of all releases of a round to anybody, in their order."""
    columns = (release.c.revision, release.c.released_at, release.c.changed_returns)
    of_round = (release.c.survey_id == survey_id, release.c.round_id == round_id)
    rows = connection.execute(select(*columns).where(*of_round).order_by(release.c.release_number))
    return [
        ReleaseMoment(
            row.revision, row.released_at, None if row.changed_returns is None else bytes(row.changed_returns)
        )
        for row in rows
    ]


def list_changed_returns(
    connection: Connection, survey_id: str, round_id: int, *, since: int
) -> dict[int, ReturnChange]:
    """Returns of a round that were ever edited or withdrawn and have a newer revision than `since`, by number.

    Whatever was changed after `since` is among them. So is what changed before and has been given a new revision
    since for another reason: erased texts and contacts, an entry of the directory that was joined with another. The
    time tells these apart. An edit counts whatever it changed, texts alone or a consent, too.
    """
    rows = connection.execute(
        select(response.c.number, response.c.revision, response.c.edited_at, response.c.withdrawn_at).where(
            response.c.survey_id == survey_id,
            response.c.round_id == round_id,
            response.c.revision > since,
            or_(response.c.edited_at.is_not(None), response.c.withdrawn_at.is_not(None)),
        )
    )
    return {
        row.number: ReturnChange(row.revision, max(filter(None, (row.edited_at, row.withdrawn_at)))) for row in rows
    }


@dataclass(frozen=True, slots=True)
class ReturnChanges:
    """How many returns of a round came, were changed and were withdrawn since a release.

    Changed are those that were edited, that went to another entry of their company, or that lost what is past its date.
    """

    added: int
    changed: int
    withdrawn: int

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.withdrawn)


def count_changed_returns(connection: Connection, released: Release) -> ReturnChanges:
    """What happened to the round's returns since the release. One that came and went since is counted nowhere."""
    rows = connection.execute(
        select(response.c.state, response.c.submitted_at).where(
            response.c.survey_id == released.survey_id,
            response.c.round_id == released.round_id,
            response.c.revision > released.revision,
        )
    ).all()
    is_new = [row.submitted_at > released.released_at for row in rows]
    is_live = [row.state == "submitted" for row in rows]
    pairs = Counter(zip(is_new, is_live, strict=True))
    return ReturnChanges(added=pairs[True, True], changed=pairs[False, True], withdrawn=pairs[False, False])


def _read_release(row: Row[Any]) -> Release:
    return Release(
        survey_id=row.survey_id,
        round_id=row.round_id,
        number=row.release_number,
        audience=row.audience,
        definition=row.definition,
        policy=row.policy,
        content=row.content,
        digest=row.digest,
        source_digest=row.source_digest,
        revision=row.revision,
        released_at=row.released_at,
        actor=row.actor,
    )
