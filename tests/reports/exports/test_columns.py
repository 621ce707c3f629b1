"""The one description of columns: names that every program takes, words, values, measure and kinds of missing."""

from __future__ import annotations

import re

import pytest

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.reports.csv_export import RawOptions, stream_raw_csv
from surveyapp.reports.exports.columns import LONGEST_VARIABLE, RAW_FACTS, Missing, describe_columns
from surveyapp.reports.words import Words
from tests.reports.conftest import Submit, make_round


def test_a_column_says_what_it_is(form: Questionnaire) -> None:
    columns = {column.name: column for column in describe_columns(form, make_round("real").operator_texts).all}
    assert list(columns)[: len(RAW_FACTS)] == list(RAW_FACTS)
    berry = columns["fruits/berry"]
    assert (berry.variable, berry.kind, berry.set_name, berry.measure) == ("fruits.berry", "tick", "fruits", "nominal")
    assert (berry.label.ko, berry.label.en, berry.label.ja) == (
        "과일: 딸기, 산딸기",
        'Fruits: Berry, "wild"',
        "果物：いちご",
    )
    assert columns["order/pear"].kind == "place" and columns["order/pear"].set_name is None
    assert columns["consent_participate"].label.en == "Do you agree with Test association?"
    price = columns["price"]
    assert [name for name, _ in price.values] == ["low", "dk"] and price.measure == "nominal"
    assert columns["rd_reg"].measure == "ordinal", "its choices are numbers, but for one that is no value"
    assert columns["weight"].measure == "scale" and columns["weight"].is_number
    assert columns["n_fruits"].is_number and columns["n_fruits"].missing == (Missing.NOT_ASKED,)
    assert Missing.WITHHELD in columns["story"].missing and Missing.WITHHELD not in price.missing
    assert "company_name" not in columns and "email" not in columns


def test_names_are_taken_by_every_program(questionnaire: Questionnaire) -> None:
    columns = describe_columns(questionnaire, {}, compartments=("answers", "texts", "identity")).all
    for names in ([column.name for column in columns], [column.variable.lower() for column in columns]):
        assert len(names) == len(set(names))
    for column in columns:
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_.]*", column.variable) and not column.variable.endswith(".")
        assert len(column.variable.encode()) <= LONGEST_VARIABLE


@pytest.mark.parametrize("with_labels", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_plain_variant_differs_in_mark_and_line_ends_alone(
    form: Questionnaire, submit: Submit, language: str, with_labels: bool
) -> None:
    returns = [submit(1, {"consent_participate": "agree", "attribution_level": "named", "story": "=하나\n둘"})]

    def write(is_plain: bool) -> bytes:
        options = RawOptions(Words(language), with_labels, is_plain=is_plain)  # type: ignore[arg-type]
        return b"".join(stream_raw_csv(returns, form, make_round("real"), options, counted={1}))

    rich, plain = write(False), write(True)
    assert rich == b"\xef\xbb\xbf" + plain.replace("'=하나\n둘".encode(), b"STORY").replace(b"\n", b"\r\n").replace(
        b"STORY", "'=하나\n둘".encode()
    )
    assert b"\r" not in plain and plain.endswith(b"\n")
