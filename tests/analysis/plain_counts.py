"""What the index must say, worked out from the stored responses one by one, without any bitmap."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from sqlalchemy import select

from surveyapp.analysis.answer_index import (
    READINESS_BAND,
    READINESS_OVERALL,
    READINESS_OVERALL_EQUAL,
    SINGLE_LEAF,
    AnswerIndex,
    name_dimension,
)
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.paths import Standing, evaluate
from surveyapp.questionnaire.scoring import score_readiness
from surveyapp.records.database import Database
from surveyapp.records.tables import response, round_table


@dataclass
class PlainCounts:
    """Response numbers by what they were asked and answered. Keys as in the index; empty sets are left out."""

    live: set[int] = field(default_factory=set)
    asked: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    answered: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    details: defaultdict[tuple[Any, ...], set[int]] = field(default_factory=lambda: defaultdict(set))
    of_round: defaultdict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    of_mode: defaultdict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def count_plainly(database: Database, questionnaire: Questionnaire) -> PlainCounts:
    found = PlainCounts()
    returns: defaultdict[tuple[int, int | str], list[tuple[int, Any, int]]] = defaultdict(list)
    with database.read() as connection:
        counts_companies = {
            row.round_id: row.counts_companies
            for row in connection.execute(select(round_table.c.round_id, round_table.c.counts_companies))
        }
        rows = connection.execute(select(response).where(response.c.state == "submitted")).all()
    for row in rows:
        standing = evaluate(questionnaire, {**row.answers, **row.texts})
        found.live.add(row.number)
        found.of_mode[row.mode].add(row.number)
        answered = _note(found, row.number, standing)
        company: int | str = f"return {row.number}"
        if row.company_id is not None and counts_companies[row.round_id]:
            company = row.company_id
        returns[row.round_id, company].append((answered, row.submitted_at, row.number))
    for (round_id, _), candidates in returns.items():
        found.of_round[round_id].add(max(candidates)[2])
    return found


def _note(found: PlainCounts, number: int, standing: Standing) -> int:
    answered = 0
    for question in standing.asked:
        if question.compartment in ("identity", "contact"):
            continue
        found.asked[question.name].add(number)
        stored = standing.answer(question.name)
        if stored is None:
            continue
        answered += 1
        found.answered[question.name].add(number)
        if question.kind == "rank":
            assert isinstance(stored, list)
            for place, choice in enumerate(stored, 1):
                found.details["placed", question.name, choice, place].add(number)
        elif isinstance(stored, list):
            for choice in stored:
                found.details["chosen", question.name, choice].add(number)
        elif isinstance(stored, int):
            found.details["value", question.name, stored].add(number)
        elif question.kind == "select_one":
            found.details["chosen", question.name, stored].add(number)
    _note_derived(found, number, standing)
    return answered


def _note_derived(found: PlainCounts, number: int, standing: Standing) -> None:
    levels = {question.name: answer for question in standing.asked if (answer := standing.answer(question.name))}
    readiness = score_readiness(standing.questionnaire.scoring, levels)
    derived: dict[str, Any] = {name_dimension(name): score for name, score in readiness.dimensions.items()}
    derived[READINESS_OVERALL] = readiness.overall
    derived[READINESS_OVERALL_EQUAL] = readiness.overall_equal_weights
    leaves = [standing.answer(name) for name in standing.questionnaire.by_name if name.endswith("_leaf")]
    if sum(len(ticked) for ticked in leaves if isinstance(ticked, list)) == 1:
        found.answered[SINGLE_LEAF].add(number)
    for name, value in derived.items():
        if value is not None:
            found.details["value", name, Fraction(value)].add(number)
            found.answered[name].add(number)
    if readiness.band is not None:
        found.details["chosen", READINESS_BAND, readiness.band].add(number)
        found.answered[READINESS_BAND].add(number)


def read_index(index: AnswerIndex) -> PlainCounts:
    """The same as the index has it."""
    found = PlainCounts(live=set(index.live))
    for name, column in index.columns.items():
        found.asked[name] |= set(column.asked.numbers)
        found.answered[name] |= set(column.answered.numbers)
        for choice, held in column.chosen.items():
            found.details["chosen", name, choice] |= set(held.numbers)
        for (choice, place), held in column.placed.items():
            found.details["placed", name, choice, place] |= set(held.numbers)
        for value, held in column.values.items():
            found.details["value", name, value] |= set(held.numbers)
    for round_id in index.rounds:
        found.of_round[round_id] |= set(index.of_round(round_id))
    for mode, numbers in index.modes.items():
        found.of_mode[mode] |= set(numbers)
    _drop_empty(found.asked)
    _drop_empty(found.answered)
    _drop_empty(found.details)
    _drop_empty(found.of_round)
    _drop_empty(found.of_mode)
    return found


def _drop_empty(sets: dict[Any, set[int]]) -> None:
    for key in [key for key, numbers in sets.items() if not numbers]:
        del sets[key]
