"""Every kind of file in every format, made of the sample rounds by the one function that desk, command and job call."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pyreadstat
import pytest
from openpyxl import load_workbook

from surveyapp.fieldwork.rounds import find_round
from surveyapp.fieldwork.sample_files import load_sample_companies
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.database import Database
from surveyapp.records.encryption import Vault
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.refusals import explain_refusal
from surveyapp.reports.exports.request import (
    FORMATS,
    KINDS,
    LAYOUTS,
    CellWords,
    ExportRequest,
    RequestUnknown,
    read_request,
)
from surveyapp.reports.exports.row_table import ExportRefused
from surveyapp.reports.words import Words
from surveyapp.settings import Settings
from tests.web.desk_data import leave_few, open_samples

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SLUG = "sample-2026"
OFFERED = [
    request
    for kind in KINDS
    for form in FORMATS
    for layout in LAYOUTS
    if (request := ExportRequest(kind, form, layout)).is_offered
]


@pytest.fixture
def source(settings: Settings, sampled_file: Path, vault: Vault) -> Iterator[Source]:
    database: Database = open_samples(settings, sampled_file)
    yield Source(database, vault, "japan_export_readiness", settings.instance)
    database.close()


def make(source: Source, request: ExportRequest, slug: str = SLUG) -> bytes:
    file = io.BytesIO()
    with open_ground(source, slug) as ground:
        make_export(ground, request, file, actor="ana@example.com", now=NOW)
    return file.getvalue()


def read_csv(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_rows(content: bytes, request: ExportRequest, folder: Path) -> int:
    """Rows of data in a file of any format, by another library than the one that wrote it where there is one."""
    if request.format.startswith("csv"):
        return len(read_csv(content))
    path = folder / "file"
    path.write_bytes(content)
    if request.format == "xlsx":
        sheet = load_workbook(io.BytesIO(content), read_only=True).worksheets[0]
        return sum(1 for _ in sheet.iter_rows()) - 1
    if request.format == "parquet":
        return int(pq.read_metadata(path).num_rows)
    columns, _ = pyreadstat.read_sav(str(path), output_format="dict")
    return len(next(iter(columns.values())))


@pytest.mark.parametrize("request_", OFFERED, ids=lambda each: f"{each.kind}-{each.format}-{each.layout}")
def test_every_file_that_is_offered_opens(source: Source, request_: ExportRequest, tmp_path: Path) -> None:
    found = read_rows(make(source, request_), request_, tmp_path)
    expected = read_rows(make(source, replace(request_, format="csv")), replace(request_, format="csv"), tmp_path)
    assert found == expected
    if request_.kind == "deidentified":
        with pytest.raises(ExportRefused):
            make(source, request_, "trial")
    else:
        assert read_rows(make(source, request_, "trial"), request_, tmp_path) <= expected, "empty rounds have files too"


@pytest.mark.parametrize("cells", ["codes", "labels"])
def test_formats_of_one_kind_say_the_same(source: Source, cells: CellWords) -> None:
    rows = read_csv(make(source, ExportRequest(cells=cells)))
    book = load_workbook(io.BytesIO(make(source, ExportRequest(format="xlsx", cells=cells))))
    assert book.sheetnames == [
        Words("ko", load_translator("ko")).gettext(name) for name in ("Data", "Methods", "Codebook")
    ]
    headings, *lines = [list(line) for line in book.worksheets[0].iter_rows(values_only=True)]
    assert headings == list(rows[0])
    for row, line in zip(rows, lines, strict=True):
        assert ["" if cell is None else str(cell).removesuffix(".0") for cell in line] == [
            cell.removeprefix("'") if cell.startswith("'") else cell.removesuffix(".0") for cell in row.values()
        ]
    names = [line[0] for line in book.worksheets[2].iter_rows(min_row=2, values_only=True)]
    assert names == [heading.rpartition("[")[2].removesuffix("]") for heading in map(str, headings)]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["raw", "deidentified", "paradata", "ministry"])
def test_no_file_but_the_identified_one_names_a_company(source: Source, kind: str, form: str, tmp_path: Path) -> None:
    request = read_request({"kind": kind, "format": form})
    if not request.is_offered:
        return
    content = make(source, request)
    if form == "xlsx":
        cells = [cell for sheet in load_workbook(io.BytesIO(content)) for row in sheet.values for cell in row]
        content = "\n".join(map(str, cells)).encode()
    elif form == "parquet":
        path = tmp_path / "file.parquet"
        path.write_bytes(content)
        content = str(pq.read_table(path).to_pylist()).encode()
    for company in load_sample_companies().values():
        for name in (company.name.ko, company.name.en, company.name.ja):
            assert name.encode() not in content
    assert b"@example" not in content


def test_identified_names_companies(source: Source) -> None:
    rows = read_csv(make(source, ExportRequest("identified", "csv-plain")))
    assert any(row["company_name"] for row in rows)


def test_the_deidentified_file_of_the_sample_round(source: Source) -> None:
    """Of 36 invented companies some combinations are shared by five; each line shows one of those."""
    rows = read_csv(make(source, ExportRequest("deidentified")))
    shown: dict[tuple[str, ...], int] = {}
    for row in rows:
        key = tuple(row[name] for name in ("company_type", "company_size", "jp_stage"))
        shown[key] = shown.get(key, 0) + 1
    assert rows and min(shown.values()) >= 5
    assert "number" not in rows[0] and "submitted_at" not in rows[0]
    assert {row["jp_year"] for row in rows} == {".s"}


def test_paradata_hold_no_answer(source: Source) -> None:
    rows = read_csv(make(source, ExportRequest("paradata")))
    assert len(rows) > 30
    assert list(rows[0]) == [
        "number", "round", "round_kind", "state", "language", "mode", "started_at", "submitted_at", "edited_at",
        "minutes", "saves", "last_page",
    ]  # fmt: skip
    assert all(int(row["minutes"]) >= 0 for row in rows if row["minutes"])


def test_the_ministry_workbook_gives_a_reason_for_every_hidden_cell(source: Source) -> None:
    request = ExportRequest("ministry", "xlsx", language="en")
    data, methods, hidden = load_workbook(io.BytesIO(make(source, request))).worksheets
    rows = read_csv(make(source, replace(request, format="csv")))
    headings = [str(cell.value) for cell in data[1]]
    lines = list(data.iter_rows(min_row=2, values_only=True))
    assert sorted(headings) == sorted(rows[0]) and len(lines) == len(rows)
    for row, line in zip(rows, lines, strict=True):
        for text, cell in zip((row[heading] for heading in headings), line, strict=True):
            if isinstance(cell, int | float):
                assert float(text) == pytest.approx(cell)
            else:
                assert text.removeprefix("'") == (cell or "")
    reasons = sum(bool(cell) for row in rows for name, cell in row.items() if name.endswith("reason"))
    assert hidden.max_row - 1 == reasons > 0
    assert methods.max_row > 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_ministry_workbook_names_its_rows(source: Source, language: Language) -> None:
    data = load_workbook(io.BytesIO(make(source, ExportRequest("ministry", "xlsx", language=language)))).worksheets[0]
    assert data.print_title_cols == "$A:$B" and data.freeze_panes == "C2"
    assert [cell.value for cell in data[1]][:2] == [f"area_{language}", f"issue_{language}"]
    levels = [cell.value for cell in next(column for column in data.iter_cols() if column[0].value == "level")]
    named = [[cell.value is not None for cell in row] for row in data.iter_rows(min_row=2, max_col=2)]
    assert named == [[True, level == "issue"] for level in levels[1:]]


def test_progress_is_told(source: Source) -> None:
    noted: list[tuple[int, int | None]] = []
    with open_ground(source, SLUG) as ground:
        for form in ("csv", "sav", "xlsx"):
            noted.clear()
            make_export(
                ground,
                read_request({"format": form}),
                io.BytesIO(),
                actor="ana@example.com",
                now=NOW,
                note=lambda done, of: noted.append((done, of)),
            )
            assert [done for done, _ in noted] == sorted(done for done, _ in noted)
            assert noted[-1][0] == noted[-1][1]


def test_progress_is_told_while_rows_are_put_out_of_order(source: Source) -> None:
    noted: list[tuple[int, int | None]] = []
    with open_ground(source, SLUG) as ground:
        made = make_export(
            ground,
            ExportRequest("deidentified"),
            io.BytesIO(),
            actor="ana@example.com",
            now=NOW,
            note=lambda done, of: noted.append((done, of)),
        )
    assert made.left_out is not None
    assert noted[0] == (1, 2 * made.counted) and len(noted) >= 2 * made.counted - made.left_out


def test_beside_an_earlier_deidentified_file_the_refusal_names_its_day(source: Source) -> None:
    make(source, ExportRequest("deidentified"))
    with source.database.read() as connection:
        round_id = find_round(connection, source.survey_id, SLUG).round_id
    leave_few(source.database, source.survey_id, round_id)
    with pytest.raises(ExportRefused) as refused:
        make(source, ExportRequest("deidentified"))
    assert refused.value.code == "exhausted"
    closed = ExportRefused("exhausted_closed", **refused.value.facts)
    for language in LANGUAGES:
        words = Words(language, load_translator(language))
        what, advice = explain_refusal(words, refused.value)
        assert "2026-11-02" in what and (what, advice) != explain_refusal(words, closed)
    assert "No further file" in explain_refusal(Words("en"), closed)[1]


def test_a_closed_round_is_not_waited_for(source: Source) -> None:
    with open_ground(source, SLUG) as ground:
        survey_round = ground.survey_round
        make_export(ground, ExportRequest("deidentified"), io.BytesIO(), actor="ana@example.com", now=NOW)
    leave_few(source.database, source.survey_id, survey_round.round_id)
    for now, code in (
        (survey_round.closes_at - timedelta(days=1), "exhausted"),
        (survey_round.closes_at, "exhausted_closed"),
    ):
        with open_ground(source, SLUG) as ground, pytest.raises(ExportRefused) as refused:
            make_export(ground, ExportRequest("deidentified"), io.BytesIO(), actor="ana@example.com", now=now)
        assert refused.value.code == code


def test_a_first_file_of_too_few_companies_is_refused(source: Source) -> None:
    with pytest.raises(ExportRefused) as refused:
        make(source, ExportRequest("deidentified"), "trial")
    assert (refused.value.code, refused.value.facts) == ("too_few", {"least": 5})
    assert explain_refusal(Words("en"), refused.value)[0] == "Fewer than 5 companies have answered."
    told = [explain_refusal(Words(language, load_translator(language)), refused.value) for language in LANGUAGES]
    assert all("5" in what and "5" in advice for what, advice in told)


def test_what_is_not_offered_is_refused_in_words(source: Source) -> None:
    with pytest.raises(ExportRefused) as refused:
        make(source, ExportRequest("ministry", "sav"))
    assert all(explain_refusal(Words("ko", load_translator("ko")), refused.value))
    with pytest.raises(RequestUnknown) as unknown:
        read_request({"format": "ods"})
    assert unknown.value.name == "format"
