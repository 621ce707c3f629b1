"""The `surveyapp` command: the same functions as the pages, from the shell."""

from __future__ import annotations

import click

from surveyapp.analysis.disclosure import JOB_SECONDS, limit_time
from surveyapp.commands.accounts import user
from surveyapp.commands.backing_up import backup, restore
from surveyapp.commands.briefing import export_briefing
from surveyapp.commands.checking import questionnaire
from surveyapp.commands.companies import companies
from surveyapp.commands.copying import copy
from surveyapp.commands.exporting import export
from surveyapp.commands.figure import figure
from surveyapp.commands.job_list import jobs_
from surveyapp.commands.privacy import privacy
from surveyapp.commands.rounds import round_, rounds
from surveyapp.commands.serving import demo, serve
from surveyapp.commands.setting_up import init, sample
from surveyapp.commands.worker import work


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.pass_context
def main(context: click.Context) -> None:
    """Survey tool: a company answers, staff see recurring issues, figures leave.

    The folder of the installation is instance/, or SURVEYAPP_INSTANCE.
    """
    context.with_resource(limit_time(JOB_SECONDS))  # what serves pages sets its own for each


for command in (
    init,
    serve,
    demo,
    sample,
    rounds,
    round_,
    user,
    export,
    figure,
    questionnaire,
    copy,
    companies,
    work,
    jobs_,
    privacy,
    backup,
    restore,
):
    main.add_command(command)
export.add_command(export_briefing)
