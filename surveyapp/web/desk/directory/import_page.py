"""The preview of an import: which column means what, what is at fault, what would become of the directory; then all of
it or nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.business_numbers import show_business_number
from surveyapp.fieldwork.directory.columns import COLUMNS, Column
from surveyapp.fieldwork.directory.headings import Layout, choose_sheet, find_layout
from surveyapp.fieldwork.directory.import_rows import ListedCompanies, read_listed_companies
from surveyapp.fieldwork.directory.import_store import Upload, UploadGone
from surveyapp.fieldwork.directory.importing import (
    DirectoryMoved,
    ImportFaulty,
    ImportPlan,
    PlannedCompany,
    import_companies,
    plan_import,
)
from surveyapp.fieldwork.directory.table_files import ENCODINGS
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.records.figure_notes import mark_unseen
from surveyapp.reports.directory_words import describe_entry_fault, name_column
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.import_pages import Count, FaultLine, MappedColumn, PreviewLine, PreviewPage
from surveyapp.web.desk.directory.surroundings import find_choices, link_to_companies
from surveyapp.web.desk.directory.upload_page import open_store, show_upload_page
from surveyapp.web.desk.pages import Field, FilterOption
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words
from surveyapp.web.frame import Notice
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER

IMPORTED = "imported_companies"  # in the session: what the last import did, until it was shown
FAULTS_A_PAGE = 200
_SHOWN_LINES = 30
_SAMPLES = 3
_LONGEST_SAMPLE = 40


@dataclass(frozen=True, slots=True)
class Reading:
    """An upload, and how its rows are read: as the form says, else as it was guessed."""

    upload: Upload
    sheet: int
    layout: Layout

    def list_parameters(self) -> list[tuple[str, str]]:
        """The reading as a form or an address carries it."""
        columns = ((f"c{place}", column or "") for place, column in enumerate(self.layout.columns))
        return [("sheet", str(self.sheet)), ("heading", str(self.layout.heading_row)), *columns]


@allow(MANAGER)
def show_import(upload_id: str) -> str | tuple[str, int]:
    try:
        reading = _read(upload_id, request.args)
    except UploadGone:
        return _tell_gone(), 410
    return _show_preview(reading, _plan(_list(reading)))


def _show_import_again(upload_id: str) -> str | tuple[str, int]:
    try:
        reading = _read(upload_id, request.form)
    except UploadGone:
        return _tell_gone()
    notice = Notice(_("The form had become stale. Please check the preview and press the button again."), "warning")
    return _show_preview(reading, _plan(_list(reading)), notice=notice)


@allow(MANAGER)
@show_again_with(_show_import_again)
def confirm_import(upload_id: str) -> Response | tuple[str, int]:
    """All of the list, or nothing. Pressed twice it is one import: the second finds nothing left to do."""
    installation, now, store = find_installation(), datetime.now(UTC), open_store()
    try:
        reading = _read(upload_id, request.form)
    except UploadGone:
        if session.get(IMPORTED):  # the answer to the first press was lost on its way
            return redirect(url_for("desk.show_companies"), 303)
        return _tell_gone(), 410
    listed = _list(reading)
    try:
        if not reading.layout.has_name:
            raise ImportFaulty(_plan(listed))
        with installation.database.write() as connection:
            plan = import_companies(
                connection,
                installation.vault,
                installation.settings.survey_id,
                listed,
                digest=request.form.get("digest", ""),
                now=now,
                actor=find_actor(),
            )
    except ImportFaulty as fault:
        return _show_preview(reading, fault.plan), 422
    except DirectoryMoved as moved:
        notice = Notice(
            _("Nothing was imported. What the import would do now is below: check it and confirm again."),
            "warning",
            title=_("The directory has changed since the preview"),
        )
        return _show_preview(reading, moved.plan, notice=notice), 409
    store.discard(upload_id)
    session[IMPORTED] = [plan.count("new"), plan.count("changed"), plan.count("unchanged")]
    return redirect(url_for("desk.show_companies"), 303)


@allow(MANAGER)
def discard_import(upload_id: str) -> Response:
    open_store().discard(upload_id)
    return redirect(url_for("desk.show_upload"), 303)


def take_import_notice() -> Notice | None:
    """What the last import did, once."""
    done = session.pop(IMPORTED, None)
    if not isinstance(done, list) or len(done) != 3:
        return None
    words = find_words()
    new, changed, unchanged = (words.number(each) for each in done)
    text = _(
        "New: %(new)s. Changed: %(changed)s. Unchanged: %(unchanged)s.", new=new, changed=changed, unchanged=unchanged
    )
    return Notice(text, "success", title=_("The list was imported"))


def _tell_gone() -> str:
    text = _(
        "This upload is no longer there: it was imported or discarded, or half an hour has passed. Choose it again."
    )
    return show_upload_page(notice=Notice(text, "warning"))


def _read(upload_id: str, given: Mapping[str, str]) -> Reading:
    """The upload as it is to be read. Raises `UploadGone`."""
    upload = open_store().load(upload_id, datetime.now(UTC))
    sheets = upload.table.sheets
    chosen = _read_number(given.get("sheet"), len(sheets) - 1)
    sheet = choose_sheet(sheets) if chosen is None else chosen
    layout = find_layout(sheets[sheet])
    if given.get("of_sheet", str(sheet)) != str(sheet):
        return Reading(upload, sheet, layout)  # another sheet: what was said of the columns was about the former one
    heading = _read_number(given.get("heading"), len(sheets[sheet].rows))
    if heading is not None and heading != layout.heading_row:
        row = sheets[sheet].rows[heading - 1] if heading else ()
        words = [*row, *[""] * len(layout.columns)][: len(layout.columns)]
        layout = Layout(heading, tuple(" ".join(each.split()) for each in words), layout.columns)
    columns = tuple(_read_column(given.get(f"c{place}"), guess) for place, guess in enumerate(layout.columns))
    return Reading(upload, sheet, Layout(layout.heading_row, layout.headings, columns))


def _read_number(text: str | None, most: int) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()) or int(text[:9]) > most:
        return None
    return int(text)


def _read_column(given: str | None, guess: Column | None) -> Column | None:
    if given is None:
        return guess
    return next((column for column in COLUMNS if column == given), None)


def _list(reading: Reading) -> ListedCompanies:
    sheet, layout = reading.upload.table.sheets[reading.sheet], reading.layout
    if _find_twice(layout) or not layout.has_name:
        return ListedCompanies((), (), 0)
    return read_listed_companies(sheet, layout.heading_row, layout.columns, find_choices())


def _plan(listed: ListedCompanies) -> ImportPlan:
    installation = find_installation()
    with installation.database.read() as connection:
        return plan_import(connection, installation.vault, installation.settings.survey_id, listed)


def _find_twice(layout: Layout) -> list[Column]:
    """What two columns of the file are taken for."""
    taken = [column for column in layout.columns if column is not None]
    return sorted({column for column in taken if taken.count(column) > 1}, key=COLUMNS.index)


def _find_obstacle(words: Words, layout: Layout, plan: ImportPlan) -> str:
    twice = _find_twice(layout)
    if twice:
        names = words.join(name_column(words, column) for column in twice)
        return words.gettext(
            "Two columns of the file are taken for the same: %(names)s. Change one of them.", names=names
        )
    if not layout.has_name:
        return words.gettext(
            "No column of the file is taken for a name of the company. Say below which one it is, or choose another "
            "sheet."
        )
    return "" if plan.rows else words.gettext("Below the headings there is no row with anything in these columns.")


def _show_preview(reading: Reading, plan: ImportPlan, *, notice: Notice | None = None) -> str:
    words, upload = find_words(), reading.upload
    obstacle = _find_obstacle(words, reading.layout, plan)
    first = _read_number(request.values.get("faults"), len(plan.faults)) or 0
    can_confirm = not obstacle and not plan.faults
    page = PreviewPage(
        frame=build_desk_frame(),
        back=link_to_companies(),
        file_name=upload.file_name,
        reading=_describe_reading(words, reading),
        action=url_for("desk.show_import", upload_id=upload.upload_id),
        confirm_url=url_for("desk.confirm_import", upload_id=upload.upload_id),
        discard_url=url_for("desk.discard_import", upload_id=upload.upload_id),
        csrf_token=generate_csrf(),
        sheets=tuple(
            FilterOption(str(place), sheet.name, place == reading.sheet)
            for place, sheet in enumerate(upload.table.sheets)
        )
        if len(upload.table.sheets) > 1
        else (),
        heading_row=str(reading.layout.heading_row),
        columns=_map_columns(words, reading),
        kept=(*(Field(name, value) for name, value in reading.list_parameters()), Field("digest", plan.digest)),
        obstacle=obstacle,
        counts=() if obstacle else _count(words, plan),
        faults=tuple(
            FaultLine(
                row=str(fault.row),
                column="" if fault.column is None else name_column(words, fault.column),
                reason=mark_unseen(describe_entry_fault(words, fault)),
            )
            for fault in plan.faults[first : first + FAULTS_A_PAGE]
        ),
        fault_summary=words.ngettext("%(n)s fault", "%(n)s faults", len(plan.faults)) if plan.faults else "",
        earlier_url=_link_faults(reading, first - FAULTS_A_PAGE) if first > 0 else "",
        later_url=_link_faults(reading, first + FAULTS_A_PAGE) if first + FAULTS_A_PAGE < len(plan.faults) else "",
        lines=tuple(_write_line(words, company) for company in plan.companies[:_SHOWN_LINES]),
        line_summary=_(
            "The first %(shown)s of %(all)s companies as they would be.",
            shown=words.number(min(_SHOWN_LINES, len(plan.companies))),
            all=words.number(len(plan.companies)),
        ),
        can_confirm=can_confirm,
        button=words.ngettext("Import %(n)s company", "Import %(n)s companies", len(plan.companies)),
        notice=notice,
    )
    return render_template("desk/directory/preview.html", page=page)


def _describe_reading(words: Words, reading: Reading) -> str:
    table, layout = reading.upload.table, reading.layout
    kind = f"CSV, {ENCODINGS[table.encoding]}" if table.encoding else _("Excel workbook")
    sheet = table.sheets[reading.sheet].name
    parts = [kind, words.pair(_("Sheet"), sheet) if sheet else ""]
    parts.append(_("Headings end in row %(row)s", row=layout.heading_row) if layout.heading_row else _("No headings"))
    return words.join(part for part in parts if part)


def _link_faults(reading: Reading, first: int) -> str:
    parameters = [*reading.list_parameters(), ("faults", str(max(first, 0)))]
    if language := request.values.get(PARAMETER):
        parameters.append((PARAMETER, language))
    return f"{url_for('desk.show_import', upload_id=reading.upload.upload_id)}?{urlencode(parameters)}#faults"


def _map_columns(words: Words, reading: Reading) -> tuple[MappedColumn, ...]:
    rows = reading.upload.table.sheets[reading.sheet].rows[reading.layout.heading_row :]
    targets = [("", _("Not imported")), *((column, name_column(words, column)) for column in COLUMNS)]
    return tuple(
        MappedColumn(
            name=f"c{place}",
            heading=mark_unseen(heading) or _("Column %(number)s", number=place + 1),
            samples=_take_samples(rows, place),
            options=tuple(FilterOption(value, text, value == (column or "")) for value, text in targets),
        )
        for place, (heading, column) in enumerate(zip(reading.layout.headings, reading.layout.columns, strict=True))
    )


def _take_samples(rows: Sequence[Sequence[str]], place: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for row in rows:
        words = " ".join(row[place].split()) if place < len(row) else ""
        if words:
            found[mark_unseen(words)[:_LONGEST_SAMPLE]] = None
        if len(found) == _SAMPLES:
            break
    return tuple(found)


def _count(words: Words, plan: ImportPlan) -> tuple[Count, ...]:
    return (
        Count(words.number(plan.rows), _("rows read")),
        Count(words.number(plan.count("new")), _("new companies")),
        Count(words.number(plan.count("changed")), _("changed companies")),
        Count(words.number(plan.count("unchanged")), _("unchanged companies")),
        Count(words.number(plan.count_contacts("new")), _("new contacts")),
        Count(words.number(plan.count_contacts("changed")), _("changed contacts")),
    )


def _write_line(words: Words, company: PlannedCompany) -> PreviewLine:
    states = {"new": _("New"), "changed": _("Changed"), "unchanged": _("Unchanged")}
    names = (company.fields.name.in_language(language) for language in (words.language, *LANGUAGES))
    number = company.fields.business_number
    return PreviewLine(
        row=str(company.row),
        state=states[company.state],
        is_new=company.state == "new",
        name=next((name for name in names if name), ""),
        business_number=show_business_number(number) if number else "",
        changes=words.join(name_column(words, column) for column in company.changes),
        contacts=words.join(
            words.pair(states[contact.state], contact.fields.name or contact.fields.email or contact.fields.phone)
            for contact in company.contacts
        ),
    )
