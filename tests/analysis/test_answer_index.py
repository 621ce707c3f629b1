"""The index says what a plain count over the same responses says, whatever happened to them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction
from random import Random

import pytest
from sqlalchemy import delete, insert, select, text, update

from surveyapp.analysis.answer_index import SINGLE_LEAF, AnswerIndex
from surveyapp.analysis.index_refresh import refresh_index
from surveyapp.fieldwork.answering import find_draft, make_token, save_page, start_return, submit, withdraw
from surveyapp.fieldwork.modes import MODES
from surveyapp.fieldwork.rounds import find_round_by_id
from surveyapp.questionnaire.model import Answers, Questionnaire, Stored
from surveyapp.questionnaire.paths import check_all, evaluate
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import company, response, round_table
from tests.analysis.plain_counts import count_plainly, read_index
from tests.analysis.returns import NOW, PLAIN, Field, draw_answer, draw_answers, tick
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]  # what reads the database itself; the rest of the analysis reads the index


@pytest.mark.parametrize("seed", range(3))
def test_agrees_with_a_plain_count_after_random_changes(field: Field, seed: int) -> None:
    random = Random(seed)
    rounds = [field.add_round("open"), field.add_round("invited", counts_companies=True)]
    numbers: list[int] = []
    older: list[tuple[AnswerIndex, object]] = []
    for _ in range(6):
        for _ in range(random.randint(5, 25)):
            change_something(field, rounds, numbers, random)
        index = field.refresh()
        seen = read_index(index)
        assert seen == count_plainly(field.database, field.questionnaire)
        older.append((index, seen))
    for old, what_it_said in older:
        assert read_index(old) == what_it_said  # what was handed out did not change


def change_something(field: Field, rounds: list[int], numbers: list[int], random: Random) -> None:
    drawn = draw_answers(field.questionnaire, random, blank=random.choice([0.05, 0.4]))
    kind = random.random()
    if kind < 0.6 or not numbers:
        round_id = random.choice(rounds)
        # Few companies, so that some return twice; in the open round some come from nobody known.
        known = round_id == rounds[1] or random.random() < 0.3
        company_id = random.randint(1, 6) if known else None
        numbers.append(field.add(round_id, drawn, company_id=company_id, mode=random.choice(MODES)))
    elif kind < 0.85:
        field.edit(random.choice(numbers), drawn)
    else:
        number = numbers.pop(random.randrange(len(numbers)))
        field.withdraw(number)


def test_agrees_with_a_plain_count_of_what_fieldwork_stores(field: Field, vault: Vault) -> None:
    random = Random(7)
    round_id = field.add_round(counts_companies=True)
    with field.database.write() as connection:
        for company_id in range(1, 4):
            connection.execute(
                insert(company).values(
                    survey_id=field.survey_id,
                    company_id=company_id,
                    name={},
                    membership="unknown",
                    search_words="",
                    is_sample=False,
                    created_at=NOW,
                    changed_at=NOW,
                )
            )
    tokens = []
    for turn in range(8):
        tokens.append(make_token())
        answer_whole_return(field, vault, round_id, tokens[-1], random, company_id=turn % 3 + 1)
        if turn == 5:
            answer_whole_return(field, vault, round_id, tokens[0], random, company_id=None)
            take_back(field, vault, tokens[2])
        assert read_index(field.refresh()) == count_plainly(field.database, field.questionnaire)
    assert len(field.index.live) == 7


def answer_whole_return(
    field: Field, vault: Vault, round_id: int, token: str, random: Random, *, company_id: int | None
) -> None:
    """Begin a return or take it up again, save every page and submit."""
    questionnaire, answers = field.questionnaire, draw_valid_answers(field.questionnaire, random)
    moment = field.clock + timedelta(minutes=random.randint(1, 30))
    with field.database.write() as connection:
        round_ = find_round_by_id(connection, field.survey_id, round_id)
        draft = start_return(
            connection,
            vault,
            round_,
            questionnaire,
            token=token,
            answers={name: answers.get(name) for name in ("consent_participate", "consent_quote", "attribution_level")},
            language="ko",
            now=moment,
            company_id=company_id,
        )
        for page in questionnaire.pages[1:]:
            posted = {question.name: answers.get(question.name) for question in page.questions}
            saved = save_page(connection, vault, draft, questionnaire, page, posted, language="ko", now=moment)
            draft = saved.draft
        submit(connection, vault, draft, questionnaire, now=moment)


def take_back(field: Field, vault: Vault, token: str) -> None:
    with field.database.write() as connection:
        withdraw(connection, find_draft(connection, vault, field.survey_id, token), now=field.clock)


def draw_valid_answers(questionnaire: Questionnaire, random: Random) -> Answers:
    """Random answers that can be submitted: wrong ones are drawn again until none is left."""
    answers: dict[str, Stored] = {**PLAIN, **draw_answers(questionnaire, random), "followup": "no"}
    answers["attribution_level"] = "aggregate"
    for _ in range(1000):
        standing = evaluate(questionnaire, answers)
        faults = check_all(standing)
        if not faults:
            return {question.name: found for question in standing.asked if (found := standing.answer(question.name))}
        name = next(iter(faults))
        question = questionnaire.by_name[name]
        offered = [choice.name for choice in standing.offered(question)]
        answers[name] = random.choice(offered) if question.kind == "select_one" else draw_answer(question, random)
        if question.kind == "select_multiple":
            answers[name] = random.sample(offered, random.randint(1, min(3, len(offered))))
        if name == "jp_year":
            answers[name] = 2024
    raise AssertionError("no valid answers were drawn")


def test_an_edit_leaves_nothing_of_the_answers_before(field: Field) -> None:
    round_id = field.add_round()
    number = field.add(round_id, tick("gmp", "reg", ch_gmp_delay=6, rank_topics=["gmp", "rwd"], ft_case="사례"))
    index = field.refresh()
    assert number in index.values("ch_gmp_delay")[6]
    assert number in index.ranked("rank_topics", "rwd", 2)
    assert number in index.answered("ft_case")
    assert not index.answered(SINGLE_LEAF)
    field.edit(number, tick("reg"))
    index = field.refresh()
    assert number in index.chosen("ch_areas", "reg")
    assert number in index.answered(SINGLE_LEAF)
    for gone in (
        index.chosen("ch_areas", "gmp"),
        index.asked("ch_gmp_sev"),
        index.chosen("ch_gmp_sev", "3"),
        index.values("ch_gmp_delay")[6],
        index.ranked("rank_topics", "rwd", 2),
        index.answered("ft_case"),
    ):
        assert number not in gone


def test_reading_a_change_twice_does_no_harm(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp"), tick("reg")])
    index = field.refresh()
    again = index.copy()
    again.revision = 0
    with field.database.read() as connection:
        again = refresh_index(again, connection, lambda version: field.questionnaire)
    assert read_index(again) == read_index(index)


def test_nothing_new_gives_the_same_index(field: Field) -> None:
    field.add(field.add_round())
    assert field.refresh() is field.refresh()


def test_a_survey_without_returns_or_unknown_is_empty(field: Field) -> None:
    round_id = field.add_round()
    index = field.refresh()
    assert not index.live
    assert not index.of_round(round_id)
    assert not index.chosen("ch_areas", "gmp")
    assert not index.values("jp_year")
    with field.database.read() as connection:
        unknown = refresh_index(AnswerIndex("nowhere"), connection, lambda version: field.questionnaire)
    assert not unknown.live


def test_a_company_counts_once_by_its_most_complete_return(field: Field) -> None:
    round_id = field.add_round(counts_companies=True)
    fuller: Mapping[str, Stored] = {**tick("gmp"), "edu_topics": ["gmp"], "ft_case": "사례"}
    first = field.add(round_id, fuller, company_id=1)
    second = field.add(round_id, tick("reg"), company_id=1)
    other = field.add(round_id, tick("reg"), company_id=2)
    assert set(field.refresh().of_round(round_id)) == {first, other}
    assert field.index.match_companies(field.index.of_round(round_id)) == {1: first, 2: other}
    field.edit(first, tick("gmp"))  # as complete as the second now: the later one counts
    assert set(field.refresh().of_round(round_id)) == {second, other}
    field.withdraw(second)
    assert set(field.refresh().of_round(round_id)) == {first, other}


def test_an_open_round_counts_returns(field: Field) -> None:
    round_id = field.add_round()
    numbers = [field.add(round_id, company_id=1), field.add(round_id, company_id=1)]
    assert set(field.refresh().of_round(round_id)) == set(numbers)
    with field.database.write() as connection:
        connection.execute(update(round_table).values(counts_companies=True))
    assert set(field.refresh().of_round(round_id)) == {numbers[1]}


def test_identity_and_contact_are_in_no_column(field: Field) -> None:
    round_id = field.add_round()
    field.add(round_id, {"attribution_level": "named", "company_name": "카나리아", "followup": "yes"})
    index = field.refresh()
    confidential = {question.name for question in field.questionnaire.questions_in("identity", "contact")}
    assert confidential
    assert not confidential & index.columns.keys()


def test_a_restored_older_database_is_read_anew(field: Field) -> None:
    round_id = field.add_round()
    numbers = field.add_many(round_id, [tick("gmp"), tick("reg"), tick("org")])
    index = field.refresh()
    with field.database.write() as connection:
        connection.execute(delete(response).where(response.c.number == numbers[2]))
        connection.execute(text("UPDATE survey SET revision = 2, last_number = 2"))
    assert len(index.live) == 3
    assert set(field.refresh().live) == set(numbers[:2])


def test_a_round_that_is_gone_leaves_the_index(field: Field) -> None:
    kept, gone = field.add_round("kept"), field.add_round("gone")
    number = field.add(kept, tick("gmp"))
    field.add(gone, tick("gmp"))
    field.refresh()
    with field.database.write() as connection:
        connection.execute(delete(response).where(response.c.round_id == gone))
        connection.execute(delete(round_table).where(round_table.c.round_id == gone))
    index = field.refresh()
    assert set(index.live) == {number}
    assert set(index.chosen("ch_areas", "gmp")) == {number}


def test_readiness_scores_are_exact(field: Field) -> None:
    round_id = field.add_round()
    field.add(round_id, {"rd_reg_path": "3", "rd_reg_dialog": "2", "rd_clin": "na"})
    values = field.refresh().values("readiness.reg")
    assert {value: len(numbers) for value, numbers in values.items()} == {Fraction(125, 2): 1}
    assert not field.index.values("readiness.clin")


def test_the_feed_is_read_in_batches(field: Field, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surveyapp.records.change_feed.BATCH", 2)
    monkeypatch.setattr("surveyapp.analysis.index_refresh.FLUSH_ROWS", 3)
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp")] * 7)
    field.edit(3, tick("reg"))
    assert read_index(field.refresh()) == count_plainly(field.database, field.questionnaire)
    with field.database.read() as connection:
        assert connection.scalar(select(response.c.number).order_by(response.c.number.desc())) == 7
