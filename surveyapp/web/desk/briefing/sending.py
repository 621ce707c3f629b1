"""The files of a briefing, as they are sent. Each is made whole before a header is, and stands in the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import request
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.ministry_release import MinistryDesk
from surveyapp.fieldwork.rounds import find_round, list_rounds
from surveyapp.reports.briefing.figures import gather_briefing
from surveyapp.web.access import VIEWER, allow
from surveyapp.web.desk.briefing.comparing import SINCE, find_wanted
from surveyapp.web.desk.briefing.making import (
    MEDIA_TYPES,
    BriefingFormat,
    audit_briefing,
    make_briefing_file,
    name_briefing_file,
)
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.surroundings import find_actor, find_words
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER


@allow(VIEWER)
def send_briefing_pdf(slug: str) -> Response:
    """One page A4, tagged, with its fonts inside."""
    return _send(slug, "pdf")


@allow(VIEWER)
def send_briefing_workbook(slug: str) -> Response:
    """The figures as numbers, with sheets of methods and of reasons for hidden cells."""
    return _send(slug, "xlsx")


@allow(VIEWER)
def send_briefing_csv(slug: str) -> Response:
    """The ministry table, whose lines hold the figures of the page."""
    return _send(slug, "csv")


def _send(slug: str, form: BriefingFormat) -> Response:
    for name in request.args:
        if name not in (PARAMETER, SINCE):
            raise FilterUnknown(name)  # a file that ignored a filter would mislead
    installation, now, words = find_installation(), datetime.now(UTC), find_words()
    index = open_current_index()
    ministry = MinistryDesk(installation.database, now, actor=find_actor())
    with installation.database.read() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        earlier = find_wanted(connection, survey_round, list_rounds(connection, survey_round.survey_id))
        figures = gather_briefing(connection, index, survey_round, earlier, ministry=ministry)
    content = make_briefing_file(form, words, figures, now=now)
    name = name_briefing_file(form, words, figures, now)
    with installation.database.write() as connection:
        audit_briefing(connection, form, words, figures, actor=find_actor(), name=name, now=now)
    return name_sent_file(Response(content, mimetype=MEDIA_TYPES[form]), name)
