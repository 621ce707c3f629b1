"""A round: one fieldwork period of a survey, and what can be wrong with one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Literal

from surveyapp.fieldwork.thresholds import LEAST_THRESHOLDS, AudienceThresholds, ThresholdFault, write_thresholds
from surveyapp.questionnaire.model import LANGUAGES, Language, Text

RoundKind = Literal["real", "trial", "sample"]
RoundState = Literal["in_preparation", "not_yet_open", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Round:
    """One fieldwork period. `operator_texts` fill the placeholders of the questionnaire's texts."""

    survey_id: str
    round_id: int
    slug: str
    kind: RoundKind
    questionnaire_version: str
    title: Text
    operator_texts: Mapping[str, Text]
    opens_at: datetime
    closes_at: datetime
    open_link: bool
    counts_companies: bool  # returns of one company count as one
    scheduled_at: datetime | None  # when staff said that it opens at its time; None while it is in preparation
    thresholds: AudienceThresholds = field(default_factory=lambda: LEAST_THRESHOLDS)
    retention: Mapping[str, date] = field(default_factory=dict)  # kind of data -> the day after which it is erased
    questionnaire_digest: str = field(default="", repr=False)

    def state(self, now: datetime) -> RoundState:
        """Open from `opens_at` until just before `closes_at`, once it was scheduled."""
        if self.scheduled_at is None:
            return "in_preparation"
        if now < self.opens_at:
            return "not_yet_open"
        return "open" if now < self.closes_at else "closed"

    def check_open(self, now: datetime) -> None:
        """Raises `RoundUnknown` for a round in preparation, `RoundNotOpen` before and `RoundClosed` after the round."""
        match self.state(now):
            case "in_preparation":
                raise RoundUnknown(self.slug)
            case "not_yet_open":
                raise RoundNotOpen(self)
            case "closed":
                raise RoundClosed(self)

    @property
    def edition(self) -> str:
        """A digest of all that can be changed: a form that was made of another edition is out of date."""
        contents = {
            "slug": self.slug,
            "kind": self.kind,
            "version": self.questionnaire_version,
            "title": write_text(self.title),
            "texts": {name: write_text(text) for name, text in self.operator_texts.items()},
            "times": [moment and moment.timestamp() for moment in (self.opens_at, self.closes_at, self.scheduled_at)],
            "open_link": self.open_link,
            "thresholds": write_thresholds(self.thresholds),
            "retention": {kind: day.isoformat() for kind, day in self.retention.items()},
        }
        return sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:32]


def write_text(text: Text) -> dict[str, str]:
    return {language: text.in_language(language) for language in LANGUAGES}


class RoundUnknown(LookupError):
    """There is no such round."""


class RoundNotOpen(Exception):
    """The round has not begun."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} opens on {round_.opens_at.isoformat()}")
        self.round = round_
        self.opens_at = round_.opens_at


class RoundClosed(Exception):
    """The round is over: answers can be read and withdrawn, but no longer given or changed."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} closed on {round_.closes_at.isoformat()}")
        self.round = round_
        self.closes_at = round_.closes_at


class RoundFault(Exception):
    """A round cannot be opened or changed like this; the message says why in one English sentence."""


class SlugUnusable(RoundFault):
    """The slug cannot stand in an address."""


class SlugTaken(RoundFault):
    """Another round of the survey has this slug."""


class RoundDatesWrong(RoundFault):
    """The round would end before it begins, or a time has no zone."""


class RoundChanged(RoundFault):
    """Somebody else changed the round since the form was made: `round` is how it stands now."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} was changed in the meantime")
        self.round = round_


class StateWrong(RoundFault):
    """What was asked for cannot be done with a round in this state."""

    def __init__(self, round_: Round, state: RoundState, wanted: str) -> None:
        super().__init__(f"round {round_.slug} is {state.replace('_', ' ')}: {wanted}")
        self.round = round_
        self.state = state


class RoundBegun(RoundFault):
    """Companies have begun returns, so that the round cannot go back into preparation or change its questionnaire."""


class RoundFictional(RoundFault):
    """Answers of real companies must not come among the invented ones of a sample round."""

    def __init__(self, round_: Round) -> None:
        super().__init__(f"round {round_.slug} is fictional: it is not opened to companies")


class ReasonMissing(RoundFault):
    """A round is reopened with a reason, which stays in the audit trail."""


class ThresholdsWrong(RoundFault):
    """Thresholds may be stricter than the product's, never weaker."""

    def __init__(self, faults: tuple[ThresholdFault, ...]) -> None:
        named = ", ".join(f"{fault.audience} {fault.name} at least {fault.least}" for fault in faults)
        super().__init__(f"thresholds may be stricter, never weaker: {named}")
        self.faults = faults


ObstacleKind = Literal["title_missing", "text_unfilled", "text_is_sample", "opens_in_the_past", "closes_in_the_past"]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a round cannot be scheduled: for a text its placeholder, and the languages that it lacks."""

    kind: ObstacleKind
    name: str = ""
    languages: tuple[Language, ...] = ()


class RoundNotReady(RoundFault):
    """Something has to be filled in before the round may open."""

    def __init__(self, obstacles: tuple[Obstacle, ...]) -> None:
        named = ", ".join(
            " ".join((obstacle.kind.replace("_", " "), obstacle.name, *obstacle.languages)).replace("  ", " ")
            for obstacle in obstacles
        )
        super().__init__(f"the round cannot open yet: {named}")
        self.obstacles = obstacles


class PlaceholderUnfilled(RoundFault):
    """The operator's own words are missing: `names` are the placeholders without them, in the questionnaire's order."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"the operator's texts are missing in Korean, English or Japanese for: {', '.join(names)}")
        self.names = names
