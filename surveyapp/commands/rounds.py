"""`rounds` lists the rounds of the survey; `round open` opens one with the operator's own words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from surveyapp.commands.installation import find_actor, open_installation
from surveyapp.fieldwork.response_counts import count_responses
from surveyapp.fieldwork.rounds import RoundFault, list_rounds, open_round, register_questionnaire
from surveyapp.questionnaire.model import LANGUAGES, Text
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire

ZONE = ZoneInfo("Asia/Seoul")
TITLE = "title"
LOCAL_TIME = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%d"])


@click.command()
def rounds() -> None:
    """List the rounds, one a line: slug, state, kind, opens, closes, responses.

    Columns are parted by tabs; times are those of Asia/Seoul.
    """
    with open_installation() as installation, installation.database.read() as connection:
        now = datetime.now(UTC)
        counts = count_responses(connection, installation.settings.survey_id)
        for each in list_rounds(connection, installation.settings.survey_id):
            times = [f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M%z}" for moment in (each.opens_at, each.closes_at)]
            responses = str(counts.get(each.round_id, 0))
            click.echo("\t".join((each.slug, each.state(now), each.kind, *times, responses)))


@click.group("round")
def round_() -> None:
    """One round."""


@round_.command("open")
@click.argument("slug")
@click.option(
    "--texts",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file: title, operator, privacy_contact, retention_text, retention_contact, each with ko, en, ja.",
)
@click.option("--opens", required=True, type=LOCAL_TIME, help="Local time in Seoul, as 2026-12-01T09:00.")
@click.option("--closes", required=True, type=LOCAL_TIME, help="Local time in Seoul.")
@click.option("--open-link/--invited-only", default=True, help="Whether anyone with the address may take part.")
def open_(slug: str, texts: Path, opens: datetime, closes: datetime, open_link: bool) -> None:
    """Open the round SLUG of the questionnaire, to be answered under /s/SLUG/."""
    words = read_texts(texts)
    title = words.get(TITLE)
    if title is None:
        raise click.ClickException(f"{texts}: title is missing")
    with open_installation() as installation:
        now = datetime.now(UTC)
        questionnaire = load_builtin_questionnaire()
        try:
            with installation.database.write() as connection:
                register_questionnaire(connection, questionnaire, now)
                opened = open_round(
                    connection,
                    questionnaire,
                    slug=slug,
                    kind="real",
                    title=title,
                    operator_texts=words,
                    opens_at=opens.replace(tzinfo=ZONE),
                    closes_at=closes.replace(tzinfo=ZONE),
                    open_link=open_link,
                    counts_companies=not open_link,
                    now=now,
                    actor=find_actor(),
                )
        except RoundFault as fault:
            raise click.ClickException(f"{texts}: {fault}") from fault
        click.echo(f"{installation.settings.base_url}/s/{opened.slug}/")


def read_texts(file: Path) -> Mapping[str, Text]:
    """The texts of a YAML file by name. Raises ClickException naming what is missing."""
    try:
        found = YAML(typ="safe").load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, YAMLError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else str(fault).partition("\n")[0]
        raise click.ClickException(f"{file}: cannot be read: {reason}") from fault
    if not isinstance(found, dict):
        raise click.ClickException(f"{file}: holds no texts")
    for name, words in found.items():
        if not isinstance(words, dict) or not all(isinstance(words.get(language), str) for language in LANGUAGES):
            raise click.ClickException(f"{file}: {name} must have a text for each of {', '.join(LANGUAGES)}")
    return {str(name): Text(*(words[language] for language in LANGUAGES)) for name, words in found.items()}
