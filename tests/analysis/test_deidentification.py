"""k-anonymity, held against an attacker who groups the file's lines by all that it shows of a company."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from pyroaring import BitMap

from surveyapp.analysis.deidentification import (
    ALWAYS_SUPPRESSED,
    QUASI_IDENTIFIERS,
    Deidentification,
    deidentify,
)
from surveyapp.analysis.redaction import Redactor
from surveyapp.analysis.telling_questions import ROLLED_UP, SUPPRESSED
from surveyapp.analysis.unanimous_answers import count_unanimous
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import find_round
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.questionnaire.roll_ups import load_roll_ups
from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.deidentified import build_deidentified_table
from surveyapp.reports.exports.row_table import RowTable
from tests.analysis.returns import Field, draw_answers

K = 5
NAMES = tuple(name for names in QUASI_IDENTIFIERS for name in names)
KNOWN = frozenset({*NAMES, "consent_participate"})


def write(field: Field, round_id: int, k: int = K) -> tuple[Deidentification, RowTable]:
    index = field.refresh()
    decided = deidentify(index, field.questionnaire, index.of_round(round_id), k)
    with field.database.read() as connection:
        survey_round = find_round(connection, field.survey_id, "2026")
        returns = list(stream_returns(connection, field.survey_id, round_id))
    return decided, build_deidentified_table(lambda: returns, field.questionnaire, survey_round, decided, Redactor(()))


def group(table: RowTable, questionnaire: Questionnaire) -> Counter[tuple[object, ...]]:
    """Lines by what they show of a company: its own answers, and whether it was asked what depends on them alone."""
    places = []
    for place, column in enumerate(table.columns):
        if column.question is None or column.question.kind == "calculate":
            continue  # a blank calculate tells of answers that describe no company
        conditions = [each.relevant for each in column.question.groups] + [column.question.relevant]
        read = {name for condition in conditions if condition is not None for name in condition.names}
        if column.question.name in NAMES:
            places.append((place, False))
        elif read and read <= KNOWN:
            places.append((place, True))
    shown: Counter[tuple[object, ...]] = Counter()
    for row in table.read_rows():
        shown[tuple(row[place] is Missing.NOT_ASKED if only_asked else row[place] for place, only_asked in places)] += 1
    return shown


def test_every_choice_of_the_questionnaire_has_a_class(questionnaire: Questionnaire) -> None:
    for name, roll_up in load_roll_ups().items():
        question = questionnaire.by_name[name]
        assert roll_up.fits(question)
        assert set(roll_up.class_of) == {choice.name for choice in question.choices}
        assert len(roll_up.classes) < len(question.choices)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [12, 60, 200])
def test_no_line_is_told_from_fewer_than_k(field: Field, questionnaire: Questionnaire, seed: int, size: int) -> None:
    random = Random(f"{seed}-{size}")
    round_id = field.add_round()
    like = [draw_answers(questionnaire, random) for _ in range(max(2, size // 15))]
    for _ in range(size):
        answers = dict(draw_answers(questionnaire, random))
        if random.random() < 0.7:  # many companies resemble each other
            answers |= {name: answer for name, answer in random.choice(like).items() if name in NAMES}
        field.add(round_id, answers)
    decided, table = write(field, round_id)
    groups = group(table, questionnaire)
    assert all(count >= K for count in groups.values()), groups
    assert sum(groups.values()) == len(decided.released) == size - decided.left_out
    assert decided.left_out == 0 or decided.left_out >= K


def test_companies_that_are_alike_stay_as_they_are(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{} for _ in range(K)])
    decided, table = write(field, round_id)
    assert set(decided.levels.values()) == {0} and decided.left_out == 0
    columns = [column.name for column in table.columns]
    row = next(table.read_rows())
    assert row[columns.index("company_size")] == "e50_299" and row[columns.index("jp_routes/dmah")] == 1
    assert row[columns.index("jp_year")] is Missing.SUPPRESSED
    assert decided.suppressed == ALWAYS_SUPPRESSED


def test_classes_take_the_place_of_choices(field: Field) -> None:
    round_id = field.add_round()
    for place in range(12):
        field.add(round_id, {"company_size": "e50_299" if place % 3 else "e1_49"})
    decided, table = write(field, round_id)
    assert decided.levels["company_size"] == ROLLED_UP and decided.levels["company_type"] == 0
    column = next(each for each in table.columns if each.name == "company_size")
    assert [name for name, _ in column.values] == ["below_300", "from_300"]
    place = table.columns.index(column)
    assert {row[place] for row in table.read_rows()} == {"below_300"}


def test_what_depends_on_a_suppressed_answer_is_suppressed(field: Field) -> None:
    """Whether the readiness questions were asked tells that a company has plans for Japan."""
    round_id = field.add_round()
    for stage in ["onmarket", "noplan", "withdrawn", "prepare", "interest"] * 2:
        field.add(round_id, {"jp_stage": stage, "jp_routes": [], "jp_products": []})
    decided, table = write(field, round_id)
    assert decided.levels["jp_stage"] == SUPPRESSED
    assert {"rd_part", "ch_areas", "n_reg", "ft_case"} <= decided.suppressed
    assert not {"edu_topics", "ft_ask_ministry", "export_experience"} & decided.suppressed
    for row in table.read_rows():
        cells = {column.name: cell for column, cell in zip(table.columns, row, strict=True)}
        assert cells["rd_part"] is cells["ch_areas/gmp"] is cells["n_reg"] is Missing.SUPPRESSED


@pytest.mark.parametrize("size", [0, 1, K - 1])
def test_too_few_companies_release_nothing(field: Field, size: int) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{} for _ in range(size)])
    decided, table = write(field, round_id)
    assert not decided.released and decided.left_out == size
    assert list(table.read_rows()) == []


def test_few_left_out_take_others_with_them(field: Field) -> None:
    """Of 100 companies 99 in a file would tell all of the one that is missing."""
    round_id = field.add_round()
    field.add_many(round_id, [{} for _ in range(60)])
    field.add_many(round_id, [{"company_type": "device"} for _ in range(39)])
    field.add(round_id, {"company_type": "cosmetic"})
    decided, _ = write(field, round_id)
    assert decided.left_out == K, "those that are many can do without four"
    assert len(decided.released) + decided.left_out == 100


def test_answers_that_all_of_a_combination_gave_are_counted(field: Field) -> None:
    round_id = field.add_round()
    for place in range(20):
        own = {"company_type": "pharma" if place % 2 else "bio", "respondent_role": "ra" if place % 4 else "qa"}
        field.add(round_id, {**own, "export_experience": "none" if place < 3 else "gt10"})
    index = field.refresh()
    counted = index.of_round(round_id)
    groups = [BitMap(number for number in counted if number % 2 == odd) for odd in (0, 1)]
    found = count_unanimous(index, field.questionnaire, groups, without={"company_type"})
    assert found == 1, "all of one group are in regulatory affairs; what all of the file said betrays nobody"
    assert count_unanimous(index, field.questionnaire, groups, without={"respondent_role"}) == 2


def test_texts_leave_by_consent_alone_and_without_names(field: Field) -> None:
    round_id = field.add_round()
    text = "한빛바이오의 담당자 kim@hanbit.example (02-123-4567)에게 물었습니다."
    for number in range(3 * K):
        given: dict[str, Stored] = {"ft_ask_ministry": text}
        if number % 3 == 1:
            given["consent_quote"] = "disagree"
        if number % 3 == 2:
            given["attribution_level"] = "aggregate"
        field.add(round_id, given)
    index = field.refresh()
    decided = deidentify(index, field.questionnaire, index.of_round(round_id), K)
    with field.database.read() as connection:
        survey_round = find_round(connection, field.survey_id, "2026")
        returns = list(stream_returns(connection, field.survey_id, round_id))
    redactor = Redactor(["주식회사 한빛바이오"])
    table = build_deidentified_table(lambda: returns, field.questionnaire, survey_round, decided, redactor)
    place = [column.name for column in table.columns].index("ft_ask_ministry")
    shown = Counter(row[place] for row in table.read_rows())
    assert shown == {"[…]의 담당자 […] ([…])에게 물었습니다.": K, Missing.WITHHELD: 2 * K}


def test_nothing_tells_when_or_how_a_return_came(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"edu_topics": ["gmp"] if place % 2 else ["pmda"]} for place in range(40)])
    _, table = write(field, round_id)
    names = {column.name for column in table.columns}
    assert not {"number", "language", "mode", "submitted_at", "edited_at"} & names
    place = [column.name for column in table.columns].index("edu_topics/gmp")
    orders = {tuple(row[place] for row in table.read_rows()) for _ in range(4)}
    assert len(orders) > 1, "lines come in no order"
    assert [row[0] for row in table.read_rows()] == [str(number) for number in range(1, 41)]


def test_released_numbers_are_those_of_counted_returns(field: Field) -> None:
    round_id = field.add_round(counts_companies=True)
    for company in range(K + 1):
        field.add(round_id, company_id=company + 1)
    again = field.add(round_id, company_id=1)
    decided, table = write(field, round_id)
    index = field.refresh()
    assert decided.released == index.of_round(round_id) and len(list(table.read_rows())) == K + 1
    assert (again in decided.released) != (1 in decided.released)
