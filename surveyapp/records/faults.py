"""What can be wrong with the database, in our own words. Later steps and `web` never see a driver's exception."""

from __future__ import annotations

import sqlite3


class DatabaseFault(Exception):
    """The database could not do what was asked; the message says why in one English sentence."""


class DatabaseNotMigrated(DatabaseFault):
    """The tables are not there, or not those of this version of the program."""


class DatabaseReadOnly(DatabaseFault):
    """The database can be read but not written."""


class DatabaseFull(DatabaseFault):
    """No room is left for what should be written."""


class DatabaseBusy(DatabaseFault):
    """Another process held the database for longer than we wait."""


class DatabaseUnreachable(DatabaseFault):
    """The database cannot be opened, or is no database."""


class DatabaseRefused(DatabaseFault):
    """A constraint refused what should be written: a fault of the program, not of the person."""


NOT_MIGRATED = "the database has not been set up, or not for this version: run `surveyapp init`"
READ_ONLY = "the database can only be read: check the permissions of its file and folder"
FULL = "the database or its disk is full: free some room"
BUSY = "the database was held by another process for too long: try again"
UNREACHABLE = (
    "the database cannot be opened: check SURVEYAPP_DATABASE_URL, and that its folder exists or its server runs"
)
NO_DRIVER = "PostgreSQL needs a driver that is not installed: run `pip install 'surveyapp[postgres]'`"
REFUSED = "the database refused what should have been written"

_SQLITE_FAULTS: dict[int, tuple[type[DatabaseFault], str]] = {
    sqlite3.SQLITE_READONLY: (DatabaseReadOnly, READ_ONLY),
    sqlite3.SQLITE_FULL: (DatabaseFull, FULL),
    sqlite3.SQLITE_BUSY: (DatabaseBusy, BUSY),
    sqlite3.SQLITE_LOCKED: (DatabaseBusy, BUSY),
    sqlite3.SQLITE_CANTOPEN: (DatabaseUnreachable, UNREACHABLE),
    sqlite3.SQLITE_PERM: (DatabaseUnreachable, UNREACHABLE),
    sqlite3.SQLITE_NOTADB: (DatabaseUnreachable, UNREACHABLE),
    sqlite3.SQLITE_CORRUPT: (DatabaseUnreachable, UNREACHABLE),
    sqlite3.SQLITE_IOERR: (DatabaseUnreachable, UNREACHABLE),
}

# Codes and classes of codes (the first two characters) of PostgreSQL, appendix A of its manual.
_POSTGRES_FAULTS: dict[str, tuple[type[DatabaseFault], str]] = {
    "42P01": (DatabaseNotMigrated, NOT_MIGRATED),
    "42703": (DatabaseNotMigrated, NOT_MIGRATED),
    "3F000": (DatabaseNotMigrated, NOT_MIGRATED),
    "25006": (DatabaseReadOnly, READ_ONLY),
    "42501": (DatabaseReadOnly, READ_ONLY),
    "53100": (DatabaseFull, FULL),
    "40001": (DatabaseBusy, BUSY),
    "40P01": (DatabaseBusy, BUSY),
    "55P03": (DatabaseBusy, BUSY),
    "57014": (DatabaseBusy, BUSY),
    "25P03": (DatabaseBusy, BUSY),
    "25P04": (DatabaseBusy, BUSY),
    "08": (DatabaseUnreachable, UNREACHABLE),
    "28": (DatabaseUnreachable, UNREACHABLE),
    "3D": (DatabaseUnreachable, UNREACHABLE),
    "53": (DatabaseUnreachable, UNREACHABLE),
    "57": (DatabaseUnreachable, UNREACHABLE),
}


def find_sqlite_fault(error: sqlite3.Error) -> DatabaseFault | None:
    """What an error of SQLite means; None for a refused row or a wrong statement, which are no operational faults."""
    if isinstance(error, sqlite3.IntegrityError):
        return None
    # The lowest byte is the primary code, the rest says more of it (sqlite.org/rescode.html).
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
    if code == sqlite3.SQLITE_ERROR and str(error).startswith(("no such table", "no such column")):
        return DatabaseNotMigrated(NOT_MIGRATED)
    if code not in _SQLITE_FAULTS:
        return None
    kind, message = _SQLITE_FAULTS[code]
    return kind(message)


def find_postgres_fault(sqlstate: str | None) -> DatabaseFault | None:
    """What a SQLSTATE of PostgreSQL means; without one the server was never reached."""
    if sqlstate is None:
        return DatabaseUnreachable(UNREACHABLE)
    found = _POSTGRES_FAULTS.get(sqlstate) or _POSTGRES_FAULTS.get(sqlstate[:2])
    return None if found is None else found[0](found[1])


def describe_reason(error: BaseException | None) -> str:
    """What the driver's error says, without the row that PostgreSQL would repeat: that may hold answers."""
    message = getattr(getattr(error, "diag", None), "message_primary", None)
    return str(message or error)
