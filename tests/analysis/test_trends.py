"""What may be said about two rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.trends import MatchedPairs, RoundChange, RoundComparison, compare_rounds
from surveyapp.questionnaire.model import Questionnaire, Stored, Text
from tests.analysis.returns import Field, tick

NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}


def compare(
    field: Field,
    before: int,
    now: int,
    *,
    earlier: Questionnaire | None = None,
    mapping: Mapping[str, str] | None = None,
) -> RoundComparison:
    masks = field.mask(now), field.mask(before)
    return compare_rounds(
        field.index,
        *masks,
        questionnaire_now=field.questionnaire,
        questionnaire_before=earlier or field.questionnaire,
        mapping=mapping,
    )


def find(comparison: RoundComparison, code: str) -> RoundChange:
    return next(change for change in (*comparison.areas, *comparison.leaves) if change.code == code)


@pytest.fixture
def rounds(field: Field) -> tuple[int, int]:
    return field.add_round("2025"), field.add_round("2026")


def test_recurring_new_and_neither(field: Field, rounds: tuple[int, int]) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp")] * 3 + [tick("reg")] * 2)
    field.add_many(now, [tick("gmp", "reg", "org")] * 3 + [tick("dev")] * 2)
    comparison = compare(field, before, now)
    assert {code: find(comparison, code).recurrence for code in ("gmp", "reg", "org", "dev")} == {
        "gmp": "recurring",
        "reg": None,  # named before, by two
        "org": "new",
        "dev": None,  # named now, by two
    }
    assert find(comparison, "gmp-other").recurrence == "recurring"
    assert find(comparison, "gmp").now == Share(3, 5)
    assert find(comparison, "gmp").before == Share(3, 5)
    assert (comparison.base_before, comparison.base_now) == (5, 5)


def test_nothing_is_new_where_nobody_was_asked(field: Field, rounds: tuple[int, int]) -> None:
    before, now = rounds
    field.add_many(now, [tick("gmp")] * 3)
    assert find(compare(field, before, now), "gmp").recurrence is None


def test_easing_and_growing_only_where_the_intervals_part(field: Field, rounds: tuple[int, int]) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp", "org")] * 10)
    field.add_many(now, [tick("reg", "org")] * 7 + [tick("reg")] * 3)
    comparison = compare(field, before, now)
    assert {code: find(comparison, code).movement for code in ("gmp", "reg", "org")} == {
        "gmp": "easing",
        "reg": "growing",
        "org": None,  # 10 of 10 and 7 of 10 overlap
    }


def test_matched_companies_are_counted_in_pairs(field: Field) -> None:
    before = field.add_round("2025", counts_companies=True)
    now = field.add_round("2026", counts_companies=True)
    for company, (then, today) in enumerate(
        [(True, True), (True, False), (False, True), (True, False), (False, False)]
    ):
        field.add(before, tick("gmp") if then else NONE, company_id=company + 1)
        field.add(now, tick("gmp") if today else NONE, company_id=company + 1)
    field.add(now, tick("gmp"), company_id=9)
    field.add(before, {"jp_stage": "noplan"}, company_id=10)
    field.add(now, tick("gmp"), company_id=10)
    comparison = compare(field, before, now)
    assert comparison.matched == 5
    assert find(comparison, "gmp").pairs == MatchedPairs(both=1, only_now=1, only_before=2, neither=1)


def test_pairs_of_a_leaf_are_of_companies_asked_for_it_twice(field: Field) -> None:
    before = field.add_round("2025", counts_companies=True)
    now = field.add_round("2026", counts_companies=True)
    five = ("reg", "lic", "dos", "clin", "gmp")
    field.add(before, tick(*five, ch_worst=["reg", "lic", "dos", "clin"]), company_id=1)
    field.add(now, tick("gmp"), company_id=1)
    comparison = compare(field, before, now)
    assert find(comparison, "gmp").pairs == MatchedPairs(1, 0, 0, 0)
    assert find(comparison, "gmp-other").pairs == MatchedPairs(0, 0, 0, 0)


def test_without_invitations_nothing_is_matched(field: Field, rounds: tuple[int, int]) -> None:
    field.add(rounds[0], tick("gmp"))
    field.add(rounds[1], tick("gmp"))
    comparison = compare(field, *rounds)
    assert (comparison.matched, find(comparison, "gmp").pairs) == (0, None)


def change_question(questionnaire: Questionnaire, name: str, **changes: object) -> Questionnaire:
    rows = tuple(
        replace(row, **changes) if row.name == name else row  # type: ignore[arg-type]
        for row in questionnaire.rows
    )
    return replace(questionnaire, rows=rows)


def test_changed_words_or_lists_are_not_comparable(field: Field, rounds: tuple[int, int]) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp", "reg")] * 3)
    field.add_many(now, [tick("gmp", "reg")] * 3)
    by_name = field.questionnaire.by_name
    reworded = change_question(field.questionnaire, "ch_areas", label=Text("다른 질문", "Other", "別"))
    assert {change.comparable for change in compare(field, before, now, earlier=reworded).areas} == {False}
    gmp = find(compare(field, before, now, earlier=reworded), "gmp")
    assert (gmp.before, gmp.recurrence, gmp.movement, gmp.pairs) == (None, None, None, None)

    shorter = change_question(field.questionnaire, "ch_areas", choices=by_name["ch_areas"].choices[:-2])
    assert not find(compare(field, before, now, earlier=shorter), "gmp").comparable
    assert not find(compare(field, before, now, earlier=shorter), "org").comparable
    mapped = compare(field, before, now, earlier=shorter, mapping={"gmp": "gmp"})
    assert find(mapped, "gmp").recurrence == "recurring"
    assert not find(mapped, "reg").comparable
    assert find(mapped, "gmp-other").comparable  # its own question did not change

    gone = replace(
        field.questionnaire, rows=tuple(row for row in field.questionnaire.rows if row.name != "ch_gmp_leaf")
    )
    assert not find(compare(field, before, now, earlier=gone), "gmp-other").comparable


def test_a_mended_translation_changes_nothing(field: Field, rounds: tuple[int, int]) -> None:
    before, now = rounds
    label = field.questionnaire.by_name["ch_areas"].label
    mended = change_question(field.questionnaire, "ch_areas", label=replace(label, ja="別の訳"))
    assert all(change.comparable for change in compare(field, before, now, earlier=mended).areas)
