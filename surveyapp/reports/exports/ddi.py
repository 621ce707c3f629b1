"""The codebook as DDI-Codebook 2.5 (ddialliance.org): the part of the standard that describes variables.

The schema itself stands under a licence of its own and is not kept here; the tests hold what is written against a
schema of the elements that are used, in the order and with the attributes that the standard gives them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from lxml import etree

from surveyapp.questionnaire.model import LANGUAGES, Language, Question, Text
from surveyapp.reports.exports.codebook import Codebook, is_identifying, list_values
from surveyapp.reports.exports.columns import Column, name_fact
from surveyapp.reports.exports.missing_words import name_missing
from surveyapp.reports.words import SEOUL, Words

NAMESPACE = "ddi:codebook:2_5"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_NATURES = {"nominal": "nominal", "ordinal": "ordinal", "scale": "interval"}
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FILE = "F1"


def write_ddi(codebook: Codebook, words: Mapping[Language, Words], now: datetime) -> bytes:
    """The document, with every label in three languages; `words` are those of each language."""
    questionnaire, survey_round = codebook.questionnaire, codebook.survey_round
    namespaces = {None: NAMESPACE}  # the stubs know no default namespace
    root = etree.Element(_name("codeBook"), {"version": "2.5"}, namespaces)  # type: ignore[arg-type]
    root.set(_LANGUAGE, questionnaire.default_language)

    document = _add(_add(root, "docDscr"), "citation")
    _add_titles(document, codebook.title)
    day = f"{now.astimezone(SEOUL):%Y-%m-%d}"
    _add(_add(document, "prodStmt"), "prodDate", day, date=day)

    study = _add(root, "stdyDscr")
    citation = _add(study, "citation")
    titles = _add_titles(citation, codebook.title)
    _add(titles, "IDNo", f"{questionnaire.form_id}/{survey_round.slug}")
    _add(_add(citation, "verStmt"), "version", questionnaire.version)
    summary = _add(_add(study, "stdyInfo"), "sumDscr")
    for event, moment in (("start", survey_round.opens_at), ("end", survey_round.closes_at)):
        day = f"{moment.astimezone(SEOUL):%Y-%m-%d}"
        _add(summary, "collDate", day, date=day, event=event)
    _add(summary, "anlyUnit", "companies" if survey_round.counts_companies else "returns")

    text = _add(_add(root, "fileDscr", ID=_FILE), "fileTxt")
    _add(text, "fileName", f"{questionnaire.form_id}_{survey_round.slug}")
    _add(_add(text, "dimensns"), "varQnty", str(len(codebook.columns.all)))

    data = _add(root, "dataDscr")
    ids = {column.name: f"V{place}" for place, column in enumerate(codebook.columns.all, 1)}
    for block in codebook.columns.blocks:
        members = [column for column in block.columns if column.set_name is not None]
        if members:
            group = _add(
                data,
                "varGrp",
                ID=f"VG_{block.name}",
                name=block.name,
                type="multipleResp",
                var=" ".join(ids[column.name] for column in members),
            )
            _add_texts(group, "labl", block.question.label.filled(survey_round.operator_texts))
    for column in codebook.columns.all:
        _add_variable(data, column, ids[column.name], codebook, words)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add_variable(
    data: etree._Element, column: Column, identifier: str, codebook: Codebook, words: Mapping[Language, Words]
) -> None:
    variable = _add(
        data,
        "var",
        ID=identifier,
        name=column.name,
        files=_FILE,
        nature=_NATURES[column.measure],
        intrvl="contin" if column.measure == "scale" else "discrete",
    )
    if column.question is None:
        _add_texts(variable, "labl", Text(*(name_fact(words[language], column.name) for language in LANGUAGES)))
    else:
        _add_texts(variable, "labl", column.label if column.label.en else _repeat(column.name))
    if is_identifying(column):
        _add(variable, "security", "identified file only")
    if column.question is not None and column.question.is_asked:
        _add_question(variable, column.question, codebook)
    for value in list_values(column, words["en"]):
        category = _add(variable, "catgry")
        _add(category, "catValu", value.code)
        _add_texts(category, "labl", _find_label(column, value.code, words))
    for kind in column.missing:
        category = _add(variable, "catgry", missing="Y")
        _add(category, "catValu", str(kind))
        _add_texts(category, "labl", Text(*(name_missing(words[language], kind) for language in LANGUAGES)))
    calculation = None if column.question is None else column.question.calculation
    if calculation is not None:
        _add(_add(variable, "derivation"), "drvcmd", calculation.source)
    _add(variable, "varFormat", type="numeric" if column.is_number else "character")


def _add_question(variable: etree._Element, question: Question, codebook: Codebook) -> None:
    asked = _add(variable, "qstn")
    _add_texts(asked, "qstnLit", question.label.filled(codebook.survey_round.operator_texts))


def _find_label(column: Column, code: str, words: Mapping[Language, Words]) -> Text:
    for name, label in column.values:
        if name == code:
            return label
    found = ({value.code: value.words for value in list_values(column, words[language])} for language in LANGUAGES)
    return Text(*(each[code] for each in found))


def _repeat(text: str) -> Text:
    return Text(text, text, text)


def _add_titles(citation: etree._Element, title: Text) -> etree._Element:
    statement = _add(citation, "titlStmt")
    first, *others = LANGUAGES
    _add(statement, "titl", title.in_language(first)).set(_LANGUAGE, first)
    for language in others:
        _add(statement, "parTitl", title.in_language(language)).set(_LANGUAGE, language)
    return statement


def _add_texts(parent: etree._Element, name: str, text: Text) -> None:
    for language in LANGUAGES:
        _add(parent, name, " ".join(text.in_language(language).split())).set(_LANGUAGE, language)


def _add(parent: etree._Element, element_name: str, text: str | None = None, /, **attributes: str) -> etree._Element:
    element = etree.SubElement(parent, _name(element_name), attributes)
    if text is not None:
        element.text = _NOT_XML.sub("\ufffd", text)
    return element


def _name(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
