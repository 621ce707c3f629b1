"""The page that goes to a meeting, as the ministry will read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from flask import render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.analysis.ministry_release import (
    MinistryDesk,
    TakenTable,
    list_taken_tables,
)
from surveyapp.fieldwork.rounds import find_round, list_rounds
from surveyapp.reports.briefing.figures import gather_briefing
from surveyapp.reports.briefing.paper import build_paper
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, VIEWER, allow, may
from surveyapp.web.desk.briefing.comparing import SINCE, find_wanted
from surveyapp.web.desk.briefing.pages import BriefingPage
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER, find_language
from surveyapp.web.revalidation import let_browser_keep


@allow(VIEWER)
def show_briefing(slug: str) -> str:
    installation, now = find_installation(), datetime.now(UTC)
    survey_id = installation.settings.survey_id
    let_browser_keep()
    index = open_current_index()
    # Remembered when a viewer is given it; for staff, as a viewer would be given it.
    ministry = MinistryDesk(installation.database, now, actor=None if may(ANALYST) else find_actor())
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        earlier = find_wanted(connection, survey_round, rounds)
        taken = list_taken_tables(connection, survey_round, rounds)
        figures = gather_briefing(connection, index, survey_round, earlier, ministry=ministry)
    files = (
        ("desk.send_briefing_pdf", _("PDF, one page A4")),
        ("desk.send_briefing_workbook", _("Excel workbook (XLSX)")),
        ("desk.send_briefing_csv", _("CSV for spreadsheets")),
    )
    words, since = find_words(), request.args.get(SINCE, "")
    parameters: dict[str, Any] = {PARAMETER: find_language(), **({SINCE: since} if since else {})}
    page = BriefingPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        paper=build_paper(words, figures, now=now),
        search=Link(url_for("desk.show_figure_search"), _("Look up a figure")),
        taken=_list_options(words, taken, since),
        since_name=SINCE,
        files=tuple(Link(url_for(endpoint, slug=slug, **parameters), text) for endpoint, text in files),
    )
    return render_template("desk/briefing/page.html", page=page)


def _list_options(words: Words, taken: Sequence[TakenTable], since: str) -> tuple[FilterOption, ...]:
    """What the briefing may be compared with; empty where nothing was ever given."""
    if not taken:
        return ()
    named = (
        words.gettext(
            "%(round)s, given on %(day)s", round=words.text(each.survey_round.title), day=words.time(each.released_at)
        )
        for each in taken
    )
    return (
        FilterOption("", words.gettext("The round before"), not since),
        *(FilterOption(each.key, name, each.key == since) for each, name in zip(taken, named, strict=True)),
    )
