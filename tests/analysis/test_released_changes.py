"""What may be said about two rounds to somebody who sees released figures only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from surveyapp.analysis.disclosure import Hidden, ReleasedIssueTable, release_issue_table
from surveyapp.analysis.issue_questions import IssuesNotAsked
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.released_changes import AudiencesDiffer, ReleasedChange, compare_released
from surveyapp.analysis.trends import compare_rounds, match_codes
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.questionnaire.model import Questionnaire, Stored, Text
from surveyapp.questionnaire.taxonomy import Taxonomy
from tests.analysis.returns import Field, tick

NONE: Mapping[str, Stored] = {"ch_areas": ["none"]}


@pytest.fixture
def rounds(field: Field) -> tuple[int, int]:
    return field.add_round("2025"), field.add_round("2026")


def release(
    field: Field, taxonomy: Taxonomy, round_id: int, audience: Audience = Audience.MINISTRY
) -> ReleasedIssueTable:
    mask = field.mask(round_id)
    ranking = rank_issues(field.index, field.questionnaire, taxonomy, mask)
    return release_issue_table(ranking, audience, LEAST_THRESHOLDS)


def compare(field: Field, taxonomy: Taxonomy, rounds: tuple[int, int]) -> Mapping[str, ReleasedChange]:
    before, now = release(field, taxonomy, rounds[0]), release(field, taxonomy, rounds[1])
    return compare_released(now, before, match_codes(field.questionnaire, field.questionnaire))


def test_in_one_round_nothing_recurs_and_nothing_is_new(field: Field, taxonomy: Taxonomy) -> None:
    round_id = field.add_round("2026")
    field.add_many(round_id, [tick("gmp", "org")] * 6 + [NONE] * 6)
    before = release(field, taxonomy, round_id)
    field.add_many(round_id, [tick("gmp", "reg")] * 9)
    now = release(field, taxonomy, round_id)
    changes = compare_released(now, before, match_codes(field.questionnaire, field.questionnaire))
    assert changes["gmp"].before == next(row for row in before.areas if row.code == "gmp").share
    assert [change.recurrence for change in changes.values()] == [None] * len(changes)


def test_more_and_fewer_only_where_the_intervals_part(
    field: Field, taxonomy: Taxonomy, rounds: tuple[int, int]
) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp", "org")] * 10 + [NONE] * 2)
    field.add_many(now, [tick("reg", "org")] * 7 + [tick("reg")] * 3 + [NONE] * 2)
    changes = compare(field, taxonomy, rounds)
    assert {code: (changes[code].direction, changes[code].recurrence) for code in ("gmp", "reg", "org", "dev")} == {
        "gmp": ("fewer", None),
        "reg": ("more", "new"),
        "org": ("unclear", "recurring"),
        "dev": ("unclear", None),
    }
    masks = field.mask(now), field.mask(before)
    comparison = compare_rounds(
        field.index,
        *masks,
        questionnaire_now=field.questionnaire,
        questionnaire_before=field.questionnaire,
    )
    said = {None: "unclear", "easing": "fewer", "growing": "more"}
    for row in comparison.areas:  # all of them are released here, so both must say the same
        assert (changes[row.code].direction, changes[row.code].recurrence) == (said[row.movement], row.recurrence)


@pytest.mark.parametrize(("then", "today"), [(2, 6), (6, 2), (1, 2)])
def test_nothing_is_said_of_a_hidden_figure(
    field: Field, taxonomy: Taxonomy, rounds: tuple[int, int], then: int, today: int
) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp")] * then + [NONE] * (12 - then))
    field.add_many(now, [tick("gmp")] * today + [NONE] * (12 - today))
    change = compare(field, taxonomy, rounds)["gmp"]
    assert (change.direction, change.recurrence, change.hidden) == (None, None, Hidden.COUNT_TOO_SMALL)


def test_changes_of_a_hidden_count_cannot_be_told_apart(field: Field, taxonomy: Taxonomy) -> None:
    """Rounds that differ in nothing but a hidden count say the same, whichever it is."""
    now = field.add_round("2026")
    field.add_many(now, [tick("gmp")] * 9 + [NONE] * 3)
    said = set()
    for count in (1, 2):
        before = field.add_round(f"2025-{count}")
        field.add_many(before, [tick("gmp")] * count + [NONE] * (12 - count))
        said.add(repr(compare(field, taxonomy, (before, now))["gmp"]))
    assert len(said) == 1


def test_a_round_of_few_is_compared_with_nothing(field: Field, taxonomy: Taxonomy, rounds: tuple[int, int]) -> None:
    before, now = rounds
    field.add_many(before, [tick("gmp")] * 9)
    field.add_many(now, [tick("gmp")] * 12)
    changes = compare(field, taxonomy, rounds)
    assert {change.direction for change in changes.values()} == {None}
    assert changes["gmp"].hidden is Hidden.BASE_TOO_SMALL


def change_question(questionnaire: Questionnaire, question: str, /, **changes: object) -> Questionnaire:
    rows = tuple(
        replace(row, **changes) if row.name == question else row  # type: ignore[arg-type]
        for row in questionnaire.rows
    )
    return replace(questionnaire, rows=rows)


def test_what_was_asked_otherwise_is_not_compared(field: Field, taxonomy: Taxonomy, rounds: tuple[int, int]) -> None:
    for each in rounds:
        field.add_many(each, [tick("gmp")] * 12)
    reworded = change_question(field.questionnaire, "ch_areas", label=Text("다른 질문", "Other", "別"))
    before, now = (release(field, taxonomy, each) for each in rounds)
    changes = compare_released(now, before, match_codes(field.questionnaire, reworded))
    assert changes["gmp"].before is None and changes["gmp"].direction is None
    assert changes["gmp-other"].before is not None  # its own question is the same
    mapped = compare_released(now, before, match_codes(field.questionnaire, reworded, {"gmp": "gmp"}))
    assert mapped["gmp"].recurrence == "recurring"
    assert match_codes(field.questionnaire, field.questionnaire, {"gmp": "gone"}).get("gmp") is None
    without = change_question(field.questionnaire, "ch_areas", name="other_areas")
    with pytest.raises(IssuesNotAsked):
        match_codes(field.questionnaire, without)


def test_companies_are_not_compared_with_returns(field: Field, taxonomy: Taxonomy) -> None:
    before, now = field.add_round("2025", counts_companies=True), field.add_round("2026")
    for company in range(12):
        field.add(before, tick("gmp"), company_id=company + 1)
    field.add_many(now, [tick("gmp")] * 12)
    assert {change.before for change in compare(field, taxonomy, (before, now)).values()} == {None}


def test_two_audiences_are_kept_apart(field: Field, taxonomy: Taxonomy, rounds: tuple[int, int]) -> None:
    tables = release(field, taxonomy, rounds[1]), release(field, taxonomy, rounds[0], Audience.JAPAN)
    with pytest.raises(AudiencesDiffer):
        compare_released(*tables, {})
