"""The two levels of issues that companies meet in Japan: areas, and the issues (leaves) of each area."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files
from typing import Literal, cast

from surveyapp.questionnaire.model import LANGUAGES, Choice, Language, Text
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire

LEAF_LIST = "issue_leaf"  # the choice list of leaves, with their area in a column
AREA_COLUMN = "area"

Bilateral = Literal["yes", "part", "no"]


@dataclass(frozen=True, slots=True)
class Issue:
    """An area (`parent` is '') or an issue of one.

    `stage` is the step of entering Japan at which it is met, `bilateral` whether talks between the authorities can
    solve it (None: not judged, as for what companies write under "other").
    """

    code: str
    parent: str
    stage: str
    name: Text
    definition: Text
    keywords: Mapping[Language, tuple[str, ...]] = field(default_factory=dict)
    responsible_body: tuple[str, ...] = ()
    bilateral: Bilateral | None = None

    @property
    def is_area(self) -> bool:
        return not self.parent


@dataclass(frozen=True)
class Taxonomy:
    """All issues in the order of the list; areas and leaves mixed as they come."""

    issues: tuple[Issue, ...]

    @cached_property
    def by_code(self) -> Mapping[str, Issue]:
        return {issue.code: issue for issue in self.issues}

    @cached_property
    def areas(self) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.issues if issue.is_area)

    @cached_property
    def leaves(self) -> tuple[Issue, ...]:
        """Every leaf, area by area."""
        return tuple(leaf for area in self.areas for leaf in self.leaves_of(area.code))

    def leaves_of(self, area: str) -> tuple[Issue, ...]:
        return tuple(issue for issue in self.issues if issue.parent == area)

    def find(self, code: str) -> Issue | None:
        return self.by_code.get(code)


@cache
def load_taxonomy() -> Taxonomy:
    """The issues that come with the package, read once per process, with the `…-other` leaves that only the
    questionnaire knows at the end."""
    with files("surveyapp.questionnaire").joinpath("definitions", "issues.csv").open(encoding="utf-8-sig") as lines:
        listed = read_issues(lines)
    return Taxonomy((*listed, *_list_unlisted(listed, load_builtin_questionnaire().choice_lists.get(LEAF_LIST, ()))))


def read_issues(lines: Iterable[str]) -> tuple[Issue, ...]:
    """Issues from the lines of a CSV with a header row; lists inside a cell are separated by semicolons."""
    return tuple(
        Issue(
            code=row["code"],
            parent=row["parent"],
            stage=row["stage"],
            name=Text(row["ko"], row["en"], row["ja"]),
            definition=Text(row["definition_ko"], row["definition_en"], row["definition_ja"]),
            keywords={language: _split_list(row[f"keywords_{language}"]) for language in LANGUAGES},
            responsible_body=_split_list(row["responsible_body"]),
            bilateral=cast("Bilateral", row["bilateral_actionable"]) if row["bilateral_actionable"] else None,
        )
        for row in csv.DictReader(lines)
    )


def _split_list(cell: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in cell.split(";") if part.strip())


def _list_unlisted(listed: Iterable[Issue], choices: Iterable[Choice]) -> tuple[Issue, ...]:
    known = {issue.code for issue in listed}
    return tuple(
        Issue(choice.name, choice.columns[AREA_COLUMN], "", choice.label, choice.label)
        for choice in choices
        if choice.name not in known and choice.columns.get(AREA_COLUMN) in known
    )
