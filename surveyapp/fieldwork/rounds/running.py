"""What staff change of a round that was scheduled: its end, its open link, how strictly its figures are released.

Opening and closing need nobody: the state of a round is a matter of time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from sqlalchemy import Connection

from surveyapp.fieldwork.rounds.checking import check_dates
from surveyapp.fieldwork.rounds.finding import hold_edition
from surveyapp.fieldwork.rounds.model import (
    ReasonMissing,
    Round,
    RoundDatesWrong,
    RoundFictional,
    RoundState,
    StateWrong,
)
from surveyapp.fieldwork.rounds.preparing import audit_round, check_thresholds, name_times, update_round
from surveyapp.fieldwork.thresholds import AudienceThresholds, write_thresholds

MOST_REASON = 500  # characters


def extend_round(
    connection: Connection, round_: Round, *, closes_at: datetime, seen: str | None, actor: str, now: datetime
) -> Round:
    """Let a round that is open, or will be, close later.

    Raises `RoundFictional`, `StateWrong`, `RoundDatesWrong` and `RoundChanged`.
    """
    _refuse_fictional(round_)
    held = _hold(connection, round_, seen, now, ("not_yet_open", "open"), "only what has not closed can be extended")
    if closes_at.tzinfo is not None and closes_at <= held.closes_at:
        raise RoundDatesWrong("a round is extended to a time after its present end")
    return _set_times(connection, held, held.opens_at, closes_at, action="round.extended", actor=actor, now=now)


def close_round(connection: Connection, round_: Round, *, seen: str | None, actor: str, now: datetime) -> Round:
    """Close an open round now. Raises `StateWrong` and `RoundChanged`."""
    held = _hold(connection, round_, seen, now, ("open",), "only an open round can be closed")
    return _set_times(connection, held, held.opens_at, now, action="round.closed", actor=actor, now=now)


def reopen_round(
    connection: Connection,
    round_: Round,
    *,
    closes_at: datetime,
    reason: str,
    seen: str | None,
    actor: str,
    now: datetime,
) -> Round:
    """Open a closed round again, until `closes_at`; the reason stays in the audit trail.

    Raises `RoundFictional`, `StateWrong`, `ReasonMissing`, `RoundDatesWrong` and `RoundChanged`.
    """
    _refuse_fictional(round_)
    held = _hold(connection, round_, seen, now, ("closed",), "only a closed round can be reopened")
    told = " ".join(reason.split())
    if not told or len(told) > MOST_REASON:
        raise ReasonMissing(f"a round is reopened with a reason of at most {MOST_REASON} characters")
    if closes_at.tzinfo is not None and closes_at <= now:
        raise RoundDatesWrong("a round is reopened until a time that lies ahead")
    return _set_times(
        connection,
        held,
        held.opens_at,
        closes_at,
        action="round.reopened",
        actor=actor,
        now=now,
        details={"reason": told},
    )


def switch_open_link(
    connection: Connection, round_: Round, *, open_link: bool, seen: str | None, actor: str, now: datetime
) -> Round:
    """Let whoever has the address take part, or the invited alone. What was begun goes on.

    Raises `RoundFictional` and `RoundChanged`.
    """
    if open_link:
        _refuse_fictional(round_)
    held = hold_edition(connection, round_, seen)
    if held.open_link == open_link:
        return held
    update_round(connection, held, {"open_link": open_link})
    audit_round(
        connection, held, action="round.open_link_switched", actor=actor, now=now, details={"open_link": open_link}
    )
    return replace(held, open_link=open_link)


def change_thresholds(
    connection: Connection,
    round_: Round,
    thresholds: AudienceThresholds,
    *,
    seen: str | None,
    actor: str,
    now: datetime,
) -> Round:
    """Ask for more companies behind a released figure, or for less than before. Audited audience by audience.

    Raises `ThresholdsWrong` where it would be less than the product's, and `RoundChanged`.
    """
    held = hold_edition(connection, round_, seen)
    check_thresholds(thresholds)
    update_round(connection, held, {"thresholds": write_thresholds(thresholds)})
    for audience, wanted in thresholds.items():
        if wanted != held.thresholds[audience]:
            details = {"audience": audience.value, **asdict(wanted)}
            audit_round(connection, held, action="round.thresholds_changed", actor=actor, now=now, details=details)
    return replace(held, thresholds=thresholds)


def change_dates(
    connection: Connection, round_: Round, *, opens_at: datetime, closes_at: datetime, actor: str, now: datetime
) -> Round:
    """Set both times of a round, whatever its state. Raises `RoundDatesWrong`."""
    return _set_times(connection, round_, opens_at, closes_at, action="round.dates_changed", actor=actor, now=now)


def _refuse_fictional(round_: Round) -> None:
    if round_.kind == "sample":
        raise RoundFictional(round_)


def _hold(
    connection: Connection,
    round_: Round,
    seen: str | None,
    now: datetime,
    allowed: tuple[RoundState, ...],
    wanted: str,
) -> Round:
    held = hold_edition(connection, round_, seen)
    state = held.state(now)
    if state not in allowed:
        raise StateWrong(held, state, wanted)
    return held


def _set_times(
    connection: Connection,
    round_: Round,
    opens_at: datetime,
    closes_at: datetime,
    *,
    action: str,
    actor: str,
    now: datetime,
    details: Mapping[str, str] | None = None,
) -> Round:
    check_dates(opens_at, closes_at)
    update_round(connection, round_, {"opens_at": opens_at, "closes_at": closes_at})
    changed = replace(round_, opens_at=opens_at, closes_at=closes_at)
    audit_round(
        connection, changed, action=action, actor=actor, now=now, details={**name_times(changed), **(details or {})}
    )
    return changed
