"""Tallies over the companies of a round."""

from __future__ import annotations

from surveyapp.analysis.disclosure.released import ReleasedSummary
from surveyapp.analysis.disclosure.rules import Rules
from surveyapp.analysis.number_summaries import NumberSummary
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds


def release_summary(summary: NumberSummary, audience: Audience, thresholds: AudienceThresholds) -> ReleasedSummary:
    """Median and quartiles of one value a company, over a whole round: all of them or none.

    With the ten companies that a round needs at least, a quartile of type 7 lies between the third and the fourth
    value, so three companies lie beyond it: what `Rules.quartile` asks for, and reaches by a simpler bound.
    """
    rules = Rules.of_round(audience, thresholds[audience])
    return ReleasedSummary(
        n=rules.tally(summary.n, summary.n),
        lower_quartile=rules.summary(summary.lower_quartile, summary.n),
        median=rules.summary(summary.median, summary.n),
        upper_quartile=rules.summary(summary.upper_quartile, summary.n),
    )
