"""A figure's code leads from the file to where the figure came from; a viewer learns nothing on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from surveyapp.fieldwork.withdrawing import erase_response
from surveyapp.questionnaire.model import LANGUAGES
from surveyapp.records.database import Database
from surveyapp.records.tables import release, response, round_table
from surveyapp.settings import Settings
from tests.conftest import SAMPLES_OPENED
from tests.web.briefing_files import read_csv
from tests.web.desk_data import ROUND, open_samples, read_page, read_words

SignIn = Callable[[str], FlaskClient]
SURVEY = "japan_export_readiness"


@pytest.fixture
def database(settings: Settings, sampled_file: object) -> Iterator[Database]:
    opened = open_samples(settings, sampled_file)  # type: ignore[arg-type]
    yield opened
    opened.close()


@pytest.fixture
def viewer(sign_in: SignIn) -> FlaskClient:
    return sign_in("viewer")


def find_row(client: FlaskClient, code: str = "gmp") -> dict[str, str]:
    """A row of the file that a viewer gets."""
    return read_csv(client.get(f"{ROUND}/briefing.csv").data)[code]


def withdraw_one(database: Database) -> None:
    """One company of the later sample round that named the area withdraws."""
    with database.write() as connection:
        round_id = connection.scalar(select(round_table.c.round_id).where(round_table.c.slug == "sample-2026"))
        rows = connection.execute(
            select(response.c.number, response.c.answers).where(
                response.c.round_id == round_id, response.c.state == "submitted"
            )
        )
        number = next(row.number for row in rows if "gmp" in row.answers.get("ch_areas", []))
        erase_response(connection, SURVEY, number, now=SAMPLES_OPENED)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_code_in_the_file_leads_to_the_figure(database: Database, viewer: FlaskClient, language: str) -> None:
    row = find_row(viewer)
    page = read_page(viewer, f"/desk/figures/{row['figure_code']}", language=language)
    words = read_words(page)
    assert f"{row['n']}/{row['base']}" in words
    assert f"{row['percent']}%" in words
    assert row[f"area_{language}"] in words
    assert row["questionnaire_version"] in words
    assert row["revision"] in words
    with database.read() as connection:
        digest = connection.scalar(select(release.c.digest).where(release.c.definition == "issues"))
    assert digest is not None and digest in words
    assert "viewer@" not in page.split("<main")[1].split("</main>")[0], "who released it is for staff"


def test_typed_sloppily_it_is_found_all_the_same(database: Database, viewer: FlaskClient) -> None:
    code = find_row(viewer)["figure_code"]
    answer = viewer.get("/desk/figures", query_string={"code": f" {code.lower().replace('-', ' ')} "})
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/desk/figures/{code}")
    assert f"Figure {code}" in read_page(viewer, f"/desk/figures/{code.lower()}")


@pytest.mark.parametrize("path", ["/desk/figures/K7QM", "/desk/figures?code=K7QM", "/desk/figures/수치의코드입니다"])
def test_what_is_no_code_is_told_what_one_looks_like(database: Database, viewer: FlaskClient, path: str) -> None:
    page = read_page(viewer, path, status=400)
    assert "K7QM-3XW2" in read_words(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_unknown_code_is_not_found_in_words(database: Database, viewer: FlaskClient, language: str) -> None:
    assert "0000-0000" in read_words(read_page(viewer, "/desk/figures/00000000", language=language, status=404))


def test_a_hostile_code_is_shown_as_text(database: Database, viewer: FlaskClient) -> None:
    page = viewer.get("/desk/figures", query_string={"code": '"><script>alert(1)</script>'})
    assert page.status_code == 400
    assert b"<script>alert" not in page.data


def test_the_search_form_is_reached_from_the_released_figures_and_the_briefing(
    database: Database, viewer: FlaskClient
) -> None:
    for path in ("released", "briefing"):
        assert 'href="/desk/figures"' in read_page(viewer, f"{ROUND}/{path}")
    assert 'name="code"' in read_page(viewer, "/desk/figures")


def test_each_row_of_the_released_figures_leads_to_its_figure(database: Database, viewer: FlaskClient) -> None:
    page = read_page(viewer, f"{ROUND}/released")
    links = re.findall(r'<th scope="row"><a href="(/desk/figures/[^"]+)">([^<]+)</a>', page)
    assert len(links) > 40
    code = find_row(viewer)["figure_code"]
    assert f"/desk/figures/{code}" in dict(links)
    for url, name in links[::9]:
        assert name in read_page(viewer, url), url


def test_a_preview_has_no_codes(database: Database, sign_in: SignIn) -> None:
    page = read_page(sign_in("analyst"), f"{ROUND}/released")
    assert "/desk/figures/" not in page
    assert "get their codes when they are released" in page


def test_a_viewer_is_told_that_returns_were_withdrawn_and_no_more(
    database: Database, viewer: FlaskClient, sign_in: SignIn
) -> None:
    row = find_row(viewer)
    path = f"/desk/figures/{row['figure_code']}"
    before = read_words(read_page(viewer, path))
    assert "Computed again from the responses: the same figure." in before
    withdraw_one(database)
    after = read_words(read_page(viewer, path))
    now = f"{int(row['n']) - 1}/{int(row['base']) - 1}"
    assert "Verified" in after
    assert "Since the release returns were withdrawn, so the answer can be another today" in after
    assert f"{row['n']}/{row['base']}" in after
    assert now not in after
    for hint in ("withdrawn 1", "Changed since", "the same figure"):
        assert hint not in after
    staff = read_words(read_page(sign_in("analyst"), path))
    assert "Changed since: computed again from the responses, it is" in staff
    assert now in staff
    assert "returns added 0, changed 0, withdrawn 1" in staff
    assert "viewer@" in staff


def test_a_viewer_reads_the_same_words_on_every_figure_once_a_return_has_changed(
    database: Database, viewer: FlaskClient
) -> None:
    """Else those that changed and those that did not would spell out the answers of the company that left."""
    page = read_page(viewer, f"{ROUND}/released")
    urls = re.findall(r'<th scope="row"><a href="(/desk/figures/[^"]+)">', page)[::7]
    withdraw_one(database)
    told = {
        tuple(re.findall(r'<div class="notice [^"]*".*?</div>\s*</div>', read_page(viewer, url), re.DOTALL))
        for url in urls
    }
    assert len(urls) > 6
    assert len(told) == 1
    assert len(next(iter(told))) == 2


def test_an_altered_release_is_called_so(database: Database, viewer: FlaskClient) -> None:
    code = find_row(viewer)["figure_code"]
    with database.write() as connection:
        content = dict(connection.scalar(select(release.c.content).where(release.c.definition == "issues")) or {})
        content["is_ranked"] = not content["is_ranked"]
        connection.execute(update(release).where(release.c.definition == "issues").values(content=content))
    assert "Altered" in read_words(read_page(viewer, f"/desk/figures/{code}"))


def test_what_was_released_to_japan_is_for_staff_alone(
    database: Database, viewer: FlaskClient, sign_in: SignIn
) -> None:
    """The memory can hold releases for others; a viewer sees the ministry's."""
    code = find_row(viewer)["figure_code"]
    with database.write() as connection:
        connection.execute(update(release).values(audience="japan"))
    read_page(viewer, f"/desk/figures/{code}", status=404)
    read_page(sign_in("analyst"), f"/desk/figures/{code}")
