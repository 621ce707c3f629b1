"""What is kept of one round and until when: dates, the dry run of a purge, and the purge."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, date, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.erasing import count_kept
from surveyapp.fieldwork.left_files import TakenBack, list_taken_back
from surveyapp.fieldwork.retention import (
    PURGE,
    RETENTION_KINDS,
    RetentionKind,
    RetentionWrong,
    change_retention,
    list_due,
)
from surveyapp.fieldwork.rounds import Round, RoundChanged, find_round, list_rounds
from surveyapp.records.job_queue import JobPending, add_job
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, MANAGER, allow, may
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.privacy.kept import list_kept, list_purges
from surveyapp.web.desk.privacy.pages import RoundPrivacyPage, TakenBackLine
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_actor, find_words
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.respondent.consents import describe_file

_PROMISES = ("retention_text", "retention_contact")  # placeholders of the notices that say how long


@allow(MANAGER)
def show_round_privacy(slug: str) -> str:
    """`done` in the address says what was just done."""
    done = {
        "saved": Notice(_("The dates were saved."), "success"),
        "purging": Notice(_("The purge was requested. It is done in the background; see the page of jobs."), "success"),
    }.get(request.args.get("done", ""))
    return _show(slug, notice=done)


def _show_again(slug: str) -> str:
    return _show(slug, notice=Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def save_retention(slug: str) -> Response | tuple[str, int]:
    """Set until when each kind is kept; a blank date keeps it."""
    dates, faults = _read_dates()
    if faults:
        return _show(slug, faults=faults), 422
    installation = find_installation()
    try:
        with installation.database.write() as connection:
            round_ = find_round(connection, installation.settings.survey_id, slug)
            seen = request.form.get("edition", "")
            change_retention(connection, round_, dates, seen=seen, actor=find_actor(), now=datetime.now(UTC))
    except RetentionWrong as wrong:
        told = _("Choose a day on or after the round's last day.")
        return _show(slug, faults={fault.kind: told for fault in wrong.faults}), 422
    except RoundChanged:
        changed = _("Somebody else changed the round meanwhile. Check the dates and save them again.")
        return _show(slug, notice=Notice(changed, "warning")), 409
    return redirect(url_for("desk.show_round_privacy", slug=slug, done="saved"), 303)


@allow(ADMIN)
@show_again_with(_show_again)
def purge_now(slug: str) -> Response | tuple[str, int]:
    """Ask for the job that erases what is due, without waiting for the night."""
    installation, now = find_installation(), datetime.now(UTC)
    with installation.database.write() as connection:
        round_ = find_round(connection, installation.settings.survey_id, slug)
        is_due = bool(list_due(round_, now))
        if is_due:
            with suppress(JobPending):  # pressing twice is asking once
                add_job(
                    connection,
                    kind=PURGE,
                    arguments={"survey_id": round_.survey_id, "round_id": round_.round_id},
                    actor=find_actor(),
                    now=now,
                    survey_id=round_.survey_id,
                    once_key=f"{PURGE}:{round_.survey_id}:{round_.round_id}:now",
                )
    if not is_due:
        return _show(slug, notice=Notice(_("Nothing is past its date, so nothing is erased."), "warning")), 409
    return redirect(url_for("desk.show_round_privacy", slug=slug, done="purging"), 303)


def _read_dates() -> tuple[dict[RetentionKind, date | None], dict[RetentionKind, str]]:
    dates: dict[RetentionKind, date | None] = {}
    faults: dict[RetentionKind, str] = {}
    for kind in RETENTION_KINDS:
        typed = request.form.get(kind, "").strip()
        try:
            dates[kind] = date.fromisoformat(typed) if typed else None
        except ValueError:
            faults[kind] = _("Write the date as 2027-03-31.")
    return dates, faults


def _show(slug: str, *, notice: Notice | None = None, faults: Mapping[RetentionKind, str] | None = None) -> str:
    installation, words, now = find_installation(), find_words(), datetime.now(UTC)
    survey_id = installation.settings.survey_id
    is_of_dates = "edition" in request.form  # and not the other form of the page
    typed: Mapping[str, str] | None = request.form if is_of_dates else None
    with installation.database.read() as connection:
        round_ = find_round(connection, survey_id, slug)
        rounds = list_rounds(connection, survey_id)
        kinds = list_kept(connection, round_, words, now, typed=typed, faults=faults)
        due = {kind: count_kept(connection, round_, kind, now) for kind in list_due(round_, now)}
        taken_back = list_taken_back(connection, survey_id, round_.round_id)
        purges = list_purges(connection, survey_id, words, round_.round_id)
    page = RoundPrivacyPage(
        frame=build_desk_frame(round_),
        head=build_round_head(round_, rounds),
        notice=notice,
        faults=tuple(SummaryFault(kind.fault, f"#{kind.name}", kind.label) for kind in kinds if kind.fault),
        kinds=kinds,
        promises=_list_promises(round_, words),
        is_closed=round_.state(now) == "closed",
        dry_run=_describe_dry_run(words, sum(due.values())),
        can_purge=may(ADMIN) and any(due.values()),
        taken_back=tuple(_describe_taken_back(each, words) for each in taken_back),
        purges=purges,
        edition=round_.edition,
        csrf_token=generate_csrf(),
        action=url_for("desk.save_retention", slug=slug),
        purge_action=url_for("desk.purge_now", slug=slug),
    )
    return render_template("desk/privacy/round.html", page=page)


def _list_promises(round_: Round, words: Words) -> tuple[tuple[str, str], ...]:
    labels = {
        "retention_text": words.gettext("Answers are promised to be kept"),
        "retention_contact": words.gettext("Contact details are promised to be kept"),
    }
    return tuple(
        (labels[name], words.text(round_.operator_texts[name])) for name in _PROMISES if name in round_.operator_texts
    )


def _describe_dry_run(words: Words, entries: int) -> str:
    return words.ngettext(
        "The next purge would erase %(n)s entry, those marked below.",
        "The next purge would erase %(n)s entries, those marked below.",
        entries,
    )


def _describe_taken_back(one: TakenBack, words: Words) -> TakenBackLine:
    what = (
        words.gettext("Return %(number)s was withdrawn", number=one.number)
        if one.is_withdrawn
        else words.gettext("Return %(number)s permits less than before", number=one.number)
    )
    return TakenBackLine(what, words.time(one.taken_back_at), tuple(map(describe_file, one.files)))
