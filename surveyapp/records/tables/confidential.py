"""What names a company or reaches a person: encrypted, apart from everything else."""

from __future__ import annotations

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
)

from surveyapp.records.tables.columns import UtcTime, metadata

confidential = Table(
    "confidential",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("link", String(32), nullable=False),  # random; the only way from a return to this row
    Column("compartment", String(16), nullable=False),  # which kind of data
    Column("ciphertext", LargeBinary, nullable=False),  # key id, nonce, AES-GCM
    Column("lookup", LargeBinary(32)),  # HMAC-SHA-256 of the normalised e-mail or company name
    Column("saved_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "link"),
    Index("ix_confidential_survey_id_lookup", "survey_id", "lookup"),
    CheckConstraint(
        "compartment IN ('identity', 'contact', 'label', 'directory', 'address')", name="compartment_known"
    ),
    CheckConstraint("length(ciphertext) > 28", name="is_encrypted"),  # a nonce and a tag are 28 bytes alone
)
