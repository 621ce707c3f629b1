"""When the invented companies of a sample round sit down to answer: weeks of fieldwork, office hours in Korea.

Returns come in after the invitation, after the reminder in the third week and before the end, on working days; many are
begun on one day and finished on another. Everything is counted from `now`, so the rounds never look old.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
OPENING, CLOSING = time(9, 10), time(18, 10)  # of an office
ROUND_OPENS, ROUND_CLOSES = time(9, 0), time(18, 0)
WEEKS = 5
REST = timedelta(days=14)  # the later round has been over for at least so long
# How many set to work on each working day of the round.
ARRIVALS = (6, 5, 4, 3, 2, 3, 2, 1, 1, 1, 5, 4, 2, 2, 1, 1, 2, 1, 2, 2, 3, 3, 4, 3, 1)


@dataclass(frozen=True, slots=True)
class FieldworkPeriod:
    """First and last moment of a sample round, and the year that it is called by."""

    opens_at: datetime
    closes_at: datetime

    @property
    def year(self) -> int:
        return self.closes_at.astimezone(SEOUL).year

    @property
    def first_day(self) -> date:
        return self.opens_at.astimezone(SEOUL).date()


def plan_periods(now: datetime) -> tuple[FieldworkPeriod, FieldworkPeriod]:
    """The earlier and the later sample round: five weeks each, Monday to Friday, a year apart, both over."""
    last = (now - REST).astimezone(SEOUL).date()
    friday = last - timedelta(days=(last.weekday() - 4) % 7)
    weeks = 52 if (friday - timedelta(weeks=52)).year < friday.year else 53
    return plan_period(friday - timedelta(weeks=weeks)), plan_period(friday)


def plan_period(friday: date) -> FieldworkPeriod:
    monday = friday - timedelta(weeks=WEEKS, days=-3)
    return FieldworkPeriod(
        datetime.combine(monday, ROUND_OPENS, SEOUL).astimezone(UTC),
        datetime.combine(friday, ROUND_CLOSES, SEOUL).astimezone(UTC),
    )


def plan_visits(
    rng: Random, period: FieldworkPeriod, steps: int, *, spare: timedelta = timedelta(0)
) -> tuple[datetime, ...]:
    """Ascending moments of `steps` steps (beginning, pages, submitting), all before the round closes less `spare`."""
    while True:
        day = rng.choices(range(len(ARRIVALS)), weights=ARRIVALS)[0]
        moment = find_office_hour(rng, period.first_day + timedelta(days=day // 5 * 7 + day % 5))
        pause_before = rng.randrange(1, max(2, steps)) if rng.random() < 0.4 else None
        moments: list[datetime] = []
        for step in range(steps):
            if step:
                moment += timedelta(seconds=rng.randrange(50, 330))
            if step == pause_before:
                moment += timedelta(days=rng.choice((0, 1, 1, 2, 3, 6)), hours=rng.choice((1, 2, 4)))
            moment = keep_office_hours(rng, moment)
            moments.append(moment.astimezone(UTC))
        if moments[-1] < period.closes_at - spare:
            return tuple(moments)


def plan_later_visit(rng: Random, after: datetime, days: int) -> datetime:
    """An office hour one to `days` days after a moment."""
    day = after.astimezone(SEOUL).date() + timedelta(days=rng.randrange(1, days + 1))
    return keep_office_hours(rng, find_office_hour(rng, day)).astimezone(UTC)


def find_office_hour(rng: Random, day: date) -> datetime:
    """A moment from the opening of the office until an hour before it closes, in Seoul."""
    seconds = rng.randrange(8 * 3600)
    return datetime.combine(day, OPENING, SEOUL) + timedelta(seconds=seconds)


def keep_office_hours(rng: Random, moment: datetime) -> datetime:
    """The moment itself, or the next morning of work where it falls outside office hours."""
    day = moment.date()
    if moment.time() > CLOSING:
        day += timedelta(days=1)
    if day == moment.date() and day.weekday() < 5 and moment.time() >= OPENING:
        return moment
    while day.weekday() >= 5:
        day += timedelta(days=1)
    return datetime.combine(day, OPENING, SEOUL) + timedelta(seconds=rng.randrange(5400))
