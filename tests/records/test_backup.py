"""A backup holds everything of one moment, opens with the right keys alone, and comes back equal on either database."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text, update

from surveyapp.records.backup import (
    BackupFault,
    check_backup,
    list_backups,
    make_backup,
    prune_backups,
    rehearse_restore,
    restore_backup,
)
from surveyapp.records.confidential import write_confidential
from surveyapp.records.copying import TargetNotEmpty
from surveyapp.records.database import Database, DatabaseNotMigrated
from surveyapp.records.encryption import Vault, VaultFault
from surveyapp.records.tables import confidential, metadata, response, role, survey
from tests.records.databases import NOW, ROWS, SURVEY, insert_row, insert_rows, is_empty, read_rows

CANARY = "카나리아 제약"
WRITES = 60


@pytest.fixture
def vault() -> Vault:
    return Vault({"k1": b"1" * 32}, b"l" * 32)


def test_everything_comes_back_equal_and_counting_goes_on(
    source: Database, target: Database, vault: Vault, tmp_path: Path
) -> None:
    made = make_backup(source, vault, tmp_path / "backups", now=NOW)
    assert {each.name for each in made.tables} == set(metadata.tables)
    assert restore_backup(made.path, vault, target) == made.tables == check_backup(made.path, vault)
    assert read_rows(target) == read_rows(source)
    with target.write() as connection:
        assert connection.execute(insert(role).values(name="manager")).inserted_primary_key == (3,)


def test_the_file_is_its_owners_alone_and_has_a_checksum(source: Database, vault: Vault, tmp_path: Path) -> None:
    made = make_backup(source, vault, tmp_path, now=NOW)
    content = made.path.read_bytes()
    assert made.path.name == "survey-20261102T090000Z.backup"
    assert os.stat(made.path).st_mode & 0o777 == 0o600
    assert made.size == len(content) and made.sha256 == hashlib.sha256(content).hexdigest()
    checked = subprocess.run(
        ["sha256sum", "--check", made.path.name + ".sha256"], cwd=tmp_path, capture_output=True, check=False
    )
    assert checked.returncode == 0


def test_nothing_in_the_file_can_be_read(source: Database, vault: Vault, tmp_path: Path) -> None:
    with source.write() as connection:
        connection.execute(update(response).values(texts={"ft_case": CANARY}))
    content = make_backup(source, vault, tmp_path, now=NOW).path.read_bytes()
    for spelling in (CANARY.encode(), CANARY.encode("unicode_escape"), b"2345-6789-ABCD", b"a@example"):
        assert spelling not in content


def test_other_keys_open_nothing(source: Database, target: Database, vault: Vault, tmp_path: Path) -> None:
    made = make_backup(source, vault, tmp_path, now=NOW)
    with pytest.raises(BackupFault, match=r"secrets\.json"):
        restore_backup(made.path, Vault({"k1": b"x" * 32}, b"l" * 32), target)
    assert is_empty(target)


def test_a_database_that_has_rows_is_left_alone(
    source: Database, target: Database, vault: Vault, tmp_path: Path
) -> None:
    made = make_backup(source, vault, tmp_path, now=NOW)
    with target.write() as connection:
        insert_row(connection, "survey", survey_id="another")
    with pytest.raises(TargetNotEmpty, match="survey 1"):
        restore_backup(made.path, vault, target)
    restore_backup(made.path, vault, target, replace=True)
    assert read_rows(target) == read_rows(source)


@pytest.mark.parametrize("kept", [0.0, 0.3, 0.9999])
def test_a_file_that_was_cut_off_restores_nothing(
    source: Database, target: Database, vault: Vault, tmp_path: Path, kept: float
) -> None:
    path = make_backup(source, vault, tmp_path, now=NOW).path
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(BackupFault):
        restore_backup(path, vault, target)
    assert is_empty(target)


def test_a_backup_of_other_tables_is_named(source: Database, vault: Vault, tmp_path: Path) -> None:
    with source.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseNotMigrated):
        make_backup(source, vault, tmp_path, now=NOW)
    assert list(tmp_path.glob("*.backup*")) == []


def test_a_folder_that_cannot_be_written_leaves_nothing(source: Database, vault: Vault, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("a file")
    with pytest.raises(BackupFault, match="cannot be written"):
        make_backup(source, vault, taken, now=NOW)


def test_a_full_disk_leaves_no_half_file(source: Database, migrated_url: str, tmp_path: Path) -> None:
    """In a process whose files may not grow beyond a few kilobytes: the system refuses that as it does a full disk."""
    with source.write() as connection:
        connection.execute(update(response).values(texts={"ft_case": os.urandom(60_000).hex()}))
    folder = tmp_path / "backups"
    program = (
        "import resource, signal, sys\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from surveyapp.records.backup import BackupFault, make_backup\n"
        "from surveyapp.records.database import open_database\n"
        "from surveyapp.records.encryption import Vault\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "vault = Vault({'k1': b'1' * 32}, b'l' * 32)\n"
        "try:\n"
        "    make_backup(open_database(sys.argv[1]), vault, Path(sys.argv[2]), now=datetime.now(UTC))\n"
        "except BackupFault as fault:\n"
        "    print(fault)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, migrated_url, str(folder)], capture_output=True, text=True, check=True
    )
    assert "cannot be written" in ended.stdout
    assert list(folder.iterdir()) == []


def test_what_is_written_meanwhile_is_in_it_whole_or_not_at_all(
    database: Database, target: Database, vault: Vault, tmp_path: Path
) -> None:
    """Each write moves the survey's revision and a response's together; every backup must hold them equal."""
    with database.write() as connection:
        insert_rows(connection, *ROWS)
    is_over = threading.Event()
    faults: list[BaseException] = []

    def write_on() -> None:
        try:
            for revision in range(2, WRITES):
                with database.write() as connection:
                    connection.execute(update(survey).values(revision=revision))
                    connection.execute(update(response).values(revision=revision))
        except BaseException as fault:
            faults.append(fault)
        finally:
            is_over.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    made: list[Path] = []
    while not is_over.is_set() and len(made) < 20:
        made.append(make_backup(database, vault, tmp_path, now=NOW + timedelta(seconds=len(made))).path)
    writer.join()
    assert not faults and made
    for path in made:
        restore_backup(path, vault, target, replace=True)
        with target.read() as connection:
            assert connection.scalar(select(survey.c.revision)) == connection.scalar(select(response.c.revision))


def test_a_rehearsal_opens_what_is_sealed_and_leaves_nothing(source: Database, vault: Vault, tmp_path: Path) -> None:
    with source.write() as connection:
        connection.execute(confidential.delete())
        for number in range(3):
            write_confidential(
                connection,
                vault,
                survey_id=SURVEY,
                link=None,
                compartment="identity",
                answers={"company_name": f"{CANARY} {number}"},
                lookup_value=None,
                now=NOW,
            )
    folder = tmp_path / "backups"
    made = make_backup(source, vault, folder, now=NOW)
    rehearsed = rehearse_restore(made.path, vault, tmp_path / "aside.sqlite3")
    assert rehearsed.tables == made.tables and rehearsed.sealed_rows == 3
    assert list(tmp_path.glob("aside*")) == []


def test_a_rehearsal_tells_of_a_row_that_no_key_opens(source: Database, vault: Vault, tmp_path: Path) -> None:
    made = make_backup(source, vault, tmp_path, now=NOW)  # its sealed row is none
    with pytest.raises(VaultFault):
        rehearse_restore(made.path, vault, tmp_path / "aside.sqlite3")
    assert list(tmp_path.glob("aside*")) == []


def test_the_oldest_go_first(source: Database, vault: Vault, tmp_path: Path) -> None:
    made = [make_backup(source, vault, tmp_path, now=NOW + timedelta(days=day)).path for day in range(4)]
    assert list_backups(tmp_path) == tuple(reversed(made))
    assert prune_backups(tmp_path, keep=2) == (made[1], made[0])
    assert sorted(path.name for path in tmp_path.glob("*.backup*")) == sorted(
        name for path in made[2:] for name in (path.name, path.name + ".sha256")
    )
    with pytest.raises(BackupFault, match="already"):
        make_backup(source, vault, tmp_path, now=NOW + timedelta(days=3))
