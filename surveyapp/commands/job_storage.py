"""Where numbers of jobs wait between the database and the threads of the workers: Huey on SQLite, PostgreSQL or Redis.

A message is the number of a job and nothing else, as JSON: Huey's own way would unpickle, and so run, whatever somebody
puts into the storage. Losing the storage loses nothing, since the rows of the database are relayed again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from huey import Huey, PostgresHuey, RedisHuey, SqliteHuey
from huey.exceptions import ConfigurationError
from huey.registry import Message
from huey.serializer import Serializer

from surveyapp.settings import Settings, SettingsFault

STORAGE_FILE = "jobs.sqlite3"
NAME = "surveyapp"
TASK = "run_job"
_SQLITE = "sqlite:///"
_BLOCKING_S = 1


class JobNumbers(Serializer):  # type: ignore[misc] # the library has no types
    """A message as `["task's name", "message's number", "job's number"]`."""

    def _serialize(self, message: Any) -> bytes:
        (job_id,) = message.args
        return json.dumps([message.name, message.id, job_id]).encode()

    def _deserialize(self, data: bytes) -> Any:
        name, message_id, job_id = json.loads(bytes(data))
        return Message(id=str(message_id), name=str(name), args=(str(job_id),), kwargs={}, retries=0, retry_delay=0)


class JobStorage:
    """The storage, and the one task that takes numbers out of it."""

    def __init__(self, settings: Settings, run: Callable[[str], object]) -> None:
        """Raises SettingsFault where the storage cannot be used."""
        try:
            self.huey = _open_huey(settings)
            self.huey.storage.queue_size()
        except ConfigurationError as fault:
            raise SettingsFault(_name_missing_driver(settings.job_storage)) from fault
        except Exception as fault:  # each storage has exceptions of its own, whose messages may hold a password
            raise SettingsFault(
                "SURVEYAPP_JOB_STORAGE cannot be reached or written. Check the address, and that its server runs."
            ) from fault

        def run_job(job_id: str) -> None:
            run(job_id)

        self._task = self.huey.task(name=TASK)(run_job)

    def put(self, job_id: str) -> None:
        self._task(job_id)

    def count(self) -> int:
        return int(self.huey.storage.queue_size())

    def close(self) -> None:
        self.huey.storage.close()


def _open_huey(settings: Settings) -> Huey:
    url = settings.job_storage
    options: dict[str, Any] = {"name": NAME, "results": False, "serializer": JobNumbers()}
    if url.startswith("postgresql://"):
        return PostgresHuey(dsn=url, read_timeout=_BLOCKING_S, table_prefix="surveyapp_huey", **options)
    if url.startswith(("redis://", "rediss://", "unix://")):
        return RedisHuey(url=url, read_timeout=_BLOCKING_S, **options)
    file = Path(unquote(url.removeprefix(_SQLITE))) if url else settings.instance / STORAGE_FILE
    return SqliteHuey(filename=str(file), fsync=False, **options)


def _name_missing_driver(url: str) -> str:
    extra = "postgres" if url.startswith("postgresql:") else "redis"
    return f"SURVEYAPP_JOB_STORAGE needs a driver that is not installed: run `pip install 'surveyapp[{extra}]'`."
