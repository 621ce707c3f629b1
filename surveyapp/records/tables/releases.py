"""What was released to whom, so that a later release, or de-identified file, can be checked with all of it."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from surveyapp.records.tables.columns import UtcTime, metadata

release = Table(
    "release",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("release_number", Integer, nullable=False),  # 1, 2, … in the round
    Column("audience", String(16), nullable=False),  # ministry | japan | public
    Column("definition", String(96), nullable=False),  # which table: "issues", "segments:jp_stage", …
    Column("policy", JSON, nullable=False),  # the thresholds that held
    Column("content", JSON, nullable=False),  # the table as it was shown
    Column("digest", String(64), nullable=False),  # SHA-256 of the content
    Column("source_digest", String(64), nullable=False),  # of what the table would be without earlier releases
    Column("revision", BigInteger, nullable=False),  # of the survey, up to which returns were counted
    Column("released_at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("changed_returns", LargeBinary),  # since the release before, a serialized roaring bitmap; NULL: not known
    PrimaryKeyConstraint("survey_id", "round_id", "release_number"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint("audience IN ('ministry', 'japan', 'public')", name="audience_known"),
    CheckConstraint("length(digest) = 64 AND length(source_digest) = 64 AND revision >= 0", name="can_be_verified"),
)

# What a reader of a release knows: of so many returns between `low` and `high` gave one of the answers.
released_value = Table(
    "released_value",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("release_number", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("answers", JSON, nullable=False),
    Column("members", LargeBinary, nullable=False),  # numbers of returns, a serialised roaring bitmap
    Column("low", Integer, nullable=False),
    Column("high", Integer, nullable=False),
    Column("width", Integer, nullable=False),  # above 0: hidden, and must stay open by as much
    PrimaryKeyConstraint("survey_id", "round_id", "release_number", "position"),
    ForeignKeyConstraint(
        ["survey_id", "round_id", "release_number"],
        ["release.survey_id", "release.round_id", "release.release_number"],
        ondelete="CASCADE",
    ),
    CheckConstraint("0 <= low AND low <= high AND width >= 0", name="is_a_range"),
)

# De-identified files that left, and which of their lines no reader of all of them can tell apart.
deidentified_file = Table(
    "deidentified_file",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("file_number", Integer, nullable=False),  # 1, 2, … in the round
    Column("k", Integer, nullable=False),  # companies of a combination, at least
    Column("levels", JSON, nullable=False),  # how coarse each describing question is
    Column("source_digest", String(64), nullable=False),  # SHA-256 of what the choice rests on, answers aside
    Column("revision", BigInteger, nullable=False),  # of the survey, up to which returns were read
    Column("released_at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),
    PrimaryKeyConstraint("survey_id", "round_id", "file_number"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint("k > 0 AND length(source_digest) = 64 AND revision >= 0", name="can_be_followed"),
)

deidentified_group = Table(
    "deidentified_group",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("file_number", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("members", LargeBinary, nullable=False),  # numbers of returns, a serialised roaring bitmap
    PrimaryKeyConstraint("survey_id", "round_id", "file_number", "position"),
    ForeignKeyConstraint(
        ["survey_id", "round_id", "file_number"],
        ["deidentified_file.survey_id", "deidentified_file.round_id", "deidentified_file.file_number"],
        name="fk_deidentified_group_file",
        ondelete="CASCADE",
    ),
)
