"""What the templates of a round's own pages show: one frozen dataclass a template, and the parts of it."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.questionnaire.model import Language
from surveyapp.reports.cards import Fact
from surveyapp.web.desk.pages import AuditLine, FilterOption, RoundHead
from surveyapp.web.frame import Frame, Link, Notice, SummaryFault
from surveyapp.web.respondent.notice_text import NoticePart


@dataclass(frozen=True, slots=True)
class TypedField:
    """One field with what stands in it and what is wrong with that; `sample` shows what is meant."""

    name: str
    label: str
    value: str
    fault: str = ""
    sample: str = ""
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class LanguageRow:
    """One text in three languages side by side; `places` are where it appears to a company."""

    name: str
    title: str
    explanation: str
    places: tuple[str, ...]
    fields: tuple[TypedField, ...]
    is_long: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What two people wrote into one field."""

    field: str
    saved: str
    typed: str


@dataclass(frozen=True, slots=True)
class PlanForm:
    """Everything of a round in preparation. `source` is the round that texts and thresholds were taken from."""

    action: str
    csrf_token: str
    edition: str
    source: str
    title: LanguageRow
    slug: TypedField
    address: str  # what stands before the slug in the round's address
    opens: TypedField
    closes: TypedField
    kinds: tuple[FilterOption, ...]
    versions: tuple[FilterOption, ...]
    links: tuple[FilterOption, ...]
    texts: tuple[LanguageRow, ...]
    button: str
    faults: tuple[SummaryFault, ...]

    def find_fault(self, name: str) -> str:
        """What is wrong with one of the choices."""
        return next((fault.text for fault in self.faults if fault.name == name), "")


@dataclass(frozen=True, slots=True)
class NewRoundPage:
    """templates/desk/rounds/new.html"""

    frame: Frame
    form: PlanForm
    sources: tuple[FilterOption, ...]
    faults: tuple[SummaryFault, ...]
    notice: Notice | None


@dataclass(frozen=True, slots=True)
class NoticeColumn:
    """A notice as companies read it in one language."""

    language: Language
    name: str
    title: str
    parts: tuple[NoticePart, ...]


@dataclass(frozen=True, slots=True)
class NoticePreview:
    """One text of the questionnaire that holds words of the operator, in three languages."""

    place: str
    columns: tuple[NoticeColumn, ...]


@dataclass(frozen=True, slots=True)
class ThresholdRow:
    """One audience with its numbers, and the least that each may be."""

    audience: str
    fields: tuple[TypedField, ...]
    least: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThresholdForm:
    columns: tuple[Fact, ...]  # heading, and what it means
    rows: tuple[ThresholdRow, ...]


@dataclass(frozen=True, slots=True)
class Deed:
    """A form of one button: what it does to the round, and what is to be typed for it."""

    name: str
    title: str
    explanation: str
    action: str
    button: str
    fields: tuple[TypedField, ...] = ()
    reason: TypedField | None = None
    hidden: tuple[tuple[str, str], ...] = ()
    is_grave: bool = False
    is_main: bool = False


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """templates/desk/rounds/settings.html; `form` is None once the round was scheduled, `facts` stand in its place."""

    frame: Frame
    head: RoundHead
    csrf_token: str
    edition: str
    faults: tuple[SummaryFault, ...]
    notice: Notice | None
    differences: tuple[Difference, ...]
    discard_url: str
    state: str
    obstacles: tuple[SummaryFault, ...]
    deeds: tuple[Deed, ...]
    form: PlanForm | None
    facts: tuple[Fact, ...]
    previews: tuple[NoticePreview, ...]
    thresholds: ThresholdForm
    thresholds_action: str
    danger: tuple[Deed, ...]
    timeline: tuple[AuditLine, ...]
    contents: tuple[Link, ...]
