"""One door to the database: how it is opened, how a transaction begins and ends, and what its faults are called.

Whatever is peculiar to SQLite or PostgreSQL stands in this file; the statements of all other files run on both.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Select, create_engine, event, make_url, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from surveyapp.records.faults import (
    BUSY,
    NOT_MIGRATED,
    REFUSED,
    UNREACHABLE,
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    DatabaseRefused,
    DatabaseUnreachable,
    find_postgres_fault,
    find_sqlite_fault,
)
from surveyapp.records.tables import SCHEMA_VERSION

__all__ = [
    "Connection",
    "Database",
    "DatabaseBusy",
    "DatabaseFault",
    "DatabaseFull",
    "DatabaseNotMigrated",
    "DatabaseReadOnly",
    "DatabaseRefused",
    "DatabaseUnreachable",
    "lock_rows",
    "open_database",
    "request_scrub",
]

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SCRUB = "surveyapp.scrub"
_SCRUB_WAIT_MS = 250  # a long export may hold an old snapshot; the next checkpoint then does what this one could not
_MIGRATION_LOCK = 7_305_961_204  # any number, the same in every process, for pg_advisory_xact_lock


class Database:
    """An engine and its transactions.

    Use `read()` and `write()`; both give a Core connection inside one transaction and raise `DatabaseFault`s alone.
    """

    def __init__(self, engine: Engine, *, wait_seconds: float) -> None:
        self.engine = engine
        self._wait_seconds = wait_seconds
        self._is_sqlite = engine.dialect.name == "sqlite"
        self._reader: Engine = engine
        self._writer: Engine = engine
        if self._is_sqlite:
            self._writer = engine.execution_options(begin="IMMEDIATE")
        else:
            self._reader = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        # SQLite has one writer. Threads of this process queue here, where they are woken in turn; SQLite itself
        # would let them poll, which is slower and lets one starve.
        self._turn = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees the database as of one moment and changes nothing."""
        with _own_faults(), self._reader.connect() as connection, connection.begin() as transaction:
            try:
                yield connection
            finally:
                transaction.rollback()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed where the block ends and rolled back where it raises."""
        scrub = False
        with _own_faults(), self._take_turn():
            with self._writer.connect() as connection:
                try:
                    with connection.begin():
                        yield connection
                finally:
                    scrub = bool(connection.info.pop(_SCRUB, False))
            if scrub and self._is_sqlite:
                self._scrub()

    @contextmanager
    def change_schema(self) -> Iterator[Connection]:
        """A transaction for migrations: alone in it, whatever other processes start at the same moment.

        On SQLite foreign keys are off while a table may be made anew, and checked before the commit.
        """
        with _own_faults(), self._take_turn(), self._writer.connect() as connection:
            if not self._is_sqlite:
                with connection.begin():
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                    yield connection
                return
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction
            try:
                with connection.begin():
                    yield connection
                    if driver.execute("PRAGMA foreign_key_check").fetchone() is not None:
                        raise DatabaseRefused("the migration would leave rows that refer to nothing")
            finally:
                driver.execute("PRAGMA foreign_keys=ON")

    def check_ready(self) -> None:
        """Raise a `DatabaseFault` unless the tables are those of this version and can be written."""
        with self.write() as connection:
            found = connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all()
            if list(found) != [SCHEMA_VERSION]:
                raise DatabaseNotMigrated(NOT_MIGRATED)
            connection.execute(text("UPDATE alembic_version SET version_num = version_num WHERE 1 = 0"))

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _take_turn(self) -> Iterator[None]:
        if not self._is_sqlite:
            yield
            return
        if not self._turn.acquire(timeout=self._wait_seconds):
            raise DatabaseBusy(BUSY)
        try:
            yield
        finally:
            self._turn.release()

    def _scrub(self) -> None:
        """Empty the write-ahead log, which otherwise keeps what was erased until it is overwritten."""
        with self.engine.connect() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.execute(f"PRAGMA busy_timeout={_SCRUB_WAIT_MS}")
            try:
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:
                # The erasure itself is committed; the log is emptied by a later checkpoint.
                pass
            finally:
                driver.execute(f"PRAGMA busy_timeout={int(self._wait_seconds * 1000)}")


def request_scrub(connection: Connection) -> None:
    """Ask that nothing erased in this transaction remains in the database's files once it is committed."""
    connection.info[_SCRUB] = True


def lock_rows(connection: Connection, rows: Select[Any], key: Mapping[str, Any]) -> None:
    """Lock the rows that a write begins with, until its transaction ends; then read them in a statement of its own.

    `rows` is a SELECT … FOR UPDATE and `key` what it binds.

    On SQLite a transaction of `write()` has the whole database to itself already. Elsewhere one statement must not do
    both: what it joins to a row that it had to wait for would be as old as the beginning of the wait.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(rows, key)


def open_database(url: str, *, wait_seconds: float = 5.0) -> Database:
    """Open `sqlite:///path` or `postgresql+psycopg://…`; nothing is connected before the first transaction.

    `wait_seconds` is how long a transaction waits for another one. Raises `DatabaseUnreachable` for any other address.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise DatabaseUnreachable(UNREACHABLE) from error
    if parsed.drivername == "sqlite" and parsed.database not in (None, "", ":memory:"):
        engine = _open_sqlite(parsed, wait_seconds)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _open_postgres(parsed, wait_seconds)
    else:
        raise DatabaseUnreachable(
            "the address of the database must begin with sqlite:/// and name a file, or with postgresql+psycopg://"
        )
    event.listen(engine, "handle_error", _name_fault, retval=True)
    return Database(engine, wait_seconds=wait_seconds)


class _OnConnect(Protocol):
    def __call__(self, driver: sqlite3.Connection, entry: ConnectionPoolEntry) -> None: ...


def _open_sqlite(url: URL, wait_seconds: float) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": wait_seconds, "isolation_level": None},
        json_serializer=_write_json,
        pool_size=8,
        max_overflow=24,
        pool_timeout=wait_seconds,
    )
    event.listen(engine, "connect", _prepare_sqlite(wait_seconds))
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "connect", _note_process)
    event.listen(engine, "checkout", _check_process)
    return engine


def _open_postgres(url: URL, wait_seconds: float) -> Engine:
    engine = create_engine(
        url,
        connect_args={"connect_timeout": max(2, round(wait_seconds))},
        json_serializer=_write_json,
        pool_pre_ping=True,
        pool_timeout=wait_seconds,
    )
    event.listen(engine, "connect", _note_process)
    event.listen(engine, "checkout", _check_process)
    return engine


def _prepare_sqlite(wait_seconds: float) -> _OnConnect:
    def prepare(driver: sqlite3.Connection, entry: ConnectionPoolEntry) -> None:
        _turn_on_wal(driver, time.monotonic() + wait_seconds)
        driver.execute("PRAGMA synchronous=FULL")
        driver.execute("PRAGMA foreign_keys=ON")
        driver.execute("PRAGMA secure_delete=ON")

    return prepare


def _turn_on_wal(driver: sqlite3.Connection, deadline: float) -> None:
    """Switch the file to a write-ahead log where it is not yet one.

    The switch fails at once as busy, in spite of the busy timeout, when another process makes it at the same moment.
    """
    while driver.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
        try:
            driver.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_READONLY:
                return  # a file that can only be read is read in the mode it has
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.02)


def _begin_sqlite(connection: Connection) -> None:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    mode = connection.get_execution_options().get("begin", "DEFERRED")
    if mode == "LATE":
        return
    try:
        driver.execute(f"BEGIN {mode}")
    except sqlite3.Error as error:
        raise find_sqlite_fault(error) or DatabaseFault(str(error)) from error


def _note_process(driver: object, entry: ConnectionPoolEntry) -> None:
    entry.info["process"] = os.getpid()


def _check_process(driver: object, entry: Any, proxy: Any) -> None:
    """Never use a connection that was opened before a fork: both processes would write through one file handle."""
    if entry.info["process"] != os.getpid():
        entry.dbapi_connection = proxy.dbapi_connection = None  # forgotten here, not closed: it is the parent's
        raise DisconnectionError("the connection belongs to another process")


def _name_fault(context: ExceptionContext) -> BaseException | None:
    error = context.original_exception
    if isinstance(error, sqlite3.Error):
        return find_sqlite_fault(error)
    if isinstance(context.sqlalchemy_exception, DBAPIError) and context.dialect.name == "postgresql":
        return find_postgres_fault(getattr(error, "sqlstate", None))
    return None


@contextmanager
def _own_faults() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise DatabaseRefused(f"{REFUSED}: {error.orig}") from error
    except PoolTimeout as error:
        raise DatabaseBusy(BUSY) from error
    except DBAPIError as error:
        raise DatabaseFault(f"the database failed: {error.orig}") from error
    except sqlite3.Error as error:  # of a statement that bypassed the engine
        raise find_sqlite_fault(error) or DatabaseFault(f"the database failed: {error}") from error
