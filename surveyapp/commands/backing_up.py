"""`backup` writes everything into one encrypted file while the tool is in use; `restore` puts it back, or rehearses."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click

from surveyapp.commands.installation import Installation, find_actor, open_installation
from surveyapp.commands.running_job import JobFault, RunningJob
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.backup import (
    BackedUpTable,
    Backup,
    BackupFault,
    make_backup,
    prune_backups,
    rehearse_restore,
    restore_backup,
)
from surveyapp.records.copying import CopyFault
from surveyapp.records.database import open_database
from surveyapp.records.job_queue import Json
from surveyapp.settings import Settings, read_database_url

SHOWN = 16  # characters of a digest


@click.command()
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Else SURVEYAPP_BACKUP_FOLDER.")
def backup(folder: Path | None) -> None:
    """Write everything the database holds at this moment into one encrypted file, while the tool is in use.

    The file is opened with instance/secrets.json alone, which is not in it: keep a copy of that apart. Beside it stands
    its checksum, for `sha256sum --check`.
    """
    with open_installation() as installation, explain_backup_faults():
        made = back_up(installation, folder or find_folder(installation.settings), actor=find_actor())
    _print_tables(made.tables)
    click.echo(f"{made.path}  {made.size} bytes  sha256 {made.sha256}")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--rehearse", is_flag=True, help="Restore aside, prove it equal, open what is sealed, remove it again.")
@click.option(
    "--to", "address", metavar="URL", help="A database other than that of the settings, SQLite or PostgreSQL."
)
@click.option("--replace", is_flag=True, help="Erase what the database holds first.")
def restore(file: Path, rehearse: bool, address: str | None, replace: bool) -> None:
    """Put what FILE holds into the database: all of it, proved equal, or nothing.

    On another machine, first put the secrets.json that belongs to the backup into the instance folder. Stop what serves
    before you restore; a rehearsal disturbs nobody.
    """
    with open_installation() as installation, explain_backup_faults():
        if rehearse:
            _rehearse(installation, file)
            return
        target = installation.database if address is None else open_database(read_database_url("--to", address))
        try:
            tables = restore_backup(file, installation.vault, target, replace=replace)
            with target.write() as connection:
                write_audit(connection, actor=find_actor(), action="database.restored", at=datetime.now(UTC))
        finally:
            if address is not None:
                target.close()
    _print_tables(tables)
    click.echo("Everything was restored and proved equal.")


def back_up(installation: Installation, folder: Path, *, actor: str) -> Backup:
    """Make a backup and leave a trace of it. Raises `BackupFault` and `DatabaseFault`s."""
    now = datetime.now(UTC)
    made = make_backup(installation.database, installation.vault, folder, now=now)
    with installation.database.write() as connection:
        details: dict[str, Detail] = {"file": made.path.name, "rows": made.rows, "sha256": made.sha256}
        write_audit(connection, actor=actor, action="database.backed_up", at=now, details=details)
    return made


def run_backup(job: RunningJob) -> Mapping[str, Json]:
    """Make a backup, prove that it can be restored, and remove those beyond the number kept."""
    settings = job.installation.settings
    try:
        made = back_up(job.installation, find_folder(settings), actor=job.actor)
        job.check_cancelled()
        with tempfile.TemporaryDirectory(dir=made.path.parent) as aside:
            rehearsed = rehearse_restore(made.path, job.installation.vault, Path(aside) / "rehearsal.sqlite3")
        gone = prune_backups(made.path.parent, keep=settings.backup_keep)
    except BackupFault as fault:
        raise JobFault("backup") from fault
    return {
        "file": made.path.name,
        "bytes": made.size,
        "rows": made.rows,
        "sealed_rows": rehearsed.sealed_rows,
        "removed": len(gone),
    }


def find_folder(settings: Settings) -> Path:
    """Where backups are written: the folder of the settings, else one in the instance."""
    return settings.backup_folder or settings.instance / "backups"


@contextmanager
def explain_backup_faults() -> Iterator[None]:
    try:
        yield
    except (BackupFault, CopyFault) as fault:
        raise click.ClickException(str(fault)) from fault


def _rehearse(installation: Installation, file: Path) -> None:
    with tempfile.TemporaryDirectory() as aside:
        rehearsed = rehearse_restore(file, installation.vault, Path(aside) / "rehearsal.sqlite3")
    _print_tables(rehearsed.tables)
    click.echo(f"Restored aside and proved equal; {rehearsed.sealed_rows} sealed rows opened. Nothing was kept.")


def _print_tables(tables: Sequence[BackedUpTable]) -> None:
    width = max(len(each.name) for each in tables)
    for each in tables:
        click.echo(f"{each.name:<{width}}  {each.rows:>9}  {each.digest[:SHOWN]}")
