"""`rounds` lists the rounds of the survey; `round …` prepares, opens, extends, closes and reopens one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from surveyapp.commands.installation import find_actor, open_installation
from surveyapp.fieldwork.response_counts import count_responses
from surveyapp.fieldwork.rounds import (
    Round,
    RoundFault,
    RoundPlan,
    RoundUnknown,
    close_round,
    extend_round,
    find_round,
    find_samples,
    list_rounds,
    open_round,
    prepare_round,
    register_questionnaire,
    reopen_round,
    schedule_round,
    unschedule_round,
)
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
            click.echo(_write_line(each, counts.get(each.round_id, 0), now))


@click.group("round")
def round_() -> None:
    """One round."""


TEXTS = click.option(
    "--texts",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="YAML file: title, operator, privacy_contact, retention_text, retention_contact, each with ko, en, ja.",
)
OPENS = click.option("--opens", required=True, type=LOCAL_TIME, help="Local time in Seoul, as 2026-12-01T09:00.")
CLOSES = click.option("--closes", required=True, type=LOCAL_TIME, help="Local time in Seoul.")
OPEN_LINK = click.option(
    "--open-link/--invited-only", default=True, help="Whether anyone with the address may take part."
)


@round_.command("open")
@click.argument("slug")
@TEXTS
@OPENS
@CLOSES
@OPEN_LINK
def open_(slug: str, texts: Path, opens: datetime, closes: datetime, open_link: bool) -> None:
    """Open the round SLUG of the questionnaire, to be answered under /s/SLUG/."""
    words = read_texts(texts)
    title = words.get(TITLE)
    if title is None:
        raise click.ClickException(f"{texts}: title is missing")
    with open_installation() as installation:
        now = datetime.now(UTC)
        questionnaire = load_builtin_questionnaire()
        samples = find_samples(questionnaire, words)
        if samples:
            raise click.ClickException(f"{texts}: these texts are those of the sample round: {', '.join(samples)}")
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


@round_.command("prepare")
@click.argument("slug")
@TEXTS
@OPENS
@CLOSES
@OPEN_LINK
def prepare(slug: str, texts: Path, opens: datetime, closes: datetime, open_link: bool) -> None:
    """Prepare the round SLUG, which nobody outside the desk sees until it is scheduled. Texts may still be missing."""
    words = dict(read_texts(texts))
    title = words.pop(TITLE, Text("", "", ""))
    with open_installation() as installation:
        now = datetime.now(UTC)
        questionnaire = load_builtin_questionnaire()
        plan = RoundPlan(
            slug=slug,
            kind="real",
            questionnaire_version=questionnaire.version,
            title=title,
            operator_texts=words,
            opens_at=opens.replace(tzinfo=ZONE),
            closes_at=closes.replace(tzinfo=ZONE),
            open_link=open_link,
        )
        try:
            with installation.database.write() as connection:
                register_questionnaire(connection, questionnaire, now)
                prepared = prepare_round(connection, questionnaire.form_id, plan, actor=find_actor(), now=now)
        except RoundFault as fault:
            raise click.ClickException(f"{texts}: {fault}") from fault
        click.echo(f"{installation.settings.base_url}/desk/rounds/{prepared.slug}/settings")


@round_.command("schedule")
@click.argument("slug")
@click.option("--now", "at_once", is_flag=True, help="Open at once, not at the time that was planned.")
def schedule(slug: str, at_once: bool) -> None:
    """Let the prepared round SLUG open and close at its times."""
    _change(slug, partial(schedule_round, at_once=at_once))


@round_.command("unschedule")
@click.argument("slug")
def unschedule(slug: str) -> None:
    """Take the round SLUG back into preparation before it opens."""
    _change(slug, unschedule_round)


@round_.command("extend")
@click.argument("slug")
@CLOSES
def extend(slug: str, closes: datetime) -> None:
    """Let the round SLUG close later than planned."""
    _change(slug, partial(extend_round, closes_at=closes.replace(tzinfo=ZONE)))


@round_.command("close")
@click.argument("slug")
def close(slug: str) -> None:
    """Close the open round SLUG now."""
    _change(slug, close_round)


@round_.command("reopen")
@click.argument("slug")
@CLOSES
@click.option("--reason", required=True, help="Why; it stays in the audit trail.")
def reopen(slug: str, closes: datetime, reason: str) -> None:
    """Open the closed round SLUG again."""
    _change(slug, partial(reopen_round, closes_at=closes.replace(tzinfo=ZONE), reason=reason))


def _change(slug: str, deed: Callable[..., Round]) -> None:
    """Do it to the round as it is now, and write its line as `rounds` does."""
    with open_installation() as installation:
        survey_id, now = installation.settings.survey_id, datetime.now(UTC)
        try:
            with installation.database.write() as connection:
                survey_round = find_round(connection, survey_id, slug)
                changed = deed(connection, survey_round, seen=None, actor=find_actor(), now=now)
                responses = count_responses(connection, survey_id).get(changed.round_id, 0)
        except RoundUnknown as fault:
            raise click.ClickException(f"there is no round {slug!r}") from fault
        except RoundFault as fault:
            raise click.ClickException(str(fault)) from fault
        click.echo(_write_line(changed, responses, now))


def _write_line(each: Round, responses: int, now: datetime) -> str:
    times = [f"{moment.astimezone(ZONE):%Y-%m-%dT%H:%M%z}" for moment in (each.opens_at, each.closes_at)]
    return "\t".join((each.slug, each.state(now), each.kind, *times, str(responses)))


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
