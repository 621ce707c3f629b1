"""Backups: everything the database holds as of one moment, in one encrypted file that either database takes back.

A backup is made while the tool is in use. It holds rows and not pages of a database file, so that what was kept on
SQLite can be restored into PostgreSQL and back; and for each table the digest of what was read, so that a restored
database can be proved equal (`records.copying.Measure`). The secrets are not in it: without instance/secrets.json,
which is kept apart, nobody can open the file or read what is sealed inside it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Column, LargeBinary, Table, select

from surveyapp.records.confidential import open_confidential
from surveyapp.records.copying import BATCH, Measure, build_insert, make_room, measure_table
from surveyapp.records.database import (
    Connection,
    Database,
    DatabaseNotMigrated,
    continue_counting,
    lock_additions,
    open_database,
)
from surveyapp.records.encryption import Vault
from surveyapp.records.faults import NOT_MIGRATED
from surveyapp.records.migrations import find_current, migrate
from surveyapp.records.sealed_files import SealedFileFault, SealedWriter, read_header, read_sealed
from surveyapp.records.tables import SCHEMA_VERSION, UtcTime, confidential, metadata

PURPOSE = "surveyapp backup"
SUFFIX = ".backup"
SUM_SUFFIX = ".sha256"
UNFINISHED = ".unfinished"
_LEFT_S = 24 * 3600


class BackupFault(Exception):
    """The backup cannot be made, read or restored; nothing was changed. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class BackedUpTable:
    """What a backup holds of one table: its rows, and a digest in which their order is no matter."""

    name: str
    rows: int
    digest: str


@dataclass(frozen=True, slots=True)
class Backup:
    """A complete file. `sha256` is that of the whole file, as `sha256sum` gives it."""

    path: Path
    made_at: datetime
    size: int  # bytes
    sha256: str
    tables: tuple[BackedUpTable, ...]

    @property
    def rows(self) -> int:
        return sum(each.rows for each in self.tables)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What restoring aside has shown: every table as backed up, and how many sealed rows the keys open."""

    tables: tuple[BackedUpTable, ...]
    sealed_rows: int


def make_backup(database: Database, vault: Vault, folder: Path, *, now: datetime) -> Backup:
    """Write a backup of this moment into `folder`, with its checksum beside it.

    The file has its name only once it is complete and on the disk. Raises `BackupFault` and `DatabaseFault`s.
    """
    path = folder / f"survey-{now:%Y%m%dT%H%M%S}Z{SUFFIX}"
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(4)}{UNFINISHED}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if path.exists():
            raise BackupFault(f"there is a backup {path.name} already")
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                tables = _write_backup(database, vault, file, now)
                file.flush()
                os.fsync(file.fileno())
            digest, size = _hash_file(unfinished), unfinished.stat().st_size
            path.with_name(path.name + SUM_SUFFIX).write_text(f"{digest}  {path.name}\n", encoding="ascii")
            unfinished.rename(path)
            _sync_folder(folder)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        raise BackupFault(f"the backup cannot be written to {folder}: {error.strerror}") from error
    return Backup(path, now, size, digest, tables)


def check_backup(path: Path, vault: Vault) -> tuple[BackedUpTable, ...]:
    """Read the whole file as restoring would, and count what it holds. Raises `BackupFault`."""
    with _open_backup(path) as file:
        return tuple(table for _, table in _read_tables(file, vault, None))


def restore_backup(path: Path, vault: Vault, target: Database, *, replace: bool = False) -> tuple[BackedUpTable, ...]:
    """Put everything into `target`, in one transaction that is kept only if every table proves equal.

    The target is migrated first. One that has rows is refused, or with `replace` emptied in the same transaction.
    Raises `BackupFault`, `TargetNotEmpty` and `DatabaseFault`s, and then leaves the target's rows as they were.
    """
    with _open_backup(path) as file:
        migrate(target)
        with target.write() as connection:
            lock_additions(connection)
            make_room(connection, replace=replace)
            restored = []
            for table, counted in _read_tables(file, vault, connection):
                found = measure_table(connection, table)
                if (found.rows, found.digest) != (counted.rows, counted.digest):
                    raise BackupFault(f"the target gave back something else in {table.name}: nothing was kept there")
                restored.append(counted)
    return tuple(restored)


def rehearse_restore(path: Path, vault: Vault, aside: Path) -> Rehearsal:
    """Restore into a new SQLite file `aside`, prove it equal, open what is sealed in it, and remove it again.

    Raises `BackupFault`, `VaultFault` and `DatabaseFault`s.
    """
    database = open_database(f"sqlite:///{aside.absolute()}")
    try:
        tables = restore_backup(path, vault, database)
        database.check_ready()
        with database.read() as connection:
            sealed = sum(1 for _ in _open_all_sealed(connection, vault))
    finally:
        database.close()
        for left in aside.parent.glob(f"{aside.name}*"):
            left.unlink()
    return Rehearsal(tables, sealed)


def list_backups(folder: Path) -> tuple[Path, ...]:
    """The complete backups in a folder, the newest first."""
    return tuple(sorted(folder.glob(f"survey-*{SUFFIX}"), reverse=True))


def prune_backups(folder: Path, *, keep: int) -> tuple[Path, ...]:
    """Remove all but the newest `keep` backups, and return what was removed; likewise what was left off a day ago."""
    gone = list_backups(folder)[keep:]
    for left in folder.glob(f"survey-*{UNFINISHED}"):
        if time.time() - left.stat().st_mtime > _LEFT_S:
            left.unlink(missing_ok=True)
    for path in gone:
        path.unlink(missing_ok=True)
        path.with_name(path.name + SUM_SUFFIX).unlink(missing_ok=True)
    return gone


def _write_backup(database: Database, vault: Vault, file: BinaryIO, now: datetime) -> tuple[BackedUpTable, ...]:
    writer = SealedWriter(file, vault, PURPOSE, {"schema": SCHEMA_VERSION, "made_at": now.isoformat()})
    with database.read() as connection:
        if find_current(connection) != SCHEMA_VERSION:
            raise DatabaseNotMigrated(NOT_MIGRATED)
        tables = tuple(_write_table(connection, writer, table) for table in metadata.sorted_tables)
    writer.close()
    return tables


def _write_table(connection: Connection, writer: SealedWriter, table: Table) -> BackedUpTable:
    writer.write(_write_line({"table": table.name, "columns": [column.name for column in table.columns]}))
    measure = Measure()
    rows = connection.execute(select(table).execution_options(yield_per=BATCH))
    for batch in rows.partitions(BATCH):
        lines = []
        for row in batch:
            measure.take(row)
            lines.append(_write_line([_write_value(value) for value in row]))
        writer.write(b"".join(lines))
    writer.write(_write_line({"end": table.name, "rows": measure.rows, "digest": measure.digest}))
    return BackedUpTable(table.name, measure.rows, measure.digest)


def _read_tables(file: BinaryIO, vault: Vault, writing: Connection | None) -> Iterator[tuple[Table, BackedUpTable]]:
    """Each table with what the file says of it, after its rows were read and, with a connection, written."""
    try:
        header = read_header(file)
        if header.facts.get("schema") != SCHEMA_VERSION:
            raise BackupFault(
                f"the backup was made by a version with tables {header.facts.get('schema')}, this one has "
                f"{SCHEMA_VERSION}: restore it with the version that made it, then update"
            )
        lines = _read_lines(read_sealed(file, header, vault, PURPOSE))
        for table in metadata.sorted_tables:
            yield table, _read_table(lines, table, writing)
        if next(lines, None) is not None:
            raise BackupFault("the backup holds more than this version knows")
    except SealedFileFault as fault:
        raise BackupFault(str(fault)) from fault


def _read_table(lines: Iterator[bytes], table: Table, writing: Connection | None) -> BackedUpTable:
    head = json.loads(next(lines, b"null"))
    columns = tuple(table.columns)
    if head != {"table": table.name, "columns": [column.name for column in columns]}:
        raise BackupFault(f"the backup does not hold the table {table.name} as this version knows it")
    statement, batch, rows = build_insert(table), [], 0
    for line in lines:
        read = json.loads(line)
        if isinstance(read, dict):
            break
        rows += 1
        batch.append({column.name: _read_value(column, value) for column, value in zip(columns, read, strict=True)})
        if writing is not None and len(batch) >= BATCH:
            writing.execute(statement, batch)
        if len(batch) >= BATCH:
            batch = []
    else:
        raise BackupFault(f"the backup ends within the table {table.name}")
    if writing is not None:
        if batch:
            writing.execute(statement, batch)
        continue_counting(writing, table)
    if read.get("end") != table.name or read.get("rows") != rows:
        raise BackupFault(f"the backup does not hold what it says of the table {table.name}")
    return BackedUpTable(table.name, rows, read["digest"])


def _read_lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        yield from lines
    if rest:
        raise BackupFault("the backup ends within a line")


def _write_line(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _write_value(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    return value.isoformat() if isinstance(value, datetime) else value


def _read_value(column: Column[Any], value: Any) -> Any:
    if value is None:
        return None
    if isinstance(column.type, UtcTime):
        return datetime.fromisoformat(value)
    return base64.b64decode(value) if isinstance(column.type, LargeBinary) else value


def _open_all_sealed(connection: Connection, vault: Vault) -> Iterator[object]:
    rows = connection.execute(select(confidential).execution_options(yield_per=BATCH))
    for row in rows:
        yield open_confidential(vault, row.survey_id, row.link, row.compartment, row.ciphertext)


def _open_backup(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BackupFault(f"the backup {path} cannot be read: {error.strerror}") from error


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sync_folder(folder: Path) -> None:
    """Have the new name on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
