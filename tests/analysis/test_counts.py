"""Counts of one question: bases, kinds of missing answers, filters."""

from __future__ import annotations

from fractions import Fraction
from random import Random

import pytest

from surveyapp.analysis.counts import Missing, QuestionCounts, QuestionNotCounted, count_question
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.masks import CONTAINER, FilterUnknown
from surveyapp.questionnaire.paths import evaluate
from tests.analysis.returns import PLAIN, Field, draw_answers, tick
from tests.database_kinds import run_on_both

__all__ = ["run_on_both"]  # what reads the database itself; the rest of the analysis reads the index


def count(field: Field, round_id: int, name: str, **filters: tuple[str, ...]) -> QuestionCounts:
    mask = field.mask(round_id, filters)
    return count_question(field.index, field.questionnaire.by_name[name], mask)


def test_the_kinds_of_missing_answers_are_kept_apart(field: Field) -> None:
    round_id = field.add_round()
    costs = ["c2", "c2", "c5", "dk", None]
    field.add_many(round_id, [{**tick("gmp"), **({} if cost is None else {"ch_gmp_cost": cost})} for cost in costs])
    field.add(round_id, {"ch_areas": ["none"]})
    counts = count(field, round_id, "ch_gmp_cost")
    assert (counts.base, counts.asked, counts.answered) == (6, 5, 3)
    assert counts.missing == Missing(not_asked=1, not_answered=1, dont_know=1, not_applicable=0)
    assert {entry.choice: entry.share for entry in counts.choices if entry.share.count} == {
        "c2": Share(2, 3),
        "c5": Share(1, 3),
    }
    assert "dk" not in {entry.choice for entry in counts.choices}


def test_not_applicable_is_in_no_base(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"rd_clin": level} for level in ("0", "4", "na")])
    field.add(round_id, {"jp_stage": "noplan"})
    counts = count(field, round_id, "rd_clin")
    assert counts.missing == Missing(not_asked=1, not_answered=0, dont_know=0, not_applicable=1)
    assert [entry.share for entry in counts.choices] == [Share(1, 2), *[Share(0, 2)] * 3, Share(1, 2)]


def test_several_choices_do_not_add_up(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"edu_topics": ["gmp", "mf"]}, {"edu_topics": ["gmp"]}, {}])
    counts = count(field, round_id, "edu_topics")
    assert (counts.asked, counts.answered) == (3, 2)
    assert {entry.choice: entry.share for entry in counts.choices if entry.share.count} == {
        "gmp": Share(2, 2),
        "mf": Share(1, 2),
    }


def test_a_leaf_question_lists_the_leaves_of_its_area(field: Field) -> None:
    counts = count(field, field.add_round(), "ch_pms_leaf")
    assert [entry.choice for entry in counts.choices] == ["pms-gvp", "pms-reexam", "pms-label", "pms-other"]


def test_ranks(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(
        round_id, [{"rank_topics": ["gmp", "rwd"]}, {"rank_topics": ["rwd", "gmp"]}, {"rank_topics": ["gmp"]}]
    )
    ranks = {entry.choice: entry for entry in count(field, round_id, "rank_topics").ranks}
    assert (ranks["gmp"].first, ranks["gmp"].ranked) == (Share(2, 3), Share(3, 3))
    assert ranks["gmp"].positions == (2, 1, 0, 0, 0, 0)
    assert ranks["gmp"].mean_position == Fraction(4, 3)
    assert ranks["rwd"].ranked == Share(2, 3)
    assert ranks["digital"].mean_position is None


def test_numbers(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"jp_year": year} for year in (2018, 2020, 2020, 2022, 2027)] + [{}])
    counts = count(field, round_id, "jp_year")
    assert counts.numbers is not None
    assert (counts.numbers.n, counts.numbers.median, counts.numbers.smallest) == (5, Fraction(2020), Fraction(2018))
    assert counts.values == ((2018, 1), (2020, 2), (2022, 1), (2027, 1))
    assert (counts.answered, counts.missing.not_answered) == (5, 1)


def test_texts_are_only_counted(field: Field) -> None:
    round_id = field.add_round()
    field.add_many(round_id, [{"ft_case": "사례"}, {}])
    counts = count(field, round_id, "ft_case")
    assert (counts.asked, counts.answered, counts.choices, counts.numbers) == (2, 1, (), None)


@pytest.mark.parametrize("name", ["intro_note", "ch_detail", "company_name", "contact_email"])
def test_what_is_not_counted(field: Field, name: str) -> None:
    with pytest.raises(QuestionNotCounted):
        count(field, field.add_round(), name)


def test_filters_are_or_inside_a_question_and_and_between(field: Field) -> None:
    round_id = field.add_round()
    combinations = [(kind, size) for kind in ("bio", "api", "cdmo") for size in ("e1_49", "e1000p")]
    numbers = field.add_many(round_id, [{"company_type": kind, "company_size": size} for kind, size in combinations])
    mask = field.mask(round_id, {"company_type": ("bio", "api"), "company_size": ("e1_49",)})
    assert set(mask.numbers) == {numbers[0], numbers[2]}
    assert mask.origin.filters == (("company_size", ("e1_49",)), ("company_type", ("api", "bio")))
    assert mask.origin.versions == (field.questionnaire.version,)
    assert mask.origin.unit == "returns"
    assert field.mask(round_id, {"company_type": ()}).size == 0
    assert field.mask(round_id, {}).size == 6


def test_any_choice_question_can_filter(field: Field) -> None:
    round_id = field.add_round()
    number = field.add(round_id, tick("gmp", ch_gmp_leaf=["gmp-change"]))
    field.add(round_id, tick("gmp"))
    assert set(field.mask(round_id, {"ch_gmp_leaf": ("gmp-change",)}).numbers) == {number}


@pytest.mark.parametrize(
    ("name", "value"),
    [("nowhere", "x"), ("jp_year", "2020"), ("ft_case", "x"), ("consent_contact", "agree"), ("company_type", "x")],
)
def test_unknown_filters(field: Field, name: str, value: str) -> None:
    round_id = field.add_round()
    with pytest.raises(FilterUnknown) as raised:
        field.mask(round_id, {name: (value,)})
    assert raised.value.name == name
    assert raised.value.value == (value if name == "company_type" else None)


def test_an_unknown_round_is_empty(field: Field) -> None:
    assert field.mask(99).size == 0


@pytest.mark.parametrize("container", [CONTAINER, 4])
@pytest.mark.parametrize("sizes", [("e1_49", "e50_299"), ("e1_49", "e50_299", "e300_999", "e1000p")])
def test_every_count_agrees_with_a_plain_count(
    field: Field, monkeypatch: pytest.MonkeyPatch, sizes: tuple[str, ...], container: int
) -> None:
    monkeypatch.setattr("surveyapp.analysis.masks.CONTAINER", container)
    random = Random(11)
    earlier, round_id = field.add_round("earlier"), field.add_round()
    field.add_many(earlier, [draw_answers(field.questionnaire, random) for _ in range(9)])
    drawn = [{**PLAIN, **draw_answers(field.questionnaire, random)} for _ in range(40)]
    for each in drawn:
        field.add(round_id, each)
        field.withdraw(field.add(round_id, {}))
    standings = [evaluate(field.questionnaire, answers) for answers in drawn]
    mask = field.mask(round_id, {"company_size": sizes})
    inside = [standing for standing in standings if standing.answer("company_size") in sizes]
    # With small containers, some are filled up that lie in the round: with numbers that nobody has.
    assert (mask.reach != mask.numbers) == (container == 4)
    assert mask.reach & field.index.live == mask.numbers
    for question in field.questionnaire.questions_in("answers", "texts"):
        counts = count_question(field.index, question, mask)
        answers = [standing.answer(question.name) for standing in inside if question in standing.asked]
        given = [answer for answer in answers if answer is not None]
        assert (counts.base, counts.asked) == (len(inside), len(answers))
        missing = counts.missing
        assert missing.not_asked == len(inside) - len(answers)
        assert missing.not_answered == len(answers) - len(given)
        assert counts.asked == counts.answered + missing.not_answered + missing.dont_know + missing.not_applicable
        for entry in counts.choices:
            chose = sum(
                answer == entry.choice or entry.choice in (answer if isinstance(answer, list) else ())
                for answer in given
            )
            assert entry.share == Share(chose, counts.answered)
        for rank in counts.ranks:
            assert rank.positions == tuple(
                sum(answer[place : place + 1] == [rank.choice] for answer in given if isinstance(answer, list))
                for place in range(len(question.choices))
            )
        if counts.values:
            assert sum(times for _, times in counts.values) == len(given)


def test_counts_of_a_whole_round_are_remembered_as_long_as_nothing_changes(field: Field) -> None:
    round_id = field.add_round()
    field.add(round_id, {"company_type": "bio"})
    first = count(field, round_id, "company_type")
    assert count(field, round_id, "company_type") is first
    assert count(field, round_id, "company_type", company_type=("bio",)) is not first
    earlier = field.mask(round_id)
    field.add(round_id, {"company_type": "api"})
    assert count(field, round_id, "company_type").base == 2
    of_earlier = count_question(field.index, field.questionnaire.by_name["company_type"], earlier)
    assert (of_earlier.base, of_earlier.answered) == (1, 1)
    assert {entry.choice: entry.share.count for entry in of_earlier.choices if entry.share.count} == {"bio": 1}


def test_a_selection_says_how_many_of_its_returns_staff_typed(field: Field) -> None:
    round_id = field.add_round()
    field.add(round_id, {"company_size": "e1000p"}, mode="phone")
    field.add(round_id, {"company_size": "e1000p"}, mode="web")
    paper = field.add(round_id, {"company_size": "e1_49"}, mode="paper")
    field.add(field.add_round("other"), mode="paper")
    assert field.mask(round_id, {}).origin.by_staff == (("phone", 1), ("paper", 1))
    assert field.mask(round_id, {"company_size": ("e1000p",)}).origin.by_staff == (("phone", 1),)
    field.edit(paper, {"company_size": "e1000p"})
    assert field.mask(round_id, {"company_size": ("e1000p",)}).origin.by_staff == (("phone", 1), ("paper", 1))
    field.withdraw(paper)
    assert field.mask(round_id, {}).origin.by_staff == (("phone", 1),)
