"""Pages of a return put together from what was decided, and the messages on top of them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.answering import PageChangedMeanwhile
from surveyapp.fieldwork.consent import PARTICIPATION
from surveyapp.forms.page_form import PageForm
from surveyapp.questionnaire.model import Group, Page
from surveyapp.questionnaire.paths import count_minutes_left, evaluate, find_previous_page
from surveyapp.web.errors import Problem
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.respondent.answer_words import RETURN_FIELD, TO_CHECK, AnswerWords
from surveyapp.web.respondent.blocks import BlockContext, Marks, build_blocks, list_faults
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    frame_return,
    list_steps,
    note_unsubmitted,
    sign_return,
)
from surveyapp.web.respondent.pages import FORM_ID, EndedPage, QuestionPage

NOTICE_FIELD = "notice"
OUT_OF_ORDER = "order"
BEGUN = "begun"
CLEARED_FIELD = "cleared"
CLEARED_SEPARATOR = ":"


@dataclass(frozen=True, slots=True)
class Shown:
    """A page of questions to show, and how."""

    form: PageForm
    status: int = 200
    notice: Notice | None = None
    focus: str = ""
    marks: Marks = "none"
    leaving_to: str = ""
    seen: int | None = None  # the state that the next post is told to have seen, where not the one it was opened with


def render_questions(installation: Installation, opened: OpenReturn, shown: Shown) -> str:
    form, page, language = shown.form, shown.form.page, find_language()
    warnings = {PARTICIPATION: _('If you answer "I do not agree", everything answered so far is erased.')}
    context = BlockContext(form, opened.round.operator_texts, shown.focus, warnings, shown.marks)
    blocks = build_blocks(context)
    returns_to_check = request.values.get(RETURN_FIELD) == TO_CHECK
    group = find_group(page)
    return render_template(
        "respondent/question.html",
        page=QuestionPage(
            frame=frame_return(opened, switch_form=FORM_ID),
            section="" if page.label == page.section.label else context.words(page.section.label),
            title=context.words(page.label),
            number=str(group.number) if group is not None and group.number is not None else "",
            blocks=blocks,
            faults=list_faults(blocks),
            notices=tuple(each for each in (shown.notice, *list_notices(opened)) if each is not None),
            steps=list_steps(opened, page),
            minutes_left=count_minutes_left(form.standing, page),
            back_to=find_back_target(opened, page, returns_to_check=returns_to_check),
            form_id=FORM_ID,
            action=url_for("respondent.save_questions", token=opened.token, page_name=page.name),
            fragment_url=url_for(
                "respondent.refresh_questions", token=opened.token, page_name=page.name, lang=language
            ),
            csrf_token=sign_return(installation, opened),
            seen=opened.draft.saves if shown.seen is None else shown.seen,
            returns_to_check=returns_to_check,
            leaving_to=shown.leaving_to,
            saved_at=show_time(opened.draft.saved_at),
        ),
    )


def render_withdrawn(opened: OpenReturn) -> str:
    """What a link leads to once its return was withdrawn."""
    page = EndedPage(
        frame=frame_return(opened),
        title=_("This return was withdrawn"),
        paragraphs=(
            _("All answers, texts and contact details were erased. Nothing of it is counted any more."),
            _("This private link can no longer be used."),
        ),
        withdraw_url="",
    )
    return render_template("respondent/ended.html", page=page)


def render_closed(opened: OpenReturn) -> str:
    """What a link leads to when the round closed before the return was submitted."""
    page = EndedPage(
        frame=frame_return(opened),
        title=_("This survey round is closed"),
        paragraphs=(
            _("It closed on %(time)s.", time=show_time(opened.round.closes_at)),
            _("Your return was not submitted by then and is not counted. Answers can no longer be given or changed."),
        ),
        withdraw_url=url_for("respondent.show_withdrawal", token=opened.token),
    )
    return render_template("respondent/ended.html", page=page)


def find_group(page: Page) -> Group | None:
    """The group that the page is named after."""
    return next((group for group in page.items[-1].groups if group.name == page.name), None)


def find_back_target(opened: OpenReturn, page: Page, *, returns_to_check: bool) -> str:
    if returns_to_check:
        return TO_CHECK
    previous = find_previous_page(opened.standing, page)
    return previous.name if previous is not None else ""


def list_notices(opened: OpenReturn) -> tuple[Notice, ...]:
    """Messages that the address of this page carries along, and the state of the return."""
    notices: list[Notice] = [*note_unsubmitted(opened)]
    if request.args.get(NOTICE_FIELD) == OUT_OF_ORDER:
        notices.append(
            Notice(_("That page comes later. Please answer this one first; what you answered before is kept."))
        )
    if request.args.get(NOTICE_FIELD) == BEGUN:
        notices.append(
            Notice(
                _(
                    "Each page is saved when you continue. To stop and go on later, on any device, "
                    'press "Save and leave": you are then shown your private link.'
                ),
                tone="success",
                title=_("Your return has been opened"),
            )
        )
    return (*notices, *note_cleared(opened))


def note_cleared(opened: OpenReturn) -> tuple[Notice, ...]:
    """Which choices were cleared by the page that was just saved, as its redirect says."""
    language = find_language()
    details = []
    for pair in request.args.getlist(CLEARED_FIELD):
        question_name, _separator, choice_name = pair.partition(CLEARED_SEPARATOR)
        question = opened.questionnaire.by_name.get(question_name)
        choice = question.find_choice(choice_name) if question is not None else None
        if question is None or choice is None:
            continue
        label = question.label.filled(opened.round.operator_texts).in_language(language)
        details.append(
            _("%(choice)s (question: %(question)s)", choice=choice.label.in_language(language), question=label)
        )
    if not details:
        return ()
    title = _("Choices that no longer fit were cleared")
    text = _("Because an earlier answer changed, these are no longer offered:")
    return (Notice(text, tone="warning", title=title, details=tuple(details)),)


def note_more_questions() -> Notice:
    return Notice(_("Your answer brings up further questions on this page. Please answer those too."))


def explain_unsaved() -> Notice:
    return Notice(
        _(
            "Everything else on this page is saved. Please mend the marked answers, "
            "or leave without them; they are then lost."
        ),
        tone="warning",
        title=_("Some answers could not be saved"),
    )


def explain_unwritten(problem: Problem) -> Notice:
    """Why nothing could be saved just now, above what was typed."""
    advice = _("What you typed is still shown below. Please press the button again in a while.")
    return Notice(advice, tone="error", title=problem.title, details=problem.explanation)


def explain_meanwhile(opened: OpenReturn, conflict: PageChangedMeanwhile) -> Notice:
    """What somebody else answered on this page, so that nobody's words are overwritten unseen."""
    words = AnswerWords(
        evaluate(opened.questionnaire, conflict.draft.answers),
        find_language(),
        opened.round.operator_texts,
        opened.token,
        {},
    )
    details = []
    for name in conflict.names:
        question = opened.questionnaire.by_name[name]
        stored = conflict.draft.answers.get(name)
        answer = ", ".join(words.write_answer(question, stored)) or _("Not answered")
        details.append(_("%(question)s: %(problem)s", question=words.write_label(question), problem=answer))
    return Notice(
        _("Your own answers stand below and are not saved yet. Press the button once more to replace these:"),
        tone="warning",
        title=_("Somebody else saved this page in the meantime"),
        details=tuple(details),
    )


def explain_closed(opened: OpenReturn) -> Notice:
    return Notice(
        _(
            "It closed on %(time)s, so this page could not be saved. What you typed is still shown below: "
            "please copy it if you need it.",
            time=show_time(opened.round.closes_at),
        ),
        tone="error",
        title=_("This survey round is closed"),
    )


def explain_stale_form() -> Notice:
    return Notice(
        _("For your safety the page was not accepted. Nothing you typed is lost: please press the button once more."),
        tone="error",
        title=_("The form could not be recognised"),
    )
