"""How issues relate to the international classifications of trade measures and of procedural obstacles.

Measures are those of UNCTAD, "International Classification of Non-Tariff Measures", 2019 version (document
UNCTAD/DITC/TAB/2019/5), also called MAST: chapters A to P, and closer codes where one fits. Procedural obstacles are
the eight groups of the business surveys of the International Trade Centre (ITC), which tell whether a rule itself
hinders or the way in which it is applied. The names here are ours and short; the assignment is a proposal of this
project, not of those bodies.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal, cast, get_args

from surveyapp.questionnaire.model import Text
from surveyapp.questionnaire.taxonomy import Taxonomy, load_taxonomy

Aspect = Literal["rule", "application", "both", "business"]
CHAPTERS = "ABCDEFGHIJKLMNOP"


class CrosswalkFault(ValueError):
    """A line of the crosswalk contradicts the taxonomy or the classifications; the message names it."""


@dataclass(frozen=True, slots=True)
class Correspondence:
    """One issue: `measures` are codes of MAST (empty where none fits), `obstacles` groups of ITC.

    `aspect` says what hinders: the rule itself, how it is applied, both, or (`business`) no measure of a government.
    """

    code: str
    measures: tuple[str, ...]
    aspect: Aspect
    obstacles: tuple[str, ...]
    reason: Text

    @property
    def chapters(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(measure[0] for measure in self.measures))


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """All issues of the taxonomy in its order, but those that hold what companies write under "other"."""

    lines: tuple[Correspondence, ...]
    measures: Mapping[str, Text]
    obstacles: Mapping[str, Text]
    by_code: Mapping[str, Correspondence]

    def find(self, code: str, taxonomy: Taxonomy) -> Correspondence | None:
        """The line of an issue; for an area, its issues taken together (without a reason)."""
        if code in self.by_code:
            return self.by_code[code]
        leaves = [self.by_code[leaf.code] for leaf in taxonomy.leaves_of(code) if leaf.code in self.by_code]
        if not leaves:
            return None
        aspects = {leaf.aspect for leaf in leaves} - {"business"}
        return Correspondence(
            code=code,
            measures=tuple(sorted({chapter for leaf in leaves for chapter in leaf.chapters})),
            aspect="business" if not aspects else aspects.pop() if len(aspects) == 1 else "both",
            obstacles=tuple(name for name in self.obstacles if any(name in leaf.obstacles for leaf in leaves)),
            reason=Text("", "", ""),
        )


@cache
def load_crosswalk() -> Crosswalk:
    """The crosswalk that comes with the package, checked against its taxonomy. Raises `CrosswalkFault`."""
    folder = files("surveyapp.questionnaire").joinpath("definitions")
    texts = {
        name: folder.joinpath(f"{name}.csv").read_text(encoding="utf-8").splitlines()
        for name in ("crosswalk", "mast_measures", "procedural_obstacles")
    }
    return read_crosswalk(
        texts["crosswalk"], texts["mast_measures"], texts["procedural_obstacles"], taxonomy=load_taxonomy()
    )


def read_crosswalk(
    lines: Iterable[str], measures: Iterable[str], obstacles: Iterable[str], *, taxonomy: Taxonomy
) -> Crosswalk:
    """The crosswalk from the lines of three CSV files. Raises `CrosswalkFault` for the first line that cannot hold."""
    named_measures, named_obstacles = _read_names(measures), _read_names(obstacles)
    by_code: dict[str, Correspondence] = {}
    for row in csv.DictReader(lines):
        line = Correspondence(
            code=row["code"],
            measures=tuple(row["measures"].split(";")) if row["measures"] else (),
            aspect=cast("Aspect", row["aspect"]),
            obstacles=tuple(row["obstacles"].split(";")) if row["obstacles"] else (),
            reason=Text(row["reason_ko"], row["reason_en"], row["reason_ja"]),
        )
        fault = _find_fault(line, named_measures, named_obstacles)
        if fault or line.code in by_code:
            raise CrosswalkFault(f"{line.code}: {fault or 'occurs twice'}")
        by_code[line.code] = line
    expected = [leaf.code for leaf in taxonomy.leaves if leaf.stage]  # "other" has no stage and nothing to assign
    if set(by_code) != set(expected):
        raise CrosswalkFault(f"not the issues of the taxonomy: {sorted(set(by_code) ^ set(expected))}")
    return Crosswalk(tuple(by_code[code] for code in expected), named_measures, named_obstacles, by_code)


def _find_fault(line: Correspondence, measures: Mapping[str, Text], obstacles: Mapping[str, Text]) -> str:
    if line.aspect not in get_args(Aspect):
        return f"unknown aspect {line.aspect!r}"
    unknown = [code for code in line.measures if code not in measures or code[0] not in CHAPTERS]
    unknown += [name for name in line.obstacles if name not in obstacles]
    if unknown:
        return f"unknown {', '.join(unknown)}"
    if line.aspect == "business" and (line.measures or line.obstacles):
        return "no measure of a government, and yet one is named"
    return ""


def _read_names(lines: Iterable[str]) -> dict[str, Text]:
    return {row["code"]: Text(row["ko"], row["en"], row["ja"]) for row in csv.DictReader(lines)}
