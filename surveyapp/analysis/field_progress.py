"""How the field of a round stands: steps, dispositions and response rates, by day and by segment.

Returns through an open link belong to no invitation and are in no rate.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from surveyapp.analysis.field_records import (
    SEGMENTS,
    UNKNOWN,
    Disposition,
    FieldRecord,
    Segment,
    Step,
    count_directory,
    count_open_refusals,
    list_open_returns,
    load_field_records,
)
from surveyapp.analysis.intervals import Share
from surveyapp.fieldwork.rounds import Round

ZONE = ZoneInfo("Asia/Seoul")
AFTERWARDS = timedelta(days=7)  # how long after a round closed its days are shown

_REFUSALS = (Disposition.REFUSAL, Disposition.IMPLICIT_REFUSAL, Disposition.BREAK_OFF)
_UNKNOWN = (Disposition.NOT_SENT, Disposition.NOTHING_RETURNED, Disposition.UNDELIVERED)


@dataclass(frozen=True, slots=True)
class ResponseRates:
    """AAPOR's rates of one group of invited companies.

    I are complete returns, R refusals and break-offs, UO companies of which nothing is known (no link sent, nothing
    returned, not delivered). `minimum` is RR1 = I / (I + R + UO), `maximum` is RR5 = I / (I + R), and `refusal` is
    REF1 = R / (I + R + UO). There are no partial interviews, because what was not submitted is not counted, and no
    non-contacts, because on the web they cannot be told from silence.
    """

    minimum: Share
    maximum: Share
    refusal: Share


@dataclass(frozen=True, slots=True)
class StepCounts:
    """How many companies came to each step, and the rates that follow."""

    invited: int
    steps: tuple[tuple[Step, int], ...]
    dispositions: tuple[tuple[Disposition, int], ...]
    rates: ResponseRates

    def count(self, step: Step) -> int:
        return dict(self.steps)[step]


@dataclass(frozen=True, slots=True)
class SegmentProgress:
    """One value of a segment: its companies in the directory, those invited, and how they stand."""

    value: str  # a choice of the questionnaire or kind of membership; UNKNOWN where the directory says nothing
    in_directory: int
    counts: StepCounts


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many companies had come to each step by the end of one day in Seoul."""

    day: date
    reached: tuple[tuple[Step, int], ...]


@dataclass(frozen=True, slots=True)
class FieldProgress:
    """A round's field at one moment."""

    at: datetime
    total: StepCounts
    days: tuple[DayCount, ...]
    by_segment: tuple[tuple[Segment, tuple[SegmentProgress, ...]], ...]
    open_link_returns: tuple[int, ...]  # numbers of those submitted without an invitation, not withdrawn
    open_link_refusals: int


def measure_field(connection: Connection, round_: Round, now: datetime) -> FieldProgress:
    """The round's field as it stands, in a constant number of statements."""
    records = load_field_records(connection, round_)
    directory = count_directory(connection, round_)
    total = count_steps(records)
    return FieldProgress(
        at=now,
        total=total,
        days=count_by_day(records, round_, now),
        by_segment=tuple((segment, count_by_segment(records, directory[segment], segment)) for segment in SEGMENTS),
        open_link_returns=tuple(list_open_returns(connection, round_)),
        open_link_refusals=count_open_refusals(connection, round_, total.count(Step.REFUSED)),
    )


def count_steps(records: Sequence[FieldRecord]) -> StepCounts:
    dispositions = Counter(record.disposition for record in records)
    return StepCounts(
        invited=len(records),
        steps=tuple((step, sum(record.find_time(step) is not None for record in records)) for step in Step),
        dispositions=tuple((disposition, dispositions[disposition]) for disposition in Disposition),
        rates=_find_rates(dispositions),
    )


def count_by_segment(
    records: Sequence[FieldRecord], directory: Counter[str], segment: Segment
) -> tuple[SegmentProgress, ...]:
    """Each value that the directory or the invited have, the most frequent first, what is not known last."""
    values = sorted(
        {*directory, *(record.find_segment(segment) for record in records)},
        key=lambda value: (value == UNKNOWN, -directory[value], value),
    )
    return tuple(
        SegmentProgress(
            value, directory[value], count_steps([each for each in records if each.find_segment(segment) == value])
        )
        for value in values
    )


def count_by_day(records: Sequence[FieldRecord], round_: Round, now: datetime) -> tuple[DayCount, ...]:
    """Cumulative counts for each day from the first invitation until today, or until a week after the round closed."""
    times = {step: sorted(_list_times(records, step)) for step in Step}
    if not times[Step.INVITED]:
        return ()
    day = times[Step.INVITED][0].astimezone(ZONE).date()
    last = min(now, round_.closes_at + AFTERWARDS).astimezone(ZONE).date()
    counted = []
    while day <= last:
        reached = tuple((step, sum(moment.astimezone(ZONE).date() <= day for moment in times[step])) for step in Step)
        counted.append(DayCount(day, reached))
        day += timedelta(days=1)
    return tuple(counted)


def _list_times(records: Iterable[FieldRecord], step: Step) -> list[datetime]:
    return [moment for record in records if (moment := record.find_time(step)) is not None]


def _find_rates(dispositions: Counter[Disposition]) -> ResponseRates:
    complete = dispositions[Disposition.COMPLETE]
    refused = sum(dispositions[each] for each in _REFUSALS)
    unknown = sum(dispositions[each] for each in _UNKNOWN)
    everybody, known = complete + refused + unknown, complete + refused
    return ResponseRates(
        minimum=Share(complete, everybody),
        maximum=Share(complete, known),
        refusal=Share(refused, everybody),
    )
