"""What the templates of the directory show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.pages import Field, FilterOption
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class TypedField:
    """A field to type in. `language` is that of its words, where it is another than the page's."""

    name: str
    label: str
    value: str
    fault: str
    most: int
    hint: str = ""
    kind: str = "text"
    language: str = ""


@dataclass(frozen=True, slots=True)
class ChosenField:
    """A field to choose in."""

    name: str
    label: str
    options: tuple[FilterOption, ...]
    fault: str


@dataclass(frozen=True, slots=True)
class CompanyLine:
    """One company in the list: its first name, the others below it, and what is known of it."""

    url: str
    name: str
    language: str
    other_names: tuple[NameInLanguage, ...]
    business_number: str
    size: str
    main_business: str
    membership: str
    contacts: str
    is_sample: bool


@dataclass(frozen=True, slots=True)
class NameInLanguage:
    text: str
    language: str


@dataclass(frozen=True, slots=True)
class CompaniesPage:
    """templates/desk/directory/companies.html"""

    frame: Frame
    action: str
    words: str
    filters: tuple[ChosenField, ...]
    is_filtered: bool
    clear_url: str
    summary: str
    lines: tuple[CompanyLine, ...]
    previous_url: str
    next_url: str
    place: str  # which page of how many
    new_url: str
    ways: tuple[Link, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class ContactLine:
    """One contact, with the steps that can be taken."""

    name: str
    department: str
    email: str
    phone: str
    language: str
    wants_no_mail: bool
    change_url: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class Undoing:
    """A step that can be taken back by pressing a button: what happened, and what the form carries."""

    text: str
    action: str
    button: str
    kept: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """Another entry that this one may be joined with; `url` compares the two."""

    line: CompanyLine
    url: str


@dataclass(frozen=True, slots=True)
class Joining:
    """A search for another entry that is the same company. `summary` is blank until there was a search."""

    action: str
    words: str
    summary: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class CompanyPage:
    """templates/desk/directory/company.html; a new company has no contacts yet."""

    frame: Frame
    title: str
    is_new: bool
    is_sample: bool
    company_id: str
    back: Link
    action: str
    csrf_token: str
    kept: tuple[Field, ...]
    names: tuple[TypedField, ...]
    business_number: TypedField
    choices: tuple[ChosenField, ...]
    faults: tuple[SummaryFault, ...]
    notice: Notice | None
    undo: Undoing | None
    contacts: tuple[ContactLine, ...]
    new_contact_url: str
    changed: str
    joining: Joining | None


@dataclass(frozen=True, slots=True)
class ContactPage:
    """templates/desk/directory/contact.html"""

    frame: Frame
    title: str
    company: str
    back: Link
    action: str
    csrf_token: str
    fields: tuple[TypedField, ...]
    language: ChosenField
    wants_no_mail: bool
    faults: tuple[SummaryFault, ...]
    notice: Notice | None
    button: str


@dataclass(frozen=True, slots=True)
class DirectoryExportPage:
    """templates/desk/directory/export.html"""

    frame: Frame
    back: Link
    action: str
    csrf_token: str
    count: str
    languages: tuple[FilterOption, ...]
    formats: tuple[FilterOption, ...]
    with_contacts: bool
    reason: str
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class DoubleLine:
    """Two entries that may be one company, and why."""

    first: CompanyLine
    second: CompanyLine
    reasons: tuple[str, ...]
    url: str
    dismiss_url: str


@dataclass(frozen=True, slots=True)
class DismissedLine:
    """Two entries that look like one company and are two."""

    first: CompanyLine
    second: CompanyLine
    at: str
    actor: str
    undo_url: str


@dataclass(frozen=True, slots=True)
class MergeLine:
    """Two entries that were joined."""

    kept: str
    kept_url: str
    merged: str
    at: str
    actor: str
    undo_url: str


@dataclass(frozen=True, slots=True)
class DoublesPage:
    """templates/desk/directory/doubles.html"""

    frame: Frame
    back: Link
    csrf_token: str
    summary: str
    lines: tuple[DoubleLine, ...]
    previous_url: str
    next_url: str
    place: str
    merges: tuple[MergeLine, ...]
    dismissed: tuple[DismissedLine, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class MergeChoice:
    """What two entries say of one thing. Where they differ, one of the two is chosen."""

    name: str
    label: str
    kept: str
    merged: str
    differs: bool
    takes_merged: bool
    language: str


@dataclass(frozen=True, slots=True)
class MergePage:
    """templates/desk/directory/merge.html"""

    frame: Frame
    back: Link
    action: str
    csrf_token: str
    kept: CompanyLine
    merged: CompanyLine
    swap_url: str
    versions: tuple[Field, ...]
    choices: tuple[MergeChoice, ...]
    consequences: tuple[str, ...]
    obstacle: str
    notice: Notice | None
