"""Where a released figure came from, in words: for the page of its code and the command that says the same.

Whoever sees released figures alone is told whether returns of the round came, were changed or were withdrawn since, but
neither how many nor whether this very figure is another now: with one return that changed, a yes or no for every figure
would spell out its answers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from surveyapp.analysis.disclosure import ReleasedFigure, ReleasedIssueTable
from surveyapp.analysis.figure_codes import compute_code, write_code
from surveyapp.analysis.provenance import Outcome, Recomputed, TracedFigure
from surveyapp.analysis.released_rows import WHOLE, NamedFigure, write_path
from surveyapp.reports.cards import Fact, Source
from surveyapp.reports.figure_names import name_figure, name_row, name_table
from surveyapp.reports.released_words import describe_audience, describe_hidden, describe_method, name_hidden
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import BLANK, Words

Tone = Literal["success", "info", "warning", "error"]

_DIGITS = {"severity": 2, "tier": 0, "place": 0}
_PERCENT = frozenset({"open_share"})  # means of 0 to 1; shares have count and base


@dataclass(frozen=True, slots=True)
class Verdict:
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class FigureReport:
    """One figure of a code. `verdicts`: is the table as it was released, and what does computing it again say?"""

    title: str
    value: str
    verdicts: tuple[Verdict, ...]
    facts: tuple[Fact, ...]
    row: Table
    is_intact: bool


def report_figure(
    traced: TracedFigure, words: Words, *, for_staff: bool, find_url: Callable[[str], str] | None = None
) -> FigureReport:
    """`find_url` gives the address of a code's page."""
    found = traced.found
    row = name_row(words, found.release.definition, found.row)
    return FigureReport(
        title=words.pair(row, name_figure(words, found.named)),
        value=describe_value(words, found.named),
        verdicts=(
            _judge_digest(words, is_intact=found.is_intact),
            *(_judge_for_staff(words, traced) if for_staff else _judge_for_viewers(words, traced.again)),
        ),
        facts=_list_facts(traced, words, for_staff=for_staff),
        row=_tabulate_row(traced, words, row, find_url),
        is_intact=found.is_intact,
    )


def describe_value(words: Words, named: NamedFigure) -> str:
    """The figure with count, base and interval, or why it is hidden."""
    if named.figure.hidden is not None:
        return describe_hidden(words, named.figure.hidden)
    value, interval, counts = write_value(words, named), write_interval(words, named.figure), write_counts(named.figure)
    further = [each for each in (counts, interval) if each]
    return f"{value} ({words.join(further)})" if further else value


def write_value(words: Words, named: NamedFigure) -> str:
    figure = named.figure
    if figure.value is None:
        return words.number(figure.count)
    if _is_share(figure) or named.name in _PERCENT:
        return words.percent(figure.value, 1)
    if named.name == "cost":
        return words.gettext("at least %(sum)s", sum=words.number(figure.value))
    return words.number(figure.value, _DIGITS.get(named.name, 1))


def write_counts(figure: ReleasedFigure) -> str:
    """`9/30`, `n = 7` where only the base is told, blank where neither is."""
    if _is_share(figure):
        return f"{figure.count or 0:,}/{figure.base:,}"
    return "" if figure.base is None else f"n = {figure.base:,}"


def write_interval(words: Words, figure: ReleasedFigure) -> str:
    if figure.interval is None:
        return ""
    low, high = figure.interval
    return words.interval(low * 100, high * 100, 1, "%") if _is_share(figure) else words.interval(low, high, 1)


def _is_share(figure: ReleasedFigure) -> bool:
    return figure.count is not None and figure.base is not None and figure.value is not None


def _judge_digest(words: Words, *, is_intact: bool) -> Verdict:
    if is_intact:
        return Verdict(words.gettext("Verified: the table is kept as it was released; its digest matches."), "success")
    return Verdict(
        words.gettext(
            "Altered: the table that is kept no longer matches the digest of its release. Do not rely on these figures."
        ),
        "error",
    )


def _judge_for_viewers(words: Words, again: Recomputed) -> tuple[Verdict, ...]:
    if again.outcome is Outcome.GONE:
        return (_say_gone(words),)
    if not again.changes:
        if again.outcome is Outcome.DIFFERENT:
            return (
                Verdict(
                    words.gettext(
                        "Computed again from the responses, the figure is another, though no return has changed. "
                        "Please tell those who gave you this figure."
                    ),
                    "error",
                ),
            )
        if again.outcome is Outcome.SAME:
            return (_say_same(words),)
        return (Verdict(words.gettext("No return of the round has changed since the release."), "success"),)
    happened = {
        words.gettext("returns were added"): again.changes.added,
        words.gettext("returns were changed"): again.changes.changed,
        words.gettext("returns were withdrawn"): again.changes.withdrawn,
    }
    return (
        Verdict(
            words.gettext(
                "Since the release %(happened)s, so the answer can be another today. The released figure stands as it "
                "was. New figures are released when they betray no company.",
                happened=words.join([each for each, count in happened.items() if count]),
            ),
            "info",
        ),
    )


def _judge_for_staff(words: Words, traced: TracedFigure) -> tuple[Verdict, ...]:
    again = traced.again
    verdicts = [_judge_outcome(words, traced)]
    if again.changes:
        verdicts.append(
            Verdict(
                words.gettext(
                    "Since revision %(revision)s: returns added %(added)s, changed %(changed)s, withdrawn "
                    "%(withdrawn)s. The released figure stands as it was.",
                    revision=f"{traced.found.release.revision:,}",
                    added=f"{again.changes.added:,}",
                    changed=f"{again.changes.changed:,}",
                    withdrawn=f"{again.changes.withdrawn:,}",
                ),
                "info",
            )
        )
    return tuple(verdicts)


def _judge_outcome(words: Words, traced: TracedFigure) -> Verdict:
    again, named = traced.again, traced.found.named
    if again.outcome is Outcome.GONE:
        return _say_gone(words)
    if again.outcome is Outcome.SAME:
        return _say_same(words)
    if again.figure is None:
        return Verdict(
            words.gettext("It cannot be compared: computed again, the table no longer has this figure."), "warning"
        )
    now = describe_value(words, NamedFigure(named.name, named.label, again.figure))
    if again.outcome is Outcome.CHANGED:
        return Verdict(
            words.gettext("Changed since: computed again from the responses, it is %(now)s.", now=now),
            "warning",
        )
    if again.outcome is Outcome.DIFFERENT:
        return Verdict(
            words.gettext(
                "Computed again from the responses, it is %(now)s, though no return has changed. The program or the "
                "database has to be looked into.",
                now=now,
            ),
            "error",
        )
    return Verdict(
        words.gettext(
            "It cannot be compared, since it is hidden then or now. Without regard to earlier releases it would read: "
            "%(now)s.",
            now=now,
        ),
        "info",
    )


def _say_same(words: Words) -> Verdict:
    return Verdict(words.gettext("Computed again from the responses: the same figure."), "success")


def _say_gone(words: Words) -> Verdict:
    return Verdict(
        words.gettext(
            "It can no longer be computed again: no return is left in the round. The released figure stands as it was."
        ),
        "info",
    )


def _list_facts(traced: TracedFigure, words: Words, *, for_staff: bool) -> tuple[Fact, ...]:
    found, round_, release = traced.found, traced.round, traced.found.release
    origin, policy = found.table.origin, release.policy
    source = Source(words, traced.questionnaire, {})
    filters = source.describe_filters(origin) if origin.filters else words.gettext("none: the whole round")
    facts = [
        Fact(words.gettext("Table"), name_table(words, release.definition, traced.questionnaire)),
        Fact(words.gettext("Round"), words.text(round_.title) or round_.slug),
        Fact(
            words.gettext("Period"),
            words.gettext(
                "%(first)s to %(last)s (Asia/Seoul)", first=words.day(round_.opens_at), last=words.day(round_.closes_at)
            ),
        ),
        Fact(words.gettext("Questionnaire version"), words.join(origin.versions) or round_.questionnaire_version),
        Fact(words.gettext("Filter"), filters),
        Fact(words.gettext("Released for"), describe_audience(words, found.table.audience)),
        Fact(words.gettext("Method"), _describe_method(traced, words)),
        Fact(
            words.gettext("Least numbers"),
            words.gettext(
                "groups of %(base)s companies, %(count)s each that gave an answer and that did not; "
                "rounds of %(round_base)s with %(round_count)s",
                base=policy["group_base"],
                count=policy["group_count"],
                round_base=policy["round_base"],
                round_count=policy["round_count"],
            ),
        ),
        Fact(words.gettext("Data revision"), f"{release.revision:,}"),
        Fact(words.gettext("Released"), words.time(release.released_at)),
    ]
    if for_staff:
        facts.append(Fact(words.gettext("Released by"), release.actor))
    facts.append(Fact(words.gettext("Digest (SHA-256)"), release.digest))
    return tuple(facts)


def _describe_method(traced: TracedFigure, words: Words) -> str:
    kind = traced.found.release.definition.partition(":")[0]
    table = traced.found.table
    if isinstance(table, ReleasedIssueTable):
        share = words.gettext("share of companies with a Japan interest that answered, 95% Wilson interval")
        rows = [row for row in (*table.areas, *table.leaves) if row.code == traced.found.row.code]
        return words.join_clauses([share, describe_method(rows, words)])
    return {
        "segments": words.gettext("share of the companies of a group that ticked the area"),
        "readiness": words.gettext("self-assessment, 0 to 100; median and quartiles of type 7"),
        "question": words.gettext("percent of those who answered; 95% Wilson interval"),
    }[kind]


def _tabulate_row(traced: TracedFigure, words: Words, row: str, find_url: Callable[[str], str] | None) -> Table:
    release, of_row = traced.found.release, traced.found.row.code
    rows = []
    for named in traced.found.row.figures:
        code = write_code(compute_code(release.digest, write_path(release.definition, of_row, named.name)))
        is_this = named.name == traced.found.named.name
        link = Cell(code, url="" if find_url is None or is_this else find_url(code), tone="strong" if is_this else "")
        rows.append(Row(Cell(name_figure(words, named)), (*_build_cells(words, named), link)))
    return Table(
        words.gettext("Figures of the whole table") if of_row == WHOLE else row,
        (
            Column(words.gettext("Name of the figure")),
            Column(words.gettext("Value"), True),
            Column(words.gettext("Count and base"), True),
            Column(words.gettext("Interval or range"), True),
            Column(words.gettext("Code")),
        ),
        tuple(rows),
    )


def _build_cells(words: Words, named: NamedFigure) -> tuple[Cell, Cell, Cell]:
    hidden = named.figure.hidden
    if hidden is not None:
        blank = Cell(BLANK, tone="hidden")
        return Cell("×", note=name_hidden(words, hidden), tone="hidden"), blank, blank
    counts, interval = write_counts(named.figure), write_interval(words, named.figure)
    return Cell(write_value(words, named)), Cell(counts or BLANK), Cell(interval or BLANK)
