"""Several de-identified files of one round, held against a reader who has all of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from random import Random

import pytest
from pyroaring import BitMap
from sqlalchemy import func, select, update

from surveyapp.analysis import deidentification
from surveyapp.analysis.deidentification import QUASI_IDENTIFIERS, Deidentification
from surveyapp.analysis.file_memory import FileGround, FileOvertaken, preview_file, release_file
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import find_round, hold_round
from surveyapp.questionnaire.model import Stored
from surveyapp.records.deidentified_files import list_deidentified_files
from surveyapp.records.tables import deidentified_group, round_table
from tests.analysis.file_desk import BIO, Desk, K, find_betrayed, release_now, touch
from tests.analysis.returns import Field
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]


def live_through(desk: Desk, random: Random) -> list[Deidentification]:
    """A random history of five files: companies come in likenesses, edit, withdraw, and files leave in between."""
    sizes, types = ["e1_49", "e50_299", "e300_999"], ["pharma", "bio"]
    likenesses: list[dict[str, Stored]] = [
        {"company_size": size, "company_type": kind} for size, kind in product(sizes, types)
    ]
    weights = [random.random() ** 2 for _ in likenesses]
    decided, live = [], [desk.add(random.choices(likenesses, weights)[0]) for _ in range(random.randint(25, 45))]
    for _ in range(5):
        decided.append(desk.release())
        live += [desk.add(random.choices(likenesses, weights)[0]) for _ in range(random.choice([0, 1, 3, 12]))]
        for number in random.sample(live, random.choice([0, 0, 1, 6])):
            desk.edit(number, random.choices(likenesses, weights)[0] if random.random() < 0.5 else {})
        for number in random.sample(live, random.choice([0, 0, 1, 2])):
            desk.withdraw(number)
            live.remove(number)
        touch(desk, random.sample(live, random.choice([0, 0, 4])))
    return decided


@pytest.fixture
def desk(field: Field) -> Desk:
    return Desk(field)


@pytest.mark.parametrize("seed", range(12))
def test_no_reader_of_all_files_tells_a_company_from_k_others(desk: Desk, seed: int) -> None:
    decided = live_through(desk, Random(seed))
    assert len(desk.files[0]) > K and not find_betrayed(desk)
    assert [len(file) for file in desk.files] == [len(each.released) for each in decided]


def test_the_same_question_has_the_same_answer(desk: Desk) -> None:
    desk.fill(12)
    desk.fill(9, BIO)
    desk.fill(5, {"company_size": "e1_49"})
    first = desk.release()
    other = desk.field.add_round("another")
    desk.field.add(other)  # the revision of the survey rises
    again = desk.release()
    assert (again.levels, again.released, again.groups) == (first.levels, first.released, first.groups)
    assert again.is_again and not first.is_again
    assert desk.files[0] == desk.files[1] and desk.count_files() == 1


def test_a_preview_remembers_nothing(desk: Desk) -> None:
    desk.fill(12)
    assert desk.preview().released and desk.count_files() == 0
    desk.release()
    assert desk.preview().is_again


def test_what_is_remembered(desk: Desk) -> None:
    desk.fill(12)
    decided = desk.release()
    with desk.field.database.read() as connection:
        (kept,) = list_deidentified_files(connection, desk.field.survey_id, desk.round_id)
    assert (kept.number, kept.k, kept.actor, kept.released_at) == (1, K, "analyst@example.com", desk.field.clock)
    assert kept.levels == decided.levels and kept.revision == desk.field.index.revision
    assert [BitMap.deserialize(members) for members in kept.groups] == list(decided.groups)


@pytest.mark.parametrize("joining", [1, K - 1])
def test_fewer_than_k_that_join_wait(desk: Desk, joining: int) -> None:
    desk.fill(12)
    first = desk.release()
    desk.fill(joining)
    second = desk.release()
    assert second.released == first.released and not second.is_again
    assert (second.left_out, second.left_out_for_earlier) == (joining, joining)
    desk.fill(K - joining)
    third = desk.release()
    assert len(third.released) == 12 + K and third.left_out == 0
    assert not find_betrayed(desk)


def test_one_that_edits_takes_others_with_it(desk: Desk) -> None:
    numbers = desk.fill(20)
    desk.release()
    desk.edit(numbers[3])
    second = desk.release()
    assert numbers[3] not in second.released, "its new line would stand beside its old one"
    assert len(second.released) == 20 - K, "its old line would be the only one that vanished"
    assert not find_betrayed(desk)


def test_one_that_withdraws_takes_others_with_it(desk: Desk) -> None:
    numbers = desk.fill(20)
    desk.release()
    desk.withdraw(numbers[3])
    second = desk.release()
    assert (len(second.released), second.left_out, second.left_out_for_earlier) == (20 - K, K - 1, K - 1)
    assert not find_betrayed(desk)


def test_k_that_edit_go_on(desk: Desk) -> None:
    numbers = desk.fill(20)
    desk.release()
    for number in numbers[:K]:
        desk.edit(number)
    assert len(desk.release().released) == 20 and not find_betrayed(desk)


def test_where_one_of_few_is_gone_no_file_can_be_given_any_more(desk: Desk) -> None:
    numbers = desk.fill(2 * K - 1)
    desk.release()
    desk.withdraw(numbers[0])
    second = desk.preview()
    assert second.earlier and not second.released
    assert not desk.release().released and desk.count_files() == 1, "what is not given out is not remembered"
    desk.fill(K)
    assert len(desk.release().released) == K and not find_betrayed(desk)


def test_finer_here_and_coarser_there_does_not_cross(desk: Desk) -> None:
    """By size alone and by type alone each company is one of many, by both it may be the only one."""
    sizes, types = ("e1_49", "e300_999"), ("pharma", "device")
    likenesses = list(product(sizes, types))
    for count, (size, kind) in zip((9, 2, 2, 9), likenesses, strict=True):
        desk.fill(count, {"company_size": size, "company_type": kind})
    desk.release()
    for count, (size, kind) in zip((0, 6, 0, 0), likenesses, strict=True):
        desk.fill(count, {"company_size": size, "company_type": kind})
    desk.release()
    for count, (size, kind) in zip((0, 0, 6, 0), likenesses, strict=True):
        desk.fill(count, {"company_size": size, "company_type": kind})
    desk.release()
    assert all(desk.files) and not find_betrayed(desk)


def test_what_is_erased_beside_the_answers_is_no_edit(desk: Desk) -> None:
    numbers = desk.fill(12)
    desk.release()
    touch(desk, numbers[:3])
    assert desk.release().is_again


def test_a_second_return_of_a_company_does_not_stand_for_its_first(field: Field) -> None:
    desk = Desk(field, counts_companies=True)
    for company in range(12):
        desk.add(company_id=company + 1)
    first = desk.release()
    again = desk.add({"edu_topics": ["gmp"]}, company_id=1)
    assert again in field.refresh().of_round(desk.round_id), "it is the more complete one"
    second = desk.release()
    assert again not in second.released and len(second.released) == 12 - K
    assert second.left_out == second.left_out_for_earlier == K and first.left_out == 0


def test_two_files_at_the_same_moment_are_one(desk: Desk) -> None:
    desk.fill(12)
    desk.fill(9, BIO)
    desk.field.refresh()
    with ThreadPoolExecutor(4) as threads:
        decided = list(threads.map(lambda _: release_now(desk), range(4)))
    assert len({tuple(each.released) for each in decided}) == 1 and desk.count_files() == 1


def test_a_file_that_was_overtaken_by_a_newer_one_is_made_again(desk: Desk) -> None:
    numbers = desk.fill(20)
    index = desk.field.refresh()
    with desk.field.database.read() as connection:
        survey_round = find_round(connection, desk.field.survey_id, "2026")
        slow = FileGround(connection, survey_round, desk.field.questionnaire, index)
        assert preview_file(slow).released
        desk.edit(numbers[0])
        desk.release()
        with pytest.raises(FileOvertaken):
            release_file(desk.field.database, slow, actor="ana@example.com", now=desk.field.clock)
    assert desk.count_files() == 1


def test_a_purged_round_forgets_its_files(desk: Desk) -> None:
    desk.fill(12)
    desk.release()
    with desk.field.database.write() as connection:
        connection.execute(update(round_table).values(kind="trial"))
    purge_round(desk.field.database, desk.field.survey_id, "2026", now=desk.field.clock)
    assert desk.count_files() == 0
    with desk.field.database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(deidentified_group)) == 0


@pytest.mark.parametrize("described", [QUASI_IDENTIFIERS[1:], (*QUASI_IDENTIFIERS, ("export_experience",))])
def test_by_other_rules_of_the_program_it_is_another_file(
    desk: Desk, described: tuple[tuple[str, ...], ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.fill(12)
    desk.release()
    monkeypatch.setattr(deidentification, "QUASI_IDENTIFIERS", described)
    later = desk.preview()
    assert len(later.released) == 12 and not later.is_again


def test_another_question_that_is_never_written_makes_another_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fill(12)
    desk.release()
    monkeypatch.setattr(deidentification, "ALWAYS_SUPPRESSED", frozenset({"jp_year", "export_experience"}))
    later = desk.release()
    assert "export_experience" in later.suppressed and not later.is_again and desk.count_files() == 2


def test_how_many_answers_all_gave_does_not_tell_what_a_company_that_was_left_out_answered(desk: Desk) -> None:
    alike = {**BIO, "export_experience": "gt10"}
    desk.fill(10, {"export_experience": "gt10"})
    desk.fill(10, alike)
    first = desk.release()
    waiting = desk.add({**alike, "export_experience": "none"})
    second = desk.release()
    desk.edit(waiting, alike)
    third = desk.release()
    assert second.released == third.released == first.released and waiting not in second.released
    assert first.unanimous == second.unanimous == third.unanimous


def test_what_was_edited_before_a_file_and_touched_after_it_is_no_edit(desk: Desk) -> None:
    """A purge a year later touches every return; four that had been edited an hour before would hide a fifth."""
    numbers = desk.fill(20)
    for number in numbers[:4]:
        desk.edit(number)
    desk.field.clock += timedelta(hours=1)
    desk.release()
    touch(desk, numbers[:4])
    assert desk.preview().is_again
    desk.field.clock += timedelta(hours=1)
    desk.edit(numbers[4])
    second = desk.release()
    assert numbers[4] not in second.released and len(second.released) == 20 - K


@pytest.mark.parametrize("seconds", [0, 90])
def test_of_which_nobody_can_tell_whether_it_was_edited_stays_out(desk: Desk, seconds: int) -> None:
    """The file's time may be so much before that of an edit which is in it."""
    numbers = desk.fill(20)
    for number in numbers[:4]:
        desk.edit(number)
    desk.field.clock -= timedelta(seconds=seconds)
    desk.release()
    touch(desk, numbers[:4])
    desk.field.clock += timedelta(hours=1)
    desk.edit(numbers[4])
    second = desk.release()
    assert not second.is_again and not second.released & BitMap(numbers[:5])
    assert (len(second.released), second.left_out_for_earlier) == (20 - K, K)
    assert not find_betrayed(desk)


def test_the_same_file_again_says_the_same_of_itself(desk: Desk) -> None:
    numbers = desk.fill(22)
    desk.release()
    desk.withdraw(numbers[0])
    second, again = desk.release(), desk.release()
    assert (second.earlier.count, second.left_out_for_earlier) == (1, K - 1)
    assert again.again_of == desk.field.clock - timedelta(minutes=1)
    assert (again.earlier.count, again.earlier.last_at) == (1, second.earlier.last_at)
    assert (again.left_out, again.left_out_for_earlier) == (second.left_out, second.left_out_for_earlier)
    assert again.unanimous == second.unanimous


def test_whoever_comes_second_decides_while_nobody_has_to_wait(desk: Desk) -> None:
    desk.fill(20)
    desk.field.refresh()
    asked: list[int] = []

    class Ground(FileGround):
        @property
        def k(self) -> int:
            if not asked:
                asked.append(1)
                release_now(desk)  # somebody else is faster
            with desk.field.database.write() as connection:  # cannot begin while another holds the round
                hold_round(connection, self.survey_round)
            asked.append(2)
            return K

    with desk.field.database.read() as connection:
        survey_round = find_round(connection, desk.field.survey_id, "2026")
        ground = Ground(connection, survey_round, desk.field.questionnaire, desk.field.index)
        decided = release_file(desk.field.database, ground, actor="ana@example.com", now=desk.field.clock)
    assert decided.is_again and desk.count_files() == 1 and asked.count(2) > 2
