"""The database itself refuses nonsense: every named constraint of the tables has a row here that it refuses."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    ForeignKeyConstraint,
    PrimaryKeyConstraint,
    UniqueConstraint,
    insert,
    literal_column,
)
from sqlalchemy.exc import IntegrityError, ProgrammingError

from surveyapp.records.database import Database
from surveyapp.records.tables import audit_event, metadata, role, user_account, user_roles
from tests.records.databases import NOW, ROWS, TABLES, insert_row, insert_rows

EARLIER, LATER = NOW - timedelta(seconds=1), NOW + timedelta(seconds=1)

# Constraint -> changes that make a row of its table one that it alone refuses.
REFUSED: dict[str, dict[str, Any]] = {
    "ck_survey_counters_not_negative": {"revision": -1},
    "ck_round_kind_known": {"kind": "rehearsal"},
    "ck_round_opens_before_it_closes": {"closes_at": NOW},
    "ck_round_has_number_and_slug": {"slug": ""},
    "ck_draft_state_known": {"state": "lost", "response_number": None, "submitted_saves": None},
    "ck_draft_language_known": {"language": "zh"},
    "ck_draft_submitted_has_response": {"response_number": None},
    "ck_draft_open_has_no_response": {"state": "open", "submitted_saves": None},
    "ck_draft_submitted_has_saves": {"submitted_saves": None},
    "ck_draft_saves_counted": {"submitted_saves": 4},
    "ck_draft_withdrawn_has_time": {"withdrawn_at": NOW},
    "ck_draft_withdrawn_is_erased": {
        "state": "withdrawn",
        "submitted_saves": None,
        "withdrawn_at": NOW,
        "texts": {"ft_case": "사례"},
    },
    "ck_draft_token_is_hashed": {"token_hash": b"the token itself"},
    "ck_draft_mode_known": {"mode": "fax"},
    "ck_return_link_kind_known": {"kind": "whole"},
    "ck_return_link_former_has_ended": {"kind": "former"},
    "ck_return_link_token_is_hashed": {"token_hash": b"the token itself"},
    "ck_figure_note_says_something": {"words": ""},
    "ck_refusal_language_known": {"language": "zh"},
    "ck_response_state_known": {"state": "open"},
    "ck_response_withdrawn_has_time": {"withdrawn_at": NOW},
    "ck_response_withdrawn_is_erased": {
        "state": "withdrawn",
        "withdrawn_at": NOW,
        "answers": {},
        "texts": {},
        "contact_link": "c1",
    },
    "ck_response_language_known": {"language": "zh"},
    "ck_response_mode_known": {"mode": "fax"},
    "ck_response_submitted_after_start": {"submitted_at": EARLIER},
    "ck_response_edited_after_submitting": {"edited_at": EARLIER},
    "ck_response_counters_positive": {"number": 0},
    "ck_company_membership_known": {"membership": "founder"},
    "ck_company_business_number_has_ten": {"business_number": "123-45"},
    "ck_company_merge_joins_two": {"merged_id": 1},
    "ck_dismissed_double_in_one_order": {"first_id": 2, "second_id": 1},
    "ck_company_contact_language_known": {"language": "zh"},
    "ck_company_contact_removed_is_erased": {"removed_at": NOW},
    "ck_mail_opt_out_source_known": {"source": "hearsay"},
    "ck_mail_opt_out_address_is_hashed": {"lookup": b"a@example.com"},
    "ck_frozen_figure_can_be_verified": {"digest": "short"},
    "ck_release_audience_known": {"audience": "everyone"},
    "ck_release_can_be_verified": {"digest": "short"},
    "ck_released_value_is_a_range": {"low": 4},
    "ck_deidentified_file_can_be_followed": {"k": 0},
    "ck_consent_text_says_something": {"words": ""},
    "ck_consent_record_language_known": {"language": "zh"},
    "ck_consent_record_mode_known": {"mode": "fax"},
    "ck_invitation_token_channel_known": {"channel": "fax"},
    "ck_invitation_token_revoker_known": {"revoked_at": NOW, "revoked_by": "nobody"},
    "ck_invitation_token_revoked_has_revoker": {"revoked_at": NOW},
    "ck_invitation_token_token_is_hashed": {"token_hash": b"the token itself"},
    "ck_mailing_kind_known": {"kind": "advertisement"},
    "ck_mailing_state_known": {"state": "lost"},
    "ck_mailing_begun_has_time": {"state": "sending", "started_at": None},
    "ck_mailing_sent_has_time": {"finished_at": None},
    "ck_mail_message_kind_known": {"kind": "advertisement"},
    "ck_mail_message_language_known": {"language": "zh"},
    "ck_mail_message_state_known": {"state": "lost"},
    "ck_mail_message_sent_has_time": {"sent_at": None},
    "ck_mail_message_bounced_has_time": {"state": "bounced"},
    "ck_mail_message_deferred_has_time": {"state": "deferred"},
    "ck_mail_message_attempts_counted": {"attempts": -1},
    "ck_job_state_known": {"state": "lost"},
    "ck_job_ended_has_time": {"finished_at": NOW},
    "ck_job_running_has_life": {"state": "running", "started_at": NOW},
    "ck_job_counted": {"most_attempts": 0},
    "ck_confidential_compartment_known": {"compartment": "answers"},
    "ck_confidential_is_encrypted": {"ciphertext": b"a short text in clear"},
    "uq_round_survey_id_slug": {"round_id": 2},
    "uq_draft_survey_id_token_hash": {"draft_id": "d2", "submit_key": "key-2"},
    "uq_draft_survey_id_submit_key": {"draft_id": "d2", "token_hash": b"u" * 32},
    "uq_return_link_survey_id_token_hash": {"link_id": "p2"},
    "uq_response_survey_id_revision": {"number": 2, "submit_key": "key-2", "receipt": "2345-6789-ABCE"},
    "uq_response_survey_id_submit_key": {"number": 2, "revision": 2, "receipt": "2345-6789-ABCE"},
    "uq_response_survey_id_receipt": {"number": 2, "revision": 2, "submit_key": "key-2"},
    "uq_company_survey_id_business_number": {"company_id": 3},
    "uq_invitation_survey_id_round_id_company_id": {"invitation_id": "i2", "draft_id": None},
    "uq_invitation_survey_id_draft_id": {"invitation_id": "i2", "company_id": 2},
    "uq_mail_message_survey_id_mailing_id_contact_id": {"message_id": "e2"},
    "pk_survey": {},
    "pk_company_merge": {},
    "pk_dismissed_double": {},
    "pk_company_contact": {},
    "pk_mail_opt_out": {},
    "pk_frozen_figure": {},
    "pk_release": {},
    "pk_released_value": {},
    "pk_deidentified_file": {},
    "pk_deidentified_group": {},
    "pk_consent_text": {},
    "pk_consent_record": {},
    "pk_invitation": {"company_id": 2, "draft_id": None},
    "pk_invitation_token": {},
    "pk_mailing": {},
    "pk_mail_message": {"contact_id": None},
    "pk_job": {"once_key": None},
    "pk_questionnaire_version": {},
    "pk_round": {"slug": "2027"},
    "pk_company": {"business_number": None},
    "pk_draft": {"token_hash": b"u" * 32, "submit_key": "key-2"},
    "pk_return_link": {"token_hash": b"u" * 32},
    "pk_return_visit": {},
    "pk_figure_note": {},
    "pk_refusal": {},
    "pk_response": {"revision": 2, "submit_key": "key-2", "receipt": "2345-6789-ABCE"},
    "pk_confidential": {},
    "fk_questionnaire_version_survey_id_survey": {"survey_id": "unknown"},
    "fk_round_survey_id_questionnaire_version_questionnaire_version": {
        "round_id": 2,
        "slug": "2027",
        "questionnaire_version": "unknown",
    },
    "fk_company_survey_id_survey": {"survey_id": "unknown"},
    "fk_company_merge_survey_id_kept_id_company": {"kept_id": 9},
    "fk_company_merge_survey_id_merged_id_company": {"merged_id": 9},
    "fk_dismissed_double_survey_id_first_id_company": {"first_id": 0},
    "fk_dismissed_double_survey_id_second_id_company": {"second_id": 9},
    "fk_company_contact_survey_id_company_id_company": {"company_id": 9},
    "fk_mail_opt_out_survey_id_survey": {"survey_id": "unknown"},
    "fk_frozen_figure_survey_id_round_id_round": {"round_id": 9},
    "fk_release_survey_id_round_id_round": {"round_id": 9},
    "fk_released_value_survey_id_round_id_release_number_release": {"release_number": 9},
    "fk_deidentified_file_survey_id_round_id_round": {"round_id": 9},
    "fk_deidentified_group_file": {"file_number": 9},
    "fk_consent_text_survey_id_survey": {"survey_id": "unknown"},
    "fk_consent_record_survey_id_draft_id_draft": {"draft_id": "unknown"},
    "fk_consent_record_survey_id_text_digest_consent_text": {"text_digest": "2" * 64},
    "fk_invitation_survey_id_round_id_round": {"round_id": 9},
    "fk_invitation_survey_id_company_id_company": {"company_id": 9},
    "fk_invitation_survey_id_draft_id_draft": {"draft_id": "unknown"},
    "fk_mailing_survey_id_round_id_round": {"round_id": 9},
    "fk_invitation_token_survey_id_invitation_id_invitation": {"invitation_id": "unknown"},
    "fk_invitation_token_survey_id_contact_id_company_contact": {"contact_id": "unknown"},
    "fk_invitation_token_survey_id_mailing_id_mailing": {"mailing_id": "unknown"},
    "fk_mail_message_survey_id_round_id_round": {"round_id": 9},
    "fk_mail_message_survey_id_mailing_id_mailing": {"mailing_id": "unknown"},
    "fk_mail_message_survey_id_invitation_id_invitation": {"invitation_id": "unknown"},
    "fk_mail_message_survey_id_contact_id_company_contact": {"contact_id": "unknown"},
    "fk_confidential_survey_id_survey": {"survey_id": "unknown"},
    "fk_return_link_survey_id_draft_id_draft": {"draft_id": "unknown"},
    "fk_return_visit_survey_id_draft_id_draft": {"draft_id": "unknown"},
    "fk_figure_note_survey_id_round_id_round": {"round_id": 9},
    "fk_refusal_survey_id_round_id_round": {"refusal_id": "r2", "round_id": 9},
    "fk_draft_survey_id_round_id_round": {"round_id": 9},
    "fk_draft_survey_id_company_id_company": {"company_id": 9},
    "fk_draft_response": {"response_number": 9},
    "fk_response_survey_id_round_id_round": {"round_id": 9},
    "fk_response_survey_id_company_id_company": {"company_id": 9},
    "fk_response_questionnaire_version": {"questionnaire_version": "unknown"},
}
# Kept by a constraint on SQLite, by the column's type on PostgreSQL.
TRUTH_VALUES = {
    "ck_round_open_link_is_boolean": ("round", "open_link"),
    "ck_round_counts_companies_is_boolean": ("round", "counts_companies"),
    "ck_company_is_sample_is_boolean": ("company", "is_sample"),
}
# Constraints that only hold beside rows that stand already; the others are tried on a table that lacks its row.
BESIDE_OTHERS = (
    "uq_",
    "pk_",
    "fk_questionnaire_version",
    "fk_round",
    "fk_company_survey",
    "fk_confidential",
    "fk_refusal",
)


@pytest.mark.parametrize("name", REFUSED)
def test_the_database_refuses(database: Database, name: str) -> None:
    table = next(table for table in ROWS if any(name == constraint.name for constraint in TABLES[table].constraints))
    before = list(ROWS)[: list(ROWS).index(table)]
    with database.write() as connection:
        insert_rows(connection, *before)
        if name.startswith(BESIDE_OTHERS):
            insert_row(connection, table)
        with pytest.raises(IntegrityError) as refusal:
            insert_row(connection, table, **REFUSED[name])
    is_named = database.engine.dialect.name == "postgresql"
    assert (name if is_named else _name_refusal(name, table)) in str(refusal.value.orig)


@pytest.mark.parametrize(("table", "column"), TRUTH_VALUES.values())
def test_a_truth_value_is_true_or_false(database: Database, table: str, column: str) -> None:
    with database.write() as connection:
        insert_rows(connection, *list(ROWS)[: list(ROWS).index(table)])
        with pytest.raises((IntegrityError, ProgrammingError), match=r"is_boolean|is of type boolean"):
            insert_row(connection, table, **{column: literal_column("2")})


@pytest.mark.parametrize("table", ROWS)
def test_the_database_takes_the_good_row_of(database: Database, table: str) -> None:
    with database.write() as connection:
        insert_rows(connection, *list(ROWS)[: list(ROWS).index(table) + 1])


def test_the_database_takes_an_erased_withdrawal(database: Database) -> None:
    gone = {"state": "withdrawn", "withdrawn_at": LATER, "answers": {}, "texts": {}}
    with database.write() as connection:
        insert_rows(connection, "survey", "questionnaire_version", "round")
        insert_row(connection, "response", **gone)
        insert_row(connection, "draft", **gone, submitted_saves=None)


def test_two_jobs_of_one_key_wait_or_run_at_no_time(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "job", job_id="j0", state="done", finished_at=NOW)
        insert_row(connection, "job")
        refused = pytest.raises(IntegrityError, match=r"UNIQUE constraint failed: job.once_key|uq_job_once_key_pending")
        with refused, connection.begin_nested():
            insert_row(connection, "job", job_id="j2", state="running", started_at=NOW, beat_at=NOW)


def test_every_constraint_of_survey_data_is_tried() -> None:
    declared = {
        str(constraint.name)
        for table in TABLES.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint)
    }
    assert declared == {*REFUSED, *TRUTH_VALUES}


def test_accounts_are_held_to_their_rules(database: Database) -> None:
    user = {"email": "a@example.org", "active": True, "create_datetime": NOW, "update_datetime": NOW}
    with database.write() as connection:
        connection.execute(insert(role).values(name="viewer"))
        connection.execute(insert(user_account).values(fs_uniquifier="1", **user))
        connection.execute(insert(user_roles).values(user_id=1, role_id=1))
        for table, values, message in (
            (role, {"name": "viewer"}, "UNIQUE constraint failed: role.name|uq_role_name"),
            (
                user_account,
                {**user, "fs_uniquifier": "2"},
                "UNIQUE constraint failed: user_account.email|uq_user_account_email",
            ),
            (
                user_account,
                {**user, "email": "b@example.org", "fs_uniquifier": "1"},
                "UNIQUE constraint failed: user_account.fs_uniquifier|uq_user_account_fs_uniquifier",
            ),
            (
                user_account,
                {**user, "email": "b@example.org", "fs_uniquifier": "2", "active": literal_column("3")},
                "ck_user_account_active_is_boolean|is of type boolean",
            ),
            (user_roles, {"user_id": 1, "role_id": 9}, "FOREIGN KEY constraint failed|fk_user_roles_role_id_role"),
            (user_roles, {"user_id": 1, "role_id": 1}, "UNIQUE constraint failed: user_roles.user_id|pk_user_roles"),
            (audit_event, {"at": NOW, "actor": None, "action": "x", "details": {}}, "(?i)not.null"),
        ):
            refused = pytest.raises((IntegrityError, ProgrammingError), match=message)
            with refused, connection.begin_nested():
                connection.execute(insert(table).values(**values))


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(Exception, match="without a zone"), database.write() as connection:
        insert_row(connection, "survey", created_at=NOW.replace(tzinfo=None))


def test_times_come_back_in_utc(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey")
        stored = connection.execute(TABLES["survey"].select()).one().created_at
    assert stored == NOW and stored.utcoffset() == timedelta(0)


def test_every_constraint_and_index_has_a_name_that_postgresql_takes_whole() -> None:
    names = [constraint.name for table in metadata.tables.values() for constraint in table.constraints]
    names += [index.name for table in metadata.tables.values() for index in table.indexes]
    assert all(isinstance(name, str) and len(name) <= 63 for name in names)
    assert len(set(names)) == len(names)


def test_every_key_of_survey_data_begins_with_the_survey() -> None:
    of_installation = {"job"}
    for table in (table for name, table in TABLES.items() if name not in of_installation):
        for constraint in table.constraints:
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint | ForeignKeyConstraint):
                assert next(column.name for column in constraint.columns) == "survey_id", constraint.name
        for index in table.indexes:
            assert next(column.name for column in index.columns) == "survey_id", index.name


def _name_refusal(constraint: str, table: str) -> str:
    """What SQLite says: it names checks, the columns of a key, and of a reference nothing."""
    kind = constraint.partition("_")[0]
    if kind == "ck":
        return constraint
    if kind == "fk":
        return "FOREIGN KEY constraint failed"
    key = next(item for item in TABLES[table].constraints if item.name == constraint)
    assert isinstance(key, PrimaryKeyConstraint | UniqueConstraint)
    return "UNIQUE constraint failed: " + ", ".join(f"{table}.{column.name}" for column in key.columns)
