"""Which issues deserve attention first: the ranking of docs/method/scoring.md, sections 4 and 5, over any mask."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction

from pyroaring import BitMap, FrozenBitMap

from surveyapp.analysis.answer_index import ALL_ROUNDS, AnswerIndex
from surveyapp.analysis.counts import count_values
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_details import (
    IssueDetails,
    count_blank,
    sort_patterns,
    sum_severity,
    sum_status,
    summarise_cost,
)
from surveyapp.analysis.issue_order import RANKED_FROM, order_rows
from surveyapp.analysis.issue_priority import compute_priority, score_opportunity
from surveyapp.analysis.issue_questions import (
    AREAS_QUESTION,
    NO_DIFFICULTY,
    STAGE_QUESTION,
    TOP_QUESTIONS,
    IssueBlock,
    find_issue_questions,
)
from surveyapp.analysis.issue_returns import (
    CONCERNED,
    FEW_CASES,
    STAGES,
    Stage,
    Ticked,
    find_area,
    find_base,
    find_detailed,
    find_group,
    find_interested,
    find_leaf,
    find_leaf_base,
    find_single_leaf,
)
from surveyapp.analysis.issue_rows import ConcernedShare, IssueGroups, IssueRanking, IssueRow, StageShare
from surveyapp.analysis.masks import Mask
from surveyapp.analysis.number_summaries import summarise_numbers
from surveyapp.questionnaire.model import Questionnaire, Text
from surveyapp.questionnaire.taxonomy import Taxonomy


def rank_issues(index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, mask: Mask) -> IssueRanking:
    """The ranking over a mask; `questionnaire` is the round's own. Raises IssuesNotAsked."""
    return mask.remember(
        index, "issues", (questionnaire, taxonomy), lambda: _rank_issues(index, questionnaire, taxonomy, mask)
    )


def _rank_issues(index: AnswerIndex, questionnaire: Questionnaire, taxonomy: Taxonomy, mask: Mask) -> IssueRanking:
    questions = find_issue_questions(questionnaire)
    reader = _IssueReader(index, questionnaire, taxonomy, questions.blocks, find_base(index, mask))
    interested = find_interested(index, mask)
    asked = index.asked(AREAS_QUESTION) & interested
    base = len(reader.base)
    areas = [reader.read_area(block) for block in questions.blocks]
    leaves = [row for block in questions.blocks for row in reader.read_leaves(block)]
    is_ranked = base >= RANKED_FROM
    return IssueRanking(
        origin=mask.origin,
        base=base,
        none=Share(index.chosen(AREAS_QUESTION, NO_DIFFICULTY).intersection_cardinality(reader.base), base),
        skipped=len(asked) - base,
        is_ranked=is_ranked,
        areas=order_rows(areas) if is_ranked else tuple(areas),
        leaves=order_rows(leaves, with_tiers=False) if is_ranked else tuple(leaves),
        urgency_base=reader.urgency_base,
        stage_bases={stage: len(numbers) for stage, numbers in reader.stages.items()},
        groups=_find_groups(index, reader, questions.blocks),
    )


def _find_groups(index: AnswerIndex, reader: _IssueReader, blocks: Iterable[IssueBlock]) -> IssueGroups:
    base, none = reader.base, index.chosen(AREAS_QUESTION, NO_DIFFICULTY) & reader.base
    concerned, outside, with_leaf, leaf_bases, is_none_alone = {}, set(), set(), {}, True
    for block in blocks:
        ticked = find_area(index, block, base).numbers
        if block.area in CONCERNED:
            _, question, choices = CONCERNED[block.area]
            group = find_group(index, question, choices, base)
            concerned[block.area] = FrozenBitMap(group)
            if ticked - group:
                outside.add(block.area)
        leaf_bases[block.area] = FrozenBitMap(find_leaf_base(index, block, base))
        if block.leaf_question is not None:
            detailed = find_detailed(index, block, ticked)
            if not detailed - index.answered(block.leaf_question):
                with_leaf.add(block.area)
        is_none_alone = is_none_alone and not ticked.intersect(none)
    return IssueGroups(
        base=FrozenBitMap(base),
        stages={stage: FrozenBitMap(numbers) for stage, numbers in reader.stages.items()},
        concerned=concerned,
        outside=frozenset(outside),
        leaf_bases=leaf_bases,
        with_leaf=frozenset(with_leaf),
        is_none_alone=is_none_alone,
    )


class _IssueReader:
    """Reads areas and leaves over one base."""

    def __init__(
        self,
        index: AnswerIndex,
        questionnaire: Questionnaire,
        taxonomy: Taxonomy,
        blocks: Iterable[IssueBlock],
        base: BitMap,
    ) -> None:
        self.index = index
        self._details = index.remember(
            "issue details",
            ALL_ROUNDS,
            (questionnaire,),
            lambda: {block.area: IssueDetails(index, block) for block in blocks},
        )
        self.questionnaire = questionnaire
        self.taxonomy = taxonomy
        self.base = base
        self.stages: Mapping[Stage, BitMap] = {
            stage: find_group(index, STAGE_QUESTION, choices, base) for stage, choices in STAGES.items()
        }
        self._single = find_single_leaf(index, base)
        self.urgency_base = index.answered(TOP_QUESTIONS[0]).intersection_cardinality(base) + len(self._single)

    def read_area(self, block: IssueBlock) -> IssueRow:
        ticked = find_area(self.index, block, self.base)
        detailed = find_detailed(self.index, block, ticked.numbers)
        row = self._read_row(block.area, None, block.name, ticked, detailed, self._details[block.area])
        concerned = CONCERNED.get(block.area)
        if concerned is not None and not row.few_cases:
            name, question, choices = concerned
            group = find_group(self.index, question, choices, self.base)
            row = replace(row, concerned=ConcernedShare(name, ticked.within(group)))
        return replace(
            row,
            opportunity=score_opportunity(row.share, row.severity, row.status),
            delay=(
                None
                if block.delay is None
                else summarise_numbers(count_values(self.index, block.delay, detailed.intersection_cardinality))
            ),
            delay_not_answered=0 if block.delay is None else count_blank(self.index, block.delay, detailed),
            cost=(
                None
                if block.cost is None
                else summarise_cost(self.index, self.questionnaire.by_name[block.cost], detailed)
            ),
        )

    def read_leaves(self, block: IssueBlock) -> Iterator[IssueRow]:
        base, details = find_leaf_base(self.index, block, self.base), self._details[block.area]
        for leaf, label in block.leaves:
            ticked = find_leaf(self.index, block, leaf, base)
            row = self._read_row(leaf, block.area, label, ticked, ticked.numbers, details)
            yield replace(row, urgency=self._score_urgency(leaf, ticked.numbers))

    def _read_row(
        self, code: str, parent: str | None, label: Text, ticked: Ticked, detailed: BitMap, details: IssueDetails
    ) -> IssueRow:
        share = ticked.share
        patterns = details.count_patterns(ticked.numbers)
        severity, status = sum_severity(patterns), sum_status(patterns)
        index = compute_priority(share, severity, status)
        few_cases = share.count < FEW_CASES
        issue = self.taxonomy.find(code)
        return IssueRow(
            code=code,
            parent=parent,
            name=issue.name if issue is not None else label,
            definition=issue.definition if issue is not None else None,
            bilateral=issue.bilateral if issue is not None else None,
            share=share,
            detailed=len(detailed),
            severity=severity,
            status=status,
            index=index,
            tier=None,
            place=None,
            few_cases=few_cases,
            by_stage=()
            if few_cases
            else tuple(StageShare(stage, ticked.within(numbers)) for stage, numbers in self.stages.items()),
            patterns=sort_patterns(patterns),
        )

    def _score_urgency(self, leaf: str, ticked: BitMap) -> Fraction | None:
        """100 x points / (3 x companies that gave a first): 3, 2, 1 points for the first, second, third."""
        if self.urgency_base == 0:
            return None
        points = 3 * self._single.intersection_cardinality(ticked)
        for worth, question in zip((3, 2, 1), TOP_QUESTIONS, strict=True):
            points += worth * self.index.chosen(question, leaf).intersection_cardinality(self.base)
        return Fraction(100 * points, 3 * self.urgency_base)
