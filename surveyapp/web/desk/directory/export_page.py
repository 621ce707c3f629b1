"""The directory as a file, for managers; with contacts only for a reason that is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import cast

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.directory.contacts import Contact, list_contacts
from surveyapp.locale import load_translator
from surveyapp.records.audit import write_audit
from surveyapp.reports.company_files import (
    MEDIA_TYPES,
    FileFormat,
    list_columns,
    list_directory_rows,
    name_directory_file,
    write_csv,
    write_workbook,
)
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.pages import DirectoryExportPage
from surveyapp.web.desk.directory.surroundings import find_choices, link_to_companies
from surveyapp.web.desk.exporting.sending import MOST_REASON, REASON_LENGTH
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language, read_language

_YES = "yes"


@allow(MANAGER)
def show_company_export() -> str:
    return _show_form()


def _show_export_again() -> str:
    return _show_form(
        notice=Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")
    )


@allow(MANAGER)
@show_again_with(_show_export_again)
def send_companies() -> Response | tuple[str, int]:
    """The file, made whole before a header is sent, and its trace."""
    language, file_format = read_language(request.form.get("language")), request.form.get("format")
    with_contacts = request.form.get("with_contacts") == _YES
    reason = " ".join(request.form.get("reason", "").split())
    faults = []
    if language is None:
        faults.append(SummaryFault(_("Choose the language of the file."), "#language", name="language"))
    if file_format not in MEDIA_TYPES:
        faults.append(SummaryFault(_("Choose the kind of file."), "#format", name="format"))
    if with_contacts and not REASON_LENGTH <= len(reason) <= MOST_REASON:
        told = _("Say in %(least)s to %(most)s characters what the file is for.", least=REASON_LENGTH, most=MOST_REASON)
        faults.append(SummaryFault(told, "#reason", name="reason"))
    if faults or language is None:
        return _show_form(faults=tuple(faults)), 422
    words = Words(language, load_translator(language))
    return _send(cast(FileFormat, file_format), words, with_contacts, reason if with_contacts else "")


def _send(file_format: FileFormat, words: Words, with_contacts: bool, reason: str) -> Response:
    installation, now, choices = find_installation(), datetime.now(UTC), find_choices()
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        companies = list_companies(connection, survey_id)
        contacts: dict[int, tuple[Contact, ...]] = {}
        if with_contacts:
            contacts = list_contacts(connection, installation.vault, survey_id, [one.company_id for one in companies])
    columns = list_columns(with_contacts=with_contacts)
    rows = list_directory_rows(companies, contacts, choices, words, columns)
    is_csv = file_format == "csv"
    content = b"".join(write_csv(columns, rows, words)) if is_csv else write_workbook(columns, rows, choices, words)
    name = name_directory_file(survey_id, file_format, now)
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action="companies.exported",
            at=now,
            survey_id=survey_id,
            details={
                "listed": len(companies),
                "contacts": sum(map(len, contacts.values())) if with_contacts else None,
                "language": words.language,
                "reason": reason or None,
                "file": name,
            },
        )
    return send_file(content, name, file_format)


def send_file(content: bytes, name: str, file_format: FileFormat) -> Response:
    return name_sent_file(Response(content, mimetype=MEDIA_TYPES[file_format]), name)


def list_format_options(chosen: str) -> tuple[FilterOption, ...]:
    texts = {"xlsx": _("Excel workbook (XLSX)"), "csv": _("CSV (UTF-8)")}
    return tuple(FilterOption(value, text, value == chosen) for value, text in texts.items())


def list_language_options() -> Iterator[FilterOption]:
    chosen = read_language(request.values.get("language")) or find_language()
    return (FilterOption(language, name, language == chosen) for language, name in LANGUAGE_NAMES.items())


def _show_form(*, faults: Iterable[SummaryFault] = (), notice: Notice | None = None) -> str:
    installation = find_installation()
    with installation.database.read() as connection:
        count = len(list_companies(connection, installation.settings.survey_id))
    page = DirectoryExportPage(
        frame=build_desk_frame(),
        back=link_to_companies(),
        action=url_for("desk.send_companies"),
        csrf_token=generate_csrf(),
        count=find_words().number(count),
        languages=tuple(list_language_options()),
        formats=list_format_options(request.form.get("format", "xlsx")),
        with_contacts=request.form.get("with_contacts") == _YES,
        reason=request.form.get("reason", ""),
        faults=tuple(faults),
        notice=notice,
    )
    return render_template("desk/directory/export.html", page=page)
