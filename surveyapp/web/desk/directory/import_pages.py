"""What the templates of an import show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.pages import Field, FilterOption
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class UploadPage:
    """templates/desk/directory/upload.html"""

    frame: Frame
    back: Link
    action: str
    csrf_token: str
    encodings: tuple[FilterOption, ...]
    templates: tuple[Link, ...]
    columns: tuple[ColumnGuide, ...]
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class ColumnGuide:
    """What a column may hold."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MappedColumn:
    """A column of the file: its heading, what stands in it, and what it is taken for."""

    name: str
    heading: str
    samples: tuple[str, ...]
    options: tuple[FilterOption, ...]


@dataclass(frozen=True, slots=True)
class FaultLine:
    row: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class PreviewLine:
    """A company as the import would leave it."""

    row: str
    state: str
    is_new: bool
    name: str
    business_number: str
    changes: str
    contacts: str


@dataclass(frozen=True, slots=True)
class PreviewPage:
    """templates/desk/directory/preview.html"""

    frame: Frame
    back: Link
    file_name: str
    reading: str  # kind, encoding, sheet, heading row
    action: str
    confirm_url: str
    discard_url: str
    csrf_token: str
    sheets: tuple[FilterOption, ...]
    heading_row: str
    columns: tuple[MappedColumn, ...]
    kept: tuple[Field, ...]  # what the confirmation confirms
    obstacle: str  # why nothing can be imported, besides faults of rows
    counts: tuple[Count, ...]
    faults: tuple[FaultLine, ...]
    fault_summary: str
    earlier_url: str
    later_url: str
    lines: tuple[PreviewLine, ...]
    line_summary: str
    can_confirm: bool
    button: str
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class Count:
    number: str
    text: str
