"""`privacy export` gives out what the page gives out, and leaves the same trace."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from zipfile import ZipFile

from surveyapp.records.audit import list_audit
from surveyapp.records.database import open_database
from tests.commands.test_commands import Run, installed, run
from tests.commands.test_companies import ROWS
from tests.fieldwork.directory.workbooks import write_list

__all__ = ["installed", "run"]


def import_rows(installed: Run, folder: Path) -> None:
    file = folder / "list.csv"
    file.write_bytes(write_list(ROWS, encoding="cp949"))
    assert installed("companies", "import", str(file)).exit_code == 0


def test_a_company_and_a_person_are_written_whole_and_audited(installed: Run, tmp_path: Path) -> None:
    import_rows(installed, tmp_path)
    for option, value in (("--company", "1"), ("--email", "KIM@example.com")):
        out = tmp_path / f"held{value}.zip"
        written = installed("privacy", "export", option, value, "--output", str(out), "--reason", "a request")
        assert written.exit_code == 0, written.output
        assert stat.S_IMODE(out.stat().st_mode) == 0o600
        with ZipFile(out) as file:
            held = json.loads(file.read("data.json"))
        assert [each["email"] for each in held["contacts"]] == ["kim@example.com"]
    database = open_database(f"sqlite:///{tmp_path / 'instance' / 'survey.sqlite3'}")
    with database.read() as connection:
        events = list_audit(connection, action="privacy.access_file")
    database.close()
    assert [(event.details["company"], event.details["reason"]) for event in events] == [
        (None, "a request"),
        (1, "a request"),
    ]


def test_what_cannot_be_written_is_said_and_leaves_nothing(installed: Run, tmp_path: Path) -> None:
    out = tmp_path / "held.zip"
    options = ("--output", str(out), "--reason", "a request")
    for given, said in (
        ((), "say either --company or --email"),
        (("--company", "1", "--email", "a@example.com"), "say either --company or --email"),
        (("--company", "99"), "the directory has no company 99"),
        (("--email", "nobody@example.com"), "nothing is held about this address"),
    ):
        refused = installed("privacy", "export", *given, *options)
        assert refused.exit_code != 0 and said in refused.output
    assert not list(tmp_path.glob("*held*"))
