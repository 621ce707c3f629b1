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
from sqlalchemy.exc import IntegrityError

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
    "ck_round_open_link_is_boolean": {"open_link": literal_column("2")},
    "ck_round_counts_companies_is_boolean": {"counts_companies": literal_column("2")},
    "ck_company_is_sample_is_boolean": {"is_sample": literal_column("2")},
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
    "ck_response_submitted_after_start": {"submitted_at": EARLIER},
    "ck_response_edited_after_submitting": {"edited_at": EARLIER},
    "ck_response_counters_positive": {"number": 0},
    "ck_confidential_compartment_known": {"compartment": "answers"},
    "ck_confidential_is_encrypted": {"ciphertext": b"a short text in clear"},
    "uq_round_survey_id_slug": {"round_id": 2},
    "uq_draft_survey_id_token_hash": {"draft_id": "d2", "submit_key": "key-2"},
    "uq_draft_survey_id_submit_key": {"draft_id": "d2", "token_hash": b"u" * 32},
    "uq_response_survey_id_revision": {"number": 2, "submit_key": "key-2", "receipt": "2345-6789-ABCE"},
    "uq_response_survey_id_submit_key": {"number": 2, "revision": 2, "receipt": "2345-6789-ABCE"},
    "uq_response_survey_id_receipt": {"number": 2, "revision": 2, "submit_key": "key-2"},
    "pk_survey": {},
    "pk_questionnaire_version": {},
    "pk_round": {"slug": "2027"},
    "pk_company": {},
    "pk_draft": {"token_hash": b"u" * 32, "submit_key": "key-2"},
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
    "fk_confidential_survey_id_survey": {"survey_id": "unknown"},
    "fk_refusal_survey_id_round_id_round": {"refusal_id": "r2", "round_id": 9},
    "fk_draft_survey_id_round_id_round": {"round_id": 9},
    "fk_draft_survey_id_company_id_company": {"company_id": 9},
    "fk_draft_response": {"response_number": 9},
    "fk_response_survey_id_round_id_round": {"round_id": 9},
    "fk_response_survey_id_company_id_company": {"company_id": 9},
    "fk_response_questionnaire_version": {"questionnaire_version": "unknown"},
}
# Constraints that only hold beside rows that stand already; the others are tried on a table that lacks its row.
BESIDE_OTHERS = ("uq_", "pk_", "fk_questionnaire_version", "fk_round", "fk_company", "fk_confidential", "fk_refusal")


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
    assert _name_refusal(name, table) in str(refusal.value.orig)


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


def test_every_constraint_of_survey_data_is_tried() -> None:
    declared = {
        str(constraint.name)
        for table in TABLES.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint | UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint)
    }
    assert declared == set(REFUSED)


def test_accounts_are_held_to_their_rules(database: Database) -> None:
    user = {"email": "a@example.org", "active": True, "create_datetime": NOW, "update_datetime": NOW}
    with database.write() as connection:
        connection.execute(insert(role).values(id=1, name="viewer"))
        connection.execute(insert(user_account).values(id=1, fs_uniquifier="1", **user))
        connection.execute(insert(user_roles).values(user_id=1, role_id=1))
        for table, values, message in (
            (role, {"name": "viewer"}, "UNIQUE constraint failed: role.name"),
            (user_account, {**user, "fs_uniquifier": "2"}, "UNIQUE constraint failed: user_account.email"),
            (
                user_account,
                {**user, "email": "b@example.org", "fs_uniquifier": "1"},
                "UNIQUE constraint failed: user_account.fs_uniquifier",
            ),
            (
                user_account,
                {**user, "email": "b@example.org", "fs_uniquifier": "2", "active": literal_column("3")},
                "ck_user_account_active_is_boolean",
            ),
            (user_roles, {"user_id": 1, "role_id": 9}, "FOREIGN KEY constraint failed"),
            (user_roles, {"user_id": 1, "role_id": 1}, "UNIQUE constraint failed: user_roles.user_id"),
            (audit_event, {"at": NOW, "actor": None, "action": "x", "details": {}}, "NOT NULL"),
        ):
            with pytest.raises(IntegrityError, match=message):
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
    for table in TABLES.values():
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
