"""What the templates of the desk show: one frozen dataclass a template, made by the view that renders it."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.reports.cards import Fact, FigureCard
from surveyapp.web.desk.jobs.pages import JobProgress
from surveyapp.web.frame import Frame, Link, LinkGroup, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class Field:
    """One value that a form carries along unseen."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class FilterOption:
    value: str
    text: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class NamedOption:
    """A company to choose; `language` is that of its name."""

    value: str
    text: str
    language: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FilterGroup:
    """One question that narrows the selection; several of its answers mean "or"."""

    name: str
    label: str  # in few words, for the bar
    question: str  # as it was asked
    options: tuple[FilterOption, ...]
    chosen: int
    is_open: bool


@dataclass(frozen=True, slots=True)
class OptionGroup:
    """Questions of one section, for a list to choose from."""

    label: str
    options: tuple[FilterOption, ...]


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in use, and the address without it."""

    text: str
    remove_url: str


@dataclass(frozen=True, slots=True)
class FilterBar:
    """The filters of a page; its state is in the address."""

    action: str
    kept: tuple[Field, ...]
    groups: tuple[FilterGroup, ...]
    more: tuple[OptionGroup, ...]
    chips: tuple[Chip, ...]
    clear_url: str
    selection: str  # how many of how many are looked at
    is_open: bool  # the panel that holds the filters on a phone
    printed: tuple[Fact, ...]  # what a printed page says on top: round, filter, base, time


@dataclass(frozen=True, slots=True)
class RoundHead:
    """The head of every page about one round: its name and the way to the others."""

    title: str
    period: str
    state: str
    others: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class Tools:
    """Links beside a figure that change what it shows (an area, a segment)."""

    label: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A figure with the links that stand beside it."""

    card: FigureCard
    tools: Tools | None = None
    more: Link | None = None
    part: str = ""  # which of several figures of this name: an area, a pair of questions
    notes: CardNotes | None = None

    def name_figure(self) -> str:
        """What notes belong to: `ranking`, `leaves:gmp`."""
        return f"{self.card.name}:{self.part}" if self.part else self.card.name


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A remark of staff; `delete_url` is blank for those who may not delete it."""

    words: str
    author: str
    at: str
    delete_url: str


@dataclass(frozen=True, slots=True)
class CardNotes:
    """The remarks under a figure, and the forms to add, delete and take back; `undo_url` after a deletion."""

    figure: str
    action: str
    csrf_token: str
    back: str
    most: int
    lines: tuple[NoteLine, ...]
    undo_url: str


@dataclass(frozen=True, slots=True)
class NotePage:
    """templates/desk/note.html: a note that could not be saved, or a step that has to be pressed again."""

    frame: Frame
    head: RoundHead
    back: Link
    action: str
    csrf_token: str
    title: str
    button: str
    kept: tuple[Field, ...]
    words: str
    has_words: bool  # whether they can be changed here
    most: int
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class Emptiness:
    """Why there is no figure to look at, and what can be done."""

    title: str
    text: str
    way: Link | None = None


@dataclass(frozen=True, slots=True)
class HomePage:
    """templates/desk/home.html"""

    frame: Frame
    rounds: tuple[RoundLine, ...]
    new_round_url: str  # blank for those who may not prepare one
    first_steps: FirstStepsCard | None  # for administrators, until everything is done


@dataclass(frozen=True, slots=True)
class FirstStepLine:
    """One thing to do before the first round; `button` is pressed where only a person can say that it is done."""

    name: str
    title: str
    text: str
    command: str
    way: Link | None
    is_done: bool
    button: str


@dataclass(frozen=True, slots=True)
class FirstStepsCard:
    """What an administrator does first; no lines where it was hidden."""

    action: str
    csrf_token: str
    is_hidden: bool
    summary: str
    lines: tuple[FirstStepLine, ...]


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round in the list of all."""

    title: str
    kind: str
    period: str
    state: str
    returns: str
    groups: tuple[LinkGroup, ...]


@dataclass(frozen=True, slots=True)
class IssuesPage:
    """templates/desk/issues.html; `empty` stands in place of figures where there is no return to look at."""

    frame: Frame
    head: RoundHead
    filters: FilterBar
    empty: Emptiness | None
    caution: str  # where few returns are looked at
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class QuestionsPage:
    """templates/desk/questions.html"""

    frame: Frame
    head: RoundHead
    filters: FilterBar
    empty: Emptiness | None
    caution: str
    sections: tuple[Link, ...]
    section: str
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """templates/desk/question.html: one question, and against another."""

    frame: Frame
    head: RoundHead
    filters: FilterBar
    back: Link
    card: ShownCard
    cross: ShownCard | None
    by_options: tuple[OptionGroup, ...]
    by: str
    action: str
    kept: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class ReadTextLine:
    """One free text, with what its company allowed."""

    question: str
    text: str
    language: str
    number: str
    allowed: tuple[Allowance, ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """One use of a text and whether its company allowed it."""

    text: str
    is_allowed: bool


@dataclass(frozen=True, slots=True)
class TextsPage:
    """templates/desk/texts.html"""

    frame: Frame
    head: RoundHead
    filters: FilterBar
    title: str
    summary: str
    questions: tuple[FilterOption, ...]
    question: str
    action: str
    kept: tuple[Field, ...]
    texts: tuple[ReadTextLine, ...]
    next_url: str
    back: Link


@dataclass(frozen=True, slots=True)
class ReleaseRequest:
    """Figures that a page had not the time to check. `url` is blank while the job waits or runs."""

    explanation: str
    url: str
    csrf_token: str
    progress: JobProgress | None


@dataclass(frozen=True, slots=True)
class ReleasedPage:
    """templates/desk/released.html"""

    frame: Frame
    head: RoundHead
    audience: str
    methods: str
    codes: str  # where the figures' codes are
    search: Link
    request: ReleaseRequest | None
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class DisclosurePage:
    """templates/desk/disclosure.html"""

    frame: Frame
    head: RoundHead
    audiences: tuple[Link, ...]
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class AuditLine:
    at: str
    actor: str
    action: str  # in words
    code: str
    round: str
    details: str


@dataclass(frozen=True, slots=True)
class AuditPage:
    """templates/desk/audit.html"""

    frame: Frame
    events: tuple[AuditLine, ...]
    next_url: str


@dataclass(frozen=True, slots=True)
class EntryLine:
    """A return that staff began: how it came, and how far it is."""

    mode: str
    state: str
    receipt: str
    started: str
    saved: str


@dataclass(frozen=True, slots=True)
class EntryPage:
    """templates/desk/entry.html"""

    frame: Frame
    head: RoundHead
    closed: str  # why nothing can be entered now; blank where it can
    csrf_token: str
    ticket: str
    action: str
    modes: tuple[FilterOption, ...]
    languages: tuple[FilterOption, ...]
    companies: tuple[NamedOption, ...]  # invited and without a return; none where nobody is invited
    consent_on: str
    latest_day: str
    consent_by: str
    is_confirmed: bool
    faults: tuple[SummaryFault, ...]
    notice: Notice | None
    lines: tuple[EntryLine, ...]

    def find_fault(self, name: str) -> str:
        """What is wrong with one field."""
        return next((fault.text for fault in self.faults if fault.name == name), "")
