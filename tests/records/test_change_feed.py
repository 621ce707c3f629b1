from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, insert, select

from surveyapp.records.change_feed import (
    SurveyUnknown,
    find_latest_revision,
    stream_changes,
    take_place,
    take_revision,
)
from surveyapp.records.database import Database, DatabaseRefused, open_database
from surveyapp.records.tables import response, survey
from tests.records.databases import ROWS, SURVEY, insert_row, insert_rows

WRITERS, CHANGES = 4, 45


@pytest.fixture(autouse=True)
def _round(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey", revision=0, last_number=0)
        insert_rows(connection, "questionnaire_version", "round")


def test_revisions_and_numbers_count_up_each_for_its_survey(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "survey", survey_id="other", revision=0, last_number=0)
        first = take_place(connection, SURVEY, "2345-6789-ABCD")
        second = take_place(connection, SURVEY, "2345-6789-ABCE")
        assert (first.revision, first.number, second.revision, second.number) == (1, 1, 2, 2)
        assert take_revision(connection, SURVEY) == 3
        third = take_place(connection, "other", "2345-6789-ABCD")
        assert (third.revision, third.number) == (1, 1)
        assert find_latest_revision(connection, SURVEY) == 3
        assert find_latest_revision(connection, "unknown") == 0


def test_a_receipt_in_use_is_seen_within_its_survey(database: Database) -> None:
    with database.write() as connection:
        insert_row(connection, "response", receipt="2345-6789-ABCD")
        insert_row(connection, "survey", survey_id="other", revision=0, last_number=0)
        assert take_place(connection, SURVEY, "2345-6789-ABCD").receipt_is_taken
        assert not take_place(connection, SURVEY, "2345-6789-ABCE").receipt_is_taken
        assert not take_place(connection, "other", "2345-6789-ABCD").receipt_is_taken


def test_an_unknown_survey_has_no_counter(database: Database) -> None:
    for take in (lambda c: take_revision(c, "unknown"), lambda c: take_place(c, "unknown", "x")):
        with pytest.raises(SurveyUnknown), database.write() as connection:
            take(connection)


def test_what_is_rolled_back_gives_its_revision_back(database: Database) -> None:
    with pytest.raises(DatabaseRefused), database.write() as connection:
        insert_row(connection, "refusal", round_id=take_revision(connection, SURVEY) + 8)  # no such round
    with database.write() as connection:
        assert take_revision(connection, SURVEY) == 1


def test_changes_come_in_order_and_in_batches(database: Database) -> None:
    rows = [
        {
            **ROWS["response"],
            "number": number,
            "revision": 5001 - number,
            "submit_key": f"{number}",
            "receipt": f"{number}",
        }
        for number in range(1, 4501)
    ]
    with database.write() as connection:
        connection.execute(insert(response), rows)
    with database.read() as reader:
        batches = list(stream_changes(reader, SURVEY, 600, [response.c.revision, response.c.number]))
    revisions = [row.revision for batch in batches for row in batch]
    assert revisions == list(range(601, 5001))
    assert [len(batch) for batch in batches] == [2000, 2000, 400]


def test_the_feed_misses_nothing_and_doubles_nothing_while_four_writers_write(
    database: Database, migrated_url: str
) -> None:
    """Each writer has an engine of its own, as a process would; a reader follows the feed all the while."""
    everything = Feed(migrated_url)
    everything.run()
    assert everything.faults == []
    revisions = [revision for revision, _ in everything.followed]
    assert len(revisions) == len(set(revisions))
    with database.read() as reader:
        stored = {(row.revision, row.number) for row in reader.execute(select(response.c.revision, response.c.number))}
        counter = reader.execute(select(survey.c.revision, survey.c.last_number)).one()
    assert stored <= set(everything.followed)
    assert {number for _, number in everything.followed} == set(range(1, counter.last_number + 1))
    assert counter.revision == WRITERS * CHANGES
    assert len(stored) == counter.last_number == WRITERS * CHANGES * 2 // 3


class Feed:
    """Writers and one reader, each a thread with an engine of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.begun = threading.Barrier(WRITERS + 1)
        self.written = threading.Event()
        self.faults: list[BaseException] = []
        self.followed: list[tuple[int, int]] = []  # revision and number, in the order in which they were read

    def run(self) -> None:
        writers = [threading.Thread(target=self.guard, args=(self.write, str(name))) for name in range(WRITERS)]
        reader = threading.Thread(target=self.guard, args=(self.follow,))
        for thread in (*writers, reader):
            thread.start()
        for thread in writers:
            thread.join(60)
        self.written.set()
        reader.join(60)

    def guard(self, work: Callable[..., None], *arguments: str) -> None:
        door = open_database(self.url, wait_seconds=30)
        try:
            self.begun.wait(10)
            work(door, *arguments)
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            door.close()

    def write(self, door: Database, name: str) -> None:
        for change in range(CHANGES):
            with door.write() as connection:
                if change % 3 == 2:
                    edit_response(connection, f"{name}-{change - 1}")
                else:
                    add_response(connection, f"{name}-{change}")

    def follow(self, door: Database) -> None:
        seen = 0
        finished = False
        while not finished:
            finished = self.written.wait(0.005)  # and read once more after the last writer has ended
            with door.read() as reader:
                for batch in stream_changes(reader, SURVEY, seen, [response.c.revision, response.c.number]):
                    self.followed.extend((row.revision, row.number) for row in batch)
            seen = self.followed[-1][0] if self.followed else 0


def add_response(connection: Connection, key: str) -> None:
    place = take_place(connection, SURVEY, key)
    insert_row(connection, "response", number=place.number, revision=place.revision, submit_key=key, receipt=key)


def edit_response(connection: Connection, key: str) -> None:
    revision = take_revision(connection, SURVEY)
    one = response.c.survey_id == SURVEY, response.c.submit_key == key
    connection.execute(response.update().where(*one).values(revision=revision))
