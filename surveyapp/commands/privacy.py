"""`privacy export` writes everything that is held about one company or person."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from surveyapp.commands.exporting import write_whole
from surveyapp.commands.installation import Installation, find_actor, open_installation
from surveyapp.fieldwork.access_requests import AccessReader, Record, gather_address, gather_company, is_empty
from surveyapp.fieldwork.directory.companies import CompanyUnknown
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.audit import Detail, write_audit
from surveyapp.reports.access_file import write_access_file
from surveyapp.reports.words import Words


@click.group()
def privacy() -> None:
    """What is held about companies and persons."""


@privacy.command("export")
@click.option("--company", "company_id", type=int, help="A company of the directory, by its number.")
@click.option("--email", default="", help="A person, by an address.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The ZIP file to write.")
@click.option(
    "--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language of the words."
)
@click.option("--reason", required=True, help="What the file is for, kept in the audit trail.")
def export_held(company_id: int | None, email: str, output: Path, language: str, reason: str) -> None:
    """Write all that is held about a company or a person as ZIP: JSON and a page to read. It is audited."""
    if (company_id is None) == (not email.strip()):
        raise click.UsageError("say either --company or --email")
    if not reason.strip():
        raise click.UsageError("say with --reason what the file is for")
    now, of_file = datetime.now(UTC), cast(Language, language)
    with open_installation() as installation:
        held = _gather(installation, of_file, company_id, email.strip(), now)
        details: dict[str, Detail] = {"company": company_id, "reason": " ".join(reason.split()), "file": output.name}
        try:
            with write_whole(output) as file:
                file.write(write_access_file(held, Words(of_file, load_translator(of_file))))
                _audit(installation, details, now)
        except OSError as fault:
            raise click.ClickException(f"{output} cannot be written: {fault.strerror}") from fault


def _gather(
    installation: Installation, language: Language, company_id: int | None, email: str, now: datetime
) -> Record:
    """Raises ClickException where nothing is held."""
    with installation.database.read() as connection:
        reader = AccessReader(connection, installation.vault, installation.settings.survey_id, language, now)
        try:
            held = gather_address(reader, email) if company_id is None else gather_company(reader, company_id)
        except CompanyUnknown as fault:
            raise click.ClickException(f"the directory has no company {company_id}") from fault
    if is_empty(held):
        raise click.ClickException("nothing is held about this address")
    return held


def _audit(installation: Installation, details: dict[str, Detail], now: datetime) -> None:
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action="privacy.access_file",
            at=now,
            survey_id=installation.settings.survey_id,
            details=details,
        )
