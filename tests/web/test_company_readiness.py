"""A company's own readiness after submitting, as page and PDF in three languages."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml.html import document_fromstring
from pypdf import PdfReader
from sqlalchemy import update

from surveyapp.analysis.peer_band import freeze_peer_band
from surveyapp.fieldwork.rounds import Round
from surveyapp.questionnaire.model import LANGUAGES, Language, Questionnaire, Stored
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import draft, frozen_figure, response, round_table
from surveyapp.settings import Settings
from tests.analysis.returns import Field
from tests.respondent_visits import Visit, answer_until, make_round
from tests.web.invited_round import InvitedRound

SECONDS = 2.0  # of a processor, the import of WeasyPrint not counted: a server does that once
LEVELS = (
    "rd_reg_path",
    "rd_reg_dialog",
    "rd_qual_system",
    "rd_qual_change",
    "rd_clin",
    "rd_dos_content",
    "rd_dos_lang",
)
BAND_LINE = r"Companies of this round: median [\d.]+, middle half [\d.]+ to [\d.]+ \(n=\d+\)"
MORE_LEVELS = ("rd_part", "rd_price", "rd_comm", "rd_org", "rd_digi")


@pytest.fixture
def survey_round(database: Database, questionnaire: Questionnaire) -> Round:
    return make_round(database, questionnaire)


@pytest.fixture
def invited(database: Database, vault: Vault, survey_round: Round) -> InvitedRound:
    """A round of invited companies that counts them."""
    with database.write() as connection:
        connection.execute(update(round_table).values(counts_companies=True))
    return InvitedRound(database, vault, survey_round)


def begin(client: FlaskClient) -> Visit:
    visit = Visit(client).open("/s/survey-2026/?lang=en").fill({"consent_participate": "agree"}).press()
    return answer_until(visit.fill({"attribution_level": "anonymous"}).press(), "")


def submit(client: FlaskClient) -> str:
    """The token of a return that was submitted with the answers of company A of the test vector."""
    visit = begin(client)
    token = visit.token
    assert visit.press().path.endswith("/receipt")
    return token


def submit_invited(client: FlaskClient, token: str) -> None:
    visit = Visit(client).open(f"/i/{token}/?lang=en").fill({"consent_participate": "agree"}).press()
    visit = answer_until(visit.fill({"attribution_level": "anonymous"}).press(), "")
    assert visit.press().path.endswith("/receipt")


def add_companies(database: Database, questionnaire: Questionnaire, round_: Round, count: int) -> None:
    """Returns of other companies, one at each level in turn."""
    field = Field(database, questionnaire)
    for number in range(count):
        levels: dict[str, Stored] = dict.fromkeys((*LEVELS, *MORE_LEVELS), str(number % 5))
        field.add(round_.round_id, levels, company_id=500 + number)


def freeze(database: Database, questionnaire: Questionnaire, round_: Round) -> str:
    return freeze_peer_band(
        database, round_.survey_id, round_.round_id, questionnaire, now=datetime(2026, 11, 3, 1, 30, tzinfo=UTC)
    )


def read(client: FlaskClient, token: str, language: str = "en") -> str:
    response_ = client.get(f"/r/{token}/readiness?lang={language}")
    assert response_.status_code == 200
    return read_words(response_.get_data(as_text=True))


def read_words(html: str) -> str:
    root: Any = document_fromstring(html)
    (main,) = root.xpath("//main")
    return " ".join(main.text_content().replace("\u2060", "").split())


def read_pdf(client: FlaskClient, token: str, language: str = "en") -> PdfReader:
    response_ = client.get(f"/r/{token}/readiness.pdf?lang={language}")
    assert response_.status_code == 200 and response_.mimetype == "application/pdf"
    return PdfReader(io.BytesIO(response_.data))


def read_pdf_words(client: FlaskClient, token: str, language: str = "en") -> str:
    return squeeze("".join(page.extract_text() for page in read_pdf(client, token, language).pages))


def squeeze(words: str) -> str:
    return re.sub(r"[\s\u2060]", "", words)


SAID: dict[str, tuple[str, ...]] = {
    "ko": ("귀사의 일본 진출 준비 수준", "종합 결과", "준비", "다음 단계: 수준 4", "해당 없음·판단 불가: 제외하며"),
    "en": ("Your readiness for Japan", "Overall result", "Preparing", "Next step: level 4", "never counted as 0"),
    "ja": ("貴社の日本進出の準備状況", "総合結果", "準備", "次の一歩：水準4", "該当なし・判断不可：除外し"),
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_tells_levels_next_steps_and_both_results(
    client: FlaskClient, survey_round: Round, questionnaire: Questionnaire, language: Language
) -> None:
    words = read(client, submit(client), language)
    for said in ("48.8", "48.2", *SAID[language]):
        assert said in words, said
    for name, level in (("rd_reg_path", "3"), ("rd_reg_path", "4"), ("rd_price", "1"), ("rd_price", "2")):
        choice = questionnaire.by_name[name].find_choice(level)
        assert choice is not None and choice.label.in_language(language).partition(" - ")[2] in words
    assert len(re.findall(r"\b16\b", words)) >= 4  # weights beside dimensions, in steps, in the table and in the notes


def test_a_return_that_is_not_submitted_is_led_on(client: FlaskClient, survey_round: Round) -> None:
    token = begin(client).token
    for path in ("readiness", "readiness.pdf"):
        response_ = client.get(f"/r/{token}/{path}")
        assert response_.status_code == 303
        led = Visit(client).open(f"/r/{token}/{path}")
        assert led.path == f"/r/{token}/check" and "as soon as the return is submitted" in led.text


def test_a_return_that_was_withdrawn_has_none(client: FlaskClient, survey_round: Round) -> None:
    token = submit(client)
    Visit(client).open(f"/r/{token}/withdraw").press()
    for path in ("readiness", "readiness.pdf"):
        response_ = client.get(f"/r/{token}/{path}?lang=en")
        assert response_.status_code == 410 and "withdrawn" in response_.get_data(as_text=True)


def test_after_the_round_it_stays_and_what_was_not_submitted_has_none(
    client: FlaskClient, database: Database, vault: Vault, survey_round: Round
) -> None:
    token, begun = submit(client), begin(client).token
    InvitedRound(database, vault, survey_round).move(opens_in=timedelta(days=-9), closes_in=timedelta(seconds=-1))
    assert "48.8" in read(client, token)
    for path in ("readiness", "readiness.pdf"):
        assert client.get(f"/r/{begun}/{path}").status_code == 403


def test_no_other_link_opens_it(client: FlaskClient, survey_round: Round) -> None:
    token = submit(client)
    colleagues = Visit(client).open(f"/r/{token}/colleagues")
    colleagues.fill({"section": ["sec_voice"], "label": "quality"}).press()
    [area] = colleagues.find(id="made-link")
    found = re.search(r"/part/([^/]+)/", "".join(area.itertext()))
    assert found is not None
    Visit(client).open(f"/r/{token}/replace").press()
    for path in ("readiness", "readiness.pdf"):
        assert client.get(f"/r/{found[1]}/{path}").status_code == 404
        assert client.get(f"/part/{found[1]}/{path}").status_code == 404
        assert client.get(f"/r/nobody/{path}").status_code == 404
        assert client.get(f"/r/{token}/{path}").status_code == 410


def test_what_was_changed_counts_once_it_is_submitted_again(client: FlaskClient, survey_round: Round) -> None:
    token = submit(client)
    visit = Visit(client).open(f"/r/{token}/p/rd_page_market").fill({"rd_price": "4"}).press()
    words = read(client, token)
    assert "48.8" in words and "You have changes that are not submitted" in words
    visit.open(f"/r/{token}/check").press()
    assert "57.7" in read(client, token) and "48.8" not in read(client, token)


def test_who_was_not_asked_is_told_so(client: FlaskClient, survey_round: Round) -> None:
    visit = begin(client)
    token = visit.token
    visit.open(f"/r/{token}/p/sec_japan").fill({"jp_stage": "noplan"}).press()
    answer_until(visit.open(f"/r/{token}/"), "")
    visit.open(f"/r/{token}/p/sec_japan").fill({"jp_stage": "noplan"}).press()
    assert visit.open(f"/r/{token}/check").press().path.endswith("/receipt"), visit.text
    assert "there is nothing to report" in read(client, token)
    assert "nothingtoreport" in squeeze(read_pdf(client, token).pages[0].extract_text())


def test_the_receipt_leads_to_it(client: FlaskClient, survey_round: Round) -> None:
    token = submit(client)
    assert Visit(client).open(f"/r/{token}/receipt").find(href=f"/r/{token}/readiness")
    assert Visit(client).open(f"/r/{token}/readiness").find(href=f"/r/{token}/receipt")


def test_an_open_round_shows_nobody_else(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, survey_round: Round
) -> None:
    token = submit(client)
    add_companies(database, questionnaire, survey_round, 20)
    assert freeze(database, questionnaire, survey_round) == "not_companies"
    words = read(client, token)
    assert "anybody can take part through its open link" in words and "Round: median" not in words


def test_below_ten_companies_nobody_else_is_shown(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 8)
    assert freeze(database, questionnaire, invited.round) == "too_few"
    words = read(client, token)
    assert "it takes the returns of at least 10 of them" in words and "Round: median" not in words


@pytest.mark.parametrize("language", LANGUAGES)
def test_from_ten_companies_on_the_middle_half_is_shown(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    invited: InvitedRound,
    language: Language,
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    late = invited.invite_new()
    add_companies(database, questionnaire, invited.round, 10)
    assert freeze(database, questionnaire, invited.round) == "made"
    submit_invited(client, late)
    words, others = read(client, token, language), read(client, late, language)
    own = {
        "ko": ("귀사의 응답도 당시 내용 그대로 포함되어 있습니다.", "귀사의 응답은 포함되어 있지 않습니다."),
        "en": ("Your own return is among them", "Your own return is not among them"),
        "ja": ("貴社の回答も、当時の内容で含まれています。", "貴社の回答は含まれていません。"),
    }[language]
    assert own[0] in words and own[1] in others
    assert "2026-11-03 10:30 (Asia/Seoul)" in words and "n=11" in words
    digital = re.search(r"n=10", words)  # company A has no score there
    assert digital is not None
    assert "2026-11-0310:30(Asia/Seoul)" in read_pdf_words(client, token, language)


def test_a_band_stays_while_returns_change(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 10)
    freeze(database, questionnaire, invited.round)
    before = re.findall(BAND_LINE, read(client, token))
    assert len(before) == 10
    visit = Visit(client).open(f"/r/{token}/p/rd_page_market").fill({"rd_price": "4", "rd_part": "0"}).press()
    visit.open(f"/r/{token}/check").press()
    assert freeze(database, questionnaire, invited.round) == "kept"
    words = read(client, token)
    assert re.findall(BAND_LINE, words) == before
    assert "An average hides a gap" not in words  # the band is "preparing" by its number alone


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_withdraws_is_told_of_the_figure_that_stays(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    invited: InvitedRound,
    language: Language,
) -> None:
    token, late = invited.invite_new(), invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 10)
    told = {"ko": "한 가지 수치는 남습니다", "en": "One figure stays", "ja": "一つだけ残る数値があります"}[language]
    assert told not in Visit(client).open(f"/r/{token}/withdraw?lang={language}").text
    freeze(database, questionnaire, invited.round)
    submit_invited(client, late)
    assert told not in Visit(client).open(f"/r/{late}/withdraw?lang={language}").text  # it came afterwards
    visit = Visit(client).open(f"/r/{token}/withdraw?lang={language}")
    assert told in visit.text
    assert told in visit.press().text and visit.status == 410
    answers = [client.get(f"/r/{token}/{path}?lang={language}") for path in ("readiness", "readiness.pdf")]
    assert {(each.status_code, told in each.get_data(as_text=True)) for each in answers} == {(410, True)}


def test_the_gate_is_explained_where_it_holds(client: FlaskClient, survey_round: Round, database: Database) -> None:
    token = submit(client)
    visit = Visit(client).open(f"/r/{token}/p/rd_page_regulatory")
    visit.fill({"rd_reg_path": "4", "rd_reg_dialog": "4", "rd_qual_system": "4", "rd_qual_change": "4"}).press()
    visit.open(f"/r/{token}/p/rd_page_market").fill({"rd_part": "0", "rd_price": "4", "rd_comm": "4"}).press()
    visit.open(f"/r/{token}/p/rd_page_organisation").fill({"rd_org": "4"}).press()
    visit.open(f"/r/{token}/check").press()
    words = read(client, token)
    assert "76.8" in words and "So the band is “Preparing” instead of “Ready”" in words
    assert "as long as these are below 25 points: Partner and licence holder" in words
    assert "What holds the band back stands first." in words


def test_an_altered_band_is_not_shown_and_logged(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    invited: InvitedRound,
    caplog: pytest.LogCaptureFixture,
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 10)
    freeze(database, questionnaire, invited.round)
    with database.write() as connection:
        connection.execute(update(frozen_figure).values(revision=1))
    words = read(client, token)
    assert "does not match its checksum" in words and "48.8" in words and "Round: median" not in words
    assert "frozen figure altered" in caplog.text


def test_the_own_earlier_round_stands_beside_it(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, invited: InvitedRound
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    assert "Earlier round" not in read(client, token)
    earlier = make_round(
        database, questionnaire, slug="survey-2025", opens_in=timedelta(days=-400), closes_in=timedelta(days=-370)
    )
    field = Field(database, questionnaire)
    levels: dict[str, Stored] = dict.fromkeys((*LEVELS, *MORE_LEVELS), "2")
    field.add(earlier.round_id, dict.fromkeys(LEVELS, "0"), company_id=invited.companies[0])
    number = field.add(earlier.round_id, levels, company_id=invited.companies[0])  # the more complete one counts
    field.add(earlier.round_id, dict.fromkeys((*LEVELS, *MORE_LEVELS), "4"), company_id=77)
    words = read(client, token)
    assert "Earlier round: 50.0; now 12.5 more" in words  # regulatory
    assert "Earlier round: 50.0; now 12.5 less" in words  # quality
    assert "Earlier round: 50.0; the same now" in words  # distribution
    assert "Earlier round: 50.0; now 1.2 less" in words  # overall: 48.8
    assert "A difference can come from somebody else answering" in words
    with database.write() as connection:
        connection.execute(update(round_table).where(round_table.c.slug == "survey-2025").values(kind="trial"))
    assert "Earlier round" not in read(client, token)  # a trial is no earlier round of a real one
    with database.write() as connection:
        connection.execute(update(round_table).values(kind="real"))
    assert "Earlier round" in read(client, token)
    field.withdraw(number)
    assert "now 62.5 more" in read(client, token)  # the other one of the company
    field.withdraw(number - 1)
    assert "Earlier round" not in read(client, token)


def test_behind_an_open_link_nobody_has_an_earlier_round(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, survey_round: Round
) -> None:
    token = submit(client)
    earlier = make_round(
        database, questionnaire, slug="survey-2025", opens_in=timedelta(days=-400), closes_in=timedelta(days=-370)
    )
    Field(database, questionnaire).add(earlier.round_id, dict.fromkeys(LEVELS, "0"), company_id=1)
    assert "Earlier round" not in read(client, token)


def test_a_sample_round_is_marked_as_fictional(
    client: FlaskClient, database: Database, questionnaire: Questionnaire
) -> None:
    make_round(database, questionnaire, kind="sample")
    token = submit(client)
    assert "Fictional data" in client.get(f"/r/{token}/readiness?lang=en").get_data(as_text=True)
    assert "Fictionaldata" in squeeze(read_pdf(client, token).pages[0].extract_text())


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pdf_reads_back(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    invited: InvitedRound,
    settings: Settings,
    language: Language,
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 10)
    freeze(database, questionnaire, invited.round)
    reader = read_pdf(client, token, language)
    catalog: Any = reader.trailer["/Root"]
    assert catalog["/Lang"] == language
    assert catalog["/MarkInfo"]["/Marked"] and "/StructTreeRoot" in catalog
    assert reader.metadata is not None and squeeze(str(reader.metadata.title)).startswith(squeeze(SAID[language][0]))
    words = squeeze("".join(page.extract_text() for page in reader.pages))
    for said in ("48.8", "48.2", "n=11", *SAID[language]):
        assert squeeze(said) in words, said
    sentence = questionnaire.by_name["rd_reg_path"].find_choice("3")
    assert sentence is not None and squeeze(sentence.label.in_language(language).partition(" - ")[2]) in words
    fonts = [font for page in reader.pages for font in list_fonts(page)]
    assert fonts and all(has_file(font) for font in fonts)
    figures = [element for element in walk(catalog["/StructTreeRoot"]) if element.get("/S") == "/Figure"]
    assert len(figures) >= 10 and all(str(figure.get("/Alt", "")) for figure in figures)
    assert {"/H1", "/H2", "/H3", "/Table", "/TH"} <= {str(each.get("/S")) for each in walk(catalog["/StructTreeRoot"])}
    assert 2 <= len(reader.pages) <= 5
    assert not list(settings.instance.rglob("*.pdf"))  # one company's answers are kept nowhere


def list_fonts(page: Any) -> list[Any]:
    return [font.get_object() for font in page["/Resources"]["/Font"].values()]


def has_file(font: Any) -> bool:
    """Whether the letters themselves are inside the PDF."""
    holder = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
    descriptor = holder["/FontDescriptor"].get_object()
    return any(name in descriptor for name in ("/FontFile", "/FontFile2", "/FontFile3"))


def walk(element: Any) -> list[Any]:
    """A structure element and all below it."""
    found = element.get_object() if hasattr(element, "get_object") else element
    if not hasattr(found, "get"):
        return []
    kids = found.get("/K", [])
    kids = kids if isinstance(kids, list) else [kids]
    return [found, *(each for kid in kids for each in walk(kid))]


def test_page_and_pdf_are_made_in_two_seconds(
    client: FlaskClient, database: Database, questionnaire: Questionnaire, invited: InvitedRound
) -> None:
    """Both together, of a processor's time, once the fonts of each language were read in this process."""
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 30)
    freeze(database, questionnaire, invited.round)
    for language in LANGUAGES:
        read_pdf(client, token, language)
    spent = {language: min(_time_both(client, token, language) for _ in range(2)) for language in LANGUAGES}
    assert max(spent.values()) < SECONDS, spent


def _time_both(client: FlaskClient, token: str, language: Language) -> float:
    """Seconds of this thread: the process may run a server beside this test."""
    started = time.thread_time()
    read(client, token, language)
    read_pdf(client, token, language)
    return time.thread_time() - started


def test_the_page_asks_the_database_little(
    client: FlaskClient,
    database: Database,
    questionnaire: Questionnaire,
    invited: InvitedRound,
    count_queries: Callable[[], Any],
) -> None:
    token = invited.invite_new()
    submit_invited(client, token)
    add_companies(database, questionnaire, invited.round, 10)
    freeze(database, questionnaire, invited.round)
    read(client, token)
    with count_queries() as statements:
        read(client, token)
    assert statements.count <= 5, statements.texts


def test_nobody_elses_answers_are_in_it(client: FlaskClient, database: Database, survey_round: Round) -> None:
    """A return whose draft points to another company's response by mistake cannot be made: the key says so."""
    first, second = submit(client), submit(client)
    with database.read() as connection:
        numbers = connection.execute(draft.select().with_only_columns(draft.c.response_number)).scalars().all()
    assert len(set(numbers)) == 2
    with database.write() as connection:
        connection.execute(
            update(response).where(response.c.number == numbers[0]).values(answers=dict.fromkeys(LEVELS, "0"))
        )
    assert {"48.8" in read(client, token) for token in (first, second)} == {True, False}
