"""The desk's first page: all rounds, and where each of them leads."""

from __future__ import annotations

from flask import render_template, url_for

from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.reports.csv_export import name_round_kind
from surveyapp.web.access import ADMIN, MANAGER, SIGNED_IN, VIEWER, allow, may
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.first_steps import build_first_steps
from surveyapp.web.desk.pages import HomePage, RoundLine
from surveyapp.web.desk.surroundings import (
    build_desk_frame,
    describe_period,
    describe_state,
    find_words,
    list_round_links,
    name_round,
)
from surveyapp.web.installation import find_installation


@allow(SIGNED_IN)
def show_home() -> str:
    installation = find_installation()
    survey_id = installation.settings.survey_id
    words = find_words()
    with installation.database.read() as connection:
        rounds = list_rounds(connection, survey_id)
        first_steps = build_first_steps(connection, survey_id) if may(ADMIN) else None
    index = open_current_index()
    lines = tuple(
        RoundLine(
            title=name_round(survey_round, words),
            kind=name_round_kind(words, survey_round),
            period=describe_period(survey_round, words),
            state=describe_state(survey_round, words),
            returns=words.number(len(index.of_round(survey_round.round_id))),
            groups=list_round_links(survey_round),
        )
        for survey_round in rounds
    )
    page = HomePage(
        frame=build_desk_frame(),
        rounds=lines if may(VIEWER) else (),
        new_round_url=url_for("desk.show_new_round") if may(MANAGER) else "",
        first_steps=first_steps,
    )
    return render_template("desk/home.html", page=page)
