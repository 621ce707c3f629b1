"""Wilson's interval and what overlapping means."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveyapp.analysis.intervals import Share, do_overlap
from surveyapp.questionnaire.scoring import round_half_up


@pytest.mark.parametrize(
    ("count", "base", "low", "high"),
    [
        (8, 12, "0.3906", "0.8619"),
        (2, 12, "0.0470", "0.4480"),
        (0, 12, "0.0000", "0.2425"),
        (12, 12, "0.7575", "1.0000"),
        (1, 1, "0.2065", "1.0000"),
        (500_000, 1_000_000, "0.4990", "0.5010"),
    ],
)
def test_wilson_interval(count: int, base: int, low: str, high: str) -> None:
    interval = Share(count, base).interval
    assert interval is not None
    assert [round_half_up(bound, 4) for bound in interval] == [Decimal(low), Decimal(high)]


@given(base=st.integers(1, 5000), data=st.data())
def test_wilson_interval_holds_the_share_and_stays_inside(base: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, base))
    share = Share(count, base)
    assert share.value == Fraction(count, base)
    assert share.interval is not None
    low, high = share.interval
    assert 0 <= low <= share.value <= high <= 1
    assert low < high


def test_a_share_of_nobody_has_no_value() -> None:
    assert Share(0, 0).value is None
    assert Share(0, 0).interval is None


def test_ranges_that_touch_overlap() -> None:
    half, one = Fraction(1, 2), Fraction(1)
    assert do_overlap((Fraction(0), half), (half, one))
    assert do_overlap((Fraction(0), one), (half, half))
    assert not do_overlap((Fraction(0), Fraction(2, 5)), (half, one))
