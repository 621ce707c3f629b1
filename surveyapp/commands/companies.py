"""`companies import` and `companies export`: the directory's lists, from the shell."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from surveyapp.commands.exporting import write_whole
from surveyapp.commands.installation import Installation, find_actor, open_installation
from surveyapp.fieldwork.directory.companies import list_companies
from surveyapp.fieldwork.directory.contacts import list_contacts
from surveyapp.fieldwork.directory.entries import find_entry_choices
from surveyapp.fieldwork.directory.headings import choose_sheet, find_layout
from surveyapp.fieldwork.directory.import_rows import ListedCompanies, read_listed_companies
from surveyapp.fieldwork.directory.importing import ImportFaulty, ImportPlan, import_companies, plan_import
from surveyapp.fieldwork.directory.table_files import ENCODINGS, MOST_BYTES, Encoding, TableRefused, read_table_file
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.audit import write_audit
from surveyapp.reports.company_files import FileFormat, list_columns, list_directory_rows, write_csv, write_workbook
from surveyapp.reports.directory_words import describe_entry_fault, describe_table_refusal, name_column
from surveyapp.reports.words import Words

ENGLISH = Words("en")


@click.group()
def companies() -> None:
    """The directory of companies."""


@companies.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--dry-run", is_flag=True, help="Say what would happen and import nothing.")
@click.option("--encoding", type=click.Choice(tuple(ENCODINGS)), help="Of a CSV; without it the text is recognised.")
def import_(file: Path, dry_run: bool, encoding: Encoding | None) -> None:
    """Import the list FILE (XLSX or CSV): all of it, or nothing where a row is at fault.

    Columns are recognised by their headings; `/desk/companies/import` shows them and lets them be changed.
    """
    listed = read_list(file, encoding)
    with open_installation() as installation:
        survey_id = installation.settings.survey_id
        try:
            if dry_run:
                with installation.database.read() as connection:
                    plan = plan_import(connection, installation.vault, survey_id, listed)
                if plan.faults:
                    raise ImportFaulty(plan)
            else:
                with installation.database.write() as connection:
                    plan = import_companies(
                        connection,
                        installation.vault,
                        survey_id,
                        listed,
                        digest=None,
                        now=datetime.now(UTC),
                        actor=find_actor(),
                    )
        except ImportFaulty as fault:
            raise click.ClickException("\n".join(describe_faults(file, fault.plan))) from fault
    click.echo("\t".join(f"{state} {plan.count(state)}" for state in ("new", "changed", "unchanged")))


@companies.command("export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language of headings.")
@click.option("--contacts", is_flag=True, help="With names, addresses and telephone numbers of contacts.")
@click.option("--reason", default="", help="What the file is for, kept in the audit trail; needed with contacts.")
def export(file: Path, language: str, contacts: bool, reason: str) -> None:
    """Write the directory as FILE, an Excel workbook where its name ends in .xlsx, else CSV. It is audited."""
    if contacts and not reason.strip():
        raise click.ClickException("say with --reason what the file with contacts is for")
    kind: FileFormat = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
    words = Words(cast(Language, language), load_translator(language))
    with open_installation() as installation:
        try:
            with write_whole(file) as written:
                written.write(_build_file(installation, kind, words, contacts, reason, file.name))
        except OSError as fault:
            raise click.ClickException(f"{file} cannot be written: {fault.strerror}") from fault


def read_list(file: Path, encoding: Encoding | None = None) -> ListedCompanies:
    """The companies of a file. Raises ClickException saying what is wrong with it."""
    try:
        with file.open("rb") as opened:
            table = read_table_file(opened.read(MOST_BYTES + 1), encoding)
    except TableRefused as refusal:
        raise click.ClickException(f"{file}: {describe_table_refusal(ENGLISH, refusal)}") from refusal
    sheet = table.sheets[choose_sheet(table.sheets)]
    layout = find_layout(sheet)
    if not layout.has_name:
        raise click.ClickException(f"{file}: no column has a heading that means the name of a company")
    return read_listed_companies(
        sheet, layout.heading_row, layout.columns, find_entry_choices(load_builtin_questionnaire())
    )


def describe_faults(file: Path, plan: ImportPlan) -> list[str]:
    """Nothing was imported, and why: a line for each fault, as `file:row: column: reason`."""
    lines = [f"nothing was imported: {len(plan.faults)} faults"]
    for fault in plan.faults:
        column = "" if fault.column is None else f"{name_column(ENGLISH, fault.column)}: "
        lines.append(f"{file}:{fault.row}: {column}{describe_entry_fault(ENGLISH, fault)}")
    return lines


def _build_file(
    installation: Installation, kind: FileFormat, words: Words, with_contacts: bool, reason: str, name: str
) -> bytes:
    survey_id, choices = installation.settings.survey_id, find_entry_choices(load_builtin_questionnaire())
    with installation.database.read() as connection:
        listed = list_companies(connection, survey_id)
        ids = [each.company_id for each in listed] if with_contacts else []
        contacts = list_contacts(connection, installation.vault, survey_id, ids)
    columns = list_columns(with_contacts=with_contacts)
    rows = list_directory_rows(listed, contacts, choices, words, columns)
    content = (
        b"".join(write_csv(columns, rows, words)) if kind == "csv" else write_workbook(columns, rows, choices, words)
    )
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action="companies.exported",
            at=datetime.now(UTC),
            survey_id=survey_id,
            details={
                "listed": len(listed),
                "contacts": sum(map(len, contacts.values())) if with_contacts else None,
                "language": words.language,
                "reason": " ".join(reason.split()) or None,
                "file": name,
            },
        )
    return content
