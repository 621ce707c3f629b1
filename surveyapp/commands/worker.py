"""`worker`: runs the jobs that wait in the database."""

from __future__ import annotations

import os

import click

from surveyapp.commands.installation import open_installation
from surveyapp.commands.working import Pace, Worker
from surveyapp.log_lines import write_log_lines


@click.command("worker")
@click.option("--threads", default=2, show_default=True, type=click.IntRange(1, 16), help="Jobs at the same time.")
@click.option("--once", is_flag=True, help="Run what is due now, one after another, and end.")
@click.option(
    "--lost-after",
    default=60.0,
    show_default=True,
    type=click.FloatRange(1, 3600),
    help="Seconds without a sign of life after which a job is taken from its worker; the same for all workers.",
)
@click.option(
    "--grace",
    default=20.0,
    show_default=True,
    type=click.FloatRange(0, 3600),
    help="Seconds in which a running job may end by itself after SIGTERM; then it is handed back, in as many more.",
)
@click.option("--with-parent", is_flag=True, hidden=True, help="End when the process that started this one ends.")
def work(threads: int, once: bool, lost_after: float, grace: float, with_parent: bool) -> None:
    """Run jobs: mails, snapshots, whatever is asked for at the desk or scheduled.

    As many workers as one likes may work on one database. SIGTERM lets a running job end or hands it back.
    """
    parent = os.getppid()
    with open_installation() as installation:
        installation.database.check_ready()
        write_log_lines(installation.settings.log_format)
        working = Worker(installation, Pace(threads=threads, lost_after_s=lost_after, grace_s=grace))
        if once:
            working.obey_signals()
            click.echo(f"{working.run_due()} jobs")
            return
        working.run(is_over=lambda: with_parent and os.getppid() != parent)
