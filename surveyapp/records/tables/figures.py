"""What the desk keeps beside figures: remarks of staff, and figures that were frozen."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
)

from surveyapp.records.tables.columns import UtcTime, metadata

# Remarks of staff beside a figure of a round, shown wherever the desk shows the figure.
figure_note = Table(
    "figure_note",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("note_id", String(32), nullable=False),  # random
    Column("round_id", Integer, nullable=False),
    Column("figure", String(96), nullable=False),  # the card's name on its page
    Column("words", Text, nullable=False),
    Column("author", String(255), nullable=False),  # a staff account's address
    Column("written_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),  # set by "delete", taken back by "undo"
    PrimaryKeyConstraint("survey_id", "note_id"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint("length(words) > 0 AND length(figure) > 0", name="says_something"),
    Index("ix_figure_note_survey_id_round_id", "survey_id", "round_id"),
)

# Figures made once, of the returns as they were at one revision, that stay as they are: bands of peers.
frozen_figure = Table(
    "frozen_figure",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("name", String(64), nullable=False),
    Column("content", JSON, nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the content
    Column("revision", BigInteger, nullable=False),  # of the survey, up to which returns were counted
    Column("made_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "round_id", "name"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint("length(digest) = 64 AND revision >= 0", name="can_be_verified"),
)
