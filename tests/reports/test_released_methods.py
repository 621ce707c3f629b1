"""The methods sentence outside the desk is made of released figures; what is hidden cannot be worked out from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure import FieldSets, Hidden, ReleasedField, release_field
from surveyapp.analysis.masks import Origin
from surveyapp.analysis.release_memory import Shown
from surveyapp.analysis.released_methods import find_methods
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Language
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round

ANSWERED = "companies answered from"


def release(returns: int, *, invited: int = 0, complete: int = 0) -> ReleasedField:
    """`complete` of the `returns` came through invitations."""
    companies = FrozenBitMap(range(invited))
    sets = FieldSets(
        origin=Origin("survey", 1, 1, ("1",), "companies"),
        invited=companies,
        sample=companies,
        steps=(("submitted", FrozenBitMap(range(complete))),),
        groups=(),
        without_order=frozenset(),
        left=FrozenBitMap(),
        returns=returns,
        open_returns=returns - complete,
    )
    return release_field(sets, Audience.MINISTRY, LEAST_THRESHOLDS)


def tell(
    returns: int,
    *,
    invited: int = 0,
    complete: int = 0,
    since: datetime | None = None,
    language: Language = "en",
) -> str:
    methods = find_methods(Shown(release(returns, invited=invited, complete=complete), since))
    return write_released_methods(Words(language, load_translator(language)), make_round("real"), methods)


@pytest.mark.parametrize("returns", [0, 1, 9])
def test_too_few_returns_tell_no_number(returns: int) -> None:
    told = tell(returns, invited=300, complete=returns)
    assert "too few for their number to be shown" in told and "300" not in told and "rate" not in told


def test_nobody_invited() -> None:
    told = tell(12)
    assert told.startswith(f"12 {ANSWERED}") and told.endswith("no response rate can be given.")


def test_the_rate_with_its_numbers() -> None:
    assert "Response rate 4.3% (AAPOR RR1, 13 of 300 invited companies)." in tell(13, invited=300, complete=13)
    assert "1,300 of 10,000 invited" in tell(1300, invited=10_000, complete=1300)


@pytest.mark.parametrize("others", [1, 2])
def test_one_or_two_through_the_open_link_hide_the_rate_that_would_tell_of_them(others: int) -> None:
    told = tell(30 + others, invited=300, complete=30)
    assert f"{30 + others} {ANSWERED}" in told and "is not shown" in told and "300" not in told and "30 of" not in told


def test_three_through_the_open_link_are_told() -> None:
    told = tell(33, invited=300, complete=30)
    assert "30 of 300 invited companies" in told and "3 further returns came through the open link" in told


def test_one_or_two_through_invitations_hide_the_rate() -> None:
    assert "is not shown" in tell(30, invited=300, complete=2)


@pytest.mark.parametrize(("language", "words"), [("ko", "초대 기업 300개사 중 13개사"), ("ja", "招待企業300社中13社")])
def test_in_each_language(language: Language, words: str) -> None:
    assert words in tell(13, invited=300, complete=13, language=language)


def test_what_was_released_is_said_with_its_day() -> None:
    told = tell(13, invited=300, complete=13, since=datetime(2026, 11, 15, 16, 0, tzinfo=UTC))
    assert "(Asia/Seoul). Counted on 2026-11-16. Response rate 4.3%" in told


def test_without_a_rate_the_number_is_hidden_that_would_tell_it() -> None:
    """Two of thirty came through invitations: 30 may be said where 28 did not, but not where nobody else could."""
    table = release(30, invited=300, complete=2)
    assert table.returns is not None
    assert (table.rate.hidden, table.returns.count) == (Hidden.COUNT_TOO_SMALL, 30)
    hidden = replace(table, returns=table.rate)
    words = Words("en", load_translator("en"))
    for returns in (hidden, replace(table, returns=None)):
        told = write_released_methods(words, make_round("real"), find_methods(Shown(returns, None)))
        assert told.endswith("their number is not shown, since it could betray a company.")
