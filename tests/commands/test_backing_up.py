"""`backup` and `restore` on whole installations: another machine, another database, and the job of the night."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from surveyapp.analysis.open_indexes import forget_index, open_index
from surveyapp.commands import main
from surveyapp.commands.installation import Installation
from surveyapp.commands.jobs import KINDS, JobRunner
from surveyapp.commands.schedule import SCHEDULE, add_scheduled_jobs
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.audit import list_audit
from surveyapp.records.copying import measure_database
from surveyapp.records.database import open_database
from surveyapp.records.encryption import Vault
from surveyapp.records.job_queue import find_job, list_jobs
from surveyapp.settings import load_settings
from tests.analysis.plain_counts import read_index

Run = Callable[..., Result]
NIGHT = datetime(2026, 11, 22, 18, 30, tzinfo=UTC)  # half past three in Seoul
EVENING = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)  # six in Seoul


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """`run(folder, "backup", …)` runs a command on the installation in that folder."""

    def invoke(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> Result:
        with monkeypatch.context() as patch:
            patch.setenv("SURVEYAPP_INSTANCE", str(folder))
            patch.setenv("LOGNAME", "operator")
            for name, value in (environ or {}).items():
                patch.setenv(name, value)
            return CliRunner().invoke(main, list(arguments), catch_exceptions=False)

    return invoke


@pytest.fixture
def installation(run: Run, tmp_path: Path) -> Path:
    """One with sample rounds, identity and contact rows included."""
    folder = tmp_path / "instance"
    for command in ("init", "sample"):
        assert run(folder, command).exit_code == 0
    return folder


def test_another_machine_and_the_other_database_show_the_same_figures(
    run: Run, installation: Path, tmp_path: Path, postgres_url: str, questionnaire: Questionnaire
) -> None:
    made = run(installation, "backup", "--folder", str(tmp_path / "backups"))
    assert made.exit_code == 0, made.output
    [file] = (tmp_path / "backups").glob("*.backup")
    assert str(file) in made.stdout

    machine = tmp_path / "machine"
    refused = run(machine, "restore", str(file))
    assert refused.exit_code == 1 and "secrets.json" in refused.output
    machine.mkdir()
    shutil.copy(installation / "secrets.json", machine)
    here = run(machine, "restore", str(file))
    assert here.exit_code == 0, here.output
    there = run(machine, "restore", str(file), "--to", postgres_url.replace("postgresql+psycopg://", "postgresql://"))
    assert there.exit_code == 0, there.output

    survey_id = questionnaire.form_id
    databases = [
        *(open_database(f"sqlite:///{folder / 'survey.sqlite3'}") for folder in (installation, machine)),
        open_database(postgres_url),
    ]
    indexes = []
    for database in databases:
        forget_index(database, survey_id)
        indexes.append(read_index(open_index(database, survey_id)))
    assert indexes[0] == indexes[1] == indexes[2]
    for database in databases[1:]:
        with database.read() as connection:
            assert list_audit(connection, limit=1)[0].action == "database.restored"
    for database in databases:
        database.close()


def test_what_is_there_is_not_overwritten_without_being_told(run: Run, installation: Path, tmp_path: Path) -> None:
    assert run(installation, "backup", "--folder", str(tmp_path)).exit_code == 0
    [file] = tmp_path.glob("*.backup")
    refused = run(installation, "restore", str(file))
    assert refused.exit_code == 1 and "--replace" in refused.output
    assert run(installation, "restore", str(file), "--replace").exit_code == 0


def test_a_rehearsal_changes_nothing(run: Run, installation: Path, tmp_path: Path) -> None:
    assert run(installation, "backup", "--folder", str(tmp_path)).exit_code == 0
    [file] = tmp_path.glob("*.backup")
    database = open_database(f"sqlite:///{installation / 'survey.sqlite3'}")
    before = measure_database(database)
    rehearsed = run(installation, "restore", str(file), "--rehearse")
    assert rehearsed.exit_code == 0 and "proved equal" in rehearsed.stdout
    assert measure_database(database) == before
    database.close()


def test_the_night_makes_one_backup_rehearses_it_and_keeps_so_many(installation: Path, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    settings = load_settings({"SURVEYAPP_BACKUP_FOLDER": str(folder), "SURVEYAPP_BACKUP_KEEP": "2"}, installation)
    database = open_database(settings.database_url)
    opened = Installation(settings, database, Vault(settings.vault_keys, settings.lookup_key))
    schedule = [each for each in SCHEDULE if each.kind == "backup.make"]
    assert add_scheduled_jobs(opened, schedule, EVENING) == 1  # of the night before, which nobody made
    assert add_scheduled_jobs(opened, schedule, NIGHT) == 1
    assert add_scheduled_jobs(opened, schedule, NIGHT) == 0
    for old in ("survey-20200101T000000Z", "survey-20200102T000000Z"):
        folder.mkdir(exist_ok=True)
        (folder / f"{old}.backup").write_bytes(b"old")
    with database.read() as connection:
        [job, _] = list_jobs(connection, limit=10)[:2]
    runner = JobRunner(opened, "test", KINDS, 5.0, threading.Event())
    assert runner.run(job.job_id)
    with database.read() as connection:
        done = find_job(connection, job.job_id)
    assert done.state == "done" and done.result["removed"] == 1
    assert isinstance(done.result["sealed_rows"], int) and done.result["sealed_rows"] > 0
    assert len(list(folder.glob("*.backup"))) == 2 and (folder / str(done.result["file"])).is_file()
    without = replace(opened, settings=replace(settings, backup_folder=None))
    assert add_scheduled_jobs(without, schedule, NIGHT.replace(day=25)) == 0
    database.close()


def test_a_folder_that_cannot_be_written_is_a_problem_with_words(installation: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    settings = load_settings({"SURVEYAPP_BACKUP_FOLDER": str(taken)}, installation)
    database = open_database(settings.database_url)
    opened = Installation(settings, database, Vault(settings.vault_keys, settings.lookup_key))
    assert add_scheduled_jobs(opened, [each for each in SCHEDULE if each.kind == "backup.make"], NIGHT) == 1
    with database.read() as connection:
        job = list_jobs(connection, limit=1)[0]
    JobRunner(opened, "test", KINDS, 5.0, threading.Event()).run(job.job_id)
    with database.read() as connection:
        failed = find_job(connection, job.job_id)
    assert (failed.state, failed.problem) == ("failed", "backup")
    database.close()
