"""The log of mails: each with its state in words, and the decision about those of which nobody knows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.mail.log import (
    MESSAGE_STATES,
    Message,
    find_message,
    leave_as_sent,
    list_messages,
    send_again,
)
from surveyapp.fieldwork.mail.log_people import Addressee, find_addressees
from surveyapp.fieldwork.mail.mailings import Mailing, list_mailings, resume_mailing
from surveyapp.fieldwork.mail.templates import MailKind
from surveyapp.fieldwork.mail.wording import choose_name
from surveyapp.records.audit import write_audit
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.ground import Ground, load_ground
from surveyapp.web.desk.mailings.pages import MailLine, MailLogPage
from surveyapp.web.desk.mailings.words import describe_reason, describe_reply, name_kind, name_state
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import LANGUAGE_NAMES, Notice
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language

LINES = 100
KINDS: tuple[MailKind, ...] = ("invitation", "reminder", "receipt", "resume", "test")
AGAIN, ARRIVED = "again", "arrived"


@allow(MANAGER)
def show_mail_log(slug: str) -> str:
    return _show(slug)


def _show_again(slug: str) -> str:
    return _show(slug, Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def decide_mail(slug: str) -> Response | tuple[str, int]:
    """Send an uncertain mail again, or take it as arrived. Of two who decide the first one does."""
    decision, now = request.form.get("decision"), datetime.now(UTC)
    if decision not in (AGAIN, ARRIVED):
        abort(400)
    with find_installation().database.write() as connection:
        ground = load_ground(connection, slug)
        message = find_message(connection, ground.round.survey_id, request.form.get("message", ""))
        if message.round_id != ground.round.round_id or message.mailing_id is None or message.contact_id is None:
            abort(404)
        decide = send_again if decision == AGAIN else leave_as_sent
        is_decided = decide(connection, message, now=now)
        if is_decided:
            if decision == AGAIN:
                resume_mailing(connection, ground.round, message.mailing_id, actor=find_actor(), now=now)
            write_audit(
                connection,
                actor=find_actor(),
                action="mail.sent_again" if decision == AGAIN else "mail.taken_as_sent",
                at=now,
                survey_id=ground.round.survey_id,
                round_id=ground.round.round_id,
            )
    if not is_decided:
        words = _(
            "Meanwhile this mail is no longer uncertain: somebody decided, or a report came. Nothing was changed."
        )
        return _show(slug, Notice(words, "warning")), 409
    return redirect(url_for("desk.show_mail_log", slug=slug, state="uncertain"), 303)


def _show(slug: str, notice: Notice | None = None) -> str:
    states = _read_choices("state", MESSAGE_STATES)
    kinds = _read_choices("kind", KINDS)
    mailing_id = request.args.get("mailing") or None
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        survey_id, round_id = ground.round.survey_id, ground.round.round_id
        mailings = list_mailings(connection, ground.round)
        if mailing_id is not None and mailing_id not in {each.mailing_id for each in mailings}:
            raise FilterUnknown("mailing", mailing_id)
        messages = list_messages(
            connection,
            survey_id,
            round_id,
            states=states,
            kinds=kinds,
            mailing_id=mailing_id,
            after=_read_place(),
            limit=LINES,
        )
        people = find_addressees(connection, ground.installation.vault, survey_id, messages)
    words = ground.words
    page = MailLogPage(
        frame=ground.frame,
        head=ground.head,
        notices=(notice,) if notice is not None else (),
        action=url_for("desk.show_mail_log", slug=slug),
        states=tuple(FilterOption(each, name_state(words, each), each in states) for each in MESSAGE_STATES),
        kinds=tuple(FilterOption(each, name_kind(words, each), each in kinds) for each in KINDS),
        mailings=tuple(_write_option(words, each, mailing_id) for each in mailings),
        lines=tuple(_write_line(ground, each, people) for each in messages),
        next_url=_find_next_url(slug, messages, states, kinds, mailing_id),
        decide_action=url_for("desk.decide_mail", slug=slug),
        csrf_token=generate_csrf(),
        sections=ground.sections,
    )
    return render_template("desk/mailings/log.html", page=page)


def _write_option(words: Words, mailing: Mailing, chosen: str | None) -> FilterOption:
    when = words.time(mailing.started_at or mailing.created_at)
    return FilterOption(mailing.mailing_id, f"{name_kind(words, mailing.kind)} {when}", mailing.mailing_id == chosen)


def _write_line(ground: Ground, message: Message, people: Mapping[str, Addressee]) -> MailLine:
    words = ground.words
    who = people.get(message.contact_id or "")
    if who is not None:
        person = " ".join(each for each in (who.name, who.email) if each) or _("Contact removed")
    elif message.kind == "test":
        person = _("Whoever prepared the mailing")
    else:
        person = _("The address that was given for this mail alone")
    return MailLine(
        queued=words.time(message.queued_at),
        kind=name_kind(words, message.kind),
        company=choose_name(who.company, find_language()) if who is not None else "",
        person=person,
        language=LANGUAGE_NAMES[message.language],
        state=name_state(words, message.state),
        reply=describe_reply(words, message),
        reason=describe_reason(words, message.reason) if message.reason else "",
        tries=words.ngettext("%(n)s try", "%(n)s tries", message.attempts),
        when=_tell_when(words, message),
        decide_id=message.message_id if message.state == "uncertain" and message.contact_id is not None else "",
    )


def _tell_when(words: Words, message: Message) -> str:
    """When it left or came back, or is tried again."""
    if message.state == "bounced" and message.bounced_at is not None:
        return words.time(message.bounced_at)
    if message.state == "deferred" and message.next_attempt_at is not None:
        return str(_("Next try %(time)s", time=words.time(message.next_attempt_at)))
    return words.time(message.sent_at) if message.sent_at is not None else ""


def _read_choices(name: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """Raises `FilterUnknown`."""
    given = [value for value in request.args.getlist(name) if value]
    for value in given:
        if value not in known:
            raise FilterUnknown(name, value)
    return tuple(value for value in known if value in given)


def _read_place() -> tuple[datetime, str] | None:
    """Where the page before ended. Raises `FilterUnknown`."""
    given = request.args.get("after")
    if given is None:
        return None
    moment, _separator, message_id = given.partition(" ")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError as fault:
        raise FilterUnknown("after", given) from fault
    if found.tzinfo is None:
        raise FilterUnknown("after", given)
    return found, message_id


def _find_next_url(
    slug: str, messages: tuple[Message, ...], states: tuple[str, ...], kinds: tuple[str, ...], mailing_id: str | None
) -> str:
    if len(messages) < LINES:
        return ""
    last = messages[-1]
    after = f"{last.queued_at.isoformat()} {last.message_id}"
    return url_for("desk.show_mail_log", slug=slug, state=states, kind=kinds, mailing=mailing_id, after=after)
