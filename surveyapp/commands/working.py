"""How a worker works: it relays due jobs, lets threads run them, looks after lost ones, and ends without haste.

The row of a job is the truth; what waits in Huey's storage is a hint that it may be taken up. So a hint may be lost,
which is found out and made good, or come twice, which taking up finds out.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from surveyapp.commands.installation import Installation
from surveyapp.commands.job_storage import JobStorage
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.commands.running_job import JobKind
from surveyapp.commands.schedule import SCHEDULE, Scheduled, add_scheduled_jobs
from surveyapp.log_lines import open_logger
from surveyapp.records.database import DatabaseFault
from surveyapp.records.job_claims import list_due_jobs, take_back_lost_jobs

logger = open_logger(__name__)

BEATS = 6  # signs of life that a worker may miss before its job is taken from it
MOST_WAITING = 100  # numbers in the storage; more would only be relayed twice
RELAY_AGAIN_S = 60.0
OUTAGE_S = 5.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`lost_after_s` must be the same for all workers of a database."""

    threads: int = 2
    lost_after_s: float = 60.0
    grace_s: float = 20.0  # in which a running job may end by itself when the worker is to end
    look_s: float = 1.0
    schedule_s: float = 60.0


@dataclass(slots=True)
class Worker:
    """One process that runs jobs. `run` works until it is told to stop, `run_due` until nothing is due."""

    installation: Installation
    pace: Pace = Pace()
    kinds: Mapping[str, JobKind] = field(default_factory=lambda: KINDS)
    schedule: Iterable[Scheduled] = SCHEDULE
    stop: threading.Event = field(default_factory=threading.Event)
    hand_back: threading.Event = field(default_factory=threading.Event)
    _relayed: dict[tuple[str, int], float] = field(default_factory=dict)
    _schedule_at: float = float("-inf")
    _look_for_lost_at: float = float("-inf")

    def run_due(self) -> int:
        """Run what is due now, one job after another in this thread; gives how many jobs were taken up."""
        runner = self._build_runner()
        self._look_after_jobs()
        ran = 0
        while not self.stop.is_set():
            with self.installation.database.read() as connection:
                due = list_due_jobs(connection, datetime.now(UTC), limit=1)
            if not due:
                break
            ran += runner.run(due[0][0])
        return ran

    def run(self, is_over: Callable[[], bool] = lambda: False) -> None:
        """Work until `stop` is set or `is_over()`; raises SettingsFault where the storage cannot be used."""
        storage = JobStorage(self.installation.settings, self._build_runner().run)
        consumer = storage.huey.create_consumer(
            workers=self.pace.threads, periodic=False, initial_delay=0.05, max_delay=self.pace.look_s / 2
        )
        consumer.start()
        self.obey_signals()  # in the place of Huey's own handlers
        logger.info("worker started", worker=_name_worker(), threads=self.pace.threads)
        while not self.stop.is_set() and not is_over():
            self.stop.wait(self._look(storage))
            consumer.check_worker_health()
        self._end(consumer)
        storage.close()
        logger.info("worker ended", worker=_name_worker())

    def obey_signals(self) -> None:
        """Let SIGTERM and SIGINT end the worker without haste; a second one ends it at once."""

        def ask(signum: int, frame: object) -> None:
            if self.stop.is_set():
                signal.signal(signum, signal.SIG_DFL)
                signal.raise_signal(signum)
            self.stop.set()

        for signum in (signal.SIGTERM, signal.SIGINT):
            signal.signal(signum, ask)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal

    def _look(self, storage: JobStorage) -> float:
        """Do what is to be done beside running jobs; gives the seconds until the next look."""
        try:
            self._look_after_jobs()
            self._relay(storage)
        except DatabaseFault as fault:
            logger.warning("worker waits for the database", kind=type(fault).__name__)
            return OUTAGE_S
        except Exception as fault:  # each storage has exceptions of its own
            logger.warning("worker waits for the storage of jobs", kind=type(fault).__name__)
            return OUTAGE_S
        return self.pace.look_s

    def _look_after_jobs(self) -> None:
        moment, now = time.monotonic(), datetime.now(UTC)
        if moment >= self._look_for_lost_at:
            self._look_for_lost_at = moment + self.pace.lost_after_s / BEATS
            silent_since = now - timedelta(seconds=self.pace.lost_after_s)
            with self.installation.database.write() as connection:
                lost = take_back_lost_jobs(connection, silent_since=silent_since, now=now)
            for job in lost:
                logger.warning("job taken from a lost worker", kind=job.kind, job_id=job.job_id, state=job.state)
        if moment >= self._schedule_at:
            self._schedule_at = moment + self.pace.schedule_s
            add_scheduled_jobs(self.installation, self.schedule, now)

    def _relay(self, storage: JobStorage) -> None:
        with self.installation.database.read() as connection:
            due = list_due_jobs(connection, datetime.now(UTC), limit=MOST_WAITING)
        moment = time.monotonic()
        self._relayed = {each: at for each, at in self._relayed.items() if moment - at < RELAY_AGAIN_S}
        new = [each for each in due if each not in self._relayed]
        for each in new[: MOST_WAITING - storage.count()] if new else ():
            storage.put(each[0])
            self._relayed[each] = moment

    def _end(self, consumer: Any) -> None:
        """Take up nothing more; let what runs end, or at the end of the grace hand back what comes to a check point."""
        consumer.stop_flag.set()
        threads = [thread for _worker, thread in consumer.worker_threads]
        for event in (None, self.hand_back):
            if event is not None:
                event.set()
            deadline = time.monotonic() + self.pace.grace_s
            for thread in threads:
                thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in threads):
            logger.warning("worker leaves a job that came to no check point")

    def _build_runner(self) -> JobRunner:
        beat_s = self.pace.lost_after_s / BEATS
        return JobRunner(self.installation, _name_worker(), self.kinds, beat_s, self.hand_back)


def _name_worker() -> str:
    """Machine and process, short enough for the row of a job."""
    return f"{socket.gethostname()[:36]}:{os.getpid()}"
