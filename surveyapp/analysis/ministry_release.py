"""The table of issues as it leaves for the ministry, remembered like every release, and as it once left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from surveyapp.analysis.disclosure import FieldSets, ReleasedIssueTable, read_released, release_issue_table
from surveyapp.analysis.field_release import ask_for_field
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.release_memory import Memory, Shown, preview_tables, release_tables
from surveyapp.analysis.released_methods import ReleasedMethods, find_methods
from surveyapp.fieldwork.rounds import Round, list_rounds_before
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.records.database import Connection, Database
from surveyapp.records.releases import list_table_releases, load_release

Result = TypeVar("Result")

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


@dataclass(frozen=True, slots=True)
class MinistryDesk:
    """Where tables leave for the ministry and are remembered. Without `actor` none does: they are as they would be."""

    database: Database
    now: datetime
    actor: str | None = None

    def give_issues(self, survey_round: Round, ranking: IssueRanking) -> ReleasedIssueTable:
        return self._give(survey_round, lambda memory: ask_for_issue_table(memory, survey_round, ranking)).table

    def give_with_methods(
        self, survey_round: Round, ranking: IssueRanking, sets: FieldSets
    ) -> tuple[ReleasedIssueTable, ReleasedMethods]:
        """The table with what the methods sentence says, in one release."""
        table, field = self._give(
            survey_round,
            lambda memory: (
                ask_for_issue_table(memory, survey_round, ranking),
                ask_for_field(memory, survey_round, sets),
            ),
        )
        return table.table, find_methods(field)

    def _give(self, survey_round: Round, ask: Callable[[Memory], Result]) -> Result:
        if self.actor is None:
            return preview_tables(self.database, survey_round, Audience.MINISTRY, ask)
        return release_tables(self.database, survey_round, Audience.MINISTRY, ask, actor=self.actor, now=self.now)


@dataclass(frozen=True, slots=True)
class TakenTable:
    """A table of issues that the ministry was given, and may have taken to a meeting."""

    survey_round: Round
    number: int  # of the release in its round
    released_at: datetime

    @property
    def key(self) -> str:
        """How an address names it."""
        return f"{self.survey_round.slug}:{self.number}"


def list_taken_tables(connection: Connection, survey_round: Round, rounds: Sequence[Round]) -> tuple[TakenTable, ...]:
    """What the ministry was given of this round and of those before it that are of its kind, newest first."""
    of_kind = {each.round_id: each for each in (*list_rounds_before(survey_round, rounds), survey_round)}
    stamps = list_table_releases(connection, survey_round.survey_id, audience=Audience.MINISTRY, definition=ISSUES)
    return tuple(
        TakenTable(of_kind[stamp.round_id], stamp.number, stamp.released_at)
        for stamp in stamps
        if stamp.round_id in of_kind
    )


def load_taken_table(connection: Connection, taken: TakenTable) -> ReleasedIssueTable:
    """The table as it was given. Raises StoredReleaseFaulty."""
    of_round = taken.survey_round
    found = load_release(connection, of_round.survey_id, of_round.round_id, taken.number)
    return read_released(ReleasedIssueTable, found.content)
