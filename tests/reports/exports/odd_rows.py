"""Returns that are hard on a file format, and the tables that are made of them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from surveyapp.fieldwork.return_stream import SubmittedReturn
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.reports.csv_export import RawKind
from surveyapp.reports.exports.columns import Column
from surveyapp.reports.exports.row_table import RowTable, build_return_table
from tests.reports.conftest import Submit

ODD_TEXTS = (
    "=1+1",
    "+82 2 000 0000",
    "@cmd",
    "-",
    ".n",
    "'",
    "가나다 라마바",
    "日本語、「括弧」",
    "شركة أدوية",
    "\u202eright to left\u202c",
    "😀👩🏽\u200d🔬 emoji",
    "two\nlines\tand a tab",
    'comma, "quote"; semicolon',
    "x" * 199 + "끝",
    "０１２全角",
    "_x0041_ looks escaped",
    "<b>&amp;</b>",
)
FULL: dict[str, Stored] = {
    "consent_participate": "agree",
    "attribution_level": "named",
    "company_name": "=ACME 제약",
    "fruits": ["apple", "berry"],
    "sold": ["berry"],
    "on_trees": ["pear"],
    "change": -5,
    "weight": "-0.5",
    "price": "low",
    "order": ["pear", "apple"],
    "rd_reg": "na",
}


def make_returns(submit: Submit) -> list[SubmittedReturn]:
    """Every kind of answer and of none, and every odd text."""
    statistics = {"attribution_level": "aggregate", "fruits": ["pear"], "price": "dk", "story": "our own"}
    returns = [
        submit(1, {**FULL, "story": "one"}, edited=True),
        submit(2, {"consent_participate": "agree"}),
        submit(3, {"consent_participate": "agree", **statistics}),
        submit(4, {**FULL, "change": 999_999_999_999_999, "weight": "0.000000000000001", "rd_reg": "4"}),
        submit(5, {**FULL, "change": -999_999_999_999_999, "weight": "12345678.9", "rd_reg": "0"}),
    ]
    return [*returns, *(submit(number, {**FULL, "story": text}) for number, text in enumerate(ODD_TEXTS, 10))]


def make_table(
    returns: Sequence[SubmittedReturn], form: Questionnaire, survey_round: Round, kind: RawKind = "raw"
) -> RowTable:
    return build_return_table(lambda: returns, form, survey_round, kind, counted={1, 2})


def widen(table: RowTable, count: int) -> RowTable:
    """The table with `count` columns: its own and as many further numbers."""
    further = tuple(Column(f"more_{place}", f"more_{place}", "integer", is_number=True) for place in range(count))
    return RowTable((*table.columns, *further)[:count], table.read_rows)


@pytest.fixture
def odd_table(submit: Submit, form: Questionnaire, survey_round: Round) -> RowTable:
    return make_table(make_returns(submit), form, survey_round, "identified")
