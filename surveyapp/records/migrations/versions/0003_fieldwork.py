"""The directory of companies, invitations and mails, rounds in preparation, consents, jobs, frozen figures."""

from __future__ import annotations

import json
import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_NEW = (
    "job",
    "frozen_figure",
    "consent_record",
    "consent_text",
    "mail_message",
    "invitation_token",
    "mailing",
    "invitation",
    "mail_opt_out",
    "company_contact",
    "company_merge",
)
_MEMBERSHIP = "membership IN ('member', 'associate', 'none', 'unknown')"
_NUMBER = "business_number IS NULL OR length(business_number) = 10"


def upgrade() -> None:
    _extend_rounds()
    _extend_companies()
    _change_compartments("'identity', 'contact', 'label', 'directory', 'address'")
    _add_directory()
    _add_invitations()
    _add_consents_figures_jobs()


def downgrade() -> None:
    for table in _NEW:
        op.drop_table(table)
    op.execute(sa.text("DELETE FROM confidential WHERE compartment IN ('directory', 'address')"))
    _change_compartments("'identity', 'contact', 'label'")
    with op.batch_alter_table("company") as batch:
        batch.drop_constraint(op.f("uq_company_survey_id_business_number"), type_="unique")
        batch.drop_constraint(op.f("ck_company_membership_known"), type_="check")
        batch.drop_constraint(op.f("ck_company_business_number_has_ten"), type_="check")
        for name in ("business_number", "size", "main_business", "membership", "search_words", "changed_at"):
            batch.drop_column(name)
    with op.batch_alter_table("round") as batch:
        for name in ("thresholds", "retention", "scheduled_at"):
            batch.drop_column(name)


def _extend_rounds() -> None:
    with op.batch_alter_table("round") as batch:
        batch.add_column(sa.Column("thresholds", sa.JSON(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("retention", sa.JSON(), nullable=False, server_default="{}"))
        batch.add_column(sa.Column("scheduled_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE round SET scheduled_at = created_at"))
    with op.batch_alter_table("round") as batch:  # the defaults were for the rows that there were
        for name in ("thresholds", "retention"):
            batch.alter_column(name, existing_type=sa.JSON(), server_default=None)


def _extend_companies() -> None:
    with op.batch_alter_table("company") as batch:
        batch.add_column(sa.Column("business_number", sa.String(length=10), nullable=True))
        batch.add_column(sa.Column("size", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("main_business", sa.String(length=32), nullable=True))
        batch.add_column(sa.Column("membership", sa.String(length=16), nullable=False, server_default="unknown"))
        batch.add_column(sa.Column("search_words", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(sa.text("UPDATE company SET changed_at = created_at"))
    _write_search_words()
    with op.batch_alter_table("company") as batch:
        batch.alter_column("membership", existing_type=sa.String(length=16), server_default=None)
        batch.alter_column("search_words", existing_type=sa.Text(), server_default=None)
        batch.alter_column("changed_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch.create_unique_constraint(op.f("uq_company_survey_id_business_number"), ["survey_id", "business_number"])
        batch.create_check_constraint(op.f("ck_company_membership_known"), _MEMBERSHIP)
        batch.create_check_constraint(op.f("ck_company_business_number_has_ten"), _NUMBER)


def _write_search_words() -> None:
    connection = op.get_bind()
    rows = connection.execute(sa.text("SELECT survey_id, company_id, CAST(name AS TEXT) FROM company")).all()
    for survey_id, company_id, name in rows:
        words = " ".join(unicodedata.normalize("NFKC", each).casefold() for each in json.loads(name).values())
        connection.execute(
            sa.text("UPDATE company SET search_words = :words WHERE survey_id = :survey AND company_id = :company"),
            {"words": words, "survey": survey_id, "company": company_id},
        )


def _change_compartments(names: str) -> None:
    with op.batch_alter_table("confidential") as batch:
        batch.drop_constraint(op.f("ck_confidential_compartment_known"), type_="check")
        batch.create_check_constraint(op.f("ck_confidential_compartment_known"), f"compartment IN ({names})")


def _add_directory() -> None:
    op.create_table(
        "company_merge",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("merge_id", sa.String(length=32), nullable=False),
        sa.Column("kept_id", sa.Integer(), nullable=False),
        sa.Column("merged_id", sa.Integer(), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kept_id <> merged_id", name=op.f("ck_company_merge_joins_two")),
        sa.ForeignKeyConstraint(
            ["survey_id", "kept_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_company_merge_survey_id_kept_id_company"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "merged_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_company_merge_survey_id_merged_id_company"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "merge_id", name=op.f("pk_company_merge")),
    )
    op.create_index("ix_company_merge_survey_id_merged_id", "company_merge", ["survey_id", "merged_id"], unique=False)
    op.create_table(
        "company_contact",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("sealed_link", sa.String(length=32), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_company_contact_language_known")),
        sa.CheckConstraint(
            "(removed_at IS NULL) = (sealed_link IS NOT NULL)", name=op.f("ck_company_contact_removed_is_erased")
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "company_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_company_contact_survey_id_company_id_company"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "contact_id", name=op.f("pk_company_contact")),
    )
    op.create_index(
        "ix_company_contact_survey_id_company_id", "company_contact", ["survey_id", "company_id"], unique=False
    )
    op.create_table(
        "mail_opt_out",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("lookup", sa.LargeBinary(length=32), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("opted_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source IN ('link', 'staff')", name=op.f("ck_mail_opt_out_source_known")),
        sa.CheckConstraint("length(lookup) = 32", name=op.f("ck_mail_opt_out_address_is_hashed")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.survey_id"], name=op.f("fk_mail_opt_out_survey_id_survey")),
        sa.PrimaryKeyConstraint("survey_id", "lookup", name=op.f("pk_mail_opt_out")),
    )


def _add_invitations() -> None:
    op.create_table(
        "invitation",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("invitation_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("company_id", sa.Integer(), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["survey_id", "company_id"],
            ["company.survey_id", "company.company_id"],
            name=op.f("fk_invitation_survey_id_company_id_company"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "draft_id"],
            ["draft.survey_id", "draft.draft_id"],
            name=op.f("fk_invitation_survey_id_draft_id_draft"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_invitation_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "invitation_id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("survey_id", "draft_id", name=op.f("uq_invitation_survey_id_draft_id")),
        sa.UniqueConstraint(
            "survey_id", "round_id", "company_id", name=op.f("uq_invitation_survey_id_round_id_company_id")
        ),
    )
    op.create_table(
        "mailing",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("mailing_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("templates", sa.JSON(), nullable=False),
        sa.Column("selection", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("job_id", sa.String(length=32), nullable=True),
        sa.Column("problem", sa.String(length=24), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('invitation', 'reminder')", name=op.f("ck_mailing_kind_known")),
        sa.CheckConstraint("state <> 'sent' OR finished_at IS NOT NULL", name=op.f("ck_mailing_sent_has_time")),
        sa.CheckConstraint(
            "state IN ('prepared', 'sending', 'sent', 'cancelled')", name=op.f("ck_mailing_state_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('sending', 'sent') OR started_at IS NOT NULL", name=op.f("ck_mailing_begun_has_time")
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_mailing_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "mailing_id", name=op.f("pk_mailing")),
    )
    op.create_index("ix_mailing_survey_id_round_id", "mailing", ["survey_id", "round_id"], unique=False)
    op.create_table(
        "invitation_token",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("invitation_id", sa.String(length=32), nullable=False),
        sa.Column("contact_id", sa.String(length=32), nullable=True),
        sa.Column("mailing_id", sa.String(length=32), nullable=True),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_by", sa.String(length=8), nullable=True),
        sa.CheckConstraint(
            "channel IN ('mail', 'letter', 'export', 'shown', 'replaced')",
            name=op.f("ck_invitation_token_channel_known"),
        ),
        sa.CheckConstraint(
            "revoked_by IS NULL OR revoked_by IN ('office', 'company')",
            name=op.f("ck_invitation_token_revoker_known"),
        ),
        sa.CheckConstraint(
            "(revoked_at IS NULL) = (revoked_by IS NULL)", name=op.f("ck_invitation_token_revoked_has_revoker")
        ),
        sa.CheckConstraint("length(token_hash) = 32", name=op.f("ck_invitation_token_token_is_hashed")),
        sa.ForeignKeyConstraint(
            ["survey_id", "contact_id"],
            ["company_contact.survey_id", "company_contact.contact_id"],
            name=op.f("fk_invitation_token_survey_id_contact_id_company_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "invitation_id"],
            ["invitation.survey_id", "invitation.invitation_id"],
            name=op.f("fk_invitation_token_survey_id_invitation_id_invitation"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "mailing_id"],
            ["mailing.survey_id", "mailing.mailing_id"],
            name=op.f("fk_invitation_token_survey_id_mailing_id_mailing"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "token_hash", name=op.f("pk_invitation_token")),
    )
    op.create_index(
        "ix_invitation_token_survey_id_invitation_id", "invitation_token", ["survey_id", "invitation_id"], unique=False
    )
    op.create_table(
        "mail_message",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("mailing_id", sa.String(length=32), nullable=True),
        sa.Column("invitation_id", sa.String(length=32), nullable=True),
        sa.Column("contact_id", sa.String(length=32), nullable=True),
        sa.Column("address_link", sa.String(length=32), nullable=True),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reply_code", sa.Integer(), nullable=True),
        sa.Column("reply_status", sa.String(length=16), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.Column("queued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("bounced_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "kind IN ('invitation', 'reminder', 'receipt', 'resume', 'test')", name=op.f("ck_mail_message_kind_known")
        ),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_mail_message_language_known")),
        sa.CheckConstraint(
            "state <> 'bounced' OR bounced_at IS NOT NULL", name=op.f("ck_mail_message_bounced_has_time")
        ),
        sa.CheckConstraint(
            "state <> 'deferred' OR next_attempt_at IS NOT NULL", name=op.f("ck_mail_message_deferred_has_time")
        ),
        sa.CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name=op.f("ck_mail_message_sent_has_time")),
        sa.CheckConstraint(
            "state IN ('queued', 'sending', 'sent', 'uncertain', 'deferred', 'refused', 'bounced', 'cancelled')",
            name=op.f("ck_mail_message_state_known"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_mail_message_attempts_counted")),
        sa.ForeignKeyConstraint(
            ["survey_id", "contact_id"],
            ["company_contact.survey_id", "company_contact.contact_id"],
            name=op.f("fk_mail_message_survey_id_contact_id_company_contact"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "invitation_id"],
            ["invitation.survey_id", "invitation.invitation_id"],
            name=op.f("fk_mail_message_survey_id_invitation_id_invitation"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "mailing_id"],
            ["mailing.survey_id", "mailing.mailing_id"],
            name=op.f("fk_mail_message_survey_id_mailing_id_mailing"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_mail_message_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "message_id", name=op.f("pk_mail_message")),
        sa.UniqueConstraint(
            "survey_id", "mailing_id", "contact_id", name=op.f("uq_mail_message_survey_id_mailing_id_contact_id")
        ),
    )
    op.create_index("ix_mail_message_survey_id_round_id", "mail_message", ["survey_id", "round_id"], unique=False)
    op.create_index("ix_mail_message_survey_id_state", "mail_message", ["survey_id", "state"], unique=False)


def _add_consents_figures_jobs() -> None:
    op.create_table(
        "consent_text",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.CheckConstraint("length(digest) = 64 AND length(words) > 0", name=op.f("ck_consent_text_says_something")),
        sa.ForeignKeyConstraint(["survey_id"], ["survey.survey_id"], name=op.f("fk_consent_text_survey_id_survey")),
        sa.PrimaryKeyConstraint("survey_id", "digest", name=op.f("pk_consent_text")),
    )
    op.create_table(
        "consent_record",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("consent_id", sa.String(length=32), nullable=False),
        sa.Column("draft_id", sa.String(length=32), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("choice", sa.String(length=64), nullable=False),
        sa.Column("text_digest", sa.String(length=64), nullable=False),
        sa.Column("questionnaire_version", sa.String(length=32), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("language IN ('ko', 'en', 'ja')", name=op.f("ck_consent_record_language_known")),
        sa.CheckConstraint("mode IN ('web', 'phone', 'paper')", name=op.f("ck_consent_record_mode_known")),
        sa.ForeignKeyConstraint(
            ["survey_id", "draft_id"],
            ["draft.survey_id", "draft.draft_id"],
            name=op.f("fk_consent_record_survey_id_draft_id_draft"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["survey_id", "text_digest"],
            ["consent_text.survey_id", "consent_text.digest"],
            name=op.f("fk_consent_record_survey_id_text_digest_consent_text"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "consent_id", name=op.f("pk_consent_record")),
    )
    op.create_index("ix_consent_record_survey_id_draft_id", "consent_record", ["survey_id", "draft_id"], unique=False)
    op.create_table(
        "frozen_figure",
        sa.Column("survey_id", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("length(digest) = 64 AND revision >= 0", name=op.f("ck_frozen_figure_can_be_verified")),
        sa.ForeignKeyConstraint(
            ["survey_id", "round_id"],
            ["round.survey_id", "round.round_id"],
            name=op.f("fk_frozen_figure_survey_id_round_id_round"),
        ),
        sa.PrimaryKeyConstraint("survey_id", "round_id", "name", name=op.f("pk_frozen_figure")),
    )
    op.create_table(
        "job",
        sa.Column("job_id", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=48), nullable=False),
        sa.Column("survey_id", sa.String(length=64), nullable=True),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("once_key", sa.String(length=96), nullable=True),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("run_after", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancel_asked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("worker", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("most_attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.Integer(), nullable=False),
        sa.Column("progress_of", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.Column("problem", sa.String(length=64), nullable=True),
        sa.CheckConstraint(
            "(state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)", name=op.f("ck_job_ended_has_time")
        ),
        sa.CheckConstraint(
            "state <> 'running' OR (started_at IS NOT NULL AND beat_at IS NOT NULL)",
            name=op.f("ck_job_running_has_life"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_job_state_known")
        ),
        sa.CheckConstraint("attempts >= 0 AND most_attempts > 0 AND progress >= 0", name=op.f("ck_job_counted")),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_state_run_after", "job", ["state", "run_after"], unique=False)
    op.create_index("ix_job_once_key_created_at", "job", ["once_key", "created_at"], unique=False)
    op.create_index("ix_job_created_at", "job", ["created_at", "job_id"], unique=False)
    pending = sa.text("state IN ('queued', 'running')")
    op.create_index(
        "uq_job_once_key_pending", "job", ["once_key"], unique=True, sqlite_where=pending, postgresql_where=pending
    )
