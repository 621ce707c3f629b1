"""The directory: companies, their contacts, and who wants no mail."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
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

from surveyapp.records.tables.columns import LANGUAGE_KNOWN, UtcTime, boolean, metadata

company = Table(
    "company",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("company_id", Integer, nullable=False),
    Column("name", JSON, nullable=False),  # {"ko": …, "en": …, "ja": …}; a language may be blank, not all three
    Column("business_number", String(10)),  # of the Korean tax office, ten digits
    Column("size", String(32)),  # choice of the question `company_size`
    Column("main_business", String(32)),  # choice of the question `company_type`
    Column("membership", String(16), nullable=False),
    Column("search_words", Text, nullable=False),  # names as they are searched: folded, without signs of legal form
    boolean("is_sample"),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "company_id"),
    UniqueConstraint("survey_id", "business_number"),
    CheckConstraint("membership IN ('member', 'associate', 'none', 'unknown')", name="membership_known"),
    CheckConstraint("business_number IS NULL OR length(business_number) = 10", name="business_number_has_ten"),
)

# Two entries that were one company. What belonged to `merged_id` belongs to `kept_id` until it is undone.
company_merge = Table(
    "company_merge",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("merge_id", String(32), nullable=False),  # random
    Column("kept_id", Integer, nullable=False),
    Column("merged_id", Integer, nullable=False),
    Column("moved", JSON, nullable=False),  # what was moved, and how the kept entry was before: for undoing
    Column("actor", String(255), nullable=False),
    Column("merged_at", UtcTime, nullable=False),
    Column("undone_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "merge_id"),
    ForeignKeyConstraint(["survey_id", "kept_id"], ["company.survey_id", "company.company_id"]),
    ForeignKeyConstraint(["survey_id", "merged_id"], ["company.survey_id", "company.company_id"]),
    CheckConstraint("kept_id <> merged_id", name="joins_two"),
    Index("ix_company_merge_survey_id_merged_id", "survey_id", "merged_id"),
)

# Two entries that look like one company, and are two: somebody has said so, and they are not suspected any more.
dismissed_double = Table(
    "dismissed_double",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("first_id", Integer, nullable=False),  # the lower of the two
    Column("second_id", Integer, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("dismissed_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "first_id", "second_id"),
    ForeignKeyConstraint(["survey_id", "first_id"], ["company.survey_id", "company.company_id"]),
    ForeignKeyConstraint(["survey_id", "second_id"], ["company.survey_id", "company.company_id"]),
    CheckConstraint("first_id < second_id", name="in_one_order"),
)

# A person of a company. Name, address, telephone are encrypted; a removed one leaves its row for the log of mails.
company_contact = Table(
    "company_contact",
    metadata,
    Column("survey_id", String(64), nullable=False),
    Column("contact_id", String(32), nullable=False),  # random
    Column("company_id", Integer, nullable=False),
    Column("sealed_link", String(32)),  # -> confidential.link, compartment "directory"
    Column("language", String(2), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("removed_at", UtcTime),
    PrimaryKeyConstraint("survey_id", "contact_id"),
    ForeignKeyConstraint(["survey_id", "company_id"], ["company.survey_id", "company.company_id"]),
    CheckConstraint(LANGUAGE_KNOWN, name="language_known"),
    CheckConstraint("(removed_at IS NULL) = (sealed_link IS NOT NULL)", name="removed_is_erased"),
    Index("ix_company_contact_survey_id_company_id", "survey_id", "company_id"),
)

# Addresses that want no mail, by their look-up value alone: kept even where the contact is removed or imported anew.
mail_opt_out = Table(
    "mail_opt_out",
    metadata,
    Column("survey_id", String(64), ForeignKey("survey.survey_id"), nullable=False),
    Column("lookup", LargeBinary(32), nullable=False),  # HMAC-SHA-256 of the normalised address
    Column("source", String(16), nullable=False),  # link | staff
    Column("opted_out_at", UtcTime, nullable=False),
    PrimaryKeyConstraint("survey_id", "lookup"),
    CheckConstraint("source IN ('link', 'staff')", name="source_known"),
    CheckConstraint("length(lookup) = 32", name="address_is_hashed"),
)
