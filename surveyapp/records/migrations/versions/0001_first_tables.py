"""The first tables: surveys, questionnaires, rounds, returns, audit trail, accounts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

WITHDRAWN_IS_ERASED = (
    "state <> 'withdrawn' OR (CAST(answers AS TEXT) = '{}' AND CAST(texts AS TEXT) = '{}' "
    "AND identity_link IS NULL AND contact_link IS NULL)"
)


def upgrade() -> None:
    op.create_table(
        "audit_event",
        sa.Column("audit_id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("survey_id", sa.String(length=64), nullable=True),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("audit_id", name=op.f("pk_audit_event")),
    )
    op.create_index("ix_audit_event_at", "audit_event", ["at"], unique=False)
    op.create_table(
        "role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("description", sa.String(length=255), nullable=True),
        sa.Column("permissions", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "survey",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("revision >= 0 AND last_number >= 0", name=op.f("ck_survey_counters_not_negative")),
        sa.PrimaryKeyConstraint("survey_id", name=op.f("pk_survey")),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("password", sa.String(length=255), nullable=True),
        sa.Column("active", sa.Boolean(create_constraint=True, name="active_is_boolean"), nullable=False),
        sa.Column("fs_uniquifier", sa.String(length=64), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("create_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_datetime", sa.DateTime(timezone=True), nullable=False),
        sa.Column("current_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_account")),
        sa.UniqueConstraint("email", name=op.f("uq_user_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_user_account_fs_uniquifier")),
    )
    op.create_table(
        "company",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.JSON(), nullable=False),
        sa.Column("is_sample", sa.Boolean(create_constraint=True, name="is_sample_is_boolean"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.survey_id"], name=op.f("fk_company_survey_id_survey")),
        sa.PrimaryKeyConstraint("survey_id", "company_id", name=op.f("pk_company")),
    )
    op.create_table(
        "confidential",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("link", sa.String(length=32), nullable=False),
        sa.Column("compartment", sa.String(length=16), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=True),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("compartment IN ('identity', 'contact')", name=op.f("ck_confidential_compartment_known")),
        sa.CheckConstraint("length(ciphertext) > 28", name=op.f("ck_confidential_is_encrypted")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.survey_id"], name=op.f("fk_confidential_survey_id_survey")),
        sa.PrimaryKeyConstraint("survey_id", "link", name=op.f("pk_confidential")),
    )
    op.create_index("ix_confidential_survey_id_lookup", "confidential", ["survey_id", "lookup"], unique=False)
    op.create_table(
        "questionnaire_version",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["survey.survey_id"], name=op.f("fk_questionnaire_version_survey_id_survey")
        ),
        sa.PrimaryKeyConstraint("survey_id", "version", name=op.f("pk_questionnaire_version")),
    )
    op.create_table(
        "user_roles",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_user_roles_role_id_role"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_user_roles_user_id_user_account"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "role_id", name=op.f("pk_user_roles")),
    )
    op.create_table(
        "round",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("questionnaire_version", sa.String(length=32), nullable=False),
        sa.Column("title", sa.JSON(), nullable=False),
        sa.Column("operator_texts", sa.JSON(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("open_link", sa.Boolean(create_constraint=True, name="open_link_is_boolean"), nullable=False),
        sa.Column(
            "counts_companies", sa.Boolean(create_constraint=True, name="counts_companies_is_boolean"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('real', 'trial', 'sample')", name=op.f("ck_round_kind_known")),
        sa.CheckConstraint("opens_at < closes_at", name=op.f("ck_round_opens_before_it_closes")),
        sa.CheckConstraint("round_id > 0 AND length(slug) > 0", name=op.f("ck_round_has_number_and_slug")),
        sa.ForeignKeyConstraint(
            ["survey_id", "questionnaire_version"],
            ["questionnaire_version.survey_id", "questionnaire_version.version"],
            name=op.f("fk_round_survey_id_questionnaire_version_questionnaire_version"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", name=op.f("pk_round")),
        sa.UniqueConstraint("survey_id", "slug", name=op.f("uq_round_survey_id_slug")),
    )
    op.create_table(
        "refusal",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("refusal_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_refusal_language_known")),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_refusal_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "refusal_id", name=op.f("pk_refusal")),
    )
    op.create_index("ix_refusal_survey_id_round_id", "refusal", ["survey_id", "round_id"], unique=False)
    op.create_table(
        "response",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire_version", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("submit_key", sa.String(length=32), nullable=False),
        sa.Column("receipt", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("identity_link", sa.String(length=32), nullable=True),
        sa.Column("contact_link", sa.String(length=32), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_response_withdrawn_has_time")
        ),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_response_language_known")),
        sa.CheckConstraint(
            WITHDRAWN_IS_ERASED,
            name=op.f("ck_response_withdrawn_is_erased"),
        ),
        sa.CheckConstraint("state IN ('submitted', 'withdrawn')", name=op.f("ck_response_state_known")),
        sa.CheckConstraint(
            "edited_at IS NULL OR edited_at >= submitted_at", name=op.f("ck_response_edited_after_submitting")
        ),
        sa.CheckConstraint("number > 0 AND revision > 0", name=op.f("ck_response_counters_positive")),
        sa.CheckConstraint("submitted_at >= started_at", name=op.f("ck_response_submitted_after_start")),
        sa.ForeignKeyConstraint(
            ["survey_id", "company_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_response_survey_id_company_id_company"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "questionnaire_version"],
            ["questionnaire_version.survey_id", "questionnaire_version.version"],
            name="fk_response_questionnaire_version",
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_response_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "number", name=op.f("pk_response")),
        sa.UniqueConstraint("survey_id", "receipt", name=op.f("uq_response_survey_id_receipt")),
        sa.UniqueConstraint("survey_id", "revision", name=op.f("uq_response_survey_id_revision")),
        sa.UniqueConstraint("survey_id", "submit_key", name=op.f("uq_response_survey_id_submit_key")),
    )
    op.create_table(
        "draft",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.Column("identity_link", sa.String(length=32), nullable=True),
        sa.Column("contact_link", sa.String(length=32), nullable=True),
        sa.Column("submit_key", sa.String(length=32), nullable=False),
        sa.Column("response_number", sa.BigInteger(), nullable=True),
        sa.Column("saves", sa.Integer(), nullable=False),
        sa.Column("page_saves", sa.JSON(), nullable=False),
        sa.Column("submitted_saves", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'submitted') = (submitted_saves IS NOT NULL)", name=op.f("ck_draft_submitted_has_saves")
        ),
        sa.CheckConstraint(
            "(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_draft_withdrawn_has_time")
        ),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_draft_language_known")),
        sa.CheckConstraint("state <> 'open' OR response_number IS NULL", name=op.f("ck_draft_open_has_no_response")),
        sa.CheckConstraint(
            "state <> 'submitted' OR response_number IS NOT NULL", name=op.f("ck_draft_submitted_has_response")
        ),
        sa.CheckConstraint(
            WITHDRAWN_IS_ERASED,
            name=op.f("ck_draft_withdrawn_is_erased"),
        ),
        sa.CheckConstraint("state IN ('open', 'submitted', 'withdrawn')", name=op.f("ck_draft_state_known")),
        sa.CheckConstraint("length(token_hash) = 32", name=op.f("ck_draft_token_is_hashed")),
        sa.CheckConstraint(
            "saves >= 0 AND (submitted_saves IS NULL OR submitted_saves <= saves)", name=op.f("ck_draft_saves_counted")
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "company_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_draft_survey_id_company_id_company"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "response_number"], ["response.survey_id", "response.number"], name="fk_draft_response"
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_draft_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "draft_id", name=op.f("pk_draft")),
        sa.UniqueConstraint("survey_id", "submit_key", name=op.f("uq_draft_survey_id_submit_key")),
        sa.UniqueConstraint("survey_id", "token_hash", name=op.f("uq_draft_survey_id_token_hash")),
    )
    op.create_index("ix_draft_survey_id_round_id", "draft", ["survey_id", "round_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_draft_survey_id_round_id", table_name="draft")
    op.drop_table("draft")
    op.drop_table("response")
    op.drop_index("ix_refusal_survey_id_round_id", table_name="refusal")
    op.drop_table("refusal")
    op.drop_table("round")
    op.drop_table("user_roles")
    op.drop_table("questionnaire_version")
    op.drop_index("ix_confidential_survey_id_lookup", table_name="confidential")
    op.drop_table("confidential")
    op.drop_table("company")
    op.drop_table("user_account")
    op.drop_table("survey")
    op.drop_table("role")
    op.drop_index("ix_audit_event_at", table_name="audit_event")
    op.drop_table("audit_event")
