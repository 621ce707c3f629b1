"""The mailings of a round: what was sent and is being sent, and the beginning of a new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.mail.log import MessageState, count_states_of_round
from surveyapp.fieldwork.mail.mailings import Mailing, create_mailing, list_mailings
from surveyapp.fieldwork.mail.templates import MAILING_KINDS
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.ground import Ground, load_ground, tell_fictional, tell_no_server
from surveyapp.web.desk.mailings.pages import MailingLine, MailingsPage
from surveyapp.web.desk.mailings.words import describe_problem, name_kind, name_mailing_state
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation


@allow(MANAGER)
def show_mailings(slug: str) -> str:
    return _show(slug)


def _show_again(slug: str) -> str:
    return _show(slug, Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def add_mailing(slug: str) -> Response | tuple[str, int]:
    """Prepare a mailing; nothing is sent by it."""
    kind = next((each for each in MAILING_KINDS if each == request.form.get("kind")), None)
    if kind is None:
        return _show(slug, Notice(_("Choose an invitation or a reminder."), "error")), 422
    with find_installation().database.write() as connection:
        ground = load_ground(connection, slug)
        created = create_mailing(connection, ground.round, kind, actor=find_actor(), now=datetime.now(UTC))
    return redirect(url_for("desk.show_mailing", slug=slug, mailing_id=created.mailing_id), 303)


def _show(slug: str, notice: Notice | None = None) -> str:
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        mailings = list_mailings(connection, ground.round)
        counts = count_states_of_round(connection, ground.round.survey_id, ground.round.round_id)
    notices = (*tell_no_server(ground.installation), *tell_fictional(ground.round))
    page = MailingsPage(
        frame=ground.frame,
        head=ground.head,
        notices=(*((notice,) if notice is not None else ()), *notices),
        action=url_for("desk.add_mailing", slug=slug),
        csrf_token=generate_csrf(),
        can_prepare=ground.round.kind != "sample",
        lines=tuple(_write_line(ground, slug, each, counts.get(each.mailing_id, {})) for each in mailings),
        sections=ground.sections,
    )
    return render_template("desk/mailings/mailings.html", page=page)


def _write_line(ground: Ground, slug: str, mailing: Mailing, counts: Mapping[MessageState, int]) -> MailingLine:
    words = ground.words
    uncertain = counts.get("uncertain", 0)
    waits = []
    if mailing.problem is not None:
        waits.append(describe_problem(words, mailing.problem))
    if uncertain:
        waits.append(words.ngettext("%(n)s mail is uncertain", "%(n)s mails are uncertain", uncertain))
    of = sum(counts.values())
    return MailingLine(
        kind=name_kind(words, mailing.kind),
        state=name_mailing_state(words, mailing.state),
        url=url_for("desk.show_mailing", slug=slug, mailing_id=mailing.mailing_id),
        created=words.time(mailing.created_at),
        started="" if mailing.started_at is None else words.time(mailing.started_at),
        actor=mailing.actor,
        messages=""
        if not of
        else _("%(done)s of %(all)s", done=words.number(counts.get("sent", 0)), all=words.number(of)),
        open=words.join_clauses(waits),
    )
