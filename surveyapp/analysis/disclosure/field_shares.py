"""How far the invited companies have come, as an audience may see it: steps of the whole round, and who submitted.

A company's step is another unknown at every release, for it may have gone on since. But nobody goes back: whoever had
submitted before has submitted now. So the unknowns of one release are bound to those of the last as the parts of a
whole. Without that, a company that was invited in between would be given away by subtraction.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from operator import or_

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.disclosure.protection import protect
from surveyapp.analysis.disclosure.released import ReleasedField
from surveyapp.analysis.disclosure.rules import Rules, release_origin
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.masks import Origin
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds

SUBMITTED = "submitted"


@dataclass(frozen=True, slots=True)
class FieldSets:
    """The invited companies of a round by numbers that no return has, so that the memory takes them for no returns."""

    origin: Origin
    invited: FrozenBitMap
    sample: FrozenBitMap  # without those whose invitation was taken back: the base of the response rate
    steps: tuple[tuple[str, FrozenBitMap], ...]  # who came to each step; SUBMITTED among them
    groups: tuple[tuple[str, tuple[tuple[str, FrozenBitMap], ...]], ...]  # of each segment the invited by value
    without_order: frozenset[str]  # steps that a company can leave again
    left: FrozenBitMap  # companies that did leave a step: they withdrew
    returns: int  # counted in the round's figures
    open_returns: int  # of these, through the open link: no invited company's


def release_field(
    sets: FieldSets, audience: Audience, thresholds: AudienceThresholds, *, before: Readers = NOTHING_BEFORE
) -> ReleasedField:
    """Steps, response rate and shares of groups: all of them, and everything told before, are audited together.

    Returns less those through the open link are the companies of the rate: where that is hidden, they are hidden too,
    unless enough came through the open link to hide how many did.
    """
    whole = Rules.of_round(audience, thresholds[audience])
    known = [told for reader in before for told in reader]
    number = 1 + max((_read_name(name)[1] for told in known for name in told.answers if _is_step(name)), default=0)
    reached = dict(sets.steps)
    entries = [(step, sets.invited, whole) for step, _ in sets.steps]
    entries.append((SUBMITTED, sets.sample, whole))
    entries += [(SUBMITTED, members, whole.for_groups()) for _, values in sets.groups for _, members in values]
    sums, shares = [], []
    for step, members, rules in entries:
        share = Share(members.intersection_cardinality(reached[step]), len(members))
        # Whose invitation was taken back has submitted nothing: everybody knows that, and it need not be protected.
        possible = FrozenBitMap(members & sets.sample) if step == SUBMITTED else members
        reason = rules.find_reason(share.count, len(possible))
        sums.append(Sum((_write_name(step, number),), possible, share.count, rules, reason))
        shares.append(share)
    verdict = protect(sums, before=before, across=list(_bind_releases(sets, known, number)), watch_companies=True)
    figures = iter(
        each.rules.share(share) if reason is None or not share.base else each.rules.hide(reason)
        for each, share, reason in zip(sums, shares, verdict.reasons, strict=True)
    )
    steps = tuple((step, next(figures)) for step, _ in sets.steps)
    rate = next(figures)
    returns = whole.tally(sets.returns, sets.returns)
    is_told_by_rate = bool(sets.sample) and sets.open_returns < whole.least_count
    if is_told_by_rate and rate.hidden is not None and returns.hidden is None:
        returns = whole.hide(rate.hidden)
    return ReleasedField(
        audience=audience,
        origin=release_origin(sets.origin),
        steps=steps,
        rate=rate,
        groups=tuple(
            (segment, tuple((value, next(figures)) for value, _ in values)) for segment, values in sets.groups
        ),
        returns=returns,
        through_open_link=whole.share(Share(sets.open_returns, sets.returns)) if sets.open_returns else None,
        told=verdict.told,
    )


def _bind_releases(sets: FieldSets, known: Sequence[Told], number: int) -> Iterator[Link]:
    """Whoever had come to a step at one release had come to it at the next, but for those that left it since."""
    for step, _ in sets.steps:
        if step in sets.without_order:
            continue
        invited = {number: sets.invited}
        for told in known:
            for name in told.answers:
                if _is_step(name) and _read_name(name)[0] == step:
                    at = _read_name(name)[1]
                    invited[at] = FrozenBitMap(reduce(or_, (invited.get(at, FrozenBitMap()), told.members)))
        for earlier, later in pairwise(sorted(invited)):
            members = (invited[earlier] & invited[later]) - sets.left
            if members:
                names = (_write_name(step, later), _write_name(step, earlier))
                yield Link("parts_of_whole", names, FrozenBitMap(members))


def _write_name(step: str, number: int) -> str:
    """What a company had done at the release of that number."""
    return f"field.{step}@{number}"


def _is_step(name: str) -> bool:
    return name.startswith("field.")


def _read_name(name: str) -> tuple[str, int]:
    step, _, number = name.removeprefix("field.").rpartition("@")
    return step, int(number)
