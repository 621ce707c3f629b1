from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from surveyapp.records.audit import COMMAND, RESPONDENT, AuditEvent, Detail, list_audit, write_audit
from surveyapp.records.database import Database, DatabaseRefused
from tests.records.databases import NOW, insert_row


def test_an_event_comes_back_as_it_was_written(database: Database) -> None:
    details: dict[str, Detail] = {"number": 7, "kind": "identified", "labels": True}
    with database.write() as connection:
        write_audit(
            connection,
            actor=RESPONDENT,
            action="response.withdrawn",
            at=NOW,
            survey_id="japan",
            round_id=3,
            details=details,
        )
    with database.read() as reader:
        assert list_audit(reader) == (AuditEvent(1, NOW, RESPONDENT, "response.withdrawn", "japan", 3, details),)


def test_the_newest_come_first_and_a_page_continues_the_last(database: Database) -> None:
    with database.write() as connection:
        for minute in range(5):
            write_audit(
                connection,
                actor=COMMAND,
                action="export" if minute % 2 else "view",
                at=NOW + timedelta(minutes=minute),
                survey_id="japan" if minute < 3 else None,
            )
    with database.read() as reader:
        first = list_audit(reader, limit=2)
        second = list_audit(reader, limit=2, before_id=first[-1].audit_id)
        assert [event.audit_id for event in (*first, *second)] == [5, 4, 3, 2]
        assert [event.audit_id for event in list_audit(reader, action="export")] == [4, 2]
        assert [event.audit_id for event in list_audit(reader, survey_id="japan")] == [3, 2, 1]
        assert first[0].details == {}


def test_the_trace_is_lost_with_the_deed(database: Database) -> None:
    with pytest.raises(DatabaseRefused), database.write() as connection:
        _write_and_fail(connection)
    with database.read() as reader:
        assert list_audit(reader) == ()


def _write_and_fail(connection: Connection) -> None:
    write_audit(connection, actor=COMMAND, action="export", at=NOW)
    insert_row(connection, "company")  # of a survey that is not there
