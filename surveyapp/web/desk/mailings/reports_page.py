"""Delivery reports: the files of a mailbox that tell which mails came back."""

from __future__ import annotations

from contextlib import ExitStack, closing
from datetime import UTC, datetime

from flask import render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf

from surveyapp.fieldwork.mail.delivery_reports import MOST_BYTES, MOST_FILES, ImportedFile, import_reports
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.mailings.ground import load_ground
from surveyapp.web.desk.mailings.pages import ReportLine, ReportsPage
from surveyapp.web.desk.mailings.words import describe_file
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation

MOST_NAME = 80  # characters of a file's name that are shown


@allow(MANAGER)
def show_delivery_reports(slug: str) -> str:
    return _show(slug)


def _show_again(slug: str) -> str:
    return _show(slug, notice=Notice(_("The form had become stale. Please choose the files again."), "warning"))


@allow(MANAGER)
@show_again_with(_show_again)
def import_delivery_reports(slug: str) -> str | tuple[str, int]:
    """Mark the mails that came back. A file that is no report is named and changes nothing."""
    with ExitStack() as posted:
        files = [each for each in request.files.getlist("files") if posted.enter_context(closing(each)).filename]
        if not files:
            return _show(slug, fault=_("Choose at least one file.")), 422
        if len(files) > MOST_FILES:
            return _show(slug, fault=_("Choose at most %(num)s files at once.", num=MOST_FILES)), 422
        # One byte more than is allowed shows that a file is too large.
        contents = [(str(each.filename), each.stream.read(MOST_BYTES + 1)) for each in files]
    with find_installation().database.write() as connection:
        ground = load_ground(connection, slug)
        found = import_reports(connection, ground.round, contents, actor=find_actor(), now=datetime.now(UTC))
    return _show(slug, found=found)


def _show(slug: str, *, fault: str = "", notice: Notice | None = None, found: tuple[ImportedFile, ...] = ()) -> str:
    with find_installation().database.read() as connection:
        ground = load_ground(connection, slug)
    words = ground.words
    if found:
        marked = sum(each.is_new and each.action == "failed" for each in found)
        text = words.ngettext("%(n)s mail is marked as come back.", "%(n)s mails are marked as come back.", marked)
        notice = Notice(text, "success" if marked else "info")
    page = ReportsPage(
        frame=ground.frame,
        head=ground.head,
        notices=(notice,) if notice is not None else (),
        faults=(SummaryFault(fault, "#files", name="files"),) if fault else (),
        action=url_for("desk.import_delivery_reports", slug=slug),
        csrf_token=generate_csrf(),
        lines=tuple(ReportLine(each.name[:MOST_NAME], describe_file(words, each)) for each in found),
        sections=ground.sections,
    )
    return render_template("desk/mailings/reports.html", page=page)
