"""The steps of answering on the database: how many statements they take, and what happens when it fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, select, text

from surveyapp.fieldwork.answering import find_draft, save_page, submit
from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFault,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    open_database,
)
from surveyapp.records.migrations import revert
from tests.fieldwork.fieldwork_days import CONSENT, NOW, FieldworkDay
from tests.fieldwork.test_submitting import AREAS, CONTACT
from tests.records.databases import count_statements


def _count(day: FieldworkDay, work: Callable[[], object]) -> int:
    """Statements besides the lock that a write begins with, which SQLite does not need."""
    with count_statements(day.database) as seen:
        work()
    return sum("FOR NO KEY UPDATE" not in statement for statement in seen)


@pytest.mark.parametrize("others", [0, 15])
def test_each_step_takes_few_statements_however_many_returns_there_are(day: FieldworkDay, others: int) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    for _ in range(others):
        day.submit_new(AREAS)
    begun = day.start(complete)
    found = day.fill(begun, complete)
    profile = "sec_profile"
    assert _count(day, lambda: day.find()) == 1
    assert _count(day, lambda: day.save(found, profile, {"company_size": "e50_299"})) == 2
    assert _count(day, lambda: day.save(found, profile, {"company_size": "e50_299"})) == 2
    # And what was said about each consent before; its words, looked for and kept; the record.
    assert _count(day, lambda: day.save(found, "sec_consent", {"attribution_level": "named"})) == 5
    assert _count(day, lambda: day.save(found, profile, {"company_name": "한빛"})) == 3  # and an encrypted row
    assert _count(day, lambda: day.submit(found)) == 6  # draft; counter; two encrypted rows; response; draft
    assert _count(day, lambda: day.submit(found)) == 1
    day.save(found, profile, {"company_size": "e1000p"})
    assert _count(day, lambda: day.submit(found)) == 5  # draft; encrypted row; counter; response; draft
    # draft; encrypted rows; links to parts, their labels and visits; draft; counter; response; audit row; and that each
    # consent is taken back: what was said before, with its words, the words as they are, the records
    assert _count(day, lambda: day.withdraw(found)) == 14


def test_a_database_that_can_only_be_read_shows_returns_and_takes_none(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    read_only = FieldworkDay(_open_read_only(day), day.vault, day.questionnaire, day.round)
    assert read_only.find(day.tokens[-1]) == begun
    for work in (
        lambda: read_only.start(token="new"),
        lambda: read_only.save(begun, "sec_profile", {"company_type": "bio"}),
        lambda: read_only.submit(begun),
        lambda: read_only.withdraw(begun),
        lambda: read_only.refuse(),
    ):
        with pytest.raises(DatabaseReadOnly):
            work()
    read_only.database.close()
    assert day.find() == begun


def test_a_database_that_is_held_for_too_long_is_busy(day: FieldworkDay) -> None:
    begun = day.start()
    hasty = FieldworkDay(open_database(day.database_url, wait_seconds=0.1), day.vault, day.questionnaire, day.round)
    with day.database.write() as connection:
        connection.execute(text("UPDATE draft SET saves = saves"))
        with pytest.raises(DatabaseBusy):
            hasty.save(begun, "sec_profile", {"company_type": "bio"})
        assert hasty.find(day.tokens[-1]) == begun  # reading goes on
    hasty.save(begun, "sec_profile", {"company_type": "bio"})
    hasty.database.close()
    assert day.find().answers["company_type"] == "bio"


def test_tables_that_are_gone_are_said_to_be_so(day: FieldworkDay) -> None:
    begun = day.start()
    revert(day.database, "base")
    for work in (lambda: day.find(), lambda: day.start(token="new"), lambda: day.submit(begun), lambda: day.refuse()):
        with pytest.raises(DatabaseNotMigrated):
            work()


def test_a_fault_in_the_midst_of_submitting_leaves_everything_as_it_was(day: FieldworkDay) -> None:
    """Whichever statement fails: nothing half, and the next attempt succeeds with the first number."""
    complete = day.complete({**CONSENT, **AREAS, **CONTACT})
    begun = day.fill(day.start(complete), complete)
    statements = _count(day, lambda: _submit_and_turn_back(day, begun))
    before = day.find()
    for failing in range(1, statements + 1):
        with pytest.raises(DatabaseFault), FailAt(day.database, failing):
            day.submit(begun)
        assert day.find() == before
        assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 0, "confidential": 2}
    assert (day.submit(begun).number, day.load_response().revision) == (1, 1)


def test_a_journey_reads_the_same_in_one_transaction(day: FieldworkDay) -> None:
    """A page may be found, saved and submitted in the same transaction."""
    complete = day.complete({**CONSENT, **AREAS})
    day.fill(day.start(complete), complete)
    with day.database.write() as connection:
        found = find_draft(connection, day.vault, day.round.survey_id, day.tokens[-1])
        page = day.questionnaire.page_by_name["sec_profile"]
        answers = {"company_size": "e1000p"}
        saved = save_page(connection, day.vault, found, day.questionnaire, page, answers, language="en", now=NOW)
        submit(connection, day.vault, saved.draft, day.questionnaire, now=NOW)
    row = day.load_response()
    assert (row.answers["company_size"], row.language) == ("e1000p", "en")


def _open_read_only(day: FieldworkDay) -> Database:
    if day.database.engine.dialect.name == "sqlite":
        return open_database(f"sqlite:///file:{day.database.engine.url.database}?mode=ro&uri=true")
    options = {"options": "-c default_transaction_read_only=on"}
    return open_database(day.database.engine.url.update_query_dict(options).render_as_string(hide_password=False))


def _submit_and_turn_back(day: FieldworkDay, begun: Any) -> None:
    with suppress(TurnBack), day.database.write() as connection:
        submit(connection, day.vault, begun, day.questionnaire, now=NOW)
        raise TurnBack


class TurnBack(Exception):
    """Rolls a transaction back."""


class FailAt:
    """Make the n-th statement fail: as SQLite does when the disk does, and by cutting PostgreSQL's connection."""

    def __init__(self, database: Database, failing: int) -> None:
        self.engine, self.failing, self.count = database.engine, failing, 0

    def _note(self, connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        self.count += 1
        if self.count != self.failing:
            return
        if connection.dialect.name == "sqlite":
            raise sqlite3.OperationalError("disk I/O error")
        with self.engine.connect() as other:
            other.execute(select(func.pg_terminate_backend(cursor.connection.info.backend_pid, 5000)))

    def __enter__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._note)

    def __exit__(self, *fault: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)
