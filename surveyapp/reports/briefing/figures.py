"""The figures of a briefing: the released table of a round, an earlier one that it is compared with, and how the field
stood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import ReleasedIssueRow, ReleasedIssueTable
from surveyapp.analysis.field_release import collect_field
from surveyapp.analysis.issue_questions import IssuesNotAsked
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.ministry_release import MinistryDesk, TakenTable, list_taken_tables, load_taken_table
from surveyapp.analysis.released_changes import ReleasedChange, compare_released
from surveyapp.analysis.released_methods import ReleasedMethods
from surveyapp.analysis.trends import match_codes
from surveyapp.fieldwork.rounds import Round, list_rounds_before, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.database import Connection
from surveyapp.reports.ministry_table import ACTIONABLE

AUDIENCE = Audience.MINISTRY
ISSUES_ON_PAPER = 8  # leading issues; with every area of the taxonomy and the longest names they fit on one A4
AREAS_ON_PAPER = 10


class TakenTableUnknown(LookupError):
    """The ministry was given no such table of this round or of one before it; `args` hold the key as given."""


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a table is compared with: a released table, the title of its round, and the changes since by code.

    `released_at` is when the ministry was given it; None where it is the table of a round as it would be given now.
    """

    title: Text
    released_at: datetime | None
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


def find_earlier(
    connection: Connection, survey_round: Round, rounds: Sequence[Round], since: str = ""
) -> Round | TakenTable | None:
    """What a briefing is compared with: the table whose key is `since`, else the round before, where there is one.

    Raises TakenTableUnknown.
    """
    if since:
        for taken in list_taken_tables(connection, survey_round, rounds):
            if taken.key == since:
                return taken
        raise TakenTableUnknown(since)
    before = list_rounds_before(survey_round, rounds)
    return before[-1] if before else None


def gather_briefing(
    connection: Connection,
    index: AnswerIndex,
    survey_round: Round,
    earlier: Round | TakenTable | None,
    *,
    ministry: MinistryDesk,
) -> BriefingFigures:
    """The figures of a round, compared with `earlier`. A constant number of statements. Raises IssuesNotAsked.

    Each round is released under its own thresholds, as on its own page. An earlier round that asked for no issues is
    no round to compare with.
    """
    questionnaire = load_questionnaire_of(connection, survey_round)
    sets = collect_field(connection, survey_round, index.of_round(survey_round.round_id))
    ranking = _rank(index, questionnaire, survey_round)
    table, methods = ministry.give_with_methods(survey_round, ranking, sets)
    compared: Earlier | None = None
    if earlier is not None:
        with suppress(IssuesNotAsked):
            compared = _compare(connection, index, questionnaire, table, earlier, ministry)
    return BriefingFigures(
        survey_round=survey_round,
        questionnaire=questionnaire,
        table=table,
        methods=methods,
        earlier=compared,
    )


def _compare(
    connection: Connection,
    index: AnswerIndex,
    questionnaire: Questionnaire,
    table: ReleasedIssueTable,
    earlier: Round | TakenTable,
    ministry: MinistryDesk,
) -> Earlier:
    if isinstance(earlier, TakenTable):
        round_before, released_at = earlier.survey_round, earlier.released_at
        asked_before = load_questionnaire_of(connection, round_before)
        table_before = load_taken_table(connection, earlier)
    else:
        round_before, released_at = earlier, None
        asked_before = load_questionnaire_of(connection, round_before)
        table_before = ministry.give_issues(round_before, _rank(index, asked_before, round_before))
    changes = compare_released(table, table_before, match_codes(questionnaire, asked_before))
    return Earlier(round_before.title, released_at, table_before, changes)


def _rank(index: AnswerIndex, questionnaire: Questionnaire, survey_round: Round) -> IssueRanking:
    mask = build_mask(index, questionnaire, survey_round.round_id)
    return rank_issues(index, questionnaire, load_taxonomy(), mask)
