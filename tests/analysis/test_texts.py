"""Texts behind a figure, with the consent they were given under."""

from __future__ import annotations

import pytest

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.texts import TextList, list_texts
from surveyapp.fieldwork.consent import TextUse
from tests.analysis.returns import Field, tick
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]  # what reads the database itself; the rest of the analysis reads the index


def read(
    field: Field, round_id: int, *, filters: dict[str, tuple[str, ...]] | None = None, **wanted: object
) -> TextList:
    mask = field.mask(round_id, filters)
    with field.database.read() as connection:
        return list_texts(connection, field.index, mask, questionnaire=field.questionnaire, **wanted)  # type: ignore[arg-type]


def test_texts_come_with_their_question_and_consent(field: Field) -> None:
    round_id = field.add_round()
    first = field.add(round_id, {"ft_case": "사례", "ft_ask_ministry": "요청", "attribution_level": "aggregate"})
    second = field.add(round_id, {"ft_case": "또 다른 사례", "consent_quote": "agree", "attribution_level": "named"})
    found = read(field, round_id)
    assert [(text.response_number, text.question, text.text, text.language) for text in found.texts] == [
        (first, "ft_case", "사례", "ko"),
        (first, "ft_ask_ministry", "요청", "ko"),
        (second, "ft_case", "또 다른 사례", "ko"),
    ]
    assert found.texts[0].use == TextUse(True, False, False, False)
    assert found.texts[2].use == TextUse(True, True, True, True)
    assert {text.round_id for text in found.texts} == {round_id}
    assert (found.returns, found.next_after) == (2, None)


def test_texts_of_an_area_a_leaf_a_question_and_a_filter(field: Field) -> None:
    round_id = field.add_round()
    gmp = field.add(round_id, tick("gmp", ch_gmp_leaf=["gmp-change"], ft_case="공장", ft_best_practice="비결"))
    reg = field.add(round_id, tick("reg", ft_case="심사", company_type="bio"))
    field.add(round_id, tick("gmp"))

    def numbers(**wanted: object) -> list[int]:
        return [text.response_number for text in read(field, round_id, **wanted).texts]  # type: ignore[arg-type]

    assert numbers(issue="gmp") == [gmp, gmp]
    assert numbers(issue="gmp-change") == [gmp, gmp]
    assert numbers(issue="gmp-spec") == []
    assert numbers(question="ft_case") == [gmp, reg]
    assert numbers(issue="gmp", question="ft_best_practice") == [gmp]
    assert numbers(filters={"company_type": ("bio",)}) == [reg]


def test_texts_are_read_screen_by_screen(field: Field) -> None:
    round_id = field.add_round()
    numbers = field.add_many(round_id, [{"ft_case": f"사례 {place}"} for place in range(5)])
    first = read(field, round_id, limit=2)
    assert ([text.response_number for text in first.texts], first.returns) == (numbers[:2], 5)
    assert first.next_after == numbers[1]
    last = read(field, round_id, limit=3, after=first.next_after)
    assert ([text.response_number for text in last.texts], last.next_after) == (numbers[2:], None)
    assert read(field, round_id, after=numbers[-1]).texts == ()


def test_withdrawn_texts_are_gone_even_from_an_index_that_does_not_know_yet(field: Field) -> None:
    round_id = field.add_round()
    number = field.add(round_id, {"ft_case": "사례"})
    mask = field.mask(round_id)
    field.withdraw(number)
    with field.database.read() as connection:
        found = list_texts(connection, field.index, mask, questionnaire=field.questionnaire)
    assert found.texts == ()


def test_unknown_issues_and_questions(field: Field) -> None:
    round_id = field.add_round()
    for wanted in (
        {"issue": "nowhere"},
        {"question": "company_name"},
        {"question": "jp_year"},
        {"question": "nowhere"},
    ):
        with pytest.raises(FilterUnknown):
            read(field, round_id, **wanted)  # type: ignore[arg-type]
