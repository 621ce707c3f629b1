"""What a briefing is compared with, as the address says."""

from __future__ import annotations

from collections.abc import Sequence

from flask import request

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.analysis.ministry_release import TakenTable
from surveyapp.fieldwork.rounds import Round
from surveyapp.records.database import Connection
from surveyapp.reports.briefing.figures import TakenTableUnknown, find_earlier

SINCE = "since"


def find_wanted(connection: Connection, survey_round: Round, rounds: Sequence[Round]) -> Round | TakenTable | None:
    """The round before, or the table that the address names. Raises FilterUnknown."""
    since = request.args.get(SINCE, "")
    try:
        return find_earlier(connection, survey_round, rounds, since)
    except TakenTableUnknown as fault:
        raise FilterUnknown(SINCE, since) from fault
