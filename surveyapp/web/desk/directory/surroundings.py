"""What the pages of the directory have in common: fields, choices, names in their languages, and messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from flask import session, url_for
from flask_babel import gettext as _

from surveyapp.fieldwork.directory.columns import MEMBERSHIPS, MOST_CHARACTERS, Column
from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.entries import EntryChoices, EntryFault, find_entry_choices
from surveyapp.questionnaire.model import LANGUAGES, Choice, Language
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.database import Connection
from surveyapp.records.figure_notes import mark_unseen
from surveyapp.reports.directory_words import describe_entry_fault, name_column, name_membership
from surveyapp.reports.words import Words
from surveyapp.web.desk.directory.pages import ChosenField, NameInLanguage, TypedField
from surveyapp.web.desk.pages import FilterOption
from surveyapp.web.desk.surroundings import find_actor
from surveyapp.web.frame import Link, Notice, SummaryFault
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import find_language

NOTICE = "directory_notice"  # in the session: which message the next page of the directory shows
_LONGEST_NUMBER = 20
_LANGUAGE_OF: Mapping[Column, Language] = {"name_ko": "ko", "name_en": "en", "name_ja": "ja"}


def find_choices() -> EntryChoices:
    return find_entry_choices(load_builtin_questionnaire())


def leave_notice(code: str) -> None:
    session[NOTICE] = code


def take_notice() -> Notice | None:
    """The message that the step before left, once."""
    texts = {
        "company_added": _("The company was added."),
        "company_saved": _("The company was saved."),
        "contact_added": _("The contact was added."),
        "contact_saved": _("The contact was saved."),
        "contact_restored": _("The contact is back."),
        "removal_final": _("The contact cannot be brought back any more. Add it anew."),
        "merged": _("The two entries are one now."),
        "double_dismissed": _("The two stay apart and are not suspected any more."),
        "suspected_again": _("The two may be suspected again."),
        "merge_undone": _("The two entries are apart again."),
    }
    text = texts.get(str(session.pop(NOTICE, "")))
    is_warning = text == texts["removal_final"]
    return None if text is None else Notice(text, "warning" if is_warning else "success")


def link_to_companies() -> Link:
    return Link(url_for("desk.show_companies"), _("Back to the companies"))


def link_to_company(company: Company) -> Link:
    return Link(url_for("desk.show_company", company_id=company.company_id), _("Back to the company"))


def write_trace(connection: Connection, *, action: str, now: datetime, company_id: int, **further: Detail) -> None:
    """The audit trail names a company by its number and a contact not at all."""
    write_audit(
        connection,
        actor=find_actor(),
        action=action,
        at=now,
        survey_id=find_installation().settings.survey_id,
        details={"company": company_id, **further},
    )


def list_names(company: Company) -> tuple[NameInLanguage, ...]:
    """The names that there are, that of the page's language first."""
    own = find_language()
    ordered = (own, *(language for language in LANGUAGES if language != own))
    names = ((company.name.in_language(language), language) for language in ordered)
    return tuple(NameInLanguage(text, language) for text, language in names if text)


def name_company(company: Company) -> str:
    """A company is called by one name; one that lost them all by its number."""
    names = list_names(company)
    return names[0].text if names else str(company.company_id)


def build_typed_field(
    words: Words,
    column: Column,
    typed: Mapping[Column, str],
    faults: Iterable[EntryFault],
    *,
    hint: str = "",
    kind: str = "text",
) -> TypedField:
    return TypedField(
        name=column,
        label=name_column(words, column),
        value=mark_unseen(typed.get(column, "")),
        fault=find_fault(words, column, faults),
        most=MOST_CHARACTERS.get(column, _LONGEST_NUMBER),
        hint=hint,
        kind=kind,
        language=_LANGUAGE_OF.get(column, ""),
    )


def build_chosen_field(
    words: Words,
    column: Column,
    options: Sequence[tuple[str, str]],
    typed: Mapping[Column, str],
    faults: Iterable[EntryFault] = (),
) -> ChosenField:
    chosen = typed.get(column, "")
    return ChosenField(
        name=column,
        label=name_column(words, column),
        options=tuple(FilterOption(value, text, value == chosen) for value, text in options),
        fault=find_fault(words, column, faults),
    )


def list_choice_options(words: Words, choices: Iterable[Choice], kept: str) -> list[tuple[str, str]]:
    """Blank, the choices, and one that is kept though the questionnaire has it no longer."""
    options = [("", _("Not known")), *((choice.name, words.text(choice.label)) for choice in choices)]
    return options if kept in dict(options) else [*options, (kept, kept)]


def list_membership_options(words: Words) -> list[tuple[str, str]]:
    return [(membership, name_membership(words, membership)) for membership in MEMBERSHIPS]


def find_fault(words: Words, column: Column, faults: Iterable[EntryFault]) -> str:
    return next((describe_entry_fault(words, fault) for fault in faults if fault.column == column), "")


def sum_up(words: Words, faults: Iterable[EntryFault]) -> tuple[SummaryFault, ...]:
    """The faults for the top of the page, each leading to its field."""
    return tuple(
        SummaryFault(
            describe_entry_fault(words, fault), f"#{fault.column}", name_column(words, fault.column), fault.column
        )
        for fault in faults
    )
