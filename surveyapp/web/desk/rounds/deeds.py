"""What managers do with a round: each posted form changes it in one transaction, or comes back with what was typed.

A form names the edition that the person saw. Where somebody else changed the round meanwhile nothing is done, both are
shown, and pressing again acts on what is shown now.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.rounds import (
    MOST_REASON,
    ReasonMissing,
    Round,
    RoundChanged,
    RoundDatesWrong,
    RoundFault,
    RoundNotReady,
    SlugTaken,
    SlugUnusable,
    StateWrong,
    change_plan,
    change_thresholds,
    close_round,
    extend_round,
    find_round,
    load_version,
    reopen_round,
    schedule_round,
    switch_open_link,
    unschedule_round,
)
from surveyapp.records.database import Connection
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.rounds.deed_forms import NOW
from surveyapp.web.desk.rounds.settings_page import PLAN, THRESHOLDS, Answered, render_settings
from surveyapp.web.desk.rounds.typed import OPEN_LINK, Typed, read_moment, read_plan, read_thresholds_typed
from surveyapp.web.desk.rounds.wording import describe_refusal
from surveyapp.web.desk.surroundings import find_actor, find_words
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation

Reply = Response | tuple[str, int]
Change = Callable[[Connection, Round], Round]


def show_again(form: str) -> Callable[[str], str]:
    """The page with what was typed into `form`, for a post whose proof had become stale."""

    def show(slug: str) -> str:
        notice = Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")
        return render_settings(slug, Answered(form, Typed(request.form), notice))

    return show


@allow(MANAGER)
@show_again_with(show_again(PLAN))
def save_plan(slug: str) -> Reply:
    installation, typed = find_installation(), Typed(request.form)
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        questionnaire = load_version(connection, survey_id, typed.read("version"))
    if questionnaire is None:
        typed.refuse("version", _("Choose one of the versions."))
    plan = None if questionnaire is None else read_plan(typed, tuple(questionnaire.placeholders))
    if plan is None:
        return _refuse(slug, PLAN, typed)
    return _perform(slug, PLAN, typed, partial(change_plan, plan=plan), done="saved")


@allow(MANAGER)
@show_again_with(show_again("schedule"))
def schedule(slug: str) -> Reply:
    at_once = request.form.get("when") == NOW
    done = "opened" if at_once else "scheduled"
    return _perform(slug, "schedule", Typed(request.form), partial(schedule_round, at_once=at_once), done=done)


@allow(MANAGER)
@show_again_with(show_again("unschedule"))
def unschedule(slug: str) -> Reply:
    return _perform(slug, "unschedule", Typed(request.form), unschedule_round, done="unscheduled")


@allow(MANAGER)
@show_again_with(show_again("extend"))
def extend(slug: str) -> Reply:
    typed = Typed(request.form)
    closes_at = read_moment(typed, "closes_at", _("Enter the new end, as year-month-day and time."))
    if closes_at is None:
        return _refuse(slug, "extend", typed)
    return _perform(slug, "extend", typed, partial(extend_round, closes_at=closes_at), done="extended")


@allow(MANAGER)
@show_again_with(show_again("close"))
def close(slug: str) -> Reply:
    return _perform(slug, "close", Typed(request.form), close_round, done="closed")


@allow(MANAGER)
@show_again_with(show_again("reopen"))
def reopen(slug: str) -> Reply:
    typed = Typed(request.form)
    closes_at = read_moment(typed, "closes_at", _("Enter the new end, as year-month-day and time."))
    reason = typed.read("reason")
    if not reason.strip():
        typed.refuse("reason", _explain_reason())
    if closes_at is None or typed.faults:
        return _refuse(slug, "reopen", typed)
    return _perform(slug, "reopen", typed, partial(reopen_round, closes_at=closes_at, reason=reason), done="reopened")


@allow(MANAGER)
@show_again_with(show_again("link"))
def switch_link(slug: str) -> Reply:
    open_link = request.form.get("open_link") == OPEN_LINK
    return _perform(slug, "link", Typed(request.form), partial(switch_open_link, open_link=open_link), done="link")


@allow(MANAGER)
@show_again_with(show_again(THRESHOLDS))
def save_thresholds(slug: str) -> Reply:
    typed = Typed(request.form)
    thresholds = read_thresholds_typed(typed)
    if thresholds is None:
        return _refuse(slug, THRESHOLDS, typed)
    return _perform(slug, THRESHOLDS, typed, partial(change_thresholds, thresholds=thresholds), done="thresholds")


@allow(MANAGER)
def show_posted(slug: str, step: str) -> Response:
    """The address of a posted form leads to the page: what was posted here is not to be opened."""
    return redirect(url_for("desk.show_settings", slug=slug), 303)


def _perform(slug: str, form: str, typed: Typed, deed: Callable[..., Round], *, done: str) -> Reply:
    """Do it to the edition that the form names. Raises RoundUnknown."""
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            changed = deed(
                connection,
                find_round(connection, installation.settings.survey_id, slug),
                seen=typed.read("edition"),
                actor=find_actor(),
                now=datetime.now(UTC),
            )
    except RoundChanged:
        return render_settings(slug, Answered(form, typed, _tell_changed(), has_changed=True)), 409
    except StateWrong as fault:
        notice = Notice(describe_refusal(fault, find_words()), "warning")
        return render_settings(slug, Answered(form, typed, notice, has_changed=True)), 409
    except RoundFault as fault:
        return _explain(slug, form, typed, fault)
    return redirect(url_for("desk.show_settings", slug=changed.slug, done=done), 303)


def _explain(slug: str, form: str, typed: Typed, fault: RoundFault) -> tuple[str, int]:
    """The page with the reason: at the field where one is to blame, else on top."""
    words = describe_refusal(fault, find_words())
    match fault:
        case SlugTaken() | SlugUnusable():
            typed.refuse("slug", words)
        case RoundDatesWrong():
            typed.refuse("closes_at", _("Enter a time that lies ahead and after the present end."))
        case ReasonMissing():
            typed.refuse("reason", _explain_reason())
        case RoundNotReady():
            words = _("The round cannot open yet. What is missing stands below.")
    notice = None if typed.faults else Notice(words, "error")
    return render_settings(slug, Answered(form, typed, notice)), 422


def _refuse(slug: str, form: str, typed: Typed) -> tuple[str, int]:
    return render_settings(slug, Answered(form, typed)), 422


def _tell_changed() -> Notice:
    return Notice(
        _("What you sent was not saved. The page shows the round as it is now. Check it, and send your form again."),
        "warning",
        title=_("Somebody else changed this round in the meantime"),
    )


def _explain_reason() -> str:
    words: str = _("Enter the reason, in at most %(num)s characters.", num=MOST_REASON)
    return words
