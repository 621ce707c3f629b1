"""What the templates of the exports show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.jobs.pages import JobProgress
from surveyapp.web.desk.pages import FilterOption, RoundHead
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class Choice:
    """One group of options of the composer. `are_languages`: each is named in the language that it stands for."""

    name: str
    label: str
    options: tuple[FilterOption, ...]
    are_languages: bool = False


@dataclass(frozen=True, slots=True)
class Preview:
    """What the file that was chosen will hold. `refusal` is there where it cannot be made, `warning` where it may tell
    more than is known here."""

    title: str
    facts: tuple[tuple[str, str], ...]
    refusal: Notice | None
    warning: Notice | None
    fields: tuple[tuple[str, str], ...]  # the options, to be posted
    needs_reason: bool
    button: str


@dataclass(frozen=True, slots=True)
class FileCard:
    """A file that a job makes or has made."""

    job_id: str
    name: str
    progress: JobProgress | None  # while it is not done
    facts: tuple[str, ...]
    digest: str
    url: str  # blank where it cannot be fetched (any more, or by this person)
    gone: str  # why it cannot be fetched


@dataclass(frozen=True, slots=True)
class ComposerPage:
    """templates/desk/exporting/composer.html"""

    frame: Frame
    head: RoundHead
    notice: Notice | None
    faults: tuple[SummaryFault, ...]
    reason: str
    csrf_token: str
    own_url: str
    make_url: str
    choices: tuple[Choice, ...]
    preview: Preview
    files: tuple[FileCard, ...]
    codebook: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class CodebookLine:
    """A question, or a fact of the return. `columns` are (name, name in SPSS, label) of each."""

    heading: str
    columns: tuple[tuple[str, str, str], ...]
    kind: str
    values: tuple[tuple[str, str, str], ...]  # as in text files, in SPSS, in words
    missing: tuple[tuple[str, str, str], ...]
    condition: str
    is_identifying: bool


@dataclass(frozen=True, slots=True)
class CodebookSection:
    anchor: str
    title: str
    lines: tuple[CodebookLine, ...]


@dataclass(frozen=True, slots=True)
class CodebookPage:
    """templates/desk/exporting/codebook.html"""

    frame: Frame
    head: RoundHead
    title: str
    facts: tuple[tuple[str, str], ...]
    files: tuple[Link, ...]
    sections: tuple[CodebookSection, ...]
    back: Link
