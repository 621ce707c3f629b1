"""Pairs of companies of which somebody said that they are two."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "dismissed_double",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("first_id", sa.Integer(), nullable=False),
        sa.Column("second_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("dismissed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_dismissed_double_in_one_order")),
        sa.ForeignKeyConstraint(
            ["survey_id", "first_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_dismissed_double_survey_id_first_id_company"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "second_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_dismissed_double_survey_id_second_id_company"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "first_id", "second_id", name=op.f("pk_dismissed_double")),
    )


def downgrade() -> None:
    op.drop_table("dismissed_double")
