"""Where a released figure came from: found by its code, verified, and computed again from the returns as they are."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.counts import count_question
from surveyapp.analysis.disclosure import (
    ReleasedFigure,
    StoredReleaseFaulty,
    bind_issues,
    release_area_cross,
    release_issue_table,
    release_question,
    release_readiness,
)
from surveyapp.analysis.figure_codes import compute_code
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.readiness import profile_readiness
from surveyapp.analysis.release_memory import digest_content
from surveyapp.analysis.released_rows import (
    AnyReleased,
    FigureRow,
    NamedFigure,
    list_figure_rows,
    read_table,
    write_path,
)
from surveyapp.analysis.released_tables import FIXED_SEGMENTS
from surveyapp.analysis.segments import SEGMENT_QUESTIONS, cross_areas
from surveyapp.fieldwork.rounds import Round, list_rounds, load_questionnaire_of
from surveyapp.fieldwork.thresholds import Audience, Thresholds
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.releases import Release, ReturnChanges, count_changed_returns, list_releases


class FigureUnknown(LookupError):
    """No figure that was released, as far as the reader may know of it, has this code."""


@dataclass(frozen=True, slots=True)
class FoundFigure:
    """A released figure with its row and release. `is_intact`: the stored table still has the digest of its release."""

    release: Release
    table: AnyReleased
    row: FigureRow
    named: NamedFigure
    is_intact: bool


class Outcome(StrEnum):
    """What computing a figure again came to."""

    SAME = "same"
    CHANGED = "changed"  # returns came, were changed or withdrawn, and the figure is another now
    DIFFERENT = "different"  # another figure though no return changed: a fault
    NOT_COMPARABLE = "not_comparable"  # the rules would hide it now, or it was hidden for earlier releases
    GONE = "gone"  # no return is left to compute it from


@dataclass(frozen=True, slots=True)
class Recomputed:
    """`figure` is the figure as the same rules would give it now, without regard to earlier releases; for staff alone.

    None where the table has no such figure any more.
    """

    outcome: Outcome
    changes: ReturnChanges
    figure: ReleasedFigure | None


def find_figures(
    connection: Connection, survey_id: str, code: str, *, audiences: Collection[Audience]
) -> tuple[FoundFigure, ...]:
    """The figures of a code: one, but for a coincidence or where a table was released twice in the same words.

    Every code of what was released is computed; a table that can no longer be read is passed over. Raises
    FigureUnknown.
    """
    found = []
    for release in list_releases(connection, survey_id, audiences=audiences):
        try:
            table = read_table(release.definition, release.content)
        except StoredReleaseFaulty:
            continue
        for row in list_figure_rows(table):
            for named in row.figures:
                if compute_code(release.digest, write_path(release.definition, row.code, named.name)) == code:
                    is_intact = digest_content(release.content) == release.digest
                    found.append(FoundFigure(release, table, row, named, is_intact))
    if not found:
        raise FigureUnknown(code)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class TracedFigure:
    """A figure with the round it is of and what computing it again came to."""

    found: FoundFigure
    round: Round
    questionnaire: Questionnaire
    again: Recomputed


def trace_figures(
    connection: Connection, index: AnswerIndex, code: str, *, audiences: Collection[Audience]
) -> tuple[TracedFigure, ...]:
    """Every figure of a code with where it came from, newest release last. Raises FigureUnknown."""
    rounds = {each.round_id: each for each in list_rounds(connection, index.survey_id)}
    traced = []
    for found in find_figures(connection, index.survey_id, code, audiences=audiences):
        round_ = rounds[found.release.round_id]
        questionnaire = load_questionnaire_of(connection, round_)
        again = recompute_figure(connection, index, questionnaire, found)
        traced.append(TracedFigure(found, round_, questionnaire, again))
    return tuple(traced)


def recompute_figure(
    connection: Connection, index: AnswerIndex, questionnaire: Questionnaire, found: FoundFigure
) -> Recomputed:
    """The figure from the returns as they are now, under the thresholds of its release."""
    changes = count_changed_returns(connection, found.release)
    table = _rebuild_table(index, questionnaire, found.release)
    now = None if table is None else _find_again(table, found)
    return Recomputed(_judge(found, now, changes, is_empty=not index.of_round(found.release.round_id)), changes, now)


def _judge(found: FoundFigure, now: ReleasedFigure | None, changes: ReturnChanges, *, is_empty: bool) -> Outcome:
    if is_empty and changes.withdrawn:
        return Outcome.GONE
    then = found.named.figure
    if now is not None and now == then:
        return Outcome.SAME
    if now is None or now.hidden is not None or then.hidden is not None:
        return Outcome.NOT_COMPARABLE
    return Outcome.CHANGED if changes else Outcome.DIFFERENT


def _find_again(table: AnyReleased, found: FoundFigure) -> ReleasedFigure | None:
    for row in list_figure_rows(table):
        if row.code == found.row.code:
            return next((each.figure for each in row.figures if each.name == found.named.name), None)
    return None


def _rebuild_table(index: AnswerIndex, questionnaire: Questionnaire, release: Release) -> AnyReleased | None:
    """The table as it would be now; None where the round no longer asks the question it is of."""
    mask = build_mask(index, questionnaire, release.round_id)
    audience = Audience(release.audience)
    thresholds = dict.fromkeys(Audience, Thresholds(**release.policy))
    kind, _, of = release.definition.partition(":")
    if kind == "readiness":
        return release_readiness(profile_readiness(index, questionnaire, mask), audience, thresholds)
    if kind == "question":
        question = questionnaire.by_name.get(of)
        if question is None:
            return None
        return release_question(count_question(index, question, mask), audience, thresholds)
    ranking = rank_issues(index, questionnaire, load_taxonomy(), mask)
    issues = release_issue_table(ranking, audience, thresholds)
    if kind == "issues":
        return issues
    by = next(name for name in SEGMENT_QUESTIONS if name == of)
    cross = cross_areas(index, questionnaire, mask, by)
    links = bind_issues(ranking) if by == FIXED_SEGMENTS else ()
    return release_area_cross(cross, audience, thresholds, beside=issues.told, links=links)
