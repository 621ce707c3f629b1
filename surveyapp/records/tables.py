"""The tables. `response` is the only truth about what was submitted; everything else is derived or fieldwork.

Every primary and unique key of survey data begins with `survey_id`, and every hot statement names it, so that the
schema can be distributed by that column. Staff accounts and the audit trail belong to the installation, not to a
survey, and are exempt (docs/adr/0003).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

SCHEMA_VERSION = "0001"  # the migration that makes exactly these tables; a test holds the two together

# `answers`, `texts` and links of a return that was withdrawn: nothing of them may remain. Cast to text, because the
# JSON type of PostgreSQL knows no equality.
_ERASED = (
    "CAST(answers AS TEXT) = '{}' AND CAST(texts AS TEXT) = '{}' AND identity_link IS NULL AND contact_link IS NULL"
)
_LANGUAGE_KNOWN = "language IN ('ko', 'en', 'ja')"


class UtcTime(TypeDecorator[datetime]):
    """A moment in UTC. SQLite keeps no zone: it is asked for on the way in and given back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _boolean(name: str) -> Column[bool]:
    """A column of true and false, held to that by a constraint of its own where the database has no such type."""
    return Column(name, Boolean(create_constraint=True, name=f"{name}_is_boolean"), nullable=False)


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
    _boolean("open_link"),
    _boolean("counts_companies"),  # invitations: one return a company counts
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

company = Table(
    "company",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("company_id", Integer, nullable=False),
    Column("name", JSON, nullable=False),  # {"ko": …, "en": …, "ja": …}
    _boolean("is_sample"),
    Column("created_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "company_id"),
)

draft = Table(
    "draft",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("draft_id", String(32), nullable=False),  # random, never shown
    Column("token_hash", LargeBinary(32), nullable=False),  # SHA-256 of the private link's token
    Column("round_id", Integer, nullable=False),
    Column("company_id", Integer),
    Column("state", String(16), nullable=False),  # open | submitted | withdrawn
    Column("language", String(2), nullable=False),
    Column("answers", JSON, nullable=False),  # choice names and numbers
    Column("texts", JSON, nullable=False),  # free texts, apart so that they can be erased
    Column("identity_link", String(32)),  # -> confidential.link
    Column("contact_link", String(32)),
    Column("submit_key", String(32), nullable=False),
    Column("response_number", BigInteger),
    Column("saves", Integer, nullable=False, default=0),  # counts saved changes
    Column("page_saves", JSON, nullable=False),  # page -> value of `saves` when it last changed
    Column("submitted_saves", Integer),  # value of `saves` that the response holds
    Column("started_at", UtcTime, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
    Column("withdrawn_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "draft_id"),
    UniqueConstraint("survey_id", "token_hash"),
    UniqueConstraint("survey_id", "submit_key"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    ForeignKeyConstraint(["survey_id", "company_id"], ["company.survey_id", "company.company_id"]),
    ForeignKeyConstraint(
        ["survey_id", "response_number"], ["response.survey_id", "response.number"], name="fk_draft_response"
    ),
    CheckConstraint("state IN ('open', 'submitted', 'withdrawn')", name="state_known"),
    CheckConstraint(_LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint("state <> 'submitted' OR response_number IS NOT NULL", name="submitted_has_response"),
    CheckConstraint("state <> 'open' OR response_number IS NULL", name="open_has_no_response"),
    CheckConstraint("(state = 'submitted') = (submitted_saves IS NOT NULL)", name="submitted_has_saves"),
    CheckConstraint("saves >= 0 AND (submitted_saves IS NULL OR submitted_saves <= saves)", name="saves_counted"),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
    CheckConstraint(f"state <> 'withdrawn' OR ({_ERASED})", name="withdrawn_is_erased"),
    CheckConstraint("length(token_hash) = 32", name="token_is_hashed"),
    Index("ix_draft_survey_id_round_id", "survey_id", "round_id"),
)

refusal = Table(
    "refusal",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("refusal_id", String(32), nullable=False),  # the start form's own key: posting twice counts once
    Column("round_id", Integer, nullable=False),
    Column("language", String(2), nullable=False),
    Column("refused_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "refusal_id"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    CheckConstraint(_LANGUAGE_KNOWN, name="language_known"),
    Index("ix_refusal_survey_id_round_id", "survey_id", "round_id"),
)

response = Table(
    "response",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # submitted | withdrawn
    Column("round_id", Integer, nullable=False),
    Column("questionnaire_version", String(32), nullable=False),
    Column("company_id", Integer),
    Column("submit_key", String(32), nullable=False),
    Column("receipt", String(16), nullable=False),
    Column("language", String(2), nullable=False),
    Column("answers", JSON, nullable=False),
    Column("texts", JSON, nullable=False),
    Column("identity_link", String(32)),
    Column("contact_link", String(32)),
    Column("started_at", UtcTime, nullable=False),
    Column("submitted_at", UtcTime, nullable=False),
    Column("edited_at", UtcTime),
    Column("withdrawn_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "number"),
    UniqueConstraint("survey_id", "revision"),
    UniqueConstraint("survey_id", "submit_key"),
    UniqueConstraint("survey_id", "receipt"),
    ForeignKeyConstraint(["survey_id", "round_id"], ["round.survey_id", "round.round_id"]),
    ForeignKeyConstraint(["survey_id", "company_id"], ["company.survey_id", "company.company_id"]),
    ForeignKeyConstraint(
        ["survey_id", "questionnaire_version"],
        ["questionnaire_version.survey_id", "questionnaire_version.version"],
        name="fk_response_questionnaire_version",
    ),
    CheckConstraint("state IN ('submitted', 'withdrawn')", name="state_known"),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
    CheckConstraint(f"state <> 'withdrawn' OR ({_ERASED})", name="withdrawn_is_erased"),
    CheckConstraint(_LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint("submitted_at >= started_at", name="submitted_after_start"),
    CheckConstraint("edited_at IS NULL OR edited_at >= submitted_at", name="edited_after_submitting"),
    CheckConstraint("number > 0 AND revision > 0", name="counters_positive"),
)

confidential = Table(
    "confidential",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("link", String(32), nullable=False),  # random; the only way from a return to this row
    Column("compartment", String(16), nullable=False),  # identity | contact
    Column("ciphertext", LargeBinary, nullable=False),  # key id, nonce, AES-GCM
    Column("lookup", LargeBinary(32)),  # HMAC-SHA-256 of the normalised e-mail or company name
    Column("saved_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "link"),
    Index("ix_confidential_survey_id_lookup", "survey_id", "lookup"),
    CheckConstraint("compartment IN ('identity', 'contact')", name="compartment_known"),
    CheckConstraint("length(ciphertext) > 28", name="is_encrypted"),  # a nonce and a tag are 28 bytes alone
)

audit_event = Table(
    "audit_event",
    metadata,
    Column("audit_id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcTime, nullable=False),
    Column("actor", String(255), nullable=False),  # a staff account's address, 'respondent' or 'command'
    Column("action", String(64), nullable=False),
    Column("survey_id", String(64)),
    Column("round_id", Integer),
    Column("details", JSON, nullable=False),
    Index("ix_audit_event_at", "at"),
)

role = Table(
    "role",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("description", String(255)),
    Column("permissions", JSON),
)

user_account = Table(
    "user_account",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("email", String(255), nullable=False, unique=True),
    Column("password", String(255)),
    _boolean("active"),
    Column("fs_uniquifier", String(64), nullable=False, unique=True),
    Column("confirmed_at", UtcTime),
    Column("create_datetime", UtcTime, nullable=False),
    Column("update_datetime", UtcTime, nullable=False),
    Column("current_login_at", UtcTime),
    Column("last_login_at", UtcTime),
    Column("login_count", Integer),
)

user_roles = Table(
    "user_roles",
    metadata,
    Column("user_id", Integer, ForeignKey("user_account.id", ondelete="CASCADE"), primary_key=True),
    Column("role_id", Integer, ForeignKey("role.id", ondelete="CASCADE"), primary_key=True),
)
