"""The issues page: recurring issues of a round from seven sides, under any filter."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import FilterUnknown, build_mask
from surveyapp.analysis.readiness import match_importance, profile_readiness
from surveyapp.analysis.segments import SegmentQuestion, cross_areas
from surveyapp.analysis.trends import RoundComparison, compare_rounds
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.cards import FigureCard
from surveyapp.reports.issue_change import report_change
from surveyapp.reports.issue_details import report_burden, report_segments, report_severity
from surveyapp.reports.issue_ranking import IssueLinks, report_leaves, report_ranking
from surveyapp.reports.readiness_report import report_importance, report_readiness
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.figure_notes import show_notes
from surveyapp.web.desk.pages import IssuesPage, ShownCard, Tools
from surveyapp.web.desk.segment_choice import find_segment_question, list_segment_tools
from surveyapp.web.desk.selection import (
    Selection,
    build_filter_bar,
    describe_caution,
    describe_emptiness,
    find_url,
    load_selection,
)
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts
from surveyapp.web.revalidation import let_browser_keep


@allow(ANALYST)
def show_issues(slug: str) -> str:
    selection = load_selection(slug)
    area, by = _find_area(), find_segment_question()
    permit_charts()
    let_browser_keep()
    cards = show_notes(_build_cards(selection, area, by), selection) if selection.mask.size else ()
    names = _name_figures()
    page = IssuesPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        filters=build_filter_bar(selection, "area", "by", "before"),
        empty=describe_emptiness(selection),
        caution=describe_caution(selection),
        cards=cards,
        contents=tuple(Link(f"#{shown.card.name}", names[shown.card.name]) for shown in cards),
    )
    return render_template("desk/issues.html", page=page)


def _name_figures() -> dict[str, str]:
    """Names of the figures in few words, for the list of contents."""
    return {
        "ranking": _("Priority"),
        "leaves": _("Problems in an area"),
        "segments": _("By group"),
        "severity": _("Severity and status"),
        "burden": _("Delay and cost"),
        "readiness": _("Readiness"),
        "importance": _("Readiness against priority"),
        "change": _("Change since then"),
    }


def _build_cards(selection: Selection, area: str | None, by: SegmentQuestion) -> tuple[ShownCard, ...]:
    index, mask, source = selection.index, selection.mask, selection.source
    taxonomy = load_taxonomy()
    ranking = rank_issues(index, selection.questionnaire, taxonomy, mask)
    profile = profile_readiness(index, selection.questionnaire, mask)
    links = IssueLinks(
        texts=lambda code: find_url(
            path=url_for("desk.show_texts", slug=selection.round.slug), drop=("area", "by", "before"), issue=code
        ),
        leaves=lambda code: find_url(area=code, anchor="leaves"),
    )
    shown = [ShownCard(report_ranking(ranking, source, links))]
    shown += _show_leaves(ranking, selection, links, area)
    shown += [
        ShownCard(
            report_segments(cross_areas(index, selection.questionnaire, mask, by), source),
            list_segment_tools(by, selection, anchor="segments"),
            part=by,
        ),
        ShownCard(report_severity(ranking, source)),
        ShownCard(report_burden(ranking, source)),
        ShownCard(report_readiness(profile, source)),
        ShownCard(report_importance(match_importance(profile, ranking), ranking, source)),
        _show_change(selection, is_empty=not ranking.base),
    ]
    return tuple(shown)


def _show_leaves(ranking: IssueRanking, selection: Selection, links: IssueLinks, wanted: str | None) -> list[ShownCard]:
    """The problems of one area: the one that is wanted, else the first of the ranking."""
    codes = {row.code: row for row in ranking.areas}
    area = codes[wanted] if wanted else next(iter(ranking.areas), None)
    if area is None or not ranking.base:
        return []
    words = find_words()
    tools = Tools(
        _("Area"),
        tuple(
            Link(find_url(area=row.code, anchor="leaves"), words.text(row.name), row.code == area.code)
            for row in ranking.areas
        ),
    )
    return [ShownCard(report_leaves(ranking, area, selection.source, links), tools, part=area.code)]


def _find_area() -> str | None:
    """The area in the address. Raises FilterUnknown where there is none of that code."""
    wanted = request.args.get("area") or None
    if wanted is not None and wanted not in {area.code for area in load_taxonomy().areas}:
        raise FilterUnknown("area", wanted)
    return wanted


def _show_change(selection: Selection, *, is_empty: bool) -> ShownCard:
    words = find_words()
    comparison: RoundComparison | None = None
    earlier = selection.earlier
    unusable = ""
    if earlier is not None and selection.earlier_questionnaire is not None:
        try:
            before = build_mask(selection.index, selection.earlier_questionnaire, earlier.round_id, selection.filters)
            comparison = compare_rounds(
                selection.index,
                selection.mask,
                before,
                questionnaire_now=selection.questionnaire,
                questionnaire_before=selection.earlier_questionnaire,
            )
        except FilterUnknown:
            unusable = _("The earlier round did not ask what the filter looks at, so the two cannot be compared.")
    card: FigureCard = report_change(comparison, selection.source, now_empty=is_empty)
    if unusable:
        card = replace(card, empty=unusable)
    others = [
        Link(find_url(before=other.slug, anchor="change"), words.text(other.title), other == earlier)
        for other in selection.rounds
        if other.kind == selection.round.kind and other.opens_at < selection.round.opens_at
    ]
    tools = Tools(_("Compare with"), tuple(others)) if len(others) > 1 else None
    return ShownCard(card, tools, part="" if earlier is None else earlier.slug)
