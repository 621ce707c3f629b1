"""What was typed into the forms about a round, read once: values where they can be read, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flask_babel import gettext as _

from surveyapp.fieldwork.rounds import Round, RoundKind, RoundPlan
from surveyapp.fieldwork.thresholds import (
    LEAST_THRESHOLDS,
    MOST_THRESHOLD,
    THRESHOLD_NAMES,
    Audience,
    AudienceThresholds,
    Thresholds,
)
from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.web.frame import SummaryFault
from surveyapp.web.locale import ZONE

KINDS: tuple[RoundKind, ...] = ("real", "trial")
OPEN_LINK, INVITED_ONLY = "open", "invited"
MOST_TITLE = 200
MOST_WORDS = 2000
_YEARS = range(2000, 2100)  # Seoul has had no summer time in them


@dataclass
class Typed:
    """The raw values of a form by name, and the faults found while they were read."""

    values: Mapping[str, str]
    faults: list[SummaryFault] = field(default_factory=list)

    def refuse(self, name: str, text: str) -> None:
        self.faults.append(SummaryFault(text, f"#{name}", name=name))

    def find_fault(self, name: str) -> str:
        return next((fault.text for fault in self.faults if fault.name == name), "")

    def read(self, name: str) -> str:
        return self.values.get(name, "")


def write_plan(plan: RoundPlan) -> dict[str, str]:
    """The plan as its form holds it."""
    values = {
        "slug": plan.slug,
        "kind": plan.kind,
        "version": plan.questionnaire_version,
        "open_link": OPEN_LINK if plan.open_link else INVITED_ONLY,
        "opens_at": write_local(plan.opens_at),
        "closes_at": write_local(plan.closes_at),
    }
    for name, text in {"title": plan.title, **plan.operator_texts}.items():
        for language in LANGUAGES:
            values[name_field(name, language)] = text.in_language(language)
    return values


def name_field(name: str, language: str) -> str:
    return f"text_{name}_{language}"


def read_plan(typed: Typed, placeholders: tuple[str, ...]) -> RoundPlan | None:
    """The plan that was typed; None where something cannot be read, which `typed` then says."""
    slug = typed.read("slug").strip()
    if not slug:
        typed.refuse("slug", _("Enter a short name for the address, such as 2027-spring."))
    opens_at = read_moment(typed, "opens_at", _("Enter when the round opens, as year-month-day and time."))
    closes_at = read_moment(typed, "closes_at", _("Enter when the round closes, as year-month-day and time."))
    if opens_at is not None and closes_at is not None and closes_at <= opens_at:
        typed.refuse("closes_at", _("The round would close before it opens. Enter a later time."))
    title = _read_text(typed, "title", MOST_TITLE)
    texts = {name: _read_text(typed, name, MOST_WORDS) for name in placeholders}
    kind = next((each for each in KINDS if each == typed.read("kind")), None)
    if kind is None:
        typed.refuse("kind", _("Choose whether this is a real round or a trial."))
    link = typed.read("open_link")
    if link not in (OPEN_LINK, INVITED_ONLY):
        typed.refuse("open_link", _("Choose who may take part."))
    if typed.faults or opens_at is None or closes_at is None or kind is None:
        return None
    return RoundPlan(
        slug=slug,
        kind=kind,
        questionnaire_version=typed.read("version"),
        title=title,
        operator_texts=texts,
        opens_at=opens_at,
        closes_at=closes_at,
        open_link=link == OPEN_LINK,
    )


def read_moment(typed: Typed, name: str, words: str) -> datetime | None:
    """A date and time of day in Seoul; None where it cannot be read, which `typed` then says."""
    try:
        moment = datetime.fromisoformat(typed.read(name).strip())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is not None or moment.year not in _YEARS:
        typed.refuse(name, words)
        return None
    return moment.replace(tzinfo=ZONE)


def write_local(moment: datetime) -> str:
    """A moment as a field for date and time holds it: in Seoul, to the minute, or to the second where it has any."""
    local = moment.astimezone(ZONE)
    return local.strftime("%Y-%m-%dT%H:%M:%S" if local.second else "%Y-%m-%dT%H:%M")


def write_threshold_fields(thresholds: AudienceThresholds) -> dict[str, str]:
    return {
        name_threshold(audience, name): str(getattr(numbers, name))
        for audience, numbers in thresholds.items()
        for name in THRESHOLD_NAMES
    }


def name_threshold(audience: Audience, name: str) -> str:
    return f"{audience.value}_{name}"


def read_thresholds_typed(typed: Typed) -> AudienceThresholds | None:
    """The thresholds that were typed; None where one is no number or too low, which `typed` then says."""
    read: dict[Audience, Thresholds] = {}
    for audience, least in LEAST_THRESHOLDS.items():
        numbers = {name: _read_threshold(typed, audience, name, getattr(least, name)) for name in THRESHOLD_NAMES}
        read[audience] = Thresholds(**numbers)
    return None if typed.faults else read


def _read_threshold(typed: Typed, audience: Audience, name: str, least: int) -> int:
    field_name = name_threshold(audience, name)
    text = typed.read(field_name).strip()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 5 else -1
    if not least <= number <= MOST_THRESHOLD:
        typed.refuse(
            field_name,
            _("Enter a whole number from %(least)s to %(most)s.", least=least, most=MOST_THRESHOLD),
        )
    return number


def _read_text(typed: Typed, name: str, most: int) -> Text:
    words = {}
    for language in LANGUAGES:
        field_name = name_field(name, language)
        words[language] = typed.read(field_name).replace("\r\n", "\n").strip()
        if len(words[language]) > most:
            typed.refuse(field_name, _("Shorten this to at most %(num)s characters.", num=most))
    return Text(**words)


def list_differences(mine: Mapping[str, str], saved: Round) -> list[str]:
    """Names of the fields in which what was typed is not what is saved now."""
    theirs = write_plan(RoundPlan.of_round(saved))
    return [name for name, value in theirs.items() if mine.get(name, "").replace("\r\n", "\n").strip() != value.strip()]
