"""The list of first steps on the desk's first page, for administrators: what is still to do, and where."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import abort, redirect, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.first_steps import (
    HIDDEN,
    SECRETS_KEPT,
    SHOWN,
    STEPS,
    FirstSteps,
    Step,
    find_first_steps,
    note_first_steps,
)
from surveyapp.records.database import Connection
from surveyapp.web.access import ADMIN, allow
from surveyapp.web.desk.pages import FirstStepLine, FirstStepsCard
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation

DEEDS = {"hide": HIDDEN, "show": SHOWN, "secrets": SECRETS_KEPT}


def build_first_steps(connection: Connection, survey_id: str) -> FirstStepsCard | None:
    """The list, folded to a button once it was hidden; None where everything is done."""
    steps = find_first_steps(connection, survey_id, datetime.now(UTC))
    if steps.is_complete:
        return None
    lines = () if steps.is_hidden else tuple(_write_line(step, steps) for step in STEPS)
    return FirstStepsCard(
        action=url_for("desk.note_first_step"),
        csrf_token=generate_csrf(),
        is_hidden=steps.is_hidden,
        summary=_("%(done)s of %(all)s done", done=sum(steps.done.values()), all=len(STEPS)),
        lines=lines,
    )


@allow(ADMIN)
def note_first_step() -> Response:
    """Hide the list, show it again, or say that the secrets were put away."""
    deed = DEEDS.get(request.form.get("deed", ""))
    if deed is None:
        abort(400)
    with find_installation().database.write() as connection:
        note_first_steps(connection, deed, actor=find_actor(), now=datetime.now(UTC))
    return redirect(url_for("desk.show_home"), 303)


@allow(ADMIN)
def show_first_steps() -> Response:
    """The address of the posted form leads to the page that it stands on."""
    return redirect(url_for("desk.show_home"), 303)


def _write_line(step: Step, steps: FirstSteps) -> FirstStepLine:
    asks: dict[Step, Callable[[], Ask]] = {
        "secrets": _ask_for_secrets,
        "backup": _ask_for_backup,
        "worker": _ask_for_worker,
        "mail": lambda: _ask_for_mail(steps),
        "administrator": _ask_for_administrator,
        "companies": _ask_for_companies,
        "round": _ask_for_round,
        "texts": lambda: _ask_for_texts(steps),
    }
    title, text, command, way = asks[step]()
    is_done = steps.done[step]
    button = _("I have put it away") if step == "secrets" and not is_done else ""
    return FirstStepLine(step, title, "" if is_done else text, "" if is_done else command, way, is_done, button)


Ask = tuple[str, str, str, Link | None]  # title, what to do, the command that does it, the page where it is done


def _ask_for_secrets() -> Ask:
    return (
        _("Put the secrets away"),
        _(
            "Keep a copy of this file apart from the machine and from the backups. Without it no backup can be opened "
            "and no contact be read."
        ),
        "instance/secrets.json",
        None,
    )


def _ask_for_backup() -> Ask:
    return (
        _("Make a first backup"),
        _("By hand with this command, and each night by itself once SURVEYAPP_BACKUP_FOLDER names a folder."),
        "surveyapp backup",
        Link(url_for("desk.show_jobs"), _("Jobs")),
    )


def _ask_for_worker() -> Ask:
    return (
        _("Let a worker run"),
        _("It sends mails and makes backups. No worker has shown a sign of life within a day."),
        "surveyapp worker",
        Link(url_for("desk.show_jobs"), _("Jobs")),
    )


def _ask_for_mail(steps: FirstSteps) -> Ask:
    way = None
    if steps.first_real is not None:
        way = Link(url_for("desk.show_mailings", slug=steps.first_real.slug), _("Mailings"))
    return (
        _("Send a test mail"),
        _("Name the mail server in the settings, then send a test mail to yourself. None has been sent yet."),
        "SURVEYAPP_SMTP_HOST",
        way,
    )


def _ask_for_administrator() -> Ask:
    return (
        _("Have a second administrator"),
        _("So that somebody can help when one account is lost. It counts once it has a password."),
        "surveyapp user add ADDRESS --role admin",
        None,
    )


def _ask_for_companies() -> Ask:
    return (
        _("Enter the companies"),
        _("One by one, or from a list in CSV or Excel."),
        "",
        Link(url_for("desk.show_companies"), _("Companies")),
    )


def _ask_for_round() -> Ask:
    return (
        _("Prepare a round"),
        _("It stays out of sight until it is scheduled."),
        "",
        Link(url_for("desk.show_new_round"), _("Prepare a round")),
    )


def _ask_for_texts(steps: FirstSteps) -> Ask:
    if steps.unready is None:
        return (_("Fill in the wording of the round"), _("In all three languages, in words of your own."), "", None)
    return (
        _("Fill in the wording of the round"),
        _("In all three languages, in words of your own."),
        "",
        Link(url_for("desk.show_settings", slug=steps.unready.slug, _anchor="plan"), _("Settings")),
    )
