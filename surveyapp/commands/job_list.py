"""`jobs`: what waits, runs and has ended; to try again, and to cancel."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import click

from surveyapp.commands.installation import find_actor, open_installation
from surveyapp.commands.jobs import KINDS
from surveyapp.records.audit import write_audit
from surveyapp.records.job_queue import (
    Job,
    JobHasEnded,
    JobHasNotEnded,
    JobPending,
    JobUnknown,
    add_job,
    ask_to_cancel,
    list_jobs,
    retry_job,
)

ZONE = ZoneInfo("Asia/Seoul")
STATES = ("queued", "running", "done", "failed", "cancelled")


@click.group("jobs")
def jobs_() -> None:
    """Work in the background: mails, snapshots and whatever else takes long."""


@jobs_.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice(STATES), help="These only; may be given again.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
def list_(states: tuple[str, ...], limit: int) -> None:
    """List jobs, one a line, the newest first: number, state, kind, progress, attempts, asked for, problem.

    Columns are parted by tabs; times are those of Asia/Seoul.
    """
    wanted = [state for state in STATES if state in states] or None
    with open_installation() as installation, installation.database.read() as connection:
        for job in list_jobs(connection, states=wanted, limit=limit):  # type: ignore[arg-type] # of STATES
            click.echo("\t".join(_write_line(job)))


@jobs_.command("add")
@click.argument("kind", type=click.Choice([name for name, kind in KINDS.items() if kind.is_by_hand]))
def add(kind: str) -> None:
    """Ask for work of this KIND; prints the number of the job."""
    with open_installation() as installation:
        survey_id = installation.settings.survey_id
        actor, now = find_actor(), datetime.now(UTC)
        try:
            with installation.database.write() as connection:
                job_id = add_job(
                    connection, kind=kind, arguments={}, actor=actor, now=now, survey_id=survey_id, once_key=kind
                )
                details = {"job": job_id, "job_kind": kind}
                write_audit(connection, actor=actor, action="job.added", at=now, survey_id=survey_id, details=details)
        except JobPending as fault:
            raise click.ClickException(f"{kind}: job {fault.job_id} does the same already") from fault
        click.echo(job_id)


@jobs_.command("retry")
@click.argument("job_id")
def retry(job_id: str) -> None:
    """Try a job again that failed or was cancelled."""
    with open_installation() as installation:
        try:
            with installation.database.write() as connection:
                retry_job(connection, job_id, actor=find_actor(), now=datetime.now(UTC))
        except JobUnknown as fault:
            raise click.ClickException(f"{job_id}: there is no such job") from fault
        except JobHasNotEnded as fault:
            raise click.ClickException(f"{job_id}: only a job that failed or was cancelled is tried again") from fault
        except JobPending as fault:
            raise click.ClickException(f"{job_id}: job {fault.job_id} does the same already") from fault


@jobs_.command("cancel")
@click.argument("job_id")
def cancel(job_id: str) -> None:
    """Cancel a job that waits, or ask one that runs to stop; what it has done stays done."""
    with open_installation() as installation:
        try:
            with installation.database.write() as connection:
                state = ask_to_cancel(connection, job_id, actor=find_actor(), now=datetime.now(UTC))
        except JobUnknown as fault:
            raise click.ClickException(f"{job_id}: there is no such job") from fault
        except JobHasEnded as fault:
            raise click.ClickException(f"{job_id}: the job has ended already") from fault
        click.echo("cancelled" if state == "cancelled" else "asked to stop")


def _write_line(job: Job) -> tuple[str, ...]:
    progress = str(job.progress) if job.progress_of is None else f"{job.progress}/{job.progress_of}"
    asked = f"{job.created_at.astimezone(ZONE):%Y-%m-%dT%H:%M%z}"
    attempts = f"{job.attempts}/{job.most_attempts}"
    return (job.job_id, job.state, job.kind, progress, attempts, asked, job.problem or "")
