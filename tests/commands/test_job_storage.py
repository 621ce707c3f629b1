"""Huey's storage on SQLite, PostgreSQL and Redis: numbers of jobs go in and come out, and nothing else does."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from surveyapp.commands.job_storage import STORAGE_FILE, JobStorage
from surveyapp.settings import Settings, SettingsFault, load_settings
from tests.commands.test_working import Site, open_site, wait_until
from tests.postgres_server import PostgresServer
from tests.redis_server import PROGRAM, open_redis_server

# Redis where there is one (.ci/find_redis); conftest.py says so where there is none.
STORAGES = ("sqlite", "postgresql", *(("redis",) if PROGRAM else ()))
RAN: list[object] = []


@pytest.fixture(params=STORAGES)
def storage_url(request: pytest.FixtureRequest, tmp_path: Path, postgres: PostgresServer) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'a file of its own.sqlite3'}"
    elif request.param == "redis":
        with open_redis_server() as url:
            yield url
    else:
        url = postgres.create_empty()
        yield url.replace("postgresql+psycopg:", "postgresql:")
        postgres.drop(url)


@pytest.fixture
def open_storage(settings: Settings, storage_url: str) -> Iterator[Callable[..., JobStorage]]:
    opened: list[JobStorage] = []

    def open_it(run: Callable[[str], object] = RAN.append) -> JobStorage:
        opened.append(JobStorage(replace(settings, job_storage=storage_url), run))
        return opened[-1]

    yield open_it
    for storage in opened:
        storage.close()


def test_a_number_that_went_in_comes_out_once(open_storage: Callable[..., JobStorage]) -> None:
    ran: list[str] = []
    storage, other = open_storage(ran.append), open_storage(ran.append)
    storage.put("a1")
    storage.put("b2")
    assert other.count() == 2
    for taking in (other, storage, other):
        task = taking.huey.dequeue()
        if task is not None:
            taking.huey.execute(task)
    assert ran == ["a1", "b2"]
    assert storage.count() == 0


def test_a_message_is_json_and_holds_the_number_alone(open_storage: Callable[..., JobStorage]) -> None:
    storage = open_storage()
    storage.put("a1")
    (message,) = storage.huey.storage.enqueued_items()
    name, message_id, job_id = json.loads(bytes(message))
    assert (name, job_id) == ("surveyapp.commands.job_storage.run_job", "a1")
    assert message_id != "a1"


def do_harm() -> None:
    RAN.append("malice")


class Malice:
    def __reduce__(self) -> Any:
        return do_harm, ()


def test_what_is_put_in_by_others_is_never_unpickled(open_storage: Callable[..., JobStorage]) -> None:
    storage = open_storage()
    RAN.clear()
    storage.huey.storage.enqueue(pickle.dumps(Malice()))
    with pytest.raises(ValueError, match=r"codec|JSON|Expecting|decode"):
        storage.huey.dequeue()
    assert RAN == []
    pickle.loads(pickle.dumps(Malice()))  # noqa: S301 - what would have happened
    assert RAN == ["malice"]


def test_workers_share_a_storage_and_run_each_job_once(migrated_url: str, storage_url: str, tmp_path: Path) -> None:
    with open_site(tmp_path, migrated_url) as site:
        site.environ["SURVEYAPP_JOB_STORAGE"] = storage_url
        site.start()
        site.start()
        ids = [site.add("test.one") for _ in range(20)]
        for job_id in ids:
            site.wait_for_state(job_id, "done")
        assert [len(site.list_effects(job_id)) for job_id in ids] == [1] * 20
        assert not (tmp_path / STORAGE_FILE).exists()


def test_without_a_setting_it_is_a_file_of_the_installation(settings: Settings) -> None:
    JobStorage(settings, RAN.append).close()
    assert (settings.instance / STORAGE_FILE).is_file()


def test_a_storage_that_was_lost_costs_no_job(migrated_url: str, tmp_path: Path) -> None:
    with open_site(tmp_path, migrated_url) as site:
        first = site.start()
        site.wait_for_state(site.add("test.one"), "done")
        first.terminate()
        first.wait()
        job_id = site.add("test.one")
        relay_and_lose(site, job_id)
        site.start()
        site.wait_for_state(job_id, "done")


def relay_and_lose(site: Site, job_id: str) -> None:
    """A number was relayed, and the file with it is gone."""
    storage = JobStorage(load_settings({}, site.folder), RAN.append)
    storage.put(job_id)
    storage.close()
    for path in site.folder.glob(f"{STORAGE_FILE}*"):
        path.unlink()
    wait_until(lambda: not (site.folder / STORAGE_FILE).exists(), "the storage is gone")


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////nowhere/at/all/jobs.sqlite3",
        "postgresql://user:geheim@127.0.0.1:1/nothing?connect_timeout=2",
        "redis://user:geheim@127.0.0.1:1/0",
    ],
)
def test_a_storage_out_of_reach_is_explained_without_its_password(settings: Settings, address: str) -> None:
    with pytest.raises(SettingsFault, match="SURVEYAPP_JOB_STORAGE cannot be reached") as fault:
        JobStorage(replace(settings, job_storage=address), RAN.append)
    assert "geheim" not in str(fault.value)
