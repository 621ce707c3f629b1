"""What the templates of the field show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.web.desk.pages import RoundHead, ShownCard
from surveyapp.web.frame import Frame, Link


@dataclass(frozen=True, slots=True)
class ProgressPage:
    """templates/desk/field/progress.html; `audience` is blank where every count may be seen."""

    frame: Frame
    head: RoundHead
    audience: str
    methods: str
    cards: tuple[ShownCard, ...]
    contents: tuple[Link, ...]
