"""What every test may use: settings, a migrated database, the questionnaire, the application, a client that checks each
page, a real server and a real browser.

The database is SQLite; tests/database_kinds.py tells how a folder or file has its tests run on PostgreSQL as well.

Fixtures import what they give, so that the tests of a step need none of the steps after it.
"""

from __future__ import annotations

import gc
import logging
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event, select
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from surveyapp.locale.compile import compile_catalogues
from surveyapp.settings import Settings
from tests.database_kinds import DatabaseKind
from tests.page_checks import check_page
from tests.postgres_server import PostgresServer, open_postgres_server
from tests.redis_server import PROGRAM

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from surveyapp.questionnaire.model import Questionnaire
    from surveyapp.records.database import Database
    from surveyapp.records.encryption import Vault

TESTS = Path(__file__).parent
WAITS_FOR_PROCESSES = ("browser", "commands", "journeys", "load")
NO_SECOND_TRY = ("test_loss.py",)  # a failure there may be an answer that was lost
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # as .ci/find_browser
HEADLESS_SHELL = "chromium-headless-shell"  # the same without windows; starts faster
BROWSER_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 30_000  # until what a browser should show is missing: the machine may be busy with other tests
VAULT_KEYS = {"k1": b"1" * 32}
LOOKUP_KEY = b"2" * 32
SAMPLES_OPENED = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def pytest_configure(config: pytest.Config) -> None:
    # Each test makes an application and drops it. To look through all that pytest holds as often as Python does by
    # itself took a quarter of the processor's time.
    gc.set_threshold(50_000, 20, 20)
    compile_catalogues()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that wait for other processes get a second try, which the summary names (docs/adr/0031)."""
    for item in items:
        path = item.path.relative_to(TESTS)
        if path.parts[0] in WAITS_FOR_PROCESSES and path.name not in NO_SECOND_TRY:
            item.add_marker(pytest.mark.flaky(reruns=1))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A skipped test is a failed run: nothing goes untested in silence."""
    reporter: Any = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and PROGRAM is None:
        reporter.write_line("no Redis on this machine: the storage of jobs was not tried on it (.ci/find_redis)")
    if reporter is not None and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("tests were skipped; a run without them is no pass", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def database_kind() -> DatabaseKind:
    return "sqlite"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL of the run, started with the first test that asks for it."""
    with open_postgres_server(os.environ) as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> Iterator[str]:
    """The address of a database on PostgreSQL with all tables and no rows, of the test's own."""
    url = postgres.create()
    yield url
    postgres.drop(url)


@pytest.fixture
def database_url(database_kind: DatabaseKind, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Where the database of the test is, or on SQLite will be."""
    if database_kind == "sqlite":
        return make_settings(tmp_path).database_url
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return replace(make_settings(tmp_path), database_url=database_url)


def make_settings(folder: Path) -> Settings:
    """Settings of an installation whose files are in `folder`."""
    return Settings(
        instance=folder,
        database_url=f"sqlite:///{folder / 'survey.sqlite3'}",
        secret_key="a secret key of a test, long enough to sign with",
        password_salt="a salt of a test, long enough to be taken",
        vault_keys=VAULT_KEYS,
        lookup_key=LOOKUP_KEY,
        rate_limit_sign_in="1000 per minute",
        rate_limit_start="1000 per minute",
        rate_limit_link="1000 per minute",
    )


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file at the newest migration; tests copy it, which is faster than migrating."""
    from surveyapp.records.database import open_database
    from surveyapp.records.migrations import migrate

    path = tmp_path_factory.mktemp("migrated") / "survey.sqlite3"
    database = open_database(f"sqlite:///{path}")
    migrate(database)
    database.close()
    return path


@pytest.fixture(scope="session")
def sampled_file(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the trial round and both sample rounds, opened on SAMPLES_OPENED; tests copy it."""
    from surveyapp.fieldwork.sample_rounds import create_sample_rounds, open_trial_round
    from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
    from surveyapp.records.database import open_database
    from surveyapp.records.encryption import Vault

    path = tmp_path_factory.mktemp("sampled") / "survey.sqlite3"
    shutil.copy(migrated_file, path)
    database = open_database(f"sqlite:///{path}")
    questionnaire = load_builtin_questionnaire()
    open_trial_round(database, questionnaire, now=SAMPLES_OPENED)
    create_sample_rounds(database, Vault(VAULT_KEYS, LOOKUP_KEY), questionnaire, now=SAMPLES_OPENED)
    database.close()
    return path


@pytest.fixture
def migrated_url(database_url: str, migrated_file: Path, tmp_path: Path) -> str:
    """The address of a database of the test's own, with all tables and no rows."""
    if database_url.startswith("sqlite:"):
        shutil.copy(migrated_file, tmp_path / "survey.sqlite3")
    return database_url


@pytest.fixture
def database(migrated_url: str) -> Iterator[Database]:
    from surveyapp.records.database import open_database

    opened = open_database(migrated_url)
    yield opened
    opened.close()


@pytest.fixture
def vault(settings: Settings) -> Vault:
    from surveyapp.records.encryption import Vault

    return Vault(settings.vault_keys, settings.lookup_key)


@pytest.fixture(scope="session")
def questionnaire() -> Questionnaire:
    from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire

    return load_builtin_questionnaire()


class CompiledTemplates(BytecodeCache):
    """Templates compiled once in a run: each test makes an application of its own, which would compile them anew."""

    def __init__(self) -> None:
        self._codes: dict[str, tuple[str, CodeType]] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        checksum, code = self._codes.get(bucket.key, ("", None))
        if checksum == bucket.checksum:
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        if bucket.code is not None:
            self._codes[bucket.key] = (bucket.checksum, bucket.code)


COMPILED_TEMPLATES = CompiledTemplates()


class CheckingClient(FlaskClient):
    """A test client that looks at every page it receives (tests/page_checks.py)."""

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        kwargs.setdefault("buffered", True)  # read to its end and closed, as a server does
        response = super().open(*args, **kwargs)
        check_page(response)
        return response


@contextmanager
def _run_app(settings: Settings) -> Iterator[Flask]:
    from surveyapp.web import create_app

    app = create_app(settings)
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False  # a fault becomes the page that people see
    app.test_client_class = CheckingClient
    app.jinja_env.bytecode_cache = COMPILED_TEMPLATES
    yield app
    app.extensions["surveyapp"].database.close()


@pytest.fixture
def app(settings: Settings, database: Database) -> Iterator[Flask]:
    with _run_app(settings) as running:
        yield running


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """`sign_in("analyst")` is a client with the session of an account of that role, `analyst@example.com`."""
    return lambda role: sign_in_as(app, role)


def sign_in_as(app: Flask, role: str) -> FlaskClient:
    from surveyapp.records.account_changes import AccountUnknown, add_account, find_account
    from surveyapp.records.tables import user_account

    email = f"{role}@example.com"
    with app.extensions["surveyapp"].database.write() as connection:
        try:
            find_account(connection, email)
        except AccountUnknown:
            add_account(connection, email=email, role_name=role, now=datetime.now(UTC))
        key = connection.scalar(select(user_account.c.fs_uniquifier).where(user_account.c.email == email))
    signed_in = app.test_client()
    with signed_in.session_transaction("/desk/") as session:
        session.update(_user_id=key, _fresh=True, fs_cc="set", fs_paa=datetime.now(UTC).timestamp())
    return signed_in


@dataclass(slots=True)
class Statements:
    """SQL statements of a block, without those that begin and end transactions."""

    texts: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.texts)


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], Any]:
    """`with count_queries() as statements: …` counts what the application asks its database."""

    @contextmanager
    def count() -> Iterator[Statements]:
        statements = Statements()
        engine = app.extensions["surveyapp"].database.engine

        def note(connection: Any, cursor: Any, statement: str, *further: Any) -> None:
            statements.texts.append(statement)

        event.listen(engine, "before_cursor_execute", note)
        try:
            yield statements
        finally:
            event.remove(engine, "before_cursor_execute", note)

    return count


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A threaded server of the application; `url` has no slash at its end."""

    url: str
    app: Flask


@pytest.fixture
def live_server(settings: Settings, database: Database) -> Iterator[LiveServer]:
    with serve_app(settings) as server:
        yield server


@contextmanager
def serve_app(settings: Settings) -> Iterator[LiveServer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with _run_app(replace(settings, base_url=url)) as app:
            logging.getLogger("werkzeug").setLevel(logging.ERROR)
            server = make_server("127.0.0.1", port, app, threaded=True, fd=listening.fileno())
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
            thread.start()
            try:
                yield LiveServer(url, app)
            finally:
                server.shutdown()
                thread.join(10)
                server.server_close()


def find_browser(*, whole: bool = False) -> str:
    """The path of a chromium, of a `whole` one where the headless shell lacks what is tested.

    Without one the test fails, here and everywhere: it is never skipped.
    """
    candidates = (os.environ.get("BROWSER_PATH", ""), "" if whole else HEADLESS_SHELL, *BROWSERS)
    for candidate in candidates:
        if candidate and (path := shutil.which(candidate)):
            return path
    pytest.fail(
        "no browser for the browser tests: run `make test` as root or with sudo, install chromium, "
        "or name one with BROWSER_PATH=/path/to/chromium",
        pytrace=False,
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with start_browser() as started:
        yield started


@contextmanager
def start_browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=find_browser(), args=list(BROWSER_FLAGS))
        yield started
        started.close()
