"""How returns came about, on both databases: begun, submitted and withdrawn ones, and files older than that."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path

import pyreadstat
import pytest

from surveyapp.fieldwork.left_files import was_taken_back_since
from surveyapp.fieldwork.paradata_stream import stream_paradata
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.request import FORMATS, ExportRequest
from tests.fieldwork.fieldwork_days import NOW, FieldworkDay
from tests.fieldwork.test_consent_records import narrow
from tests.fieldwork.test_submitting import AREAS

MADE = NOW + timedelta(minutes=6)


def was_taken_back(day: FieldworkDay) -> bool:
    """Whether a file that was made six minutes on has become too old."""
    with day.database.read() as connection:
        return was_taken_back_since(
            connection, day.round.survey_id, day.round.round_id, MADE, submitted_until=MADE + timedelta(seconds=5)
        )


def test_what_is_narrowed_ages_a_file_and_what_is_new_does_not(day: FieldworkDay) -> None:
    found, _ = day.submit_new(AREAS)
    day.now = NOW + timedelta(minutes=10)
    late, _ = day.submit_new({**AREAS, "consent_quote": "disagree"})
    day.now = NOW + timedelta(minutes=11)
    narrow(day, late, "attribution_level", "aggregate")
    assert not was_taken_back(day), "it is in no file yet"
    narrow(day, found, "attribution_level", "aggregate")
    assert was_taken_back(day)


def test_each_return_that_was_begun_and_not_withdrawn(day: FieldworkDay) -> None:
    day.start(language="ja")
    day.now = NOW + timedelta(minutes=5)
    _, submitted = day.submit_new(AREAS)
    gone, _ = day.submit_new(AREAS)
    assert not was_taken_back(day)
    day.now = NOW + timedelta(minutes=30)
    day.withdraw(gone)
    with day.database.read() as connection:
        begun, done = stream_paradata(connection, day.round.survey_id, day.round.round_id)
    assert (begun.number, begun.state, begun.language, begun.mode) == (None, "open", "ja", "web")
    assert begun.started_at == NOW and begun.submitted_at is None
    assert (done.number, done.state) == (submitted.number, "submitted")
    assert done.submitted_at == NOW + timedelta(minutes=5) and done.saves > 0
    assert was_taken_back(day)


@pytest.mark.parametrize("kind", ["raw", "identified", "paradata"])
def test_every_kind_is_read_on_both_databases(day: FieldworkDay, kind: str, tmp_path: Path) -> None:
    day.submit_new({**AREAS, "ft_case": "한 기업의 사례"})
    source = Source(day.database, day.vault, day.round.survey_id, tmp_path)
    sizes = {}
    with open_ground(source, day.round.slug) as ground:
        for form in FORMATS:
            file = io.BytesIO()
            make_export(ground, ExportRequest(kind, form), file, actor="ana@example.com", now=day.now)  # type: ignore[arg-type]
            sizes[form] = file.getvalue()
    assert sizes["csv"].count(b"\r\n") == 2
    path = tmp_path / "file.sav"
    path.write_bytes(sizes["sav"])
    columns, _ = pyreadstat.read_sav(str(path), output_format="dict")
    assert {len(values) for values in columns.values()} == {1}
