"""What every role sees: fixed tables and charts of released figures, without any filter."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    Audience,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
)
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.segments import SegmentQuestion, cross_areas
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.question_report import title_question
from surveyapp.reports.released_report import (
    describe_audience,
    report_released_leaves,
    report_released_question,
    report_released_ranking,
    report_released_readiness,
    report_released_segments,
)
from surveyapp.web.access import VIEWER, allow
from surveyapp.web.desk.pages import ReleasedPage, ShownCard
from surveyapp.web.desk.selection import load_selection
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts

AUDIENCE = Audience.MINISTRY

# What is asked of the whole round and betrays no company: stage, contact with the authority, wishes.
FIXED_QUESTIONS = ("jp_stage", "pmda_contact", "rank_topics", "edu_topics", "support_needs")
FIXED_SEGMENTS: SegmentQuestion = "jp_stage"


@allow(VIEWER)
def show_released(slug: str) -> str:
    selection = load_selection(slug, with_filters=False)
    permit_charts()
    index, mask, questionnaire, source = selection.index, selection.mask, selection.questionnaire, selection.source
    words = find_words()
    table = release_issue_table(rank_issues(index, questionnaire, load_taxonomy(), mask), AUDIENCE)
    cards = [
        report_released_ranking(table, source),
        report_released_leaves(table, source),
        report_released_segments(
            release_area_cross(cross_areas(index, questionnaire, mask, FIXED_SEGMENTS), AUDIENCE), source
        ),
        report_released_readiness(release_readiness(profile_readiness(index, questionnaire, mask), AUDIENCE), source),
    ]
    for name in FIXED_QUESTIONS:
        question = questionnaire.by_name.get(name)
        if question is not None:
            released = release_question(count_question(index, question, mask), AUDIENCE)
            cards.append(report_released_question(released, source, title=title_question(question, words)))
    page = ReleasedPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        audience=_("Released for: %(audience)s", audience=describe_audience(words, AUDIENCE)),
        cards=tuple(ShownCard(card) for card in cards),
        contents=tuple(Link(f"#{card.name}", card.title) for card in cards),
    )
    return render_template("desk/released.html", page=page)
