"""The desk's first page: all rounds, and where each of them leads."""

from __future__ import annotations

from flask import render_template

from surveyapp.analysis.open_indexes import open_index
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.web.access import SIGNED_IN, VIEWER, allow, may
from surveyapp.web.desk.pages import HomePage, RoundLine
from surveyapp.web.desk.surroundings import (
    build_desk_frame,
    describe_kind,
    describe_period,
    describe_state,
    find_words,
    list_round_links,
)
from surveyapp.web.installation import find_installation


@allow(SIGNED_IN)
def show_home() -> str:
    installation = find_installation()
    survey_id = installation.settings.survey_id
    words = find_words()
    with installation.database.read() as connection:
        rounds = list_rounds(connection, survey_id)
    index = open_index(installation.database, survey_id, snapshots=installation.settings.instance)
    lines = tuple(
        RoundLine(
            title=words.text(survey_round.title),
            kind=describe_kind(survey_round, words),
            period=describe_period(survey_round, words),
            state=describe_state(survey_round, words),
            returns=words.number(len(index.of_round(survey_round.round_id))),
            links=list_round_links(survey_round),
        )
        for survey_round in rounds
    )
    page = HomePage(frame=build_desk_frame(), rounds=lines if may(VIEWER) else ())
    return render_template("desk/home.html", page=page)
