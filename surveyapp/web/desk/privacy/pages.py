"""What the templates of privacy show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.pages import RoundHead
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault


@dataclass(frozen=True, slots=True)
class KeptKind:
    """One kind of data of a round: how much of it there is, why, and until when."""

    name: str
    label: str
    why: str
    kept: str
    until: str
    is_due: bool
    value: str  # of the date field
    suggested: str
    fault: str


@dataclass(frozen=True, slots=True)
class TakenBackLine:
    """A return that was taken back after files had left."""

    what: str
    when: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoundPrivacyPage:
    """templates/desk/privacy/round.html."""

    frame: Frame
    head: RoundHead
    notice: Notice | None
    faults: tuple[SummaryFault, ...]
    kinds: tuple[KeptKind, ...]
    promises: tuple[tuple[str, str], ...]  # what the notices of the round say
    is_closed: bool
    dry_run: str
    can_purge: bool
    taken_back: tuple[TakenBackLine, ...]
    purges: tuple[tuple[str, str, str], ...]
    edition: str
    csrf_token: str
    action: str
    purge_action: str


@dataclass(frozen=True, slots=True)
class RoundLine:
    """A round in the overview: each kind with its number and date."""

    link: Link
    state: str
    kinds: tuple[KeptKind, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A company, or an address, about which everything can be asked for."""

    name: str
    value: str  # which kind, and which of it
    is_chosen: bool
    is_address: bool = False


@dataclass(frozen=True, slots=True)
class PrivacyPage:
    """templates/desk/privacy/privacy.html."""

    frame: Frame
    notice: Notice | None
    faults: tuple[SummaryFault, ...]
    rounds: tuple[RoundLine, ...]
    undated: tuple[tuple[str, str], ...]
    purges: tuple[tuple[str, str, str], ...]
    words: str
    is_searched: bool
    subjects: tuple[Subject, ...]
    subject_fault: str
    reason: str
    reason_fault: str
    csrf_token: str
    action: str
    access_action: str
