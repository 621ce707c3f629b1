"""One page after another: shown, saved when posted, left and taken up again through the private link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import PageChangedMeanwhile, save_page, set_language
from surveyapp.fieldwork.consent import PARTICIPATION, has_refused
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
from surveyapp.web.locale import find_language, show_time, use_language
from surveyapp.web.respondent.answer_words import RETURN_FIELD, TO_CHECK
from surveyapp.web.respondent.blocks import BlockContext, build_blocks
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    find_page_url,
    find_switched_language,
    frame_return,
    note_unsubmitted,
    open_return,
)
from surveyapp.web.respondent.pages import FragmentPage, LinkPage
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
    render_closed,
    render_questions,
    render_withdrawn,
)

LEAVE_FIELD = "leave"  # its value says where to: a page, the check, or the private link
LEAVE_ANYWAY_FIELD = "leave_anyway"
TO_LINK = "link"
SEEN_FIELD = "seen"
SEEN_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Moved:
    """A posted page that leads somewhere else."""

    url: str


@respondent.get("/r/<token>/")
@allow(LINK_HOLDER)
def resume(token: str) -> Response | tuple[str, int]:
    """Where the private link leads: on with the return, to its receipt, or to what became of it."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if opened.is_withdrawn:
        return render_withdrawn(opened), 410
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
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    page = find_page(opened, page_name)
    elsewhere = find_place_instead(opened, page)
    if elsewhere is not None:
        return redirect(elsewhere, 303)
    form = build_page_form(opened.standing, page, find_language())
    return render_questions(installation, opened, Shown(form))


@respondent.post("/r/<token>/p/<page_name>")
@allow(LINK_HOLDER)
def save_questions(token: str, page_name: str) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Save the page and go on, or show it again with everything that was typed."""
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            opened = open_return(connection, installation, token)
            reply = take_page(connection, installation, opened, find_page(opened, page_name))
    except DatabaseFault as fault:
        return show_unwritten(installation, token, page_name, fault)
    if isinstance(reply, Moved):
        return redirect(reply.url, 303)
    return render_questions(installation, opened, reply), reply.status


@respondent.post("/r/<token>/fragment/<page_name>")
@allow(LINK_HOLDER)
def refresh_questions(token: str, page_name: str) -> str:
    """The questions of a page as they stand with what is typed, for the script. Nothing is saved."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    form = build_page_form(opened.standing, find_page(opened, page_name), find_language(), request.form)
    blocks = build_blocks(BlockContext(form, opened.round.operator_texts))
    return render_template("respondent/fragment.html", page=FragmentPage(blocks))


@respondent.get("/r/<token>/link")
@allow(LINK_HOLDER)
def show_link(token: str) -> Response | str:
    """The private link in full, after saving."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
    if not opened.is_open:
        return redirect(url_for("respondent.resume", token=token), 303)
    page = LinkPage(
        frame=frame_return(opened),
        link=url_for("respondent.resume", token=token, _external=True),
        saved_at=show_time(opened.draft.saved_at),
        closes_at=show_time(opened.round.closes_at),
        continue_url=url_for("respondent.resume", token=token),
        notices=(*note_unsubmitted(opened), *note_cleared(opened)),
    )
    return render_template("respondent/link.html", page=page)


def show_unwritten(
    installation: Installation, token: str, page_name: str, fault: DatabaseFault
) -> tuple[str, int, dict[str, str]]:
    """The page with everything typed, where the database can be read but not written. Raises DatabaseFault."""
    problem = note_database_fault(fault)
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
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
        check_draft(installation.settings, opened.draft.draft_id, request.form.get(FIELD))
    except ProofFault:
        return Shown(form, 400, explain_stale_form())
    is_refusal = has_refused(form.answers) and not opened.is_withdrawn  # which takes effect at any time
    if not opened.is_open and not opened.is_withdrawn and not is_refusal:
        return Shown(form, 403, explain_closed(opened))
    elsewhere = find_place_instead(opened, page)
    if elsewhere is not None and not is_refusal:
        return Moved(elsewhere)
    if switched is not None:
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
        return Shown(form, 422, marks="all" if is_judged_whole else "unstorable")
    if PARTICIPATION in form.faults:
        return Shown(form, 422, marks="all")
    try:
        saved = save_page(
            connection,
            installation.vault,
            opened.draft,
            opened.questionnaire,
            form.page,
            form.answers,
            language=find_language(),
            now=opened.opened_at,
            seen=read_seen(),
        )
    except PageChangedMeanwhile as conflict:
        return Shown(form, 409, explain_meanwhile(opened, conflict), seen=conflict.draft.saves)
    if is_refusal:
        return Moved(url_for("respondent.show_declined", slug=opened.round.slug))
    if leave and form.unstorable and not anyway:
        return Shown(form, 422, explain_unsaved(), marks="unstorable", leaving_to=leave, seen=saved.draft.saves)
    cleared = [f"{question.name}{CLEARED_SEPARATOR}{choice.name}" for question, choice in saved.cleared]
    if leave:
        return Moved(find_leaving_url(opened, leave, cleared))
    if form.new_questions:
        focus = form.new_questions[0].name
        return Shown(form, notice=note_more_questions(), focus=focus, seen=saved.draft.saves)
    return Moved(find_following_url(opened, saved.standing, form.page, cleared))


def find_leaving_url(opened: OpenReturn, target: str, cleared: list[str]) -> str:
    """Where a button that leaves the page leads: to another page, the check, or the private link."""
    query: dict[str, Any] = {CLEARED_FIELD: cleared}
    page = opened.questionnaire.page_by_name.get(target)
    if page is not None or target == TO_CHECK:
        return find_page_url(opened, page, **query)
    return url_for("respondent.show_link", token=opened.token, **query)


def read_seen() -> int | None:
    """Up to which save of the return the posted page knew of it."""
    posted = request.form.get(SEEN_FIELD, "")
    return int(posted) if posted.isascii() and posted.isdigit() and len(posted) < SEEN_DIGITS else None


def find_following_url(opened: OpenReturn, standing: Standing, page: Page, cleared: list[str]) -> str:
    """The page after a saved one: the next in order, or from a change link back to the check unless more is asked."""
    query: dict[str, Any] = {CLEARED_FIELD: cleared}
    if request.form.get(RETURN_FIELD) != TO_CHECK:
        return find_page_url(opened, find_next_page(standing, page), **query)
    incomplete = find_first_incomplete(standing)
    if incomplete is not None:
        query[RETURN_FIELD] = TO_CHECK
    return find_page_url(opened, incomplete, **query)


def find_page(opened: OpenReturn, page_name: str) -> Page:
    """The page of that name; 404 where the questionnaire has none."""
    page = opened.questionnaire.page_by_name.get(page_name)
    if page is None:
        abort(404)
    return page


def find_place_instead(opened: OpenReturn, page: Page) -> str | None:
    """Where to go when this page cannot be opened now: the first page that has to be answered before it."""
    if not opened.is_open:
        return url_for("respondent.resume", token=opened.token)
    if is_reachable(opened.standing, page):
        return None
    first = find_first_incomplete(opened.standing)
    return find_page_url(opened, first, **{NOTICE_FIELD: OUT_OF_ORDER})
