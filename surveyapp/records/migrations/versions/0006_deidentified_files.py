"""Which de-identified files left, and which of their lines cannot be told apart."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "deidentified_file",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("file_number", sa.Integer(), nullable=False),
        sa.Column("k", sa.Integer(), nullable=False),
        sa.Column("levels", sa.JSON(), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.CheckConstraint(
            "k > 0 AND length(source_digest) = 64 AND revision >= 0",
            name=op.f("ck_deidentified_file_can_be_followed"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_deidentified_file_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", "file_number", name=op.f("pk_deidentified_file")),
    )
    op.create_table(
        "deidentified_group",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("file_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id", "file_number"],
            ["deidentified_file.survey_id", "deidentified_file.round_id", "deidentified_file.file_number"],
            name=op.f("fk_deidentified_group_file"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", "file_number", "position", name=op.f("pk_deidentified_group")),
    )


def downgrade() -> None:
    op.drop_table("deidentified_group")
    op.drop_table("deidentified_file")
