"""The personal link of an invited company before there is a return: whose it is, consent, a refusal.

Once a return was begun, `/r/…` takes the same link. The page names the company, so that whoever got the link by mistake
notices before answering for somebody else: it says no more than that the company was invited.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import LinkUnknown, ReturnWithdrawn
from surveyapp.fieldwork.consent import has_refused
from surveyapp.fieldwork.directory.names import choose_name
from surveyapp.fieldwork.invitations.links import FoundLink, find_link, note_opened
from surveyapp.fieldwork.invitations.starting import ReturnBegun, refuse_invitation, start_invited_return
from surveyapp.fieldwork.rounds import Round, find_round_by_id, load_questionnaire_of
from surveyapp.forms.page_form import PageForm, build_page_form
from surveyapp.log_lines import open_logger
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import evaluate
from surveyapp.records.database import DatabaseFault
from surveyapp.web.access import LINK_HOLDER, allow
from surveyapp.web.csrf import TICKET_FIELD, ProofFault, check_draft, sign_draft
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation
from surveyapp.web.limits import limit_start
from surveyapp.web.locale import find_language, has_named_language, show_time, use_language
from surveyapp.web.metrics import note_deed
from surveyapp.web.respondent.blueprint import respondent
from surveyapp.web.respondent.ended_links import render_invitation_closed
from surveyapp.web.respondent.open_return import find_switched_language, tell_time
from surveyapp.web.respondent.showing import BEGUN_MEANWHILE, NOTICE_FIELD, Shown
from surveyapp.web.respondent.starting import (
    StartWay,
    find_reason_to_show,
    lead_on,
    render_declined,
    render_fragment,
    render_start,
    take_start,
)

ANEW_FIELD = "anew"

logger = open_logger("surveyapp.respondent")


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation as one of its links opens it."""

    token: str
    found: FoundLink
    round: Round
    questionnaire: Questionnaire
    opened_at: datetime

    @property
    def is_anew(self) -> bool:
        """Whether a return that was withdrawn is to be followed by a new one."""
        return self.found.return_state == "withdrawn" and bool(request.values.get(ANEW_FIELD))

    @property
    def leads_on(self) -> bool:
        """Whether the link's place is the return: one that was begun, or was withdrawn and is left at that."""
        is_left = self.found.return_state == "withdrawn" and self.found.invitation.refused_at is None
        return self.found.is_begun or (is_left and not self.is_anew)

    @property
    def is_open(self) -> bool:
        return self.round.state(self.opened_at) == "open"

    @property
    def proof_name(self) -> str:
        return f"invitation:{self.found.invitation.invitation_id}"


@respondent.get("/i/<token>/")
@allow(LINK_HOLDER)
def show_invitation(token: str) -> Response | str | tuple[str, int]:
    """The start page of an invited company, or on to its return."""
    opened = open_invitation(token)
    mark_opened(opened)
    if opened.leads_on:
        return redirect(url_for("respondent.resume", token=token), 303)
    if not opened.is_open:
        return render_invitation_closed(opened.round), 403
    form = build_page_form(evaluate(opened.questionnaire, {}), opened.questionnaire.pages[0], find_language())
    return render_start(opened.round, Shown(form), find_way(opened))


@respondent.post("/i/<token>/")
@allow(LINK_HOLDER)
@limit_start(exempt_when=lambda: find_switched_language() is not None)
def start_invitation(token: str) -> Response | tuple[str, int]:
    """Begin the company's return once consent is given, or count its refusal; sent twice it is one of either."""
    opened = open_invitation(token)
    form = take_start(opened.questionnaire)
    again = find_reason_to_show(form, is_proven=is_proven(opened))
    if again is not None and opened.is_open:
        return render_start(opened.round, again, find_way(opened)), again.status
    if not opened.is_open and not opened.leads_on:
        return render_invitation_closed(opened.round), 403
    if has_refused(form.answers):
        return refuse(opened)
    return begin(opened, form)


@respondent.post("/i/<token>/fragment")
@allow(LINK_HOLDER)
def refresh_invitation(token: str) -> str:
    """The questions of the start page as they stand with what is typed, for the script. Nothing is stored."""
    opened = open_invitation(token)
    return render_fragment(opened.round, opened.questionnaire)


@respondent.get("/i/<token>/declined")
@allow(LINK_HOLDER)
def show_invitation_declined(token: str) -> str:
    """The questionnaire's own words to those who do not agree; the link leads back should they think better of it."""
    opened = open_invitation(token)
    start_url = url_for("respondent.show_invitation", token=token)
    return render_declined(opened.round, opened.questionnaire, start_url=start_url)


def open_invitation(token: str) -> OpenInvitation:
    """The invitation behind a link, in the language of whom it was made for. Raises LinkUnknown and LinkEnded."""
    installation = find_installation()
    with installation.database.read() as connection:
        found = find_link(connection, installation.settings.survey_id, token)
        round_ = find_round_by_id(connection, found.invitation.survey_id, found.invitation.round_id)
        questionnaire = load_questionnaire_of(connection, round_)
    opened_at = tell_time()
    if round_.state(opened_at) == "in_preparation":
        raise LinkUnknown  # staff took the round back: nobody is to learn of it
    if found.language is not None and not has_named_language():
        use_language(found.language)
    return OpenInvitation(token, found, round_, questionnaire, opened_at)


def mark_opened(opened: OpenInvitation) -> None:
    """Keep when the link was first opened. The page is shown all the same where that fails.

    What only looks whether the page is there, or loads it before anybody asked, is no opening.
    """
    is_visit = request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", "")
    if opened.found.opened_at is not None or not is_visit:
        return
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            note_opened(connection, opened.round.survey_id, opened.token, now=opened.opened_at)
    except DatabaseFault as fault:
        logger.warning("an opening was not noted", fault=type(fault).__name__)


def is_proven(opened: OpenInvitation) -> bool:
    """Whether the posted form is one of this invitation."""
    try:
        check_draft(find_installation().settings, opened.proof_name, request.form.get(TICKET_FIELD))
    except ProofFault:
        return False
    return True


def begin(opened: OpenInvitation, form: PageForm) -> Response:
    """Store the consent and lead to the first page after it, or to where a colleague has got meanwhile."""
    installation = find_installation()
    home = redirect(url_for("respondent.resume", token=opened.token), 303)
    try:
        with installation.database.write() as connection:
            draft = start_invited_return(
                connection,
                installation.vault,
                opened.round,
                opened.questionnaire,
                token=opened.token,
                answers=form.answers,
                language=find_language(),
                now=opened.opened_at,
                anew=opened.is_anew,
            )
    except ReturnWithdrawn:
        return home
    return lead_on(form, opened.token) if draft.started_at == opened.opened_at else home


def refuse(opened: OpenInvitation) -> Response:
    """Count the company's refusal; where a colleague has begun, ask before anything is erased."""
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            refuse_invitation(
                connection, opened.round, token=opened.token, language=find_language(), now=opened.opened_at
            )
    except ReturnBegun:
        query: dict[str, Any] = {NOTICE_FIELD: BEGUN_MEANWHILE}
        return redirect(url_for("respondent.show_withdrawal", token=opened.token, **query), 303)
    note_deed("refused")
    return redirect(url_for("respondent.show_invitation_declined", token=opened.token), 303)


def find_way(opened: OpenInvitation) -> StartWay:
    language, settings = find_language(), find_installation().settings
    return StartWay(
        action=url_for("respondent.start_invitation", token=opened.token, lang=language),
        fragment_url=url_for("respondent.refresh_invitation", token=opened.token, lang=language),
        ticket=sign_draft(settings, opened.proof_name),
        company=choose_name(opened.found.company, language),
        is_anew=opened.is_anew,
        notice=note_earlier(opened),
    )


def note_earlier(opened: OpenInvitation) -> Notice | None:
    """That somebody of the company refused before, or withdrew."""
    refused_at = opened.found.invitation.refused_at
    if refused_at is not None:
        words = _("You can still take part, until %(time)s.", time=show_time(opened.round.closes_at))
        title = _("Your company said on %(time)s that it does not take part", time=show_time(refused_at))
        return Notice(words, title=title)
    if opened.is_anew:
        return Notice(_("Nothing of the earlier return is in it."), title=_("You begin a new return"))
    return None
