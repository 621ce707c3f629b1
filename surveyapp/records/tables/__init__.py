"""The tables. `response` is the only truth about what was submitted; everything else is derived or fieldwork.

Every primary and unique key of survey data begins with `survey_id`, and every hot statement names it, so that the
schema can be distributed by that column. Staff accounts and the audit trail belong to the installation, not to a
survey, and are exempt (docs/adr/0003).
"""

from __future__ import annotations

from surveyapp.records.tables.columns import UtcTime, metadata
from surveyapp.records.tables.companies import (
    company,
    company_contact,
    company_merge,
    dismissed_double,
    mail_opt_out,
)
from surveyapp.records.tables.confidential import confidential
from surveyapp.records.tables.figures import figure_note, frozen_figure
from surveyapp.records.tables.installation import audit_event, job, role, user_account, user_roles
from surveyapp.records.tables.invitations import invitation, invitation_token, mail_message, mailing
from surveyapp.records.tables.releases import deidentified_file, deidentified_group, release, released_value
from surveyapp.records.tables.returns import (
    consent_record,
    consent_text,
    draft,
    refusal,
    response,
    return_link,
    return_visit,
)
from surveyapp.records.tables.surveys import questionnaire_version, round_table, survey

__all__ = [
    "SCHEMA_VERSION",
    "UtcTime",
    "audit_event",
    "company",
    "company_contact",
    "company_merge",
    "confidential",
    "consent_record",
    "consent_text",
    "deidentified_file",
    "deidentified_group",
    "dismissed_double",
    "draft",
    "figure_note",
    "frozen_figure",
    "invitation",
    "invitation_token",
    "job",
    "mail_message",
    "mail_opt_out",
    "mailing",
    "metadata",
    "questionnaire_version",
    "refusal",
    "release",
    "released_value",
    "response",
    "return_link",
    "return_visit",
    "role",
    "round_table",
    "survey",
    "user_account",
    "user_roles",
]

SCHEMA_VERSION = "0007"  # the migration that makes exactly these tables; a test holds the two together
