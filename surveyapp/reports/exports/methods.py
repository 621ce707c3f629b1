"""What the sheet of methods says: what the file is, and how its cells are to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.deidentification import Deidentification
from surveyapp.analysis.telling_questions import ROLLED_UP, SUPPRESSED, Level
from surveyapp.fieldwork.rounds import Round
from surveyapp.fieldwork.thresholds import Audience
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.reports.csv_export import name_round_kind
from surveyapp.reports.exports.columns import Missing
from surveyapp.reports.exports.missing_words import name_missing
from surveyapp.reports.exports.request import ExportKind, ExportRequest
from surveyapp.reports.words import Words


class Method(NamedTuple):
    what: str
    how: str


def name_export_kind(words: Words, kind: ExportKind) -> str:
    return {
        "raw": words.gettext("Raw answers"),
        "identified": words.gettext("Identified answers"),
        "deidentified": words.gettext("De-identified answers"),
        "ministry": words.gettext("Ministry table of issues"),
        "paradata": words.gettext("Paradata"),
    }[kind]


def list_methods(
    words: Words,
    questionnaire: Questionnaire,
    survey_round: Round,
    request: ExportRequest,
    index: AnswerIndex,
    decided: Deidentification | None,
) -> Iterator[Method]:
    yield Method(words.gettext("What the file holds"), name_export_kind(words, request.kind))
    yield from _list_round(words, questionnaire, survey_round, index)
    yield Method(words.gettext("Counted returns"), words.number(len(index.of_round(survey_round.round_id))))
    for kind in Missing:
        yield Method(str(kind) or words.gettext("(blank)"), name_missing(words, kind))
    if request.layout == "long":
        yield Method(
            words.gettext("Long layout"),
            words.gettext("One row for every question that a return was asked; what was not asked has no row."),
        )
    if decided is not None:
        yield from list_deidentification(words, questionnaire, decided)


def list_deidentification(words: Words, questionnaire: Questionnaire, decided: Deidentification) -> Iterator[Method]:
    """What was made coarser, how many returns are left out and why, and what the file tells all the same."""
    yield Method(
        words.gettext("Companies alike in the answers below"),
        words.gettext("at least %(k)s", k=words.number(decided.k)),
    )
    for name, level in decided.levels.items():
        question = questionnaire.by_name[name]
        yield Method(" ".join(words.text(question.label).split()), name_level(words, level))
    yield Method(words.gettext("Returns left out"), _count_left_out(words, decided))
    if decided.again_of is not None:
        day = words.day(decided.again_of)
        yield Method(
            words.gettext("Earlier file"),
            words.gettext("Nothing has changed since the file of %(day)s; this is the same one again.", day=day),
        )
    yield Method(
        words.gettext("Answers shared by all companies that are alike in the answers above"), _warn(words, decided)
    )
    if decided.withholds_texts:
        told = words.gettext("withheld: names or contacts of the round were erased, so they can no longer be taken out")
        yield Method(words.gettext("Free texts"), told)


def _warn(words: Words, decided: Deidentification) -> str:
    number = words.number(decided.unanimous)
    told = words.gettext("whoever recognises a company by the answers above learns these answers of it as well")
    return words.join_clauses((number, told)) if decided.unanimous else number


def _count_left_out(words: Words, decided: Deidentification) -> str:
    earlier = decided.earlier
    if not decided.left_out_for_earlier or earlier.last_at is None:
        return words.number(decided.left_out)
    return words.ngettext(
        "%(all)s, %(beside)s of them because of %(n)s earlier file (%(day)s)",
        "%(all)s, %(beside)s of them because of %(n)s earlier files (the last: %(day)s)",
        earlier.count,
        all=words.number(decided.left_out),
        beside=words.number(decided.left_out_for_earlier),
        day=words.day(earlier.last_at),
    )


def name_level(words: Words, level: Level) -> str:
    if level == SUPPRESSED:
        return words.gettext("suppressed")
    return words.gettext("in classes") if level == ROLLED_UP else words.gettext("as it was answered")


def list_ministry_methods(
    words: Words, questionnaire: Questionnaire, survey_round: Round, index: AnswerIndex
) -> Iterator[Method]:
    yield Method(words.gettext("What the file holds"), name_export_kind(words, "ministry"))
    yield from _list_round(words, questionnaire, survey_round, index)
    thresholds = survey_round.thresholds[Audience.MINISTRY]
    least = {
        words.gettext("Companies in a group"): thresholds.group_base,
        words.gettext("Answers in a group"): thresholds.group_count,
        words.gettext("Companies in the round"): thresholds.round_base,
        words.gettext("Answers in the round"): thresholds.round_count,
    }
    for what, number in least.items():
        yield Method(what, words.gettext("at least %(k)s", k=words.number(number)))


def _list_round(
    words: Words, questionnaire: Questionnaire, survey_round: Round, index: AnswerIndex
) -> Iterator[Method]:
    yield Method(words.gettext("Survey"), words.text(questionnaire.title.filled(survey_round.operator_texts)))
    yield Method(words.gettext("Round"), words.text(survey_round.title) or survey_round.slug)
    yield Method(words.gettext("Kind of round"), name_round_kind(words, survey_round))
    yield Method(words.gettext("Period from"), words.day(survey_round.opens_at))
    yield Method(words.gettext("Period to"), words.day(survey_round.closes_at))
    yield Method(words.gettext("Questionnaire version"), survey_round.questionnaire_version)
    yield Method(words.gettext("Digest of the questionnaire (SHA-256)"), questionnaire.digest)
    yield Method(words.gettext("Data revision"), str(index.revision))
