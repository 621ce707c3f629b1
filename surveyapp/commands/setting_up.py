"""`init` prepares an installation, `sample` fills it with something to look at."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import click

from surveyapp.commands.installation import Installation, explain_faults, find_actor, open_installation
from surveyapp.fieldwork.directory.companies import refresh_search_words
from surveyapp.fieldwork.purging import purge_round
from surveyapp.fieldwork.rounds import list_rounds, register_questionnaire
from surveyapp.fieldwork.sample_rounds import create_sample_rounds, open_trial_round
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.migrations import migrate
from surveyapp.settings import create_secrets, find_instance


@click.command()
def init() -> None:
    """Prepare the installation: secrets, database, tables, questionnaire. What is there already is left alone.

    Opens no round: that needs the operator's own words about privacy and retention.
    """
    with explain_faults():
        instance = find_instance(os.environ)
        if create_secrets(instance):
            click.echo(f"made the secrets in {instance}: keep a copy, identity and contact data need them")
    with open_installation() as installation:
        migrate(installation.database)
        questionnaire = load_builtin_questionnaire()
        with installation.database.write() as connection:
            register_questionnaire(connection, questionnaire, datetime.now(UTC))
            refresh_search_words(connection, questionnaire.form_id)


@click.command()
@click.option("--purge", is_flag=True, help="Erase what was given in the trial and the sample rounds.")
def sample(purge: bool) -> None:
    """Open a trial round, and two sample rounds of fictional companies. What is there already is left alone."""
    with open_installation() as installation:
        now = datetime.now(UTC)
        if purge:
            _purge_rounds(installation, now)
            return
        questionnaire = load_builtin_questionnaire()
        open_trial_round(installation.database, questionnaire, now=now)
        create_sample_rounds(installation.database, installation.vault, questionnaire, now=now)


def _purge_rounds(installation: Installation, now: datetime) -> None:
    survey_id = installation.settings.survey_id
    with installation.database.read() as connection:
        slugs = [each.slug for each in list_rounds(connection, survey_id) if each.kind != "real"]
    for slug in slugs:
        purged = purge_round(installation.database, survey_id, slug, now=now, actor=find_actor())
        click.echo(f"{slug}: erased {purged.responses} returns, {purged.drafts} drafts, {purged.refusals} refusals")
