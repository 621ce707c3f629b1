"""Progress of the field: for analysts every count, for viewers what may be released."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from flask import render_template
from flask_babel import gettext as _
from pyroaring import BitMap

from surveyapp.analysis.field_progress import measure_field
from surveyapp.analysis.field_release import ask_for_field, collect_field
from surveyapp.analysis.release_memory import release_tables
from surveyapp.analysis.released_methods import find_methods
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
from surveyapp.web.desk.released_page import date_card
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
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
    counted = open_current_index().of_round(survey_round.round_id)
    if is_whole:
        cards, methods = list_cards(source), write_methods(source, counted)
    else:
        cards, methods = _release_progress(source, counted)
    page = ProgressPage(
        frame=build_desk_frame(survey_round),
        head=build_round_head(survey_round, rounds),
        audience="" if is_whole else _("Released for: %(audience)s", audience=describe_audience(words, AUDIENCE)),
        methods=methods,
        cards=tuple(ShownCard(card) for card in cards),
        contents=tuple(Link(f"#{card.name}", card.title) for card in cards),
    )
    return render_template("desk/field/progress.html", page=page)


def _release_progress(source: FieldSource, counted: BitMap) -> tuple[tuple[FigureCard, ...], str]:
    """The cards and the methods sentence as they leave now, remembered where they are new."""
    database, survey_round = find_installation().database, source.round
    with database.read() as connection:
        sets = collect_field(connection, survey_round, counted)
    shown = release_tables(
        database,
        survey_round,
        AUDIENCE,
        lambda memory: ask_for_field(memory, survey_round, sets, AUDIENCE),
        actor=find_actor(),
        now=source.progress.at,
    )
    if shown.since is not None:
        source = replace(source, progress=replace(source.progress, at=shown.since))
    cards = tuple(
        date_card(card, shown, source.words) if card.tables else card
        for card in report_released_field(source, shown.table)
    )
    return cards, write_released_methods(source.words, survey_round, find_methods(shown))


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
