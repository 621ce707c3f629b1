"""Answers that all companies of a group gave: who knows a company's group knows that answer of it.

k-anonymity does not prevent this (Machanavajjhala, Kifer, Gehrke & Venkitasubramaniam: l-Diversity, privacy beyond
k-anonymity, TKDD 1, 2007). Such cells stay in the file and are counted, for staff and for whoever is given it: with
five companies and two choices it happens by chance all the time, and a cell that was taken out for it would tell of it.
The number rests on the lines of the file alone, so that it tells nothing of a company that was left out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.questionnaire.model import Questionnaire


def count_unanimous(
    index: AnswerIndex,
    questionnaire: Questionnaire,
    groups: Sequence[BitMap],
    *,
    without: Collection[str],
) -> int:
    """Groups times questions in which all of a group gave one and the same answer that not all of the file gave.

    `without` are the questions whose cells say nothing, and those that make the groups.
    """
    released = BitMap().union(*groups)
    return sum(
        any(group.issubset(answer) for answer in answers)
        for question in questionnaire.questions_in("answers")
        if question.name not in without
        for answers in [list(_list_answers(index, question.name, released))]
        for group in groups
    )


def _list_answers(index: AnswerIndex, name: str, released: BitMap) -> Iterator[BitMap]:
    """Who gave each answer to a question; answers of everybody betray nobody."""
    column = index.columns.get(name)
    if column is None:
        return
    for bitmaps in (column.chosen, column.placed, column.values):
        for held in bitmaps.values():
            if not released.issubset(held.numbers):
                yield held.numbers
