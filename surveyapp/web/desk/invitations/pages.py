"""What the pages of invitations show: one frozen dataclass a template."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.pages import Field, FilterOption, RoundHead
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class FilterSelect:
    """One filter of a list of companies, as a field to choose from."""

    name: str
    label: str
    options: tuple[FilterOption, ...]


@dataclass(frozen=True, slots=True)
class CompanyFilters:
    """The filters of a list of companies; their state is in the address."""

    action: str
    kept: tuple[Field, ...]
    words: str
    selects: tuple[FilterSelect, ...]
    clear_url: str  # blank where nothing is filtered


@dataclass(frozen=True, slots=True)
class Pager:
    """Which lines of how many are shown, and the way to the others."""

    words: str
    previous_url: str
    next_url: str


@dataclass(frozen=True, slots=True)
class StateLink:
    """A state of the field with how many companies are in it."""

    text: str
    count: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class InvitedLine:
    """One invited company."""

    invitation_id: str
    company: str
    remark: str  # size, business, membership
    url: str
    state: str
    tone: str  # "open", "done" or "over"
    is_revoked: bool
    since: str
    contacts: str
    links: str
    last_link: str
    gets_link: bool  # whether a letter or file makes a link for it
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """templates/desk/invitations/list.html"""

    frame: Frame
    head: RoundHead
    closed: str  # why nobody can be invited now; blank where they can
    no_links: str  # why no link can be made now; blank where it can
    choose_url: str
    states: tuple[StateLink, ...]
    filters: CompanyFilters
    lines: tuple[InvitedLine, ...]
    pager: Pager
    has_any: bool  # whether anybody is invited at all
    csrf_token: str
    kept: tuple[Field, ...]
    letters_url: str
    links_url: str
    scope: str  # "ticked" or "all"
    all_words: str  # how many the filters find that would get a link
    languages: tuple[FilterOption, ...]
    most_letters: int
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """A company that can be invited."""

    company_id: int
    company: str
    remark: str
    is_ticked: bool


@dataclass(frozen=True, slots=True)
class ChoicePage:
    """templates/desk/invitations/choose.html"""

    frame: Frame
    head: RoundHead
    closed: str
    back_url: str
    filters: CompanyFilters
    lines: tuple[ChoiceLine, ...]
    pager: Pager
    csrf_token: str
    action: str
    kept: tuple[Field, ...]
    all_words: str  # the button that invites all that the filters find
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class LinkLine:
    """A personal link: how it left, and what became of it. The link itself is kept nowhere."""

    link_id: str
    name: str  # how and when it was made
    channel: str
    issued: str
    opened: str
    ended: str
    is_live: bool


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A fresh link, shown this once; `spelled` is its last part in groups, to be read out."""

    link: str
    spelled: str


@dataclass(frozen=True, slots=True)
class OneInvitationPage:
    """templates/desk/invitations/one.html"""

    frame: Frame
    head: RoundHead
    company: str
    back: Link
    facts: tuple[tuple[str, str], ...]
    is_revoked: bool
    can_make_link: bool
    made: MadeLink | None
    links: tuple[LinkLine, ...]
    csrf_token: str
    link_action: str
    revoke_action: str
    reinstate_action: str
    choices: tuple[FilterOption, ...]  # what can be revoked
    reason: str
    faults: tuple[SummaryFault, ...]
    notice: Notice | None

    def find_fault(self, name: str) -> str:
        """What is wrong with one field."""
        return next((fault.text for fault in self.faults if fault.name == name), "")
