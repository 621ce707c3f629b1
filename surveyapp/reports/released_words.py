"""How released figures are said: for whom, how many, and why one is hidden."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surveyapp.analysis.disclosure import Hidden, ReleasedFigure, ReleasedIssueRow
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.issue_words import describe_range
from surveyapp.reports.words import BLANK, Words

_NOT_WITHHELD = frozenset({Hidden.FEW_CASES, Hidden.NOT_COMPUTED})  # there is no figure; their words say so themselves


def describe_audience(words: Words, audience: Audience) -> str:
    return {
        Audience.MINISTRY: words.gettext("Ministry (MFDS)"),
        Audience.JAPAN: words.gettext("Japan"),
        Audience.PUBLIC: words.gettext("Public"),
    }[audience]


def describe_hidden(words: Words, hidden: Hidden) -> str:
    """That a figure is not shown, and why, in a few plain words."""
    reason = state_reason(words, hidden)
    return reason if hidden in _NOT_WITHHELD else words.pair(words.gettext("hidden"), reason)


def state_reason(words: Words, hidden: Hidden) -> str:
    """Why a figure is not shown, for a place that has said already that it is not."""
    return {
        Hidden.BASE_TOO_SMALL: words.gettext("the group has too few companies"),
        Hidden.COUNT_TOO_SMALL: words.gettext("too few companies gave this answer"),
        Hidden.REST_TOO_SMALL: words.gettext("too few companies did not give this answer"),
        Hidden.FEW_CASES: words.gettext("not broken down: fewer than five companies"),
        Hidden.TOTAL_HIDDEN: words.gettext("the figure it belongs to is hidden"),
        Hidden.PROTECTS_ANOTHER: words.gettext("too few companies, or a hidden figure could be worked out from it"),
        Hidden.RELEASED_BEFORE: words.gettext("with earlier releases it could betray a company"),
        Hidden.FEW_DETAILS: words.gettext("too few companies gave details"),
        Hidden.NOT_PROVEN: words.gettext("not shown to be safe in the time there was"),
        Hidden.DOMINATED: words.gettext("one or two companies make up most of it"),
        Hidden.NOT_COMPUTED: words.gettext("no figure: too few values"),
    }[hidden]


def name_hidden(words: Words, hidden: Hidden) -> str:
    """The reason in as few words as fit into a cell; `explain_hidden` says them in full below the table."""
    return {
        Hidden.BASE_TOO_SMALL: words.gettext("group too small"),
        Hidden.COUNT_TOO_SMALL: words.gettext("too few named it"),
        Hidden.REST_TOO_SMALL: words.gettext("too few others"),
        Hidden.FEW_CASES: words.gettext("few cases"),
        Hidden.TOTAL_HIDDEN: words.gettext("total hidden"),
        Hidden.PROTECTS_ANOTHER: words.gettext("protected"),
        Hidden.RELEASED_BEFORE: words.gettext("released before"),
        Hidden.FEW_DETAILS: words.gettext("few details"),
        Hidden.NOT_PROVEN: words.gettext("not checked in time"),
        Hidden.DOMINATED: words.gettext("few make up most of it"),
        Hidden.NOT_COMPUTED: words.gettext("too few values"),
    }[hidden]


def explain_hidden(words: Words, figures: Iterable[ReleasedFigure]) -> tuple[str, ...]:
    """The reasons that occur among the figures, short and in full, in one note."""
    found = {figure.hidden for figure in figures if figure.hidden is not None}
    if not found:
        return ()
    reasons = [f"{name_hidden(words, hidden)} = {state_reason(words, hidden)}" for hidden in Hidden if hidden in found]
    return (words.gettext("× marks a hidden figure: %(reasons)s.", reasons=words.join_clauses(reasons)),)


def explain_costs(words: Words) -> str:
    return words.gettext(
        "Extra cost: the lower bounds of the ranges that n companies named, added up; those that said “don't know” or "
        "nothing are in neither."
    )


def write_count(words: Words, figure: ReleasedFigure) -> str:
    """The figure's count, a cross where it is hidden."""
    if figure.hidden is not None:
        return "×"
    return BLANK if figure.count is None else f"{figure.count:,}"


def describe_figure(words: Words, figure: ReleasedFigure) -> str:
    """`67% (8/12)`, or why it is hidden."""
    if figure.hidden is not None:
        return describe_hidden(words, figure.hidden)
    return f"{words.percent(figure.value)} ({figure.count or 0:,}/{figure.base or 0:,})"


def describe_number(words: Words, figure: ReleasedFigure) -> str:
    return words.number(figure.value, 1) if figure.hidden is None else describe_hidden(words, figure.hidden)


def describe_method(rows: Sequence[ReleasedIssueRow], words: Words) -> str:
    method = next((row.range_method for row in rows if row.range_method is not None), None)
    index = words.gettext("index = 100 × share × (severity ÷ 5) × open share")
    if method is None:
        return index
    return words.gettext("%(index)s; range: %(range)s", index=index, range=describe_range(words, method))
