"""The pages of a part link: its home, its pages of questions, and what the script saves of them."""

from __future__ import annotations

from flask import render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.questionnaire.model import Page
from surveyapp.questionnaire.paths import check_page
from surveyapp.web.access import PART_HOLDER, allow
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import show_time
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.ended_links import render_part_closed, render_withdrawn
from surveyapp.web.respondent.open_return import (
    PART_ROUTES,
    OpenReturn,
    find_page_url,
    frame_return,
    is_answered,
    list_part_steps,
    name_parts,
    note_unsubmitted,
    open_part,
    write_private_link,
)
from surveyapp.web.respondent.pages import PartHomePage
from surveyapp.web.respondent.returning import PostedReply, answer_get, answer_post
from surveyapp.web.respondent.saving import answer_typed
from surveyapp.web.respondent.showing import count_minutes, note_cleared


@respondent.get("/part/<token>/")
@allow(PART_HOLDER)
def show_part(token: str) -> str | tuple[str, int]:
    """Where a part link leads: which pages there are, how far they are, and that there is nothing to submit."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_part(connection, installation, token)
    if opened.is_withdrawn:
        return render_withdrawn(opened), 410
    if not opened.is_open:
        return render_part_closed(opened), 403
    return render_part_home(opened)


@respondent.get("/part/<token>/p/<page_name>")
@allow(PART_HOLDER)
def show_part_questions(token: str, page_name: str) -> Response | str:
    """One page of the part, as soon as it is asked, whatever is missing before it."""
    return answer_get(open_part, token, page_name)


@respondent.post("/part/<token>/p/<page_name>")
@allow(PART_HOLDER)
def save_part_questions(token: str, page_name: str) -> PostedReply:
    """Save a page of the part by the same rules as any page, and go on within the part."""
    return answer_post(open_part, token, page_name)


@respondent.post("/part/<token>/save/<page_name>")
@allow(PART_HOLDER)
def save_part_typed(token: str, page_name: str) -> tuple[str, int]:
    """What the script sends while somebody types on a page of the part."""
    return answer_typed(open_part, token, page_name)


def render_part_home(opened: OpenReturn) -> str:
    standing = opened.standing
    pages = opened.list_pages(standing)
    missing = [page for page in pages if check_page(standing, page)]
    is_begun = opened.part is not None and opened.part.page != ""
    following = find_part_resume(opened, pages, is_begun=is_begun)
    title, lead, words = tell_part_state(pages, missing, is_begun=is_begun)
    page = PartHomePage(
        frame=frame_return(opened),
        notices=(*note_unsubmitted(opened), *note_cleared(opened)),
        title=title,
        lead=lead,
        sections=name_parts(opened, opened.part) if opened.part is not None else (),
        steps=list_part_steps(opened, None),
        minutes_left=count_minutes(opened, standing, following) if missing and following is not None else 0,
        continue_url=find_page_url(opened, following or pages[0]) if pages else "",
        continue_words=words,
        link=write_private_link(opened.token, PART_ROUTES.home),
        closes_at=show_time(opened.round.closes_at),
        saved_at=show_time(opened.draft.saved_at),
    )
    return render_template("respondent/part.html", page=page)


def tell_part_state(pages: tuple[Page, ...], missing: list[Page], *, is_begun: bool) -> tuple[str, str, str]:
    """Title, first words and the words of the button."""
    if not pages:
        return (
            _("Nothing is asked in your part at the moment"),
            _(
                "What is asked depends on other answers of your company. "
                "Please come back later, or talk to your colleague."
            ),
            "",
        )
    if not is_begun:
        return (
            _("You were asked to answer a part of this survey"),
            _(
                "A colleague in your company handed you these pages. Each page is saved when you continue. "
                "There is nothing to submit: your colleague sees your answers and submits the whole return."
            ),
            _("Begin"),
        )
    if missing:
        return (
            _("Your part is not complete yet"),
            _("What you answered is saved. There is nothing to submit: your colleague submits the whole return."),
            _("Continue answering"),
        )
    return (
        _("Your part is complete"),
        _("Thank you. There is nothing to submit: your colleague looks through the whole return and submits it."),
        _("Look at your answers again"),
    )


def find_part_resume(opened: OpenReturn, pages: tuple[Page, ...], *, is_begun: bool) -> Page | None:
    """The first page of the part that nobody has answered on; once it was begun, one with something missing first."""
    standing = opened.standing
    missing = (page for page in pages if is_begun and check_page(standing, page))
    return next(missing, next((page for page in pages if not is_answered(standing, page)), None))
