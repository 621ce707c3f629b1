"""The audit trail, newest first, for administrators."""

from __future__ import annotations

import json

from flask import render_template, request, url_for

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.records.audit import COMMAND, RESPONDENT, AuditEvent, list_audit
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, allow
from surveyapp.web.desk.pages import AuditLine, AuditPage
from surveyapp.web.desk.sign_in import UNKNOWN_ACTOR
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.installation import find_installation

LINES = 100


@allow(ADMIN)
def show_audit() -> str:
    before = request.args.get("before")
    if before is not None and not (before.isascii() and before.isdigit() and len(before) < 16):
        raise FilterUnknown("before", before)
    installation = find_installation()
    words = find_words()
    with installation.database.read() as connection:
        events = list_audit(connection, limit=LINES, before_id=None if before is None else int(before))
        rounds = list_rounds(connection, installation.settings.survey_id)
    titles = {one.round_id: words.text(one.title) for one in rounds}

    def show(event: AuditEvent) -> AuditLine:
        details = ", ".join(
            f"{name}: {value if isinstance(value, str) else json.dumps(value)}"
            for name, value in event.details.items()
            if value is not None
        )
        title = "" if event.round_id is None else titles.get(event.round_id, str(event.round_id))
        return AuditLine(
            at=words.time(event.at),
            actor=name_actor(words, event.actor),
            action=name_action(words, event.action),
            code=event.action,
            round=title,
            details=details,
        )

    page = AuditPage(
        frame=build_desk_frame(),
        events=tuple(show(event) for event in events),
        next_url=url_for("desk.show_audit", before=events[-1].audit_id) if len(events) == LINES else "",
    )
    return render_template("desk/audit.html", page=page)


def name_action(words: Words, action: str) -> str:
    """What was done, in words; the code itself where it is not known here."""
    return {
        "account.added": words.gettext("Account added"),
        "account.link_made": words.gettext("Password link made"),
        "account.password_set": words.gettext("Password set"),
        "account.sign_in_failed": words.gettext("Sign-in failed"),
        "account.signed_in": words.gettext("Signed in"),
        "account.signed_out": words.gettext("Signed out"),
        "export.csv": words.gettext("CSV file exported"),
        "return.refused": words.gettext("Return erased: consent refused"),
        "return.withdrawn": words.gettext("Return withdrawn"),
        "round.dates_changed": words.gettext("Dates of the round changed"),
        "round.opened": words.gettext("Round opened"),
        "round.purged": words.gettext("Round erased"),
        "texts.viewed": words.gettext("Texts read"),
    }.get(action, action)


def name_actor(words: Words, actor: str) -> str:
    """Who did it: an address of an account stays as it is; a command says under which user it ran."""
    kind, separator, rest = actor.partition(":")
    names = {
        RESPONDENT: words.gettext("Respondent"),
        COMMAND: words.gettext("Command"),
        UNKNOWN_ACTOR: words.gettext("Unknown account"),
    }
    return f"{names.get(kind, kind)}{separator}{rest}"
