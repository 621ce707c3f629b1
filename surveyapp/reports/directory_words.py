"""The directory in words: headings of columns, choices by their label, and why something typed cannot be kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from surveyapp.fieldwork.directory.columns import HEADINGS, MEMBERSHIP_LABELS, Column, Membership
from surveyapp.fieldwork.directory.entries import EntryFault
from surveyapp.fieldwork.directory.import_rows import RowFault
from surveyapp.fieldwork.directory.table_files import MOST_BYTES, MOST_COLUMNS, MOST_ROWS, TableRefused
from surveyapp.questionnaire.model import Choice
from surveyapp.reports.words import Words


def name_column(words: Words, column: Column) -> str:
    return words.text(HEADINGS[column])


def name_choice(words: Words, choices: Iterable[Choice], name: str | None) -> str:
    """The label of a choice; its name where the questionnaire has it no longer; blank for none."""
    if name is None:
        return ""
    return next((words.text(choice.label) for choice in choices if choice.name == name), name)


def name_membership(words: Words, membership: Membership) -> str:
    return words.text(MEMBERSHIP_LABELS[membership])


def describe_entry_fault(words: Words, fault: EntryFault | RowFault) -> str:
    """What is wrong with a column's words, and what to do."""
    shown = fault.shown
    return _explain_entry(words, shown).get(fault.problem) or _explain_row(words, shown)[fault.problem]


def _explain_entry(words: Words, shown: str) -> Mapping[str, str]:
    return {
        "business_number": words.gettext(
            "%(shown)s is no business number: it has ten digits, and its last one does not fit the others. Check it.",
            shown=shown,
        ),
        "choice": words.gettext("%(shown)s is none of the choices.", shown=shown),
        "control": words.gettext("It holds an invisible character (%(shown)s). Type it anew.", shown=shown),
        "email": words.gettext("%(shown)s is no e-mail address that mail can be sent to.", shown=shown),
        "formula": words.gettext("It is a formula or its error (%(shown)s). Enter the value itself.", shown=shown),
        "language": words.gettext("%(shown)s is none of the three languages.", shown=shown),
        "membership": words.gettext("%(shown)s is no kind of membership.", shown=shown),
        "no_name": words.gettext("Enter a name of the company in one language at least."),
        "too_long": words.gettext("It may have %(most)s characters. Shorten it.", most=shown),
        "unreachable": words.gettext("Enter an e-mail address or a telephone number of the contact."),
        "yes_no": words.gettext("%(shown)s is neither yes nor no.", shown=shown),
    }


def _explain_row(words: Words, shown: str) -> Mapping[str, str]:
    """What is wrong with a row beside other rows, or beside the directory."""
    return {
        "ambiguous": words.gettext(
            "Several companies have this name: %(shown)s. Enter the business number or the company ID.", shown=shown
        ),
        "company_id": words.gettext("%(shown)s is no company ID.", shown=shown),
        "differs": words.gettext("It differs from row %(row)s, which is the same company.", row=shown),
        "number_taken": words.gettext("Another company has this business number: number %(number)s.", number=shown),
        "repeated": words.gettext("It repeats row %(row)s.", row=shown),
        "same_company": words.gettext("The directory has one company for this row and row %(row)s.", row=shown),
        "unknown_company": words.gettext("The directory has no company with the ID %(shown)s.", shown=shown),
    }


def describe_table_refusal(words: Words, refusal: TableRefused) -> str:
    """Why a file cannot be read as a list, and what to do."""
    megabytes = MOST_BYTES // (1024 * 1024)
    return {
        "broken": words.gettext("The workbook is damaged. Open it in Excel, save it anew as XLSX and try again."),
        "empty": words.gettext("The file holds no rows."),
        "encoding": words.gettext(
            "The text of the file is neither UTF-8 nor CP949 nor CP932 (row %(row)s). Save it anew as CSV UTF-8.",
            row=refusal.shown,
        ),
        "encrypted": words.gettext("The workbook is locked by a password. Save it without one and try again."),
        "not_workbook": words.gettext("The file is no Excel workbook. Save the list as XLSX or CSV."),
        "old_workbook": words.gettext("The file is an old Excel workbook (XLS). Save it as XLSX and try again."),
        "other_encoding": words.gettext(
            "The file cannot be read in the encoding %(encoding)s. Choose another one, or none.",
            encoding=refusal.shown,
        ),
        "quotes": words.gettext(
            "The quotation marks of the file do not match (line %(line)s). Save the list anew as CSV.",
            line=refusal.shown,
        ),
        "too_costly": words.gettext("The workbook takes too much to read. Copy the list alone into a new workbook."),
        "too_large": words.gettext("The file is larger than %(most)s MB. Save the list alone.", most=megabytes),
        "too_large_unpacked": words.gettext(
            "The workbook is too large once it is unpacked. Copy the list alone into a new workbook."
        ),
        "too_many_columns": words.gettext("The list has more than %(most)s columns.", most=MOST_COLUMNS),
        "too_many_rows": words.gettext(
            "The list has more than %(most)s rows. Import it in parts.", most=words.number(MOST_ROWS)
        ),
        "unknown_kind": words.gettext("The file is neither CSV nor an Excel workbook (XLSX)."),
        "unsafe": words.gettext("The workbook holds what no spreadsheet writes, and is not opened."),
        "web_page": words.gettext(
            "The file is a web page with the ending of a workbook. Open it in Excel and save it as XLSX."
        ),
    }[refusal.problem]
