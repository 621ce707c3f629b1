"""What each audience would be shown, for staff: nothing leaves by looking."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from flask import render_template, request
from flask_babel import gettext as _

from surveyapp.analysis.disclosure import (
    ReleasedAreaCross,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    bind_issues,
    release_each_rollup,
)
from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.release_memory import Memory, Shown, preview_tables
from surveyapp.analysis.released_tables import (
    FIXED_SEGMENTS,
    ask_for_issues,
    ask_for_question,
    ask_for_readiness,
    ask_for_segments,
    list_fixed_questions,
)
from surveyapp.analysis.segments import SEGMENT_QUESTIONS, SegmentQuestion, cross_areas
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Question
from surveyapp.reports.disclosure_report import TableShown, report_disclosure, report_rollups
from surveyapp.reports.question_report import title_question
from surveyapp.reports.released_issues_report import report_released_ranking, report_released_segments
from surveyapp.reports.released_words import describe_audience
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.pages import DisclosurePage, ShownCard
from surveyapp.web.desk.released_page import date_card
from surveyapp.web.desk.segment_choice import find_segment_question, list_segment_tools
from surveyapp.web.desk.selection import Selection, find_url, load_selection, name_filter
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts
from surveyapp.web.installation import find_installation


@dataclass(frozen=True, slots=True)
class _Preview:
    issues: Shown[ReleasedIssueTable]
    segments: tuple[tuple[SegmentQuestion, Shown[ReleasedAreaCross]], ...]
    readiness: Shown[ReleasedReadiness]
    questions: tuple[tuple[Question, Shown[ReleasedQuestion]], ...]


@allow(ANALYST)
def show_disclosure(slug: str) -> str:
    selection = load_selection(slug, with_filters=False)
    audience, by = _find_audience(), find_segment_question()
    permit_charts()
    words, source = find_words(), selection.source
    preview = preview_tables(
        find_installation().database, selection.round, audience, partial(_ask_for_tables, selection, audience)
    )
    segments = dict(preview.segments)[by]
    versions = release_each_rollup(
        cross_areas(selection.index, selection.questionnaire, selection.mask, by),
        audience,
        selection.round.thresholds,
        beside=preview.issues.table.told,
        links=bind_issues(selection.counted.rank()) if by == FIXED_SEGMENTS else (),
    )
    thresholds = selection.round.thresholds[audience]
    tools = list_segment_tools(by, selection, anchor="rollups")
    shown = (
        ShownCard(report_disclosure(_list_tables(preview, selection), audience, thresholds, source)),
        ShownCard(report_rollups(versions, source), tools),
        ShownCard(date_card(report_released_segments(segments.table, source), segments, words)),
        ShownCard(date_card(report_released_ranking(preview.issues.table, source), preview.issues, words)),
    )
    page = DisclosurePage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        audiences=tuple(
            Link(find_url(audience=each.value), describe_audience(words, each), each is audience) for each in Audience
        ),
        cards=shown,
        contents=tuple(Link(f"#{one.card.name}", one.card.title) for one in shown),
    )
    return render_template("desk/disclosure.html", page=page)


def _ask_for_tables(selection: Selection, audience: Audience, memory: Memory) -> _Preview:
    counted = selection.counted
    issues = ask_for_issues(counted, audience, memory)
    return _Preview(
        issues=issues,
        segments=tuple(
            (by, ask_for_segments(counted, audience, memory, by, issues.table.told)) for by in SEGMENT_QUESTIONS
        ),
        readiness=ask_for_readiness(counted, audience, memory),
        questions=tuple(
            (question, ask_for_question(counted, audience, memory, question))
            for question in list_fixed_questions(selection.questionnaire)
        ),
    )


def _list_tables(preview: _Preview, selection: Selection) -> list[TableShown]:
    words, by_name = find_words(), selection.questionnaire.by_name
    tables = [_show(_("Areas and problems"), "#ranking", preview.issues)]
    tables += [
        _show(
            _("Areas by group: %(groups)s", groups=name_filter(by_name[by])),
            find_url(by=by, anchor="segments"),
            shown,
        )
        for by, shown in preview.segments
    ]
    tables.append(_show(_("Readiness"), "", preview.readiness))
    tables += [_show(title_question(question, words), "", shown) for question, shown in preview.questions]
    return tables


def _show(
    name: str,
    url: str,
    shown: Shown[ReleasedIssueTable] | Shown[ReleasedAreaCross] | Shown[ReleasedReadiness] | Shown[ReleasedQuestion],
) -> TableShown:
    return TableShown(name, url, shown.table, shown.since, shown.is_held_back)


def _find_audience() -> Audience:
    wanted = request.args.get("audience") or Audience.MINISTRY.value
    if wanted not in {each.value for each in Audience}:
        raise FilterUnknown("audience", wanted)
    return Audience(wanted)
