"""Two entries side by side: what would be kept of each, and joining them."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.columns import Column
from surveyapp.fieldwork.directory.companies import Company, CompanyFields, CompanyUnknown, find_company
from surveyapp.fieldwork.directory.import_rows import overlay_company
from surveyapp.fieldwork.directory.merging import (
    Belongings,
    MergeRefused,
    count_belongings,
    merge_companies,
    propose_fields,
)
from surveyapp.fieldwork.rounds import find_round_by_id
from surveyapp.reports.directory_words import name_choice, name_column, name_membership
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.company_lines import write_company_line
from surveyapp.web.desk.directory.company_page import COMPANY_COLUMNS, write_typed
from surveyapp.web.desk.directory.pages import MergeChoice, MergePage
from surveyapp.web.desk.directory.surroundings import find_choices, leave_notice
from surveyapp.web.desk.pages import Field
from surveyapp.web.desk.surroundings import build_desk_frame, find_actor, find_words
from surveyapp.web.frame import Link, Notice
from surveyapp.web.installation import find_installation

MERGED = "merged"  # value of a choice that takes what the entry says that is not kept


@allow(MANAGER)
def show_merge(company_id: int, other_id: int) -> str:
    return _show_page(*_load(company_id, other_id))


def _show_merge_again(company_id: int, other_id: int) -> str:
    notice = Notice(_("The form had become stale. Please check what you chose and press the button again."), "warning")
    return _show_page(*_load(company_id, other_id), notice=notice)


@allow(MANAGER)
@show_again_with(_show_merge_again)
def merge_company(company_id: int, other_id: int) -> Response | tuple[str, int]:
    """Join the two as they were shown; where one of them has changed since, they are shown again."""
    installation, now = find_installation(), datetime.now(UTC)
    kept, merged = _load(company_id, other_id)
    if request.form.get("kept") != _sign(kept) or request.form.get("other") != _sign(merged):
        told = _("One of the two entries was changed meanwhile. Please check them and press the button again.")
        return _show_page(kept, merged, notice=Notice(told, "warning")), 409
    try:
        with installation.database.write() as connection:
            merge_companies(
                connection,
                kept.survey_id,
                company_id,
                other_id,
                _choose_fields(kept, merged),
                now=now,
                actor=find_actor(),
            )
    except MergeRefused as fault:
        return _show_page(kept, merged, refused=fault.round_id), 409
    leave_notice("merged")
    return redirect(url_for("desk.show_company", company_id=company_id), 303)


def _load(company_id: int, other_id: int) -> tuple[Company, Company]:
    """Raises `CompanyUnknown`."""
    if company_id == other_id:
        raise CompanyUnknown(other_id)
    installation = find_installation()
    with installation.database.read() as connection:
        survey_id = installation.settings.survey_id
        return find_company(connection, survey_id, company_id), find_company(connection, survey_id, other_id)


def _sign(company: Company) -> str:
    return company.changed_at.isoformat()


def _choose_fields(kept: Company, merged: Company) -> CompanyFields:
    """What was chosen; without a choice what is proposed."""
    proposed, taken = write_typed(propose_fields(kept, merged)), write_typed(merged.fields)
    columns: set[Column] = set()
    for column in COMPANY_COLUMNS:
        chosen = request.form.get(f"take_{column}")
        if chosen == MERGED or (chosen is None and proposed[column] == taken[column]):
            columns.add(column)
    return overlay_company(kept.fields, merged.fields, columns)


def _show_page(kept: Company, merged: Company, *, refused: int | None = None, notice: Notice | None = None) -> str:
    installation, words, choices = find_installation(), find_words(), find_choices()
    with installation.database.read() as connection:
        belongings = count_belongings(connection, kept.survey_id, merged.company_id)
        obstacle = ""
        if refused is not None:
            title = words.text(find_round_by_id(connection, kept.survey_id, refused).title)
            obstacle = _(
                "Both began a return in %(round)s through their invitations, and two returns cannot be made one. Have "
                "one of them withdrawn first.",
                round=title,
            )
    page = MergePage(
        frame=build_desk_frame(),
        back=Link(url_for("desk.show_doubles"), _("Back to the suspected doubles")),
        action=url_for("desk.merge_company", company_id=kept.company_id, other_id=merged.company_id),
        csrf_token=generate_csrf(),
        kept=write_company_line(words, choices, kept),
        merged=write_company_line(words, choices, merged),
        swap_url=url_for("desk.show_merge", company_id=merged.company_id, other_id=kept.company_id),
        versions=(Field("kept", _sign(kept)), Field("other", _sign(merged))),
        choices=tuple(_write_choice(words, column, kept, merged) for column in COMPANY_COLUMNS),
        consequences=_tell_consequences(words, belongings),
        obstacle=obstacle,
        notice=notice,
    )
    return render_template("desk/directory/merge.html", page=page)


def _write_choice(words: Words, column: Column, kept: Company, merged: Company) -> MergeChoice:
    proposed = write_typed(propose_fields(kept, merged))[column]
    one, other = write_typed(kept.fields)[column], write_typed(merged.fields)[column]
    chosen = request.form.get(f"take_{column}", MERGED if proposed == other and proposed != one else "kept")
    return MergeChoice(
        name=f"take_{column}",
        label=name_column(words, column),
        kept=_show_value(words, column, kept),
        merged=_show_value(words, column, merged),
        differs=one != other,
        takes_merged=chosen == MERGED,
        language=column.removeprefix("name_") if column.startswith("name_") else "",
    )


def _show_value(words: Words, column: Column, company: Company) -> str:
    choices = find_choices()
    shown: dict[Column, str] = {
        "size": name_choice(words, choices.sizes, company.size),
        "main_business": name_choice(words, choices.main_businesses, company.main_business),
        "membership": name_membership(words, company.membership),
    }
    return shown.get(column, write_typed(company.fields)[column])


def _tell_consequences(words: Words, belongings: Belongings) -> tuple[str, ...]:
    return (
        words.ngettext(
            "%(n)s contact goes over; one whose address the kept entry has already does not.",
            "%(n)s contacts go over; those whose address the kept entry has already do not.",
            belongings.contacts,
        ),
        words.ngettext(
            "%(n)s return goes over, and personal links stay valid.",
            "%(n)s returns go over, and personal links stay valid.",
            belongings.returns,
        ),
        words.gettext("The other entry leaves every list; the kept one is found by its names and number too."),
        words.gettext("It can be undone on the page of suspected doubles."),
    )
