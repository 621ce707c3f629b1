"""One index a process and survey: up to date, shared by threads, cached in a file that is never trusted."""

from __future__ import annotations

import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, text, update

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.counts import count_question
from surveyapp.analysis.index_snapshot import load_snapshot, save_snapshot
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.open_indexes import forget_index, open_index, save_index
from surveyapp.records.tables import questionnaire_version, response, survey
from tests.analysis.plain_counts import read_index
from tests.analysis.returns import Field, tick
from tests.database_kinds import run_on_both
from tests.records.databases import count_statements

__all__ = ["run_on_both"]  # what reads the database itself; the rest of the analysis reads the index


@pytest.fixture
def opened(field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Field]:
    """A field with a few returns, whose snapshots are written from the first return on."""
    monkeypatch.setattr("surveyapp.analysis.open_indexes.SNAPSHOT_FROM", 1)
    round_id = field.add_round(counts_companies=True)
    for company_id in (1, 2, 2, 3):
        field.add(round_id, tick("gmp", rank_topics=["gmp", "rwd"], jp_year=2024, rd_clin="3"), company_id=company_id)
    yield field
    forget_index(field.database, field.survey_id)


def find_snapshot(folder: Path) -> Path:
    return next(folder.glob("*.index"))


def open_again(field: Field, folder: Path) -> AnswerIndex:
    """As a new process does."""
    forget_index(field.database, field.survey_id)
    return open_index(field.database, field.survey_id, snapshots=folder)


def test_is_up_to_date_at_every_call(opened: Field) -> None:
    first = open_index(opened.database, opened.survey_id)
    assert len(first.live) == 4
    assert open_index(opened.database, opened.survey_id) is first
    opened.add(1, tick("reg"), company_id=4)
    second = open_index(opened.database, opened.survey_id)
    assert (len(first.live), len(second.live)) == (4, 5)
    opened.withdraw(1)
    assert len(open_index(opened.database, opened.survey_id).live) == 4


def test_an_open_index_costs_two_statements(opened: Field) -> None:
    open_index(opened.database, opened.survey_id)
    with count_statements(opened.database) as statements:
        open_index(opened.database, opened.survey_id)
    assert len(statements) == 2


def test_a_survey_that_does_not_exist_is_empty(opened: Field, tmp_path: Path) -> None:
    assert not open_index(opened.database, "nowhere", snapshots=tmp_path).live


def test_threads_see_whole_pictures(opened: Field) -> None:
    question = opened.questionnaire.by_name["ch_areas"]
    wrong: list[object] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            index = open_index(opened.database, opened.survey_id)
            counts = count_question(index, question, build_mask(index, opened.questionnaire, 1))
            if not counts.base == counts.asked == counts.answered or counts.base != len(index.of_round(1)):
                wrong.append(counts)

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for company_id in range(10, 40):
        number = opened.add(1, tick("gmp"), company_id=company_id)
        opened.edit(number, tick("reg", "org"))
        if company_id % 3 == 0:
            opened.withdraw(number)
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(open_index(opened.database, opened.survey_id).of_round(1)) == 3 + 20


def test_the_snapshot_gives_the_same_index(opened: Field, tmp_path: Path) -> None:
    index = open_again(opened, tmp_path)
    path = find_snapshot(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with opened.database.read() as connection:
        loaded = load_snapshot(path, opened.survey_id, connection)
    assert loaded is not None
    assert read_index(loaded) == read_index(index)
    assert loaded.revision == index.revision
    assert (loaded.company_returns, loaded.numbers_of) == (index.company_returns, index.numbers_of)
    opened.edit(3, tick("reg"))
    opened.add(1, tick("org"), company_id=1)
    assert read_index(open_again(opened, tmp_path)) == read_index(opened.refresh())


def test_a_new_process_reads_only_what_is_new(opened: Field, tmp_path: Path) -> None:
    open_again(opened, tmp_path)
    with opened.database.write() as connection:  # not in the feed: who reads everything again would see it
        connection.execute(update(response).where(response.c.number == 1).values(answers={}))
    assert 1 in open_again(opened, tmp_path).chosen("ch_areas", "gmp")
    find_snapshot(tmp_path).unlink()
    assert 1 not in open_again(opened, tmp_path).chosen("ch_areas", "gmp")


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text", "version"])
def test_an_unreadable_snapshot_is_ignored(opened: Field, tmp_path: Path, damage: str) -> None:
    expected = read_index(open_again(opened, tmp_path))
    path = find_snapshot(tmp_path)
    content = path.read_bytes()
    damaged = {
        "cut": content[: len(content) // 2],
        "flip": content[:-20] + bytes([content[-20] ^ 1]) + content[-19:],
        "empty": b"",
        "text": b"no index\n{}",
        "version": content.replace(b"answer index 3", b"answer index 2", 1),
    }
    path.write_bytes(damaged[damage])
    with opened.database.read() as connection:
        assert load_snapshot(path, opened.survey_id, connection) is None
    assert read_index(open_again(opened, tmp_path)) == expected


def test_a_snapshot_of_another_survey_is_ignored(opened: Field, tmp_path: Path) -> None:
    open_again(opened, tmp_path)
    with opened.database.read() as connection:
        assert load_snapshot(find_snapshot(tmp_path), "elsewhere", connection) is None


@pytest.mark.parametrize("history", ["new database", "restored and gone on", "other questionnaire"])
def test_a_snapshot_of_another_history_is_ignored(opened: Field, tmp_path: Path, history: str) -> None:
    open_again(opened, tmp_path)
    with opened.database.write() as connection:
        if history == "new database":
            connection.execute(update(survey).values(created_at=opened.clock))
        elif history == "restored and gone on":
            connection.execute(update(response).where(response.c.number == 4).values(submit_key="another return"))
        else:
            connection.execute(update(questionnaire_version).values(digest="f" * 64))
    with opened.database.read() as connection:
        assert load_snapshot(find_snapshot(tmp_path), opened.survey_id, connection) is None


def test_a_snapshot_ahead_of_the_database_is_ignored(opened: Field, tmp_path: Path) -> None:
    open_again(opened, tmp_path)
    with opened.database.write() as connection:
        connection.execute(delete(response).where(response.c.number == 4))
        connection.execute(text("UPDATE survey SET revision = 3, last_number = 3"))
    assert set(open_again(opened, tmp_path).live) == {1, 2, 3}


def test_a_withdrawn_return_is_in_no_snapshot(opened: Field, tmp_path: Path) -> None:
    open_again(opened, tmp_path)
    opened.withdraw(1)
    open_index(opened.database, opened.survey_id, snapshots=tmp_path)
    with opened.database.read() as connection:
        loaded = load_snapshot(find_snapshot(tmp_path), opened.survey_id, connection)
    assert loaded is not None
    assert 1 not in loaded.live
    assert not any(1 in held.numbers for column in loaded.columns.values() for held in (column.asked, column.answered))


def test_small_surveys_keep_no_snapshot(field: Field, tmp_path: Path) -> None:
    field.add(field.add_round(), tick("gmp"))
    open_again(field, tmp_path)
    assert not list(tmp_path.glob("*.index"))
    forget_index(field.database, field.survey_id)


def test_a_folder_that_cannot_be_written_is_no_fault(
    opened: Field, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = open_again(opened, tmp_path / "missing")
    assert len(index.live) == 4
    assert "could not be kept" in caplog.text
    with opened.database.read() as connection:
        save_snapshot(tmp_path / "missing" / "x.index", index, connection)


def test_an_index_is_saved_when_asked_for_however_small(field: Field, tmp_path: Path) -> None:
    field.add_round(counts_companies=True)
    field.add(1, tick("gmp"), company_id=1)
    assert len(save_index(field.database, field.survey_id, snapshots=tmp_path).live) == 1
    path = find_snapshot(tmp_path)
    saved = path.stat().st_mtime_ns
    save_index(field.database, field.survey_id, snapshots=tmp_path)
    assert path.stat().st_mtime_ns == saved  # nothing has changed
    field.add(1, tick("reg"), company_id=2)
    save_index(field.database, field.survey_id, snapshots=tmp_path)
    with field.database.read() as connection:
        found = load_snapshot(path, field.survey_id, connection)
    assert found is not None and len(found.live) == 2
    forget_index(field.database, field.survey_id)


def test_a_return_withdrawn_while_its_index_is_saved_is_not_kept(
    field: Field, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    field.add_round(counts_companies=True)
    for company_id in (1, 2):
        field.add(1, tick("gmp"), company_id=company_id)
    save = save_snapshot

    def withdraw_meanwhile(path: Path, index: AnswerIndex, connection: Connection) -> None:
        field.withdraw(1)
        save(path, index, connection)

    monkeypatch.setattr("surveyapp.analysis.open_indexes.save_snapshot", withdraw_meanwhile)
    index = save_index(field.database, field.survey_id, snapshots=tmp_path)
    assert len(index.live) == 1
    assert not list(tmp_path.glob("*.index"))
    forget_index(field.database, field.survey_id)
