"""One mailing: its words while it is prepared, its progress once it was begun."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.mail.mailings import (
    Mailing,
    MailingBegun,
    change_mailing,
    discard_mailing,
    find_mailing,
)
from surveyapp.fieldwork.mail.standings import PROGRESSES, Progress
from surveyapp.fieldwork.mail.templates import Template, find_template_faults
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.editor import render_editor
from surveyapp.web.desk.mailings.ground import load_ground
from surveyapp.web.desk.mailings.letters import build_preview, find_sample_person, queue_test, render_letter
from surveyapp.web.desk.mailings.progress import render_progress
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice
from surveyapp.web.headers import seal_framed_page
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, read_language

SAVE, TEST, NEXT, DISCARD = "save", "test", "next", "discard"
DEEDS = (SAVE, TEST, NEXT, DISCARD)


@allow(MANAGER)
def show_mailing(slug: str, mailing_id: str) -> str:
    """The editor, or how far it is."""
    return _show(slug, mailing_id, _find_done_notice())


def _show_again(slug: str, mailing_id: str) -> str:
    words = _("The form had become stale. Please check what you entered and send it again.")
    return _show(slug, mailing_id, Notice(words, "warning"), is_typed=True)


@allow(MANAGER)
@show_again_with(_show_again)
def save_mailing(slug: str, mailing_id: str) -> Response | tuple[str, int]:
    """Keep the words, and do what the button says: show them, send a test, go on to the recipients, or discard."""
    deed = request.form.get("deed", SAVE)
    if deed not in DEEDS:
        abort(400)
    templates, progresses = _read_typed()
    here: dict[str, Any] = {"slug": slug, "mailing_id": mailing_id}
    try:
        with find_installation().database.write() as connection:
            ground = load_ground(connection, slug)
            if deed == DISCARD:
                discard_mailing(connection, ground.round, mailing_id)
                return redirect(url_for("desk.show_mailings", slug=slug), 303)
            saved = change_mailing(connection, ground.round, mailing_id, templates, progresses)
            is_faulty = bool(find_template_faults(saved.kind, saved.templates))
            is_unsendable = saved.kind == "reminder" and not saved.progresses
            if not is_faulty and not is_unsendable and deed == TEST:
                language = read_language(request.form.get("test_language")) or find_language()
                if not queue_test(connection, ground, saved, language, actor=find_actor(), now=datetime.now(UTC)):
                    words = _("No test mail can be sent: no server is set up, or your account has no usable address.")
                    return _show(slug, mailing_id, Notice(words, "warning"), is_typed=True), 409
    except MailingBegun:
        words = _("Meanwhile this mailing was sent or stopped by somebody. Your changes were not kept.")
        return _show(slug, mailing_id, Notice(words, "warning")), 409
    if is_faulty or is_unsendable:
        return _show(slug, mailing_id, is_typed=True, tells_faults=True), 422
    if deed == NEXT:
        return redirect(url_for("desk.show_recipients", **here), 303)
    return redirect(url_for("desk.show_mailing", **here, done=deed, preview=_find_preview()), 303)


@allow(MANAGER)
def show_mail_html(slug: str, mailing_id: str) -> Response:
    """The HTML of a mail by itself, for the frame of the preview; nothing in it can run, load or be sent."""
    language = _find_preview()
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        found = find_mailing(connection, ground.round, mailing_id)
        person = find_sample_person(connection, ground, found, language)
    seal_framed_page()
    return Response(render_letter(ground, found, language, person).html, mimetype="text/html")


def _show(
    slug: str,
    mailing_id: str,
    notice: Notice | None = None,
    *,
    is_typed: bool = False,
    tells_faults: bool = False,
) -> str:
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
        found = find_mailing(connection, ground.round, mailing_id)
        if found.state != "prepared":
            return render_progress(connection, ground, found, notice)
        preview = None
        if not find_template_faults(found.kind, found.templates):
            preview = build_preview(connection, ground, found, _find_preview())
    if is_typed:
        found = _put_typed(found)
    return render_editor(ground, found, preview, notice, tells_faults=tells_faults)


def _put_typed(found: Mailing) -> Mailing:
    """The mailing with what was posted in the place of what is kept."""
    templates, progresses = _read_typed()
    return replace(found, templates=templates, progresses=tuple(progresses))


def _read_typed() -> tuple[dict[Language, Template], list[Progress]]:
    posted = request.form
    templates = {
        language: Template(
            " ".join(posted.get(f"subject-{language}", "").splitlines()).strip(),
            "\n".join(posted.get(f"body-{language}", "").splitlines()).rstrip(),
        )
        for language in LANGUAGES
    }
    return templates, _choose_progresses(posted.getlist("progress"))


def _choose_progresses(values: Iterable[str]) -> list[Progress]:
    wanted = set(values)
    return [each for each in PROGRESSES if each in wanted]


def _find_preview() -> Language:
    return read_language(request.args.get("preview")) or find_language()


def _find_done_notice() -> Notice | None:
    done = request.args.get("done")
    if done == SAVE:
        return Notice(_("The words are saved. This is how the mail looks."), "success")
    if done == TEST:
        return Notice(
            _("The test mail is on its way to you. The log of mails shows how it went."), "success", _("Saved")
        )
    return None
