"""Where the questionnaire asks about issues: the names of the questions the issue priority index is made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from surveyapp.questionnaire.model import Question, Questionnaire, Text

STAGE_QUESTION = "jp_stage"
NO_JAPAN_PLAN = "noplan"
PRODUCTS_QUESTION = "jp_products"
AREAS_QUESTION = "ch_areas"
NO_DIFFICULTY = "none"
TOP_QUESTIONS = ("top1", "top2", "top3")  # most urgent first


class IssuesNotAsked(LookupError):
    """The questionnaire does not ask about issue areas in Japan, so nothing can be ranked."""


@dataclass(frozen=True, slots=True)
class IssueBlock:
    """The questions about one area; all but `area` are None where the questionnaire asks for no details of it."""

    area: str
    name: Text
    leaf_question: str | None
    severity: str | None
    delay: str | None
    cost: str | None
    status: str | None
    leaves: tuple[tuple[str, Text], ...]  # choice name and label, in the questionnaire's order


@dataclass(frozen=True, slots=True)
class IssueQuestions:
    """All that the ranking reads, in the questionnaire's order."""

    blocks: tuple[IssueBlock, ...]
    by_area: Mapping[str, IssueBlock]

    @property
    def leaf_questions(self) -> tuple[str, ...]:
        return tuple(block.leaf_question for block in self.blocks if block.leaf_question is not None)


def find_issue_questions(questionnaire: Questionnaire) -> IssueQuestions:
    """The issue questions of a questionnaire. Raises IssuesNotAsked."""
    areas = questionnaire.by_name.get(AREAS_QUESTION)
    if areas is None or STAGE_QUESTION not in questionnaire.by_name:
        raise IssuesNotAsked(questionnaire.form_id)
    blocks = tuple(
        _find_block(questionnaire, choice.name, choice.label)
        for choice in areas.choices
        if choice.name != NO_DIFFICULTY
    )
    return IssueQuestions(blocks, {block.area: block for block in blocks})


def _find_block(questionnaire: Questionnaire, area: str, name: Text) -> IssueBlock:
    def find(part: str) -> Question | None:
        return questionnaire.by_name.get(f"ch_{area}_{part}")

    leaf = find("leaf")
    names = {
        part: question.name if (question := find(part)) is not None else None
        for part in ("sev", "delay", "cost", "status")
    }
    return IssueBlock(
        area=area,
        name=name,
        leaf_question=leaf.name if leaf is not None else None,
        severity=names["sev"],
        delay=names["delay"],
        cost=names["cost"],
        status=names["status"],
        leaves=tuple((choice.name, choice.label) for choice in leaf.choices if choice.columns.get("area") == area)
        if leaf
        else (),
    )
