"""Four processes write at once, as four servers would, while a reader follows the feed: nothing is lost or doubled."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.fieldwork.directory.companies import add_company
from surveyapp.fieldwork.rounds import open_round, register_questionnaire
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.change_feed import stream_changes
from surveyapp.records.database import Database, open_database
from surveyapp.records.tables import audit_event, company, confidential, draft, response, round_table, survey
from tests.analysis.plain_counts import read_index
from tests.fieldwork.fieldwork_days import CLOSES, NOW, OPENS, TITLE, WORDS, FieldworkDay

PROCESSES, RETURNS = 4, 4
PATIENCE_S = 120


class Follower:
    """Reads the feed and keeps an index up to date while others write."""

    def __init__(self, url: str, questionnaire: Questionnaire) -> None:
        self.database = open_database(url, wait_seconds=PATIENCE_S)
        self.questionnaire = questionnaire
        self.index = AnswerIndex(questionnaire.form_id)
        self.followed: list[tuple[int, int, str]] = []  # revision, number, state, in the order in which they were read
        self.faults: list[BaseException] = []
        self.is_written = threading.Event()
        self.thread = threading.Thread(target=self.follow)

    def follow(self) -> None:
        try:
            finished = False
            while not finished:
                finished = self.is_written.wait(0.01)  # and once more after the last writer has ended
                self.read()
        except BaseException as fault:
            self.faults.append(fault)
        finally:
            self.database.close()

    def read(self) -> None:
        columns = [response.c.revision, response.c.number, response.c.state]
        seen = self.followed[-1][0] if self.followed else 0
        with self.database.read() as connection:
            for batch in stream_changes(connection, self.index.survey_id, seen, columns):
                self.followed.extend((row.revision, row.number, row.state) for row in batch)
            self.index = refresh_index(self.index, connection, lambda version: self.questionnaire)


def write_at_once(url: str) -> list[dict[str, Any]]:
    """What each process was told."""
    command = [sys.executable, "-m", "tests.fieldwork.writing_process", url]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = [
        subprocess.Popen([*command, f"process {place}", str(RETURNS)], text=True, **pipes) for place in range(PROCESSES)
    ]
    try:
        for process in processes:
            assert process.stdin and process.stdout and process.stderr
            assert process.stdout.readline() == "ready\n", process.stderr.read()
        for process in processes:
            assert process.stdin
            process.stdin.write("go\n")
            process.stdin.flush()
        told = [process.communicate(timeout=PATIENCE_S) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [errors for _, errors in told] == [""] * PROCESSES
    return [json.loads(output) for output, _ in told]


def test_nothing_is_lost_or_doubled_and_the_feed_is_complete(day: FieldworkDay) -> None:
    follower = Follower(day.database_url, day.questionnaire)
    follower.thread.start()
    try:
        told = write_at_once(day.database_url)
    finally:
        follower.is_written.set()
        follower.thread.join(PATIENCE_S)
    assert follower.faults == []

    # The return that everybody worked at is one return; every other one is its writer's own.
    assert len({tuple(each["shared"]) for each in told}) == 1
    written = [one for each in told for one in each["written"]]
    expected = PROCESSES * RETURNS + 1
    numbers = [one["number"] for one in written] + [told[0]["shared"][0]]
    assert sorted(numbers) == list(range(1, expected + 1))
    with day.database.read() as connection:
        rows = {row.number: row for row in connection.execute(select(response))}
        counter = connection.execute(select(survey.c.revision, survey.c.last_number)).one()
        drafts = connection.execute(select(draft.c.response_number, draft.c.state)).all()
        sealed = connection.scalar(select(func.count()).select_from(confidential))
        withdrawals = connection.scalar(
            select(func.count()).select_from(audit_event).where(audit_event.c.action == "return.withdrawn")
        )
        fresh = refresh_index(AnswerIndex(day.round.survey_id), connection, lambda version: day.questionnaire)
    assert set(rows) == set(numbers)
    assert sorted(number for number, _ in drafts) == sorted(numbers)
    for one in written:
        row = rows[one["number"]]
        assert row.receipt == one["receipt"]
        assert row.state == ("withdrawn" if one["state"] == "withdrawn" else "submitted")
        assert row.revision == one["revision"] or one["state"] == "withdrawn"
        assert (
            row.answers.get("company_size")
            == ("e1000p" if one["state"] == "edited" else rows[numbers[-1]].answers["company_size"])
            or one["state"] == "withdrawn"
        )
    gone = sum(one["state"] == "withdrawn" for one in written)
    assert withdrawals == gone > 0
    assert sealed == (expected - gone) * 4  # name and contact, of the draft and of the response

    # The feed: in order, each revision once, and the last word about every return.
    revisions = [revision for revision, _, _ in follower.followed]
    assert revisions == sorted(set(revisions))
    assert {number: (revision, state) for revision, number, state in follower.followed} == {
        row.number: (row.revision, row.state) for row in rows.values()
    }
    edits = sum(turn % 2 == 0 for turn in range(RETURNS)) * PROCESSES
    assert (counter.revision, counter.last_number) == (expected + edits + gone, expected)
    assert read_index(follower.index) == read_index(fresh)
    assert len(fresh.live) == expected - gone


def test_what_is_added_once_is_added_once_by_however_many(database: Database, questionnaire: Questionnaire) -> None:
    """Four that set the installation up at the same moment, each with a round and a company of its own."""
    together = threading.Barrier(PROCESSES)
    faults: list[BaseException] = []

    def guard(work: Callable[[int], None], place: int) -> None:
        try:
            together.wait(20)
            work(place)
        except BaseException as fault:
            faults.append(fault)

    def set_up(place: int) -> None:
        with database.write() as connection:
            register_questionnaire(connection, questionnaire, NOW)
        together.wait(20)
        with database.write() as connection:
            add_company(connection, questionnaire.form_id, name=TITLE, is_sample=False, now=NOW)
            open_round(
                connection,
                questionnaire,
                slug=f"round-{place}",
                kind="real",
                title=TITLE,
                operator_texts=dict.fromkeys(questionnaire.placeholders, WORDS),
                opens_at=OPENS,
                closes_at=CLOSES,
                open_link=True,
                counts_companies=False,
                now=NOW,
            )

    threads = [threading.Thread(target=guard, args=(set_up, place)) for place in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert faults == []
    with database.read() as connection:
        assert sorted(connection.scalars(select(round_table.c.round_id))) == [1, 2, 3, 4]
        assert sorted(connection.scalars(select(company.c.company_id))) == [1, 2, 3, 4]
