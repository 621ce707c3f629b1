"""Which cells of a release are hidden, given all that its readers are told besides: from sums to reasons."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace

from surveyapp.analysis.disclosure.equations import build_problem, find_relatives
from surveyapp.analysis.disclosure.figures import Hidden
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told, tell
from surveyapp.analysis.disclosure.links import Link, extend_links
from surveyapp.analysis.disclosure.problems import Plan
from surveyapp.analysis.disclosure.rules import TELLING, blur_reason
from surveyapp.analysis.disclosure.suppression import MOST_CELLS, TableTooLarge, plan_suppression


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is hidden of a table: a reason for each sum, None where it is shown, and what a reader then knows."""

    reasons: tuple[Hidden | None, ...]
    told: tuple[Told, ...]
    is_proven: bool = True
    betrayed: int = 0  # targets that follow from what was told before, whatever this table hides
    marked: frozenset[int] = frozenset()  # sums hidden for another's sake of which a reader knows that they are


_is_by_single_rules: ContextVar[bool] = ContextVar("whether nothing is solved", default=False)


@contextmanager
def judge_singly() -> Iterator[None]:
    """Inside, tables are made by the rules of single figures alone, which takes no time: enough to see whether anything
    changed. They are for nobody to see.
    """
    token = _is_by_single_rules.set(True)
    try:
        yield
    finally:
        _is_by_single_rules.reset(token)


_NEUTRAL = frozenset({Hidden.PROTECTS_ANOTHER, Hidden.RELEASED_BEFORE})  # reasons that say nothing of a figure


def protect(
    sums: Sequence[Sum],
    *,
    beside: Sequence[Told] = (),
    before: Readers = NOTHING_BEFORE,
    links: Sequence[Link] = (),
    across: Sequence[Link] = (),
    watch_companies: bool = False,
    seconds: float | None = None,
) -> Verdict:
    """Which sums are hidden so that neither a sensitive one nor one company's answer follows from all that is told.

    `beside` is told in other figures of the same release, `before` in earlier ones. What is hidden of an answer that
    was released before has one reason for all: beside the earlier figures the reason itself would tell too much. So has
    what is hidden of a table of groups for an audience that is not told reasons (`Rules.tells_reasons`).

    `links` bind answers of this release to each other, `across` binds them to answers told before.

    `watch_companies`: guard the answer of each company and of the difference of any two groups that lie in each other,
    too; for tables of groups. Empty groups are left out; their reason is that nothing was computed.

    What is not proven in time is hidden: within `seconds`, or those of `limit_time`. Raises TableTooLarge.
    """
    if _is_by_single_rules.get():
        single = tuple(each.reason if each.members else Hidden.NOT_COMPUTED for each in sums)
        return Verdict(single, tuple(tell(sums, single)), is_proven=False)
    verdicts = [
        _protect_from(sums, beside, told, (links, across), watch_companies=watch_companies, seconds=seconds)
        for told in before
    ]
    reasons = [_join_reasons(each, [verdict.reasons[place] for verdict in verdicts]) for place, each in enumerate(sums)]
    # Two reasons would part those that earlier releases would betray, or one kind of reader, from those that are hidden
    # anyway.
    if Hidden.NOT_PROVEN in reasons:
        reasons = [Hidden.NOT_PROVEN if each in _NEUTRAL else each for each in reasons]
    elif Hidden.RELEASED_BEFORE in reasons and not _tells_reasons(sums):
        reasons = [Hidden.RELEASED_BEFORE if each in _NEUTRAL else each for each in reasons]
    marked = frozenset(
        place
        for place, reason in enumerate(reasons)
        if reason is Hidden.PROTECTS_ANOTHER and any(place in verdict.marked for verdict in verdicts)
    )
    return Verdict(
        tuple(reasons),
        tuple(tell(sums, reasons, marked)),
        is_proven=all(verdict.is_proven for verdict in verdicts),
        betrayed=max(verdict.betrayed for verdict in verdicts),
    )


def _tells_reasons(sums: Iterable[Sum]) -> bool:
    return all(each.rules.tells_reasons for each in sums)


def _join_reasons(each: Sum, reasons: Sequence[Hidden | None]) -> Hidden | None:
    """Hidden for one reader, hidden for all; a reason that must not be told to one is told to none."""
    found = [reason for reason in reasons if reason is not None]
    return next((reason for reason in found if reason is not each.reason), found[0] if found else None)


def _protect_from(
    sums: Sequence[Sum],
    beside: Sequence[Told],
    before: Sequence[Told],
    bonds: tuple[Sequence[Link], Sequence[Link]],
    *,
    watch_companies: bool,
    seconds: float | None,
) -> Verdict:
    """What one kind of reader must not be shown. Rules of answers hold for returns as they were earlier, too."""
    links, across = bonds
    every = [*links, *extend_links(links, [(told.answers, told.members) for told in before]), *across]
    return _solve(sums, beside, before, every, watch_companies=watch_companies, seconds=seconds)


def _solve(
    sums: Sequence[Sum],
    beside: Sequence[Told],
    before: Sequence[Told],
    links: Sequence[Link],
    *,
    watch_companies: bool,
    seconds: float | None,
) -> Verdict:
    tells_reasons = _tells_reasons(sums)
    reasons: list[Hidden | None] = [
        _find_own_reason(each, tells_reasons=tells_reasons) if each.members else Hidden.NOT_COMPUTED for each in sums
    ]
    betrayed, is_proven, marked = 0, True, set[int]()
    released = {answer for told in before for answer in told.answers}
    for places, told, bound in _split(sums, [*beside, *before], links):
        if len(places) > MOST_CELLS:
            raise TableTooLarge(len(places))
        part = [sums[place] for place in places]
        is_repeated = any(not released.isdisjoint(each.answers) for each in told)
        if is_repeated and _says_nothing_new(part, [reasons[place] for place in places], told):
            continue
        problem = build_problem(
            part, told, bound, watch_companies=watch_companies or is_repeated, is_repeated=is_repeated
        )
        is_told = tells_reasons and not is_repeated
        plan = plan_suppression(replace(problem, tells_reasons=is_told), seconds)
        if is_told and plan.is_proven and not plan.blurred:
            marked |= {places[hidden] for hidden in plan.hidden}
        betrayed += len(plan.betrayed)
        is_proven = is_proven and plan.is_proven
        for place, reason in zip(places, _mark(part, plan, is_repeated=is_repeated), strict=True):
            reasons[place] = reason
    return Verdict(tuple(reasons), (), is_proven, betrayed, frozenset(marked))


def _find_own_reason(each: Sum, *, tells_reasons: bool) -> Hidden | None:
    return each.reason if each.reason is None or tells_reasons else blur_reason(each.reason)


def _says_nothing_new(sums: Sequence[Sum], reasons: Sequence[Hidden | None], told: Iterable[Told]) -> bool:
    """Whether the reader was told all of it before, the marks included: nothing can follow that did not before."""
    known = set(told)
    return known.issuperset(tell(sums, reasons))


def _mark(sums: Sequence[Sum], plan: Plan, *, is_repeated: bool) -> Iterator[Hidden | None]:
    neutral = Hidden.RELEASED_BEFORE if is_repeated else Hidden.PROTECTS_ANOTHER
    if plan.is_late:
        neutral = Hidden.NOT_PROVEN
    for place, each in enumerate(sums):
        if place in plan.hidden or (place in plan.blurred and each.reason in TELLING):
            yield neutral
        else:
            yield each.reason


_Part = tuple[list[int], list[Told], list[Link]]


def _split(sums: Sequence[Sum], beside: Sequence[Told], links: Sequence[Link]) -> Iterator[_Part]:
    """Parts whose answers have nothing to do with each other: each is a problem of its own."""
    together = [each.answers for each in sums] + [told.answers for told in beside] + [link.answers for link in links]
    find = find_relatives(together)
    parts: dict[str, _Part] = {}
    for place, each in enumerate(sums):
        if each.members:
            parts.setdefault(find(each.answers[0]), ([], [], []))[0].append(place)
    for told in beside:
        if told.members and (part := parts.get(find(told.answers[0]))) is not None:
            part[1].append(told)
    for link in links:
        if (part := parts.get(find(link.answers[0]))) is not None:
            part[2].append(link)
    yield from parts.values()
