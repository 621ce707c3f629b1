"""What the columns of all tables share: names of constraints, moments in time, truth values."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Column, DateTime, MetaData, TypeDecorator

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

LANGUAGE_KNOWN = "language IN ('ko', 'en', 'ja')"
MODE_KNOWN = "mode IN ('web', 'phone', 'paper')"


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone: it is asked for on the way in and given back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def boolean(name: str) -> Column[bool]:
    """A column of true and false, held to that by a constraint of its own where the database has no such type."""
    return Column(name, Boolean(create_constraint=True, name=f"{name}_is_boolean"), nullable=False)
