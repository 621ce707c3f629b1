"""One frozen dataclass for each respondent template: its fields say all that the page may show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

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


class Step(NamedTuple):
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
    questions_url: str


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
    questions_url: str
    ticket: str
    company: str = ""  # whose personal link it is; blank on the open start page
    contact: str = ""  # whom to tell where the link came to somebody else
    is_anew: bool = False  # in place of a return that was withdrawn


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
    save_url: str  # where the script sends what is typed
    store_key: str  # under which the script keeps it in the browser meanwhile
    csrf_token: str
    returns_to_check: bool
    leaving_to: str  # where somebody wants to go whose answers could not all be kept, so that it is asked once more
    saved_at: str
    company: str  # who else was at this page just now
    hands_on: bool  # whether parts can be handed to colleagues from here


@dataclass(frozen=True, slots=True)
class FragmentPage:
    """The questions of a page alone, for the script that refreshes them."""

    blocks: tuple[QuestionBlock, ...]


SaveState = Literal["saved", "partly", "conflict", "stale", "closed", "withdrawn", "nothing"]


@dataclass(frozen=True, slots=True)
class SavedFragment:
    """What the script is told after it sent what was typed: the state in words, and the questions as they stand."""

    blocks: tuple[QuestionBlock, ...]
    state: SaveState
    words: str
    saved_at: str  # the time of day
    csrf_token: str
    unsaved: str  # names of questions, separated by blanks
    saves: int  # number of the return's last change


@dataclass(frozen=True, slots=True)
class MailForm:
    """A field for the address that a mail is wanted at. `heading` and `button` say which mail."""

    heading: str
    explanation: str
    promise: str
    button: str
    action: str
    csrf_token: str
    email: str
    fault: str

    @property
    def faults(self) -> tuple[SummaryFault, ...]:
        return (SummaryFault(self.fault, "#mail-address", name="email"),) if self.fault else ()


@dataclass(frozen=True, slots=True)
class DeclinePage:
    """What the link to receive no more mails leads to."""

    frame: Frame
    is_declined: bool
    action: str


@dataclass(frozen=True, slots=True)
class LinkPage:
    frame: Frame
    mail: MailForm | None  # where a mail server is set up
    link: str
    saved_at: str
    closes_at: str
    continue_url: str
    colleagues_url: str
    replace_url: str
    notices: tuple[Notice, ...]
    is_invited: bool  # a personal link, beside which colleagues may have others


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
    save_url: str  # its last part stands for the page whose answers are still to be sent
    store_key: str
    saves: int  # number of the return's last change that is shown
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
    consents_url: str
    withdraw_url: str


@dataclass(frozen=True, slots=True)
class ReceiptPage:
    frame: Frame
    mail: MailForm | None  # where a mail server is set up
    save_url: str
    store_key: str
    saves: int
    csrf_token: str
    number: str
    facts: tuple[Fact, ...]
    sections: tuple[AnswerSection, ...]
    permitted: tuple[Use, ...]
    notices: tuple[Notice, ...]
    is_editable: bool
    closes_at: str
    edit_url: str
    consents_url: str
    withdraw_url: str
    link: str
    replace_url: str
    readiness_url: str


@dataclass(frozen=True, slots=True)
class ConsentChoice:
    """A choice that permits less than the present one."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class SaidConsent:
    """What was said of a consent once, to which words."""

    choice: str
    said_at: str
    language: str
    language_code: str
    words: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent: what holds now, what would permit less, and what was said so far, the newest first."""

    name: str
    label: str
    now: str
    choices: tuple[ConsentChoice, ...]
    said: tuple[SaidConsent, ...]
    change_url: str  # where more can be permitted, while the round is open
    is_participation: bool  # which is withdrawn together with the return


@dataclass(frozen=True, slots=True)
class ConsentsPage:
    frame: Frame
    notices: tuple[Notice, ...]
    consents: tuple[Consent, ...]
    files: tuple[str, ...]
    is_submitted: bool
    action: str
    csrf_token: str
    withdraw_url: str
    back_url: str


@dataclass(frozen=True, slots=True)
class WithdrawPage:
    frame: Frame
    files: tuple[str, ...]  # that left while the return was in them
    frozen: tuple[str, ...]  # figures that stay with it
    facts: tuple[Fact, ...]
    is_submitted: bool
    notices: tuple[Notice, ...]
    action: str
    csrf_token: str
    back_url: str


@dataclass(frozen=True, slots=True)
class EndedPage:
    """A link that leads to nothing any more: withdrawn, replaced, ended, or closed before it was submitted."""

    frame: Frame
    title: str
    paragraphs: tuple[str, ...]
    whom_to_ask: tuple[Fact, ...]
    withdraw_url: str
    store_key: str = ""  # what the browser is to forget
    files: tuple[str, ...] = ()  # that left while a withdrawn return was in them
    again_url: str = ""  # where a new return can be begun in place of one that was withdrawn


@dataclass(frozen=True, slots=True)
class PartChoice:
    """A section that can be handed on, or a page of one."""

    id: str
    value: str
    label: str
    is_ticked: bool
    remark: str = ""
    pages: tuple[PartChoice, ...] = ()
    is_opened: bool = False  # one of the single pages is ticked


@dataclass(frozen=True, slots=True)
class PartLine:
    """A part link in the holder's list."""

    label: str
    sections: tuple[str, ...]
    progress: str
    presence: str
    ended: str  # when, or blank
    link_id: str


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A part link just made: shown in full this once."""

    label: str
    link: str


@dataclass(frozen=True, slots=True)
class ColleaguesPage:
    frame: Frame
    notices: tuple[Notice, ...]
    faults: tuple[SummaryFault, ...]
    made: MadeLink | None
    parts: tuple[PartLine, ...]
    choices: tuple[PartChoice, ...]
    section_fault: str
    label: str
    label_fault: str
    label_length: int
    action: str
    end_action: str
    csrf_token: str
    ticket: str
    replace_url: str
    continue_url: str


@dataclass(frozen=True, slots=True)
class ReplacementPage:
    """Before the own link is replaced: the new one stands there already, so that no lost reply locks anybody out."""

    frame: Frame
    notices: tuple[Notice, ...]
    link: str
    action: str
    csrf_token: str
    ticket: str
    has_parts: bool
    others: str  # how many other personal links the company has, in words; blank where there is none
    ends_others: bool
    back_url: str


@dataclass(frozen=True, slots=True)
class ReplacedPage:
    frame: Frame
    link: str
    continue_url: str
    is_only: bool  # whether no other link opens the whole return


@dataclass(frozen=True, slots=True)
class PartHomePage:
    """Where a part link leads: which pages it opens, how far they are, and who submits."""

    frame: Frame
    notices: tuple[Notice, ...]
    title: str
    lead: str
    sections: tuple[str, ...]
    steps: tuple[Step, ...]
    minutes_left: int
    continue_url: str
    continue_words: str
    link: str
    closes_at: str
    saved_at: str
