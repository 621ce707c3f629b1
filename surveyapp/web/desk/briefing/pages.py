"""What the templates of the briefing show."""

from __future__ import annotations

from dataclasses import dataclass

from surveyapp.reports.briefing.paper import BriefingPaper
from surveyapp.web.desk.pages import FilterOption, RoundHead
from surveyapp.web.frame import Frame, Link


@dataclass(frozen=True, slots=True)
class BriefingPage:
    """templates/desk/briefing/page.html"""

    frame: Frame
    head: RoundHead
    paper: BriefingPaper
    search: Link  # of a figure by its code
    taken: tuple[FilterOption, ...]  # what it may be compared with
    since_name: str  # of the parameter that chooses among them
    files: tuple[Link, ...]


@dataclass(frozen=True, slots=True)
class BriefingPdf:
    """templates/desk/briefing/paper_pdf.html"""

    paper: BriefingPaper
    subject: str  # the round, for the properties of the file
