"""Shares with their base, and the interval that belongs to them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import lru_cache

# The 97.5 % point of the normal distribution as docs/method/scoring.md prints it; published figures rest on this value.
NORMAL_QUANTILE = Fraction("1.959964")
# Digits carried for the square root. Far more than are ever shown, so that rounding happens once, at the end.
ROOT_DIGITS = 40

Range = tuple[Fraction, Fraction]


@dataclass(frozen=True, slots=True)
class Share:
    """`count` of `base` companies (or returns). A share of nobody has no value and no interval.

    Values are exact fractions between 0 and 1; multiply by 100 and round half-up where they are shown.
    """

    count: int
    base: int

    @property
    def value(self) -> Fraction | None:
        """`count / base`, exact; None where the base is empty."""
        return Fraction(self.count, self.base) if self.base else None

    @property
    def interval(self) -> Range | None:
        """95 % Wilson score interval (Wilson 1927), inside 0 to 1; None where the base is empty."""
        return find_wilson_interval(self.count, self.base) if self.base else None


@lru_cache(maxsize=16_384)  # exact fractions are slow, and a page asks for the same few shares again and again
def find_wilson_interval(count: int, base: int) -> Range:
    """The 95 % Wilson score interval of `count` of `base` (base above 0), exact to 40 digits.

    Source: Wilson (1927); small-sample behaviour in Brown, Cai & DasGupta (2001).
    """
    share, z = Fraction(count, base), NORMAL_QUANTILE
    widening = 1 + z * z / base
    centre = (share + z * z / (2 * base)) / widening
    half = z * _find_root(share * (1 - share) / base + z * z / (4 * base * base)) / widening
    # At both ends the bound is 0 or 1 in exact arithmetic; the root is only approximate.
    low = Fraction(0) if count == 0 else centre - half
    high = Fraction(1) if count == base else centre + half
    return low, high


def do_overlap(one: Range, other: Range) -> bool:
    """Whether two closed ranges have a point in common. Ranges that only touch do overlap: nothing is claimed then."""
    return one[0] <= other[1] and other[0] <= one[1]


def _find_root(value: Fraction) -> Fraction:
    with localcontext() as context:
        context.prec = ROOT_DIGITS
        return Fraction((Decimal(value.numerator) / Decimal(value.denominator)).sqrt())
