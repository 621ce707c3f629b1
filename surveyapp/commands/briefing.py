"""`export briefing`: the page for the ministry, as the desk offers it, from the shell."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import click

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.analysis.ministry_release import MinistryDesk
from surveyapp.analysis.open_indexes import open_index
from surveyapp.commands.exporting import write_whole
from surveyapp.commands.installation import find_actor, open_installation
from surveyapp.fieldwork.rounds import RoundUnknown, find_round, list_rounds
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.reports.briefing.figures import TakenTableUnknown, find_earlier, gather_briefing
from surveyapp.reports.pdf_files import PdfUnavailable
from surveyapp.reports.words import Words
from surveyapp.web import create_app
from surveyapp.web.desk.briefing.making import BRIEFING_FORMATS, BriefingFormat, audit_briefing, make_briefing_file


@click.command("briefing")
@click.option("--round", "slug", required=True, metavar="SLUG", help="The round; `surveyapp rounds` lists them.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option(
    "--format", "form", default="pdf", show_default=True, type=click.Choice(BRIEFING_FORMATS), help="How it is written."
)
@click.option("--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language of the page.")
@click.option(
    "--since",
    default="",
    metavar="SLUG:NUMBER",
    help="Compare with a table that the ministry was given, as the page's address names it, not the round before.",
)
def export_briefing(slug: str, output: Path, form: BriefingFormat, language: str, since: str) -> None:
    """Write the one-page briefing for the ministry. The file appears whole or not at all, and is audited."""
    words, now = Words(cast(Language, language), load_translator(cast(Language, language))), datetime.now(UTC)
    with open_installation() as installation:
        settings = installation.settings
        ministry = MinistryDesk(installation.database, now, actor=find_actor())
        index = open_index(installation.database, settings.survey_id, snapshots=settings.instance)
        try:
            with installation.database.read() as connection:
                survey_round = find_round(connection, settings.survey_id, slug)
                earlier = find_earlier(connection, survey_round, list_rounds(connection, settings.survey_id), since)
                figures = gather_briefing(connection, index, survey_round, earlier, ministry=ministry)
            with create_app(settings).test_request_context(base_url=settings.base_url):
                content = make_briefing_file(form, words, figures, now=now)
            with write_whole(output) as file, installation.database.write() as connection:
                file.write(content)
                audit_briefing(connection, form, words, figures, actor=find_actor(), name=output.name, now=now)
        except TableTooLarge as fault:
            raise click.ClickException(str(fault)) from fault
        except RoundUnknown as fault:
            raise click.ClickException(f"there is no round {slug}; `surveyapp rounds` lists them") from fault
        except TakenTableUnknown as fault:
            raise click.ClickException(
                f"no table {since} was given to the ministry of {slug} or a round before"
            ) from fault
        except PdfUnavailable as fault:
            raise click.ClickException(f"PDF files cannot be written here: {fault}") from fault
        except OSError as fault:
            raise click.ClickException(f"{output} cannot be written: {fault.strerror}") from fault
