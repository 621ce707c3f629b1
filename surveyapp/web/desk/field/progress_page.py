"""Progress of the field: for analysts every count, for viewers what may be released."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template
from flask_babel import gettext as _

from surveyapp.analysis.field_progress import measure_field
from surveyapp.analysis.released_methods import release_methods
from surveyapp.fieldwork.rounds import find_round, list_rounds, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.cards import FigureCard
from surveyapp.reports.field_report import (
    report_days,
    report_dispositions,
    report_segment,
    report_steps,
    write_methods,
)
from surveyapp.reports.field_words import FieldSource, list_known
from surveyapp.reports.released_field_report import report_released_field
from surveyapp.reports.released_methods import write_released_methods
from surveyapp.reports.released_words import describe_audience
from surveyapp.web.access import ANALYST, VIEWER, allow, may
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.field.pages import ProgressPage
from surveyapp.web.desk.pages import ShownCard
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts
from surveyapp.web.installation import find_installation

AUDIENCE = Audience.MINISTRY


@allow(VIEWER)
def show_progress(slug: str) -> str:
    installation = find_installation()
    survey_id, now = installation.settings.survey_id, datetime.now(UTC)
    with installation.database.read() as connection:
        survey_round = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        questionnaire = load_questionnaire_of(connection, survey_round)
        progress = measure_field(connection, survey_round, now)
    permit_charts()
    words = find_words()
    source = FieldSource(words, survey_round, questionnaire, progress)
    is_whole = may(ANALYST)
    returns = len(open_current_index().of_round(survey_round.round_id))
    if is_whole:
        methods = write_methods(source, returns)
    else:
        with installation.database.read() as connection:
            released = release_methods(connection, survey_round, returns, AUDIENCE)
        methods = write_released_methods(words, survey_round, released)
    cards = list_cards(source) if is_whole else report_released_field(source, AUDIENCE, survey_round.thresholds)
    page = ProgressPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        audience="" if is_whole else _("Released for: %(audience)s", audience=describe_audience(words, AUDIENCE)),
        methods=methods,
        cards=tuple(ShownCard(card) for card in cards),
        contents=tuple(Link(f"#{card.name}", card.title) for card in cards),
    )
    return render_template("desk/field/progress.html", page=page)


def list_cards(source: FieldSource) -> tuple[FigureCard, ...]:
    return (
        report_steps(source),
        report_days(source),
        report_dispositions(source),
        *(
            report_segment(source, segment, known)
            for segment, groups in source.progress.by_segment
            if (known := list_known(source, segment, groups)) or not source.progress.total.invited
        ),
    )
