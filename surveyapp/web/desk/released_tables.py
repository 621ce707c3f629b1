"""The tables that are released, asked for as their audience may see them now."""

from __future__ import annotations

from collections.abc import Sequence

from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    ReleasedAreaCross,
    ReleasedIssueTable,
    ReleasedQuestion,
    ReleasedReadiness,
    Told,
    release_area_cross,
    release_question,
    release_readiness,
)
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.ministry_release import ask_for_issue_table
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.release_memory import Memory, Shown
from surveyapp.analysis.segments import SegmentQuestion, cross_areas
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Question
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.web.desk.selection import Selection

# What is asked of the whole round and betrays no company: stage, contact with the authority, wishes.
FIXED_QUESTIONS = ("jp_stage", "pmda_contact", "rank_topics", "edu_topics", "support_needs")


def ask_for_issues(selection: Selection, audience: Audience, memory: Memory) -> Shown[ReleasedIssueTable]:
    ranking = rank_issues(selection.index, selection.questionnaire, load_taxonomy(), selection.mask)
    return ask_for_issue_table(memory, selection.round, ranking, audience)


def ask_for_segments(
    selection: Selection, audience: Audience, memory: Memory, by: SegmentQuestion, beside: Sequence[Told]
) -> Shown[ReleasedAreaCross]:
    cross = cross_areas(selection.index, selection.questionnaire, selection.mask, by)
    thresholds = selection.round.thresholds
    return memory.release(
        f"segments:{by}",
        ReleasedAreaCross,
        lambda before: release_area_cross(cross, audience, thresholds, beside=beside, before=before),
    )


def ask_for_readiness(selection: Selection, audience: Audience, memory: Memory) -> Shown[ReleasedReadiness]:
    profile = profile_readiness(selection.index, selection.questionnaire, selection.mask)
    thresholds = selection.round.thresholds
    return memory.release(
        "readiness",
        ReleasedReadiness,
        lambda before: release_readiness(profile, audience, thresholds, before=before),
    )


def ask_for_question(
    selection: Selection, audience: Audience, memory: Memory, question: Question
) -> Shown[ReleasedQuestion]:
    counts = count_question(selection.index, question, selection.mask)
    thresholds = selection.round.thresholds
    return memory.release(
        f"question:{question.name}",
        ReleasedQuestion,
        lambda before: release_question(counts, audience, thresholds, before=before),
    )


def list_fixed_questions(selection: Selection) -> tuple[Question, ...]:
    """Those of the fixed questions that the round asks."""
    by_name = selection.questionnaire.by_name
    return tuple(by_name[name] for name in FIXED_QUESTIONS if name in by_name)
