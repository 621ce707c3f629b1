"""Returns: drafts, the links to them, refusals, consents, and what was submitted."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from surveyapp.records.tables.columns import LANGUAGE_KNOWN, MODE_KNOWN, UtcTime, metadata

# `answers`, `texts` and links of a return that was withdrawn: nothing of them may remain. Cast to text, because the
# JSON type of PostgreSQL knows no equality.
_ERASED = (
    "CAST(answers AS TEXT) = '{}' AND CAST(texts AS TEXT) = '{}' AND identity_link IS NULL AND contact_link IS NULL"
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
    Column("mode", String(8), nullable=False),  # web | phone | paper: how the answers came; staff typed the last two
    Column("saves", Integer, nullable=False, default=0),  # counts saved changes
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
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint(MODE_KNOWN, name="mode_known"),
    CheckConstraint("state <> 'submitted' OR response_number IS NOT NULL", name="submitted_has_response"),
    CheckConstraint("state <> 'open' OR response_number IS NULL", name="open_has_no_response"),
    CheckConstraint("(state = 'submitted') = (submitted_saves IS NOT NULL)", name="submitted_has_saves"),
    CheckConstraint("saves >= 0 AND (submitted_saves IS NULL OR submitted_saves <= saves)", name="saves_counted"),
    CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name="withdrawn_has_time"),
    CheckConstraint(f"state <> 'withdrawn' OR ({_ERASED})", name="withdrawn_is_erased"),
    CheckConstraint("length(token_hash) = 32", name="token_is_hashed"),
    Index("ix_draft_survey_id_round_id", "survey_id", "round_id"),
)

# Links to a return beside its own: to a part of it, handed to a colleague; and own ones that were replaced, so that
# they can say so.
return_link = Table(
    "return_link",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("link_id", String(32), nullable=False),  # random
    Column("draft_id", String(32), nullable=False),
    Column("token_hash", LargeBinary(32), nullable=False),
    Column("kind", String(8), nullable=False),  # part | former
    Column("sections", JSON, nullable=False),  # names of the sections, or of single pages, that a part link opens
    Column("label_link", String(32)),  # -> confidential.link: who was given it, in the holder's words
    Column("created_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "link_id"),
    UniqueConstraint("survey_id", "token_hash"),
    ForeignKeyConstraint(["survey_id", "draft_id"], ["draft.survey_id", "draft.draft_id"], ondelete="CASCADE"),
    CheckConstraint("kind IN ('part', 'former')", name="kind_known"),
    CheckConstraint("kind <> 'former' OR ended_at IS NOT NULL", name="former_has_ended"),
    CheckConstraint("length(token_hash) = 32", name="token_is_hashed"),
    Index("ix_return_link_survey_id_draft_id", "survey_id", "draft_id"),
)

return_visit = Table(
    "return_visit",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("draft_id", String(32), nullable=False),
    Column("link_id", String(32), nullable=False),  # '' for the return's own link
    Column("page", String(64), nullable=False),  # the last page opened through this link
    Column("seen_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "draft_id", "link_id"),
    ForeignKeyConstraint(["survey_id", "draft_id"], ["draft.survey_id", "draft.draft_id"], ondelete="CASCADE"),
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
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
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
    Column("mode", String(8), nullable=False),
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
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint(MODE_KNOWN, name="mode_known"),
    CheckConstraint("submitted_at >= started_at", name="submitted_after_start"),
    CheckConstraint("edited_at IS NULL OR edited_at >= submitted_at", name="edited_after_submitting"),
    CheckConstraint("number > 0 AND revision > 0", name="counters_positive"),
)

# The words that somebody agreed to, as they were shown; kept once, however many agreed.
consent_text = Table(
    "consent_text",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the words
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("survey_id", "digest"),
    CheckConstraint("length(digest) = 64 AND length(words) > 0", name="says_something"),
)

# Each consent as it was given, narrowed or withdrawn: what was said, to which words, when. Rows are added only.
consent_record = Table(
    "consent_record",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("consent_id", String(32), nullable=False),  # random
    Column("draft_id", String(32), nullable=False),
    Column("question", String(64), nullable=False),
    Column("choice", String(64), nullable=False),  # name of the choice; '' where the answer was taken back
    Column("text_digest", String(64), nullable=False),
    Column("questionnaire_version", String(32), nullable=False),
    Column("language", String(2), nullable=False),
    Column("mode", String(8), nullable=False),
    Column("said_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "consent_id"),
    ForeignKeyConstraint(["survey_id", "draft_id"], ["draft.survey_id", "draft.draft_id"], ondelete="CASCADE"),
    ForeignKeyConstraint(["survey_id", "text_digest"], ["consent_text.survey_id", "consent_text.digest"]),
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint(MODE_KNOWN, name="mode_known"),
    Index("ix_consent_record_survey_id_draft_id", "survey_id", "draft_id"),
)
