"""From which numbers on a figure may leave the desk, for each audience. A round may ask for more, never for less.

What follows from the numbers is the work of `analysis/disclosure`; here they are kept and checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Audience(StrEnum):
    """Whom a figure is for. The desk itself sees unreleased figures and is no audience here."""

    MINISTRY = "ministry"
    JAPAN = "japan"
    PUBLIC = "public"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The least numbers of companies for one audience."""

    group_base: int  # in a group that identifying questions define: type, size, products, stage, route
    group_count: int  # that gave an answer inside such a group, as well as that did not
    round_base: int  # in a tally over a whole round
    round_count: int  # that gave an answer in such a tally


AudienceThresholds = Mapping[Audience, Thresholds]

THRESHOLD_NAMES = tuple(each.name for each in fields(Thresholds))
LEAST_THRESHOLDS: AudienceThresholds = {
    Audience.MINISTRY: Thresholds(group_base=5, group_count=3, round_base=10, round_count=3),
    Audience.JAPAN: Thresholds(group_base=10, group_count=5, round_base=10, round_count=3),
    Audience.PUBLIC: Thresholds(group_base=10, group_count=5, round_base=10, round_count=3),
}
MOST_THRESHOLD = 999  # beyond it nothing would ever be shown: a slip of the key


@dataclass(frozen=True, slots=True)
class ThresholdFault:
    """A number that is weaker than the product allows, or beyond all reason."""

    audience: Audience
    name: str
    least: int


def find_threshold_faults(thresholds: AudienceThresholds) -> Iterator[ThresholdFault]:
    for audience, least in LEAST_THRESHOLDS.items():
        for name in THRESHOLD_NAMES:
            lowest = getattr(least, name)
            if not lowest <= getattr(thresholds[audience], name) <= MOST_THRESHOLD:
                yield ThresholdFault(audience, name, lowest)


def read_thresholds(stored: Mapping[str, Mapping[str, Any]]) -> AudienceThresholds:
    """The thresholds of a round as they hold: where its row names none, or a weaker one, the product's hold."""
    return {
        audience: _raise_thresholds(least, stored[audience.value]) if audience.value in stored else least
        for audience, least in LEAST_THRESHOLDS.items()
    }


def _raise_thresholds(least: Thresholds, named: Mapping[str, Any]) -> Thresholds:
    return Thresholds(**{name: max(getattr(least, name), int(named.get(name, 0))) for name in THRESHOLD_NAMES})


def write_thresholds(thresholds: AudienceThresholds) -> dict[str, dict[str, int]]:
    """What a round's row keeps: the audiences for which it asks for more than the product."""
    return {
        audience.value: asdict(thresholds[audience])
        for audience, least in LEAST_THRESHOLDS.items()
        if thresholds[audience] != least
    }
