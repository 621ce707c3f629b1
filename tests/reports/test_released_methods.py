"""The methods sentence outside the desk is made of released figures; what is hidden cannot be worked out from it."""

from __future__ import annotations

import pytest

from surveyapp.analysis.disclosure import release_round_shares, release_tally
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.released_methods import ReleasedMethods
from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, Audience
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import Language
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round

ANSWERED = "companies answered from"


def tell(returns: int, *, invited: int = 0, complete: int = 0, language: Language = "en") -> str:
    """`complete` of the `returns` came through invitations."""
    audience, others = Audience.MINISTRY, returns - complete
    [rate] = release_round_shares([Share(complete, invited)], audience, LEAST_THRESHOLDS)
    [through_open_link] = release_round_shares([Share(others, returns)], audience, LEAST_THRESHOLDS)
    methods = ReleasedMethods(
        release_tally(returns, audience, LEAST_THRESHOLDS),
        rate if invited else None,
        through_open_link if others else None,
    )
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
