"""What released tables, their rows and their figures are called in words."""

from __future__ import annotations

from surveyapp.analysis.released_rows import WHOLE, FigureRow, NamedFigure
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.issue_words import describe_stage
from surveyapp.reports.question_report import title_question
from surveyapp.reports.readiness_report import name_band, name_dimension
from surveyapp.reports.words import Words


def name_table(words: Words, definition: str, questionnaire: Questionnaire) -> str:
    kind, _, of = definition.partition(":")
    question = questionnaire.by_name.get(of)
    title = of if question is None else title_question(question, words)
    if kind == "segments":
        return words.gettext("Areas by group: %(groups)s", groups=title)
    if kind == "question":
        return title
    return {"issues": words.gettext("Areas and problems"), "readiness": words.gettext("Readiness")}[kind]


def name_row(words: Words, definition: str, row: FigureRow) -> str:
    """The area, problem, dimension or answer; for what is said of the table as a whole, that."""
    if row.code == WHOLE:
        return words.gettext("The whole round")
    if row.label is not None:
        return words.text(row.label)
    return name_dimension(words, row.code) if definition == "readiness" else row.code


def name_figure(words: Words, named: NamedFigure) -> str:
    """A segment by its own words, any other figure as its table heads it."""
    if named.label is not None:
        return words.text(named.label)
    names = {
        "share": words.gettext("Share"),
        "severity": words.gettext("Severity, mean 1–5"),
        "open_share": words.gettext("Open share"),
        "index": words.gettext("Priority index, 0–100"),
        "tier": words.gettext("Tier"),
        "place": words.gettext("Place"),
        "not_filed": describe_stage(words, "not_filed"),
        "filed_or_market": describe_stage(words, "filed_or_market"),
        "withdrawn": describe_stage(words, "withdrawn"),
        "concerned": words.gettext("Share in the group it can concern"),
        "cost": words.gettext("Extra cost, at least (million KRW)"),
        "base": words.gettext("Companies with a Japan interest that answered"),
        "none": words.gettext("Companies without any difficulty"),
        "n": words.gettext("With a score"),
        "median": words.gettext("Median"),
        "lower_quartile": words.gettext("Lower quartile"),
        "upper_quartile": words.gettext("Upper quartile"),
        "ready": words.gettext("75 and over"),
        "not_ready": words.gettext("25 and below"),
        "net": words.gettext("Net balance"),
        "overall": words.gettext("Overall result, median"),
        "overall_equal_weights": words.gettext("Overall result with equal weights, median"),
        "band_exploring": name_band(words, "exploring"),
        "band_preparing": name_band(words, "preparing"),
        "band_advancing": name_band(words, "advancing"),
        "band_ready": name_band(words, "ready"),
        "asked": words.gettext("Asked"),
        "answered": words.gettext("Answered"),
        "not_answered": words.gettext("Asked, not answered"),
        "dont_know": words.gettext("Don't know"),
        "not_applicable": words.gettext("Not applicable"),
    }
    if named.name in names:
        return names[named.name]
    return words.gettext("Level %(level)s", level=named.name.removeprefix("level_"))
