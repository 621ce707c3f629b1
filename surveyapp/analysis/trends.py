"""What changed since an earlier round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.counts import list_usable_choices
from surveyapp.analysis.intervals import Share, do_overlap
from surveyapp.analysis.issue_questions import AREAS_QUESTION, IssueQuestions, find_issue_questions
from surveyapp.analysis.issue_returns import Ticked, find_area, find_base, find_leaf, find_leaf_base
from surveyapp.analysis.masks import Mask, Origin
from surveyapp.questionnaire.model import Question, Questionnaire, Text

Recurrence = Literal["recurring", "new"]
Movement = Literal["easing", "growing"]

NAMED_BY = 3  # companies that make an issue recurring or new


@dataclass(frozen=True, slots=True)
class MatchedPairs:
    """The same companies in both rounds: how many named the issue then and now."""

    both: int
    only_now: int
    only_before: int
    neither: int

    @property
    def pairs(self) -> int:
        return self.both + self.only_now + self.only_before + self.neither


@dataclass(frozen=True, slots=True)
class RoundChange:
    """One area or leaf in two rounds. Where `comparable` is False nothing is claimed and `before` is None."""

    code: str
    parent: str | None
    name: Text
    now: Share
    before: Share | None
    comparable: bool  # False: the question or its choices changed without a mapping
    recurrence: Recurrence | None  # three or more now, and three or more (recurring) or none (new) before
    movement: Movement | None  # only where the intervals of the two shares do not overlap
    pairs: MatchedPairs | None  # None where no company can be matched by invitation


@dataclass(frozen=True, slots=True)
class RoundComparison:
    """All areas and leaves of a round against an earlier one, in the questionnaire's order."""

    now: Origin
    before: Origin
    base_now: int
    base_before: int
    matched: int  # companies in both bases
    areas: tuple[RoundChange, ...]
    leaves: tuple[RoundChange, ...]


@dataclass(frozen=True, slots=True)
class _Side:
    """One of the two rounds."""

    index: AnswerIndex
    questionnaire: Questionnaire
    questions: IssueQuestions
    base: BitMap

    def find(self, code: str, parent: str | None) -> Ticked | None:
        """Who ticked an area (no parent) or a leaf; None where the round did not offer it."""
        block = self.questions.by_area.get(parent or code)
        if block is None:
            return None
        if parent is None:
            return find_area(self.index, block, self.base)
        if block.leaf_question is None or code not in dict(block.leaves):
            return None
        return find_leaf(self.index, block, code, find_leaf_base(self.index, block, self.base))


def compare_rounds(
    index: AnswerIndex,
    now: Mask,
    before: Mask,
    *,
    questionnaire_now: Questionnaire,
    questionnaire_before: Questionnaire,
    mapping: Mapping[str, str] | None = None,
) -> RoundComparison:
    """Changes of every area and leaf since an earlier round. Raises IssuesNotAsked.

    `mapping` declares issue codes of the later questionnaire to mean the same as given codes of the earlier one, in
    spite of changed words or lists.
    """
    later = _Side(index, questionnaire_now, find_issue_questions(questionnaire_now), find_base(index, now))
    earlier = _Side(index, questionnaire_before, find_issue_questions(questionnaire_before), find_base(index, before))
    companies_before = index.match_companies(earlier.base)
    companies_now = index.match_companies(later.base)
    matched = [
        (companies_now[company], companies_before[company])
        for company in companies_now.keys() & companies_before.keys()
    ]
    comparison = _Comparison(later, earlier, matched, mapping or {})
    blocks = later.questions.blocks
    return RoundComparison(
        now=now.origin,
        before=before.origin,
        base_now=len(later.base),
        base_before=len(earlier.base),
        matched=len(matched),
        areas=tuple(comparison.compare(block.area, None, block.name) for block in blocks),
        leaves=tuple(comparison.compare(leaf, block.area, label) for block in blocks for leaf, label in block.leaves),
    )


def match_codes(
    questionnaire_now: Questionnaire, questionnaire_before: Questionnaire, mapping: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Codes of areas and leaves that an earlier questionnaire asked in the same way, with their codes there.

    Nothing but the two questionnaires is looked at. Raises IssuesNotAsked.
    """
    later, earlier = find_issue_questions(questionnaire_now), find_issue_questions(questionnaire_before)
    declared = mapping or {}
    offered = {code for block in earlier.blocks for code in (block.area, *(leaf for leaf, _ in block.leaves))}
    codes = [(code, block.area) for block in later.blocks for code in (block.area, *(leaf for leaf, _ in block.leaves))]
    matched = {}
    for code, area in codes:
        name = AREAS_QUESTION if code == area else later.by_area[area].leaf_question
        if declared.get(code, code) in offered and (
            code in declared or _is_asked_alike(name, code, questionnaire_now, questionnaire_before)
        ):
            matched[code] = declared.get(code, code)
    return matched


class _Comparison:
    def __init__(
        self, now: _Side, before: _Side, matched: Sequence[tuple[int, int]], mapping: Mapping[str, str]
    ) -> None:
        self.now = now
        self.before = before
        self.matched = matched  # numbers now and before of the same company
        self.mapping = mapping

    def compare(self, code: str, parent: str | None, name: Text) -> RoundChange:
        now = self.now.find(code, parent)
        assert now is not None  # the codes are those of the later round
        earlier_parent = None if parent is None else self.mapping.get(parent, parent)
        before = self.before.find(self.mapping.get(code, code), earlier_parent)
        comparable = before is not None and self._is_comparable(code, parent)
        if before is None or not comparable:
            return RoundChange(
                code, parent, name, now.share, None, comparable=False, recurrence=None, movement=None, pairs=None
            )
        return RoundChange(
            code=code,
            parent=parent,
            name=name,
            now=now.share,
            before=before.share,
            comparable=True,
            recurrence=_find_recurrence(now.share, before.share),
            movement=_find_movement(now.share, before.share),
            pairs=self._count_pairs(now, before),
        )

    def _is_comparable(self, code: str, parent: str | None) -> bool:
        """Whether the question that offers the issue, its list and the issue's own words are the same, or mapped."""
        if code in self.mapping:
            return True
        block = self.now.questions.by_area[parent or code]
        name = AREAS_QUESTION if parent is None else block.leaf_question
        return _is_asked_alike(name, code, self.now.questionnaire, self.before.questionnaire)

    def _count_pairs(self, now: Ticked, before: Ticked) -> MatchedPairs | None:
        pairs = Counter(
            (number_now in now.numbers, number_before in before.numbers)
            for number_now, number_before in self.matched
            if number_now in now.base and number_before in before.base
        )
        if not self.matched:
            return None
        return MatchedPairs(
            both=pairs[True, True],
            only_now=pairs[True, False],
            only_before=pairs[False, True],
            neither=pairs[False, False],
        )


def _is_asked_alike(name: str | None, choice: str, now: Questionnaire, before: Questionnaire) -> bool:
    """Whether both questionnaires offer a choice in the same question."""
    if name is None or name not in before.by_name:
        return False
    return _ask_the_same(now.by_name[name], before.by_name[name], choice)


def _ask_the_same(now: Question, before: Question, choice: str) -> bool:
    """Whether two versions of a question offer the same choices and put it, and the choice, in the same Korean words.

    Korean is the language the questionnaire is written in; a mended translation changes no meaning.
    """
    offered = [{choice.name for choice in list_usable_choices(question)} for question in (now, before)]
    labels = []
    for question in (now, before):
        found = question.find_choice(choice)
        labels.append((question.kind, question.label.ko, found.label.ko if found is not None else None))
    return offered[0] == offered[1] and labels[0] == labels[1]


def _find_recurrence(now: Share, before: Share) -> Recurrence | None:
    if now.count < NAMED_BY or before.base == 0:
        return None
    if before.count >= NAMED_BY:
        return "recurring"
    return "new" if before.count == 0 else None


def _find_movement(now: Share, before: Share) -> Movement | None:
    if now.interval is None or before.interval is None or do_overlap(now.interval, before.interval):
        return None
    return "easing" if now.interval[1] < before.interval[0] else "growing"
