"""The `surveyapp` command: the same functions as the pages, from the shell."""

from __future__ import annotations

import click

from surveyapp.commands.accounts import user
from surveyapp.commands.checking import questionnaire
from surveyapp.commands.exporting import export
from surveyapp.commands.rounds import round_, rounds
from surveyapp.commands.serving import demo, serve
from surveyapp.commands.setting_up import init, sample


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Survey tool: a company answers, staff see recurring issues, figures leave.

    The folder of the installation is instance/, or SURVEYAPP_INSTANCE.
    """


for command in (init, serve, demo, sample, rounds, round_, user, export, questionnaire):
    main.add_command(command)
