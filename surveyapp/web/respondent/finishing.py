"""The end of a return: check all answers, submit once, receipt, withdraw."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import ReturnIncomplete, Submission, submit, withdraw
from surveyapp.fieldwork.mail.wording import write_time
from surveyapp.fieldwork.submitted_answers import load_submitted_answers
from surveyapp.questionnaire.paths import check_all, evaluate
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.limits import limit_mail
from surveyapp.web.locale import find_language, show_time
from surveyapp.web.metrics import note_deed
from surveyapp.web.respondent.answer_words import AnswerWords, write_permitted_uses
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.consents import list_files_of
from surveyapp.web.respondent.frozen_band import tell_frozen
from surveyapp.web.respondent.mailing import (
    NOT_ASKED,
    AskedMail,
    ask_for_mail,
    build_receipt_form,
    find_recipient,
    list_mail_notices,
)
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    frame_return,
    list_steps,
    name_store,
    note_unsubmitted,
    open_return,
    sign_return,
    write_private_link,
)
from surveyapp.web.respondent.pages import CheckPage, Fact, ReceiptPage, WithdrawPage
from surveyapp.web.respondent.showing import (
    BEGUN_MEANWHILE,
    NOTICE_FIELD,
    explain_closed,
    explain_stale_form,
    list_notices,
)


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
                note_submission(
                    submit(connection, installation.vault, opened.draft, opened.questionnaire, now=opened.opened_at)
                )
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
    return render_receipt(token)


@respondent.post("/r/<token>/receipt/mail")
@limit_mail(find_recipient=find_recipient)
@allow(LINK_HOLDER)
def mail_receipt(token: str) -> Response | tuple[Response | str, int]:
    """Send the receipt, without the link, to an address that is used for it alone."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if opened.draft.state != "submitted":
            return redirect(url_for("respondent.resume", token=token), 303)
        asked = ask_for_mail(connection, installation, opened, "receipt", list_receipt_values(opened))
    if asked.notice is not None or asked.fault:
        return render_receipt(token, asked), asked.status
    return redirect(url_for("respondent.show_receipt", token=token, mailed="yes"), 303)


def list_receipt_values(opened: OpenReturn) -> dict[str, str]:
    submitted = opened.draft.submitted_at or opened.opened_at
    return {"receipt": opened.draft.receipt or "", "submitted": write_time(submitted, find_language())}


def render_receipt(token: str, asked: AskedMail = NOT_ASKED) -> Response | str:
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
        save_url=find_save_url(opened),
        store_key=name_store(installation, opened),
        saves=opened.draft.saves,
        csrf_token=sign_return(installation, opened),
        number=opened.draft.receipt or "",
        facts=list_receipt_facts(opened),
        sections=words.write_sections(),
        permitted=write_permitted_uses(standing),
        notices=(*list_mail_notices(asked), *note_unsubmitted(opened)),
        mail=build_receipt_form(installation, opened, asked),
        is_editable=opened.is_open,
        closes_at=show_time(opened.round.closes_at),
        edit_url=url_for("respondent.show_check", token=token),
        consents_url=url_for("respondent.show_consents", token=token),
        withdraw_url=url_for("respondent.show_withdrawal", token=token),
        link=write_private_link(token),
        replace_url=url_for("respondent.show_replacement", token=token),
        readiness_url=url_for("respondent.show_company_readiness", token=token),
    )
    return render_template("respondent/receipt.html", page=page)


@respondent.get("/r/<token>/withdraw")
@allow(LINK_HOLDER)
def show_withdrawal(token: str) -> Response | str:
    """Ask before everything is erased. Possible at any time, also after the round closed."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        files = list_files_of(connection, opened)
        frozen = tell_frozen(connection, opened)
    if opened.is_withdrawn:
        return redirect(url_for("respondent.resume", token=token), 303)
    return render_withdrawal(installation, opened, files, frozen)


@respondent.post("/r/<token>/withdraw")
@allow(LINK_HOLDER)
def withdraw_return(token: str) -> Response | str | tuple[str, int]:
    """Erase everything and say so."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        problem = find_problem(installation, opened)
        files = list_files_of(connection, opened) if problem is not None else ()
        frozen = tell_frozen(connection, opened) if problem is not None else ()
        if problem is None and not opened.is_withdrawn:
            withdraw(connection, opened.draft, now=opened.opened_at)
            note_deed("withdrawn")
    if problem is not None:
        return render_withdrawal(installation, opened, files, frozen, problem), 400
    return redirect(url_for("respondent.resume", token=token), 303)


def note_submission(submission: Submission) -> None:
    if not submission.is_repeat:
        note_deed("edited" if submission.is_edit else "submitted")


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
        save_url=find_save_url(opened),
        store_key=name_store(installation, opened),
        saves=opened.draft.saves,
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
        consents_url=url_for("respondent.show_consents", token=token),
        withdraw_url=url_for("respondent.show_withdrawal", token=token),
    )
    return render_template("respondent/check.html", page=page)


def render_withdrawal(
    installation: Installation,
    opened: OpenReturn,
    files: tuple[str, ...],
    frozen: tuple[str, ...],
    problem: Notice | None = None,
) -> str:
    page = WithdrawPage(
        frame=frame_return(opened),
        files=files,
        frozen=frozen,
        facts=(*list_number(opened), *list_receipt_facts(opened)),
        is_submitted=opened.draft.state == "submitted",
        notices=list_withdrawal_notices(problem),
        action=url_for("respondent.withdraw_return", token=opened.token),
        csrf_token=sign_return(installation, opened),
        back_url=url_for("respondent.resume", token=opened.token),
    )
    return render_template("respondent/withdraw.html", page=page)


def list_withdrawal_notices(problem: Notice | None) -> tuple[Notice, ...]:
    if problem is not None:
        return (problem,)
    if request.args.get(NOTICE_FIELD) == BEGUN_MEANWHILE:
        words = _("To take it back, withdraw it here. If your colleagues are to go on, keep it and close this page.")
        return (Notice(words, tone="warning", title=_("Somebody in your company has begun to answer")),)
    return ()


def find_save_url(opened: OpenReturn) -> str:
    """Where the script sends what is left over; it puts the page's name in the place of the last part."""
    return url_for("respondent.save_typed", token=opened.token, page_name="check", lang=find_language())


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
