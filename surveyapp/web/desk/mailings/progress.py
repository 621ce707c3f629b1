"""A mailing that was begun: how far it is, what stands in its way, and the ways to stop it or go on at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.mail.log import (
    MESSAGE_STATES,
    UNFINISHED,
    MessageState,
    bring_forward,
    count_states,
    find_next_attempt,
)
from surveyapp.fieldwork.mail.mailings import Mailing, find_mailing, resume_mailing, stop_mailing
from surveyapp.records.database import Connection
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.desk.mailings.ground import Ground, load_ground
from surveyapp.web.desk.mailings.pages import Figure, MailingCounts, ProgressPage
from surveyapp.web.desk.mailings.words import describe_problem, name_kind, name_mailing_state, name_state
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation


def render_progress(connection: Connection, ground: Ground, found: Mailing, notice: Notice | None) -> str:
    words = ground.words
    here: dict[str, Any] = {"slug": ground.round.slug, "mailing_id": found.mailing_id}
    counts = count_states(connection, found.survey_id, found.mailing_id)
    is_sending = found.state == "sending"
    page = ProgressPage(
        frame=ground.frame,
        head=ground.head,
        heading=name_kind(words, found.kind),
        notices=(*((notice,) if notice is not None else ()), *_list_notices(words, found, counts)),
        counts=build_counts(connection, ground, found),
        reload_url=url_for("desk.show_mailing", **here) if is_sending else "",
        csrf_token=generate_csrf(),
        stop_action=url_for("desk.stop_sending", **here) if is_sending else "",
        resume_action=url_for("desk.resume_sending", **here) if is_sending else "",
        sections=ground.sections,
    )
    return render_template("desk/mailings/progress.html", page=page)


@allow(MANAGER)
def show_mailing_counts(slug: str, mailing_id: str) -> str:
    """A fragment, for the script that keeps the page of a mailing up to date."""
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        found = find_mailing(connection, ground.round, mailing_id)
        return render_template("desk/mailings/counted.html", page=build_counts(connection, ground, found))


def build_counts(connection: Connection, ground: Ground, found: Mailing) -> MailingCounts:
    words = ground.words
    here: dict[str, Any] = {"slug": ground.round.slug, "mailing_id": found.mailing_id}
    counts = count_states(connection, found.survey_id, found.mailing_id)
    next_at = find_next_attempt(connection, found.survey_id, found.mailing_id) if counts.get("deferred") else None
    of = sum(counts.values())
    done = of - sum(counts.get(state, 0) for state in UNFINISHED)
    return MailingCounts(
        state=name_mailing_state(words, found.state),
        is_over=found.state != "sending",
        done=done,
        of=of,
        summary=_("%(done)s of %(of)s mails have their outcome.", done=words.number(done), of=words.number(of)),
        figures=tuple(
            Figure(
                name_state(words, state),
                words.number(counts[state]),
                url_for("desk.show_mail_log", slug=ground.round.slug, mailing=found.mailing_id, state=state),
            )
            for state in MESSAGE_STATES
            if counts.get(state)
        ),
        facts=_list_facts(words, found, next_at),
        url=url_for("desk.show_mailing_counts", **here),
    )


@allow(MANAGER)
def stop_sending(slug: str, mailing_id: str) -> Response:
    """What has not left is not sent."""
    with find_installation().database.write() as connection:
        ground = load_ground(connection, slug)
        stop_mailing(connection, ground.round, mailing_id, actor=find_actor(), now=datetime.now(UTC))
    return redirect(url_for("desk.show_mailing", slug=slug, mailing_id=mailing_id), 303)


@allow(MANAGER)
def resume_sending(slug: str, mailing_id: str) -> Response:
    """What waits is tried at once, also what the mail server has put off."""
    now = datetime.now(UTC)
    with find_installation().database.write() as connection:
        ground = load_ground(connection, slug)
        bring_forward(connection, ground.round.survey_id, mailing_id, now=now)
        resume_mailing(connection, ground.round, mailing_id, actor=find_actor(), now=now)
    return redirect(url_for("desk.show_mailing", slug=slug, mailing_id=mailing_id), 303)


def _list_facts(words: Words, found: Mailing, next_at: datetime | None) -> tuple[Figure, ...]:
    facts = [Figure(_("Started by"), found.actor)]
    if found.started_at is not None:
        facts.append(Figure(_("Started"), words.time(found.started_at)))
    if found.finished_at is not None:
        facts.append(Figure(_("Ended"), words.time(found.finished_at)))
    if next_at is not None:
        facts.append(Figure(_("Next try of what was put off"), words.time(next_at)))
    return tuple(facts)


def _list_notices(words: Words, found: Mailing, counts: Mapping[MessageState, int]) -> tuple[Notice, ...]:
    notices = []
    if found.problem is not None:
        again = _("What waits is tried again by itself, after longer and longer pauses. Nothing is lost.")
        notices.append(Notice(f"{describe_problem(words, found.problem)} {again}", "warning", _("Sending pauses")))
    uncertain = counts.get("uncertain", 0)
    if uncertain:
        notices.append(
            Notice(
                _("Nobody knows whether they arrived, so they are not sent again by themselves. Decide in the log."),
                "warning",
                words.ngettext("%(n)s mail is uncertain", "%(n)s mails are uncertain", uncertain),
            )
        )
    return tuple(notices)
