"""Replacing a link that came into the wrong hands: the return's own, or the personal links of an invited company.

A company can seldom tell which of its personal links got astray, so that replacing all of them is what the page offers
first; colleagues who are then shut out get the new link from whoever replaced it.
"""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import ngettext
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import LinkUnknown, find_draft
from surveyapp.fieldwork.invitations.revoking import count_live_links, replace_personal_link
from surveyapp.fieldwork.part_links import LinkEnded, replace_own_link
from surveyapp.records.database import Connection
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import FIELD, TICKET_FIELD, ProofFault, check_draft, issue_link_ticket, read_link_ticket
from surveyapp.web.frame import Notice
from surveyapp.web.installation import Installation, find_installation
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.open_return import (
    OpenReturn,
    frame_return,
    open_return,
    sign_return,
    write_private_link,
)
from surveyapp.web.respondent.pages import ReplacedPage, ReplacementPage
from surveyapp.web.respondent.showing import explain_stale_form

END_PARTS_FIELD = "end_parts"
SCOPE_FIELD = "scope"
ONLY_THIS = "this"


@respondent.get("/r/<token>/replace")
@allow(LINK_HOLDER)
def show_replacement(token: str) -> Response | str:
    """Ask before the private link is replaced, with the new one to be kept first."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        others = count_others(connection, opened)
    if opened.is_withdrawn:
        return redirect(url_for("respondent.resume", token=token), 303)
    return render_replacement(installation, opened, others)


@respondent.post("/r/<token>/replace")
@allow(LINK_HOLDER)
def replace_link(token: str) -> Response | tuple[str, int]:
    """Replace the private link by the one that was shown; a second press leads there as well."""
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            opened = open_return(connection, installation, token)
            if opened.is_withdrawn:
                return redirect(url_for("respondent.resume", token=token), 303)
            try:
                check_draft(installation.settings, opened.proof_name, request.form.get(FIELD))
                new_token = read_own_ticket(installation, opened.draft.draft_id)
            except ProofFault:
                others = count_others(connection, opened)
                return render_replacement(installation, opened, others, explain_stale_form()), 400
            put_new_link(connection, opened, new_token)
    except LinkEnded as ended:
        new_token = find_replaced_before(installation, ended)
    return redirect(url_for("respondent.show_replaced", token=new_token), 303)


@respondent.get("/r/<token>/replaced")
@allow(LINK_HOLDER)
def show_replaced(token: str) -> str:
    """The new private link, once it holds."""
    installation = find_installation()
    with installation.database.read() as connection:
        opened = open_return(connection, installation, token)
        is_only = not count_others(connection, opened)
    page = ReplacedPage(
        frame_return(opened), write_private_link(token), url_for("respondent.resume", token=token), is_only
    )
    return render_template("respondent/replaced.html", page=page)


def put_new_link(connection: Connection, opened: OpenReturn, new_token: str) -> None:
    """The new link in the place of the return's own, or of the personal link and as many others as was chosen."""
    ends_parts, now = bool(request.form.get(END_PARTS_FIELD)), opened.opened_at
    if opened.draft.invitation_id is None:
        replace_own_link(
            connection, opened.draft, token=opened.token, new_token=new_token, ends_parts=ends_parts, now=now
        )
        return
    replace_personal_link(
        connection,
        opened.draft,
        token=opened.token,
        new_token=new_token,
        ends_others=request.form.get(SCOPE_FIELD) != ONLY_THIS,
        ends_parts=ends_parts,
        now=now,
    )


def read_own_ticket(installation: Installation, draft_id: str) -> str:
    """The token of the new private link that was shown. Raises ProofFault."""
    return read_link_ticket(installation.settings, "own", draft_id, request.form.get(TICKET_FIELD))


def find_replaced_before(installation: Installation, ended: LinkEnded) -> str:
    """The new token where this very form replaced the link already, as by a double click. Raises LinkEnded."""
    try:
        new_token = read_own_ticket(installation, ended.draft_id)
        with installation.database.read() as connection:
            find_draft(connection, installation.vault, installation.settings.survey_id, new_token)
    except (ProofFault, LinkUnknown):
        raise ended from None
    return new_token


def render_replacement(
    installation: Installation, opened: OpenReturn, others: str, problem: Notice | None = None
) -> str:
    ticket = issue_link_ticket(installation.settings, "own", opened.draft.draft_id)
    page = ReplacementPage(
        frame=frame_return(opened),
        notices=(problem,) if problem is not None else (),
        link=write_private_link(read_link_ticket(installation.settings, "own", opened.draft.draft_id, ticket)),
        action=url_for("respondent.replace_link", token=opened.token),
        csrf_token=sign_return(installation, opened),
        ticket=ticket,
        has_parts=bool(opened.shared.live),
        others=others,
        ends_others=request.form.get(SCOPE_FIELD) != ONLY_THIS,
        back_url=url_for("respondent.resume", token=opened.token),
    )
    return render_template("respondent/replace.html", page=page)


def count_others(connection: Connection, opened: OpenReturn) -> str:
    """How many personal links the company has beside this one, in words."""
    if opened.draft.invitation_id is None:
        return ""
    others = count_live_links(connection, opened.draft.survey_id, opened.draft.invitation_id) - 1
    if others < 1:
        return ""
    words: str = ngettext(
        "Your company has %(num)s other personal link to this return, from a mail or a letter.",
        "Your company has %(num)s other personal links to this return, from mails or letters.",
        others,
    )
    return words
