"""`copy` moves everything to another database and proves that both hold the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import click

from surveyapp.commands.installation import Installation, explain_faults, find_actor, open_installation
from surveyapp.records.audit import write_audit
from surveyapp.records.copying import CopiedTable, CopyDiffers, CopyFault, copy_database
from surveyapp.records.database import DatabaseFull, DatabaseReadOnly, open_database
from surveyapp.settings import read_database_url

SHOWN = 16  # characters of a digest


@click.command()
@click.option(
    "--to",
    "address",
    required=True,
    metavar="URL",
    help="postgresql://user@host/name or sqlite:////path. A password is better kept in ~/.pgpass than given here.",
)
@click.option("--replace", is_flag=True, help="Erase what the target holds first.")
def copy(address: str, replace: bool) -> None:
    """Copy everything into the database at URL, and prove that both hold the same.

    Stop what writes first. The target gets its tables from this command and must have no rows. It is written in one
    transaction: on any fault, and on any difference, it keeps nothing. Ends with 0 and a table of counts and digests.
    """
    with explain_faults():
        url = read_database_url("--to", address)
        target = open_database(url)
    try:
        with open_installation() as installation:
            _note_copy(installation)
            tables = copy_database(installation.database, target, replace=replace)
    except CopyDiffers as fault:
        _print_tables(fault.tables)
        raise click.ClickException(str(fault)) from fault
    except CopyFault as fault:
        raise click.ClickException(str(fault)) from fault
    finally:
        target.close()
    _print_tables(tables)
    click.echo("Both hold the same. Set SURVEYAPP_DATABASE_URL to the new address before you serve again.")


def _note_copy(installation: Installation) -> None:
    """Leave a trace that is copied along. A database that takes none may be copied all the more."""
    at = datetime.now(UTC)
    try:
        with installation.database.write() as connection:
            write_audit(connection, actor=find_actor(), action="database.copy_begun", at=at)
    except (DatabaseFull, DatabaseReadOnly) as fault:
        click.echo(f"not noted in the audit trail: {fault}", err=True)


def _print_tables(tables: Sequence[CopiedTable]) -> None:
    width = max(len(each.name) for each in tables)
    click.echo(f"{'table':<{width}}  {'rows':>9}  {'copied':>9}  {'digest':<{SHOWN}}  {'of the copy':<{SHOWN}}")
    for each in tables:
        rows = f"{each.source.rows:>9}  {each.target.rows:>9}"
        digests = f"{each.source.digest[:SHOWN]}  {each.target.digest[:SHOWN]}"
        click.echo(f"{each.name:<{width}}  {rows}  {digests}{'' if each.is_equal else '  DIFFERS'}")
