"""What every role sees: fixed tables and charts of released figures, without any filter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from flask import render_template, url_for
from flask_babel import gettext as _

from surveyapp.analysis.disclosure import (
    Released,
)
from surveyapp.analysis.field_release import collect_field
from surveyapp.analysis.figure_codes import compute_code, digest_table, write_code
from surveyapp.analysis.ministry_release import ISSUES
from surveyapp.analysis.release_memory import Shown, preview_tables, release_tables
from surveyapp.analysis.released_methods import find_methods
from surveyapp.analysis.released_rows import WHOLE, write_path
from surveyapp.analysis.released_tables import FIXED_SEGMENTS, FixedTables, ask_for_fixed_tables
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.cards import FigureCard
from surveyapp.reports.question_report import title_question
from surveyapp.reports.released_issues_report import (
    report_released_leaves,
    report_released_ranking,
    report_released_segments,
)
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.released_question_report import report_released_question
from surveyapp.reports.released_readiness_report import report_released_readiness
from surveyapp.reports.released_words import describe_audience
from surveyapp.reports.tables import Table
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, VIEWER, allow, may
from surveyapp.web.desk.pages import ReleasedPage, ShownCard
from surveyapp.web.desk.release_request import build_release_request
from surveyapp.web.desk.selection import Selection, load_selection
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts
from surveyapp.web.installation import find_installation
from surveyapp.web.revalidation import let_browser_keep

AUDIENCE = Audience.MINISTRY


@allow(VIEWER)
def show_released(slug: str) -> str:
    selection = load_selection(slug, with_filters=False)
    permit_charts()
    let_browser_keep()
    source = selection.source
    words, given = find_words(), _release(selection)
    leaves = [row for row in given.issues.table.leaves if row.share.hidden is None]
    areas = [row.code for row in given.issues.table.areas]
    cards = [
        _finish(report_released_ranking(given.issues.table, source), given.issues, ISSUES, areas, "share"),
        _finish(
            report_released_leaves(given.issues.table, source),
            given.issues,
            ISSUES,
            [row.code for row in leaves],
            "share",
        ),
        _finish(
            report_released_segments(given.segments.table, source),
            given.segments,
            f"segments:{FIXED_SEGMENTS}",
            [area for area, _label, _cells in given.segments.table.rows],
            next((name for name, _label in given.segments.table.segments), WHOLE),
        ),
        _finish(
            report_released_readiness(given.readiness.table, source),
            given.readiness,
            "readiness",
            [one.dimension for one in given.readiness.table.dimensions],
            "median",
        ),
    ]
    for question, shown in given.questions:
        card = report_released_question(shown.table, source, title=title_question(question, words))
        codes = [choice.choice for choice in shown.table.choices]
        cards.append(_finish(card, shown, f"question:{question.name}", codes, "share"))
    page = ReleasedPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        audience=_("Released for: %(audience)s", audience=describe_audience(words, AUDIENCE)),
        methods=write_released_methods(words, selection.round, find_methods(given.field)),
        codes=_("Each row leads to where its figures came from, and to their codes.")
        if given.is_released
        else _("Figures get their codes when they are released."),
        search=Link(url_for("desk.show_figure_search"), _("Look up a figure")),
        request=build_release_request(selection.round) if given.is_unproven and may(ANALYST) else None,
        cards=tuple(ShownCard(card) for card in cards),
        contents=tuple(Link(f"#{card.name}", card.title) for card in cards),
    )
    return render_template("desk/released.html", page=page)


def date_card(card: FigureCard, shown: Shown[Released], words: Words) -> FigureCard:
    """The card, and since when its figures are as they are: they may be older than the newest return."""
    if shown.since is None:
        return card
    released = words.gettext("As released on %(moment)s.", moment=words.time(shown.since))
    return replace(card, notes=(*card.notes, released))


def _finish(card: FigureCard, shown: Shown[Released], definition: str, rows: Sequence[str], name: str) -> FigureCard:
    """The card with its date; where it was released, its rows lead to the figure `name` of theirs."""
    dated = date_card(card, shown, find_words())
    if shown.since is None or not card.tables:
        return dated
    digest = digest_table(shown.table)
    codes = [write_code(compute_code(digest, write_path(definition, row, name))) for row in rows]
    table, *others = dated.tables
    urls = [url_for("desk.show_figure", code=code) for code in codes]
    return replace(dated, tables=(_link_rows(table, urls), *others))


def _link_rows(table: Table, urls: Sequence[str]) -> Table:
    """The first rows lead to the addresses; what follows the answers of a question has none."""
    padded = [*urls, *[""] * len(table.rows)]
    rows = zip(table.rows, padded, strict=False)
    return replace(table, rows=tuple(replace(row, heading=replace(row.heading, url=url)) for row, url in rows))


def _release(selection: Selection) -> FixedTables:
    """The tables, remembered when a viewer is given them; for staff, as a viewer would be given them."""
    database = find_installation().database
    with database.read() as connection:
        sets = collect_field(connection, selection.round, selection.mask.numbers)
    ask = partial(ask_for_fixed_tables, selection.counted, sets, AUDIENCE)
    if may(ANALYST):
        return preview_tables(database, selection.round, AUDIENCE, ask)
    return release_tables(
        database,
        selection.round,
        AUDIENCE,
        ask,
        actor=find_actor(),
        now=datetime.now(UTC),
    )
