"""`copy` moves an installation to PostgreSQL and back, and it works on as if nothing had happened."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveyapp.analysis.open_indexes import forget_index, open_index
from surveyapp.commands import main
from surveyapp.fieldwork.return_stream import SubmittedReturn, stream_returns
from surveyapp.fieldwork.rounds import find_round, list_rounds
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.copying import measure_database
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from tests.analysis.plain_counts import read_index
from tests.conftest import SAMPLES_OPENED
from tests.fieldwork.fieldwork_days import FieldworkDay

Copy = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation with secrets of its own and an empty database."""
    monkeypatch.setenv("SURVEYAPP_INSTANCE", str(tmp_path / "instance"))
    monkeypatch.setenv("LOGNAME", "operator")
    assert CliRunner().invoke(main, ["init"], catch_exceptions=False).exit_code == 0
    return tmp_path / "instance"


@pytest.fixture
def copy(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Copy:
    """`copy(url, "--replace", source=…)` copies the database of the installation, or that of another address."""

    def run(url: str, *options: str, source: str | None = None) -> Result:
        if source is not None:
            monkeypatch.setenv("SURVEYAPP_DATABASE_URL", source)
        return CliRunner().invoke(main, ["copy", "--to", url, *options], catch_exceptions=False)

    return run


def read_returns(database: Database, vault: Vault, survey_id: str) -> list[SubmittedReturn]:
    with database.read() as connection:
        return [
            each
            for round_ in list_rounds(connection, survey_id)
            for each in stream_returns(connection, survey_id, round_.round_id, vault=vault)
        ]


def test_there_and_back_with_everything_that_the_sample_rounds_hold(
    copy: Copy, folder: Path, tmp_path: Path, sampled_file: Path, postgres_url: str, questionnaire: Questionnaire
) -> None:
    survey_id, vault = questionnaire.form_id, Vault({"k1": b"1" * 32}, b"2" * 32)  # of the samples, see conftest.py
    shutil.copy(sampled_file, folder / "survey.sqlite3")
    back = f"sqlite:///{tmp_path / 'back.sqlite3'}"
    there = copy(postgres_url.replace("postgresql+psycopg://", "postgresql://"))
    assert (there.exit_code, there.stderr) == (0, "")
    lines = {words[0]: words[1:] for line in there.stdout.splitlines() if (words := line.split())}
    assert lines["response"][0] == lines["response"][1] and int(lines["response"][0]) > 60
    assert re.fullmatch(r"[0-9a-f]{16}", lines["response"][2]) and lines["response"][2] == lines["response"][3]
    assert there.stdout.splitlines()[-1].startswith("Both hold the same.")

    origin = open_database(f"sqlite:///{folder / 'survey.sqlite3'}")
    server = open_database(postgres_url)
    returns = read_returns(origin, vault, survey_id)
    assert any(each.identity for each in returns)
    assert read_returns(server, vault, survey_id) == returns  # opened with the same keys
    assert read_index(open_index(server, survey_id)) == read_index(open_index(origin, survey_id))
    with server.read() as connection:
        assert [each.action for each in list_audit(connection, limit=1)] == ["database.copy_begun"]
        trial = find_round(connection, survey_id, "trial")

    # What comes next gets the next number, and can be copied as well.
    day = FieldworkDay(server, vault, questionnaire, trial, SAMPLES_OPENED + timedelta(days=1))
    draft, submitted = day.submit_new({"ch_areas": ["gmp"], "attribution_level": "named", "company_name": "한빛제약"})
    assert submitted.number == int(lines["response"][0]) + 1
    returned = copy(back, source=postgres_url)
    assert returned.exit_code == 0, returned.output
    home = open_database(back)
    assert measure_database(home) == measure_database(server)
    day = replace(day, database=home)
    assert day.find().answers["company_name"] == "한빛제약"
    day.withdraw(draft)
    assert len(open_index(home, survey_id).live) == len(open_index(server, survey_id).live) - 1
    for database in (origin, server, home):
        forget_index(database, survey_id)
        database.close()


def test_a_target_in_use_is_refused_with_a_line_that_helps(copy: Copy, folder: Path, postgres_url: str) -> None:
    assert copy(postgres_url).exit_code == 0
    again = copy(postgres_url)
    assert again.exit_code == 1
    assert "the target has rows already" in again.output and "--replace" in again.output
    assert "Traceback" not in again.output
    replaced = copy(postgres_url, "--replace")
    assert (replaced.exit_code, "DIFFERS" in replaced.output) == (0, False)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://root:geheim@host/name", "--to must begin with sqlite:/// or postgresql+psycopg://"),
        ("sqlite:////nonexistent/folder/x.sqlite3", "cannot be opened"),
        ("postgresql://nobody:geheim@127.0.0.1:1/x", "cannot be opened"),
    ],
)
def test_an_address_that_leads_nowhere(copy: Copy, url: str, reason: str) -> None:
    result = copy(url)
    assert result.exit_code == 1
    assert reason in result.output
    assert "geheim" not in result.output and "Traceback" not in result.output


def test_a_difference_is_shown_and_nothing_kept(copy: Copy, folder: Path, tmp_path: Path) -> None:
    target = f"sqlite:///{tmp_path / 'target.sqlite3'}"
    assert copy(target).exit_code == 0
    database = open_database(target)
    before = measure_database(database)
    with database.write() as connection:
        meddle = "AFTER INSERT ON questionnaire_version BEGIN UPDATE questionnaire_version SET digest = 'x'; END"
        connection.exec_driver_sql(f"CREATE TRIGGER meddle {meddle}")
    result = copy(target, "--replace")
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.output.splitlines() if line.endswith("DIFFERS")] == [
        "questionnaire_version"
    ]
    assert "Nothing was kept there." in result.output
    assert measure_database(database) == before
    database.close()


def test_a_database_that_takes_no_writing_can_be_copied(copy: Copy, folder: Path, tmp_path: Path) -> None:
    result = copy(
        f"sqlite:///{tmp_path / 'target.sqlite3'}",
        source=f"sqlite:///file:{folder / 'survey.sqlite3'}?mode=ro&uri=true",
    )
    assert result.exit_code == 0, result.output
    assert "not noted in the audit trail" in result.output
