"""One page after another: shown, saved when posted, left and taken up again through the private link."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import SavedPage, save_page, set_language
from surveyapp.fieldwork.consent import PARTICIPATION, has_refused
from surveyapp.fieldwork.merging import merge_posted
from surveyapp.fieldwork.part_links import Part, hold_part
from surveyapp.forms.page_form import PageForm, build_page_form
from surveyapp.questionnaire.model import Page
from surveyapp.questionnaire.paths import (
    Standing,
    find_first_incomplete,
    find_next_page,
    find_resume_page,
    is_reachable,
)
from surveyapp.records.database import Connection, DatabaseFault
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, ProofFault, check_draft
from surveyapp.web.errors import note_database_fault
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.limits import limit_mail
from surveyapp.web.locale import find_language, show_time, use_language
from surveyapp.web.metrics import note_deed
from surveyapp.web.respondent.answer_words import RETURN_FIELD, TO_CHECK
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.company import keep_visit, mark_visit
from surveyapp.web.respondent.consents import list_files_of
from surveyapp.web.respondent.ended_links import render_closed, render_withdrawn
from surveyapp.web.respondent.frozen_band import tell_frozen
from surveyapp.web.respondent.mailing import (
    NOT_ASKED,
    AskedMail,
    ask_for_mail,
    build_link_form,
    find_recipient,
    list_mail_notices,
)
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    find_page_url,
    find_switched_language,
    frame_return,
    note_unsubmitted,
    open_return,
    write_private_link,
)
from surveyapp.web.respondent.pages import LinkPage
from surveyapp.web.respondent.showing import (
    CLEARED_FIELD,
    CLEARED_SEPARATOR,
    NOTICE_FIELD,
    OUT_OF_ORDER,
    Shown,
    explain_closed,
    explain_meanwhile,
    explain_stale_form,
    explain_unsaved,
    explain_unwritten,
    note_cleared,
    note_more_questions,
    render_questions,
)

OpenLink = Callable[[Connection, Installation, str], OpenReturn]  # open_return or open_part
PostedReply = Response | tuple[str, int] | tuple[str, int, dict[str, str]]
LEAVE_FIELD = "leave"  # its value says where to: a page, the check, or the private link
LEAVE_ANYWAY_FIELD = "leave_anyway"
TO_LINK = "link"
TO_COLLEAGUES = "colleagues"


@dataclass(frozen=True, slots=True)
class Moved:
    """A posted page that leads somewhere else; `page` where that is the next one with questions."""

    url: str
    page: Page | None = None


@respondent.get("/r/<token>/")
@allow(LINK_HOLDER)
def resume(token: str) -> Response | tuple[str, int]:
    """Where the private link leads: on with the return, to its receipt, or to what became of it."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        files = list_files_of(connection, opened) if opened.is_withdrawn else ()
        frozen = tell_frozen(connection, opened) if opened.is_withdrawn else ()
    if opened.is_withdrawn:
        return render_withdrawn(opened, files, frozen), 410
    if not opened.is_open:
        if opened.draft.state == "submitted":
            return redirect(url_for("respondent.show_receipt", token=token), 303)
        return render_closed(opened), 403
    if opened.draft.state == "submitted" and not opened.draft.has_unsubmitted_changes:
        return redirect(url_for("respondent.show_receipt", token=token), 303)
    page = find_resume_page(opened.standing)
    return redirect(find_page_url(opened, page), 303)


@respondent.get("/r/<token>/p/<page_name>")
@allow(LINK_HOLDER)
def show_questions(token: str, page_name: str) -> Response | str:
    """One page with its stored answers; a page out of order leads to the one that comes first."""
    return answer_get(open_return, token, page_name)


def answer_get(open_link: OpenLink, token: str, page_name: str) -> Response | str:
    """The same through the kind of link that `open_link` opens."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_link(connection, installation, token)
    page = find_page(opened, page_name)
    elsewhere = find_place_instead(opened, page)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    mark_visit(installation, opened, page)
    form = build_page_form(opened.standing, page, find_language())
    return render_questions(installation, opened, Shown(form))


@respondent.post("/r/<token>/p/<page_name>")
@allow(LINK_HOLDER)
def save_questions(token: str, page_name: str) -> PostedReply:
    """Save the page and go on, or show it again with everything that was typed."""
    return answer_post(open_return, token, page_name)


def answer_post(open_link: OpenLink, token: str, page_name: str) -> PostedReply:
    """What a posted page comes to, through the kind of link that `open_link` opens."""
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            opened = open_link(connection, installation, token)
            page = find_page(opened, page_name)
            reply = take_page(connection, installation, opened, page)
            following = reply.page if isinstance(reply, Moved) else None
            keep_visit(connection, opened, following or page)
    except DatabaseFault as fault:
        return show_unwritten(installation, open_link, token, page_name, fault)
    if isinstance(reply, Moved):
        return redirect(reply.url, 303)
    return render_questions(installation, opened, reply), reply.status


@respondent.get("/r/<token>/link")
@allow(LINK_HOLDER)
def show_link(token: str) -> Response | str:
    """The private link in full, after saving."""
    return render_link(token)


@respondent.post("/r/<token>/link/mail")
@limit_mail(find_recipient=find_recipient)
@allow(LINK_HOLDER)
def mail_link(token: str) -> Response | tuple[Response | str, int]:
    """Send the link to an address that is used for it alone."""
    installation = find_installation()
    with installation.database.write() as connection:
        opened = open_return(connection, installation, token)
        if not opened.is_open:
            return redirect(url_for("respondent.resume", token=token), 303)
        asked = ask_for_mail(connection, installation, opened, "resume", {"link": write_private_link(token)})
    if asked.notice is not None or asked.fault:
        return render_link(token, asked), asked.status
    return redirect(url_for("respondent.show_link", token=token, mailed="yes"), 303)


def render_link(token: str, asked: AskedMail = NOT_ASKED) -> Response | str:
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if not opened.is_open:
        return redirect(url_for("respondent.resume", token=token), 303)
    page = LinkPage(
        frame=frame_return(opened),
        link=write_private_link(token),
        saved_at=show_time(opened.draft.saved_at),
        closes_at=show_time(opened.round.closes_at),
        continue_url=url_for("respondent.resume", token=token),
        colleagues_url=url_for("respondent.show_colleagues", token=token),
        replace_url=url_for("respondent.show_replacement", token=token),
        notices=(*list_mail_notices(asked), *note_unsubmitted(opened), *note_cleared(opened)),
        mail=build_link_form(installation, opened, asked),
        is_invited=opened.draft.invitation_id is not None,
    )
    return render_template("respondent/link.html", page=page)


def show_unwritten(
    installation: Installation, open_link: OpenLink, token: str, page_name: str, fault: DatabaseFault
) -> tuple[str, int, dict[str, str]]:
    """The page with everything typed, where the database can be read but not written. Raises DatabaseFault."""
    problem = note_database_fault(fault)
    with installation.database.read() as connection:
        opened = open_link(connection, installation, token)
    form = build_page_form(opened.standing, find_page(opened, page_name), find_language(), request.form)
    shown = Shown(form, problem.status, explain_unwritten(problem))
    return render_questions(installation, opened, shown), shown.status, {"Retry-After": str(problem.retry_after)}


def take_page(connection: Connection, installation: Installation, opened: OpenReturn, page: Page) -> Shown | Moved:
    """What becomes of a posted page; whatever is saved is saved within the transaction of `connection`."""
    switched = find_switched_language()
    if switched is not None:
        use_language(switched, remember=True)
    form = build_page_form(opened.standing, page, find_language(), request.form)
    try:
        check_draft(installation.settings, opened.proof_name, request.form.get(FIELD))
    except ProofFault:
        return Shown(form, 400, explain_stale_form())
    is_refusal = has_refused(form.answers) and not opened.is_withdrawn  # which takes effect at any time
    if not opened.is_open and not opened.is_withdrawn and not is_refusal:
        return Shown(form, 403, explain_closed(opened))
    elsewhere = find_place_instead(opened, page)
    if elsewhere is not None and not is_refusal:
        return Moved(elsewhere)
    if switched is not None:
        if opened.part is None:
            set_language(connection, opened.draft, switched)
        return Shown(form)
    return keep_page(connection, installation, opened, form)


def keep_page(connection: Connection, installation: Installation, opened: OpenReturn, form: PageForm) -> Shown | Moved:
    """Save what can be kept and say where to go, or show the page again where something is missing or wrong.

    Who leaves, or whose answers bring up further questions, is not told yet what is unanswered: what is there is kept.
    """
    anyway = request.form.get(LEAVE_ANYWAY_FIELD, "")
    leave = anyway or request.form.get(LEAVE_FIELD, "")
    is_refusal = has_refused(form.answers)
    is_judged_whole = PARTICIPATION in form.faults or not (leave or form.new_questions)
    if not is_refusal and not leave and (form.faults if is_judged_whole else form.unstorable):
        return Shown(lay_over_kept(opened, form), 422, marks="all" if is_judged_whole else "unstorable")
    if PARTICIPATION in form.faults:
        return Shown(form, 422, marks="all")
    if opened.part is not None:
        hold_part(connection, Part(opened.part, opened.draft), form.page)
    saved = save_page(
        connection,
        installation.vault,
        opened.draft,
        opened.questionnaire,
        form.page,
        form.answers,
        language=find_language() if opened.part is None else opened.draft.language,
        now=opened.opened_at,
        read=form.read,
        settled=form.settled,
    )
    note_deed("refused" if is_refusal else "saved")
    if saved.conflicts:
        note_deed("conflict")
    if is_refusal:
        return Moved(find_declined_url(opened))
    if saved.conflicts and not anyway:
        return Shown(lay_over(saved, form), 409, explain_meanwhile(), leaving_to=leave)
    if leave and form.unstorable and not anyway:
        return Shown(lay_over(saved, form), 422, explain_unsaved(), marks="unstorable", leaving_to=leave)
    cleared = [f"{question.name}{CLEARED_SEPARATOR}{choice.name}" for question, choice in saved.cleared]
    if leave:
        return Moved(find_leaving_url(opened, leave, cleared))
    if form.new_questions:
        focus = form.new_questions[0].name
        return Shown(lay_over(saved, form), notice=note_more_questions(), focus=focus)
    return move_on(opened, saved.standing, form.page, cleared)


def find_declined_url(opened: OpenReturn) -> str:
    """The last page for those who do not agree, from which the way back is the one that they came."""
    if opened.draft.invitation_id is not None:
        return url_for("respondent.show_invitation_declined", token=opened.token)
    return url_for("respondent.show_declined", slug=opened.round.slug)


def find_leaving_url(opened: OpenReturn, target: str, cleared: list[str]) -> str:
    """Where a button that leaves the page leads: to another page, the check, or the private link."""
    query: dict[str, Any] = {CLEARED_FIELD: cleared}
    page = opened.questionnaire.page_by_name.get(target)
    if (page is not None and opened.covers(page)) or target == TO_CHECK:
        return find_page_url(opened, page, **query)
    if target == TO_COLLEAGUES and opened.part is None:
        return url_for("respondent.show_colleagues", token=opened.token, **query)
    return url_for(opened.routes.leave, token=opened.token, **query)


def lay_over(saved: SavedPage, form: PageForm) -> PageForm:
    """The posted page over what is stored since it was saved."""
    return form.after_saving(saved.standing, saved.left, saved.conflicts)


def lay_over_kept(opened: OpenReturn, form: PageForm) -> PageForm:
    """The posted page over what is stored, where it was not saved: conflicts are asked about together with faults."""
    merge = merge_posted(opened.draft.answers, form.answers, form.read, form.settled)
    return form.after_saving(opened.standing, merge.left, merge.conflicts)


def move_on(opened: OpenReturn, standing: Standing, page: Page, cleared: list[str]) -> Moved:
    """The page after a saved one: the next in order, or from a change link back to the check unless more is asked."""
    query: dict[str, Any] = {CLEARED_FIELD: cleared}
    if opened.part is not None:
        following = find_next_of(standing, page, opened.list_pages(standing))
    elif request.form.get(RETURN_FIELD) != TO_CHECK:
        following = find_next_page(standing, page)
    else:
        following = find_first_incomplete(standing)
        if following is not None:
            query[RETURN_FIELD] = TO_CHECK
    return Moved(find_page_url(opened, following, **query), following)


def find_next_of(standing: Standing, page: Page, pages: tuple[Page, ...]) -> Page | None:
    """The first of these pages that comes after `page`."""
    following = find_next_page(standing, page)
    while following is not None and following not in pages:
        following = find_next_page(standing, following)
    return following


def find_page(opened: OpenReturn, page_name: str) -> Page:
    """The page of that name; 404 where the questionnaire has none, or the link does not open it."""
    page = opened.questionnaire.page_by_name.get(page_name)
    if page is None or not opened.covers(page):
        abort(404)
    return page


def find_place_instead(opened: OpenReturn, page: Page) -> str | None:
    """Where to go when this page cannot be opened now: the first page that has to be answered before it.

    The pages of a part are open in any order, as far as they are asked.
    """
    if not opened.is_open or (opened.part is not None and page not in opened.standing.pages):
        return url_for(opened.routes.home, token=opened.token)
    if opened.part is not None:
        return None
    if is_reachable(opened.standing, page):
        return None
    first = find_first_incomplete(opened.standing)
    return find_page_url(opened, first, **{NOTICE_FIELD: OUT_OF_ORDER})
