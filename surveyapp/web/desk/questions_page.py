"""The questions page: every question's chart and table, section by section, and any two against each other."""

from __future__ import annotations

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.cross_tabs import cross_tabulate
from surveyapp.analysis.masks import FilterUnknown
from surveyapp.questionnaire.model import Question
from surveyapp.reports.question_report import report_cross_tab, report_question, title_question
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.figure_notes import show_notes
from surveyapp.web.desk.pages import Field, QuestionPage, QuestionsPage, ShownCard
from surveyapp.web.desk.selection import (
    Selection,
    build_filter_bar,
    describe_caution,
    describe_emptiness,
    find_url,
    list_question_options,
    load_selection,
)
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.frame import Link
from surveyapp.web.headers import permit_charts
from surveyapp.web.revalidation import let_browser_keep

SHOWN_COMPARTMENTS = ("answers", "texts")


@allow(ANALYST)
def show_questions(slug: str) -> str:
    selection = load_selection(slug)
    permit_charts()
    let_browser_keep()
    questions = _list_questions(selection)
    sections = list(dict.fromkeys(question.section.name for question in questions))
    wanted = request.args.get("section") or _find_first_section(questions)
    if wanted not in sections:
        raise FilterUnknown("section", wanted)
    shown = [question for question in questions if question.section.name == wanted]
    words = find_words()
    labels = {question.section.name: words.text(question.section.label) for question in questions}
    cards = [_show_question(question, selection) for question in shown] if selection.mask.size else []
    page = QuestionsPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        filters=build_filter_bar(selection, "section"),
        empty=describe_emptiness(selection),
        caution=describe_caution(selection),
        sections=tuple(Link(find_url(section=name), labels[name], name == wanted) for name in sections),
        section=labels[wanted],
        cards=show_notes(cards, selection) if cards else (),
        contents=tuple(Link(f"#{shown.card.name}", shown.card.title) for shown in cards),
    )
    return render_template("desk/questions.html", page=page)


@allow(ANALYST)
def show_question(slug: str, name: str) -> str:
    """One question, and against another where the address names one (`?by=`)."""
    selection = load_selection(slug)
    permit_charts()
    let_browser_keep()
    questions = {question.name: question for question in _list_questions(selection)}
    if name not in questions:
        abort(404)
    question = questions[name]
    by = request.args.get("by", "")
    if by and (by not in questions or by == name):
        raise FilterUnknown("by", by)
    words = find_words()
    cross = None
    if by:
        title = _(
            "%(question)s, by: %(by)s",
            question=title_question(question, words),
            by=title_question(questions[by], words),
        )
        counted = cross_tabulate(selection.index, question, questions[by], selection.mask)
        cross = ShownCard(report_cross_tab(counted, selection.source, title=title), part=f"{name}:{by}")
    shown = _show_question(question, selection, with_link=False)
    shown, *crossed = show_notes([shown, cross] if cross else [shown], selection)
    page = QuestionPage(
        frame=build_desk_frame(selection.round),
        head=build_round_head(selection.round, selection.rounds),
        filters=build_filter_bar(selection, "by"),
        back=Link(
            find_url(
                path=url_for("desk.show_questions", slug=selection.round.slug),
                drop=("by",),
                section=question.section.name,
            ),
            words.text(question.section.label),
        ),
        card=shown,
        cross=crossed[0] if crossed else None,
        by_options=list_question_options(
            [other for other in questions.values() if other.kind != "text"], hidden=frozenset({name}), chosen=by
        ),
        by=by,
        action=request.path,
        kept=tuple(Field(key, value) for key, values in selection.filters.items() for value in values),
    )
    return render_template("desk/question.html", page=page)


def _find_first_section(questions: list[Question]) -> str:
    """The first section that depends on consent: what was consented to is of less interest than what was answered."""
    found = [question.section for question in questions if question.section.relevant is not None]
    return found[0].name if found else questions[0].section.name


def _list_questions(selection: Selection) -> list[Question]:
    return [question for question in selection.questionnaire.questions if question.compartment in SHOWN_COMPARTMENTS]


def _show_question(question: Question, selection: Selection, *, with_link: bool = True) -> ShownCard:
    slug = selection.round.slug
    card = report_question(
        count_question(selection.index, question, selection.mask),
        question,
        selection.source,
        title=title_question(question, find_words()),
        texts_url=lambda name: find_url(
            path=url_for("desk.show_texts", slug=slug), drop=("section", "by"), question=name
        ),
    )
    path = url_for("desk.show_question", slug=slug, name=question.name)
    is_crossed = with_link and question.kind != "text"
    more = Link(find_url(path=path, drop=("section",)), _("Set against another question")) if is_crossed else None
    return ShownCard(card, more=more)
