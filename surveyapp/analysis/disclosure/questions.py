"""One question as its audience may see it."""

from __future__ import annotations

from pyroaring import FrozenBitMap

from surveyapp.analysis.counts import QuestionCounts
from surveyapp.analysis.disclosure.figures import ReleasedFigure
from surveyapp.analysis.disclosure.knowledge import NOTHING_BEFORE, Readers, Sum
from surveyapp.analysis.disclosure.links import Link
from surveyapp.analysis.disclosure.protection import Verdict, protect
from surveyapp.analysis.disclosure.released import ReleasedChoice, ReleasedQuestion
from surveyapp.analysis.disclosure.rules import Rules, find_rules, release_origin
from surveyapp.analysis.disclosure.summaries import limit_rules, tell_basis
from surveyapp.fieldwork.thresholds import Audience, AudienceThresholds

MISSING_KINDS = ("not_answered", "dont_know", "not_applicable")
ASKED_DISCOUNT = 0.01  # who was asked says less than why they did not answer


def release_question(
    counts: QuestionCounts,
    audience: Audience,
    thresholds: AudienceThresholds,
    *,
    before: Readers = NOTHING_BEFORE,
) -> ReleasedQuestion:
    """One question's counts under the audience's thresholds.

    Answers that exclude each other add up to `answered`, the missing kinds and `answered` to `asked`: what would give a
    hidden one away by subtraction is hidden too. How many gave no answer at all follows from the bases.
    """
    rules = find_rules(counts.origin, audience, thresholds[audience])
    entries = [(choice.choice, choice.label, choice.share) for choice in counts.choices]
    entries += [(rank.choice, rank.label, rank.first) for rank in counts.ranks]
    answers = [f"{counts.question}={name}" for name, _, _ in entries]
    sums = [
        Sum((answer,), counts.usable, share.count, rules, rules.find_reason(share.count, share.base))
        for answer, (_, _, share) in zip(answers, entries, strict=True)
    ]
    links = []
    if answers:
        links.append(Link("any" if counts.kind == "select_multiple" else "exactly_one", tuple(answers), counts.usable))
    verdict = protect(sums, before=before, links=links, watch_companies=rules.of_group)
    missing, asked, known = _release_missing(counts, rules, before)
    numbers = counts.numbers
    basis = () if numbers is None else (tell_basis(counts.question, counts.usable),)
    of_numbers = rules if numbers is None else limit_rules(rules, counts.question, counts.usable, before)
    return ReleasedQuestion(
        audience=audience,
        origin=release_origin(counts.origin),
        question=counts.question,
        kind=counts.kind,
        label=counts.label,
        asked=asked,
        answered=rules.tally(counts.answered, counts.answered),
        not_answered=missing[0],
        dont_know=missing[1],
        not_applicable=missing[2],
        choices=tuple(
            ReleasedChoice(name, label, rules.share(share) if reason is None else rules.hide(reason))
            for (name, label, share), reason in zip(entries, verdict.reasons, strict=True)
        ),
        median=None if numbers is None else of_numbers.summary(numbers.median, numbers.n),
        lower_quartile=None if numbers is None else of_numbers.quartile(numbers.lower_quartile, numbers.n),
        upper_quartile=None if numbers is None else of_numbers.quartile(numbers.upper_quartile, numbers.n),
        told=(*verdict.told, *known.told, *basis),
    )


def _release_missing(
    counts: QuestionCounts, rules: Rules, before: Readers
) -> tuple[list[ReleasedFigure], ReleasedFigure, Verdict]:
    """Why there is no answer, and how many were asked, among the companies without a usable answer."""
    kinds = (counts.missing.not_answered, counts.missing.dont_know, counts.missing.not_applicable)
    answers = [f"{counts.question}:{kind}" for kind in MISSING_KINDS]
    without: FrozenBitMap = counts.unusable
    reasons = [rules.tally(count, counts.asked).hidden for count in kinds]
    asked = rules.tally(counts.asked, counts.base)
    sums = [
        Sum((answer,), without, count, rules, reason)
        for answer, count, reason in zip(answers, kinds, reasons, strict=True)
    ]
    if asked.hidden is None and not counts.is_for_all:
        sums.append(Sum(tuple(answers), without, sum(kinds), rules, discount=ASKED_DISCOUNT))
    every = answers if counts.is_for_all else [*answers, f"{counts.question}:not_asked"]
    verdict = protect(sums, before=before, links=[Link("exactly_one", tuple(every), without)])
    found = verdict.reasons if without else (*reasons, None)
    figures = [
        rules.tally(count, counts.asked) if reason is None else rules.hide(reason)
        for count, reason in zip(kinds, found, strict=False)
    ]
    if asked.hidden is None and len(found) > len(kinds) and (reason := found[len(kinds)]) is not None:
        asked = rules.hide(reason)
    return figures, asked, verdict
