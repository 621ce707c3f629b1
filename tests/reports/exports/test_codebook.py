"""The codebook: DDI held against a schema of the subset that is used, the data dictionary, the names of the files."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text
from surveyapp.reports.csv_export import BOM
from surveyapp.reports.exports.codebook import Codebook, build_codebook, list_codebook_rows
from surveyapp.reports.exports.columns import describe_columns
from surveyapp.reports.exports.data_dictionary import HEADINGS, stream_data_dictionary
from surveyapp.reports.exports.ddi import NAMESPACE, write_ddi
from surveyapp.reports.words import Words
from tests.reports.conftest import make_round

NOW = datetime(2026, 9, 2, 23, 30, tzinfo=UTC)
WORDS: dict[Language, Words] = {language: Words(language, load_translator(language)) for language in LANGUAGES}
SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).parent / "ddi_codebook_subset.rng")))
LABEL = f"{{{NAMESPACE}}}labl"


def read_ddi(codebook: Codebook) -> etree._Element:
    root = etree.fromstring(write_ddi(codebook, WORDS, NOW))
    assert SCHEMA.validate(root), SCHEMA.error_log
    return root


def read_labels(element: etree._Element) -> dict[str, str | None]:
    return {
        str(label.get("{http://www.w3.org/XML/1998/namespace}lang")): label.text for label in element.findall(LABEL)
    }


def test_the_ddi_document_follows_the_standard(form: Questionnaire, questionnaire: Questionnaire) -> None:
    for each in (form, questionnaire):
        read_ddi(build_codebook(each, make_round("real", each.version)))


def test_the_schema_of_the_subset_refuses_what_the_standard_does(form: Questionnaire) -> None:
    root = read_ddi(build_codebook(form, make_round("real")))
    variable = root.find(f".//{{{NAMESPACE}}}var")
    assert variable is not None
    variable.set("nature", "metric")
    assert not SCHEMA.validate(root)


def test_names_are_those_of_the_files(questionnaire: Questionnaire) -> None:
    survey_round = make_round("real", questionnaire.version)
    codebook = build_codebook(questionnaire, survey_round)
    root = read_ddi(codebook)
    names = [variable.get("name") for variable in root.iter(f"{{{NAMESPACE}}}var")]
    raw = describe_columns(questionnaire, survey_round.operator_texts)
    variables = list(root.iter(f"{{{NAMESPACE}}}var"))
    identified = {each.get("name") for each in variables if each.find(f"{{{NAMESPACE}}}security") is not None}
    assert identified == {"company_name", "company_type_other"}
    assert [name for name in names if name not in identified] == [column.name for column in raw.all]
    assert [row[0] for row in list_codebook_rows(codebook.columns.all, WORDS["ko"])] == names


def test_a_variable_says_what_it_means(form: Questionnaire) -> None:
    root = read_ddi(build_codebook(form, make_round("real")))
    variables = {variable.get("name"): variable for variable in root.iter(f"{{{NAMESPACE}}}var")}
    price = variables["price"]
    assert read_labels(price) == {"ko": "값", "en": "Price", "ja": "値段"}
    categories = {
        category.findtext(f"{{{NAMESPACE}}}catValu"): (category.get("missing"), read_labels(category)["en"])
        for category in price.iter(f"{{{NAMESPACE}}}catgry")
    }
    assert categories == {
        "low": (None, "@Low"),
        "dk": (None, "Do not know"),
        "": ("Y", "not asked"),
        ".n": ("Y", "not answered"),
    }
    group = next(each for each in root.iter(f"{{{NAMESPACE}}}varGrp") if each.get("name") == "fruits")
    members = str(group.get("var")).split()
    assert members == [variables[f"fruits/{name}"].get("ID") for name in ("apple", "berry", "pear")]
    assert variables["n_fruits"].findtext(f".//{{{NAMESPACE}}}drvcmd") == "count-selected(${fruits})"


def test_labels_that_xml_cannot_hold(form: Questionnaire) -> None:
    label = Text("제어\x01문자", "=" + "x" * 300 + "<&>😀", "\ufffe右\u202e左")
    rows = tuple(replace(row, label=label) if row.name == "price" else row for row in form.rows)
    root = read_ddi(build_codebook(replace(form, rows=rows), make_round("real")))
    price = next(each for each in root.iter(f"{{{NAMESPACE}}}var") if each.get("name") == "price")
    labels = read_labels(price)
    assert labels["ko"] == "제어\ufffd문자" and labels["en"] == "=" + "x" * 300 + "<&>😀"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_data_dictionary(form: Questionnaire, language: Language) -> None:
    codebook = build_codebook(form, make_round("real"))
    text = b"".join(stream_data_dictionary(codebook, WORDS[language])).decode()
    assert text.startswith(BOM) and text.endswith("\r\n")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix(BOM), newline="")))
    assert tuple(rows[0]) == HEADINGS
    fields = {row["Variable / Field Name"]: row for row in rows}
    assert len(fields) == len(rows)
    assert fields["price"]["Field Type"] == "radio" and fields["fruits"]["Field Type"] == "checkbox"
    choices = {"ko": "low, 쌈 | dk, 모름", "en": "low, @Low | dk, Do not know", "ja": "low, 安い | dk, 不明"}
    assert fields["price"]["Choices, Calculations, OR Slider Labels"] == choices[language]
    assert fields["change"]["Text Validation Type OR Show Slider Number"] == "integer"
    assert fields["company_name"]["Identifier?"] == "y" and "email" not in fields
    assert fields["fruits"]["Field Note"] == "fruits/apple, fruits/berry, fruits/pear"
    assert "selected(${fruits}, 'apple')" in fields["change"]["Field Annotation"]
    assert fields["change"]["Field Label"].startswith({"ko": "증감", "en": "'-Change", "ja": "増減"}[language])
