"""What the templates of the mail room show: one frozen dataclass a template."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.questionnaire.model import Language
from surveyapp.web.desk.pages import FilterOption, RoundHead
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class Figure:
    """A count with its words, and the address of what was counted."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class MailingLine:
    """One mailing in the list."""

    kind: str
    state: str
    url: str
    created: str
    started: str
    actor: str
    messages: str
    open: str  # what waits for somebody: uncertain mails, a problem


@dataclass(frozen=True, slots=True)
class MailingsPage:
    frame: Frame
    head: RoundHead
    notices: tuple[Notice, ...]
    action: str
    csrf_token: str
    can_prepare: bool
    lines: tuple[MailingLine, ...]
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class LanguageWords:
    """The words of a mail in one language, as they are typed."""

    language: Language
    name: str
    subject: str
    body: str
    subject_faults: tuple[str, ...]
    body_faults: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PlaceholderLine:
    mark: str
    meaning: str
    is_needed: bool


@dataclass(frozen=True, slots=True)
class Preview:
    """A mail as somebody gets it. `html_url` is the page of its HTML."""

    languages: tuple[Link, ...]
    recipient: str
    subject: str
    text: str
    language: Language
    html_url: str


@dataclass(frozen=True, slots=True)
class EditorPage:
    frame: Frame
    head: RoundHead
    heading: str
    notices: tuple[Notice, ...]
    faults: tuple[SummaryFault, ...]
    action: str
    csrf_token: str
    languages: tuple[LanguageWords, ...]
    placeholders: tuple[PlaceholderLine, ...]
    progresses: tuple[FilterOption, ...]
    test_address: str
    test_languages: tuple[FilterOption, ...]
    preview: Preview | None
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class RecipientLine:
    company: str
    person: str
    address: str
    language: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecipientsPage:
    """The dry run. `send_words` stand on the button; blank where nothing can be sent."""

    frame: Frame
    head: RoundHead
    heading: str
    notices: tuple[Notice, ...]
    summary: str
    reasons: tuple[Figure, ...]
    tabs: tuple[Link, ...]
    caption: str
    shows_reasons: bool
    lines: tuple[RecipientLine, ...]
    earlier_url: str
    later_url: str
    place: str
    back_url: str
    action: str
    csrf_token: str
    digest: str
    send_words: str
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class MailingCounts:
    """templates/desk/mailings/counts.html: how far a mailing is; `url` gives the same again, as it is then."""

    state: str
    is_over: bool
    done: int
    of: int
    summary: str
    figures: tuple[Figure, ...]
    facts: tuple[Figure, ...]
    url: str


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """A mailing that was begun."""

    frame: Frame
    head: RoundHead
    heading: str
    notices: tuple[Notice, ...]
    counts: MailingCounts
    reload_url: str
    csrf_token: str
    stop_action: str
    resume_action: str
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class MailLine:
    """One line of the log. `decide_id` is there where somebody has to decide."""

    queued: str
    kind: str
    company: str
    person: str
    language: str
    state: str
    reply: str
    reason: str
    tries: str
    when: str
    decide_id: str


@dataclass(frozen=True, slots=True)
class MailLogPage:
    frame: Frame
    head: RoundHead
    notices: tuple[Notice, ...]
    action: str
    states: tuple[FilterOption, ...]
    kinds: tuple[FilterOption, ...]
    mailings: tuple[FilterOption, ...]
    lines: tuple[MailLine, ...]
    next_url: str
    decide_action: str
    csrf_token: str
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ReportLine:
    name: str
    result: str


@dataclass(frozen=True, slots=True)
class ReportsPage:
    frame: Frame
    head: RoundHead
    notices: tuple[Notice, ...]
    faults: tuple[SummaryFault, ...]
    action: str
    csrf_token: str
    lines: tuple[ReportLine, ...]
    sections: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class OptOutLine:
    at: str
    source: str
    people: str
    lookup: str  # blank where only the person can take it back


@dataclass(frozen=True, slots=True)
class OptOutsPage:
    frame: Frame
    head: RoundHead
    notices: tuple[Notice, ...]
    faults: tuple[SummaryFault, ...]
    action: str
    csrf_token: str
    email: str
    lines: tuple[OptOutLine, ...]
    sections: tuple[Link, ...]
