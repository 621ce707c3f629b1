"""`companies import` and `companies export` say and do what the pages do."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from surveyapp.records.audit import list_audit
from surveyapp.records.database import open_database
from tests.commands.test_commands import Run, installed, run
from tests.fieldwork.directory.workbooks import write_list, write_workbook

__all__ = ["installed", "run"]
ROWS = [
    ["회사명", "영문명", "이메일"],
    ["한빛바이오㈜", "Hanbit Bio", "kim@example.com"],
    ["서울약품", "", "lee@example.com"],
]


def list_events(folder: Path) -> list[tuple[str, str]]:
    database = open_database(f"sqlite:///{folder / 'instance' / 'survey.sqlite3'}")
    with database.read() as connection:
        events = [(each.actor, each.action) for each in list_audit(connection)]
    database.close()
    return events


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_list_goes_in_and_comes_out(installed: Run, tmp_path: Path, kind: str) -> None:
    file = tmp_path / f"list.{kind}"
    file.write_bytes(write_list(ROWS, encoding="cp949") if kind == "csv" else write_workbook({"명부": ROWS}))
    assert installed("companies", "import", "--dry-run", str(file)).output == "new 2\tchanged 0\tunchanged 0\n"
    assert installed("companies", "import", str(file)).output == "new 2\tchanged 0\tunchanged 0\n"
    out = tmp_path / f"out.{kind}"
    options = ("--contacts", "--reason", "a test", "--language", "en")
    assert installed("companies", "export", *options, str(out)).exit_code == 0
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert installed("companies", "import", str(out)).output == "new 0\tchanged 0\tunchanged 2\n"
    actions = [("command:operator", f"companies.{what}") for what in ("imported", "exported", "imported")]
    assert list_events(tmp_path) == actions


def test_faults_are_named_by_file_row_and_column(installed: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(write_list([*ROWS, ["=A1", "", "kim@"]]))
    result = installed("companies", "import", str(file))
    assert result.exit_code == 1
    assert "nothing was imported: 2 faults" in result.output
    assert f"{file}:4: Name (Korean): It is a formula" in result.output
    assert f"{file}:4: Contact e-mail: kim@ is no e-mail address" in result.output
    assert list_events(tmp_path) == []


def test_what_cannot_be_read(installed: Run, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes(b"%PDF")
    assert "neither CSV nor an Excel workbook" in installed("companies", "import", str(file)).output
    file.write_bytes(write_list([["가", "나"]]))
    assert "no column has a heading" in installed("companies", "import", str(file)).output


def test_an_encoding_can_be_named(installed: Run, tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_bytes("회사명\r\n한빛제약\r\n".encode("cp949"))
    assert installed("companies", "import", str(tmp_path / "list.csv"), "--encoding", "cp949").output == (
        "new 1\tchanged 0\tunchanged 0\n"
    )
    refused = installed("companies", "import", str(tmp_path / "list.csv"), "--encoding", "utf-8-sig")
    assert refused.exit_code == 1 and "cannot be read in the encoding UTF-8" in refused.output


def test_contacts_leave_with_a_reason_alone(installed: Run, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    assert installed("companies", "export", "--contacts", str(out)).exit_code == 1
    assert not out.exists()
    assert installed("companies", "export", str(tmp_path / "nowhere" / "out.csv")).exit_code == 1
