"""Two questions against each other."""

from __future__ import annotations

from itertools import product
from random import Random

import pytest

from surveyapp.analysis.counts import QuestionNotCounted
from surveyapp.analysis.cross_tabs import CrossTab, cross_tabulate
from surveyapp.analysis.intervals import Share
from surveyapp.questionnaire.paths import evaluate
from tests.analysis.returns import PLAIN, Field, draw_answers, tick


def cross(field: Field, round_id: int, row: str, column: str) -> CrossTab:
    mask = field.mask(round_id)
    by_name = field.questionnaire.by_name
    return cross_tabulate(field.index, by_name[row], by_name[column], mask)


def test_cells_name_the_base_of_their_column(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(
        round_id,
        [
            {"company_type": "bio", "edu_topics": ["gmp", "mf"]},
            {"company_type": "bio", "edu_topics": ["gmp"]},
            {"company_type": "api", "edu_topics": ["mf"]},
            {"company_type": "api"},
        ],
    )
    table = cross(field, round_id, "edu_topics", "company_type")
    rows = [category.name for category in table.rows]
    columns = [category.name for category in table.columns]
    cells = {
        (row, column): table.cells[rows.index(row)][columns.index(column)]
        for row, column in product(("gmp", "mf"), ("bio", "api"))
    }
    assert cells == {
        ("gmp", "bio"): Share(2, 2),
        ("gmp", "api"): Share(0, 1),
        ("mf", "bio"): Share(1, 2),
        ("mf", "api"): Share(1, 1),
    }
    assert table.base == 3
    assert table.row_totals[rows.index("gmp")] == Share(2, 3)
    assert table.row_missing.not_answered == 1
    assert table.column_missing.not_answered == 0


def test_dont_know_and_not_applicable_are_no_rows(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [tick("gmp", ch_gmp_cost=cost) for cost in ("c1", "dk")])
    table = cross(field, round_id, "ch_gmp_cost", "rd_clin")
    assert "dk" not in {category.name for category in table.rows}
    assert "na" not in {category.name for category in table.columns}
    assert (table.base, table.row_missing.dont_know) == (0, 1)


def test_few_numbers_stand_alone_and_many_in_round_classes(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"jp_year": year} for year in (2019, 2021)])
    assert [category.name for category in cross(field, round_id, "jp_year", "company_type").rows] == ["2019", "2021"]
    field.add_many(round_id, [{"jp_year": year} for year in range(2003, 2027, 2)])
    table = cross(field, round_id, "jp_year", "company_type")
    assert [category.name for category in table.rows] == [
        "2000–2004",
        "2005–2009",
        "2010–2014",
        "2015–2019",
        "2020–2024",
        "2025–2029",
    ]
    assert sum(total.count for total in table.row_totals) == table.base == 14


def test_ranks_count_by_the_first_place_and_texts_as_answered(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"rank_topics": ["gmp", "rwd"], "ft_case": "사례"}, {"rank_topics": ["rwd"]}])
    table = cross(field, round_id, "rank_topics", "ft_case")
    assert [category.name for category in table.columns] == ["answered"]
    counts = {category.name: row[0] for category, row in zip(table.rows, table.cells, strict=True)}
    assert counts["gmp"] == Share(1, 1)
    assert counts["rwd"] == Share(0, 1)


def test_confidential_questions_and_notes_are_refused(field: Field) -> None:
    round_id = field.add_round()
    for name in ("company_name", "intro_note", "ch_detail"):
        with pytest.raises(QuestionNotCounted):
            cross(field, round_id, name, "company_type")
        with pytest.raises(QuestionNotCounted):
            cross(field, round_id, "company_type", name)


def test_every_pair_of_kinds_agrees_with_a_plain_count(field: Field) -> None:
    random = Random(5)
    round_id = field.add_round()
    drawn = [{**PLAIN, **draw_answers(field.questionnaire, random)} for _ in range(40)]
    field.add_many(round_id, drawn)
    standings = [evaluate(field.questionnaire, answers) for answers in drawn]
    names = ("company_type", "product_categories", "ch_areas", "rd_reg_path", "edu_topics")
    for row, column in product(names, names):
        table = cross(field, round_id, row, column)
        for category, cells in zip(table.rows, table.cells, strict=True):
            for other, cell in zip(table.columns, cells, strict=True):
                both = [
                    standing
                    for standing in standings
                    if usable(standing.answer(row)) and usable(standing.answer(column))
                ]
                in_column = [standing for standing in both if holds(standing.answer(column), other.name)]
                in_cell = [standing for standing in in_column if holds(standing.answer(row), category.name)]
                assert cell == Share(len(in_cell), len(in_column))


def usable(answer: object) -> bool:
    return answer not in (None, "na", "dk")


def holds(answer: object, name: str) -> bool:
    return name in answer if isinstance(answer, list) else answer == name
