"""From a company's first page to the figures that the desk shows and gives out, and after an edit; without script."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.records.tables import response
from tests.desk_pages import read_csv
from tests.respondent_visits import Visit
from tests.whole_path import (
    BEFORE,
    COMPANY,
    EARLIER_RETURNS,
    EDITED,
    EMAIL,
    FIVE_AREAS,
    FOUR_WORST,
    GIVEN,
    KEPT_AREAS,
    SLUG,
    SUBMITTED,
    begin_and_leave,
    edit_and_submit,
    fill_round,
    read_area_figures,
    read_given,
    resume_and_submit,
)


@dataclass
class ClientDesk:
    """An analyst at a test client."""

    client: FlaskClient

    def read_page(self, path: str) -> str:
        reply = self.client.get(f"/desk/rounds/{SLUG}/{path}?lang=en")
        assert reply.status_code == 200
        return reply.text

    def read_file(self, name: str) -> bytes:
        reply = self.client.get(f"/desk/rounds/{SLUG}/export/{name}?lang=en")
        assert (reply.status_code, reply.mimetype) == (200, "text/csv")
        return reply.get_data()


def test_a_return_and_its_edit_change_every_figure(
    app: Flask,
    database: Database,
    vault: Vault,
    questionnaire: Questionnaire,
    sign_in: Callable[[str], FlaskClient],
) -> None:
    fill_round(database, vault, questionnaire)
    desk = ClientDesk(sign_in("analyst"))
    assert read_area_figures(desk) == BEFORE

    first, second = Visit(app.test_client()), Visit(app.test_client())
    link = begin_and_leave(first)
    assert read_area_figures(desk) == BEFORE  # a draft is in no figure and no file
    receipt = resume_and_submit(second, link)
    assert read_area_figures(desk) == SUBMITTED
    row = find_own_row(desk)
    assert (row["language"], row["edited_at"], row["ch_reg_delay"]) == ("ja", "", "9")
    assert [row[f"ch_worst/{area}"] for area in FIVE_AREAS] == ["1", "1", "1", "1", "0"]
    assert row["ch_other_text"] == "'=共同開発会社との資料分担"
    assert (row["rank_topics/gmp"], row["rank_topics/digital"]) == ("1", "2")
    with database.read() as connection:
        (submitted,) = connection.execute(select(response).where(response.c.receipt == receipt)).all()
    assert (submitted.language, submitted.answers["ch_worst"]) == ("ja", FOUR_WORST)
    assert submitted.texts["ch_other_text"] == "=共同開発会社との資料分担"

    assert edit_and_submit(first, link) == receipt
    assert read_area_figures(desk) == EDITED
    assert read_given(desk) == read_given(desk) == GIVEN
    edited_row = find_own_row(desk)
    assert edited_row["number"] == row["number"] == str(len(EARLIER_RETURNS) + 1)
    assert edited_row["edited_at"]
    assert [edited_row[f"ch_worst/{area}"] for area in FIVE_AREAS] == [""] * 5  # three areas: not asked
    with database.read() as connection:
        rows = connection.execute(select(response)).all()
    assert len(rows) == len(EARLIER_RETURNS) + 1
    (edited,) = [each for each in rows if each.receipt == receipt]
    assert edited.revision > submitted.revision
    assert edited.answers["ch_areas"] == KEPT_AREAS
    assert not {"ch_worst", "ch_pri_sev", "ch_pri_leaf"} & set(edited.answers)
    for secret in (COMPANY, EMAIL):
        assert secret not in str(edited) + desk.read_file("raw.csv").decode() + desk.read_file("ministry.csv").decode()


def find_own_row(desk: ClientDesk) -> dict[str, str]:
    """The line of the company of this story: the last one that submitted."""
    return dict(read_csv(desk.read_file("raw.csv"))[-1])
