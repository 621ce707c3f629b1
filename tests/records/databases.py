"""Good rows of every table, and what reaches the driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event, insert

from surveyapp.records.database import Database
from surveyapp.records.tables import (
    company,
    confidential,
    draft,
    questionnaire_version,
    refusal,
    response,
    round_table,
    survey,
)

SURVEY = "japan"
NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


@contextmanager
def count_statements(database: Database) -> Iterator[list[str]]:
    """The statements that reach the driver through the engine while the block runs."""
    seen: list[str] = []

    def note(connection: Connection, cursor: Any, statement: str, *rest: Any) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


# One good row of every table of survey data, in an order in which each finds what it refers to.
ROWS: Mapping[str, Mapping[str, Any]] = {
    "survey": {"survey_id": SURVEY, "revision": 1, "last_number": 1, "created_at": NOW},
    "questionnaire_version": {
        "survey_id": SURVEY,
        "version": "1",
        "source": "settings: {}",
        "digest": "0" * 64,
        "created_at": NOW,
    },
    "round": {
        "survey_id": SURVEY,
        "round_id": 1,
        "slug": "2026",
        "kind": "real",
        "questionnaire_version": "1",
        "title": {"ko": "가", "en": "a", "ja": "あ"},
        "operator_texts": {},
        "opens_at": NOW,
        "closes_at": NOW + timedelta(days=30),
        "open_link": True,
        "counts_companies": False,
        "created_at": NOW,
    },
    "company": {
        "survey_id": SURVEY,
        "company_id": 1,
        "name": {"ko": "가", "en": "a", "ja": "あ"},
        "is_sample": False,
        "created_at": NOW,
    },
    "response": {
        "survey_id": SURVEY,
        "number": 1,
        "revision": 1,
        "state": "submitted",
        "round_id": 1,
        "questionnaire_version": "1",
        "company_id": None,
        "submit_key": "key-1",
        "receipt": "2345-6789-ABCD",
        "language": "ko",
        "answers": {"company_type": "pharma"},
        "texts": {"ft_case": "사례"},
        "identity_link": None,
        "contact_link": None,
        "started_at": NOW,
        "submitted_at": NOW,
        "edited_at": None,
        "withdrawn_at": None,
    },
    "draft": {
        "survey_id": SURVEY,
        "draft_id": "d1",
        "token_hash": b"t" * 32,
        "round_id": 1,
        "company_id": None,
        "state": "submitted",
        "language": "ko",
        "answers": {},
        "texts": {},
        "identity_link": None,
        "contact_link": None,
        "submit_key": "key-1",
        "response_number": 1,
        "saves": 3,
        "page_saves": {},
        "submitted_saves": 3,
        "started_at": NOW,
        "saved_at": NOW,
        "withdrawn_at": None,
    },
    "refusal": {"survey_id": SURVEY, "refusal_id": "r1", "round_id": 1, "language": "ko", "refused_at": NOW},
    "confidential": {
        "survey_id": SURVEY,
        "link": "c1",
        "compartment": "identity",
        "ciphertext": b"c" * 40,
        "lookup": b"l" * 32,
        "saved_at": NOW,
    },
}
TABLES = {
    table.name: table
    for table in (survey, questionnaire_version, round_table, company, response, draft, refusal, confidential)
}


def insert_row(connection: Connection, table: str, **changes: Any) -> None:
    """Insert the good row of `table` with some of its values changed."""
    connection.execute(insert(TABLES[table]).values({**ROWS[table], **changes}))


def insert_rows(connection: Connection, *tables: str) -> None:
    for table in tables:
        insert_row(connection, table)
