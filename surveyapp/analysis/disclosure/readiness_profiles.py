"""The readiness profile as its audience may see it."""

from __future__ import annotations

from collections.abc import Sequence

from pyroaring import FrozenBitMap

from surveyapp.analysis.disclosure.figures import Hidden, ReleasedFigure
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum, Told
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.disclosure.protection import Verdict, protect
from surveyapp.analysis.disclosure.released import ReleasedDimension, ReleasedReadiness
from surveyapp.analysis.disclosure.rules import Rules, find_rules, release_origin
from surveyapp.analysis.disclosure.summaries import limit_rules, tell_basis
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.readiness import BANDS, LEVELS, DimensionProfile, ReadinessProfile
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds


def release_readiness(
    profile: ReadinessProfile,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    before: Readers = NOTHING_BEFORE,
) -> ReleasedReadiness:
    """The readiness profile under the audience's thresholds.

    Companies that are ready, not ready and between add up to n. The five levels are shown all or not at all, and not
    where they would tell how many of a few stand exactly at the score 25.
    """
    rules = find_rules(profile.origin, audience, thresholds[audience])
    told: list[Told] = []
    bands: Sequence[ReleasedFigure] = [rules.hide(Hidden.BASE_TOO_SMALL)] * len(BANDS)
    if profile.bands:
        names = [f"readiness.band={band}" for band, _ in profile.bands]
        bands, verdict = _protect_parts(names, [share for _, share in profile.bands], profile.numbers, rules, before)
        told += verdict.told
    overall = limit_rules(rules, "readiness", profile.numbers, before)
    told.append(tell_basis("readiness", profile.numbers))
    dimensions = []
    for dimension in profile.dimensions:
        released, known = _release_dimension(dimension, rules, before)
        dimensions.append(released)
        told += known
    return ReleasedReadiness(
        audience=audience,
        origin=release_origin(profile.origin),
        dimensions=tuple(dimensions),
        bands=tuple(zip(BANDS, bands, strict=True)),
        overall=overall.summary(profile.overall.median, profile.overall.n),
        overall_equal_weights=overall.summary(profile.overall_equal_weights.median, profile.overall_equal_weights.n),
        told=tuple(told),
    )


def _protect_parts(
    names: Sequence[str], shares: Sequence[Share], members: FrozenBitMap, rules: Rules, before: Readers
) -> tuple[list[ReleasedFigure], Verdict]:
    """Figures of which each company is in exactly one."""
    sums = [
        Sum((name,), members, share.count, rules, rules.find_reason(share.count, share.base))
        for name, share in zip(names, shares, strict=True)
    ]
    links = [Link("exactly_one", tuple(names), members)]
    verdict = protect(sums, before=before, links=links, watch_companies=rules.of_group)
    figures = [
        rules.share(share) if reason is None else rules.hide(reason)
        for share, reason in zip(shares, verdict.reasons, strict=True)
    ]
    return figures, verdict


def _release_dimension(
    dimension: DimensionProfile, rules: Rules, before: Readers
) -> tuple[ReleasedDimension, tuple[Told, ...]]:
    n = rules.tally(dimension.n, dimension.n)
    ready, not_ready = dimension.ready, dimension.not_ready
    if n.hidden is not None or ready is None or not_ready is None or dimension.net is None:
        nothing = rules.hide(n.hidden or Hidden.BASE_TOO_SMALL)
        empty = ReleasedDimension(
            dimension=dimension.dimension,
            weight=dimension.weight,
            n=nothing,
            few_answers=dimension.few_answers,
            median=nothing,
            lower_quartile=nothing,
            upper_quartile=nothing,
            levels=(nothing,) * LEVELS,
            ready=nothing,
            not_ready=nothing,
            net=nothing,
        )
        return empty, ()
    between = Share(dimension.n - ready.count - not_ready.count, dimension.n)
    shares = [ready, not_ready, between]
    names = [f"readiness.{dimension.dimension}={part}" for part in ("ready", "not_ready", "between")]
    figures, verdict = _protect_parts(names, shares, dimension.numbers, rules, before)
    is_balanced = figures[0].hidden is None and figures[1].hidden is None
    name = f"readiness.{dimension.dimension}"
    summaries = limit_rules(rules, name, dimension.numbers, before)
    released = ReleasedDimension(
        dimension=dimension.dimension,
        weight=dimension.weight,
        n=n,
        few_answers=dimension.few_answers,
        median=summaries.summary(dimension.scores.median, dimension.n),
        lower_quartile=summaries.quartile(dimension.scores.lower_quartile, dimension.n),
        upper_quartile=summaries.quartile(dimension.scores.upper_quartile, dimension.n),
        levels=_release_levels(dimension.levels, not_ready, summaries),
        ready=figures[0],
        not_ready=figures[1],
        net=rules.number(dimension.net)
        if is_balanced
        else rules.hide(figures[0].hidden or figures[1].hidden or Hidden.PROTECTS_ANOTHER),
    )
    return released, (*verdict.told, tell_basis(name, dimension.numbers))


def _release_levels(levels: Sequence[Share], not_ready: Share, rules: Rules) -> tuple[ReleasedFigure, ...]:
    """The five levels, all or none. `not_ready` ends inside the second level, at the score 25."""
    at_25 = not_ready.count - levels[0].count
    parts = [*(share.count for share in levels), at_25, levels[1].count - at_25]
    if any(rules.find_reason(count, not_ready.base) is not None for count in parts):
        return tuple(rules.hide(Hidden.COUNT_TOO_SMALL) for _ in levels)
    if not rules.may_summarise:
        return tuple(rules.hide(Hidden.RELEASED_BEFORE) for _ in levels)
    return tuple(rules.share(share) for share in levels)
