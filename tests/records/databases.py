"""Good rows of every table, and what reaches the driver."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, event, insert, select

from surveyapp.records.database import Database
from surveyapp.records.tables import (
    company,
    company_contact,
    company_merge,
    confidential,
    consent_record,
    consent_text,
    deidentified_file,
    deidentified_group,
    dismissed_double,
    draft,
    figure_note,
    frozen_figure,
    invitation,
    invitation_token,
    job,
    mail_message,
    mail_opt_out,
    mailing,
    metadata,
    questionnaire_version,
    refusal,
    release,
    released_value,
    response,
    return_link,
    return_visit,
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
        "thresholds": {},
        "retention": {},
        "scheduled_at": NOW,
        "created_at": NOW,
    },
    "company": {
        "survey_id": SURVEY,
        "company_id": 1,
        "name": {"ko": "가", "en": "a", "ja": "あ"},
        "business_number": "1234567891",
        "size": "e50_299",
        "main_business": "bio",
        "membership": "member",
        "search_words": "가 a あ",
        "is_sample": False,
        "created_at": NOW,
        "changed_at": NOW,
    },
    "company_merge": {
        "survey_id": SURVEY,
        "merge_id": "g1",
        "kept_id": 1,
        "merged_id": 2,
        "moved": {},
        "actor": "manager@example.com",
        "merged_at": NOW,
        "undone_at": None,
    },
    "dismissed_double": {
        "survey_id": SURVEY,
        "first_id": 1,
        "second_id": 2,
        "actor": "manager@example.com",
        "dismissed_at": NOW,
    },
    "company_contact": {
        "survey_id": SURVEY,
        "contact_id": "k1",
        "company_id": 1,
        "sealed_link": "c2",
        "language": "ko",
        "created_at": NOW,
        "changed_at": NOW,
        "removed_at": None,
    },
    "mail_opt_out": {"survey_id": SURVEY, "lookup": b"o" * 32, "source": "link", "opted_out_at": NOW},
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
        "mode": "web",
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
        "mode": "web",
        "language": "ko",
        "answers": {},
        "texts": {},
        "identity_link": None,
        "contact_link": None,
        "submit_key": "key-1",
        "response_number": 1,
        "saves": 3,
        "submitted_saves": 3,
        "started_at": NOW,
        "saved_at": NOW,
        "withdrawn_at": None,
    },
    "refusal": {"survey_id": SURVEY, "refusal_id": "r1", "round_id": 1, "language": "ko", "refused_at": NOW},
    "return_link": {
        "survey_id": SURVEY,
        "link_id": "p1",
        "draft_id": "d1",
        "token_hash": b"p" * 32,
        "kind": "part",
        "sections": ["sec_profile"],
        "label_link": None,
        "created_at": NOW,
        "ended_at": None,
    },
    "return_visit": {"survey_id": SURVEY, "draft_id": "d1", "link_id": "", "page": "sec_profile", "seen_at": NOW},
    "figure_note": {
        "survey_id": SURVEY,
        "note_id": "n1",
        "round_id": 1,
        "figure": "ranking",
        "words": "두 기업은 합병하였습니다.",
        "author": "analyst@example.com",
        "written_at": NOW,
        "removed_at": None,
    },
    "frozen_figure": {
        "survey_id": SURVEY,
        "round_id": 1,
        "name": "peer_band",
        "content": {},
        "digest": "0" * 64,
        "revision": 1,
        "made_at": NOW,
    },
    "release": {
        "survey_id": SURVEY,
        "round_id": 1,
        "release_number": 1,
        "audience": "ministry",
        "definition": "issues",
        "policy": {"group_base": 5},
        "content": {},
        "digest": "2" * 64,
        "source_digest": "3" * 64,
        "revision": 1,
        "released_at": NOW,
        "actor": "analyst@example.com",
        "changed_returns": b"c" * 16,
    },
    "released_value": {
        "survey_id": SURVEY,
        "round_id": 1,
        "release_number": 1,
        "position": 0,
        "answers": ["ch_areas=gmp"],
        "members": b"m" * 16,
        "low": 3,
        "high": 3,
        "width": 0,
    },
    "deidentified_file": {
        "survey_id": SURVEY,
        "round_id": 1,
        "file_number": 1,
        "k": 5,
        "levels": {"company_size": 1},
        "source_digest": "1" * 64,
        "revision": 1,
        "released_at": NOW,
        "actor": "analyst@example.com",
    },
    "deidentified_group": {
        "survey_id": SURVEY,
        "round_id": 1,
        "file_number": 1,
        "position": 0,
        "members": b"m",
    },
    "consent_text": {"survey_id": SURVEY, "digest": "1" * 64, "words": "동의합니다."},
    "consent_record": {
        "survey_id": SURVEY,
        "consent_id": "s1",
        "draft_id": "d1",
        "question": "consent_participate",
        "choice": "agree",
        "text_digest": "1" * 64,
        "questionnaire_version": "1",
        "language": "ko",
        "mode": "web",
        "said_at": NOW,
    },
    "invitation": {
        "survey_id": SURVEY,
        "invitation_id": "i1",
        "round_id": 1,
        "company_id": 1,
        "draft_id": "d1",
        "created_at": NOW,
        "opened_at": None,
        "refused_at": None,
        "revoked_at": None,
    },
    "mailing": {
        "survey_id": SURVEY,
        "mailing_id": "m1",
        "round_id": 1,
        "kind": "invitation",
        "state": "sent",
        "templates": {},
        "selection": {},
        "actor": "manager@example.com",
        "job_id": None,
        "problem": None,
        "created_at": NOW,
        "started_at": NOW,
        "finished_at": NOW,
    },
    "invitation_token": {
        "survey_id": SURVEY,
        "token_hash": b"i" * 32,
        "invitation_id": "i1",
        "contact_id": "k1",
        "mailing_id": "m1",
        "channel": "mail",
        "issued_at": NOW,
        "opened_at": None,
        "revoked_at": None,
        "revoked_by": None,
    },
    "mail_message": {
        "survey_id": SURVEY,
        "message_id": "e1",
        "round_id": 1,
        "kind": "invitation",
        "mailing_id": "m1",
        "invitation_id": "i1",
        "contact_id": "k1",
        "address_link": None,
        "language": "ko",
        "state": "sent",
        "attempts": 1,
        "next_attempt_at": None,
        "reply_code": 250,
        "reply_status": "2.0.0",
        "reason": None,
        "queued_at": NOW,
        "sent_at": NOW,
        "bounced_at": None,
    },
    "job": {
        "job_id": "j1",
        "kind": "mail.send",
        "survey_id": SURVEY,
        "arguments": {},
        "state": "queued",
        "once_key": "mail.send:m1",
        "actor": "manager@example.com",
        "created_at": NOW,
        "run_after": NOW,
        "started_at": None,
        "beat_at": None,
        "finished_at": None,
        "cancel_asked_at": None,
        "worker": None,
        "attempts": 0,
        "most_attempts": 3,
        "progress": 0,
        "progress_of": None,
        "result": {},
        "problem": None,
    },
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
    for table in (
        survey,
        questionnaire_version,
        round_table,
        company,
        company_merge,
        dismissed_double,
        company_contact,
        mail_opt_out,
        response,
        draft,
        refusal,
        return_link,
        return_visit,
        figure_note,
        frozen_figure,
        release,
        released_value,
        deidentified_file,
        deidentified_group,
        consent_text,
        consent_record,
        invitation,
        mailing,
        invitation_token,
        mail_message,
        job,
        confidential,
    )
}


def insert_row(connection: Connection, table: str, **changes: Any) -> None:
    """Insert the good row of `table` with some of its values changed."""
    connection.execute(insert(TABLES[table]).values({**ROWS[table], **changes}))


def insert_rows(connection: Connection, *tables: str) -> None:
    for table in tables:
        insert_row(connection, table)
        if table == "company":  # two, so that they can be merged
            insert_row(connection, table, company_id=2, business_number=None)


def read_rows(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    with database.read() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]
            for table in metadata.sorted_tables
        }


def is_empty(database: Database) -> bool:
    return not any(read_rows(database).values())
