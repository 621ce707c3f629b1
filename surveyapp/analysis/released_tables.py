"""The tables that are released of a round, asked for as their audience may see them now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    FieldSets,
    ReleasedAreaCross,
    ReleasedField,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    Told,
    bind_issues,
    release_area_cross,
    release_question,
    release_readiness,
)
from surveyapp.analysis.field_release import ask_for_field
from surveyapp.analysis.issue_rows import IssueRanking
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import Mask
from surveyapp.analysis.ministry_release import ask_for_issue_table
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.release_memory import Memory, Shown
from surveyapp.analysis.segments import SegmentQuestion, cross_areas
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Question, Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy

# What is asked of the whole round and betrays no company: stage, contact with the authority, wishes.
FIXED_QUESTIONS = ("jp_stage", "pmda_contact", "rank_topics", "edu_topics", "support_needs")
FIXED_SEGMENTS: SegmentQuestion = "jp_stage"

RELEASE_TABLES = "tables.release"  # the kind of the job that works them out where a page has not the time


@dataclass(frozen=True, slots=True)
class Counted:
    """What tables are made of: a round with its questionnaire, the index, and all of its returns that are counted."""

    round: Round
    questionnaire: Questionnaire
    index: AnswerIndex
    mask: Mask

    def rank(self) -> IssueRanking:
        """The ranking, which the index remembers of whole rounds. Raises IssuesNotAsked."""
        return rank_issues(self.index, self.questionnaire, load_taxonomy(), self.mask)

    @property
    def numbers(self) -> BitMap:
        return self.mask.numbers


@dataclass(frozen=True, slots=True)
class FixedTables:
    """What viewers see of a round."""

    issues: Shown[ReleasedIssueTable]
    segments: Shown[ReleasedAreaCross]
    readiness: Shown[ReleasedReadiness]
    questions: tuple[tuple[Question, Shown[ReleasedQuestion]], ...]
    field: Shown[ReleasedField]

    @property
    def is_released(self) -> bool:
        """Whether any of the figures was released as it is shown."""
        since = [self.issues.since, self.segments.since, self.readiness.since]
        return any(each is not None for each in (*since, *(shown.since for _question, shown in self.questions)))

    @property
    def is_unproven(self) -> bool:
        """Whether the time was too short to show of some figure that it is safe."""
        tables = (self.issues, self.segments, self.readiness, self.field)
        return any(shown.is_unproven for shown in tables) or any(shown.is_unproven for _, shown in self.questions)


def ask_for_fixed_tables(counted: Counted, sets: FieldSets, audience: Audience, memory: Memory) -> FixedTables:
    issues = ask_for_issues(counted, audience, memory)
    return FixedTables(
        issues=issues,
        segments=ask_for_segments(counted, audience, memory, FIXED_SEGMENTS, issues.table.told),
        readiness=ask_for_readiness(counted, audience, memory),
        questions=tuple(
            (question, ask_for_question(counted, audience, memory, question))
            for question in list_fixed_questions(counted.questionnaire)
        ),
        field=ask_for_field(memory, counted.round, sets, audience),
    )


def ask_for_issues(counted: Counted, audience: Audience, memory: Memory) -> Shown[ReleasedIssueTable]:
    return ask_for_issue_table(memory, counted.round, counted.rank(), audience)


def ask_for_segments(
    counted: Counted, audience: Audience, memory: Memory, by: SegmentQuestion, beside: Sequence[Told]
) -> Shown[ReleasedAreaCross]:
    cross = cross_areas(counted.index, counted.questionnaire, counted.mask, by)
    # Other groups are looked at by staff alone; some overlap, and all areas at once would take too long.
    links = bind_issues(counted.rank()) if by == FIXED_SEGMENTS else ()
    thresholds = counted.round.thresholds
    return memory.release(
        f"segments:{by}",
        ReleasedAreaCross,
        lambda before: release_area_cross(cross, audience, thresholds, beside=beside, links=links, before=before),
    )


def ask_for_readiness(counted: Counted, audience: Audience, memory: Memory) -> Shown[ReleasedReadiness]:
    profile = profile_readiness(counted.index, counted.questionnaire, counted.mask)
    thresholds = counted.round.thresholds
    return memory.release(
        "readiness",
        ReleasedReadiness,
        lambda before: release_readiness(profile, audience, thresholds, before=before),
    )


def ask_for_question(
    counted: Counted, audience: Audience, memory: Memory, question: Question
) -> Shown[ReleasedQuestion]:
    counts = count_question(counted.index, question, counted.mask)
    thresholds = counted.round.thresholds
    return memory.release(
        f"question:{question.name}",
        ReleasedQuestion,
        lambda before: release_question(counts, audience, thresholds, before=before),
    )


def list_fixed_questions(questionnaire: Questionnaire) -> tuple[Question, ...]:
    """Those of the fixed questions that the round asks."""
    return tuple(questionnaire.by_name[name] for name in FIXED_QUESTIONS if name in questionnaire.by_name)
