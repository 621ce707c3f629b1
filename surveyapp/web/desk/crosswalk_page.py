"""Issues beside trade measures and procedural obstacles, to be reviewed before a table cites them."""

from __future__ import annotations

from dataclasses import dataclass

from flask import render_template

from surveyapp.questionnaire.crosswalk import load_crosswalk
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.reports.crosswalk_report import tabulate_crosswalk
from surveyapp.reports.tables import Table
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.surroundings import build_desk_frame, find_words
from surveyapp.web.frame import Frame


@dataclass(frozen=True, slots=True)
class CrosswalkPage:
    """templates/desk/crosswalk.html"""

    frame: Frame
    table: Table


@allow(ANALYST)
def show_crosswalk() -> str:
    table = tabulate_crosswalk(find_words(), load_crosswalk(), load_taxonomy())
    return render_template("desk/crosswalk.html", page=CrosswalkPage(build_desk_frame(), table))
