"""Areas against segments of companies: the heat map."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pyroaring import FrozenBitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_questions import NO_JAPAN_PLAN, find_issue_questions
from surveyapp.analysis.issue_returns import CONCERNED, FEW_CASES, find_area, find_base, find_group
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.questionnaire.model import Questionnaire, Text

SegmentQuestion = Literal["company_type", "company_size", "product_categories", "jp_stage", "jp_routes"]
SEGMENT_QUESTIONS: tuple[SegmentQuestion, ...] = (
    "company_type",
    "company_size",
    "product_categories",
    "jp_stage",
    "jp_routes",
)


@dataclass(frozen=True, slots=True)
class Segment:
    """Companies that gave one answer; `base` of them count (Japan interest, areas answered)."""

    choice: str
    label: Text
    base: int
    numbers: FrozenBitMap = field(repr=False, compare=False)  # who they are; for disclosure control


@dataclass(frozen=True, slots=True)
class AreaSegments:
    """One area across the segments: `cells` in the order of the segments, empty where the area has few cases."""

    code: str
    name: Text
    total: Share
    few_cases: bool  # n below 5: not broken down
    cells: tuple[Share, ...]
    # For disclosure control: who ticked it, whom it can concern as far as the returns tell, and whom it cannot.
    ticked: FrozenBitMap = field(repr=False, compare=False)
    possible: FrozenBitMap = field(repr=False, compare=False)
    impossible: FrozenBitMap = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class AreaCross:
    """P of every area in every segment. Segments of a multiple-choice question overlap."""

    by_question: SegmentQuestion
    label: Text
    origin: Origin
    base: int
    segments: tuple[Segment, ...]
    rows: tuple[AreaSegments, ...]  # in the questionnaire's order


def cross_areas(
    index: AnswerIndex, questionnaire: Questionnaire, mask: Mask, by_question: SegmentQuestion
) -> AreaCross:
    """P of every area in every segment, with its base. Raises IssuesNotAsked."""
    questions = find_issue_questions(questionnaire)
    segment_question = questionnaire.by_name[by_question]
    base = find_base(index, mask)
    # A company without plans for Japan is in no base, so its stage would only be an empty column.
    choices = [choice for choice in segment_question.choices if choice.name != NO_JAPAN_PLAN]
    groups = [index.chosen(by_question, choice.name) & base for choice in choices]
    rows = []
    for block in questions.blocks:
        ticked = find_area(index, block, base)
        few_cases = len(ticked.numbers) < FEW_CASES
        cells = () if few_cases else tuple(ticked.within(group) for group in groups)
        possible = base
        if block.area in CONCERNED:
            _, question, answers = CONCERNED[block.area]
            group = find_group(index, question, answers, base)
            possible = base if ticked.numbers - group else group
        rows.append(
            AreaSegments(
                code=block.area,
                name=block.name,
                total=ticked.share,
                few_cases=few_cases,
                cells=cells,
                ticked=FrozenBitMap(ticked.numbers),
                possible=FrozenBitMap(possible),
                impossible=FrozenBitMap(base - possible),
            )
        )
    return AreaCross(
        by_question=by_question,
        label=segment_question.label,
        origin=mask.origin,
        base=len(base),
        segments=tuple(
            Segment(choice.name, choice.label, len(group), FrozenBitMap(group))
            for choice, group in zip(choices, groups, strict=True)
        ),
        rows=tuple(rows),
    )
