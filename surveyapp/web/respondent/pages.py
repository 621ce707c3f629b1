"""One frozen dataclass for each respondent template: its fields say all that the page may show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from surveyapp.web.frame import Frame, Notice, RoundKind, SummaryFault
from surveyapp.web.respondent.blocks import QuestionBlock

FORM_ID = "answer-form"

StepState = Literal["done", "current", "todo"]


@dataclass(frozen=True, slots=True)
class Fact:
    """Two words that belong together: what, and which."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Use:
    """One use of the answers, and whether the consent given covers it."""

    label: str
    is_permitted: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One section of the questionnaire on the way, with its first page where that can be gone to."""

    text: str
    state: StepState
    page_name: str = ""  # for a button within a form
    url: str = ""  # for a link on a page without one


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round on the landing page."""

    title: str
    kind: RoundKind
    remark: str
    url: str


@dataclass(frozen=True, slots=True)
class LandingPage:
    frame: Frame
    rounds: tuple[RoundLine, ...]
    desk_url: str


@dataclass(frozen=True, slots=True)
class StartPage:
    frame: Frame
    title: str
    time_needed: str
    open_until: str
    blocks: tuple[QuestionBlock, ...]
    faults: tuple[SummaryFault, ...]
    notices: tuple[Notice, ...]
    form_id: str
    action: str
    fragment_url: str
    ticket: str


@dataclass(frozen=True, slots=True)
class DeclinedPage:
    frame: Frame
    words: str  # the questionnaire's own
    start_url: str


@dataclass(frozen=True, slots=True)
class QuestionPage:
    frame: Frame
    section: str
    title: str
    number: str
    blocks: tuple[QuestionBlock, ...]
    faults: tuple[SummaryFault, ...]
    notices: tuple[Notice, ...]
    steps: tuple[Step, ...]
    minutes_left: int
    back_to: str  # the page before, or the check; a button keeps what was typed
    form_id: str
    action: str
    fragment_url: str
    csrf_token: str
    seen: int  # counts the saves of the return that this page knows of
    returns_to_check: bool
    leaving_to: str  # where somebody wants to go whose answers could not all be kept, so that it is asked once more
    saved_at: str


@dataclass(frozen=True, slots=True)
class FragmentPage:
    """The questions of a page alone, for the script that refreshes them."""

    blocks: tuple[QuestionBlock, ...]


@dataclass(frozen=True, slots=True)
class LinkPage:
    frame: Frame
    link: str
    saved_at: str
    closes_at: str
    continue_url: str
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """A question with its answer in words, for the check page and the receipt."""

    id: str
    label: str
    value: tuple[str, ...]
    is_ordered: bool
    is_blank: bool
    change_url: str
    fault: str


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """The answers of one page; `title` is empty where the page is the whole section."""

    title: str
    rows: tuple[AnswerRow, ...]


@dataclass(frozen=True, slots=True)
class AnswerSection:
    title: str
    groups: tuple[AnswerGroup, ...]


@dataclass(frozen=True, slots=True)
class CheckPage:
    frame: Frame
    sections: tuple[AnswerSection, ...]
    permitted: tuple[Use, ...]
    closing_words: tuple[str, ...]
    faults: tuple[SummaryFault, ...]
    notices: tuple[Notice, ...]
    steps: tuple[Step, ...]
    action: str
    csrf_token: str
    is_edit: bool
    is_unchanged: bool
    receipt_url: str
    leave_url: str
    withdraw_url: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    frame: Frame
    number: str
    facts: tuple[Fact, ...]
    sections: tuple[AnswerSection, ...]
    permitted: tuple[Use, ...]
    notices: tuple[Notice, ...]
    is_editable: bool
    closes_at: str
    edit_url: str
    withdraw_url: str
    link: str


@dataclass(frozen=True, slots=True)
class WithdrawPage:
    frame: Frame
    facts: tuple[Fact, ...]
    is_submitted: bool
    notices: tuple[Notice, ...]
    action: str
    csrf_token: str
    back_url: str


@dataclass(frozen=True, slots=True)
class EndedPage:
    """A link that leads to nothing any more: withdrawn, refused, or closed before it was submitted."""

    frame: Frame
    title: str
    paragraphs: tuple[str, ...]
    withdraw_url: str
