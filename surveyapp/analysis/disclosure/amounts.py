"""What the sum of amounts says of the companies that gave them: dominance, estimates, and counts that follow.

Amounts are taken as how many companies gave each, those that nobody gave included: a reader knows which there are.
Sources: Hundepool, Domingo-Ferrer, Franconi, Giessing, Schulte Nordholt, Spicer & de Wolf, *Statistical Disclosure
Control* (Wiley 2012), chapter 4 (n-k and p% rules); Willenborg & de Waal, *Elements of Statistical Disclosure Control*
(Springer 2001), chapter 6.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import islice

Given = Mapping[int, int]  # how many companies gave each amount; amounts are at least 0

DOMINANT = 2  # the n of the n-k rule: so many companies together …
DOMINANT_SHARE = Fraction(85, 100)  # … may make up at most k = 85 % of a sum
PRIOR_SHARE = Fraction(10, 100)  # the p of the p% rule
# A sum that is so many of the highest amount away from the lowest and from the highest sum there can be comes about in
# so many ways that no count follows. A test tries them.
FAR_FROM_ENDS = 10


def add_up(given: Given) -> int:
    return sum(amount * companies for amount, companies in given.items())


def count_contributing(given: Given) -> int:
    return sum(companies for amount, companies in given.items() if amount)


def is_dominated(given: Given) -> bool:
    """The n-k rule: whether the largest amounts together exceed their share of the sum.

    Source: Hundepool et al. (2012), section 4.2.2 "(n,k)-rule"; a sum of nothing is dominated by nobody.
    """
    return sum(_find_largest(given, DOMINANT)) > DOMINANT_SHARE * add_up(given)


def is_estimable(given: Given) -> bool:
    """The p% rule: whether the second largest contributor can estimate the largest one to within p %.

    It knows the sum and its own part; the rest, x3 + x4 + …, is its error. Sensitive where the rest is below p % of the
    largest. Source: Hundepool et al. (2012), section 4.2.2 "p%-rule"; Willenborg & de Waal (2001), section 6.2.
    """
    two = _find_largest(given, 2)
    return bool(two) and two[0] > 0 and add_up(given) - sum(two) < PRIOR_SHARE * two[0]


@lru_cache(maxsize=4_096)  # a pure function of what is shown: pages ask for the same sums again and again
def find_count_ranges(
    n: int, total: int, amounts: tuple[int, ...], *, least_contributing: int
) -> tuple[tuple[int, int], ...] | None:
    """How many of n companies can have given each amount, lowest and highest, where the sum is `total` and is shown.

    That it is shown says more than the sum: at least so many contributed, and nobody dominates. None where the sum is
    far from its ends, so that every count is open.
    """
    lowest, highest = n * min(amounts), n * max(amounts)
    if min(total - lowest, highest - total) > FAR_FROM_ENDS * max(amounts):
        return None
    falling = sorted(amounts, reverse=True)
    ways = [
        way
        for way in _list_ways(n, total, falling)
        if may_be_shown(dict(zip(falling, way, strict=True)), least_contributing)
    ]
    ranges = {amount: (min(counts), max(counts)) for amount, *counts in zip(falling, *ways, strict=True)}
    return tuple(ranges[amount] for amount in amounts)


def may_be_shown(given: Given, least_contributing: int) -> bool:
    return count_contributing(given) >= least_contributing and not is_dominated(given) and not is_estimable(given)


def _find_largest(given: Given, companies: int) -> list[int]:
    each = (amount for amount in sorted(given, reverse=True) for _ in range(min(given[amount], companies)))
    return list(islice(each, companies))


def _list_ways(n: int, total: int, falling: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """How n companies can have given amounts that add up to the total: a count for each, the highest amount first."""
    amount, *others = falling
    if not others:
        if total == n * amount:
            yield (n,)
        return
    # The others give at most the next amount each, and at least the lowest.
    following, lowest = others[0], others[-1]
    fewest = max(0, -((n * following - total) // (amount - following)))
    most = min(n, (total - n * lowest) // (amount - lowest))
    for count in range(fewest, most + 1):
        for way in _list_ways(n - count, total - count * amount, others):
            yield (count, *way)
