"""Surveys, the versions of their questionnaires, and rounds: the fieldwork periods."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from surveyapp.records.tables.columns import UtcTime, boolean, metadata

survey = Table(
    "survey",
    metadata,
    Column("survey_id", String(64), primary_key=True),
    Column("revision", BigInteger, nullable=False, default=0),  # counter of the change feed, taken inside each change
    Column("last_number", BigInteger, nullable=False, default=0),  # highest response number given out
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("revision >= 0 AND last_number >= 0", name="counters_not_negative"),
)

questionnaire_version = Table(
    "questionnaire_version",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("version", String(32), nullable=False),
    Column("source", Text, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "version"),
)

round_table = Table(
    "round",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("round_id", Integer, nullable=False),
    Column("slug", String(64), nullable=False),
    Column("kind", String(16), nullable=False),  # real | trial | sample
    Column("questionnaire_version", String(32), nullable=False),
    Column("title", JSON, nullable=False),  # {"ko": …, "en": …, "ja": …}
    Column("operator_texts", JSON, nullable=False),  # placeholder -> {"ko": …, "en": …, "ja": …}
    Column("opens_at", UtcTime, nullable=False),
    Column("closes_at", UtcTime, nullable=False),
    boolean("open_link"),
    boolean("counts_companies"),  # invitations: one return a company counts
    Column("thresholds", JSON, nullable=False),  # audience -> its own thresholds; without a key those of product
    Column("retention", JSON, nullable=False),  # kind of data -> day after which it is erased, "2027-03-31"
    Column("scheduled_at", UtcTime),  # when staff said that it may open at its time; before that it is in preparation
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "round_id"),
    UniqueConstraint("survey_id", "slug"),
    ForeignKeyConstraint(
        ["survey_id", "questionnaire_version"],
        ["questionnaire_version.survey_id", "questionnaire_version.version"],
    ),
    CheckConstraint("kind IN ('real', 'trial', 'sample')", name="kind_known"),
    CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
    CheckConstraint("round_id > 0 AND length(slug) > 0", name="has_number_and_slug"),
)
