"""How the field stands, in words, charts and tables, with every count: for the desk."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from pyroaring import BitMap

from surveyapp.analysis.field_progress import SegmentProgress
from surveyapp.analysis.field_records import Disposition, Segment, Step
from surveyapp.analysis.intervals import Share
from surveyapp.reports.cards import FigureCard, write_of, write_share, write_share_interval
from surveyapp.reports.charts import Mark, draw_bars
from surveyapp.reports.day_charts import DaySeries, draw_days
from surveyapp.reports.field_words import (
    FieldSource,
    name_disposition,
    name_segment,
    name_step,
    name_value,
    say_nobody_invited,
    warn_of_scanners,
)
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Words

_BY_DAY = (Step.INVITED, Step.OPENED, Step.BEGUN, Step.SUBMITTED)
_MOST_DAYS_IN_TABLE = 31


def write_methods(source: FieldSource, counted: BitMap) -> str:
    """The sentence without which no figure of the round is shown elsewhere: n, period, way of answering, rate.

    `counted` are the returns in figures: of two of one company, one through the open link, only one is.
    """
    words, round_, total = source.words, source.round, source.progress.total
    period = {"first": words.day(round_.opens_at), "last": words.day(round_.closes_at)}
    said = words.ngettext(
        "%(n)s company answered from %(first)s to %(last)s (Asia/Seoul).",
        "%(n)s companies answered from %(first)s to %(last)s (Asia/Seoul).",
        len(counted),
        **period,
    )
    if not total.invited:
        return words.gettext(
            "%(said)s There were no personal invitations, so no response rate can be given.", said=said
        )
    rate = total.rates.minimum
    told = words.gettext(
        "%(said)s %(invited)s companies were invited; response rate %(rate)s (AAPOR RR1, %(of)s).",
        said=said,
        invited=f"{total.invited:,}",
        rate=words.percent(rate.value, 1),
        of=write_of(rate),
    )
    open_returns = counted.intersection_cardinality(BitMap(source.progress.open_link_returns))
    if open_returns:
        told += " " + words.ngettext(
            "%(n)s further return came through the open link and is in no rate.",
            "%(n)s further returns came through the open link and are in no rate.",
            open_returns,
        )
    return told


def report_steps(source: FieldSource) -> FigureCard:
    """How many of the invited companies came how far."""
    words, total = source.words, source.progress.total
    title = words.gettext("How far are the invited companies?")
    facts = source.list_facts(
        source.base, words.gettext("companies, not persons; each step counts whoever came to it, whatever followed")
    )
    if not total.invited:
        return FigureCard("steps", title, "", facts, empty=say_nobody_invited(words))
    shares = [(step, Share(count, total.invited)) for step, count in total.steps]
    chart = draw_bars(
        [
            Mark(name_step(words, step), share.value and share.value * 100, None, None, _describe(words, step, share))
            for step, share in shares
        ],
        axis=words.gettext("% of the invited companies"),
        description=words.join([f"{name_step(words, step)} {write_of(share)}" for step, share in shares]),
    )
    table = Table(
        words.gettext("Steps"),
        (
            Column(words.gettext("Step")),
            Column(words.gettext("Companies"), is_number=True),
            Column(words.gettext("Share of the invited"), is_number=True),
        ),
        tuple(
            Row(Cell(name_step(words, step)), (Cell(words.number(share.count)), Cell(write_share(words, share))))
            for step, share in shares
        ),
    )
    summary = words.gettext(
        "%(submitted)s of %(invited)s submitted; %(begun)s more have begun.",
        submitted=words.number(total.count(Step.SUBMITTED)),
        invited=words.number(total.invited),
        begun=words.number(dict(total.dispositions)[Disposition.BREAK_OFF]),
    )
    notes = (warn_of_scanners(words),)
    return FigureCard("steps", title, summary, facts, charts=(chart,), tables=(table,), notes=notes)


def report_days(source: FieldSource) -> FigureCard:
    """Cumulative counts from the first invitation on."""
    words, days = source.words, source.progress.days
    title = words.gettext("How did it go from day to day?")
    facts = source.list_facts(source.base, words.gettext("cumulative counts at the end of each day in Seoul"))
    if not days:
        return FigureCard("days", title, "", facts, empty=say_nobody_invited(words))
    series = [
        DaySeries(
            name_step(words, step),
            [dict(day.reached)[step] for day in days],
            [f"{day.day:%Y-%m-%d}\n{name_step(words, step)} {dict(day.reached)[step]:,}" for day in days],
        )
        for step in _BY_DAY
    ]
    description = words.join([f"{one.name} {one.values[-1]:,}" for one in series])
    step_length = max(1, -(-len(days) // _MOST_DAYS_IN_TABLE))
    shown = [day for place, day in enumerate(reversed(days)) if place % step_length == 0]
    table = Table(
        words.gettext("Days"),
        (Column(words.gettext("Day")), *(Column(name_step(words, step), is_number=True) for step in _BY_DAY)),
        tuple(
            Row(
                Cell(f"{day.day:%Y-%m-%d}"),
                tuple(Cell(words.number(dict(day.reached)[step])) for step in _BY_DAY),
            )
            for day in shown
        ),
        is_folded=True,
    )
    chart = draw_days(
        [day.day for day in days], series, axis=words.gettext("Companies, cumulative"), description=description
    )
    return FigureCard("days", title, description, facts, charts=(chart,), tables=(table,))


def report_dispositions(source: FieldSource) -> FigureCard:
    """AAPOR's dispositions, and the rates with their formulas."""
    words, total = source.words, source.progress.total
    title = words.gettext("What became of the invitations?")
    facts = source.list_facts(
        source.base,
        words.gettext("AAPOR, Standard Definitions (10th edition, 2023), Internet surveys of named persons"),
    )
    if not total.invited:
        return FigureCard("dispositions", title, "", facts, empty=say_nobody_invited(words))
    rates = total.rates
    table = Table(
        words.gettext("Dispositions"),
        (
            Column(words.gettext("Disposition")),
            Column(words.gettext("Code"), hint="AAPOR"),
            Column(words.gettext("Companies"), is_number=True),
        ),
        tuple(
            Row(
                Cell(name_disposition(words, disposition)),
                (Cell(disposition.value), Cell(words.number(count), tone="" if count else "faint")),
            )
            for disposition, count in total.dispositions
        ),
    )
    formulas = (
        ("RR1", words.gettext("minimum response rate"), "I / (I + R + UO)", rates.minimum),
        ("RR5", words.gettext("maximum response rate"), "I / (I + R)", rates.maximum),
        ("REF1", words.gettext("refusal rate"), "R / (I + R + UO)", rates.refusal),
    )
    rate_table = Table(
        words.gettext("Rates"),
        (
            Column(words.gettext("Rate")),
            Column(words.gettext("Formula")),
            Column(words.gettext("Value"), is_number=True, hint=words.gettext("95% interval")),
        ),
        tuple(
            Row(
                Cell(f"{code}: {name}"),
                (
                    Cell(formula),
                    Cell(
                        words.percent(share.value, 1),
                        note=words.join([write_of(share), write_share_interval(words, share)]),
                    ),
                ),
            )
            for code, name, formula, share in formulas
        ),
    )
    return FigureCard(
        "dispositions",
        title,
        words.gettext(
            "Response rate %(rate)s (RR1, %(of)s).",
            rate=words.percent(rates.minimum.value, 1),
            of=write_of(rates.minimum),
        ),
        facts,
        tables=(table, rate_table),
        notes=(
            words.gettext(
                "I = complete, R = refusals and break-offs, UO = unknown. While the round is open, break-offs and "
                "unknowns may still answer: the rates are interim."
            ),
            words.gettext(
                "Every company of the directory counts as eligible; members that answer are not a random sample."
            ),
            words.gettext(
                "Mail scanners open links to check them: implicit refusals, and with them the refusal rate, are at "
                "most what stands here."
            ),
        ),
    )


def report_segment(source: FieldSource, segment: Segment, groups: Sequence[SegmentProgress]) -> FigureCard:
    """Who answered and who did not, against the directory."""
    words = source.words
    directory = sum(group.in_directory for group in groups)
    answered = sum(group.counts.count(Step.SUBMITTED) for group in groups)
    facts = source.list_facts(
        words.gettext(
            "%(directory)s companies of the directory, %(invited)s invited",
            directory=words.number(directory),
            invited=words.number(source.progress.total.invited),
        ),
        words.gettext("response rate RR1 within each group; shares of the directory and of those that answered"),
    )
    title = name_segment(words, segment)
    if not source.progress.total.invited:
        return FigureCard(f"by-{segment}", title, "", facts, empty=say_nobody_invited(words))
    names = [name_value(source, segment, group.value) for group in groups]
    rates = [group.counts.rates.minimum for group in groups]
    invited = [(name, share) for name, share in zip(names, rates, strict=True) if share.base]
    chart = draw_bars(
        [
            Mark(
                name,
                share.value and share.value * 100,
                *_find_bounds(share),
                f"{name}\n{write_share(words, share)} {write_of(share)}",
            )
            for name, share in invited
        ],
        axis=words.gettext("Response rate (RR1), % with 95% interval"),
        description=words.join([f"{name} {write_of(share)}" for name, share in invited]),
    )
    rows = tuple(
        Row(
            Cell(name),
            (
                _count_cell(words, Share(group.in_directory, directory)),
                Cell(words.number(group.counts.invited)),
                _count_cell(words, Share(group.counts.count(Step.SUBMITTED), answered)),
                Cell(write_share(words, share), note=write_of(share), tone="" if share.base else "faint"),
            ),
        )
        for name, group, share in zip(names, groups, rates, strict=True)
    )
    table = Table(
        title,
        (
            Column(words.gettext("Group")),
            Column(words.gettext("In the directory"), is_number=True, hint=words.gettext("share")),
            Column(words.gettext("Invited"), is_number=True),
            Column(name_step(words, Step.SUBMITTED), is_number=True, hint=words.gettext("share")),
            Column(words.gettext("Response rate"), is_number=True, hint="RR1"),
        ),
        rows,
    )
    return FigureCard(f"by-{segment}", title, "", facts, charts=(chart,), tables=(table,))


def _count_cell(words: Words, share: Share) -> Cell:
    return Cell(words.number(share.count), note=write_share(words, share), tone="" if share.count else "faint")


def _find_bounds(share: Share) -> tuple[Fraction | None, Fraction | None]:
    interval = share.interval
    return (None, None) if interval is None else (interval[0] * 100, interval[1] * 100)


def _describe(words: Words, step: Step, share: Share) -> str:
    return f"{name_step(words, step)}\n{write_share(words, share)} {write_of(share)}"
