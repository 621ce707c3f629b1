"""Which question makes the groups of a figure: read from the address, and offered beside the figure."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.segments import SEGMENT_QUESTIONS, SegmentQuestion
from surveyapp.web.desk.pages import Tools
from surveyapp.web.desk.selection import Selection, find_url, name_filter
from surveyapp.web.frame import Link


def find_segment_question() -> SegmentQuestion:
    """The question in the address, or the first. Raises FilterUnknown where it makes no groups."""
    wanted = request.args.get("by") or SEGMENT_QUESTIONS[0]
    for question in SEGMENT_QUESTIONS:
        if question == wanted:
            return question
    raise FilterUnknown("by", wanted)


def list_segment_tools(by: SegmentQuestion, selection: Selection, *, anchor: str) -> Tools:
    """Links to the same page with other groups, at `anchor`."""
    questions = selection.questionnaire.by_name
    return Tools(
        _("Groups"),
        tuple(
            Link(find_url(by=name, anchor=anchor), name_filter(questions[name]), name == by)
            for name in SEGMENT_QUESTIONS
        ),
    )
