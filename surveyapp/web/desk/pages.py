"""What the templates of the desk show: one frozen dataclass a template, made by the view that renders it."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.reports.cards import FigureCard
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


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
class FilterGroup:
    """One question that narrows the selection; several of its answers mean "or"."""

    name: str
    label: str
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


@dataclass(frozen=True, slots=True)
class HomePage:
    """templates/desk/home.html"""

    frame: Frame
    rounds: tuple[RoundLine, ...]


@dataclass(frozen=True, slots=True)
class RoundLine:
    """One round in the list of all."""

    title: str
    kind: str
    period: str
    state: str
    returns: str
    links: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class IssuesPage:
    """templates/desk/issues.html; `empty` stands in place of figures where there is no return to look at."""

    frame: Frame
    head: RoundHead
    filters: FilterBar
    empty: str
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class QuestionsPage:
    """templates/desk/questions.html"""

    frame: Frame
    head: RoundHead
    filters: FilterBar
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
class ExportPage:
    """templates/desk/export.html"""

    frame: Frame
    head: RoundHead
    csrf_token: str
    raw_url: str
    ministry_url: str
    identified_url: str  # blank for those who may not
    languages: tuple[FilterOption, ...]
    reason: str
    faults: tuple[SummaryFault, ...]
    notice: Notice | None
    returns: str


@dataclass(frozen=True, slots=True)
class ReleasedPage:
    """templates/desk/released.html"""

    frame: Frame
    head: RoundHead
    audience: str
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
