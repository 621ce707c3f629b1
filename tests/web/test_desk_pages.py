"""The desk's pages on the sample rounds: what they show, to whom, and under which filters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml.html import document_fromstring
from sqlalchemy import select, update

from surveyapp.questionnaire.model import LANGUAGES, Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.change_feed import take_revision
from surveyapp.records.database import Database
from surveyapp.records.tables import release, response, round_table
from surveyapp.reports.charts import Chart, load_figure
from surveyapp.settings import Settings
from tests.desk_pages import read_csv
from tests.web.desk_data import (
    EARLIER,
    ROUND,
    TRIAL,
    open_samples,
    read_card,
    read_figures,
    read_page,
    read_words,
)

SignIn = Callable[[str], FlaskClient]
FIGURES = ("ranking", "leaves", "segments", "severity", "burden", "readiness", "importance", "change")
SECTIONS = ("sec_consent", "sec_profile", "sec_japan", "sec_readiness", "sec_challenges", "sec_voice", "sec_support")
PAGES = (
    "/desk/",
    f"{ROUND}/issues?company_size=e50_299&by=jp_stage&area=gmp",
    f"{TRIAL}/issues",
    f"{ROUND}/questions?section=sec_japan",
    f"{ROUND}/questions?section=sec_support",
    f"{ROUND}/questions/ch_areas?by=jp_year",
    f"{ROUND}/questions/rank_topics?by=company_size",
    f"{ROUND}/texts?area=gmp&question=ft_case",
    f"{ROUND}/released",
    f"{ROUND}/disclosure?audience=japan&by=jp_stage",
    f"{TRIAL}/disclosure",
    f"{ROUND}/briefing",
    f"{EARLIER}/progress",
    f"{TRIAL}/progress",
    f"{ROUND}/export",
    "/desk/audit",
)


@pytest.fixture
def database(settings: Settings, sampled_file: Path) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)
    yield opened
    opened.close()


@pytest.fixture
def analyst(sign_in: SignIn) -> FlaskClient:
    return sign_in("analyst")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_in_every_language(sign_in: SignIn, language: str) -> None:
    """The client checks the markup of each reply; here the figures are checked by Plotly."""
    admin = sign_in("admin")
    for path in PAGES:
        page = read_page(admin, path, language=language)
        assert f'<html lang="{language}">' in page
        for figure in read_figures(page):
            load_figure(Chart("ranges", figure, 1, ""))


def test_the_issues_page_answers_seven_questions(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/issues")
    for name in FIGURES:
        words = read_words(read_card(page, name))
        for fact in ("Base:", "Round:", "Method:", "Data:"):
            assert fact.removesuffix(":") in words
        assert "Sample round 2026 (fictional data)" in words
        assert "<table" in read_card(page, name), f"{name} has no table beside its chart"
    assert len(read_figures(page)) == 11
    assert "Fictional data" in page


def test_each_row_of_the_ranking_leads_to_its_problems_and_texts(analyst: FlaskClient) -> None:
    ranking = read_card(read_page(analyst, f"{ROUND}/issues?company_size=e1_49"), "ranking")
    assert f'href="{ROUND}/issues?company_size=e1_49&amp;area=gmp#leaves"' in ranking
    assert f'href="{ROUND}/texts?company_size=e1_49&amp;issue=gmp"' in ranking


def test_filters_live_in_the_address(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/issues?company_type=pharma&company_type=bio&jp_stage=onmarket&by=company_size")
    words = read_words(page)
    assert "Looking at 6 companies" in words
    assert re.search(r'name="company_type" value="pharma" checked', page)
    assert re.search(r'<input type="hidden" name="by" value="company_size">', page)
    assert f'class="chip" href="{ROUND}/issues?company_type=bio&amp;jp_stage=onmarket&amp;by=company_size"' in page, (
        "a chip is the way to the page without its filter"
    )
    assert f'class="clear" href="{ROUND}/issues?by=company_size"' in page
    assert "Filter" in read_words(read_card(page, "ranking"))


def test_any_choice_question_can_filter(analyst: FlaskClient, questionnaire: Questionnaire) -> None:
    page = read_page(analyst, f"{ROUND}/issues?add=ch_gmp_leaf")
    assert 'name="ch_gmp_leaf" value="gmp-audit"' in page
    offered = set(re.findall(r'<option value="([\w-]+)">', page)) | set(
        re.findall(r'type="checkbox" name="(\w+)"', page)
    )
    wanted = {
        question.name
        for question in questionnaire.questions_in("answers")
        if question.kind in ("select_one", "select_multiple")
    }
    assert wanted <= offered
    confidential = {question.name for question in questionnaire.questions_in("identity", "contact")}
    assert not confidential & offered


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "company_type=nonsense",
        "company_name=x",
        "contact_email=x",
        "ft_case=x",
        "jp_year=2020",
        "add=nonsense",
        "add=jp_year",
        "by=nonsense",
        "area=nonsense",
        "company_type=",
    ],
)
def test_an_unknown_filter_is_explained(analyst: FlaskClient, query: str) -> None:
    page = read_page(analyst, f"{ROUND}/issues?{query}", status=400)
    assert "This filter does not exist" in page


def test_an_unknown_round_or_question_is_not_found(analyst: FlaskClient) -> None:
    for path in ("/desk/rounds/none/issues", "/desk/rounds/none/export/raw.csv", f"{ROUND}/questions/company_name"):
        assert analyst.get(path).status_code == 404


def test_few_companies_are_listed_without_ranks(analyst: FlaskClient) -> None:
    ranking = read_words(read_card(read_page(analyst, f"{ROUND}/issues?company_type=bio"), "ranking"))
    assert "too few for ranks" in ranking
    assert "Tier 1" not in ranking
    assert "few cases" in ranking


def test_a_round_without_returns_says_what_comes(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{TRIAL}/issues")
    assert "No return has been submitted in this round yet" in page
    assert not read_figures(page)


@pytest.mark.parametrize("query", ["area=nonsense", "by=nonsense"])
def test_an_unknown_filter_is_explained_where_there_is_nothing_to_filter(analyst: FlaskClient, query: str) -> None:
    page = read_page(analyst, f"{TRIAL}/issues?{query}", status=400)
    assert "This filter does not exist" in page


def test_a_filter_that_nobody_passes_says_so(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/issues?company_type=cosmetic&company_size=e1000p&jp_stage=withdrawn")
    assert "No company passes these filters" in page


def test_rounds_are_compared_under_the_same_filter(analyst: FlaskClient) -> None:
    change = read_words(read_card(read_page(analyst, f"{ROUND}/issues"), "change"))
    assert "What has changed since “Sample round 2025 (fictional data)”?" in change
    assert "companies in both" in change
    first = read_words(read_card(read_page(analyst, f"{EARLIER}/issues"), "change"))
    assert "There is no earlier round to compare with" in first


def test_every_question_has_a_figure(analyst: FlaskClient, questionnaire: Questionnaire) -> None:
    shown: set[str] = set()
    for section in SECTIONS:
        page = read_page(analyst, f"{ROUND}/questions?section={section}")
        shown |= set(re.findall(r'<article class="card[^"]*" id="q-(\w+)"', page))
    assert shown == {question.name for question in questionnaire.questions_in("answers", "texts")}


def test_missing_answers_are_kept_apart(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/questions?section=sec_readiness")
    words = read_words(read_card(page, "q-rd_clin"))
    assert "Not applicable" in words and "Asked, not answered" in words and "Not asked" in words
    assert re.search(r"of \d+ who answered", words), "a percentage says percent of what"


def test_two_questions_are_set_against_each_other(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/questions/ch_areas?by=company_size&jp_stage=onmarket")
    cross = read_words(read_card(page, "cross"))
    assert "answered both questions; percentages are of each column" in cross
    assert '<option value="company_size" selected>' in page
    assert '<input type="hidden" name="jp_stage" value="onmarket">' in page
    assert analyst.get(f"{ROUND}/questions/ch_areas?by=contact_name").status_code == 400


def test_reading_texts_is_audited(analyst: FlaskClient, database: Database) -> None:
    page = read_page(analyst, f"{ROUND}/texts?area=gmp&question=ft_case&company_size=e50_299")
    texts = page.count('class="text-card"')
    assert texts > 0
    with database.read() as connection:
        (event,) = list_audit(connection, action="texts.viewed")
    assert event.actor == "analyst@example.com"
    assert event.details["issue"] == "gmp" and event.details["question"] == "ft_case"
    assert event.details["texts"] == texts and "50" in str(event.details["filters"])


def test_each_text_shows_what_its_company_allowed(analyst: FlaskClient) -> None:
    words = read_words(read_page(analyst, f"{ROUND}/texts"))
    for allowed in (
        "Statistics only: not to be passed on in any form",
        "Gist to the ministry, unnamed",
        "Word for word after redaction",
        "Not word for word",
        "Company's name to the ministry",
        "Not with the company's name",
    ):
        assert allowed in words


def test_texts_go_on_where_a_screen_ends(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{ROUND}/texts?after=60")
    numbers = [int(number) for number in re.findall(r"Return (\d+)", page)]
    assert numbers and min(numbers) > 60
    assert analyst.get(f"{ROUND}/texts?after=x").status_code == 400


def test_a_viewer_sees_released_figures_alone(sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    page = read_page(viewer, f"{ROUND}/released")
    words = read_words(page)
    assert "Released for: Ministry (MFDS)" in words
    assert "group too small" in words and "group too small = the group has too few companies" in words
    assert "<form" not in page.split("<main")[1], "there is nothing to filter by"
    assert f"{ROUND}/issues" not in page
    for path in ("issues", "questions", "texts", "export", "export/raw.csv", "export/ministry.csv"):
        assert viewer.get(f"{ROUND}/{path}").status_code == 403
    assert viewer.get("/desk/audit").status_code == 403


def test_the_methods_sentence_is_the_same_on_the_released_page_the_progress_page_and_in_the_ministry_file(
    sign_in: SignIn, analyst: FlaskClient
) -> None:
    viewer = sign_in("viewer")
    [told] = re.findall(r'class="methods-sentence".*?<p>(.*?)</p>', read_page(viewer, f"{ROUND}/released"), re.DOTALL)
    assert re.match(r"\d+ companies answered from [\d-]+ to [\d-]+ \(Asia/Seoul\)\. ", told)
    assert f"<p>{told}</p>" in read_page(viewer, f"{ROUND}/progress")
    rows = read_csv(analyst.get(f"{ROUND}/export/ministry.csv?lang=en").get_data())
    assert {row["round_methods"] for row in rows} == {told}


def test_the_methods_sentence_is_remembered_with_its_day(
    sign_in: SignIn, analyst: FlaskClient, database: Database
) -> None:
    pattern = r'class="(?:methods-sentence.*?<p|briefing-methods")>(.*?)</p>'
    [preview] = re.findall(pattern, read_page(analyst, f"{EARLIER}/released"), re.DOTALL)
    assert "Counted on" not in preview
    viewer = sign_in("viewer")
    [told] = re.findall(pattern, read_page(viewer, f"{EARLIER}/briefing"), re.DOTALL)
    assert re.search(r"Counted on [\d-]+\. Response rate [\d.]+% \(AAPOR RR1, \d+ of \d+ invited companies\)", told)
    assert [each for each in list_releases(database) if each[1] == "field"] == [
        ("ministry", "field", "viewer@example.com")
    ]
    for page in ("released", "progress", "briefing"):
        assert re.findall(pattern, read_page(viewer, f"{EARLIER}/{page}"), re.DOTALL) == [told], page


def test_staff_read_of_as_many_further_returns_as_figures_count(analyst: FlaskClient) -> None:
    """One company answered through its invitation and through the open link: one return of it is in figures."""
    page = read_page(analyst, f"{EARLIER}/progress")
    [told] = re.findall(r'class="methods-sentence.*?<p>(.*?)</p>', page, re.DOTALL)
    assert re.search(r"^36 companies answered .* \(AAPOR RR1, 36/51\)", told), told
    assert "further return" not in told


@pytest.mark.parametrize("path", ["sample-2026/released", "sample-2025/progress", "sample-2026/briefing"])
def test_no_line_of_the_korean_methods_sentence_begins_with_an_ending(analyst: FlaskClient, path: str) -> None:
    page = read_page(analyst, f"/desk/rounds/{path}?lang=ko")
    [told] = re.findall(r'class="(?:methods-sentence.*?<p|briefing-methods")>(.*?)</p>', page, re.DOTALL)
    assert "까지\u2060(Asia/Seoul)" in told and "니다." in told
    assert not re.search(r"[가-힣]\(|\)[가-힣]", told)
    assert bool(re.search(r"응답률은 [\d.]+%\(.*\)\u2060입니다", told)) == ("progress" in path), "where there is a rate"


def test_hidden_figures_are_nowhere_on_the_released_page(sign_in: SignIn) -> None:
    """Stopped or withdrawn: one company. Its answers can be read neither in the tables nor in the charts."""
    page = read_page(sign_in("viewer"), f"{ROUND}/released")
    assert not re.search(r"(?<!\d)[01]/1(?!\d)", read_words(page))
    for figure in read_figures(page):
        for trace in figure["data"]:
            for text in _list_texts(trace.get("hovertext", [])):
                assert not re.search(r"\((\d|\d+/[1-4])\)", text), text


def test_a_viewer_reads_what_an_area_costs_at_least(sign_in: SignIn) -> None:
    """With the number of companies that named a range, or why the sum is hidden; problems have none."""
    page = read_page(sign_in("viewer"), f"{ROUND}/released")
    headings, *rows = read_table(page)
    [column] = [place for place, heading in enumerate(headings) if heading.startswith("Extra cost")]
    assert headings[column].endswith("at least, million KRW")
    cells = [row[column] for row in rows]
    assert len(cells) == 10
    assert all(re.fullmatch(r"[\d,]+ ?n=\d{2}|× ?[a-z ]+", cell) for cell in cells), cells
    assert sum("n=" in cell for cell in cells) >= 3
    assert "Extra cost: the lower bounds of the ranges that n companies named" in read_words(page)
    assert "Extra cost" not in read_words(read_card(page, "leaves"))


def test_a_table_from_before_there_were_sums_is_shown_without_them(sign_in: SignIn, database: Database) -> None:
    """A table that is held back: one company has withdrawn since."""
    viewer = sign_in("viewer")
    first = read_page(viewer, f"{ROUND}/released")
    with database.write() as connection:
        content = dict(connection.scalar(select(release.c.content).where(release.c.definition == "issues")) or {})
        content["areas"] = [{name: each for name, each in row.items() if name != "cost"} for row in content["areas"]]
        connection.execute(update(release).where(release.c.definition == "issues").values(content=content))
    withdraw_first(database)
    again = read_page(viewer, f"{ROUND}/released")
    assert "Extra cost" in read_words(read_card(first, "ranking"))
    assert "Extra cost" not in read_words(read_card(again, "ranking"))
    places = [place for place, heading in enumerate(read_table(first)[0]) if not heading.startswith("Extra cost")]
    assert read_table(again) == [[row[place] for place in places] for row in read_table(first)]


def list_releases(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as connection:
        rows = connection.execute(
            select(release.c.audience, release.c.definition, release.c.actor).order_by(release.c.release_number)
        )
        return [(row.audience, row.definition, row.actor) for row in rows]


def test_what_a_viewer_is_given_is_remembered(sign_in: SignIn, analyst: FlaskClient, database: Database) -> None:
    preview = read_page(analyst, f"{ROUND}/released")
    assert list_releases(database) == []
    viewer = sign_in("viewer")
    first = read_page(viewer, f"{ROUND}/released")
    assert [definition for _, definition, _ in list_releases(database)][:3] == [
        "issues",
        "segments:jp_stage",
        "readiness",
    ]
    assert {(audience, actor) for audience, _, actor in list_releases(database)} == {("ministry", "viewer@example.com")}
    assert "As released on" in first
    assert "As released on" not in preview
    before = list_releases(database)
    assert read_words(read_page(viewer, f"{ROUND}/released")) == read_words(first)
    assert analyst.get(f"{ROUND}/export/ministry.csv").status_code == 200
    assert list_releases(database) == before, "the file holds the same table"


def test_a_company_that_withdraws_is_not_told_to_viewers(sign_in: SignIn, database: Database) -> None:
    viewer = sign_in("viewer")
    first = read_page(viewer, f"{ROUND}/released")
    withdraw_first(database)
    again = read_page(viewer, f"{ROUND}/released")
    assert read_table(again) == read_table(first)


def withdraw_first(database: Database) -> None:
    """The first company of the later sample round."""
    with database.write() as connection:
        of_round = select(round_table.c.round_id).where(round_table.c.slug == ROUND.rpartition("/")[2])
        found = select(response.c.survey_id, response.c.number).where(response.c.round_id == of_round.scalar_subquery())
        survey_id, withdrawn = connection.execute(found.order_by(response.c.number)).first() or ("", 0)
        connection.execute(
            update(response)
            .where(response.c.number == withdrawn)
            .values(
                state="withdrawn",
                answers={},
                texts={},
                identity_link=None,
                contact_link=None,
                company_id=None,
                withdrawn_at=datetime.now(UTC),
                revision=take_revision(connection, survey_id),
            )
        )


def read_table(page: str) -> list[list[str]]:
    """The ranking, cell by cell."""
    rows = document_fromstring(read_card(page, "ranking")).iter("tr")
    return [[" ".join("".join(map(str, cell.itertext())).split()) for cell in row] for row in rows]


@pytest.mark.parametrize("audience", ["ministry", "japan", "public"])
def test_staff_see_what_an_audience_would_be_shown_and_why_not(
    sign_in: SignIn, analyst: FlaskClient, database: Database, audience: str
) -> None:
    page = read_page(analyst, f"{ROUND}/disclosure?audience={audience}&by=jp_stage")
    tables = read_words(read_card(page, "tables"))
    assert "Areas and problems" in tables
    assert "the group has too few companies" in tables
    assert "hidden:" not in tables, "the column says already that they are"
    assert "not yet as it is now" in tables
    assert "Merged," in read_words(read_card(page, "rollups"))
    assert list_releases(database) == []
    read_page(sign_in("viewer"), f"{ROUND}/released")
    again = read_words(read_card(read_page(analyst, f"{ROUND}/disclosure?audience={audience}"), "tables"))
    assert ("not yet as it is now" in again) is True, "the groups that no page shows"
    assert sign_in("viewer").get(f"{ROUND}/disclosure").status_code == 403


def test_an_audience_that_does_not_exist_is_explained(analyst: FlaskClient) -> None:
    assert analyst.get(f"{ROUND}/disclosure?audience=rivals").status_code == 400


def test_released_figures_take_no_filters(sign_in: SignIn) -> None:
    viewer = sign_in("viewer")
    plain = read_page(viewer, f"{ROUND}/released")
    filtered = read_page(viewer, f"{ROUND}/released?company_type=bio")
    assert read_words(plain.split("<main")[1]) == read_words(filtered.split("<main")[1])


@pytest.mark.parametrize(
    "path", ["issues", "questions?section=sec_challenges", "texts", "released", "briefing", "export"]
)
def test_pages_ask_the_database_as_often_for_one_return_as_for_many(
    analyst: FlaskClient, database: Database, count_queries: Callable[[], Any], path: str
) -> None:
    read_page(analyst, f"{ROUND}/{path}")  # warm: the index, the parsed questionnaire
    with count_queries() as many:
        read_page(analyst, f"{ROUND}/{path}")
    with database.write() as connection:
        connection.execute(update(response).where(response.c.round_id == 2).values(round_id=3))
    with count_queries() as other:
        read_page(analyst, f"{ROUND}/{path}")
    assert many.count == other.count <= 13, "\n".join(many.texts)


def _list_texts(value: object) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _list_texts(item)]
    return [str(value)]


@pytest.mark.parametrize(
    ("role", "groups"),
    [
        ("viewer", {"Answers": ["Released figures", "Briefing"], "Fieldwork": ["Progress"]}),
        (
            "analyst",
            {
                "Answers": ["Issues", "Questions", "Texts", "Released figures", "Disclosure", "Briefing", "Export"],
                "Fieldwork": ["Progress"],
            },
        ),
    ],
)
def test_a_group_of_pages_holds_what_the_role_may_open(
    sign_in: SignIn, role: str, groups: dict[str, list[str]]
) -> None:
    page = document_fromstring(read_page(sign_in(role), f"{ROUND}/released"))
    shown = {
        group.findtext("div/span"): [link.text for link in group.iterfind("div/ul/li/a")]
        for group in page.iterfind(".//details[@class='drop nav-group']")
    }
    assert shown == groups
    assert [link.text for link in page.iterfind(".//details//a[@aria-current]")] == ["Released figures"]


def test_the_field_is_told_to_analysts_whole_and_to_viewers_as_released(sign_in: SignIn, analyst: FlaskClient) -> None:
    whole = read_page(analyst, f"{EARLIER}/progress")
    assert re.search(r"response rate [\d.]+% \(AAPOR RR1, \d+/\d+\)", read_words(whole))
    dispositions = read_words(read_card(whole, "dispositions"))
    assert "2.111" in dispositions and "I / (I + R + UO)" in dispositions
    assert len(read_figures(whole)) == 4, "steps, days, two segments: of membership the samples know nothing"
    viewer = sign_in("viewer")
    released = read_page(viewer, f"{EARLIER}/progress")
    assert "dispositions" not in released and not read_figures(released)
    assert "×" in read_words(read_card(released, "by-size")) or "hidden" in read_words(read_card(released, "by-size"))
    assert "Released for: Ministry (MFDS)" in read_words(released)


def test_a_round_without_invitations_says_so(analyst: FlaskClient) -> None:
    page = read_page(analyst, f"{TRIAL}/progress")
    assert "No company is invited to this round yet." in read_words(read_card(page, "steps"))
    assert "no response rate can be given" in read_words(page)
