"""One company: what is known of it, its contacts, and a new one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import cast

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.business_numbers import show_business_number
from surveyapp.fieldwork.directory.columns import NAME_COLUMNS, Column
from surveyapp.fieldwork.directory.companies import (
    BusinessNumberTaken,
    Company,
    CompanyChanged,
    CompanyFields,
    add_company,
    change_company,
    find_company,
)
from surveyapp.fieldwork.directory.contacts import Contact, list_contacts
from surveyapp.fieldwork.directory.entries import EntryChoices, EntryFault, read_company_fields
from surveyapp.fieldwork.directory.search import CompanyFilter, find_companies
from surveyapp.reports.directory_words import name_choice, name_column, name_membership
from surveyapp.reports.words import Words
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.company_lines import write_company_line
from surveyapp.web.desk.directory.pages import Candidate, CompanyPage, ContactLine, Joining, Undoing
from surveyapp.web.desk.directory.surroundings import (
    build_chosen_field,
    build_typed_field,
    find_choices,
    leave_notice,
    link_to_companies,
    list_choice_options,
    list_membership_options,
    name_company,
    sum_up,
    take_notice,
    write_trace,
)
from surveyapp.web.desk.pages import Field
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Notice, SummaryFault
from surveyapp.web.installation import find_installation

JOIN = "join"  # in the address: words by which another entry is sought
_LONGEST_SEARCH, _MOST_CANDIDATES = 200, 20
REMOVED = "removed_contact"  # in the session: company, contact, and the person sealed, for undoing the removal
COMPANY_COLUMNS: tuple[Column, ...] = (*NAME_COLUMNS, "business_number", "size", "main_business", "membership")


@allow(MANAGER)
def show_new_company() -> str:
    return _show_form(None, {"membership": "unknown"})


def _show_new_again() -> str:
    return _show_form(None, read_posted(), notice=_tell_stale())


@allow(MANAGER)
@show_again_with(_show_new_again)
def add_new_company() -> Response | tuple[str, int]:
    installation, typed, now = find_installation(), read_posted(), datetime.now(UTC)
    fields, faults = read_company_fields(typed, find_choices())
    if faults:
        return _show_form(None, typed, faults=faults), 422
    try:
        with installation.database.write() as connection:
            added = add_company(
                connection,
                installation.settings.survey_id,
                name=fields.name,
                is_sample=False,
                now=now,
                business_number=fields.business_number,
                size=fields.size,
                main_business=fields.main_business,
                membership=fields.membership,
            )
            write_trace(connection, action="company.added", now=now, company_id=added.company_id)
    except BusinessNumberTaken as fault:
        return _show_form(None, typed, holder=fault.company_id), 422
    leave_notice("company_added")
    return redirect(url_for("desk.show_company", company_id=added.company_id), 303)


@allow(MANAGER)
def show_company(company_id: int) -> str:
    company = load_company(company_id)
    return _show_form(company, write_typed(company.fields), notice=take_notice())


def _show_company_again(company_id: int) -> str:
    return _show_form(load_company(company_id), read_posted(), notice=_tell_stale())


@allow(MANAGER)
@show_again_with(_show_company_again)
def save_company(company_id: int) -> Response | tuple[str, int]:
    installation, typed, now = find_installation(), read_posted(), datetime.now(UTC)
    company = load_company(company_id)
    fields, faults = read_company_fields(typed, find_choices())
    if faults:
        return _show_form(company, typed, faults=faults), 422
    try:
        with installation.database.write() as connection:
            changed = change_company(connection, company, fields, now=now, version=_read_version(company))
            if changed != company:
                write_trace(connection, action="company.changed", now=now, company_id=company_id)
    except BusinessNumberTaken as fault:
        return _show_form(company, typed, holder=fault.company_id), 422
    except CompanyChanged as fault:
        return _show_form(fault.company, typed, notice=_tell_changed(fault.company, typed)), 409
    leave_notice("company_saved")
    return redirect(url_for("desk.show_company", company_id=company_id), 303)


def load_company(company_id: int) -> Company:
    """Raises `CompanyUnknown`."""
    installation = find_installation()
    with installation.database.read() as connection:
        return find_company(connection, installation.settings.survey_id, company_id)


def read_posted() -> dict[Column, str]:
    return {column: request.form.get(column, "") for column in COMPANY_COLUMNS}


def write_typed(fields: CompanyFields) -> dict[Column, str]:
    """A company as a form holds it."""
    number = fields.business_number
    return {
        "name_ko": fields.name.ko,
        "name_en": fields.name.en,
        "name_ja": fields.name.ja,
        "business_number": show_business_number(number) if number else "",
        "size": fields.size or "",
        "main_business": fields.main_business or "",
        "membership": fields.membership,
    }


def _read_version(company: Company) -> datetime:
    """When the entry that the person looked at had been changed last; a form without it is as good as none."""
    try:
        moment = datetime.fromisoformat(request.form.get("version", ""))
    except ValueError:
        return company.changed_at
    return moment if moment.tzinfo is not None else company.changed_at


def _tell_stale() -> Notice:
    return Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")


def _tell_changed(company: Company, typed: Mapping[Column, str]) -> Notice:
    """What somebody else wrote meanwhile, where it differs from what was typed here."""
    words, choices, theirs = find_words(), find_choices(), write_typed(company.fields)
    shown: dict[Column, str] = {
        **theirs,
        "size": name_choice(words, choices.sizes, company.size),
        "main_business": name_choice(words, choices.main_businesses, company.main_business),
        "membership": name_membership(words, company.membership),
    }
    return Notice(
        _("What you entered is below and was not saved. Now the entry says the following; saving again replaces it."),
        "warning",
        title=_("Somebody else changed this company meanwhile"),
        details=tuple(
            words.pair(name_column(words, column), shown[column] or _("blank"))
            for column in COMPANY_COLUMNS
            if typed.get(column, "").strip() != theirs[column]
        ),
    )


def _show_form(
    company: Company | None,
    typed: Mapping[Column, str],
    *,
    faults: tuple[EntryFault, ...] = (),
    holder: int | None = None,
    notice: Notice | None = None,
) -> str:
    words, choices = find_words(), find_choices()
    summary = sum_up(words, faults)
    number = build_typed_field(
        words, "business_number", typed, faults, hint=_("Ten digits; the last one is checked. May stay blank.")
    )
    if holder is not None:
        taken = _("Another company has this business number: number %(number)s.", number=holder)
        summary = (SummaryFault(taken, "#business_number", number.label, "business_number"),)
    contacts = {} if company is None else _load_contacts(company)
    page = CompanyPage(
        frame=build_desk_frame(),
        title=_("Add a company") if company is None else name_company(company),
        is_new=company is None,
        is_sample=company is not None and company.is_sample,
        company_id="" if company is None else str(company.company_id),
        back=link_to_companies(),
        action=_find_action(company),
        csrf_token=generate_csrf(),
        kept=() if company is None else (Field("version", company.changed_at.isoformat()),),
        names=tuple(build_typed_field(words, column, typed, faults) for column in NAME_COLUMNS),
        business_number=number,
        choices=(
            build_chosen_field(
                words, "size", list_choice_options(words, choices.sizes, typed.get("size", "")), typed, faults
            ),
            build_chosen_field(
                words,
                "main_business",
                list_choice_options(words, choices.main_businesses, typed.get("main_business", "")),
                typed,
                faults,
            ),
            build_chosen_field(words, "membership", list_membership_options(words), typed, faults),
        ),
        faults=summary,
        notice=notice,
        undo=None if company is None else _find_undo(company),
        contacts=tuple(_write_contact(contact) for contact in contacts.values()),
        new_contact_url="" if company is None else url_for("desk.show_new_contact", company_id=company.company_id),
        changed="" if company is None else words.time(company.changed_at),
        joining=None if company is None else _find_candidates(company, words, choices),
    )
    return render_template("desk/directory/company.html", page=page)


def _find_action(company: Company | None) -> str:
    if company is None:
        return url_for("desk.add_new_company")
    return url_for("desk.save_company", company_id=company.company_id)


def _load_contacts(company: Company) -> dict[str, Contact]:
    installation = find_installation()
    with installation.database.read() as connection:
        found = list_contacts(connection, installation.vault, company.survey_id, [company.company_id])
    return {contact.contact_id: contact for contact in found.get(company.company_id, ())}


def _find_candidates(company: Company, words: Words, choices: EntryChoices) -> Joining:
    """Other entries by the words in the address; fictional companies are joined among themselves alone."""
    installation, wanted = find_installation(), " ".join(request.args.get(JOIN, "").split())[:_LONGEST_SEARCH]
    found: tuple[Company, ...] = ()
    if wanted:
        with installation.database.read() as connection:
            listed = find_companies(
                connection,
                installation.vault,
                company.survey_id,
                CompanyFilter(words=wanted),
                limit=_MOST_CANDIDATES + 2,  # the entry itself may be among them
            ).companies
        found = tuple(
            each for each in listed if each.company_id != company.company_id and each.is_sample == company.is_sample
        )
    own = company.company_id
    return Joining(
        action=f"{url_for('desk.show_company', company_id=own)}#join",
        words=wanted,
        summary=_summarise(words, found) if wanted else "",
        candidates=tuple(
            Candidate(
                write_company_line(words, choices, each),
                url_for("desk.show_merge", company_id=own, other_id=each.company_id),
            )
            for each in found[:_MOST_CANDIDATES]
        ),
    )


def _summarise(words: Words, found: Sequence[Company]) -> str:
    if len(found) > _MOST_CANDIDATES:
        return words.gettext("More than %(most)s entries; add a word.", most=words.number(_MOST_CANDIDATES))
    if not found:
        return words.gettext("No other entry is like that.")
    return words.ngettext("%(n)s entry", "%(n)s entries", len(found))


def _write_contact(contact: Contact) -> ContactLine:
    company_id, contact_id = contact.company_id, contact.contact_id
    return ContactLine(
        name=contact.name,
        department=contact.department,
        email=contact.email,
        phone=contact.phone,
        language=LANGUAGE_NAMES[contact.language],
        wants_no_mail=contact.wants_no_mail,
        change_url=url_for("desk.show_contact", company_id=company_id, contact_id=contact_id),
        remove_url=url_for("desk.delete_contact", company_id=company_id, contact_id=contact_id),
    )


def keep_removed(company_id: int, contact_id: str, sealed: bytes) -> None:
    """The person, sealed, goes into the browser's cookie alone: the server keeps nothing of whom it erased."""
    session[REMOVED] = [company_id, contact_id, base64.b64encode(sealed).decode("ascii")]


def take_removed(company_id: int, contact_id: str) -> bytes | None:
    """What `keep_removed` was given for this contact."""
    kept = session.get(REMOVED)
    if not isinstance(kept, list) or kept[:2] != [company_id, contact_id]:
        return None
    try:
        return base64.b64decode(cast(str, kept[2]), validate=True)
    except (binascii.Error, IndexError, TypeError):
        return None


def _find_undo(company: Company) -> Undoing | None:
    kept = session.get(REMOVED)
    if not isinstance(kept, list) or kept[0] != company.company_id:
        return None
    return Undoing(
        text=_("The contact was removed and is erased here. For half an hour you can bring it back."),
        action=url_for("desk.undelete_contact", company_id=company.company_id, contact_id=kept[1]),
        button=_("Bring the contact back"),
    )
