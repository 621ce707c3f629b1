"""For the privacy officer: what is kept of every round, and everything about one company or person on request."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.access_requests import AccessReader, Record, gather_address, gather_company, is_empty
from surveyapp.fieldwork.directory.addresses import read_address
from surveyapp.fieldwork.directory.companies import CompanyUnknown
from surveyapp.fieldwork.directory.search import CompanyFilter, find_companies
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.records.audit import write_audit
from surveyapp.records.database import Connection
from surveyapp.reports.access_file import MEDIA_TYPE, name_access_file, write_access_file
from surveyapp.reports.words import Words
from surveyapp.web.access import ADMIN, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.exporting.sending import MOST_REASON, REASON_LENGTH
from surveyapp.web.desk.privacy.kept import list_kept, list_purges
from surveyapp.web.desk.privacy.pages import PrivacyPage, RoundLine, Subject
from surveyapp.web.desk.privacy.words import list_undated
from surveyapp.web.desk.surroundings import build_desk_frame, describe_state, find_actor, find_words
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import Installation, find_installation

SUBJECTS_SHOWN = 20
_LONGEST = 254


@allow(ADMIN)
def show_privacy() -> str:
    return _show()


@allow(ADMIN)
def find_subject() -> str:
    """Look for a company or an address; posted, so that no address stands in a log."""
    return _show()


def _show_again() -> str:
    return _show(notice=Notice(_("The form had become stale. Please press the button again."), "warning"))


@allow(ADMIN)
@show_again_with(_show_again)
def send_access_file() -> Response | tuple[str, int]:
    """Everything about one company or address, for a reason that is kept."""
    reason = " ".join(request.form.get("reason", "").split())
    faults = []
    if not REASON_LENGTH <= len(reason) <= MOST_REASON:
        told = _("Say in %(least)s to %(most)s characters what the file is for.", least=REASON_LENGTH, most=MOST_REASON)
        faults.append(SummaryFault(told, "#reason", name="reason"))
    kind, separator, value = request.form.get("subject", "").partition(":")
    if not separator:
        faults.append(SummaryFault(_("Choose whom the request is about."), "#subject", name="subject"))
    if faults:
        return _show(faults=tuple(faults)), 422
    installation, words, now = find_installation(), find_words(), datetime.now(UTC)
    with installation.database.read() as connection:
        held = _gather(connection, installation, words, kind, value, now)
    if held is None or is_empty(held):
        return _show(notice=Notice(_("Nothing is held about it."), "info")), 404
    subject = f"company-{value}" if kind == "company" else "person"
    name = name_access_file(installation.settings.survey_id, subject, now)
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action="privacy.access_file",
            at=now,
            survey_id=installation.settings.survey_id,
            details={"company": int(value) if kind == "company" else None, "reason": reason, "file": name},
        )
    return name_sent_file(Response(write_access_file(held, words), mimetype=MEDIA_TYPE), name)


def _gather(
    connection: Connection, installation: Installation, words: Words, kind: str, value: str, now: datetime
) -> Record | None:
    reader = AccessReader(connection, installation.vault, installation.settings.survey_id, words.language, now)
    if kind == "address":
        return gather_address(reader, value)
    if not (value.isascii() and value.isdigit() and len(value) < 10):
        return None
    try:
        return gather_company(reader, int(value))
    except CompanyUnknown:
        return None


def _show(*, notice: Notice | None = None, faults: tuple[SummaryFault, ...] = ()) -> str:
    installation, words, now = find_installation(), find_words(), datetime.now(UTC)
    survey_id = installation.settings.survey_id
    sought = " ".join(request.form.get("q", "").split())[:_LONGEST]
    with installation.database.read() as connection:
        rounds = tuple(
            RoundLine(
                Link(url_for("desk.show_round_privacy", slug=each.slug), words.text(each.title)),
                describe_state(each, words),
                list_kept(connection, each, words, now),
            )
            for each in list_rounds(connection, survey_id)
        )
        purges = list_purges(connection, survey_id, words)
        subjects = _find_subjects(connection, installation, words, sought) if sought else ()
    page = PrivacyPage(
        frame=build_desk_frame(),
        notice=notice,
        faults=faults,
        rounds=rounds,
        undated=list_undated(words),
        purges=purges,
        words=sought,
        is_searched=bool(sought),
        subjects=subjects,
        subject_fault=_find_fault(faults, "subject"),
        reason=request.form.get("reason", ""),
        reason_fault=_find_fault(faults, "reason"),
        csrf_token=generate_csrf(),
        action=url_for("desk.find_subject"),
        access_action=url_for("desk.send_access_file"),
    )
    return render_template("desk/privacy/privacy.html", page=page)


def _find_fault(faults: tuple[SummaryFault, ...], name: str) -> str:
    return next((fault.text for fault in faults if fault.name == name), "")


def _find_subjects(
    connection: Connection, installation: Installation, words: Words, sought: str
) -> tuple[Subject, ...]:
    """Companies by name, number or the address of a contact; an address also by itself."""
    found = find_companies(
        connection,
        installation.vault,
        installation.settings.survey_id,
        CompanyFilter(words=sought),
        limit=SUBJECTS_SHOWN,
    )
    chosen = request.form.get("subject", "")

    def build(name: str, value: str, *, is_address: bool = False) -> Subject:
        return Subject(name, value, value == chosen, is_address)

    person = [build(sought, f"address:{sought}", is_address=True)] if read_address(sought) else []
    companies = (
        build(words.text(each.name) or each.name.ko or each.name.en or each.name.ja, f"company:{each.company_id}")
        for each in found.companies
    )
    return (*person, *companies)
