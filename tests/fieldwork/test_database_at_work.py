"""The steps of answering on the database: how many statements they take, and what happens when it fails."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Connection, event, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql.ddl import DDLElement

from surveyapp.fieldwork.answering import find_draft, save_page, submit
from surveyapp.records.database import (
    Database,
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
    open_database,
)
from surveyapp.records.migrations import revert
from tests.fieldwork.fieldwork_days import CONSENT, NOW, FieldworkDay, make_fieldwork_day
from tests.fieldwork.test_submitting import AREAS, CONTACT
from tests.records.databases import count_statements


def _count(day: FieldworkDay, work: Callable[[], object]) -> int:
    with count_statements(day.database) as seen:
        work()
    return len(seen)


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
    assert _count(day, lambda: day.save(found, "sec_consent", {"attribution_level": "named"})) == 2
    assert _count(day, lambda: day.save(found, profile, {"company_name": "한빛"})) == 3  # and an encrypted row
    assert _count(day, lambda: day.submit(found)) == 6  # draft; counter; two encrypted rows; response; draft
    assert _count(day, lambda: day.submit(found)) == 1
    day.save(found, profile, {"company_size": "e1000p"})
    assert _count(day, lambda: day.submit(found)) == 5  # draft; encrypted row; counter; response; draft
    assert _count(day, lambda: day.withdraw(found)) == 6  # draft; encrypted rows; draft; counter; response; audit row


def test_a_full_database_keeps_no_half_of_a_submission(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS, **CONTACT, "ft_case": "긴 사례 " * 300})
    begun = day.fill(day.start(complete), complete)
    day.checkpoint()
    full = _reopen(day, _allow_no_more_pages)
    with pytest.raises(DatabaseFull):
        full.submit(begun)
    with pytest.raises(DatabaseFull):
        full.save(begun, day.questionnaire.page_of["ft_ask_ministry"].name, {"ft_ask_ministry": "긴 요청 " * 2000})
    assert full.find(day.tokens[-1]) == begun == day.find()
    assert day.count_rows() == {"draft": 1, "response": 0, "refusal": 0, "confidential": 2}
    full.database.close()
    assert day.submit(begun).number == 1  # there is room again, and no number was lost


def test_a_database_that_can_only_be_read_shows_returns_and_takes_none(day: FieldworkDay) -> None:
    complete = day.complete({**CONSENT, **AREAS})
    begun = day.fill(day.start(complete), complete)
    read_only = FieldworkDay(
        open_database(f"sqlite:///file:{day.database_path}?mode=ro&uri=true"), day.vault, day.questionnaire, day.round
    )
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
    hasty = FieldworkDay(
        open_database(str(day.database.engine.url), wait_seconds=0.1), day.vault, day.questionnaire, day.round
    )
    with day.database.write() as connection:
        connection.execute(text("UPDATE survey SET revision = revision"))
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


def test_every_statement_of_the_way_can_be_said_to_postgresql(
    database: Database, vault: Any, questionnaire: Any
) -> None:
    seen: list[ClauseElement] = []

    def note(connection: Connection, statement: object, *rest: Any) -> None:
        if isinstance(statement, ClauseElement) and not isinstance(statement, DDLElement):
            seen.append(statement)

    event.listen(database.engine, "before_execute", note)
    day = make_fieldwork_day(database, vault, questionnaire)
    found, _ = day.submit_new({**AREAS, **CONTACT})
    day.save(found, "sec_consent", {"attribution_level": "anonymous"})
    day.submit(found)
    day.withdraw(found)
    day.refuse()
    assert len(seen) > 50
    for statement in seen:
        assert str(statement.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


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


def _submit_and_turn_back(day: FieldworkDay, begun: Any) -> None:
    with day.database.read() as connection:  # which is rolled back at its end
        submit(connection, day.vault, begun, day.questionnaire, now=NOW)


class FailAt:
    """Make the n-th statement fail as SQLite itself does when the disk does."""

    def __init__(self, database: Database, failing: int) -> None:
        self.engine, self.failing, self.count = database.engine, failing, 0

    def _note(self, connection: Connection, cursor: Any, statement: str, parameters: Any, *rest: Any) -> None:
        self.count += 1
        if self.count == self.failing:
            raise sqlite3.OperationalError("disk I/O error")

    def __enter__(self) -> None:
        event.listen(self.engine, "before_cursor_execute", self._note)

    def __exit__(self, *fault: object) -> None:
        event.remove(self.engine, "before_cursor_execute", self._note)


def _allow_no_more_pages(driver: sqlite3.Connection, entry: object) -> None:
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count={pages}")


def _reopen(day: FieldworkDay, prepare: Callable[[sqlite3.Connection, object], None]) -> FieldworkDay:
    database = open_database(str(day.database.engine.url))
    event.listen(database.engine, "connect", prepare)
    return FieldworkDay(database, day.vault, day.questionnaire, day.round)
