"""How long what was gathered is kept: the kinds of data that have a date, in one place, and the dates of a round.

A round holds for each kind the last day on which it is kept. Without a date it is kept; a purge erases what is past
its date once the round has closed (`erasing`). What has no date here, and why, is in docs/adr/0024.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from surveyapp.fieldwork.rounds import Round, RoundFault
from surveyapp.fieldwork.rounds.finding import hold_edition
from surveyapp.fieldwork.rounds.preparing import audit_round, update_round

ZONE = ZoneInfo("Asia/Seoul")  # whose days are meant

RetentionKind = Literal["drafts", "contacts", "identity", "texts", "mail", "directory"]
RETENTION_KINDS: tuple[RetentionKind, ...] = get_args(RetentionKind)

PURGE = "retention.purge"  # the kind of the job

# How many days after the closing day a kind is usually needed: offered where nothing is set, never set by itself.
SUGGESTED_DAYS: Mapping[RetentionKind, int] = {
    "drafts": 30,  # a round may be reopened for latecomers
    "contacts": 365,
    "identity": 365,
    "texts": 3 * 365,
    "mail": 90,  # until delivery reports are in and complaints are settled
    "directory": 365,
}


@dataclass(frozen=True, slots=True)
class DateTooEarly:
    """A date before the round closes, when the data are still being gathered."""

    kind: RetentionKind


class RetentionWrong(RoundFault):
    """Data cannot be erased while they are gathered."""

    def __init__(self, faults: tuple[DateTooEarly, ...]) -> None:
        super().__init__(f"kept at least until the round closes: {', '.join(fault.kind for fault in faults)}")
        self.faults = faults


def suggest_dates(round_: Round) -> dict[RetentionKind, date]:
    """Usual dates for a round, from its closing day on."""
    closing = find_day(round_.closes_at)
    return {kind: closing + timedelta(days=days) for kind, days in SUGGESTED_DAYS.items()}


def move_dates(source: Round, round_: Round) -> dict[RetentionKind, date]:
    """The dates of one round for another, as much later as it closes later; never before its last day."""
    closing = find_day(round_.closes_at)
    later = closing - find_day(source.closes_at)
    return {kind: max(closing, source.retention[kind] + later) for kind in RETENTION_KINDS if kind in source.retention}


def find_day(moment: datetime) -> date:
    return moment.astimezone(ZONE).date()


def list_due(round_: Round, now: datetime) -> tuple[RetentionKind, ...]:
    """Kinds of which nothing may be kept any more: their last day is over, and the round has closed."""
    if round_.state(now) != "closed":
        return ()
    today = find_day(now)
    return tuple(kind for kind in RETENTION_KINDS if kind in round_.retention and round_.retention[kind] < today)


def is_past(rounds: Iterable[Round], kind: RetentionKind, now: datetime) -> bool:
    """Whether each of these rounds is done with this kind of data."""
    return all(kind in list_due(each, now) for each in rounds)


def change_retention(
    connection: Connection,
    round_: Round,
    dates: Mapping[RetentionKind, date | None],
    *,
    seen: str | None,
    actor: str,
    now: datetime,
) -> Round:
    """Set the last day of each kind in `dates`; None keeps it without a date. Audited kind by kind.

    Raises `RetentionWrong` where a date lies before the round's last day, and `RoundChanged`.
    """
    held = hold_edition(connection, round_, seen)
    closing = find_day(held.closes_at)
    faults = tuple(DateTooEarly(kind) for kind, day in dates.items() if day is not None and day < closing)
    if faults:
        raise RetentionWrong(faults)
    kept = {kind: day for kind, day in held.retention.items() if kind not in dates}
    kept |= {kind: day for kind, day in dates.items() if day is not None}
    update_round(connection, held, {"retention": {kind: day.isoformat() for kind, day in kept.items()}})
    for kind, day in dates.items():
        if day != held.retention.get(kind):
            until = None if day is None else day.isoformat()
            details = {"data": kind, "until": until, "without_date": True if day is None else None}
            audit_round(connection, held, action="round.retention_changed", actor=actor, now=now, details=details)
    return replace(held, retention=kept)
