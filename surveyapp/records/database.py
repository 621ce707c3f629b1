"""One door to the database: how it is opened, how a transaction begins and ends, and what its faults are called.

Whatever is peculiar to SQLite or PostgreSQL stands in this file; the statements of all other files run on both.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, Select, Table, create_engine, event, func, make_url, select, text
from sqlalchemy.engine import URL, ExceptionContext
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from surveyapp.records.faults import (
    BUSY,
    NO_DRIVER,
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
    describe_reason,
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
    "continue_counting",
    "lock_additions",
    "lock_directory",
    "lock_rows",
    "open_database",
    "request_scrub",
]

_write_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_SCRUB = "surveyapp.scrub"
_SCRUB_WAIT_MS = 250  # a long export may hold an old snapshot; the next checkpoint then does what this one could not
# Any numbers, the same in every process, for pg_advisory_xact_lock.
_MIGRATION_LOCK = 7_305_961_204
_ADDITION_LOCK = 7_305_961_205
_DIRECTORY_LOCK = 7_305_961_206
# What PostgreSQL itself ends, so that nothing that hangs holds up the others: a statement, a transaction in which a
# process does nothing (an export waits between two fetches for a slow reader, which is no hanging), and a connection
# whose other end is gone without a word.
_STATEMENT_MS = 60_000
_IDLE_TRANSACTION_MS = 600_000
_SILENCE = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 30_000}


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
        _open_databases.add(self)

    @property
    def has_one_writer(self) -> bool:
        """Whether writing transactions queue up, so that several small ones are slower than one together."""
        return self._is_sqlite

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
                    connection.execute(text("SET LOCAL lock_timeout = 0"))
                    connection.execute(text("SET LOCAL statement_timeout = 0"))
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

    def begin_in_child(self) -> None:
        """After a fork: leave the connections to the parent, since both would write through one file or socket."""
        _of_parent.append(self.engine.pool)  # kept, because dropping them would close them
        self.engine.dispose(close=False)
        self._turn = threading.Lock()

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


_open_databases: weakref.WeakSet[Database] = weakref.WeakSet()
_of_parent: list[Pool] = []


def _begin_in_child() -> None:
    for database in list(_open_databases):
        database.begin_in_child()


os.register_at_fork(after_in_child=_begin_in_child)


def request_scrub(connection: Connection) -> None:
    """Ask that nothing erased in this transaction remains in the database's files once it is committed.

    SQLite overwrites and empties its log. PostgreSQL cannot be asked: what is erased is out of reach of every statement
    at once, and leaves its files with vacuum, recycled log and expired backups (docs/postgresql.md).
    """
    connection.info[_SCRUB] = True


def lock_rows(connection: Connection, rows: Select[Any], key: Mapping[str, Any]) -> None:
    """Lock the rows that a write begins with, until its transaction ends; then read them in a statement of its own.

    `rows` is a SELECT … FOR UPDATE and `key` what it binds.

    On SQLite a transaction of `write()` has the whole database to itself already. Elsewhere one statement must not do
    both: what it joins to a row that it had to wait for would be as old as the beginning of the wait.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(rows, key)


def lock_additions(connection: Connection) -> None:
    """Let one transaction at a time look for a row and add it where it is missing: what is not there cannot be locked.

    For what is added once in an installation's life, such as a version of a questionnaire.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADDITION_LOCK})


def lock_directory(connection: Connection) -> None:
    """Let one transaction at a time change the directory of companies, without holding up returns meanwhile.

    Whoever takes this lock and that of a survey takes this one first.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _DIRECTORY_LOCK})


def continue_counting(connection: Connection, table: Table) -> None:
    """After rows were written with their numbers, let the next one be given the next number; SQLite does so anyway."""
    column = table.autoincrement_column
    if connection.dialect.name == "sqlite" or column is None:
        return
    highest = connection.scalar(select(func.max(column)))
    if highest is not None:
        names = {"table": connection.dialect.identifier_preparer.format_table(table), "column": column.name}
        counter = "pg_get_serial_sequence(CAST(:table AS text), CAST(:column AS text))"
        connection.execute(text(f"SELECT setval(CAST({counter} AS regclass), :highest)"), {**names, "highest": highest})


def open_database(url: str, *, wait_seconds: float = 5.0) -> Database:
    """Open `sqlite:///path` or `postgresql+psycopg://…`; nothing is connected before the first transaction.

    `wait_seconds` is how long a transaction waits for another one. Raises `DatabaseUnreachable` for any other address,
    and for PostgreSQL where its driver is not installed.
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
    return engine


def _open_postgres(url: URL, wait_seconds: float) -> Engine:
    limits = {
        "lock_timeout": round(wait_seconds * 1000),
        "statement_timeout": _STATEMENT_MS,
        "idle_in_transaction_session_timeout": _IDLE_TRANSACTION_MS,
        "timezone": "UTC",
    }
    given = url.query.get("options", "")
    own = " ".join(f"-c {name}={value}" for name, value in limits.items())
    options = " ".join([own, *([given] if isinstance(given, str) else given)]).strip()  # the later one holds
    try:
        engine = create_engine(
            url.difference_update_query(["options"]),
            connect_args={"connect_timeout": max(2, round(wait_seconds)), "options": options, **_SILENCE},
            isolation_level="READ COMMITTED",  # whatever the server's own default is
            json_serializer=_write_json,
            pool_size=8,
            max_overflow=8,
            pool_pre_ping=True,
            pool_timeout=wait_seconds,
        )
    except ModuleNotFoundError as error:
        raise DatabaseUnreachable(NO_DRIVER) from error
    event.listen(engine, "checkin", _leave_read_only)
    return engine


def _leave_read_only(driver: Any, entry: ConnectionPoolEntry) -> None:
    """After a reading transaction, ask for nothing again: a server that takes no changes is not to be talked over."""
    if driver is not None and not driver.closed:
        driver.read_only = None


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


def _name_fault(context: ExceptionContext) -> BaseException | None:
    error = context.original_exception
    if isinstance(error, sqlite3.Error):
        return find_sqlite_fault(error)
    if context.dialect.name != "postgresql" or context.is_pre_ping:
        return None  # whether a waiting connection still lives is the pool's question: it opens another one
    sqlstate = getattr(error, "sqlstate", None)
    if sqlstate is None and not isinstance(context.sqlalchemy_exception, OperationalError | InterfaceError):
        return None  # the driver could not write a value down, and asked the server nothing
    return find_postgres_fault(sqlstate)


@contextmanager
def _own_faults() -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        raise DatabaseRefused(f"{REFUSED}: {describe_reason(error.orig)}") from error
    except PoolTimeout as error:
        raise DatabaseBusy(BUSY) from error
    except DBAPIError as error:
        raise DatabaseFault(f"the database failed: {describe_reason(error.orig)}") from error
    except sqlite3.Error as error:  # of a statement that bypassed the engine
        raise find_sqlite_fault(error) or DatabaseFault(f"the database failed: {error}") from error
