"""Pages and processes: a form page against "hello", the issues page large against small, the start of a worker."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from http.client import HTTPConnection
from itertools import product
from pathlib import Path
from urllib.parse import urlencode

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from surveyapp.fieldwork.answering import save_page, start_return
from surveyapp.fieldwork.drafts import make_token
from surveyapp.questionnaire.model import Questionnaire, Stored
from surveyapp.questionnaire.paths import evaluate
from surveyapp.records.account_changes import AccountExists, add_account
from surveyapp.records.database import Database
from surveyapp.records.tables import user_account
from surveyapp.settings import create_secrets
from surveyapp.web import create_app
from surveyapp.web.installation import EXTENSION
from tests.benchmarks.figures import Figure, Goal
from tests.benchmarks.installation import LATER, build_vault
from tests.benchmarks.measuring import ROOT, Action, Paired, compare, compare_prepared, describe_environment
from tests.benchmarks.stores import NOW, Store, Stores

FORM_PAGE = "sec_profile"
FORM_FIELDS = 8
# Answers that bring all eight questions of the page up.
FORM_ANSWERS: dict[str, Stored] = {
    "consent_participate": "agree",
    "attribution_level": "named",
    "company_name": "가상제약",
    "company_type": "other",
    "company_size": "e50_299",
    "product_categories": ["device", "samd"],
    "respondent_role": "other",
    "export_experience": "lt3",
}
STARTS_WITHIN = 30.0  # seconds
WARM_UPS = 5
_MANY = 1_000_000


def measure_serving(stores: Stores, sizes: Sequence[int], repeats: int | None) -> Iterator[Figure]:
    yield from measure_form_page(stores.copy(sizes[0], "serve"), repeats or 201)
    if len(sizes) > 1:
        yield from measure_issues_page(stores, sizes, repeats or 7)
    yield from measure_start(stores.folder, repeats or 7)


def measure_form_page(store: Store, repeats: int, *, of: str = "", where: str = "") -> Iterator[Figure]:
    """One GET of a page with eight fields over a kept connection, as a browser asks for it, to a worker of gunicorn."""
    path = f"/r/{begin_return(store)}/p/{FORM_PAGE}"
    store.database.close()
    with run_server(store.settings.instance) as port, closing(HTTPConnection("127.0.0.1", port)) as connection:
        for key, title, hello, goal in (
            (f"form-page{of}", f"form page of {FORM_FIELDS} fields (GET){where}", "/hello/", Goal("at least", 0.15)),
            (f"form-page-frame{of}", "the same", "/hello-in-frame", None),
        ):
            paired = compare(
                partial(fetch, connection, path), partial(fetch, connection, hello), repeats=repeats, warm_ups=WARM_UPS
            )
            against = "hello of a bare Flask app, same worker" if goal else "hello inside our app, same worker"
            yield Figure.of_pair(key, title, None, paired, against=against, goal=goal, is_speed=True)


def begin_return(store: Store) -> str:
    """A return whose profile page shows all its fields; the token of its link."""
    questionnaire, vault, token = store.questionnaire, build_vault(store.settings), make_token()
    consent, page = questionnaire.pages[0], questionnaire.page_by_name[FORM_PAGE]
    with store.database.write() as connection:
        draft = start_return(
            connection,
            vault,
            store.later,
            questionnaire,
            token=token,
            answers={question.name: FORM_ANSWERS.get(question.name) for question in consent.questions},
            language="ko",
            now=NOW,
        )
        answers = {question.name: FORM_ANSWERS.get(question.name) for question in page.questions}
        saved = save_page(connection, vault, draft, questionnaire, page, answers, language="ko", now=NOW)
    shown = evaluate(questionnaire, saved.draft.answers).shown(page)
    assert sum(question.is_asked for question in shown) == FORM_FIELDS
    return token


def fetch(connection: HTTPConnection, path: str) -> bytes:
    """The body of a page, compressed as browsers ask for it."""
    connection.request("GET", path, headers={"Accept-Encoding": "gzip", "Accept-Language": "ko"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path.split('/')[1]}: status {answer.status}")
    return body


@contextmanager
def run_server(instance: Path) -> Iterator[int]:
    """A worker of gunicorn with our application and two pages that say hello; the port it listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        port: int = listening.getsockname()[1]
        command = [sys.executable, "-m", "tests.benchmarks.hello_server", str(instance), str(listening.fileno())]
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env=describe_environment(),
            pass_fds=(listening.fileno(),),
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()
            server.wait(STARTS_WITHIN)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while True:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=STARTS_WITHIN)) as connection:
                fetch(connection, "/hello/")
                return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def measure_issues_page(stores: Stores, sizes: Sequence[int], repeats: int) -> Iterator[Figure]:
    yield from compare_issues_pages([stores.find(size) for size in sizes], repeats)


def compare_issues_pages(stores: Sequence[Store], repeats: int, *, of: str = "", where: str = "") -> Iterator[Figure]:
    """The whole page, which carries its charts as JSON, with many responses against the fewest.

    Once as it was just seen, and once under filters that nobody asked for before, where no result is remembered.
    """
    path = f"/desk/rounds/{LATER}/issues"
    fewest = stores[0].size
    clients = {store.size: sign_in_analyst(store) for store in stores}
    # One row of filters a client: a row begun again would meet results that are remembered.
    filtered = {size: _prepare_filtered(client, path, stores[0].questionnaire) for size, client in clients.items()}
    for larger in [store.size for store in stores[1:]]:
        paired = compare(
            partial(get_page, clients[larger], path), partial(get_page, clients[fewest], path), repeats=repeats
        )
        title = f"issues page (HTML with its JSON){where}"
        yield _build_issues_figure(f"issues-page{of}", title, larger, fewest, paired)
        paired = compare_prepared(filtered[larger], filtered[fewest], repeats=repeats)
        title = f"issues page under new filters{where}"
        yield _build_issues_figure(f"issues-page-new{of}", title, larger, fewest, paired)
    for client in clients.values():
        client.application.extensions[EXTENSION].database.close()


def _build_issues_figure(key: str, title: str, larger: int, fewest: int, paired: Paired) -> Figure:
    goal = Goal("at most", 2, meant_for=_MANY)
    return Figure.of_pair(key, title, larger, paired, against=f"itself with {fewest:,}", goal=goal)


def _prepare_filtered(client: FlaskClient, path: str, questionnaire: Questionnaire) -> Callable[[], Action]:
    """Views of the page under one filter after the other, each of which leaves most returns in."""
    queries = _list_filters(questionnaire)
    return lambda: partial(get_page, client, f"{path}?{next(queries)}")


def _list_filters(questionnaire: Questionnaire) -> Iterator[str]:
    """Query strings that leave out one choice of each of three questions."""
    questions = [questionnaire.by_name[name] for name in ("company_type", "respondent_role", "export_experience")]
    for left_out in product(*(question.choices for question in questions)):
        yield urlencode(
            [
                (question.name, choice.name)
                for question, missing in zip(questions, left_out, strict=True)
                for choice in question.choices
                if choice != missing
            ]
        )


def sign_in_analyst(store: Store) -> FlaskClient:
    app: Flask = create_app(store.settings)
    key = _add_analyst(store.database)
    client = app.test_client()
    with client.session_transaction("/desk/") as session:
        session.update(_user_id=key, _fresh=True, fs_cc="set", fs_paa=datetime.now(UTC).timestamp())
    return client


def _add_analyst(database: Database) -> str:
    email = "analyst@example.com"
    with database.write() as connection:
        with suppress(AccountExists):  # a kept database has the account of an earlier run
            add_account(connection, email=email, role_name="analyst", now=NOW)
        key: str = connection.scalars(select(user_account.c.fs_uniquifier).where(user_account.c.email == email)).one()
    return key


def get_page(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        if answer.status_code != 200:
            raise RuntimeError(f"{path}: status {answer.status_code}")
        answer.get_data()


def measure_start(folder: Path, repeats: int) -> Iterator[Figure]:
    """A process that makes the application against one that imports Flask."""
    instance = folder / "start"
    create_secrets(instance)
    environ = {**describe_environment(), "SURVEYAPP_INSTANCE": str(instance)}

    def start(statement: str) -> None:
        subprocess.run([sys.executable, "-c", statement], cwd=ROOT, env=environ, check=True)

    paired = compare_prepared(
        lambda: partial(start, "import app"),
        lambda: partial(start, "import flask"),
        repeats=repeats,
        warm_ups=min(1, repeats - 1),  # a single pair is a trial of this program and no figure
    )
    yield Figure.of_pair(
        "worker-start",
        "start of a worker (import app)",
        None,
        paired,
        against='python -c "import flask"',
        goal=Goal("at most", 6),
    )
