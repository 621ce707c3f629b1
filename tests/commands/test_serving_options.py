"""How many workers there are, what keeps the server from starting, and what gunicorn is told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from gunicorn.app.base import Application

from surveyapp.commands import main
from surveyapp.commands.serving import (
    GUNICORN_SETTINGS,
    LEAST_WORKERS,
    MOST_WORKERS,
    count_workers,
    read_core_quota,
)
from surveyapp.settings import create_secrets


class NothingServed(Application):  # type: ignore[misc] # the library has no types
    """gunicorn with our settings, up to the point where it would begin."""

    def __init__(self) -> None:
        self.usage, self.prog = None, "gunicorn"
        super().__init__()

    def init(self, parser: object, opts: object, args: object) -> None:
        """Nothing: there is no application."""

    def load_config(self) -> None:
        self.load_default_config()
        self.load_config_from_file(str(GUNICORN_SETTINGS))


def check(folder: Path, *options: str, **environ: str) -> Result:
    given = {"SURVEYAPP_INSTANCE": str(folder), **environ}
    return CliRunner().invoke(main, ["serve", "--check", *options], env=given)


def test_an_installation_that_could_serve_passes_the_check(tmp_path: Path, migrated_file: Path) -> None:
    create_secrets(tmp_path)
    environ = {"SURVEYAPP_DATABASE_URL": f"sqlite:///{migrated_file}"}
    result = check(tmp_path, "--production", **environ)
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(
    ("options", "environ", "words"),
    [
        ((), {}, "surveyapp init"),  # no table yet
        (("--production", "--bind", "unix:/run/surveyapp.sock"), {}, "SURVEYAPP_TRUSTED_PROXIES=1"),
        ((), {"SURVEYAPP_METRICS_TOKEN": "short"}, "SURVEYAPP_METRICS_TOKEN must be 24 or more"),
        ((), {"SURVEYAPP_LOG_FORMAT": "xml"}, "SURVEYAPP_LOG_FORMAT must be json or text"),
    ],
)
def test_what_keeps_it_from_serving_is_said_in_one_line(
    tmp_path: Path, options: tuple[str, ...], environ: dict[str, str], words: str
) -> None:
    create_secrets(tmp_path)
    result = check(tmp_path, *options, **environ)
    assert result.exit_code == 1
    assert words in result.output
    assert result.output.count("\n") == 1
    assert "short" not in result.output


@pytest.mark.parametrize(
    ("content", "cores"),
    [("150000 100000\n", 2), ("10000 100000\n", 1), ("max 100000\n", MOST_WORKERS), ("", MOST_WORKERS)],
)
def test_a_container_has_as_many_cores_as_it_may_use(tmp_path: Path, content: str, cores: int) -> None:
    (tmp_path / "cpu.max").write_text(content)
    assert read_core_quota(tmp_path / "cpu.max") == cores


def test_there_are_two_workers_at_least() -> None:
    assert LEAST_WORKERS <= count_workers() <= MOST_WORKERS
    assert read_core_quota(Path("/nowhere/cpu.max")) == MOST_WORKERS


def test_gunicorn_trusts_no_header_and_loads_nothing_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warnings.showwarning", None)  # the settings put their own; put back afterwards
    monkeypatch.setattr("threading.excepthook", None)
    monkeypatch.setattr("sys.unraisablehook", None)
    settings = NothingServed().cfg
    assert (settings.forwarded_allow_ips, settings.secure_scheme_headers, settings.forwarder_headers) == ([], {}, [])
    assert (settings.preload_app, settings.worker_class_str) == (False, "gthread")
    assert settings.accesslog is None
    assert settings.max_requests_jitter > 0
    assert settings.worker_tmp_dir in (None, "/dev/shm")  # noqa: S108
    assert settings.graceful_timeout < settings.timeout
    assert os.access(GUNICORN_SETTINGS, os.R_OK)
