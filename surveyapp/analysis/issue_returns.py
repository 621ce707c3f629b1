"""Who belongs to the base of an issue and who ticked it, as bitmaps (docs/method/scoring.md, section 4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import SINGLE_LEAF, AnswerIndex
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_questions import (
    AREAS_QUESTION,
    NO_JAPAN_PLAN,
    PRODUCTS_QUESTION,
    STAGE_QUESTION,
    TOP_QUESTIONS,
    IssueBlock,
)
from surveyapp.analysis.masks import Mask

Stage = Literal["not_filed", "filed_or_market", "withdrawn"]
ConcernedGroup = Literal["device_products", "approved_or_onmarket"]

FEW_CASES = 5  # an issue named by fewer companies is marked "few cases" and not broken down

STAGES: Mapping[Stage, tuple[str, ...]] = {
    "not_filed": ("interest", "prepare"),
    "filed_or_market": ("filed", "approved", "onmarket"),
    "withdrawn": ("withdrawn",),
}
# The companies that an area can concern: by the area, the group's name, the question and its answers.
CONCERNED: Mapping[str, tuple[ConcernedGroup, str, tuple[str, ...]]] = {
    "dev": ("device_products", PRODUCTS_QUESTION, ("device", "ivd", "samd")),
    "pms": ("approved_or_onmarket", STAGE_QUESTION, ("approved", "onmarket")),
}


@dataclass(frozen=True, slots=True)
class Ticked:
    """Returns that ticked an issue, among those that can tell (`base`)."""

    numbers: BitMap
    base: BitMap

    @property
    def share(self) -> Share:
        return Share(len(self.numbers), len(self.base))

    def within(self, group: BitMap) -> Share:
        """The share inside a group of returns."""
        return Share(self.numbers.intersection_cardinality(group), self.base.intersection_cardinality(group))


def find_interested(index: AnswerIndex, mask: Mask) -> BitMap:
    """Returns of a mask with a Japan interest."""
    return (index.answered(STAGE_QUESTION) & mask.numbers) - index.chosen(STAGE_QUESTION, NO_JAPAN_PLAN)


def find_base(index: AnswerIndex, mask: Mask) -> BitMap:
    """N: returns with a Japan interest that answered the areas question, those with no difficulty included."""
    return find_interested(index, mask) & index.answered(AREAS_QUESTION)


def find_area(index: AnswerIndex, block: IssueBlock, base: BitMap) -> Ticked:
    """Returns of the base that ticked an area."""
    return Ticked(index.chosen(AREAS_QUESTION, block.area) & base, base)


def find_detailed(index: AnswerIndex, block: IssueBlock, base: BitMap) -> BitMap:
    """Returns of the base that were asked for details of an area."""
    asked = block.severity or block.leaf_question
    return BitMap() if asked is None else index.asked(asked) & base


def find_leaf_base(index: AnswerIndex, block: IssueBlock, base: BitMap) -> BitMap:
    """The base less those that ticked the area and were not asked for details: "not asked" is not "no"."""
    return base - (index.chosen(AREAS_QUESTION, block.area) - find_detailed(index, block, base))


def find_leaf(index: AnswerIndex, block: IssueBlock, leaf: str, leaf_base: BitMap) -> Ticked:
    """Returns of the leaf base that ticked a leaf."""
    numbers = BitMap() if block.leaf_question is None else index.chosen(block.leaf_question, leaf)
    return Ticked(numbers & leaf_base, leaf_base)


def find_group(index: AnswerIndex, question: str, choices: tuple[str, ...], base: BitMap) -> BitMap:
    """Returns of the base that chose any of some answers."""
    group = BitMap()
    for choice in choices:
        group |= index.chosen(question, choice)
    return group & base


def find_single_leaf(index: AnswerIndex, base: BitMap) -> BitMap:
    """Returns that ticked one leaf in all: they are not asked for the most urgent, it counts as their first."""
    return (index.answered(SINGLE_LEAF) & base) - index.answered(TOP_QUESTIONS[0])
