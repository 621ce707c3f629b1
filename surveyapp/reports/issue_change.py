"""What changed since an earlier round."""

from __future__ import annotations

from surveyapp.analysis.intervals import Share
from surveyapp.analysis.trends import RoundChange, RoundComparison
from surveyapp.reports.cards import (
    FigureCard,
    Source,
    describe_rows,
    write_of,
    write_share,
    write_share_interval,
)
from surveyapp.reports.charts import Chart, Mark, draw_pairs
from surveyapp.reports.issue_words import say_nobody
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import BLANK, Words

FEW_CASES = 5


def report_change(comparison: RoundComparison | None, source: Source, *, now_empty: bool) -> FigureCard:
    """What changed since the earlier round."""
    words = source.words
    if comparison is None:
        title = words.gettext("What has changed since the earlier round?")
        empty = words.gettext("There is no earlier round to compare with.")
        return FigureCard("change", title, "", (), empty=empty)
    earlier = source.round_titles.get(comparison.before.round_id, str(comparison.before.round_id))
    title = words.gettext("What has changed since “%(round)s”?", round=earlier)
    facts = source.list_facts(
        comparison.now,
        base=words.gettext(
            "%(now)s now, %(before)s before, %(matched)s companies in both",
            now=source.count(comparison.now, comparison.base_now),
            before=source.count(comparison.before, comparison.base_before),
            matched=f"{comparison.matched:,}",
        ),
        method=words.gettext("easing or growing only where the two 95% Wilson intervals do not overlap"),
    )
    if now_empty or not comparison.base_before:
        return FigureCard("change", title, "", facts, empty=say_nobody(words))
    rows = [row for row in comparison.areas if row.before is not None]
    charts: tuple[Chart, ...] = ()
    if rows:
        charts = (
            draw_pairs(
                [_build_share_mark(row, row.before, words) for row in rows if row.before is not None],
                [_build_share_mark(row, row.now, words) for row in rows],
                names=(earlier, source.round_titles.get(comparison.now.round_id, "")),
                axis=words.gettext("Companies that ticked the area, % with 95% interval"),
                unit="%",
                span=(0.0, 100.0),
                description=describe_rows(
                    words,
                    words.gettext("Share of companies that ticked each area, before and now."),
                    [
                        (words.text(row.name), f"{write_share(words, row.before)} → {write_share(words, row.now)}")
                        for row in rows
                        if row.before is not None
                    ],
                ),
            ),
        )
    return FigureCard(
        name="change",
        title=title,
        summary=_summarise_change(comparison, words),
        facts=facts,
        charts=charts,
        tables=(_tabulate_change(comparison, words),),
        notes=(
            words.gettext(
                "Recurring: named by at least three companies in both rounds. New: three or more now, none before in a "
                "round that asked for it."
            ),
        ),
        is_wide=True,
    )


def _summarise_change(comparison: RoundComparison, words: Words) -> str:
    def name_areas(rows: list[RoundChange]) -> str:
        return words.join([words.text(row.name) for row in rows])

    parts = []
    for phrase, rows in (
        (words.gettext("Easing: %(areas)s."), [row for row in comparison.areas if row.movement == "easing"]),
        (words.gettext("Growing: %(areas)s."), [row for row in comparison.areas if row.movement == "growing"]),
    ):
        if rows:
            parts.append(phrase % {"areas": name_areas(rows)})
    if not parts:
        parts.append(words.gettext("In no area do the two intervals lie apart, so no change is claimed."))
    recurring = [row for row in comparison.areas if row.recurrence == "recurring"]
    parts.append(
        words.ngettext("%(n)s area recurs.", "%(n)s areas recur.", len(recurring))
        if recurring
        else words.gettext("No area recurs.")
    )
    return " ".join(parts)


def _tabulate_change(comparison: RoundComparison, words: Words) -> Table:
    def describe(row: RoundChange) -> str:
        if not row.comparable:
            return words.gettext("Not comparable")
        found = [
            {"recurring": words.gettext("Recurring"), "new": words.gettext("New")}[row.recurrence]
            if row.recurrence
            else "",
            {"easing": words.gettext("Easing"), "growing": words.gettext("Growing")}[row.movement]
            if row.movement
            else "",
        ]
        return words.join([part for part in found if part]) or BLANK

    rows = []
    for row in comparison.areas:
        pairs = row.pairs
        rows.append(
            Row(
                Cell(words.text(row.name)),
                (
                    Cell(BLANK, tone="faint")
                    if row.before is None
                    else Cell(
                        f"{write_share(words, row.before)} ({write_of(row.before)})",
                        note=write_share_interval(words, row.before),
                    ),
                    Cell(
                        f"{write_share(words, row.now)} ({write_of(row.now)})",
                        note=write_share_interval(words, row.now),
                    ),
                    Cell(describe(row), tone="strong" if row.movement else ""),
                    Cell(
                        BLANK
                        if pairs is None
                        else words.gettext(
                            "both %(both)s, only now %(now)s, only before %(before)s, neither %(neither)s",
                            both=pairs.both,
                            now=pairs.only_now,
                            before=pairs.only_before,
                            neither=pairs.neither,
                        )
                    ),
                ),
            )
        )
    return Table(
        words.gettext("Areas in two rounds"),
        (
            Column(words.gettext("Area")),
            Column(words.gettext("Before"), True, words.gettext("95% interval")),
            Column(words.gettext("Now"), True, words.gettext("95% interval")),
            Column(words.gettext("Change since then")),
            Column(words.gettext("The same companies"), hint=words.gettext("matched by invitation")),
        ),
        tuple(rows),
    )


def _build_share_mark(row: RoundChange, share: Share, words: Words) -> Mark:
    interval = share.interval
    return Mark(
        label=words.text(row.name),
        value=None if share.value is None else share.value * 100,
        low=None if interval is None else interval[0] * 100,
        high=None if interval is None else interval[1] * 100,
        hover=f"{words.text(row.name)}\n{write_share(words, share)} ({write_of(share)}; "
        f"{write_share_interval(words, share)})",
        is_hollow=share.count < FEW_CASES,
    )
