"""A released figure by its code: where it came from, and whether the responses still say the same."""

from __future__ import annotations

from dataclasses import dataclass

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.analysis.figure_codes import LENGTH, CodeMalformed, read_code, write_code
from surveyapp.analysis.provenance import FigureUnknown, TracedFigure, trace_figures
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.reports.cards import Fact
from surveyapp.reports.figure_report import FigureReport, report_figure
from surveyapp.reports.tables import Table
from surveyapp.web.access import ANALYST, VIEWER, allow, may
from surveyapp.web.desk.current_index import open_current_index
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.frame import Frame, Link, Notice
from surveyapp.web.installation import find_installation

VIEWED = (Audience.MINISTRY,)  # the page of released figures shows these to viewers


@dataclass(frozen=True, slots=True)
class FigureShown:
    """One figure of the code."""

    title: str
    value: str
    notices: tuple[Notice, ...]
    row: Table
    facts: tuple[Fact, ...]
    way: Link  # to the released figures of its round


@dataclass(frozen=True, slots=True)
class FiguresPage:
    """templates/desk/figures.html; without a code it asks for one."""

    frame: Frame
    action: str
    typed: str = ""
    code: str = ""
    notice: Notice | None = None
    figures: tuple[FigureShown, ...] = ()


@allow(VIEWER)
def show_figure_search() -> str | tuple[str, int] | Response:
    typed = request.args.get("code", "").strip()
    if not typed:
        return _render(FiguresPage(build_desk_frame(), _find_action()))
    try:
        return redirect(url_for("desk.show_figure", code=write_code(read_code(typed))))
    except CodeMalformed:
        return _explain_malformed(typed)


@allow(VIEWER)
def show_figure(code: str) -> str | tuple[str, int]:
    try:
        bare = read_code(code)
    except CodeMalformed:
        return _explain_malformed(code)
    shown, index = write_code(bare), open_current_index()
    audiences = tuple(Audience) if may(ANALYST) else VIEWED
    try:
        with find_installation().database.read() as connection:
            traced = trace_figures(connection, index, bare, audiences=audiences)
    except FigureUnknown:
        notice = Notice(
            _("Please compare it with the file or page it stands in, character by character."),
            "warning",
            title=_("No released figure has the code %(code)s", code=shown),
            details=(_("A figure loses its code only when a trial or sample round is emptied."),),
        )
        return _render(FiguresPage(build_desk_frame(), _find_action(), typed=shown, notice=notice)), 404
    is_one_round = len({each.round.round_id for each in traced}) == 1
    frame = build_desk_frame(traced[0].round if is_one_round else None)
    several = None if len(traced) == 1 else Notice(_("Several released figures have this code."), "info")
    figures = tuple(_build_figure(each) for each in traced)
    return _render(FiguresPage(frame, _find_action(), typed=shown, code=shown, notice=several, figures=figures))


def _build_figure(traced: TracedFigure) -> FigureShown:
    report: FigureReport = report_figure(
        traced,
        find_words(),
        for_staff=may(ANALYST),
        find_url=lambda code: url_for("desk.show_figure", code=code),
    )
    return FigureShown(
        title=report.title,
        value=report.value,
        notices=tuple(Notice(each.text, each.tone) for each in report.verdicts),
        row=report.row,
        facts=report.facts,
        way=Link(url_for("desk.show_released", slug=traced.round.slug), _("All released figures of this round")),
    )


def _explain_malformed(typed: str) -> tuple[str, int]:
    notice = Notice(
        _(
            "A code has %(length)s letters and digits, for example K7QM-3XW2. Small letters, spaces and the hyphen do "
            "not matter; O is read as 0, I and L as 1.",
            length=LENGTH,
        ),
        "warning",
        title=_("This is not a code of a figure"),
    )
    return _render(FiguresPage(build_desk_frame(), _find_action(), typed=typed[:64], notice=notice)), 400


def _find_action() -> str:
    return url_for("desk.show_figure_search")


def _render(page: FiguresPage) -> str:
    return render_template("desk/figures.html", page=page)
