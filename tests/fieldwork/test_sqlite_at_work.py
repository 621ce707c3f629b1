"""Answering on a file that has no room left, which only SQLite can be made to be without harm to others."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from sqlalchemy import event

from surveyapp.records.database import DatabaseFull, open_database
from tests.database_kinds import DatabaseKind
from tests.fieldwork.fieldwork_days import CONSENT, FieldworkDay
from tests.fieldwork.test_submitting import AREAS, CONTACT


@pytest.fixture
def database_kind() -> DatabaseKind:
    return "sqlite"


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


def _allow_no_more_pages(driver: sqlite3.Connection, entry: object) -> None:
    pages = driver.execute("PRAGMA page_count").fetchone()[0]
    driver.execute(f"PRAGMA max_page_count={pages}")


def _reopen(day: FieldworkDay, prepare: Callable[[sqlite3.Connection, object], None]) -> FieldworkDay:
    database = open_database(day.database_url)
    event.listen(database.engine, "connect", prepare)
    return FieldworkDay(database, day.vault, day.questionnaire, day.round)
