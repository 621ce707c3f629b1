"""A briefing in words: what stands on the one page, on screen and on paper alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from surveyapp.analysis.disclosure import ReleasedFigure, ReleasedIssueRow
from surveyapp.questionnaire.crosswalk import load_crosswalk
from surveyapp.questionnaire.model import Language
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.briefing.changes import build_change_cell, name_earlier, write_changes
from surveyapp.reports.briefing.figure_words import (
    build_counts_cell,
    build_index_cell,
    build_mean_cell,
    build_part_cell,
    build_sum_cell,
    build_tier_cell,
    measure,
    shorten,
)
from surveyapp.reports.briefing.figures import AREAS_ON_PAPER, BriefingFigures
from surveyapp.reports.cards import Fact
from surveyapp.reports.crosswalk_report import describe_aspect, name_measures
from surveyapp.reports.issue_words import describe_bilateral
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.released_words import (
    describe_audience,
    describe_hidden,
    describe_method,
    explain_costs,
    explain_hidden,
)
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import BLANK, Words

# What fits on the paper, in Latin letters; files hold names in full.
TITLE_WIDTH = 110
AREA_WIDTH = 46
ISSUE_WIDTH = 82
DENSE_AREA_WIDTH = 34
DENSE_ISSUE_WIDTH = 66
AREA_LINE = 22  # of a column's line
ISSUE_LINE = 40
MOST_LINES = 2  # beyond two lines a row, before the letters become smaller
MEASURE_WIDTH = 64
EARLIER_WIDTH = 34


@dataclass(frozen=True, slots=True)
class BriefingPaper:
    """templates/desk/briefing/paper.html. Where nothing may be shown `empty` says why, and there are no tables."""

    language: Language
    is_dense: bool  # names are so long that smaller letters are needed
    owner: str
    title: str
    mark: str  # of a round that is not real
    facts: tuple[Fact, ...]
    methods: str
    areas: Table | None
    changes_title: str
    changes: tuple[str, ...]
    notes_title: str
    issues: Table | None
    no_issues: str
    notes: tuple[str, ...]
    empty: str


def build_paper(words: Words, figures: BriefingFigures, *, now: datetime) -> BriefingPaper:
    is_empty = figures.table.base.hidden is not None
    issues = figures.leading_issues
    return BriefingPaper(
        language=words.language,
        is_dense=_is_dense(words, figures),
        owner=_name_owner(words, figures),
        title=name_briefing(words),
        mark=_name_mark(words, figures),
        facts=tuple(_list_facts(words, figures, now)),
        methods=write_released_methods(words, figures.survey_round, figures.methods),
        areas=None if is_empty or not figures.areas else _tabulate_areas(words, figures),
        changes_title=words.gettext("What changed since the last meeting"),
        changes=write_changes(words, figures),
        notes_title=words.gettext("How to read it"),
        issues=_tabulate_issues(words, figures) if issues and not is_empty else None,
        no_issues="" if issues else words.gettext("No problem was named often enough to be shown."),
        notes=tuple(_list_notes(words, figures)),
        empty=_describe_emptiness(words, figures),
    )


def _is_dense(words: Words, figures: BriefingFigures) -> bool:
    names = [(words.text(row.name), AREA_LINE) for row in figures.areas[:AREAS_ON_PAPER]]
    names += [(words.text(row.name), ISSUE_LINE) for row in figures.leading_issues]
    return sum(max(0, ceil(measure(name) / line) - 2) for name, line in names) > MOST_LINES


def name_briefing(words: Words) -> str:
    return words.gettext("Issues to raise with Japan")


def _describe_emptiness(words: Words, figures: BriefingFigures) -> str:
    hidden = figures.table.base.hidden
    if hidden is not None:
        return words.gettext("No figure may be shown: %(reason)s.", reason=describe_hidden(words, hidden))
    return "" if figures.areas else words.gettext("No area of this questionnaire can be raised with Japan.")


def _name_owner(words: Words, figures: BriefingFigures) -> str:
    texts = figures.survey_round.operator_texts
    operator = words.text(texts["operator"]) if "operator" in texts else ""
    survey = words.text(figures.questionnaire.title.filled(texts))
    name = words.join([each for each in (operator, survey) if each])
    return shorten(f"{name[:1].upper()}{name[1:]}", TITLE_WIDTH)


def _name_mark(words: Words, figures: BriefingFigures) -> str:
    return {
        "real": "",
        "trial": words.gettext("Trial round: not real figures"),
        "sample": words.gettext("Fictional data: companies and answers are invented"),
    }[figures.survey_round.kind]


def _list_facts(words: Words, figures: BriefingFigures, now: datetime) -> Iterator[Fact]:
    survey_round, table = figures.survey_round, figures.table
    yield Fact(words.gettext("Round"), shorten(words.text(survey_round.title) or survey_round.slug, TITLE_WIDTH))
    period = words.gettext(
        "%(first)s to %(last)s (Asia/Seoul)",
        first=words.day(survey_round.opens_at),
        last=words.day(survey_round.closes_at),
    )
    if survey_round.state(now) == "open":
        period = words.gettext("%(period)s, still open: interim figures", period=period)
    yield Fact(words.gettext("Period"), period)
    yield Fact(words.gettext("Released for"), describe_audience(words, table.audience))
    yield Fact(words.gettext("Base"), _describe_base(words, figures))
    yield Fact(
        words.gettext("Data"),
        words.gettext(
            "questionnaire %(versions)s, revision %(revision)s",
            versions=words.join(table.origin.versions) or figures.questionnaire.version,
            revision=f"{table.origin.revision:,}",
        ),
    )


def _describe_base(words: Words, figures: BriefingFigures) -> str:
    base = figures.table.base
    if base.hidden is not None or base.count is None:
        return BLANK
    if figures.table.origin.unit == "companies":
        return words.gettext("%(n)s companies with a Japan interest that answered", n=words.number(base.count))
    return words.gettext("%(n)s returns with a Japan interest that answered", n=words.number(base.count))


def _tabulate_areas(words: Words, figures: BriefingFigures) -> Table:
    origin = figures.table.origin
    width = DENSE_AREA_WIDTH if _is_dense(words, figures) else AREA_WIDTH
    rows = []
    for row in figures.areas[:AREAS_ON_PAPER]:
        # Why the share is hidden is said once: all that follows from it is hidden for the same reason.
        following = None if row.share.hidden is None else Cell("×", tone="hidden")
        rows.append(
            Row(
                Cell(shorten(words.text(row.name), width)),
                (
                    build_tier_cell(words, row.tier),
                    Cell(describe_bilateral(words, row.bilateral)),
                    build_counts_cell(words, origin, row.share),
                    following or build_mean_cell(words, row.severity),
                    following or build_part_cell(words, row.open_share),
                    following or build_index_cell(words, row.index),
                    following or build_sum_cell(words, row.cost),
                    following or build_change_cell(words, figures, row.code),
                ),
            )
        )
    columns = (
        Column(words.gettext("Area")),
        Column(words.gettext("Tier"), is_number=True),
        Column(words.gettext("Bilateral")),
        Column(words.gettext("Named by"), is_number=True, hint=words.gettext("95% interval")),
        Column(words.gettext("Severity"), is_number=True, hint=words.gettext("mean 1–5")),
        Column(words.gettext("Open share"), is_number=True),
        Column(words.gettext("Index"), is_number=True, hint=words.gettext("range")),
        Column(words.gettext("Extra cost"), is_number=True, hint=words.gettext("at least, million KRW")),
        Column(words.gettext("Change since then"), hint=_name_earlier(words, figures)),
    )
    return Table(words.gettext("Areas that can be raised"), columns, tuple(rows))


def _name_earlier(words: Words, figures: BriefingFigures) -> str:
    return "" if figures.earlier is None else name_earlier(words, figures.earlier, EARLIER_WIDTH)


def _tabulate_issues(words: Words, figures: BriefingFigures) -> Table:
    crosswalk, taxonomy = load_crosswalk(), load_taxonomy()
    origin = figures.table.origin
    width = DENSE_ISSUE_WIDTH if _is_dense(words, figures) else ISSUE_WIDTH
    rows = []
    for row in figures.leading_issues:
        line = crosswalk.find(row.code, taxonomy)
        measures = "" if line is None else shorten(name_measures(words, crosswalk, line), MEASURE_WIDTH)
        rows.append(
            Row(
                Cell(shorten(words.text(row.name), width)),
                (
                    build_counts_cell(words, origin, row.share),
                    build_index_cell(words, row.index),
                    Cell(measures or BLANK),
                    Cell(BLANK if line is None else describe_aspect(words, line.aspect)),
                ),
            )
        )
    columns = (
        Column(words.gettext("Issue")),
        Column(words.gettext("Named by"), is_number=True, hint=words.gettext("95% interval")),
        Column(words.gettext("Index"), is_number=True, hint=words.gettext("range")),
        Column(words.gettext("Trade measure (UNCTAD)")),
        Column(words.gettext("What hinders")),
    )
    caption = words.gettext(
        "Leading issues: %(shown)s of %(all)s that may be shown",
        shown=words.number(len(rows)),
        all=words.number(len(figures.issues)),
    )
    return Table(caption, columns, tuple(rows))


def _list_notes(words: Words, figures: BriefingFigures) -> Iterator[str]:
    left_out = len(figures.areas) - AREAS_ON_PAPER
    if left_out > 0:
        yield words.ngettext(
            "%(n)s further area stands in the workbook and in the CSV file.",
            "%(n)s further areas stand in the workbook and in the CSV file.",
            left_out,
        )
    yield words.gettext(
        "Members that answer are not a random sample. “Ranks above” may be said only where ranges do not "
        "overlap; tiers are a rule of display, no test."
    )
    if figures.table.base.hidden is not None:
        return
    yield words.pair(words.gettext("Index"), describe_method((*figures.areas, *figures.leading_issues), words))
    yield words.gettext(
        "Severity (1 slight to 5 very great) and the open share (how much is still unsolved) are as those see it "
        "who named the area; n gave that detail."
    )
    if any(row.cost is not None for row in figures.areas[:AREAS_ON_PAPER]):
        yield explain_costs(words)
    if figures.earlier is not None:
        yield words.gettext(
            "“More” and “fewer” are said only where the 95% intervals of the two shares do not overlap."
        )
        yield words.gettext(
            "Recurring: named by at least three companies in both rounds. New: three or more now, none before in a "
            "round that asked for it."
        )
    yield from explain_hidden(words, _list_figures(figures))
    if figures.leading_issues:
        yield words.gettext(
            "Trade measures: UNCTAD, International Classification of Non-Tariff Measures (2019 version); "
            "assigned by this survey."
        )


def _list_figures(figures: BriefingFigures) -> Iterator[ReleasedFigure]:
    rows: list[ReleasedIssueRow] = [*figures.areas[:AREAS_ON_PAPER], *figures.leading_issues]
    for row in rows:
        yield from (row.share, row.severity, row.open_share, row.index)
        if row.cost is not None:
            yield row.cost
        change = figures.find_change(row.code)
        if row.parent is None and change is not None and change.before is not None:
            yield change.before
