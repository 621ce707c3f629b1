"""Returns that took back who the company is, or whom to reach, while their texts may still say it."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from surveyapp.fieldwork.consent_changes import narrow_one_consent
from surveyapp.fieldwork.consent_records import find_nameless
from surveyapp.fieldwork.drafts import Draft
from surveyapp.questionnaire.model import Stored
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.request import ExportRequest
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.fieldwork.test_submitting import AREAS, CONTACT

NAME = "카나리아제약"
GIVEN: Mapping[str, Stored] = {
    **AREAS,
    **CONTACT,
    "consent_quote": "agree",
    "attribution_level": "named",
    "company_name": NAME,
    "ft_case": f"{NAME}은 심사가 늦다",
}


def narrow(day: FieldworkDay, found: Draft, name: str, choice: str) -> None:
    day.now += timedelta(hours=1)
    with day.database.write() as connection:
        narrow_one_consent(connection, day.vault, found, day.questionnaire, name, choice, language="ko", now=day.now)


def write_texts(day: FieldworkDay, folder: Path) -> list[str]:
    """The cells of the question in a de-identified file."""
    file = io.BytesIO()
    source = Source(day.database, day.vault, day.round.survey_id, folder)
    with open_ground(source, day.round.slug) as ground:
        make_export(ground, ExportRequest("deidentified", "csv-plain"), file, actor="ana@example.com", now=day.now)
    rows = csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))
    return sorted(row["ft_case"] for row in rows)


@pytest.mark.parametrize(("name", "choice"), [("attribution_level", "anonymous"), ("consent_contact", "disagree")])
def test_what_was_taken_back_cannot_be_taken_out_of_the_text(
    day: FieldworkDay, name: str, choice: str, tmp_path: Path
) -> None:
    drafts = [day.submit_new(GIVEN) for _ in range(12)]
    assert write_texts(day, tmp_path) == ["[…]은 심사가 늦다"] * 12
    for found, _ in drafts[:5]:
        narrow(day, found, name, choice)
    with day.database.read() as connection:
        nameless = find_nameless(connection, day.round.survey_id, day.round.round_id)
    assert nameless == {submitted.number for _, submitted in drafts[:5]}
    assert write_texts(day, tmp_path) == [".w"] * 5 + ["[…]은 심사가 늦다"] * 7


def test_whoever_permits_less_of_something_else_keeps_its_name(day: FieldworkDay) -> None:
    found, _ = day.submit_new(GIVEN)
    narrow(day, found, "consent_quote", "disagree")
    with day.database.read() as connection:
        assert not find_nameless(connection, day.round.survey_id, day.round.round_id)
