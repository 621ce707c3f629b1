"""The first figures of the issues page: areas by priority index, and the problems inside one of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from surveyapp.analysis.issue_rows import IssueRanking, IssueRow
from surveyapp.reports.cards import (
    Fact,
    FigureCard,
    Source,
    build_share_cell,
    describe_lead,
    write_of,
    write_share,
    write_share_interval,
)
from surveyapp.reports.charts import Band, Chart, Mark, draw_ranges
from surveyapp.reports.issue_words import describe_bilateral, describe_group, describe_range, describe_stage, say_nobody
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import Words


@dataclass(frozen=True, slots=True)
class IssueLinks:
    """Where the words of a table lead: from an issue's code to the texts behind it, and to an area's own issues."""

    texts: Callable[[str], str]
    leaves: Callable[[str], str]


def report_ranking(ranking: IssueRanking, source: Source, links: IssueLinks) -> FigureCard:
    """Areas by priority index, with ranges and tiers; a list without ranks where fewer than ten companies answered."""
    words = source.words
    name, title = "ranking", words.gettext("Which difficulties deserve attention first?")
    if ranking.base == 0:
        return _report_nothing(ranking, source, name, title)
    met_none = words.gettext(
        "%(share)s met no difficulty (%(count)s); %(skipped)s left the question blank and are in no base.",
        share=write_share(words, ranking.none),
        count=write_of(ranking.none),
        skipped=source.count(ranking.origin, ranking.skipped),
    )
    return FigureCard(
        name=name,
        title=title,
        summary=_summarise_ranking(ranking, source),
        facts=_list_ranking_facts(ranking, source),
        charts=(_draw_ranking(ranking.areas, ranking.is_ranked, source),),
        tables=(_tabulate_areas(ranking, source, links),),
        notes=(
            met_none,
            *(_describe_concerned(row, words) for row in ranking.areas if row.concerned is not None),
            *_list_limits(words),
        ),
        is_wide=True,
    )


def report_leaves(ranking: IssueRanking, area: IssueRow, source: Source, links: IssueLinks) -> FigureCard:
    """The issues inside one area."""
    words = source.words
    rows = ranking.list_leaves(area.code)
    named = [row for row in rows if row.share.count]
    title = words.gettext("Which problems lie inside “%(area)s”?", area=words.text(area.name))
    facts = source.list_facts(
        ranking.origin,
        base=words.gettext(
            "companies with a Japan interest that answered, less those that ticked the area and were not asked for "
            "details; n = %(n)s of %(base)s ticked the area",
            n=f"{area.share.count:,}",
            base=f"{area.share.base:,}",
        ),
        method=_describe_method(rows, words),
    )
    definition = "" if area.definition is None else words.text(area.definition)
    if not named:
        return FigureCard(
            "leaves", title, "", facts, lead=definition, empty=words.gettext("Nobody named a problem in this area.")
        )
    named_count = words.gettext("%(named)s of %(all)s problems were named.", named=len(named), all=len(rows))
    lead = describe_lead(words, [(words.text(row.name), row.share) for row in named])
    return FigureCard(
        name="leaves",
        title=title,
        summary=f"{named_count} {lead}",
        facts=facts,
        lead=definition,
        charts=(_draw_ranking(rows, ranking.is_ranked, source, with_tiers=False),),
        tables=(_tabulate_leaves(ranking, rows, area, source, links),),
        notes=(
            words.gettext(
                "Severity and status are asked once an area, so problems ticked together share them: the index orders "
                "problems inside an area, and the three most urgent (urgency share) break ties."
            ),
        ),
        is_wide=True,
    )


def _report_nothing(ranking: IssueRanking, source: Source, name: str, title: str) -> FigureCard:
    return FigureCard(name, title, "", _list_ranking_facts(ranking, source), empty=say_nobody(source.words))


def _list_ranking_facts(ranking: IssueRanking, source: Source) -> tuple[Fact, ...]:
    words = source.words
    base = words.gettext(
        "%(n)s with a Japan interest that answered the areas question, “none” included",
        n=source.count(ranking.origin, ranking.base),
    )
    return source.list_facts(ranking.origin, base=base, method=_describe_method(ranking.areas, words))


def _describe_method(rows: Sequence[IssueRow], words: Words) -> str:
    method = next((row.range_method for row in rows if row.range_method is not None), None)
    index = words.gettext("index = 100 × share × (severity ÷ 5) × open share")
    if method is None:
        return index
    return words.gettext("%(index)s; range: %(range)s", index=index, range=describe_range(words, method))


def _list_limits(words: Words) -> tuple[str, ...]:
    return (
        words.gettext(
            "Members that answer are not a random sample. “Ranks above” may be said only where ranges do not overlap; "
            "tiers are a rule of display, no test."
        ),
        words.gettext(
            "Tier: the top area and every later one whose range overlaps that of the top one; then the same again with "
            "the rest."
        ),
        words.gettext("Hollow marks rest on fewer than five companies."),
    )


def _summarise_ranking(ranking: IssueRanking, source: Source) -> str:
    words = source.words
    if not ranking.is_ranked:
        return words.gettext(
            "%(n)s answered: too few for ranks. The areas stand in the order of the questionnaire.",
            n=source.count(ranking.origin, ranking.base),
        )
    top = [row for row in ranking.areas if row.tier == 1]
    if not top:
        return words.gettext("No area has an index yet: severity and status are missing.")
    names = words.join([words.text(row.name) for row in top])
    if len(top) == 1:
        return words.gettext("First tier: %(area)s. Its range overlaps that of no other area.", area=names)
    return words.gettext(
        "First tier: %(areas)s. Their ranges overlap that of the first, so no order is claimed among them.", areas=names
    )


def _describe_concerned(row: IssueRow, words: Words) -> str:
    assert row.concerned is not None
    share = row.concerned.share
    return words.gettext(
        "%(area)s: %(share)s (%(count)s) of %(group)s, the companies that it can concern.",
        area=words.text(row.name),
        share=write_share(words, share),
        count=write_of(share),
        group=describe_group(words, row.concerned.group),
    )


def _draw_ranking(rows: Sequence[IssueRow], is_ranked: bool, source: Source, *, with_tiers: bool = True) -> Chart:
    words = source.words
    bands = []
    if is_ranked and with_tiers:
        for tier, members in groupby(enumerate(rows), key=lambda item: item[1].tier):
            places = [place for place, _ in members]
            text = words.gettext("Tier %(tier)s", tier=tier) if tier is not None else words.gettext("No tier")
            bands.append(Band(places[0], places[-1], text))
    marks = [
        Mark(
            label=words.text(row.name),
            value=row.index,
            low=None if row.index_range is None else row.index_range[0],
            high=None if row.index_range is None else row.index_range[1],
            hover=_hover_issue(row, words),
            is_hollow=row.few_cases,
            remark=words.gettext("no index: severity or status missing"),
        )
        for row in rows
    ]
    method = next((row.range_method for row in rows if row.range_method is not None), None)
    shown = words.gettext("range: bootstrap") if method == "bootstrap" else words.gettext("range: Wilson interval of P")
    return draw_ranges(
        marks,
        axis=words.gettext("Priority index (0–100), %(range)s", range=shown),
        bands=bands,
        description=words.gettext(
            "Priority index with its range, one row each: %(rows)s.",
            rows=words.join(
                [f"{words.text(row.name)} {words.number(row.index, 1)}" for row in rows if row.index is not None]
            ),
        ),
    )


def _hover_issue(row: IssueRow, words: Words) -> str:
    low, high = row.index_range or (None, None)
    return "\n".join(
        (
            words.text(row.name),
            words.gettext(
                "Index %(index)s (%(range)s)", index=words.number(row.index, 1), range=words.interval(low, high, 1)
            ),
            words.gettext(
                "Share %(share)s (%(count)s; %(interval)s)",
                share=write_share(words, row.share),
                count=write_of(row.share),
                interval=write_share_interval(words, row.share),
            ),
            words.gettext(
                "Severity %(mean)s (n=%(n)s)", mean=words.number(row.severity.mean, 1), n=row.severity.answered
            ),
            words.gettext(
                "Open %(share)s (n=%(n)s)", share=words.percent(row.status.open_share), n=row.status.answered
            ),
        )
    )


def _list_measure_columns(words: Words) -> tuple[Column, ...]:
    return (
        Column(words.gettext("Share P"), True, words.gettext("95% Wilson interval")),
        Column(words.gettext("Severity S"), True, words.gettext("mean 1–5, n")),
        Column(words.gettext("Open U"), True, words.gettext("0–100%, n")),
        Column(words.gettext("Index"), True, words.gettext("range")),
    )


def _build_measure_cells(row: IssueRow, words: Words) -> tuple[Cell, ...]:
    low, high = row.index_range or (None, None)
    return (
        Cell(write_share(words, row.share), note=write_share_interval(words, row.share)),
        Cell(words.number(row.severity.mean, 1), note=f"n={row.severity.answered:,}"),
        Cell(words.percent(row.status.open_share), note=f"n={row.status.answered:,}"),
        Cell(words.number(row.index, 1), note=words.interval(low, high, 1), tone="strong"),
    )


def _tabulate_areas(ranking: IssueRanking, source: Source, links: IssueLinks) -> Table:
    words = source.words
    stages = tuple(ranking.stage_bases)
    rows = []
    band = None
    for row in ranking.areas:
        text = ""
        if ranking.is_ranked and (row.tier, row.index is None) != band:
            band = (row.tier, row.index is None)
            text = words.gettext("Tier %(tier)s", tier=row.tier) if row.tier else words.gettext("No tier")
        by_stage = {item.stage: item.share for item in row.by_stage}
        rows.append(
            Row(
                Cell(
                    words.text(row.name),
                    url=links.leaves(row.code),
                    note=words.gettext("few cases") if row.few_cases else "",
                ),
                (
                    Cell(write_of(row.share), note=words.gettext("%(n)s with details", n=f"{row.detailed:,}")),
                    *_build_measure_cells(row, words),
                    *(
                        build_share_cell(words, by_stage[stage])
                        if stage in by_stage
                        else Cell(words.gettext("few cases"), tone="few")
                        for stage in stages
                    ),
                    Cell(words.gettext("Texts"), url=links.texts(row.code)),
                ),
                band=text,
            )
        )
    return Table(
        words.gettext("Areas by priority index"),
        (
            Column(words.gettext("Area")),
            Column(words.gettext("Named by"), True, words.gettext("n of N")),
            *_list_measure_columns(words),
            *(Column(describe_stage(words, stage), True, f"N={ranking.stage_bases[stage]:,}") for stage in stages),
            Column(words.gettext("Texts")),
        ),
        tuple(rows),
    )


def _tabulate_leaves(
    ranking: IssueRanking, rows: Sequence[IssueRow], area: IssueRow, source: Source, links: IssueLinks
) -> Table:
    words = source.words
    return Table(
        words.gettext("Problems in the area “%(area)s”", area=words.text(area.name)),
        (
            Column(words.gettext("Problem")),
            Column(words.gettext("Named by"), True, words.gettext("n of N")),
            *_list_measure_columns(words),
            Column(
                words.gettext("Urgency share"), True, words.gettext("0–100, of %(n)s", n=f"{ranking.urgency_base:,}")
            ),
            Column(words.gettext("Bilateral")),
            Column(words.gettext("Texts")),
        ),
        tuple(
            Row(
                Cell(words.text(row.name), note=words.gettext("few cases") if row.few_cases else ""),
                (
                    Cell(write_of(row.share)),
                    *_build_measure_cells(row, words),
                    Cell(words.number(row.urgency, 1)),
                    Cell(describe_bilateral(words, row.bilateral)),
                    Cell(words.gettext("Texts"), url=links.texts(row.code)),
                ),
            )
            for row in rows
        ),
    )
