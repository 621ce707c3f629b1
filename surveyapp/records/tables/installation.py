"""What belongs to the installation and not to a survey: audit trail, accounts, jobs."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    text,
)

from surveyapp.records.tables.columns import UtcTime, boolean, metadata

audit_event = Table(
    "audit_event",
    metadata,
    Column("audit_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),  # a staff account's address, 'respondent' or 'command'
    Column("action", String(64), nullable=False),
    Column("survey_id", String(64)),
    Column("round_id", Integer),
    Column("details", JSON, nullable=False),
    Index("ix_audit_event_at", "at"),
)

role = Table(
    "role",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("description", String(255)),
    Column("permissions", JSON),
)

user_account = Table(
    "user_account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(255), nullable=False, unique=True),
    Column("password", String(255)),
    boolean("active"),
    Column("fs_uniquifier", String(64), nullable=False, unique=True),
    Column("confirmed_at", UtcTime),
    Column("create_datetime", UtcTime, nullable=False),
    Column("update_datetime", UtcTime, nullable=False),
    Column("current_login_at", UtcTime),
    Column("last_login_at", UtcTime),
    Column("login_count", Integer),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Integer, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", Integer, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)

_PENDING = text("state IN ('queued', 'running')")
# Work for the background, written in the transaction of whoever asks for it. Arguments and results hold no answer,
# contact data or token.
job = Table(
    "job",
    metadata,
    Column("job_id", String(32), primary_key=True),  # random
    Column("kind", String(48), nullable=False),
    Column("survey_id", String(64)),
    Column("arguments", JSON, nullable=False),
    Column("state", String(16), nullable=False),  # queued | running | done | failed | cancelled
    Column("once_key", String(96)),  # two jobs of one key cannot wait or run at the same time; kept when it has ended
    Column("actor", String(255), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("run_after", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("beat_at", UtcTime),  # the last sign of life of its worker
    Column("finished_at", UtcTime),
    Column("cancel_asked_at", UtcTime),
    Column("worker", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("most_attempts", Integer, nullable=False),
    Column("progress", Integer, nullable=False),  # things done
    Column("progress_of", Integer),  # of how many; NULL while not known
    Column("result", JSON, nullable=False),
    Column("problem", String(64)),  # code of why it failed last
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state_known"),
    CheckConstraint("(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name="ended_has_time"),
    CheckConstraint("state <> 'running' OR (started_at IS NOT NULL AND beat_at IS NOT NULL)", name="running_has_life"),
    CheckConstraint("attempts >= 0 AND most_attempts > 0 AND progress >= 0", name="counted"),
    Index("ix_job_state_run_after", "state", "run_after"),
    Index("ix_job_once_key_created_at", "once_key", "created_at"),
    Index("ix_job_created_at", "created_at", "job_id"),
    Index("uq_job_once_key_pending", "once_key", unique=True, sqlite_where=_PENDING, postgresql_where=_PENDING),
)
