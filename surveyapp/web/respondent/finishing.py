"""The end of a return: check all answers, submit once, receipt, withdraw."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import ReturnIncomplete, submit, withdraw
from surveyapp.fieldwork.submitted_answers import load_submitted_answers
from surveyapp.questionnaire.paths import check_all, evaluate
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.respondent.answer_words import AnswerWords, write_permitted_uses
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    frame_return,
    list_steps,
    note_unsubmitted,
    open_return,
    sign_return,
)
from surveyapp.web.respondent.pages import CheckPage, Fact, ReceiptPage, WithdrawPage
from surveyapp.web.respondent.showing import explain_closed, explain_stale_form, list_notices


@respondent.get("/r/<token>/check")
@allow(LINK_HOLDER)
def show_check(token: str) -> Response | str:
    """All answers by section with change links; what is missing stands on top."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if not opened.is_open:
        return redirect(url_for("respondent.resume", token=token), 303)
    return render_check(installation, opened)


@respondent.post("/r/<token>/check")
@allow(LINK_HOLDER)
def submit_return(token: str) -> Response | tuple[str, int]:
    """Submit exactly once; the page comes back where answers are missing."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if opened.is_withdrawn:
            return redirect(url_for("respondent.resume", token=token), 303)
        problem = find_problem(installation, opened)
        if problem is None and opened.is_open:
            try:
                submit(connection, installation.vault, opened.draft, opened.questionnaire, now=opened.opened_at)
            except ReturnIncomplete:
                return render_check(installation, opened), 422
    if problem is not None:
        return render_check(installation, opened, problem), 400
    if not opened.is_open:
        return render_check(installation, opened, explain_closed(opened)), 403
    return redirect(url_for("respondent.show_receipt", token=token), 303)


@respondent.get("/r/<token>/receipt")
@allow(LINK_HOLDER)
def show_receipt(token: str) -> Response | str:
    """The receipt with a copy of the answers."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        submitted = load_submitted_answers(connection, installation.vault, opened.draft)
    if opened.draft.state != "submitted":
        return redirect(url_for("respondent.resume", token=token), 303)
    standing = evaluate(opened.questionnaire, submitted)
    words = AnswerWords(standing, find_language(), opened.round.operator_texts, token, {})
    page = ReceiptPage(
        frame=frame_return(opened),
        number=opened.draft.receipt or "",
        facts=list_receipt_facts(opened),
        sections=words.write_sections(),
        permitted=write_permitted_uses(standing),
        notices=note_unsubmitted(opened),
        is_editable=opened.is_open,
        closes_at=show_time(opened.round.closes_at),
        edit_url=url_for("respondent.show_check", token=token),
        withdraw_url=url_for("respondent.show_withdrawal", token=token),
        link=url_for("respondent.resume", token=token, _external=True),
    )
    return render_template("respondent/receipt.html", page=page)


@respondent.get("/r/<token>/withdraw")
@allow(LINK_HOLDER)
def show_withdrawal(token: str) -> Response | str:
    """Ask before everything is erased. Possible at any time, also after the round closed."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if opened.is_withdrawn:
        return redirect(url_for("respondent.resume", token=token), 303)
    return render_withdrawal(installation, opened)


@respondent.post("/r/<token>/withdraw")
@allow(LINK_HOLDER)
def withdraw_return(token: str) -> Response | str | tuple[str, int]:
    """Erase everything and say so."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        problem = find_problem(installation, opened)
        if problem is None and not opened.is_withdrawn:
            withdraw(connection, opened.draft, now=opened.opened_at)
    if problem is not None:
        return render_withdrawal(installation, opened, problem), 400
    return redirect(url_for("respondent.resume", token=token), 303)


def find_problem(installation: Installation, opened: OpenReturn) -> Notice | None:
    """The message where the posted form is not one of this return."""
    try:
        check_draft(installation.settings, opened.draft.draft_id, request.form.get(FIELD))
    except ProofFault:
        return explain_stale_form()
    return None


def render_check(installation: Installation, opened: OpenReturn, problem: Notice | None = None) -> str:
    token, standing = opened.token, opened.standing
    words = AnswerWords(standing, find_language(), opened.round.operator_texts, token, check_all(standing))
    is_edit = opened.draft.state == "submitted"
    page = CheckPage(
        frame=frame_return(opened),
        sections=words.write_sections(),
        permitted=write_permitted_uses(standing),
        closing_words=tuple(words.write(note.label) for note in standing.closing),
        faults=words.write_faults(),
        notices=tuple(each for each in (problem, *list_notices(opened)) if each is not None),
        steps=list_steps(opened, None),
        action=url_for("respondent.submit_return", token=token),
        csrf_token=sign_return(installation, opened),
        is_edit=is_edit,
        is_unchanged=is_edit and not opened.draft.has_unsubmitted_changes,
        receipt_url=url_for("respondent.show_receipt", token=token),
        leave_url=url_for("respondent.show_link", token=token),
        withdraw_url=url_for("respondent.show_withdrawal", token=token),
    )
    return render_template("respondent/check.html", page=page)


def render_withdrawal(installation: Installation, opened: OpenReturn, problem: Notice | None = None) -> str:
    page = WithdrawPage(
        frame=frame_return(opened),
        facts=(*list_number(opened), *list_receipt_facts(opened)),
        is_submitted=opened.draft.state == "submitted",
        notices=(problem,) if problem is not None else (),
        action=url_for("respondent.withdraw_return", token=opened.token),
        csrf_token=sign_return(installation, opened),
        back_url=url_for("respondent.resume", token=opened.token),
    )
    return render_template("respondent/withdraw.html", page=page)


def list_number(opened: OpenReturn) -> tuple[Fact, ...]:
    return (Fact(_("Receipt number"), opened.draft.receipt),) if opened.draft.receipt else ()


def list_receipt_facts(opened: OpenReturn) -> tuple[Fact, ...]:
    """Round and times of a return, as far as there are any."""
    draft, language = opened.draft, find_language()
    facts = [Fact(_("Survey round"), opened.round.title.in_language(language))]
    if draft.submitted_at is not None:
        facts.append(Fact(_("Submitted"), show_time(draft.submitted_at)))
    if draft.edited_at is not None:
        facts.append(Fact(_("Last changed"), show_time(draft.edited_at)))
    return tuple(facts)
