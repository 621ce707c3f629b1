"""Details of an area's worst problem: severity, status and extra cost (docs/method/scoring.md, sections 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TypeVar

from pyroaring import BitMap

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.bootstrap import Pattern
from surveyapp.analysis.counts import DONT_KNOW
from surveyapp.analysis.intervals import Share
from surveyapp.analysis.issue_questions import IssueBlock
from surveyapp.questionnaire.model import Question, Text

Choice = TypeVar("Choice", int, str)

SEVERITIES = (1, 2, 3, 4, 5)
OPEN_HALVES: Mapping[str, int] = {"resolved": 0, "partly": 1, "unresolved": 2, "abandoned": 2}
# Extra cost in million KRW: the lower bound of each range, so that a sum can be called "at least".
LOWER_BOUNDS: Mapping[str, int] = {"c0": 0, "c1": 0, "c2": 50, "c3": 200, "c4": 500, "c5": 1000}

Patterns = Mapping[tuple[int, str | None], int]  # companies by severity (0: blank) and status (None: blank)


@dataclass(frozen=True, slots=True)
class SeverityCounts:
    """Severity of an issue's worst problem: `counts[0]` is severity 1 … `counts[4]` is severity 5."""

    counts: tuple[int, int, int, int, int]

    @property
    def answered(self) -> int:
        return sum(self.counts)

    @property
    def mean(self) -> Fraction | None:
        """S: mean severity, 1 to 5; None where nobody answered."""
        total = sum(level * count for level, count in enumerate(self.counts, start=1))
        return Fraction(total, self.answered) if self.answered else None


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How far an issue is solved today."""

    resolved: int
    partly: int
    unresolved: int
    abandoned: int

    @property
    def answered(self) -> int:
        return self.resolved + self.partly + self.unresolved + self.abandoned

    @property
    def open_share(self) -> Fraction | None:
        """U: mean open share, 0 to 1 (resolved 0, partly ½, unresolved and abandoned 1); None where nobody answered."""
        still_open = Fraction(self.partly, 2) + self.unresolved + self.abandoned
        return still_open / self.answered if self.answered else None


@dataclass(frozen=True, slots=True)
class CostSummary:
    """Extra cost of an area.

    `ranges` holds (choice name, label, share of those that named a range) from `c0` upwards; `dont_know` and
    `not_answered` are not in them.
    """

    ranges: tuple[tuple[str, Text, Share], ...]
    dont_know: int
    not_answered: int

    @property
    def lower_bounds(self) -> Mapping[int, int]:
        """How many companies named a range with each lower bound, in million KRW."""
        companies = dict.fromkeys((LOWER_BOUNDS[name] for name, _, _ in self.ranges), 0)
        for name, _, share in self.ranges:
            companies[LOWER_BOUNDS[name]] += share.count
        return companies

    @property
    def at_least(self) -> int:
        """The sum of the lower bounds in million KRW, to be called "at least"."""
        return sum(bound * companies for bound, companies in self.lower_bounds.items())


class IssueDetails:
    """Severity and status of one area's block, taken together, so that both can be counted for any of its leaves.

    All returns that gave them: who is counted, whoever ticked an issue says.
    """

    def __init__(self, index: AnswerIndex, block: IssueBlock) -> None:
        severities = _find_choices(index, block.severity, SEVERITIES)
        statuses = _find_choices(index, block.status, OPEN_HALVES)
        rated, settled = BitMap.union(*severities.values()), BitMap.union(*statuses.values())
        patterns: dict[tuple[int, str | None], BitMap] = {
            (level, None): held - settled for level, held in severities.items()
        }
        patterns |= {(0, status): held - rated for status, held in statuses.items()}
        patterns |= {
            (level, status): held & other for level, held in severities.items() for status, other in statuses.items()
        }
        self._patterns = [(pattern, held) for pattern, held in patterns.items() if held]

    def count_patterns(self, ticked: BitMap) -> Patterns:
        found: dict[tuple[int, str | None], int] = {}
        for pattern, held in self._patterns:
            count = held.intersection_cardinality(ticked)
            if count:
                found[pattern] = count
        blank = len(ticked) - sum(found.values())
        return found | {(0, None): blank} if blank else found


def sum_severity(patterns: Patterns) -> SeverityCounts:
    one, two, three, four, five = (
        sum(count for (severity, _), count in patterns.items() if severity == level) for level in SEVERITIES
    )
    return SeverityCounts((one, two, three, four, five))


def sum_status(patterns: Patterns) -> StatusCounts:
    return StatusCounts(
        **{name: sum(count for (_, status), count in patterns.items() if status == name) for name in OPEN_HALVES}
    )


def sort_patterns(patterns: Patterns) -> tuple[Pattern, ...]:
    """Companies by severity and open share in halves, as the bootstrap takes them."""
    counted: dict[tuple[int, int], int] = {}
    for (level, name), count in patterns.items():
        key = (level, -1 if name is None else OPEN_HALVES[name])
        counted[key] = counted.get(key, 0) + count
    return tuple(sorted((*key, count) for key, count in counted.items()))


def summarise_cost(index: AnswerIndex, question: Question, detailed: BitMap) -> CostSummary:
    """Extra cost as those named it that were asked for details."""
    counts = {
        choice.name: index.chosen(question.name, choice.name).intersection_cardinality(detailed)
        for choice in question.choices
    }
    ranges = [choice for choice in question.choices if choice.name in LOWER_BOUNDS]
    named = sum(counts[choice.name] for choice in ranges)
    return CostSummary(
        ranges=tuple((choice.name, choice.label, Share(counts[choice.name], named)) for choice in ranges),
        dont_know=counts.get(DONT_KNOW, 0),
        not_answered=count_blank(index, question.name, detailed),
    )


def count_blank(index: AnswerIndex, question: str, detailed: BitMap) -> int:
    """How many of those that were asked for details left one blank."""
    return len((index.asked(question) & detailed) - index.answered(question))


def _find_choices(index: AnswerIndex, question: str | None, choices: Iterable[Choice]) -> dict[Choice, BitMap]:
    return {choice: BitMap() if question is None else index.chosen(question, str(choice)) for choice in choices}
