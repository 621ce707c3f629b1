"""The figures of a briefing: the released tables of a round and of the one before, and how the field stood."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.issue_questions import IssuesNotAsked
from surveyapp.analysis.issues import IssueRanking, rank_issues
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.released_changes import ReleasedChange, compare_released
from surveyapp.analysis.released_methods import ReleasedMethods, release_methods
from surveyapp.analysis.trends import match_codes
from surveyapp.fieldwork.rounds import Round, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.database import Connection
from surveyapp.reports.ministry_table import ACTIONABLE

AUDIENCE = Audience.MINISTRY
ISSUES_ON_PAPER = 8  # leading issues; with every area of the taxonomy and the longest names they fit on one A4
AREAS_ON_PAPER = 10
Release = Callable[[Round, IssueRanking], ReleasedIssueTable]


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a table is compared with: a released table, what it is called, and the changes since by code."""

    title: Text
    table: ReleasedIssueTable
    changes: Mapping[str, ReleasedChange]


@dataclass(frozen=True, slots=True)
class BriefingFigures:
    """All that a briefing shows."""

    survey_round: Round
    questionnaire: Questionnaire
    table: ReleasedIssueTable
    methods: ReleasedMethods
    earlier: Earlier | None

    @property
    def areas(self) -> tuple[ReleasedIssueRow, ...]:
        """Areas that can be raised with the other government."""
        return tuple(row for row in self.table.areas if row.bilateral in ACTIONABLE)

    @property
    def issues(self) -> tuple[ReleasedIssueRow, ...]:
        """Issues that can be raised, were named by somebody and may be shown."""
        leaves = (row for row in self.table.leaves if row.bilateral in ACTIONABLE)
        return tuple(row for row in leaves if row.share.hidden is None and row.share.count)

    @property
    def leading_issues(self) -> tuple[ReleasedIssueRow, ...]:
        return self.issues[:ISSUES_ON_PAPER]

    def find_change(self, code: str) -> ReleasedChange | None:
        return None if self.earlier is None else self.earlier.changes.get(code)


def gather_briefing(
    connection: Connection,
    index: AnswerIndex,
    survey_round: Round,
    before: Round | None,
    *,
    release: Release,
) -> BriefingFigures:
    """The figures of a round, compared with `before`. A constant number of statements. Raises IssuesNotAsked.

    `release` makes the table of a round as it leaves, or as it would (`analysis.ministry_release`).

    Each round is released under its own thresholds, as on its own page. An earlier round that asked for no issues is
    no round to compare with.
    """
    questionnaire = load_questionnaire_of(connection, survey_round)
    table = release(survey_round, _rank(index, questionnaire, survey_round))
    earlier: Earlier | None = None
    if before is not None:
        with suppress(IssuesNotAsked):
            questionnaire_before = load_questionnaire_of(connection, before)
            table_before = release(before, _rank(index, questionnaire_before, before))
            changes = compare_released(table, table_before, match_codes(questionnaire, questionnaire_before))
            earlier = Earlier(before.title, table_before, changes)
    return BriefingFigures(
        survey_round=survey_round,
        questionnaire=questionnaire,
        table=table,
        methods=release_methods(connection, survey_round, len(index.of_round(survey_round.round_id)), AUDIENCE),
        earlier=earlier,
    )


def _rank(index: AnswerIndex, questionnaire: Questionnaire, survey_round: Round) -> IssueRanking:
    mask = build_mask(index, questionnaire, survey_round.round_id)
    return rank_issues(index, questionnaire, load_taxonomy(), mask)
