"""The beginning of an import: a file is chosen and read, or a template fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import cast

from flask import abort, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.columns import COLUMNS
from surveyapp.fieldwork.directory.import_store import UploadStore
from surveyapp.fieldwork.directory.table_files import ENCODINGS, MOST_BYTES, Encoding, TableRefused, read_table_file
from surveyapp.reports.company_files import MEDIA_TYPES, FileFormat, describe_columns, write_csv, write_workbook
from surveyapp.reports.directory_words import describe_table_refusal, name_column
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.export_page import send_file
from surveyapp.web.desk.directory.import_pages import ColumnGuide, UploadPage
from surveyapp.web.desk.directory.surroundings import find_choices, link_to_companies
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.uploads import accept_upload

_LONGEST_NAME = 120
_IN_TEMPLATE = tuple(column for column in COLUMNS if column != "company_id")


@allow(MANAGER)
def show_upload() -> str:
    return show_upload_page()


def _show_upload_again() -> str:
    return show_upload_page(notice=Notice(_("The form had become stale. Please choose the file again."), "warning"))


@allow(MANAGER)
@accept_upload(MOST_BYTES)
@show_again_with(_show_upload_again)
def upload_companies() -> Response | tuple[str, int]:
    """Read the file and keep it sealed for the preview; what cannot be read is kept nowhere."""
    given = request.files.get("file")
    if given is None or not given.filename:
        return show_upload_page(fault=_("Choose a file.")), 422
    encoding = next((each for each in ENCODINGS if each == request.form.get("encoding")), None)
    try:
        table = read_table_file(given.read(), encoding)
    except TableRefused as refusal:
        fault = describe_table_refusal(find_words(), refusal)
        return show_upload_page(fault=fault, encoding=encoding), 422
    name = "".join(letter for letter in given.filename if letter.isprintable())[-_LONGEST_NAME:]
    upload_id = open_store().keep(name, table, datetime.now(UTC))
    return redirect(url_for("desk.show_import", upload_id=upload_id), 303)


@allow(MANAGER)
def send_template(file_format: str) -> Response:
    """An empty list with the headings of the page's language, as a workbook with what each column may hold."""
    if file_format not in MEDIA_TYPES:
        abort(404)
    words, kind = find_words(), cast(FileFormat, file_format)
    if kind == "csv":
        content = b"".join(write_csv(_IN_TEMPLATE, [], words))
    else:
        content = write_workbook(_IN_TEMPLATE, [], find_choices(), words)
    return send_file(content, f"companies_{words.language}.{kind}", kind)


def open_store() -> UploadStore:
    """The uploads of whoever is signed in."""
    installation = find_installation()
    settings = installation.settings
    return UploadStore(settings.instance, installation.vault, settings.survey_id, find_actor())


def show_upload_page(*, fault: str = "", notice: Notice | None = None, encoding: Encoding | None = None) -> str:
    words = find_words()
    page = UploadPage(
        frame=build_desk_frame(),
        back=link_to_companies(),
        action=url_for("desk.upload_companies"),
        csrf_token=generate_csrf(),
        encodings=(
            FilterOption("", _("Recognised by itself"), encoding is None),
            *(FilterOption(value, text, value == encoding) for value, text in ENCODINGS.items()),
        ),
        templates=(
            Link(url_for("desk.send_template", file_format="xlsx"), _("Template as Excel workbook")),
            Link(url_for("desk.send_template", file_format="csv"), _("Template as CSV")),
        ),
        columns=tuple(
            ColumnGuide(name_column(words, column), text)
            for column, text in describe_columns(COLUMNS, find_choices(), words)
        ),
        faults=(SummaryFault(fault, "#file", name="file"),) if fault else (),
        notice=notice,
    )
    return render_template("desk/directory/upload.html", page=page)
