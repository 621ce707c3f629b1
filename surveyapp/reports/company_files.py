"""The directory as a file: CSV and XLSX with the columns that the import reads, and a template to fill in.

One line for each contact, the company repeated; a company without contacts has one line. Every cell is text, made safe,
and in the workbook formatted as text, so that Excel neither computes a name nor cuts the zeros of a number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Literal

from surveyapp.fieldwork.directory.business_numbers import show_business_number
from surveyapp.fieldwork.directory.columns import COLUMNS, CONTACT_COLUMNS, MEMBERSHIPS, Column
from surveyapp.fieldwork.directory.companies import Company
from surveyapp.fieldwork.directory.contacts import Contact
from surveyapp.fieldwork.directory.entries import EntryChoices
from surveyapp.reports.csv_export import BOM, LINE_END
from surveyapp.reports.directory_words import name_choice, name_column, name_membership
from surveyapp.reports.safe_text import make_text_safe, write_text_cell
from surveyapp.reports.words import SEOUL, Words

FileFormat = Literal["csv", "xlsx"]
MEDIA_TYPES: Mapping[FileFormat, str] = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_LINES_A_CHUNK = 500
_WIDTHS: Mapping[Column, int] = {"company_id": 11, "contact_language": 12, "contact_no_mail": 12, "membership": 14}
_WIDTH = 24


def list_columns(*, with_contacts: bool) -> tuple[Column, ...]:
    return COLUMNS if with_contacts else tuple(column for column in COLUMNS if column not in CONTACT_COLUMNS)


def list_directory_rows(
    companies: Iterable[Company],
    contacts: Mapping[int, Sequence[Contact]],
    choices: EntryChoices,
    words: Words,
    columns: Sequence[Column],
) -> Iterator[tuple[str, ...]]:
    """The cells of each line, in the words of the file's language."""
    for company in companies:
        of_company = _write_company(company, choices, words)
        for contact in contacts.get(company.company_id, ()) or (None,):
            cells = of_company if contact is None else {**of_company, **_write_contact(contact, words)}
            yield tuple(cells.get(column, "") for column in columns)


def write_csv(columns: Sequence[Column], rows: Iterable[Sequence[str]], words: Words) -> Iterator[bytes]:
    """The file in pieces: UTF-8 with a mark, CRLF."""
    lines = [BOM + ",".join(write_text_cell(name_column(words, column)) for column in columns)]
    for row in rows:
        lines.append(",".join(map(write_text_cell, row)))
        if len(lines) >= _LINES_A_CHUNK:
            yield (LINE_END.join(lines) + LINE_END).encode()
            lines.clear()
    if lines:
        yield (LINE_END.join(lines) + LINE_END).encode()


def write_workbook(
    columns: Sequence[Column], rows: Iterable[Sequence[str]], choices: EntryChoices, words: Words
) -> bytes:
    """A workbook with the lines on its first sheet, and on its second what each column may hold."""
    from openpyxl import Workbook  # the library takes a while to load
    from openpyxl.cell.cell import Cell, WriteOnlyCell
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter

    book = Workbook(write_only=True)

    def write_cells(values: Iterable[str], *, is_heading: bool = False) -> list[Cell]:
        cells: list[Cell] = []
        for value in values:
            cell = WriteOnlyCell(sheet, value=make_text_safe(value))
            cell.number_format = "@"
            if is_heading:
                cell.font, cell.alignment = Font(bold=True), Alignment(vertical="top", wrap_text=True)
            cells.append(cell)
        return cells

    sheet = book.create_sheet(words.gettext("Companies"))
    sheet.freeze_panes = "A2"
    for place, column in enumerate(columns, start=1):
        sheet.column_dimensions[get_column_letter(place)].width = _WIDTHS.get(column, _WIDTH)
    sheet.append(write_cells((name_column(words, column) for column in columns), is_heading=True))
    for row in rows:
        sheet.append(write_cells(row))
    guide = book.create_sheet(words.gettext("What each column may hold"))
    guide.column_dimensions["A"].width, guide.column_dimensions["B"].width = _WIDTH, 90
    for column, text in describe_columns(columns, choices, words):
        guide.append(write_cells((name_column(words, column), text)))
    content = BytesIO()
    book.save(content)
    return content.getvalue()


def describe_columns(columns: Iterable[Column], choices: EntryChoices, words: Words) -> Iterator[tuple[Column, str]]:
    """What a column may hold, for whoever fills in a template."""
    sizes = words.join(words.text(choice.label) for choice in choices.sizes)
    businesses = words.join_clauses(words.text(choice.label) for choice in choices.main_businesses)
    memberships = words.join(name_membership(words, membership) for membership in MEMBERSHIPS)
    texts: Mapping[Column, str] = {
        "company_id": words.gettext("Leave it blank for a new company. An exported file has it: do not change it."),
        "name_ko": words.gettext("One of the three names is needed."),
        "business_number": words.gettext("Ten digits; the last one is checked. May stay blank."),
        "size": words.gettext("%(choices)s; or the number itself.", choices=sizes),
        "main_business": businesses,
        "membership": memberships,
        "contact_name": words.gettext("A further contact of a company stands in a line of its own below it."),
        "contact_email": words.gettext("An e-mail address or a telephone number is needed where there is a contact."),
        "contact_language": words.gettext("Korean, English or Japanese; Korean where it is blank."),
        "contact_no_mail": words.gettext("Yes where the contact wants no mail; blank changes nothing."),
    }
    return ((column, texts[column]) for column in columns if column in texts)


def name_directory_file(survey_id: str, file_format: FileFormat, now: datetime) -> str:
    return f"{survey_id}_companies_{now.astimezone(SEOUL):%Y%m%d-%H%M}.{file_format}"


def _write_company(company: Company, choices: EntryChoices, words: Words) -> dict[Column, str]:
    number = company.business_number
    return {
        "company_id": str(company.company_id),
        "name_ko": company.name.ko,
        "name_en": company.name.en,
        "name_ja": company.name.ja,
        "business_number": show_business_number(number) if number else "",
        "size": name_choice(words, choices.sizes, company.size),
        "main_business": name_choice(words, choices.main_businesses, company.main_business),
        "membership": name_membership(words, company.membership),
    }


def _write_contact(contact: Contact, words: Words) -> dict[Column, str]:
    languages = {"ko": words.gettext("Korean"), "en": words.gettext("English"), "ja": words.gettext("Japanese")}
    return {
        "contact_name": contact.name,
        "contact_department": contact.department,
        "contact_email": contact.email,
        "contact_phone": contact.phone,
        "contact_language": languages[contact.language],
        "contact_no_mail": words.gettext("Yes") if contact.wants_no_mail else "",
    }
