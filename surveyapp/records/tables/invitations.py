"""Invitations, the personal links they are made of, mailings and the log of mails."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
)

from surveyapp.records.tables.columns import LANGUAGE_KNOWN, UtcTime, metadata

# One company invited to one round. Its contacts share one return.
invitation = Table(
    "invitation",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("invitation_id", String(32), nullable=False),  # random
    Column("round_id", Integer, nullable=False),
    Column("company_id", Integer, nullable=False),
    Column("draft_id", String(32)),  # the return that was begun through it
    Column("created_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime),  # when one of its links was first opened
    Column("refused_at", UtcTime),
    Column("revoked_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "invitation_id"),
    UniqueConstraint("survey_id", "round_id", "company_id"),
    UniqueConstraint("survey_id", "draft_id"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    ForeignKeyConstraint(["survey_id", "company_id"], ["company.survey_id", "company.company_id"]),
    ForeignKeyConstraint(["survey_id", "draft_id"], ["draft.survey_id", "draft.draft_id"]),
)

# Personal links. Every mailing, letter or export makes further ones; older ones stay valid until they are revoked.
invitation_token = Table(
    "invitation_token",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False),  # SHA-256 of the link's token
    Column("invitation_id", String(32), nullable=False),
    Column("contact_id", String(32)),
    Column("mailing_id", String(32)),
    Column("channel", String(8), nullable=False),  # mail | letter | export | shown | replaced (by the company)
    Column("issued_at", UtcTime, nullable=False),
    Column("opened_at", UtcTime),
    Column("revoked_at", UtcTime),
    Column("revoked_by", String(8)),  # office | company, which replaced it
    PrimaryKeyConstraint("survey_id", "token_hash"),
    ForeignKeyConstraint(["survey_id", "invitation_id"], ["invitation.survey_id", "invitation.invitation_id"]),
    ForeignKeyConstraint(["survey_id", "contact_id"], ["company_contact.survey_id", "company_contact.contact_id"]),
    ForeignKeyConstraint(["survey_id", "mailing_id"], ["mailing.survey_id", "mailing.mailing_id"]),
    CheckConstraint("channel IN ('mail', 'letter', 'export', 'shown', 'replaced')", name="channel_known"),
    CheckConstraint("revoked_by IS NULL OR revoked_by IN ('office', 'company')", name="revoker_known"),
    CheckConstraint("(revoked_at IS NULL) = (revoked_by IS NULL)", name="revoked_has_revoker"),
    CheckConstraint("length(token_hash) = 32", name="token_is_hashed"),
    Index("ix_invitation_token_survey_id_invitation_id", "survey_id", "invitation_id"),
)

# One letter to many: whom it was meant for, in which words. `selection` and `templates` hold no address.
mailing = Table(
    "mailing",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("mailing_id", String(32), nullable=False),  # random
    Column("round_id", Integer, nullable=False),
    Column("kind", String(16), nullable=False),  # invitation | reminder
    Column("state", String(16), nullable=False),  # prepared | sending | sent | cancelled
    Column("templates", JSON, nullable=False),  # language -> {"subject": …, "body": …}
    Column("selection", JSON, nullable=False),  # which companies: filters by their names
    Column("actor", String(255), nullable=False),
    Column("job_id", String(32)),
    Column("problem", String(24)),  # code of why the server could not be used last; NULL while it can
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "mailing_id"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint("kind IN ('invitation', 'reminder')", name="kind_known"),
    CheckConstraint("state IN ('prepared', 'sending', 'sent', 'cancelled')", name="state_known"),
    CheckConstraint("state NOT IN ('sending', 'sent') OR started_at IS NOT NULL", name="begun_has_time"),
    CheckConstraint("state <> 'sent' OR finished_at IS NOT NULL", name="sent_has_time"),
    Index("ix_mailing_survey_id_round_id", "survey_id", "round_id"),
)

# The log of mails: to whom by reference, how it went; never what it said.
mail_message = Table(
    "mail_message",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("message_id", String(32), nullable=False),  # random, stands in the Message-ID
    Column("round_id", Integer, nullable=False),
    Column("kind", String(16), nullable=False),  # invitation | reminder | receipt | resume | test
    Column("mailing_id", String(32)),
    Column("invitation_id", String(32)),
    Column("contact_id", String(32)),
    Column("address_link", String(32)),  # -> confidential.link, "address": one given for this mail alone, then erased
    Column("language", String(2), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", UtcTime),
    Column("reply_code", Integer),  # of the last reply, e.g. 250, 451, 550
    Column("reply_status", String(16)),  # its enhanced status (RFC 3463), e.g. 4.2.2
    Column("reason", String(24)),  # code of why, where it was not the server that decided
    Column("queued_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Column("bounced_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "message_id"),
    UniqueConstraint("survey_id", "mailing_id", "contact_id"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    ForeignKeyConstraint(["survey_id", "mailing_id"], ["mailing.survey_id", "mailing.mailing_id"]),
    ForeignKeyConstraint(["survey_id", "invitation_id"], ["invitation.survey_id", "invitation.invitation_id"]),
    ForeignKeyConstraint(["survey_id", "contact_id"], ["company_contact.survey_id", "company_contact.contact_id"]),
    CheckConstraint("kind IN ('invitation', 'reminder', 'receipt', 'resume', 'test')", name="kind_known"),
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint(
        "state IN ('queued', 'sending', 'sent', 'uncertain', 'deferred', 'refused', 'bounced', 'cancelled')",
        name="state_known",
    ),
    CheckConstraint("state <> 'sent' OR sent_at IS NOT NULL", name="sent_has_time"),
    CheckConstraint("state <> 'bounced' OR bounced_at IS NOT NULL", name="bounced_has_time"),
    CheckConstraint("state <> 'deferred' OR next_attempt_at IS NOT NULL", name="deferred_has_time"),
    CheckConstraint("attempts >= 0", name="attempts_counted"),
    Index("ix_mail_message_survey_id_round_id", "survey_id", "round_id"),
    Index("ix_mail_message_survey_id_state", "survey_id", "state"),
)
