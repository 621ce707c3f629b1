"""Moving everything to another database, and proving that both hold the same.

The source is read as of one moment; the target is written in one transaction, and what it then holds is read back and
compared before that is committed. So the target has all of it, proved, or nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, Insert, Row, Table, bindparam, delete, func, insert, select

from surveyapp.records.database import Database, DatabaseNotMigrated, continue_counting, lock_additions
from surveyapp.records.faults import NOT_MIGRATED
from surveyapp.records.migrations import find_current, migrate
from surveyapp.records.tables import SCHEMA_VERSION, metadata

BATCH = 1000
_MODULUS = 1 << 256


class CopyFault(Exception):
    """Nothing was copied; the message says why, and what to do, in plain English."""


class TargetNotEmpty(CopyFault):
    """The target has rows already."""


class SourceChanged(CopyFault):
    """Somebody wrote to the source while it was copied."""


class CopyDiffers(CopyFault):
    """What the target gives back is not what was read of the source."""

    def __init__(self, tables: Sequence[CopiedTable]) -> None:
        differing = ", ".join(each.name for each in tables if not each.is_equal)
        super().__init__(f"the target gave back something else in: {differing}. Nothing was kept there.")
        self.tables = tables


@dataclass(slots=True)
class Measure:
    """How many rows were read of a table, and a digest of their values in which the order of the rows is no matter."""

    rows: int = 0
    total: int = field(default=0, repr=False)

    def take(self, row: Row[Any]) -> None:
        written = json.dumps(list(row), default=_write_value, separators=(",", ":"))
        digest = hashlib.sha256(written.encode()).digest()
        self.rows += 1
        self.total = (self.total + int.from_bytes(digest)) % _MODULUS

    @property
    def digest(self) -> str:
        return f"{self.total:064x}"


@dataclass(frozen=True, slots=True)
class CopiedTable:
    """What was read of one table on either side."""

    name: str
    source: Measure
    target: Measure

    @property
    def is_equal(self) -> bool:
        return self.source == self.target


def copy_database(source: Database, target: Database, *, replace: bool = False) -> tuple[CopiedTable, ...]:
    """Copy every table, and return what was counted on both sides, in the order in which it was copied.

    The target is migrated first. One that has rows is refused, or with `replace` emptied in the same transaction.
    Raises `CopyFault`s and `DatabaseFault`s, and then leaves the target's rows as they were.
    """
    migrate(target)
    with source.read() as reading, target.write() as writing:
        if find_current(reading) != SCHEMA_VERSION:
            raise DatabaseNotMigrated(NOT_MIGRATED)
        lock_additions(writing)
        make_room(writing, replace=replace)
        copied = {table.name: _copy_table(reading, writing, table) for table in metadata.sorted_tables}
        tables = tuple(
            CopiedTable(table.name, copied[table.name], measure_table(writing, table))
            for table in metadata.sorted_tables
        )
        if not all(table.is_equal for table in tables):
            raise CopyDiffers(tables)
        if measure_database(source) != copied:
            raise SourceChanged(
                "the database was written to while it was copied, and nothing was kept of the copy: "
                "stop `surveyapp serve` and everything else that writes, and copy again"
            )
    return tables


def measure_database(database: Database) -> dict[str, Measure]:
    """Every table as of one moment."""
    with database.read() as connection:
        return {table.name: measure_table(connection, table) for table in metadata.sorted_tables}


def measure_table(connection: Connection, table: Table) -> Measure:
    measure = Measure()
    for row in connection.execute(select(table).execution_options(yield_per=BATCH)):
        measure.take(row)
    return measure


def make_room(connection: Connection, *, replace: bool) -> None:
    """Empty every table of a target that may be replaced. Raises `TargetNotEmpty` where it may not."""
    held = {
        table.name: rows
        for table in metadata.sorted_tables
        if (rows := connection.scalar(select(func.count()).select_from(table)))
    }
    if held and not replace:
        listed = ", ".join(f"{name} {rows}" for name, rows in held.items())
        raise TargetNotEmpty(
            f"the target has rows already ({listed}): name an empty database, or give --replace to erase them"
        )
    for table in reversed(metadata.sorted_tables):
        if table.name in held:
            connection.execute(delete(table))


def _copy_table(reading: Connection, writing: Connection, table: Table) -> Measure:
    measure = Measure()
    statement = build_insert(table)
    rows = reading.execute(select(table).execution_options(yield_per=BATCH))
    for batch in rows.partitions(BATCH):
        for row in batch:
            measure.take(row)
        writing.execute(statement, [dict(row._mapping) for row in batch])
    continue_counting(writing, table)
    return measure


def build_insert(table: Table) -> Insert:
    """An insert that leaves nothing to defaults and writes a missing value as missing, not as the JSON word null."""
    values = {
        column.name: bindparam(
            column.name, type_=JSON(none_as_null=True) if isinstance(column.type, JSON) else column.type
        )
        for column in table.columns
    }
    return insert(table).values(values)


def _write_value(value: object) -> str:
    if isinstance(value, datetime):
        return f"time {value.isoformat()}"
    if isinstance(value, bytes):
        return f"bytes {value.hex()}"
    raise TypeError(type(value).__name__)
