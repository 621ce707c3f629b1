"""Work that nobody asks for: once a day at an hour, or once after a round has closed.

There is no table of what ran when. A job asked for by the schedule has a key that names its occasion, such as the day
or the closing time; where a job of that key is known, whatever became of it, the occasion is over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from surveyapp.analysis.peer_band import FREEZE_PEERS, is_freezing_due
from surveyapp.commands.installation import Installation
from surveyapp.commands.kept_jobs import KEPT
from surveyapp.fieldwork.erasing import count_kept
from surveyapp.fieldwork.retention import PURGE, list_due
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.log_lines import open_logger
from surveyapp.records.audit import SCHEDULE as SCHEDULE_ACTOR
from surveyapp.records.database import Connection, lock_additions
from surveyapp.records.job_queue import JobPending, Json, add_job, find_latest_job
from surveyapp.settings import Settings

logger = open_logger(__name__)

ZONE = ZoneInfo("Asia/Seoul")
LOOK_BACK = timedelta(days=30)  # for rounds whose closing no worker saw
assert LOOK_BACK < KEPT


@dataclass(frozen=True, slots=True)
class Occasion:
    """One reason to run a job; `key` is the same for everybody who looks at the same moment."""

    key: str
    arguments: Mapping[str, Json]
    survey_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scheduled:
    """`find_occasions` gives what there is to be done now, also what was done already."""

    kind: str
    find_occasions: Callable[[Connection, Settings, datetime], Iterable[Occasion]]


def each_day_at(kind: str, hour: int, minute: int = 0) -> Scheduled:
    """Once a day, from that time in Seoul on; a worker that starts later does it then."""

    def find(connection: Connection, settings: Settings, now: datetime) -> Iterable[Occasion]:
        local = now.astimezone(ZONE)
        if local.time() >= time(hour, minute):
            yield Occasion(f"{kind}:{local:%Y-%m-%d}", {})

    return Scheduled(kind, find)


def after_closing(kind: str) -> Scheduled:
    """Once a round of the survey has closed, and again after it was reopened or extended and has closed anew."""

    def find(connection: Connection, settings: Settings, now: datetime) -> Iterable[Occasion]:
        for each in list_rounds(connection, settings.survey_id):
            if each.state(now) == "closed" and now - LOOK_BACK < each.closes_at:
                key = f"{kind}:{each.survey_id}:{each.round_id}:{each.closes_at:%Y%m%dT%H%M%S}"
                yield Occasion(key, {"survey_id": each.survey_id, "round_id": each.round_id}, each.survey_id)

    return Scheduled(kind, find)


def each_night_where_due(hour: int, minute: int) -> Scheduled:
    """Once a day, for each round that keeps something past its date."""

    def find(connection: Connection, settings: Settings, now: datetime) -> Iterable[Occasion]:
        local = now.astimezone(ZONE)
        if local.time() < time(hour, minute):
            return
        for each in list_rounds(connection, settings.survey_id):
            if any(count_kept(connection, each, kind, now) for kind in list_due(each, now)):
                key = f"{PURGE}:{each.survey_id}:{each.round_id}:{local:%Y-%m-%d}"
                yield Occasion(key, {"survey_id": each.survey_id, "round_id": each.round_id}, each.survey_id)

    return Scheduled(PURGE, find)


def each_day_where_companies_came() -> Scheduled:
    """At most once a day, for each round in which enough companies came for a band of peers, or for another one."""

    def find(connection: Connection, settings: Settings, now: datetime) -> Iterable[Occasion]:
        local = now.astimezone(ZONE)
        for each in list_rounds(connection, settings.survey_id):
            if is_freezing_due(connection, each):
                key = f"{FREEZE_PEERS}:{each.survey_id}:{each.round_id}:{local:%Y-%m-%d}"
                yield Occasion(key, {"survey_id": each.survey_id, "round_id": each.round_id}, each.survey_id)

    return Scheduled(FREEZE_PEERS, find)


def each_night_where_set() -> Scheduled:
    """A backup once a day, at the hour of the settings, where they name a folder for it."""

    def find(connection: Connection, settings: Settings, now: datetime) -> Iterable[Occasion]:
        local = now.astimezone(ZONE)
        if settings.backup_folder is not None and local.time() >= time(settings.backup_hour):
            yield Occasion(f"backup.make:{local:%Y-%m-%d}", {})

    return Scheduled("backup.make", find)


SCHEDULE: tuple[Scheduled, ...] = (
    each_night_where_set(),
    each_night_where_due(3, 30),
    each_day_at("exports.clean", 4, 15),
    each_day_at("jobs.clean", 4, 30),
    after_closing("index.snapshot"),
    after_closing("round.closed"),
    each_day_where_companies_came(),
)


def add_scheduled_jobs(installation: Installation, schedule: Iterable[Scheduled], now: datetime) -> int:
    """Ask for what is due and nobody has asked for yet; gives how many jobs that are."""
    with installation.database.read() as connection:
        due = [
            (each, occasion)
            for each in schedule
            for occasion in each.find_occasions(connection, installation.settings, now)
            if find_latest_job(connection, occasion.key) is None
        ]
    added = [each.kind for each, occasion in due if _add(installation, each.kind, occasion, now)]
    for kind in added:
        logger.info("job scheduled", kind=kind)
    return len(added)


def _add(installation: Installation, kind: str, occasion: Occasion, now: datetime) -> bool:
    with installation.database.write() as connection:
        lock_additions(connection)  # another worker may look at the same moment, and the job be over at once
        if find_latest_job(connection, occasion.key) is not None:
            return False
        try:
            add_job(
                connection,
                kind=kind,
                arguments=occasion.arguments,
                actor=SCHEDULE_ACTOR,
                now=now,
                survey_id=occasion.survey_id,
                once_key=occasion.key,
            )
        except JobPending:
            return False
    return True
