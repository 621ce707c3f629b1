"""The codebook of a round: to be read, as DDI, and as a data dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from flask import abort, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.rounds import find_round, list_rounds, load_questionnaire_of
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.reports.csv_export import name_file
from surveyapp.reports.exports.codebook import (
    Codebook,
    build_codebook,
    is_identifying,
    list_conditions,
    list_missing,
    list_sections,
    list_values,
    name_kind,
    name_measure,
)
from surveyapp.reports.exports.columns import Block, Column, name_fact
from surveyapp.reports.exports.data_dictionary import stream_data_dictionary
from surveyapp.reports.exports.ddi import write_ddi
from surveyapp.reports.words import Words
from surveyapp.web.access import ANALYST, allow
from surveyapp.web.desk.exporting.composer_page import list_codebook_links
from surveyapp.web.desk.exporting.pages import CodebookLine, CodebookPage, CodebookSection
from surveyapp.web.desk.surroundings import build_desk_frame, build_round_head, find_words
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Link
from surveyapp.web.installation import find_installation
from surveyapp.web.locale import PARAMETER

FORMS = {"ddi": ("xml", "application/xml"), "redcap": ("csv", "text/csv")}


@allow(ANALYST)
def show_codebook(slug: str) -> str:
    words = find_words()
    installation = find_installation()
    with installation.database.read() as connection:
        rounds = list_rounds(connection, installation.settings.survey_id)
    codebook = _load(slug)
    page = CodebookPage(
        frame=build_desk_frame(codebook.survey_round),
        head=build_round_head(codebook.survey_round, rounds),
        title=words.text(codebook.title),
        facts=tuple(_list_facts(codebook, words)),
        files=list_codebook_links(slug, with_page=False),
        sections=(_build_facts(codebook, words), *_build_sections(codebook, words)),
        back=Link(url_for("desk.show_export", slug=slug), _("Export")),
    )
    return render_template("desk/exporting/codebook.html", page=page)


@allow(ANALYST)
def send_codebook(slug: str, form: str) -> Response:
    """The codebook as a file, in the language of the page; DDI holds all three. It tells of questions alone."""
    if form not in FORMS:
        abort(404)
    for name in request.args:
        if name != PARAMETER:
            raise FilterUnknown(name)
    codebook, now = _load(slug), datetime.now(UTC)
    if form == "ddi":
        words = {language: Words(language, load_translator(language)) for language in LANGUAGES}
        content = write_ddi(codebook, words, now)
    else:
        content = b"".join(stream_data_dictionary(codebook, find_words()))
    ending, media_type = FORMS[form]
    survey_round = codebook.survey_round
    name = f"{name_file(survey_round.survey_id, survey_round, f'codebook-{form}', now)}.{ending}"
    return name_sent_file(Response(content, mimetype=media_type), name)


def _load(slug: str) -> Codebook:
    installation = find_installation()
    with installation.database.read() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        return build_codebook(load_questionnaire_of(connection, survey_round), survey_round)


def _list_facts(codebook: Codebook, words: Words) -> Iterator[tuple[str, str]]:
    yield words.gettext("Questionnaire version"), codebook.questionnaire.version
    yield words.gettext("Columns"), words.number(len(codebook.columns.all))
    yield words.gettext("Digest of the questionnaire (SHA-256)"), codebook.questionnaire.digest


def _build_facts(codebook: Codebook, words: Words) -> CodebookSection:
    lines = (
        CodebookLine(
            heading=name_fact(words, column.name),
            columns=((column.name, column.variable, ""),),
            kind=words.gettext("Number") if column.is_number else words.gettext("Text"),
            values=(),
            missing=(),
            condition="",
            is_identifying=False,
        )
        for column in codebook.columns.facts
    )
    return CodebookSection("facts", words.gettext("About the return"), tuple(lines))


def _build_sections(codebook: Codebook, words: Words) -> Iterator[CodebookSection]:
    for section, blocks in list_sections(codebook):
        title = words.text(codebook.label_section(section))
        yield CodebookSection(section.name, title, tuple(_build_line(block, codebook, words) for block in blocks))


def _build_line(block: Block, codebook: Codebook, words: Words) -> CodebookLine:
    first = block.columns[0]
    label = words.text(block.question.label.filled(codebook.survey_round.operator_texts))
    shown = words.text(first.label) if len(block.columns) == 1 else " ".join(label.split())
    return CodebookLine(
        heading=shown or block.name,
        columns=tuple(_describe_column(column, words) for column in block.columns),
        kind=words.join((name_kind(words, first.kind), name_measure(words, first.measure))),
        values=tuple((each.code, each.number, each.words) for each in list_values(first, words)),
        missing=tuple((each.code, each.number, each.words) for each in list_missing(first, words)),
        condition=" and ".join(list_conditions(block.question)),
        is_identifying=is_identifying(first),
    )


def _describe_column(column: Column, words: Words) -> tuple[str, str, str]:
    choice = "" if column.choice is None else " ".join(words.text(column.choice.label).split())
    return column.name, column.variable, choice
