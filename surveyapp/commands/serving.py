"""`serve`: the application behind gunicorn.

`serve` looks after the installation, says what is wrong with it, and then becomes gunicorn: the same process, whose
workers call `build_application`. How they run stands in gunicorn_settings.py.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from surveyapp.commands.installation import explain_faults, find_actor
from surveyapp.commands.setting_up import init, sample
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.log_lines import write_log_lines
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.account_changes import Account, add_account, list_accounts_of_role
from surveyapp.records.audit import write_audit
from surveyapp.records.database import open_database
from surveyapp.settings import PREFIX, Settings, SettingsFault, find_instance, load_settings
from surveyapp.web import create_app
from surveyapp.web.metrics import FOLDER_VARIABLE
from surveyapp.web.password_links import RESET_LINK_DAYS, make_password_link

THREADS = 8  # of the one process that serves where nothing else is said
PRODUCTION_THREADS = 4
LEAST_WORKERS, MOST_WORKERS = 2, 8
METRICS_FOLDER = "metrics"
GUNICORN_SETTINGS = Path(__file__).with_name("gunicorn_settings.py")
APPLICATION = "surveyapp.commands.serving:build_application()"
CORE_QUOTA = Path("/sys/fs/cgroup/cpu.max")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--bind", metavar="PLACE", help="ADDRESS:PORT or unix:/path/to/socket, instead of the two above.")
@click.option("--production", is_flag=True, help="Several processes, log lines as JSON; a reverse proxy in front.")
@click.option(
    "--workers",
    type=click.IntRange(1, 64),
    help="Processes; 1, or in production one for each core. Each counts attempts for itself unless "
    "SURVEYAPP_RATE_LIMIT_STORAGE names a shared place.",
)
@click.option("--threads", type=click.IntRange(1, 64), help="Threads of each process.")
@click.option("--check", is_flag=True, help="Say what would keep it from serving, and do not serve.")
@click.option(
    "--first-administrator",
    metavar="ADDRESS",
    help="Where no administrator has set a password yet, make this account and print a link that sets one.",
)
def serve(
    host: str,
    port: int,
    bind: str | None,
    production: bool,
    workers: int | None,
    threads: int | None,
    check: bool,
    first_administrator: str | None,
) -> None:
    """Serve the form and the desk.

    SIGHUP starts new workers, with new code and settings, and lets the old ones finish; SIGTERM lets them finish and
    ends. docs/server.md has a reverse proxy and a service manager around it.
    """
    place = bind or f"{host}:{port}"
    environ = {f"{PREFIX}LOG_FORMAT": "json"} if production else {f"{PREFIX}BASE_URL": f"http://{place}"}
    environ |= os.environ
    with explain_faults():
        settings = load_settings(environ, find_instance(environ))
        _check_place(settings, place)
        create_app(settings)  # a fault of the installation is told here, once, and not by every worker
        load_builtin_questionnaire()
        if check:
            _check_database(settings)
            return
        _print_welcome(settings, first_administrator)
        if settings.metrics_token:
            environ[FOLDER_VARIABLE] = str(_empty_metrics_folder(settings.instance))
    if production:
        _warn_of_weak_settings(settings)
    _become_gunicorn(
        environ,
        place,
        workers or (count_workers() if production else 1),
        threads or (PRODUCTION_THREADS if production else THREADS),
    )


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--first-administrator", metavar="ADDRESS", required=True, help="As for `serve`.")
@click.pass_context
def demo(context: click.Context, port: int, first_administrator: str) -> None:
    """What `make run` does: init, sample and serve in one process, and a worker beside it that ends with it."""
    context.invoke(init)
    context.invoke(sample)
    _start_worker({f"{PREFIX}BASE_URL": f"http://127.0.0.1:{port}"} | os.environ)
    context.invoke(serve, port=port, first_administrator=first_administrator)


def _print_welcome(settings: Settings, first_administrator: str | None) -> None:
    database = open_database(settings.database_url)
    now = datetime.now(UTC)
    try:
        with database.read() as connection:
            rounds = list_rounds(connection, settings.survey_id)
        administrator = _find_first_administrator(database, first_administrator, now) if first_administrator else None
    finally:
        database.close()
    forms = [each for each in rounds if each.open_link and each.state(now) == "open"]
    for each in forms:
        click.echo(f"form:  {settings.base_url}/s/{each.slug}/")
    if not forms:
        click.echo(f"form:  {settings.base_url}/ (no round is open)")
    click.echo(f"desk:  {settings.base_url}/desk/")
    if administrator is not None:
        click.echo(f"first sign-in of {administrator.email} (works once, for {RESET_LINK_DAYS} days):")
        click.echo(f"       {make_password_link(settings, administrator.email)}")


def _find_first_administrator(database: Any, address: str, now: datetime) -> Account | None:
    """The administrator who has still to set a password, made where there is none; None once one has."""
    with database.write() as connection:
        administrators = list_accounts_of_role(connection, "admin")
        if any(each.has_password for each in administrators):
            return None
        if administrators:
            return administrators[0]
        made = add_account(connection, email=address, role_name="admin", now=now)
        write_audit(connection, actor=find_actor(), action="account.added", details={"account": address}, at=now)
        return made


def build_application() -> Any:
    """What each worker serves, from the environment as it is when the worker starts."""
    settings = load_settings(os.environ, find_instance(os.environ))
    write_log_lines(settings.log_format)
    load_builtin_questionnaire()  # so that the first visitor does not wait for it
    return create_app(settings)


def count_workers() -> int:
    """As many as there are cores for us; two at least, so that one serves while the other is replaced."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(LEAST_WORKERS, min(cores, read_core_quota(CORE_QUOTA), MOST_WORKERS))


def read_core_quota(path: Path) -> int:
    """The cores that a container may use, of all that it sees."""
    try:
        quota, period = path.read_text(encoding="ascii").split()
        return max(1, round(int(quota) / int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return MOST_WORKERS


def _check_place(settings: Settings, place: str) -> None:
    if place.startswith("unix:") and not settings.trusted_proxies:
        raise SettingsFault(
            "Behind a unix socket every visitor comes through a proxy. Set SURVEYAPP_TRUSTED_PROXIES=1 (or as many as "
            "there are), or all of them are counted as one address."
        )


def _check_database(settings: Settings) -> None:
    database = open_database(settings.database_url)
    try:
        database.check_ready()
    finally:
        database.close()


def _warn_of_weak_settings(settings: Settings) -> None:
    if not settings.is_https:
        click.echo("warning: SURVEYAPP_BASE_URL is no https:// address; cookies and links are not protected.", err=True)
    if not settings.trusted_proxies:
        click.echo("warning: SURVEYAPP_TRUSTED_PROXIES is 0; behind a proxy all visitors share one limit.", err=True)


def _empty_metrics_folder(instance: Path) -> Path:
    """The folder in which the processes count, without what those of an earlier start left."""
    folder = instance / METRICS_FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob("*.db"):
            path.unlink()
    except OSError as error:
        raise SettingsFault(f"The folder {folder} cannot be written ({error.strerror}).") from error
    return folder.absolute()


def _start_worker(environ: Mapping[str, str]) -> None:
    program = [sys.executable, "-c", "from surveyapp.commands import main; main()", "worker", "--with-parent"]
    subprocess.Popen(program, env=dict(environ), stdin=subprocess.DEVNULL)  # noqa: S603 - our own program


def _become_gunicorn(environ: Mapping[str, str], place: str, workers: int, threads: int) -> None:
    options = {"--config": str(GUNICORN_SETTINGS), "--bind": place, "--workers": workers, "--threads": threads}
    arguments = [str(part) for pair in options.items() for part in pair]
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(  # noqa: S606 - no shell; the process keeps its number, which a service manager knows
        sys.executable, [sys.executable, "-m", "gunicorn", *arguments, APPLICATION], dict(environ)
    )
