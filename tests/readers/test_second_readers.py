"""What R, PSPP and LibreOffice read in the files of the sample round, held against the codebook and our own CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from surveyapp.locale import load_translator
from surveyapp.records.encryption import Vault
from surveyapp.reports.exports.codebook import Codebook, build_codebook, is_identifying, list_missing, list_values
from surveyapp.reports.exports.columns import Column, label_column
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.parquet import MISSING_ENDING
from surveyapp.reports.exports.request import ExportFormat, ExportKind, ExportRequest
from surveyapp.reports.words import Words
from surveyapp.settings import Settings
from tests.readers.programs import open_with_calc, run_pspp, run_r
from tests.web.desk_data import open_samples

pytestmark = [pytest.mark.readers, pytest.mark.timeout(900)]

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
WORDS = Words("ko", load_translator("ko"))
LONGEST_LABEL = 255  # bytes of a variable's label in SPSS, and of a value's
LONGEST_VALUE_LABEL = 120
WHY = {"": "not_asked", ".n": "not_answered", ".w": "withheld", ".s": "suppressed"}
MEASURES = {"nominal": "Nominal", "ordinal": "Ordinal", "scale": "Scale"}


@dataclass(frozen=True, slots=True)
class Given:
    """The sample round: what its codebook says and what its files hold. The identified file has all columns."""

    source: Source
    codebook: Codebook
    cells: list[dict[str, str]]  # of the CSV with codes

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.codebook.columns.all

    def write(self, path: Path, kind: ExportKind, form: ExportFormat, *, with_labels: bool = False) -> Path:
        with path.open("wb") as file, open_ground(self.source, "sample-2026") as ground:
            request = ExportRequest(kind, form, cells="labels" if with_labels else "codes")
            make_export(ground, request, file, actor="ana@example.com", now=NOW)
        return path


@pytest.fixture
def given(settings: Settings, sampled_file: Path, vault: Vault, tmp_path: Path) -> Iterator[Given]:
    database = open_samples(settings, sampled_file)
    source = Source(database, vault, "japan_export_readiness", settings.instance)
    with open_ground(source, "sample-2026") as ground:
        codebook = build_codebook(ground.questionnaire, ground.survey_round)
    found = Given(source, codebook, [])
    path = found.write(tmp_path / "codes.csv", "identified", "csv")
    found.cells.extend(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline="")))
    yield found
    database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "read"
    made.mkdir()
    return made


def is_numeric(column: Column) -> bool:
    return column.is_number or column.kind == "choice"


def number_codes(column: Column) -> Mapping[str, str]:
    """What stands in the CSV -> its number in SPSS, by the codebook."""
    blank = WORDS.gettext("(blank)")
    listed = [*list_values(column, WORDS), *list_missing(column, WORDS)]
    return {"" if each.code == blank else each.code: each.number for each in listed}


def cut(text: str, most: int) -> str:
    if len(text.encode()) <= most:
        return text
    return text.encode()[: most - 3].decode(errors="ignore") + "…"


def test_haven_reads_the_spss_file_as_the_codebook_says(given: Given, folder: Path) -> None:
    read = run_r("read_spss.R", given.write(folder / "file.sav", "identified", "sav"), folder)
    variables = {row["name"]: row for row in read["variables"]}
    assert list(variables) == [column.variable for column in given.columns]
    labels: dict[str, dict[str, str]] = {name: {} for name in variables}
    for row in read["values"]:
        labels[row["variable"]][row["value"]] = row["label"]
    blanks = {row["name"]: int(row["blank"]) for row in read["blanks"]}
    assert len(read["cells"]) == len(given.cells)
    for column in given.columns:
        variable, codes = column.variable, number_codes(column)
        assert variables[variable]["label"] == cut(label_column(WORDS, column), LONGEST_LABEL)
        cells = [(row[column.name], found[variable]) for row, found in zip(given.cells, read["cells"], strict=True)]
        if not is_numeric(column):
            assert [found for _, found in cells] == [cell.rstrip(" ") for cell, _ in cells], "SPSS fills up with blanks"
            continue
        listed = [*list_values(column, WORDS), *list_missing(column, WORDS)]
        assert labels[variable] == {each.number: cut(each.words, LONGEST_VALUE_LABEL) for each in listed}
        for cell, found in cells:
            assert float(found) == float(codes.get(cell, cell or "nan"))
        is_none = {each.code for each in list_missing(column, WORDS)} | {"", "dk", "na"}
        assert blanks[variable] == sum(cell in is_none for cell, _ in cells), "no sum or mean takes a code for a value"


def test_haven_knows_withheld_texts_for_missing(given: Given, folder: Path) -> None:
    read = run_r("read_spss.R", given.write(folder / "file.sav", "raw", "sav"), folder)
    missing = {row["name"]: row["missing"] for row in read["variables"]}
    blanks = {row["name"]: int(row["blank"]) for row in read["blanks"]}
    texts = [column for column in given.codebook.columns.all if column.kind == "text" and not is_identifying(column)]
    assert texts and {missing[column.variable] for column in texts} == {",.n,.w"}
    for column in texts:
        assert blanks[column.variable] == sum(row[column.name] in ("", ".n", ".w") for row in given.cells)


def test_pspp_reads_the_spss_file_as_the_codebook_says(given: Given, folder: Path) -> None:
    path = given.write(folder / "file.sav", "identified", "sav")
    numbers = [column for column in given.columns if column.is_number]
    tables, complaints = run_pspp(
        f"GET FILE='{path.name}'.\nDISPLAY DICTIONARY.\nMRSETS /DISPLAY NAME=ALL.\n"
        f"DESCRIPTIVES {' '.join(column.variable for column in numbers)} /STATISTICS=MEAN.\n",
        folder,
    )
    # PSPP before 2.0 takes the record of missing values of long texts for longer than SPSS writes it, and skips it.
    others = [line for line in complaints.splitlines() if line and "subtype 22 ends unexpectedly" not in line]
    assert others == []
    heading, *described = tables["Variables"]
    variables = {row[0]: dict(zip(heading, row, strict=True)) for row in described}
    assert list(variables) == [column.variable for column in given.columns]
    for column in given.columns:
        found = variables[column.variable]
        assert found["Label"] == cut(label_column(WORDS, column), LONGEST_LABEL)
        assert found["Measurement Level"] == MEASURES[column.measure]
        if is_numeric(column) and column.missing:
            far = column.kind in ("integer", "decimal", "calculated")
            assert found["Missing Values"] == ("-9000000000000009 THRU -9000000000000001" if far else "-9 THRU -1")
    _check_sets(given, tables["Multiple Response Sets"])
    _check_means(given, numbers, tables["Descriptive Statistics"])


def _check_sets(given: Given, table: list[list[str]]) -> None:
    expected: dict[str, list[str]] = {}
    for column in given.columns:
        if column.set_name is not None:
            expected.setdefault(f"${column.set_name}", []).append(column.variable)
    found = {row[0]: row[4].splitlines() for row in table[1:]}
    assert found == expected
    assert {(row[2], row[3]) for row in table[1:]} == {("Dichotomies", "1")}


def _check_means(given: Given, numbers: list[Column], table: list[list[str]]) -> None:
    """By label and in order, as PSPP prints them: N are the answers, and no code is among them."""
    rows = iter(table[1:])
    for column in numbers:
        answers = [float(row[column.name]) for row in given.cells if row[column.name] not in ("", ".n", ".s")]
        label, count, mean = next(rows)
        assert (label, int(count)) == (cut(label_column(WORDS, column), LONGEST_LABEL), len(answers))
        if answers:
            assert float(mean) == pytest.approx(sum(answers) / len(answers), abs=0.006)


def test_readr_guesses_every_column_of_the_plain_file(given: Given, folder: Path) -> None:
    read = run_r("read_csv.R", given.write(folder / "file.csv", "identified", "csv-plain"), folder)
    columns = {row["name"]: row for row in read["columns"]}
    assert list(columns) == [column.name for column in given.columns]
    assert read["problems"] == [{"problems": "0"}]
    for column in given.columns:
        answers = [row[column.name] for row in given.cells if row[column.name].strip() not in ("", ".n", ".w", ".s")]
        assert int(columns[column.name]["blank"]) == len(given.cells) - len(answers)
        if column.is_number:
            assert columns[column.name]["kind"] == ("numeric" if answers else "logical")
        elif column.kind == "text" and answers:
            found = [row[column.name] for row in read["cells"] if row[column.name]]
            assert found == [text.strip() for text in answers], "readr trims blanks by itself"


def test_calc_opens_workbook_and_csv_alike(given: Given, folder: Path) -> None:
    """Text stays text (numbers of returns, versions, times), numbers are numbers, Korean is whole."""
    for with_labels in (False, True):
        name = "labels" if with_labels else "codes"
        original = given.write(folder / f"{name}-original.csv", "identified", "csv", with_labels=with_labels)
        with original.open(encoding="utf-8-sig", newline="") as file:
            expected = list(csv.reader(file))
        for form in ("xlsx", "csv"):
            path = given.write(folder / f"{name}-{form}.{form}", "identified", form, with_labels=with_labels)
            read = folder / f"{name}-{form}"
            read.mkdir()
            found = open_with_calc(path, read)
            assert [_strip_mark(row) for row in found] == [_strip_mark(row) for row in expected]


def _strip_mark(row: list[str]) -> list[str]:
    """A CSV marks text that a spreadsheet would calculate; a workbook need not."""
    return [cell.removeprefix("'") for cell in row]


def test_duckdb_reads_the_parquet_file(given: Given, folder: Path) -> None:
    import duckdb  # not among what `make test` installs, which collects this file as well

    path = given.write(folder / "file.parquet", "identified", "parquet")
    with duckdb.connect() as connection:
        found = connection.execute("SELECT * FROM read_parquet(?)", [str(path)])
        names = [described[0] for described in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    assert [name for name in names if not name.endswith(MISSING_ENDING)] == [column.name for column in given.columns]
    for column in given.columns:
        for row, cells in zip(rows, given.cells, strict=True):
            cell, value = cells[column.name], row[column.name]
            if column.missing and cell in WHY:
                assert (value, row[column.name + MISSING_ENDING]) == (None, WHY[cell])
            elif column.is_number:
                assert value == float(cell)
            else:
                assert (value or "") == cell
