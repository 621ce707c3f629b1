"""The crosswalk of issues to trade measures and procedural obstacles, as a table to review and as words in files."""

from __future__ import annotations

from surveyapp.questionnaire.crosswalk import Aspect, Correspondence, Crosswalk
from surveyapp.questionnaire.taxonomy import Taxonomy
from surveyapp.reports.tables import Cell, Column, Row, Table
from surveyapp.reports.words import BLANK, Words


def describe_aspect(words: Words, aspect: Aspect) -> str:
    return {
        "rule": words.gettext("the rule itself"),
        "application": words.gettext("how the rule is applied"),
        "both": words.gettext("the rule itself and how it is applied"),
        "business": words.gettext("no measure of a government"),
    }[aspect]


def name_measures(words: Words, crosswalk: Crosswalk, line: Correspondence) -> str:
    """Codes with their names, such as "B81 Product registration or approval"."""
    return words.join_clauses(f"{code} {words.text(crosswalk.measures[code])}" for code in line.measures)


def name_obstacles(words: Words, crosswalk: Crosswalk, line: Correspondence) -> str:
    return words.join_clauses(words.text(crosswalk.obstacles[name]) for name in line.obstacles)


def tabulate_crosswalk(words: Words, crosswalk: Crosswalk, taxonomy: Taxonomy) -> Table:
    """One row an issue, area by area."""
    rows = []
    area = ""
    for line in crosswalk.lines:
        issue = taxonomy.by_code[line.code]
        band = words.text(taxonomy.by_code[issue.parent].name) if issue.parent != area else ""
        area = issue.parent
        rows.append(
            Row(
                heading=Cell(words.text(issue.name), note=line.code),
                cells=(
                    Cell(name_measures(words, crosswalk, line) or BLANK, tone="" if line.measures else "faint"),
                    Cell(describe_aspect(words, line.aspect), tone="faint" if line.aspect == "business" else ""),
                    Cell(name_obstacles(words, crosswalk, line) or BLANK, tone="" if line.obstacles else "faint"),
                    Cell(words.text(line.reason)),
                ),
                band=band,
            )
        )
    return Table(
        caption=words.gettext("Issues and trade measures"),
        columns=(
            Column(words.gettext("Issue")),
            Column(words.gettext("Trade measure (UNCTAD)")),
            Column(words.gettext("What hinders")),
            Column(words.gettext("Procedural obstacle (ITC)")),
            Column(words.gettext("Rationale")),
        ),
        rows=tuple(rows),
        notes=(
            words.gettext(
                "Sources: UNCTAD, International Classification of Non-Tariff Measures, 2019 version; "
                "International Trade Centre, business surveys on non-tariff measures"
            ),
            words.gettext("The assignment is a proposal of this survey, not of those bodies."),
        ),
    )
