"""What is written down about the sample rounds: invented companies, their returns, likely issues, free texts.

The files lie in `samples/` and are described in samples/README.md. Nothing in them is evidence of anything.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, cast

from surveyapp.fieldwork.modes import Mode
from surveyapp.questionnaire.model import Language, Text

SAMPLES = Path(__file__).parent / "samples"

Period = Literal["earlier", "later"]
Outcome = Literal["submitted", "edited", "withdrawn_after", "withdrawn_before", "draft"]

# Every name of an invented company says so wherever it is shown.
FICTIONAL_MARK = Text(ko="(가상)", en=" (fictional)", ja="（架空）")

TEXT_QUESTIONS = {"case": "ft_case", "ask": "ft_ask_ministry", "tip": "ft_best_practice", "other": "ch_other_text"}


@dataclass(frozen=True, slots=True)
class SampleText:
    """An invented free text and the issues that it tells of (none where it says nothing)."""

    text_id: str
    language: Language
    text: str
    issues: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SampleCompany:
    """An invented company. `entry`: year of its first Japanese approval, or its target, from the later round's year."""

    key: str
    name: Text
    company_type: str
    company_size: str
    products: tuple[str, ...]
    export_experience: str
    japan_products: tuple[str, ...]
    japan_routes: tuple[str, ...]
    entry: int | None


@dataclass(frozen=True, slots=True)
class SampleReturn:
    """One return of a sample round: who, at which stage, with which consent, and what becomes of it."""

    period: Period
    company: SampleCompany
    turn: int  # 1, and 2 for the second return of a company in one round
    outcome: Outcome
    pages: int | None  # pages saved where the return was never finished
    language: Language
    role: str
    stage: str
    attribution: str
    quote: str | None
    areas: tuple[str, ...]  # worst first
    texts: Mapping[str, SampleText]  # by question
    mode: Mode = "web"

    @property
    def is_hasty(self) -> bool:
        """A second return of the same company leaves more blank: the first is the fuller record."""
        return self.turn > 1


@dataclass(frozen=True, slots=True)
class Leaf:
    """How readily an issue is ticked by a company that has trouble in its area."""

    name: str
    area: str
    weight: Mapping[Period, int]
    products: frozenset[str]
    stages: frozenset[str]
    more: frozenset[str]


@dataclass(frozen=True, slots=True)
class Area:
    """How trouble in an issue area goes: typical severity (1-5), how much longer and dearer than elsewhere, how likely
    it is solved, and what those concerned ask for."""

    name: str
    severity: float
    delay: float
    cost: float
    solved: Mapping[Period, float]
    help: Mapping[str, float]
    education: tuple[str, ...]
    support: tuple[str, ...]


def read_table(name: str) -> list[dict[str, str]]:
    """The rows of one file of `samples/`, each by its column names."""
    with (SAMPLES / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def load_sample_texts() -> Mapping[str, SampleText]:
    return {
        row["id"]: SampleText(
            row["id"],
            cast("Language", row["lang"]),
            row["text"],
            tuple(code for code in row["codes"].split(";") if code != "none"),
        )
        for row in read_table("texts.csv")
    }


@cache
def load_sample_companies() -> Mapping[str, SampleCompany]:
    return {
        row["key"]: SampleCompany(
            row["key"],
            Text(row["ko"] + FICTIONAL_MARK.ko, row["en"] + FICTIONAL_MARK.en, row["ja"] + FICTIONAL_MARK.ja),
            row["company_type"],
            row["company_size"],
            tuple(row["product_categories"].split()),
            row["export_experience"],
            tuple((row["jp_products"] or row["product_categories"]).split()),
            tuple(row["jp_routes"].split()),
            int(row["entry"]) if row["entry"] else None,
        )
        for row in read_table("companies.csv")
    }


@cache
def load_sample_returns() -> tuple[SampleReturn, ...]:
    """Every return of both sample rounds, in the order of the file."""
    companies, texts = load_sample_companies(), load_sample_texts()
    returns: list[SampleReturn] = []
    turns: dict[tuple[str, str], int] = {}
    for row in read_table("returns.csv"):
        who = (row["round"], row["company"])
        turns[who] = turns.get(who, 0) + 1
        returns.append(
            SampleReturn(
                cast("Period", row["round"]),
                companies[row["company"]],
                turns[who],
                cast("Outcome", row["outcome"]),
                int(row["pages"]) if row["pages"] else None,
                cast("Language", row["language"]),
                row["role"],
                row["stage"],
                row["attribution"],
                row["quote"] or None,
                tuple(row["areas"].split()),
                {question: texts[row[column]] for column, question in TEXT_QUESTIONS.items() if row[column]},
                cast("Mode", row["mode"] or "web"),
            )
        )
    return tuple(returns)


@cache
def load_leaves() -> tuple[Leaf, ...]:
    return tuple(
        Leaf(
            row["leaf"],
            row["leaf"].split("-")[0],
            {"earlier": int(row["earlier"]), "later": int(row["later"])},
            frozenset(row["products"].split()),
            frozenset(row["stages"].split()),
            frozenset(row["more"].split()),
        )
        for row in read_table("leaves.csv")
    )


@cache
def load_areas() -> Mapping[str, Area]:
    return {
        row["area"]: Area(
            row["area"],
            float(row["severity"]),
            float(row["delay"]),
            float(row["cost"]),
            {"earlier": float(row["solved_earlier"]), "later": float(row["solved_later"])},
            {name: float(weight) for name, weight in (each.split(":") for each in row["help"].split())},
            tuple(row["education"].split()),
            tuple(row["support"].split()),
        )
        for row in read_table("areas.csv")
    }
