"""`surveyapp figure`: the page of a code, from the shell."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update

from surveyapp.commands import main
from surveyapp.records.database import open_database
from surveyapp.records.tables import release


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, catch_exceptions=False)


@pytest.fixture
def released(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A row of the ministry's file of a sample round."""
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("LOGNAME", "operator")
    assert run("init").exit_code == 0
    assert run("sample").exit_code == 0
    file = tmp_path / "ministry.csv"
    arguments = ("--round", "sample-2026", "--kind", "ministry", "--output", str(file))
    assert run("export", "csv", *arguments).exit_code == 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return next(row for row in csv.DictReader(lines) if row["area_code"] == "gmp")


def test_a_figure_of_the_file_is_explained_and_computed_again(released: dict[str, str], tmp_path: Path) -> None:
    result = run("figure", released["figure_code"].lower().replace("-", ""))
    assert result.exit_code == 0
    assert result.output.startswith(released["figure_code"])
    for said in (
        f"{released['n']}/{released['base']}",
        "Verified: the table is kept as it was released",
        "Computed again from the responses: the same figure.",
        "Released by: command:operator",
        "Filter: none: the whole round",
        f"Data revision: {released['revision']}",
    ):
        assert said in result.output
    korean = run("figure", released["figure_code"], "--language", "ko")
    assert released["area_ko"] in korean.output

    database = open_database(f"sqlite:///{tmp_path / 'instance' / 'survey.sqlite3'}")
    with database.write() as connection:
        content = dict(connection.scalar(select(release.c.content)) or {})
        connection.execute(update(release).values(content={**content, "is_ranked": not content["is_ranked"]}))
    database.close()
    altered = run("figure", released["figure_code"])
    assert altered.exit_code == 1
    assert "Altered:" in altered.output


@pytest.mark.parametrize(("code", "said"), [("0000-0000", "no released figure has the code"), ("K7", "K7QM-3XW2")])
def test_other_codes_are_refused_in_one_line(
    code: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(tmp_path / "instance"))
    assert run("init").exit_code == 0
    result = run("figure", code)
    assert result.exit_code == 1
    assert said in result.output
    assert "Traceback" not in result.output
