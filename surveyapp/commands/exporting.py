"""`export csv`: the files that the desk offers, from the shell."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, cast

import click

from surveyapp.analysis.answer_index import AnswerIndex
from surveyapp.analysis.disclosure import Audience, release_issue_table
from surveyapp.analysis.issues import rank_issues
from surveyapp.analysis.masks import build_mask
from surveyapp.analysis.open_indexes import open_index
from surveyapp.commands.installation import Installation, find_actor, open_installation
from surveyapp.fieldwork.return_stream import stream_returns
from surveyapp.fieldwork.rounds import Round, RoundUnknown, find_round, load_questionnaire_of
from surveyapp.locale import load_translator
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.questionnaire.taxonomy import load_taxonomy
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.database import Connection
from surveyapp.reports.csv_export import RawKind, RawOptions, stream_raw_csv
from surveyapp.reports.ministry_table import MinistryOptions, stream_ministry_csv
from surveyapp.reports.words import Words

KINDS = ("raw", "identified", "ministry")


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
@click.option("--reason", default="", help="What the file is for, kept in the audit trail.")
def export_csv(slug: str, output: Path, kind: str, language: str, labels: str, reason: str) -> None:
    """Write one round as CSV (UTF-8 with BOM, CRLF). The file appears whole or not at all, and is audited."""
    with open_installation() as installation:
        words = Words(cast(Language, language), load_translator(language))
        try:
            with installation.database.read() as connection:
                survey_round = find_round(connection, installation.settings.survey_id, slug)
                stream = _stream_ministry if kind == "ministry" else _stream_raw(cast(RawKind, kind))
                with _write_whole(output) as file:
                    for chunk in stream(installation, connection, survey_round, words, labels == "labels"):
                        file.write(chunk)
                    details = {"language": language, "labels": labels, "reason": reason, "file": output.name}
                    _audit(installation, survey_round, kind, details)
        except RoundUnknown as fault:
            raise click.ClickException(f"there is no round {slug}; `surveyapp rounds` lists them") from fault
        except OSError as fault:
            raise click.ClickException(f"{output} cannot be written: {fault.strerror}") from fault


Stream = Callable[[Installation, Connection, Round, Words, bool], Iterator[bytes]]


def _open_index(installation: Installation) -> AnswerIndex:
    settings = installation.settings
    return open_index(installation.database, settings.survey_id, snapshots=settings.instance)


def _stream_raw(kind: RawKind) -> Stream:
    def stream(
        installation: Installation, connection: Connection, survey_round: Round, words: Words, with_labels: bool
    ) -> Iterator[bytes]:
        questionnaire = load_questionnaire_of(connection, survey_round)
        counted = cast(Container[int], _open_index(installation).of_round(survey_round.round_id))
        vault = installation.vault if kind == "identified" else None
        returns = stream_returns(connection, survey_round.survey_id, survey_round.round_id, vault=vault)
        options = RawOptions(words, with_labels, kind)
        return stream_raw_csv(returns, questionnaire, survey_round, options, counted=counted)

    return stream


def _stream_ministry(
    installation: Installation, connection: Connection, survey_round: Round, words: Words, with_labels: bool
) -> Iterator[bytes]:
    questionnaire = load_questionnaire_of(connection, survey_round)
    index = _open_index(installation)
    mask = build_mask(index, questionnaire, survey_round.round_id)
    table = release_issue_table(rank_issues(index, questionnaire, load_taxonomy(), mask), Audience.MINISTRY)
    return stream_ministry_csv(table, survey_round, questionnaire, MinistryOptions(words, with_labels))


@contextmanager
def _write_whole(path: Path) -> Iterator[BinaryIO]:
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


def _audit(installation: Installation, survey_round: Round, kind: str, details: Mapping[str, Detail]) -> None:
    with installation.database.write() as connection:
        write_audit(
            connection,
            actor=find_actor(),
            action=f"export.{kind}",
            survey_id=survey_round.survey_id,
            round_id=survey_round.round_id,
            details=details,
            at=datetime.now(UTC),
        )
