"""`export csv`, `export file`, `export codebook`: the files that the desk offers, from the shell."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import click

from surveyapp.analysis.disclosure import TableTooLarge
from surveyapp.commands.installation import Installation, find_actor, open_installation
from surveyapp.fieldwork.rounds import Round, RoundUnknown, find_round, load_questionnaire_of
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.audit import Detail, write_audit
from surveyapp.reports.exports.codebook import build_codebook
from surveyapp.reports.exports.data_dictionary import stream_data_dictionary
from surveyapp.reports.exports.ddi import write_ddi
from surveyapp.reports.exports.making import Source, make_export, open_ground
from surveyapp.reports.exports.refusals import explain_refusal
from surveyapp.reports.exports.request import CELL_WORDS, FORMATS, LAYOUTS, ExportRequest, read_request
from surveyapp.reports.exports.request import KINDS as EXPORT_KINDS
from surveyapp.reports.exports.row_table import ExportRefused
from surveyapp.reports.words import Words

KINDS = ("raw", "identified", "ministry")
REASON_LENGTH = 10  # characters at least, as at the desk


@click.group()
def export() -> None:
    """Files of a round."""


@export.command("csv")
@click.option("--round", "slug", required=True, metavar="SLUG", help="The round; `surveyapp rounds` lists them.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--kind", default="raw", show_default=True, type=click.Choice(KINDS), help="What the file holds.")
@click.option("--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language of labels.")
@click.option(
    "--labels",
    default="codes",
    show_default=True,
    type=click.Choice(["codes", "labels"]),
    help="Names of choices, or their words.",
)
@click.option("--reason", default="", help="What an identified file is for, kept in the audit trail.")
def export_csv(slug: str, output: Path, kind: str, language: str, labels: str, reason: str) -> None:
    """Write one round as CSV (UTF-8 with BOM, CRLF). The file appears whole or not at all, and is audited."""
    request = read_request({"kind": kind, "cells": labels, "language": language})
    _write_file(slug, output, request, reason, action=f"export.{kind}")


def _write_file(slug: str, output: Path, request: ExportRequest, reason: str, *, action: str) -> None:
    reason = " ".join(reason.split())
    if request.kind == "identified" and len(reason) < REASON_LENGTH:
        raise click.ClickException(f"say with --reason in {REASON_LENGTH} characters or more what the file is for")
    with open_installation() as installation:
        settings = installation.settings
        source = Source(installation.database, installation.vault, settings.survey_id, settings.instance)
        try:
            with write_whole(output) as file:
                with open_ground(source, slug) as ground:
                    made = make_export(ground, request, file, actor=find_actor(), now=datetime.now(UTC))
                    survey_round = ground.survey_round
                details: dict[str, Detail] = {**request.list_details(), **made.list_details()}
                if reason:
                    details["reason"] = reason
                _audit(installation, survey_round, action, {**details, "file": output.name})
        except ExportRefused as refused:
            raise click.ClickException(" ".join(explain_refusal(Words("en"), refused))) from refused
        except TableTooLarge as fault:
            raise click.ClickException(str(fault)) from fault
        except RoundUnknown as fault:
            raise click.ClickException(f"there is no round {slug}; `surveyapp rounds` lists them") from fault
        except OSError as fault:
            raise click.ClickException(f"{output} cannot be written: {fault.strerror}") from fault


@contextmanager
def write_whole(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone, which takes its name when the block has ended well."""
    unfinished = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _audit(installation: Installation, survey_round: Round, action: str, details: Mapping[str, Detail]) -> None:
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action=action,
            survey_id=survey_round.survey_id,
            round_id=survey_round.round_id,
            details=details,
            at=datetime.now(UTC),
        )


@export.command("file")
@click.option("--round", "slug", required=True, metavar="SLUG", help="The round; `surveyapp rounds` lists them.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--kind", default="raw", show_default=True, type=click.Choice(EXPORT_KINDS), help="What it holds.")
@click.option(
    "--format", "form", default="csv", show_default=True, type=click.Choice(FORMATS), help="How it is written."
)
@click.option(
    "--layout", default="wide", show_default=True, type=click.Choice(LAYOUTS), help="A row a return or answer."
)
@click.option(
    "--cells", default="codes", show_default=True, type=click.Choice(CELL_WORDS), help="Names of choices, or words."
)
@click.option("--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language of labels.")
@click.option("--reason", default="", help="What an identified file is for, kept in the audit trail.")
def export_file(
    slug: str, output: Path, kind: str, form: str, layout: str, cells: str, language: str, reason: str
) -> None:
    """Write one round in any format that the desk offers. The file appears whole or not at all, and is audited."""
    request = read_request({"kind": kind, "format": form, "layout": layout, "cells": cells, "language": language})
    _write_file(slug, output, request, reason, action="export.file")


@export.command("codebook")
@click.option("--round", "slug", required=True, metavar="SLUG", help="The round; `surveyapp rounds` lists them.")
@click.option("--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@click.option("--form", default="ddi", show_default=True, type=click.Choice(["ddi", "redcap"]), help="DDI or REDCap.")
@click.option(
    "--language", default="ko", show_default=True, type=click.Choice(LANGUAGES), help="Language; DDI has all."
)
def export_codebook(slug: str, output: Path, form: str, language: str) -> None:
    """Write what every column means: DDI-Codebook 2.5 as XML, or a data dictionary as REDCap has it."""
    with open_installation() as installation:
        try:
            with installation.database.read() as connection:
                survey_round = find_round(connection, installation.settings.survey_id, slug)
                codebook = build_codebook(load_questionnaire_of(connection, survey_round), survey_round)
            words = {each: Words(each, load_translator(each)) for each in LANGUAGES}
            with write_whole(output) as file:
                if form == "ddi":
                    file.write(write_ddi(codebook, words, datetime.now(UTC)))
                else:
                    file.writelines(stream_data_dictionary(codebook, words[cast(Language, language)]))
        except RoundUnknown as fault:
            raise click.ClickException(f"there is no round {slug}; `surveyapp rounds` lists them") from fault
        except OSError as fault:
            raise click.ClickException(f"{output} cannot be written: {fault.strerror}") from fault
