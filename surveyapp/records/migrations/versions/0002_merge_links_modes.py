"""Answers merged one by one, links to parts of a return, how a return came, remarks beside figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

MODE_KNOWN = "mode IN ('web', 'phone', 'paper')"


def upgrade() -> None:
    for table in ("draft", "response"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("mode", sa.String(length=8), nullable=False, server_default="web"))
            batch.create_check_constraint(op.f(f"ck_{table}_mode_known"), MODE_KNOWN)
        with op.batch_alter_table(table) as batch:  # the default was for the rows that there were
            batch.alter_column("mode", existing_type=sa.String(length=8), server_default=None)
            if table == "draft":
                batch.drop_column("page_saves")
    _change_compartments("'identity', 'contact', 'label'")
    op.create_table(
        "return_link",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("link_id", sa.String(length=32), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("sections", sa.JSON(), nullable=False),
        sa.Column("label_link", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('part', 'former')", name=op.f("ck_return_link_kind_known")),
        sa.CheckConstraint("kind <> 'former' OR ended_at IS NOT NULL", name=op.f("ck_return_link_former_has_ended")),
        sa.CheckConstraint("length(token_hash) = 32", name=op.f("ck_return_link_token_is_hashed")),
        sa.ForeignKeyConstraint(
            ["survey_id", "draft_id"],
            ["draft.survey_id", "draft.draft_id"],
            name=op.f("fk_return_link_survey_id_draft_id_draft"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("survey_id", "link_id", name=op.f("pk_return_link")),
        sa.UniqueConstraint("survey_id", "token_hash", name=op.f("uq_return_link_survey_id_token_hash")),
    )
    op.create_index("ix_return_link_survey_id_draft_id", "return_link", ["survey_id", "draft_id"], unique=False)
    op.create_table(
        "return_visit",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("link_id", sa.String(length=32), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id", "draft_id"],
            ["draft.survey_id", "draft.draft_id"],
            name=op.f("fk_return_visit_survey_id_draft_id_draft"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("survey_id", "draft_id", "link_id", name=op.f("pk_return_visit")),
    )
    op.create_table(
        "figure_note",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("note_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(length=96), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("author", sa.String(length=255), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("length(words) > 0 AND length(figure) > 0", name=op.f("ck_figure_note_says_something")),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_figure_note_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "note_id", name=op.f("pk_figure_note")),
    )
    op.create_index("ix_figure_note_survey_id_round_id", "figure_note", ["survey_id", "round_id"], unique=False)


def downgrade() -> None:
    for table in ("figure_note", "return_visit", "return_link"):
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM confidential WHERE compartment = 'label'"))
    _change_compartments("'identity', 'contact'")
    for table in ("response", "draft"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_mode_known"), type_="check")
            batch.drop_column("mode")
            if table == "draft":
                batch.add_column(sa.Column("page_saves", sa.JSON(), nullable=False, server_default="{}"))
    with op.batch_alter_table("draft") as batch:
        batch.alter_column("page_saves", existing_type=sa.JSON(), server_default=None)


def _change_compartments(names: str) -> None:
    with op.batch_alter_table("confidential") as batch:
        batch.drop_constraint(op.f("ck_confidential_compartment_known"), type_="check")
        batch.create_check_constraint(op.f("ck_confidential_compartment_known"), f"compartment IN ({names})")
