"""The sentences around the figures of a company's readiness report: whose they are, how they came about, what they do
not say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from surveyapp.analysis.company_readiness import TOP_LEVEL, CompanyReadiness, Comparison
from surveyapp.analysis.peer_band import PeerBand
from surveyapp.questionnaire.model import Text
from surveyapp.questionnaire.scoring import GATE_SCORE, LEAST_DIMENSIONS, LEAST_WEIGHT, LEVEL_POINTS, find_band
from surveyapp.reports.readiness_report import name_band, name_dimension
from surveyapp.reports.words import Words

PeersState = Literal["shown", "too_few", "not_companies", "altered"]


@dataclass(frozen=True, slots=True)
class Peers:
    """The band, or why there is none; `least` is the number of companies from which on there is one."""

    state: PeersState
    least: int
    band: PeerBand | None = None
    has_own: bool = False  # whether the company's own return is among those counted


@dataclass(frozen=True, slots=True)
class EarlierReadiness:
    """The company's own earlier round, and what can be compared with it."""

    title: Text
    comparison: Comparison


def explain_gate(words: Words, readiness: CompanyReadiness) -> tuple[str, ...]:
    """Why the band is lower than its number; nothing where it is not."""
    result = readiness.result
    if not result.gate_applied or result.overall is None:
        return ()
    below = [name_dimension(words, each.dimension) for each in readiness.dimensions if each.holds_band]
    return (
        words.gettext(
            "An average hides a gap that stops everything else. So the band is “%(held)s” instead of “%(band)s”, and "
            "the number unchanged, as long as these are below %(gate)s points: %(dimensions)s",
            gate=GATE_SCORE,
            dimensions=words.join(below),
            held=name_band(words, "preparing"),
            band=name_band(words, find_band(result.overall)),
        ),
    )


def explain_steps(words: Words, readiness: CompanyReadiness) -> str:
    """How the first steps were chosen."""
    chosen = words.gettext(
        "Calculated: the dimensions with the most weight × points missing to 100, and in each the question at the "
        "lowest level."
    )
    gate = (words.gettext("What holds the band back stands first."),) if readiness.result.gate_applied else ()
    return ("" if words.language == "ja" else " ").join(
        (
            chosen,
            *gate,
            words.gettext("This is no advice: what comes first for your company, only you can judge."),
        )
    )


def explain_peers(words: Words, peers: Peers) -> tuple[str, ...]:
    """Of which companies and of when the band is, or why there is none."""
    if peers.band is None:
        return (_explain_no_band(words, peers),)
    own = (
        words.gettext("Your own return is among them, as it was then.")
        if peers.has_own
        else words.gettext("Your own return is not among them.")
    )
    return (
        words.gettext(
            "The companies of this round whose returns were there on %(time)s. A quarter of them lie below the middle "
            "half and a quarter above it.",
            time=words.time(peers.band.made_at),
        ),
        own,
        words.gettext(
            "These figures stay as they are when single returns come, change or are withdrawn, so that none can be "
            "worked out. They are calculated anew only when at least %(least)s further companies have submitted, and "
            "nothing is shown that rests on fewer than %(least)s.",
            least=peers.least,
        ),
    )


def _explain_no_band(words: Words, peers: Peers) -> str:
    if peers.state == "not_companies":
        return words.gettext(
            "The companies of this round are not shown: anybody can take part through its open link, so that nobody "
            "knows how many companies stand behind the returns."
        )
    if peers.state == "altered":
        return words.gettext(
            "The companies of this round cannot be shown at the moment: what was kept of them does not match its "
            "checksum. The survey office has to look into it."
        )
    return words.gettext(
        "The companies of this round are not shown yet: it takes the returns of at least %(least)s of them. Look again "
        "some days later.",
        least=peers.least,
    )


def explain_earlier(words: Words, earlier: EarlierReadiness | None) -> tuple[str, ...]:
    if earlier is None:
        return ()
    changed = earlier.comparison.changed
    lines = [
        words.gettext(
            "What your own company submitted in “%(title)s”, where questions and levels have the same wording.",
            title=words.text(earlier.title),
        )
    ]
    if changed:
        names = words.join([name_dimension(words, dimension) for dimension in changed])
        lines.append(words.gettext("Asked differently then and not compared: %(dimensions)s", dimensions=names))
    lines.append(
        words.gettext(
            "A difference can come from somebody else answering, or judging more strictly, as well as from what your "
            "company has done."
        )
    )
    return tuple(lines)


def explain_method(words: Words, readiness: CompanyReadiness) -> tuple[str, ...]:
    """How the figures are calculated, with all weights."""
    weights = words.join([f"{name_dimension(words, each.dimension)} {each.weight}" for each in readiness.dimensions])
    return (
        words.gettext(
            "A dimension's score is %(points)s × the mean level (0 to %(top)s) of its answered questions. What is not "
            "applicable or blank is left out and never counts as 0.",
            points=LEVEL_POINTS,
            top=TOP_LEVEL,
        ),
        words.gettext(
            "Weights of the overall result: %(weights)s. They are expert judgement, no estimate; the result with "
            "equal weights stands beside it.",
            weights=weights,
        ),
        words.gettext(
            "An overall result takes at least %(least)s of %(all)s dimensions and %(points)s of 100 weight points. It "
            "is rounded half up, at the very end.",
            least=LEAST_DIMENSIONS,
            all=len(readiness.dimensions),
            points=LEAST_WEIGHT,
        ),
        words.gettext(
            "If regulatory, quality or partner is below %(gate)s points, the band cannot be better than “%(held)s”.",
            gate=GATE_SCORE,
            held=name_band(words, "preparing"),
        ),
    )
