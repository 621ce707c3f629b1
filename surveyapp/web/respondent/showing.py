"""Pages of a return put together from what was decided, and the messages on top of them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template, request, url_for

from surveyapp.fieldwork.consent import PARTICIPATION
from surveyapp.forms.page_form import PageForm
from surveyapp.questionnaire.answer_digest import digest_answer
from surveyapp.questionnaire.kinds import KINDS
from surveyapp.questionnaire.model import Group, Page, Question, Stored
from surveyapp.questionnaire.paths import Standing, count_minutes_left, find_previous_page
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.locale import say as _
from surveyapp.web.problems import Problem
from surveyapp.web.respondent.answer_words import RETURN_FIELD, TO_CHECK
from surveyapp.web.respondent.blocks import (
    BlockContext,
    Conflict,
    Marks,
    build_blocks,
    build_conflict,
    list_faults,
)
from surveyapp.web.respondent.company import tell_company
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    frame_return,
    list_steps,
    name_store,
    note_unsubmitted,
    sign_return,
)
from surveyapp.web.respondent.pages import FORM_ID, QuestionPage

NOTICE_FIELD = "notice"
OUT_OF_ORDER = "order"
BEGUN = "begun"
BEGUN_MEANWHILE = "begun-meanwhile"
REPORT_LATER = "report-later"
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


def render_questions(installation: Installation, opened: OpenReturn, shown: Shown) -> str:
    form, page, language = shown.form, shown.form.page, find_language()
    warnings = {PARTICIPATION: _('If you answer "I do not agree", everything answered so far is erased.')}
    conflicts = describe_conflicts(form)
    context = BlockContext(form, opened.round.operator_texts, shown.focus, warnings, shown.marks, conflicts)
    blocks = build_blocks(context)
    returns_to_check = opened.part is None and request.values.get(RETURN_FIELD) == TO_CHECK
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
            minutes_left=count_minutes(opened, form.standing, page),
            back_to=find_back_target(opened, page, returns_to_check=returns_to_check),
            form_id=FORM_ID,
            action=url_for(opened.routes.save, token=opened.token, page_name=page.name),
            save_url=url_for(opened.routes.save_typed, token=opened.token, page_name=page.name, lang=language),
            store_key=name_store(installation, opened),
            csrf_token=sign_return(installation, opened),
            returns_to_check=returns_to_check,
            leaving_to=shown.leaving_to,
            saved_at=show_time(opened.draft.saved_at),
            company=tell_company(opened, page),
            hands_on=opened.part is None,
        ),
    )


def find_group(page: Page) -> Group | None:
    """The group that the page is named after."""
    return next((group for group in page.items[-1].groups if group.name == page.name), None)


def find_back_target(opened: OpenReturn, page: Page, *, returns_to_check: bool) -> str:
    if returns_to_check:
        return TO_CHECK
    previous = find_previous_page(opened.standing, page)
    while previous is not None and not opened.covers(previous):
        previous = find_previous_page(opened.standing, previous)
    return previous.name if previous is not None else ""


def count_minutes(opened: OpenReturn, standing: Standing, page: Page) -> int:
    """About how many minutes are left of the return, or of the part that this link opens."""
    covered = None
    if opened.part is not None:
        covered = {each.name for each in opened.questionnaire.pages if opened.covers(each)}
    return count_minutes_left(standing, page, covered)


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
    if request.args.get(NOTICE_FIELD) == REPORT_LATER:
        notices.append(Notice(_("The readiness report is there as soon as the return is submitted.")))
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


def describe_conflicts(form: PageForm) -> dict[str, Conflict]:
    """Both answers in words, of each question that two people answered at the same time."""
    if not form.conflicts:
        return {}
    language = find_language()

    def write(question: Question, answer: Stored | None) -> str:
        return _("Not answered") if answer is None else KINDS[question.kind].to_text(question, answer, language)

    described = {}
    for name in form.conflicts:
        field, kept = form.answer_fields[name], form.before.answers.get(name)
        mine, theirs = write(field.question, field.answer), write(field.question, kept)
        described[name] = build_conflict(name, mine, theirs, digest_answer(kept))
    return described


def explain_meanwhile() -> Notice:
    """That somebody else answered the same questions, so that nobody's words are overwritten unseen."""
    return Notice(
        _("Everything else on this page is saved. For each marked question, choose which answer holds."),
        tone="warning",
        title=_("Somebody else changed the same answers in the meantime"),
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
