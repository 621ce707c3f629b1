"""Contacts of a company: added, changed, removed, brought back; and who of them wants no mail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from flask import redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from surveyapp.fieldwork.directory.columns import Column
from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.contacts import (
    Contact,
    ContactFields,
    RemovalFinal,
    add_contact,
    change_contact,
    find_contact,
    opt_out,
    remove_contact,
    restore_contact,
    take_back_opt_out,
)
from surveyapp.fieldwork.directory.entries import EntryFault, read_contact_fields
from surveyapp.records.database import Connection
from surveyapp.web.access import MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.directory.company_page import REMOVED, keep_removed, load_company, show_company, take_removed
from surveyapp.web.desk.directory.pages import ContactPage
from surveyapp.web.desk.directory.surroundings import (
    build_chosen_field,
    build_typed_field,
    leave_notice,
    link_to_company,
    name_company,
    sum_up,
    write_trace,
)
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.frame import LANGUAGE_NAMES, Notice
from surveyapp.web.installation import find_installation

_TYPED: tuple[Column, ...] = ("contact_name", "contact_department", "contact_email", "contact_phone")
_POSTED: tuple[Column, ...] = (*_TYPED, "contact_language", "contact_no_mail")
_UNREACHABLE = EntryFault("contact_email", "unreachable")
_KINDS: Mapping[Column, str] = {"contact_email": "email", "contact_phone": "tel"}


@allow(MANAGER)
def show_new_contact(company_id: int) -> str:
    return _show_form(load_company(company_id), None, {"contact_language": "ko"})


def _show_new_again(company_id: int) -> str:
    return _show_form(load_company(company_id), None, _read_posted(), notice=_tell_stale())


@allow(MANAGER)
@show_again_with(_show_new_again)
def add_new_contact(company_id: int) -> Response | tuple[str, int]:
    installation, typed, now = find_installation(), _read_posted(), datetime.now(UTC)
    company = load_company(company_id)
    fields, faults = _read_contact(typed)
    if fields is None or faults:
        return _show_form(company, None, typed, faults=faults), 422
    with installation.database.write() as connection:
        place = (connection, installation.vault, company.survey_id)
        added = add_contact(*place, company_id, fields, now=now)
        write_trace(connection, action="contact.added", now=now, company_id=company_id)
        _note_no_mail(connection, None, added, typed, now)
    leave_notice("contact_added")
    return redirect(_find_contacts(company_id), 303)


@allow(MANAGER)
def show_contact(company_id: int, contact_id: str) -> str:
    company, contact = load_company(company_id), _load_contact(company_id, contact_id)
    return _show_form(company, contact, _write_typed(contact))


def _show_contact_again(company_id: int, contact_id: str) -> str:
    contact = _load_contact(company_id, contact_id)
    return _show_form(load_company(company_id), contact, _read_posted(), notice=_tell_stale())


@allow(MANAGER)
@show_again_with(_show_contact_again)
def save_contact(company_id: int, contact_id: str) -> Response | tuple[str, int]:
    installation, typed, now = find_installation(), _read_posted(), datetime.now(UTC)
    company, contact = load_company(company_id), _load_contact(company_id, contact_id)
    fields, faults = _read_contact(typed)
    if fields is None or faults:
        return _show_form(company, contact, typed, faults=faults), 422
    with installation.database.write() as connection:
        place, changed = (connection, installation.vault, company.survey_id), contact
        if fields != contact.fields:
            changed = change_contact(*place, company_id, contact_id, fields, now=now)
            write_trace(connection, action="contact.changed", now=now, company_id=company_id)
        _note_no_mail(connection, contact, changed, typed, now)
    leave_notice("contact_saved")
    return redirect(_find_contacts(company_id), 303)


def _show_removal_again(company_id: int, contact_id: str) -> str:
    return show_contact(company_id, contact_id)


@allow(MANAGER)
@show_again_with(_show_removal_again)
def delete_contact(company_id: int, contact_id: str) -> Response:
    installation, now = find_installation(), datetime.now(UTC)
    company = load_company(company_id)
    with installation.database.write() as connection:
        place = (connection, installation.vault, company.survey_id)
        sealed = remove_contact(*place, company_id, contact_id, now=now)
        write_trace(connection, action="contact.removed", now=now, company_id=company_id)
    keep_removed(company_id, contact_id, sealed)
    return redirect(_find_contacts(company_id), 303)


def _show_return_again(company_id: int, contact_id: str) -> str:
    return show_company(company_id)


@allow(MANAGER)
@show_again_with(_show_return_again)
def undelete_contact(company_id: int, contact_id: str) -> Response:
    installation, now = find_installation(), datetime.now(UTC)
    company, sealed = load_company(company_id), take_removed(company_id, contact_id)
    session.pop(REMOVED, None)
    try:
        if sealed is None:
            raise RemovalFinal(contact_id)
        with installation.database.write() as connection:
            place = (connection, installation.vault, company.survey_id)
            restore_contact(*place, company_id, contact_id, sealed, now=now)
            write_trace(connection, action="contact.restored", now=now, company_id=company_id)
        leave_notice("contact_restored")
    except RemovalFinal:
        leave_notice("removal_final")
    return redirect(_find_contacts(company_id), 303)


def _find_contacts(company_id: int) -> str:
    return url_for("desk.show_company", company_id=company_id, _anchor="contacts")


def _load_contact(company_id: int, contact_id: str) -> Contact:
    """Raises `ContactUnknown`."""
    installation = find_installation()
    with installation.database.read() as connection:
        return find_contact(connection, installation.vault, installation.settings.survey_id, company_id, contact_id)


def _read_posted() -> dict[Column, str]:
    return {column: request.form.get(column, "") for column in _POSTED}


def _read_contact(typed: Mapping[Column, str]) -> tuple[ContactFields | None, tuple[EntryFault, ...]]:
    fields, faults = read_contact_fields(typed)
    return fields, faults if fields is not None else (_UNREACHABLE,)


def _write_typed(contact: Contact) -> dict[Column, str]:
    return {
        "contact_name": contact.name,
        "contact_department": contact.department,
        "contact_email": contact.email,
        "contact_phone": contact.phone,
        "contact_language": contact.language,
        "contact_no_mail": "yes" if contact.wants_no_mail else "",
    }


def _note_no_mail(
    connection: Connection, before: Contact | None, contact: Contact, typed: Mapping[Column, str], now: datetime
) -> None:
    """What staff was told about mail, for the address as it stands now.

    That an address wants no mail is taken back only where the tick was there and was taken out: a contact that is added
    anew, or given such an address, keeps it.
    """
    vault, survey_id = find_installation().vault, find_installation().settings.survey_id
    wants_none = typed["contact_no_mail"] == "yes"
    had_tick = before is not None and before.wants_no_mail and before.email == contact.email
    if wants_none and contact.email and not contact.wants_no_mail:
        opt_out(connection, vault, survey_id, contact.email, source="staff", now=now)
        write_trace(connection, action="contact.opted_out", now=now, company_id=contact.company_id)
    elif had_tick and not wants_none:
        take_back_opt_out(connection, vault, survey_id, contact.email)
        write_trace(connection, action="contact.opt_out_ended", now=now, company_id=contact.company_id)


def _tell_stale() -> Notice:
    return Notice(_("The form had become stale. Please check what you entered and send it again."), "warning")


def _show_form(
    company: Company,
    contact: Contact | None,
    typed: Mapping[Column, str],
    *,
    faults: tuple[EntryFault, ...] = (),
    notice: Notice | None = None,
) -> str:
    words, company_id = find_words(), company.company_id
    page = ContactPage(
        frame=build_desk_frame(),
        title=_("Add a contact") if contact is None else _("Change a contact"),
        company=name_company(company),
        back=link_to_company(company),
        action=url_for("desk.add_new_contact", company_id=company_id)
        if contact is None
        else url_for("desk.save_contact", company_id=company_id, contact_id=contact.contact_id),
        csrf_token=generate_csrf(),
        fields=tuple(
            build_typed_field(words, column, typed, faults, kind=_KINDS.get(column, "text")) for column in _TYPED
        ),
        language=build_chosen_field(words, "contact_language", [*LANGUAGE_NAMES.items()], typed, faults),
        wants_no_mail=typed.get("contact_no_mail") == "yes",
        faults=sum_up(words, faults),
        notice=notice,
        button=_("Add the contact") if contact is None else _("Save the contact"),
    )
    return render_template("desk/directory/contact.html", page=page)
