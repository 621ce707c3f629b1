"""How ready the companies are, and where low readiness meets a pressing issue."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.readiness import (
    Band,
    DimensionProfile,
    ImportancePerformance,
    Quadrant,
    ReadinessProfile,
)
from surveyapp.reports.cards import FigureCard, Source, write_of, write_share, write_share_interval
from surveyapp.reports.charts import Chart, Mark, Series, Spot, draw_places, draw_ranges, draw_stacked
from surveyapp.reports.issue_words import say_nobody, write_count, write_percent
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import BLANK, Words

FEWEST_BANDS = 5


def name_dimension(words: Words, dimension: str) -> str:
    """The dimension's name; its code where a questionnaire has one that is not known here."""
    names = {
        "reg": words.gettext("Regulatory"),
        "qual": words.gettext("Quality, GMP, QMS"),
        "clin": words.gettext("Clinical evidence"),
        "dos": words.gettext("Dossier and language"),
        "part": words.gettext("Partner and licence holder"),
        "price": words.gettext("Pricing"),
        "comm": words.gettext("Distribution and sales"),
        "org": words.gettext("Organisation and people"),
        "digi": words.gettext("Digital and real-world data"),
    }
    return names.get(dimension, dimension)


def name_band(words: Words, band: Band) -> str:
    return {
        "exploring": words.gettext("Exploring"),
        "preparing": words.gettext("Preparing"),
        "advancing": words.gettext("Advancing"),
        "ready": words.gettext("Ready"),
    }[band]


def report_readiness(profile: ReadinessProfile, source: Source) -> FigureCard:
    """Median and quartiles of every dimension, and how many companies stand at each level."""
    words = source.words
    title = words.gettext("How ready are the companies?")
    facts = source.list_facts(
        profile.origin,
        base=words.gettext("%(n)s; of each dimension those with a score", n=source.count(profile.origin, profile.base)),
        method=words.gettext(
            "self-assessment, 0 to 100; median and quartiles of type 7; net balance: share at 75 and over less share "
            "at 25 and below"
        ),
    )
    shown = [dimension for dimension in profile.dimensions if not dimension.too_few]
    if not any(dimension.n for dimension in profile.dimensions):
        return FigureCard("readiness", title, "", facts, empty=say_nobody(words))
    charts: tuple[Chart, ...] = ()
    if shown:
        charts = (_draw_medians(profile.dimensions, words), _draw_levels(shown, words))
    tables = [_tabulate_dimensions(profile, words)]
    if profile.bands:
        tables.append(_tabulate_bands(profile, words))
    return FigureCard(
        name="readiness",
        title=title,
        summary=_summarise(profile, shown, source),
        facts=facts,
        charts=charts,
        tables=tuple(tables),
        notes=(
            words.gettext(
                "Weights of the overall result: %(weights)s. They are expert judgement, no estimate; the result with "
                "equal weights stands beside it.",
                weights=words.join(
                    [f"{name_dimension(words, one.dimension)} {one.weight}" for one in profile.dimensions]
                ),
            ),
            words.gettext(
                "A net balance of 0 may mean that all stand in the middle or that the group is split in two: read both "
                "shares. Skipped items and “not applicable” count neither way."
            ),
            words.gettext("Hollow marks: few answers (fewer than ten companies). Below five nothing is shown."),
        ),
        is_wide=True,
    )


def report_importance(importance: ImportancePerformance, ranking: IssueRanking, source: Source) -> FigureCard:
    """Readiness against issue priority, cross-hairs at the medians."""
    words = source.words
    title = words.gettext("Where does low readiness meet a pressing issue?")
    facts = source.list_facts(
        importance.origin,
        base=words.gettext(
            "%(n)s for the priorities; readiness: companies with a score (n in the table)",
            n=source.count(ranking.origin, ranking.base),
        ),
        method=words.gettext(
            "importance–performance map (Martilla & James 1977): median readiness against the priority index of the "
            "matching area, cross-hairs at the medians of the points"
        ),
    )
    if not importance.points:
        empty = words.gettext("No dimension has both a median (five companies or more) and an area with an index.")
        return FigureCard("importance", title, "", facts, empty=empty)
    concentrate = [point for point in importance.points if point.quadrant == "concentrate"]
    summary = (
        words.gettext(
            "Readiness below and priority above the medians: %(dimensions)s.",
            dimensions=words.join([name_dimension(words, point.dimension) for point in concentrate]),
        )
        if concentrate
        else words.gettext("No dimension has readiness below and priority above the medians.")
    )
    spots = [
        Spot(
            label=name_dimension(words, point.dimension),
            x=point.readiness,
            y=point.priority,
            hover="\n".join(
                (
                    name_dimension(words, point.dimension),
                    words.gettext(
                        "Median readiness %(value)s (n=%(n)s)",
                        value=words.number(point.readiness, 1),
                        n=point.readiness_n,
                    ),
                    words.gettext(
                        "Priority index %(value)s (%(count)s ticked the area)",
                        value=words.number(point.priority, 1),
                        count=write_of(point.issue),
                    ),
                )
            ),
            is_hollow=point.few_answers,
        )
        for point in importance.points
    ]
    highest = max(float(point.priority) for point in importance.points)
    notes = [words.gettext("Points near a cross-hair belong to no side: the medians rest on few points.")]
    for code, name, index in importance.without_dimension:
        notes.append(
            words.gettext(
                "%(area)s has no readiness dimension (priority index %(index)s).",
                area=words.text(name) or code,
                index=words.number(index, 1),
            )
        )
    if importance.left_out:
        notes.append(
            words.gettext(
                "Left out, without a median or an index: %(dimensions)s.",
                dimensions=words.join([name_dimension(words, one) for one, _ in importance.left_out]),
            )
        )
    return FigureCard(
        name="importance",
        title=title,
        summary=summary,
        facts=facts,
        charts=(
            draw_places(
                spots,
                axes=(
                    words.gettext("Median readiness (0–100)"),
                    words.gettext("Priority index of the matching area"),
                ),
                centre=importance.centre,
                corners=(
                    words.gettext("Concentrate here"),
                    words.gettext("Keep up"),
                    words.gettext("Low priority"),
                    words.gettext("Ready beyond need"),
                ),
                spans=((-4.0, 104.0), (0.0, max(10.0, highest * 1.25))),
                description=summary,
            ),
        ),
        tables=(_tabulate_importance(importance, ranking, words),),
        notes=tuple(notes),
    )


def _summarise(profile: ReadinessProfile, shown: Sequence[DimensionProfile], source: Source) -> str:
    words = source.words
    parts = []
    if shown:
        medians = [one.scores.median for one in shown if one.scores.median is not None]
        parts.append(
            words.gettext(
                "The medians of the dimensions lie between %(low)s and %(high)s.",
                low=words.number(min(medians), 1),
                high=words.number(max(medians), 1),
            )
        )
    else:
        parts.append(words.gettext("Fewer than five companies have a score in any dimension."))
    if profile.overall.median is not None:
        parts.append(
            words.gettext(
                "Overall result of %(n)s: median %(weighted)s, with equal weights %(equal)s.",
                n=source.count(profile.origin, profile.scored),
                weighted=words.number(profile.overall.median, 1),
                equal=words.number(profile.overall_equal_weights.median, 1),
            )
        )
    return " ".join(parts)


def _draw_medians(dimensions: Sequence[DimensionProfile], words: Words) -> Chart:
    marks = [
        Mark(
            label=name_dimension(words, one.dimension),
            value=one.scores.median,
            low=one.scores.lower_quartile,
            high=one.scores.upper_quartile,
            hover="\n".join(
                (
                    name_dimension(words, one.dimension),
                    words.gettext("Median %(value)s", value=words.number(one.scores.median, 1)),
                    words.gettext(
                        "Quartiles %(range)s",
                        range=words.interval(one.scores.lower_quartile, one.scores.upper_quartile, 1),
                    ),
                    f"n={one.n:,}",
                )
            ),
            is_hollow=one.few_answers,
            remark=words.gettext("fewer than five companies"),
        )
        for one in dimensions
    ]
    return draw_ranges(
        marks,
        axis=words.gettext("Median score (0–100), line: middle half of the companies"),
        span=(0.0, 100.0),
        description=words.gettext(
            "Median readiness: %(rows)s.",
            rows=words.join(
                [
                    f"{name_dimension(words, one.dimension)} {words.number(one.scores.median, 1)}"
                    for one in dimensions
                    if one.scores.median is not None
                ],
            ),
        ),
    )


def _draw_levels(dimensions: Sequence[DimensionProfile], words: Words) -> Chart:
    series = [
        Series(
            name=words.gettext("Level %(level)s", level=level),
            tone=f"level-{level}",
            values=[write_percent(one.levels[level]) for one in dimensions],
            texts=[write_count(one.levels[level].count) for one in dimensions],
            hovers=[
                f"{name_dimension(words, one.dimension)}\n{words.gettext('Level %(level)s', level=level)}: "
                f"{write_share(words, one.levels[level])} ({write_of(one.levels[level])})"
                for one in dimensions
            ],
        )
        for level in range(5)
    ]
    return draw_stacked(
        [name_dimension(words, one.dimension) for one in dimensions],
        series,
        axis=words.gettext("Companies at each level, % of those with a score"),
        description=words.gettext("Share of companies at level 0 to 4 of each dimension."),
    )


def _tabulate_dimensions(profile: ReadinessProfile, words: Words) -> Table:
    rows = []
    for one in profile.dimensions:
        missing = (Cell(f"{one.not_applicable:,}"), Cell(f"{one.not_answered:,}"), Cell(f"{one.not_asked:,}"))
        heading = Cell(name_dimension(words, one.dimension), note=words.gettext("weight %(weight)s", weight=one.weight))
        if one.too_few or one.ready is None or one.not_ready is None:
            hidden = Cell(words.gettext("too few"), tone="few")
            rows.append(Row(heading, (Cell(f"{one.n:,}"), *[hidden] * 10, *missing)))
            continue
        rows.append(
            Row(
                heading,
                (
                    Cell(f"{one.n:,}", note=words.gettext("few answers") if one.few_answers else ""),
                    Cell(words.number(one.scores.median, 1), tone="strong"),
                    Cell(words.interval(one.scores.lower_quartile, one.scores.upper_quartile, 1)),
                    *(Cell(write_share(words, level), note=f"{level.count:,}") for level in one.levels),
                    Cell(write_share(words, one.ready), note=write_of(one.ready)),
                    Cell(write_share(words, one.not_ready), note=write_of(one.not_ready)),
                    Cell(write_net(words, one.net), tone="strong"),
                    *missing,
                ),
            )
        )
    return Table(
        words.gettext("Readiness by dimension"),
        (
            Column(words.gettext("Dimension")),
            Column(words.gettext("With a score"), True, "n"),
            Column(words.gettext("Median"), True, "0–100"),
            Column(words.gettext("Quartiles"), True),
            *(
                Column(words.gettext("Level %(level)s", level=level), True, words.gettext("% of n"))
                for level in range(5)
            ),
            Column(words.gettext("75 and over"), True, words.gettext("% of n")),
            Column(words.gettext("25 and below"), True, words.gettext("% of n")),
            Column(words.gettext("Net balance"), True, "−100…+100"),
            Column(words.gettext("Not applicable"), True),
            Column(words.gettext("Not answered"), True),
            Column(words.gettext("Not asked"), True),
        ),
        tuple(rows),
    )


def write_net(words: Words, net: Fraction | None) -> str:
    """A net balance with its sign."""
    if net is None:
        return BLANK
    shown = words.number(abs(net))
    return shown if shown == "0" else f"+{shown}" if net > 0 else f"−{shown}"


def _tabulate_bands(profile: ReadinessProfile, words: Words) -> Table:
    return Table(
        words.gettext("Bands of the overall result"),
        (
            Column(words.gettext("Band")),
            Column(words.gettext("Companies"), True, words.gettext("of those with an overall result")),
            Column(words.gettext("Share"), True, words.gettext("95% Wilson interval")),
        ),
        tuple(
            Row(
                Cell(name_band(words, band)),
                (Cell(write_of(share)), Cell(write_share(words, share), note=write_share_interval(words, share))),
            )
            for band, share in profile.bands
        ),
        notes=(
            words.gettext(
                "Below 25 exploring, to 50 preparing, to 75 advancing, from 75 ready; regulatory, quality or partner "
                "below 25 holds the band at preparing."
            ),
        ),
    )


def _tabulate_importance(importance: ImportancePerformance, ranking: IssueRanking, words: Words) -> Table:
    sides: dict[Quadrant, str] = {
        "concentrate": words.gettext("Concentrate here"),
        "keep_up": words.gettext("Keep up"),
        "low_priority": words.gettext("Low priority"),
        "possible_overkill": words.gettext("Ready beyond need"),
    }
    rows = []
    for point in importance.points:
        area = ranking.find_row(point.area)
        rows.append(
            Row(
                Cell(name_dimension(words, point.dimension)),
                (
                    Cell(point.area if area is None else words.text(area.name)),
                    Cell(
                        words.number(point.readiness, 1),
                        note=f"n={point.readiness_n:,}"
                        + (f", {words.gettext('few answers')}" if point.few_answers else ""),
                    ),
                    Cell(words.number(point.priority, 1), note=write_of(point.issue)),
                    Cell(words.gettext("On a cross-hair") if point.quadrant is None else sides[point.quadrant]),
                ),
            )
        )
    return Table(
        words.gettext("Dimensions and their areas"),
        (
            Column(words.gettext("Dimension")),
            Column(words.gettext("Area")),
            Column(words.gettext("Median readiness"), True, "n"),
            Column(words.gettext("Priority index"), True, words.gettext("n of N")),
            Column(words.gettext("Quadrant")),
        ),
        tuple(rows),
    )
