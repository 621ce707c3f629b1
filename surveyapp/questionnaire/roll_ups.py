"""Declared roll-ups: into which coarser classes the choices of a question may be joined where companies are few."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from surveyapp.questionnaire.model import Choice, Question, Text


@dataclass(frozen=True, slots=True)
class RollUp:
    """The classes of one question as choices, and the class of each of its own choices."""

    classes: tuple[Choice, ...]
    class_of: Mapping[str, str]

    def fits(self, question: Question) -> bool:
        """Whether every choice of the question has a class."""
        return all(choice.name in self.class_of for choice in question.choices)


@cache
def load_roll_ups() -> Mapping[str, RollUp]:
    """The roll-ups that come with the package, by question; read once per process."""
    with files("surveyapp.questionnaire").joinpath("definitions", "roll_ups.csv").open(encoding="utf-8") as lines:
        return read_roll_ups(lines)


def read_roll_ups(lines: Iterable[str]) -> Mapping[str, RollUp]:
    """Roll-ups from the lines of a CSV with a header row; the choices of a class are separated by semicolons."""
    classes: dict[str, list[Choice]] = {}
    class_of: dict[str, dict[str, str]] = {}
    for row in csv.DictReader(lines):
        classes.setdefault(row["question"], []).append(Choice(row["class"], Text(row["ko"], row["en"], row["ja"])))
        class_of.setdefault(row["question"], {}).update(dict.fromkeys(row["choices"].split(";"), row["class"]))
    return {question: RollUp(tuple(found), class_of[question]) for question, found in classes.items()}
