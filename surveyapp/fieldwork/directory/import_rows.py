"""The rows of a list as companies with their contacts, before the directory is looked at.

A company may stand in several rows, one for each contact: the rows are joined where they have the same business number,
or without one the same name. What a row leaves blank the others fill in; where two say different things, the later one
is at fault, and so is a row that says nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from surveyapp.fieldwork.directory.addresses import normalise_address
from surveyapp.fieldwork.directory.columns import COLUMNS, NAME_COLUMNS, Column, CompanyColumn
from surveyapp.fieldwork.directory.companies import CompanyFields
from surveyapp.fieldwork.directory.contacts import ContactFields
from surveyapp.fieldwork.directory.entries import (
    EntryChoices,
    EntryFault,
    EntryProblem,
    clean_words,
    read_company_fields,
    read_contact_fields,
    read_wants_no_mail,
)
from surveyapp.fieldwork.directory.names import fold_name
from surveyapp.fieldwork.directory.table_files import Sheet
from surveyapp.questionnaire.model import LANGUAGES, Language, Text

RowProblem = (
    EntryProblem
    | Literal["ambiguous", "company_id", "differs", "number_taken", "repeated", "same_company", "unknown_company"]
)
NameKey = tuple[Language, str]
_FIELDS: tuple[CompanyColumn, ...] = (*NAME_COLUMNS, "business_number", "size", "main_business", "membership")
_HIGHEST_ID = 2_147_483_647


@dataclass(frozen=True, slots=True)
class RowFault:
    """Why a row of the file cannot be imported; `column` is None where it is about the row."""

    row: int  # as a spreadsheet numbers it
    column: Column | None
    problem: RowProblem
    shown: str = ""


@dataclass(frozen=True, slots=True)
class ListedContact:
    """A contact as the file has it. `says_language`: whether it told the language, or left it blank."""

    row: int
    fields: ContactFields
    says_language: bool
    wants_no_mail: bool

    @property
    def key(self) -> str:
        """What makes two contacts of a company one: the address, or without one name and telephone."""
        if self.fields.email:
            return normalise_address(self.fields.email)
        return f"{self.fields.name}\x1f{self.fields.phone}".casefold()


@dataclass(slots=True)
class ListedCompany:
    """A company as the file has it, of all its rows. `given` are the columns that hold something."""

    row: int
    company_id: int | None
    fields: CompanyFields
    given: set[Column]
    contacts: dict[str, ListedContact] = field(default_factory=dict)
    _folded: tuple[Text, list[NameKey]] | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def name_keys(self) -> list[NameKey]:
        """Of the name that it has now: folded once, and asked for by every row that may belong to it."""
        if self._folded is None or self._folded[0] is not self.fields.name:
            self._folded = (self.fields.name, list_name_keys(self.fields.name))
        return self._folded[1]


@dataclass(frozen=True, slots=True)
class ListedCompanies:
    """What a file says, and what is wrong with it. `rows` counts those that hold something."""

    companies: tuple[ListedCompany, ...]
    faults: tuple[RowFault, ...]
    rows: int


def list_name_keys(name: Text) -> list[NameKey]:
    """By what a name is recognised, for each language it has."""
    names = ((language, name.in_language(language)) for language in LANGUAGES)
    return [(language, fold_name(words)) for language, words in names if words]


def read_listed_companies(
    sheet: Sheet, heading_row: int, columns: Sequence[Column | None], choices: EntryChoices
) -> ListedCompanies:
    """Every row below the headings, read as a form would be, and joined by company."""
    listed = _Listing(choices)
    for row, typed in _list_typed(sheet, heading_row, columns):
        listed.add_row(row, typed)
    return ListedCompanies(tuple(listed.companies), tuple(sorted(listed.faults, key=_place_fault)), listed.rows)


def _place_fault(fault: RowFault) -> tuple[int, int]:
    return fault.row, -1 if fault.column is None else COLUMNS.index(fault.column)


def _list_typed(
    sheet: Sheet, heading_row: int, columns: Sequence[Column | None]
) -> Iterator[tuple[int, dict[Column, str]]]:
    """Rows with something in a column that means something, by the number that a spreadsheet gives them."""
    wanted = [(place, column) for place, column in enumerate(columns) if column is not None]
    for number, row in enumerate(sheet.rows[heading_row:], start=heading_row + 1):
        typed = {column: row[place] for place, column in wanted if place < len(row) and row[place].strip()}
        if typed:
            yield number, typed


class _Listing:
    """Companies in the order of their first rows, found again by number and by name."""

    def __init__(self, choices: EntryChoices) -> None:
        self.companies: list[ListedCompany] = []
        self.faults: list[RowFault] = []
        self.rows = 0
        self._choices = choices
        self._by_id: dict[int, ListedCompany] = {}
        self._by_number: dict[str, ListedCompany] = {}
        self._by_name: dict[NameKey, ListedCompany] = {}

    def add_row(self, row: int, typed: Mapping[Column, str]) -> None:
        self.rows += 1
        faults: list[RowFault] = []
        company = self._read_company(row, typed, faults)
        contact = self._read_contact(row, typed, faults)
        if not faults:
            known = self._find(company)
            if known is None:
                self.companies.append(company)
                known = company
            else:
                self._join(known, company, contact, faults)
            if not faults:
                self._take_contact(known, contact, faults)
                self._remember(known)
        self.faults.extend(faults)

    def _read_company(self, row: int, typed: Mapping[Column, str], faults: list[RowFault]) -> ListedCompany:
        company_id = _read_id(row, typed, faults)
        fields, found = read_company_fields(typed, self._choices)
        if company_id is not None or _has_number_only(fields, found):
            found = tuple(each for each in found if each.problem != "no_name")
        faults.extend(_of_row(row, found))
        given: set[Column] = {column for column in _FIELDS if clean_words(typed.get(column, ""))}
        return ListedCompany(row, company_id, fields, given)

    def _read_contact(self, row: int, typed: Mapping[Column, str], faults: list[RowFault]) -> ListedContact | None:
        fields, found = read_contact_fields(typed)
        wants_none, said_wrong = read_wants_no_mail(typed)
        faults.extend(_of_row(row, (*found, *said_wrong)))
        if fields is None:
            return None
        return ListedContact(row, fields, bool(clean_words(typed.get("contact_language", ""))), bool(wants_none))

    def _find(self, company: ListedCompany) -> ListedCompany | None:
        """The company of an earlier row: by id, by number, or by a name where no two numbers speak against it."""
        if company.company_id is not None:
            return self._by_id.get(company.company_id)
        number = company.fields.business_number
        if number is not None and number in self._by_number:
            return self._by_number[number]
        for key in company.name_keys:
            known = self._by_name.get(key)
            if known is not None and None in (number, known.fields.business_number):
                return known
        return None

    def _join(
        self, known: ListedCompany, further: ListedCompany, contact: ListedContact | None, faults: list[RowFault]
    ) -> None:
        """Fill in what the earlier rows left blank."""
        for column in sorted(further.given & known.given, key=COLUMNS.index):
            if not _agree(column, known.fields, further.fields):
                faults.append(RowFault(further.row, column, "differs", str(known.row)))
        new = further.given - known.given
        if not faults and not new and contact is None:
            faults.append(RowFault(further.row, None, "repeated", str(known.row)))
        if not faults:
            known.fields = overlay_company(known.fields, further.fields, new)
            known.given |= new

    def _take_contact(self, known: ListedCompany, contact: ListedContact | None, faults: list[RowFault]) -> None:
        if contact is None:
            return
        earlier = known.contacts.get(contact.key)
        if earlier is not None:
            faults.append(RowFault(contact.row, "contact_email", "repeated", str(earlier.row)))
        else:
            known.contacts[contact.key] = contact

    def _remember(self, company: ListedCompany) -> None:
        if company.company_id is not None:
            self._by_id[company.company_id] = company
        if company.fields.business_number is not None:
            self._by_number[company.fields.business_number] = company
        for key in company.name_keys:
            self._by_name.setdefault(key, company)


def overlay_company(below: CompanyFields, above: CompanyFields, columns: set[Column]) -> CompanyFields:
    """`below` with these columns of `above`."""
    names = [(above if f"name_{language}" in columns else below).name.in_language(language) for language in LANGUAGES]
    laid = replace(below, name=Text(*names))
    if "business_number" in columns:
        laid = replace(laid, business_number=above.business_number)
    if "size" in columns:
        laid = replace(laid, size=above.size)
    if "main_business" in columns:
        laid = replace(laid, main_business=above.main_business)
    return replace(laid, membership=above.membership) if "membership" in columns else laid


def _agree(column: Column, one: CompanyFields, two: CompanyFields) -> bool:
    if column.startswith("name_"):
        language: Language = next(each for each in LANGUAGES if column == f"name_{each}")
        return fold_name(one.name.in_language(language)) == fold_name(two.name.in_language(language))
    return bool(getattr(one, column) == getattr(two, column))


def _has_number_only(fields: CompanyFields, faults: Sequence[EntryFault]) -> bool:
    """A further row of a company may name it by its number alone."""
    return fields.business_number is not None and any(each.problem == "no_name" for each in faults)


def _of_row(row: int, faults: Sequence[EntryFault]) -> list[RowFault]:
    return [RowFault(row, each.column, each.problem, each.shown) for each in faults]


def _read_id(row: int, typed: Mapping[Column, str], faults: list[RowFault]) -> int | None:
    words = clean_words(typed.get("company_id", ""))
    if not words:
        return None
    if words.isascii() and words.isdigit() and 0 < int(words[:11]) <= _HIGHEST_ID:
        return int(words)
    faults.append(RowFault(row, "company_id", "company_id", words[:40]))
    return None
