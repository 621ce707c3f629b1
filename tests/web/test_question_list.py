"""The list of all questions: complete, blocks told once, conditions in words, the same on paper."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml.html import HtmlElement, document_fromstring
from pypdf import PdfReader

from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Text
from surveyapp.records.database import Database
from surveyapp.settings import Settings
from tests.respondent_visits import OPERATOR_TEXTS, make_round

PAGE = "/s/survey-2026/questions"
PDF = "/s/survey-2026/questions.pdf"
PAGES_AT_MOST = 7


@pytest.fixture
def survey_round(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


def read(client: FlaskClient, language: str = "en") -> HtmlElement:
    response = client.get(f"{PAGE}?lang={language}")
    assert response.status_code == 200
    return document_fromstring(response.get_data(as_text=True))


def read_words(element: HtmlElement) -> str:
    return " ".join(element.text_content().split())


def find_question(page: HtmlElement, label: str) -> str:
    """All words of the question with this label."""
    found = [read_words(each) for each in page.find_class("listed-question") if label in read_words(each)]
    assert found, label
    return found[0]


def list_texts(questionnaire: Questionnaire) -> Iterator[Text]:
    """Every label, hint and choice that somebody may be shown."""
    for question in questionnaire.questions:
        yield question.label
        if question.hint is not None:
            yield question.hint
        for choice in question.choices:
            yield choice.label


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_question_hint_and_choice_can_be_read(
    client: FlaskClient, survey_round: Round, questionnaire: Questionnaire, language: Language
) -> None:
    words = re.sub(r"\W", "", read_words(read(client, language)))
    for text in list_texts(questionnaire):
        filled = text.filled(OPERATOR_TEXTS).in_language(language)
        # Terms at a label's end are a list; the topic in front stands apart.
        parts = re.split(r"\s/\s|／|[:：?？。]", filled)
        for part in parts:
            assert re.sub(r"\W", "", part) in words, part
    assert "{{" not in words
    numbers = {
        number
        for row in questionnaire.questions
        for number in (row.number, *(group.number for group in row.groups))
        if number is not None
    }
    shown = {read_words(each).removesuffix(".") for each in read(client, language).find_class("question-number")}
    assert shown == {str(number) for number in numbers}


def test_blocks_that_ask_alike_are_told_once(client: FlaskClient, survey_round: Round) -> None:
    page = read(client)
    words = read_words(page)
    assert words.count("Severity of the worst of these") == 1
    assert words.count("Which problems exactly? (up to 4)") == 1
    (block,) = [each for each in page.find_class("listed-page") if "Severity of the worst" in read_words(each)]
    assert "each of up to 4 of these that you ticked in questions 27, 28" in read_words(block)
    names = [read_words(name) for name in block.find_class("listed-repeats")[0]]
    assert len(names) == 10 and names[0] == "Regulatory pathway and PMDA interaction"
    assert [read_words(name) for name in block.find_class("listed-block")] == names
    assert "Post-marketing safety and labelling" in words


def test_conditions_are_sentences(client: FlaskClient, survey_round: Round) -> None:
    page = read(client)
    assert "Asked only if your answer to question 3 is “My company may be named" in find_question(page, "Company name")
    assert (
        "Left out if your answer to question 10 is “No plan for Japan” or “Interested / market research”."
        in find_question(page, "Year of first Japanese approval")
    )
    assert "Asked only if your answer to question 37 includes “Other”." in read_words(page)
    assert "Asked only if you tick more than 4 choices in question 27." in read_words(page)
    assert "this follows from your answers to question 29" in find_question(page, 'ticked as "Other"')
    assert "The choices follow from your answers to question 7." in find_question(page, "Product groups aimed at Japan")
    (readiness,) = page.xpath("//*[@id='sec_readiness']")
    assert read_words(readiness).count("No plan for Japan") == 1  # said of the part, not of each question
    assert "your answer to question 1 " not in read_words(page)  # consent is needed for everything


def test_what_is_needed_and_what_may_be_left_is_said(client: FlaskClient, survey_round: Round) -> None:
    page = read(client)
    assert "Choose one Needed" in find_question(page, "Number of employees")
    assert "Tick what applies Needed" in find_question(page, "Entry routes used or considered")
    assert 'Choose up to 3; "Undecided" must stand alone.' in find_question(page, "Entry routes used or considered")
    assert "Free text May be left blank" in find_question(page, "What should MFDS raise with Japan?")
    assert "At most 2,000 characters" in find_question(page, "What should MFDS raise with Japan?")


def test_it_says_who_sees_what_and_how_to_come_back(client: FlaskClient, survey_round: Round) -> None:
    words = read_words(read(client))
    for sentence in (
        "About 20 to 30 minutes",
        "Open until",
        "only what you permit in questions 2, 3",
        "Japan and the public never receive a company's name",
        "private link that leads back to your answers",
        "withdraw at any time",
        "Personal data notice",
        OPERATOR_TEXTS["retention_text"].en,
    ):
        assert sentence in words, sentence
    assert "As you did not agree" not in words


@pytest.mark.parametrize(
    ("opens_in", "closes_in", "open_link", "said"),
    [(1, 30, True, "Opens on"), (-9, -1, True, "Closed on"), (-1, 30, False, "Open until")],
)
def test_it_can_be_read_before_after_and_by_the_invited(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    opens_in: int,
    closes_in: int,
    open_link: bool,
    said: str,
) -> None:
    make_round(
        database,
        questionnaire,
        opens_in=timedelta(days=opens_in),
        closes_in=timedelta(days=closes_in),
        open_link=open_link,
    )
    page = read(client)
    assert said in read_words(page)
    assert not page.xpath("//main//a[@href='/s/survey-2026/']")  # nothing can be begun from here


def test_a_round_that_does_not_exist_has_no_questions(client: FlaskClient) -> None:
    assert client.get("/s/nowhere/questions").status_code == 404
    assert client.get("/s/nowhere/questions.pdf").status_code == 404


def test_the_first_pages_lead_to_it(client: FlaskClient, survey_round: Round) -> None:
    for path in ("/", "/s/survey-2026/"):
        assert f'href="{PAGE}"' in client.get(path).get_data(as_text=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_reads_back(
    client: FlaskClient,
    survey_round: Round,
    questionnaire: Questionnaire,
    settings: Settings,
    language: Language,
) -> None:
    response = client.get(f"{PDF}?lang={language}")
    assert response.status_code == 200 and response.mimetype == "application/pdf"
    reader = PdfReader(io.BytesIO(response.data))
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/Lang"] == language
    assert catalog["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in catalog
    assert reader.metadata is not None
    assert str(reader.metadata.title).startswith(questionnaire.title.in_language(language))
    assert 3 <= len(reader.pages) <= PAGES_AT_MOST
    pages = [page.extract_text() for page in reader.pages]
    words = re.sub(r"\s", "", "".join(pages))
    for question in questionnaire.questions:
        label = re.sub(r"\s", "", question.label.in_language(language))
        assert question.number is None or label[-12:] in words or "/" in label or "／" in label, label
    assert f"1/{len(pages)}" in re.sub(r"\s", "", pages[0])
    fonts = {str(font["/BaseFont"]) for page in reader.pages for font in _list_fonts(page)}
    assert fonts and all("+" in font for font in fonts)  # a subset of each is inside the file
    (kept,) = settings.instance.glob("caches/question-lists/*.pdf")
    assert kept.read_bytes() == response.data
    kept.write_bytes(b"%PDF-kept")
    assert client.get(f"{PDF}?lang={language}").data == b"%PDF-kept"  # it is written once


def _list_fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def test_without_pango_a_sentence_says_so(
    client: FlaskClient, survey_round: Round, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "no-pango" / "weasyprint"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise OSError('cannot load library libpango-1.0-0')")
    for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(package.parent)
    response = client.get(f"{PDF}?lang=en")
    assert response.status_code == 503
    words = read_words(document_fromstring(response.get_data(as_text=True)))
    assert "Pango is missing" in words and "The page itself can be read and printed." in words
