"""Means, medians, quartiles and levels in the light of earlier releases.

Within one release such a figure betrays nobody who is not like all others: it does not change when companies change
places, so that an answer can follow from it only where it follows for every company. From one release to the next it
can: the sum of severities of today less yesterday's is the severity of the one company that changed its return. They
are no equations of the audit, so they are released anew only when enough returns came, went or changed, or none did.
"""

from __future__ import annotations

from dataclasses import replace

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.disclosure.knowledge import Readers, Told
from surveyapp.analysis.disclosure.rules import Rules


def tell_basis(name: str, members: BitMap | FrozenBitMap) -> Told:
    """That summaries called `name` were released of these companies. It says nothing of any answer."""
    return Told((_name_basis(name),), FrozenBitMap(members), 0, len(members))


def limit_rules(rules: Rules, name: str, members: BitMap | FrozenBitMap, before: Readers) -> Rules:
    """The rules for summaries of these companies: without, where too few changed since any earlier release of them."""
    least, basis = rules.thresholds.group_count, (_name_basis(name),)
    is_close = any(
        0 < max(len(told.members - members), len(members - told.members)) < least
        for reader in before
        for told in reader
        if told.answers == basis
    )
    return replace(rules, may_summarise=False) if is_close else rules


def _name_basis(name: str) -> str:
    return f"{name}:summaries"
