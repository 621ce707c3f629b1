"""What was released to whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "release",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("definition", sa.String(length=96), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("source_digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.CheckConstraint("audience IN ('ministry', 'japan', 'public')", name=op.f("ck_release_audience_known")),
        sa.CheckConstraint(
            "length(digest) = 64 AND length(source_digest) = 64 AND revision >= 0",
            name=op.f("ck_release_can_be_verified"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_release_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", "release_number", name=op.f("pk_release")),
    )
    op.create_table(
        "released_value",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("release_number", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.Column("high", sa.Integer(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.CheckConstraint("0 <= low AND low <= high AND width >= 0", name=op.f("ck_released_value_is_a_range")),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id", "release_number"],
            ["release.survey_id", "release.round_id", "release.release_number"],
            name=op.f("fk_released_value_survey_id_round_id_release_number_release"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", "release_number", "position", name=op.f("pk_released_value")),
    )


def downgrade() -> None:
    op.drop_table("released_value")
    op.drop_table("release")
