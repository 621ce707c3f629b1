"""The table of issues as it leaves for the ministry, remembered like every release."""

from __future__ import annotations

from datetime import datetime

from surveyapp.analysis.disclosure import ReleasedIssueTable, release_issue_table
from surveyapp.analysis.issues import IssueRanking
from surveyapp.analysis.release_memory import Memory, Shown, preview_tables, release_tables
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.records.database import Database

ISSUES = "issues"  # the table's name in the memory: whichever page or file shows it


def ask_for_issue_table(
    memory: Memory, survey_round: Round, ranking: IssueRanking, audience: Audience = Audience.MINISTRY
) -> Shown[ReleasedIssueTable]:
    """The table as an audience may see it now; it has one name in the memory, whoever asks."""
    return memory.release(
        ISSUES,
        ReleasedIssueTable,
        lambda before: release_issue_table(ranking, audience, survey_round.thresholds, before=before),
    )


def preview_ministry_table(database: Database, survey_round: Round, ranking: IssueRanking) -> ReleasedIssueTable:
    """The table as it would leave now, without anything leaving."""
    return preview_tables(
        database, survey_round, Audience.MINISTRY, lambda memory: ask_for_issue_table(memory, survey_round, ranking)
    ).table


def release_ministry_table(
    database: Database, survey_round: Round, ranking: IssueRanking, *, actor: str, now: datetime
) -> ReleasedIssueTable:
    """The table as it leaves now; where it is new it is remembered."""
    return release_tables(
        database,
        survey_round,
        Audience.MINISTRY,
        lambda memory: ask_for_issue_table(memory, survey_round, ranking),
        actor=actor,
        now=now,
    ).table
