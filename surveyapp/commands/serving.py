"""`serve`: the application behind gunicorn."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Any

import click

from surveyapp.commands.installation import explain_faults, find_actor
from surveyapp.commands.setting_up import init, sample
from surveyapp.fieldwork.rounds import list_rounds
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.account_changes import Account, add_account, list_accounts_of_role
from surveyapp.records.audit import write_audit
from surveyapp.records.database import open_database
from surveyapp.settings import Settings, find_instance, load_settings
from surveyapp.web import create_app
from surveyapp.web.password_links import RESET_LINK_DAYS, make_password_link
from surveyapp.web.request_log import MaskSecrets, write_to_standard_error

THREADS = 8
LONGEST_REQUEST_S = 120
GRACE_S = 30


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Processes. Each counts attempts for itself unless SURVEYAPP_RATE_LIMIT_STORAGE names a shared place.",
)
@click.option(
    "--first-administrator",
    metavar="ADDRESS",
    help="Where no administrator has set a password yet, make this account and print a link that sets one.",
)
def serve(host: str, port: int, workers: int, first_administrator: str | None) -> None:
    """Serve the form and the desk."""
    environ = {"SURVEYAPP_BASE_URL": f"http://{host}:{port}", **os.environ}
    with explain_faults():
        settings = load_settings(environ, find_instance(environ))
        create_app(settings)  # a fault of the installation is told here, once, and not by every worker
        load_builtin_questionnaire()  # before the workers part, so that none has to read it again
        _print_welcome(settings, first_administrator)
    _run_gunicorn(settings, f"{host}:{port}", workers)


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--first-administrator", metavar="ADDRESS", required=True, help="As for `serve`.")
@click.pass_context
def demo(context: click.Context, port: int, first_administrator: str) -> None:
    """What `make run` does: init, sample and serve in one process."""
    context.invoke(init)
    context.invoke(sample)
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


def _run_gunicorn(settings: Settings, bind: str, workers: int) -> None:
    from gunicorn.app.base import BaseApplication
    from gunicorn.glogging import Logger

    class MaskingLogger(Logger):  # type: ignore[misc] # the library has no types
        """gunicorn names the address of a request that failed; private links are masked there too."""

        def setup(self, configuration: Any) -> None:
            super().setup(configuration)
            self.error_log.addFilter(MaskSecrets())

    class Server(BaseApplication):  # type: ignore[misc] # the library has no types
        def load_config(self) -> None:
            options = {
                "bind": bind,
                "workers": workers,
                "worker_class": "gthread",
                "threads": THREADS,
                "timeout": LONGEST_REQUEST_S,
                "graceful_timeout": GRACE_S,
                "keepalive": 5,
                "accesslog": None,  # the application writes its own, without private links
                "errorlog": "-",
                "loglevel": "warning",
                "logger_class": MaskingLogger,
                "control_socket_disable": True,
                "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,  # noqa: S108
                "forwarded_allow_ips": "",  # proxies are trusted by SURVEYAPP_TRUSTED_PROXIES alone
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            write_to_standard_error()
            return create_app(settings)

    Server().run()
