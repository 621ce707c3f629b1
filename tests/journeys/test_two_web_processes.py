"""Two web processes, a worker and a command on one database: what is submitted through one of them counts at once in
all, and what one is asked for in the background the worker does, for all to see."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

from flask.sessions import SecureCookieSessionInterface
from werkzeug.datastructures import MultiDict

from surveyapp.fieldwork.retention import change_retention
from surveyapp.questionnaire.model import Questionnaire
from surveyapp.records.database import Database, open_database
from surveyapp.records.encryption import Vault
from surveyapp.settings import create_secrets, load_settings
from surveyapp.web import create_app
from tests.commands.test_serving import PROGRAM, ROOT, find_port, wait_for
from tests.conftest import sign_in_as
from tests.fieldwork.fieldwork_days import FieldworkDay
from tests.respondent_visits import Visit, make_round
from tests.whole_path import (
    BEFORE,
    EDITED,
    GIVEN,
    SLUG,
    SUBMITTED,
    begin_and_leave,
    edit_and_submit,
    fill_round,
    read_area_figures,
    read_given,
    resume_and_submit,
)

PATIENCE_S = 60
EARLIER = "survey-2025"  # closed, and what it keeps of unfinished returns is past its date


@dataclass
class HttpClient:
    """Speaks to a server as the test client does to the application; what it learns of cookies it keeps."""

    url: str
    cookie: str = ""
    opener: OpenerDirector = field(default_factory=lambda: build_opener(HTTPCookieProcessor()))

    def get(self, path: str, **options: Any) -> Any:
        return self._send(path, None)

    def post(self, path: str, *, data: Any, **options: Any) -> Any:
        return self._send(path, urlencode(list(data.items(multi=True))).encode())

    def _send(self, path: str, body: bytes | None) -> Any:
        request = Request(self.url + path, body, {"Cookie": self.cookie} if self.cookie else {})  # noqa: S310
        try:
            reply = self.opener.open(request, timeout=PATIENCE_S)
        except HTTPError as refusal:
            reply = refusal
        with reply:
            content = reply.read()
            place = urlsplit(reply.url)
        shown = SimpleNamespace(path=place.path, query_string=place.query, full_path=f"{place.path}?{place.query}")
        return SimpleNamespace(
            status_code=reply.status,
            request=shown,
            get_data=lambda as_text=False: content.decode() if as_text else content,
        )


@dataclass
class HttpOfficer:
    """An administrator at one of the servers."""

    client: HttpClient

    def read_page(self, path: str) -> str:
        reply = self.client.get(f"/desk/{path}?lang=en")
        assert reply.status_code == 200, path
        return str(reply.get_data(as_text=True))

    def purge(self) -> None:
        [token] = set(re.findall(r'name="csrf_token" value="([^"]+)"', self.read_page(f"rounds/{EARLIER}/privacy")))
        reply = self.client.post(f"/desk/rounds/{EARLIER}/privacy/purge", data=MultiDict({"csrf_token": token}))
        assert reply.status_code == 200 and "done=purging" in reply.request.full_path

    def list_jobs(self) -> list[str]:
        """The state of each job of the purge, as the page words it."""
        cards = re.findall(r'<li class="card job".*?</li>', self.read_page("jobs"), re.DOTALL)
        return [re.sub(r"<[^>]+>", " ", card) for card in cards if "retention.purge" in card]

    def count_drafts(self) -> int:
        """Unfinished returns that the earlier round keeps."""
        page = self.read_page(f"rounds/{EARLIER}/privacy")
        found = re.search(r'for="drafts".*?<strong>(\d+)</strong>', page, re.DOTALL)
        assert found is not None
        return int(found[1])


@dataclass
class HttpDesk:
    """An analyst at one of the servers."""

    client: HttpClient

    def read_page(self, path: str) -> str:
        reply = self.client.get(f"/desk/rounds/{SLUG}/{path}?lang=en")
        assert reply.status_code == 200
        return str(reply.get_data(as_text=True))

    def read_file(self, name: str) -> bytes:
        reply = self.client.get(f"/desk/rounds/{SLUG}/export/{name}?lang=en")
        assert reply.status_code == 200
        return bytes(reply.get_data())


@contextmanager
def run_server(environ: dict[str, str], log: Path) -> Iterator[str]:
    """The address of one gunicorn with one worker."""
    port = find_port()
    command = [sys.executable, "-c", PROGRAM, "serve", "--port", str(port)]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/readyz", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def run_export(environ: dict[str, str], output: Path) -> bytes:
    options = ["--round", SLUG, "--language", "en", "--output", str(output)]
    subprocess.run(
        [sys.executable, "-c", PROGRAM, "export", "csv", *options],
        cwd=ROOT,
        env=environ,
        check=True,
        timeout=PATIENCE_S,
    )
    return output.read_bytes()


@contextmanager
def run_worker(environ: dict[str, str], log: Path) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "worker"], cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            yield
        finally:
            process.terminate()
            assert process.wait(PATIENCE_S) == 0


def fill_earlier_round(database: Database, vault: Vault, questionnaire: Questionnaire) -> None:
    """Two returns that were begun, in a round that closed a week ago and was to keep them until the day before."""
    now = datetime.now(UTC)
    made = make_round(database, questionnaire, slug=EARLIER, opens_in=timedelta(-30), closes_in=timedelta(-7))
    day = FieldworkDay(database, vault, questionnaire, made, now - timedelta(days=20))
    for number in range(2):
        day.start(token=f"a private link of the earlier round, number {number}")
    yesterday = (now - timedelta(days=2)).date()
    with database.write() as connection:
        change_retention(
            connection, made, {"drafts": yesterday}, seen=made.edition, actor="admin@example.com", now=day.now
        )


def make_session_cookie(environ: dict[str, str], folder: Path, role: str) -> str:
    """The cookie of somebody who signed in; both servers have the same secrets, so both know it."""
    app = create_app(load_settings(environ, folder))
    try:
        with sign_in_as(app, role).session_transaction("/desk/") as session:
            session["csrf_token"] = "what its forms are proved by"  # else a reply would set it, and the cookie with it
            signer = cast(SecureCookieSessionInterface, app.session_interface).get_signing_serializer(app)
            assert signer is not None
            signed = signer.dumps(dict(session))
        return f"{app.config['SESSION_COOKIE_NAME']}={signed}"
    finally:
        app.extensions["surveyapp"].database.close()


def test_what_one_process_takes_in_every_process_counts(
    migrated_url: str, tmp_path: Path, questionnaire: Questionnaire
) -> None:
    folder = tmp_path / "instance"
    create_secrets(folder)
    own = {"SURVEYAPP_INSTANCE": str(folder), "SURVEYAPP_DATABASE_URL": migrated_url, "PYTHONUNBUFFERED": "1"}
    settings = load_settings(own, folder)
    database, vault = open_database(migrated_url), Vault(settings.vault_keys, settings.lookup_key)
    fill_round(database, vault, questionnaire)
    fill_earlier_round(database, vault, questionnaire)
    database.close()
    cookie, admin = (make_session_cookie(own, folder, role) for role in ("analyst", "admin"))
    environ = {**os.environ, **own}
    with run_server(environ, tmp_path / "one.log") as one, run_server(environ, tmp_path / "two.log") as two:
        desks = [HttpDesk(HttpClient(url, cookie)) for url in (one, two)]
        officers = [HttpOfficer(HttpClient(url, admin)) for url in (one, two)]
        companies = [Visit(cast(Any, HttpClient(url))) for url in (one, two)]
        assert [read_area_figures(desk) for desk in desks] == [BEFORE, BEFORE]  # both hold an index from now on

        link = begin_and_leave(companies[0])
        receipt = resume_and_submit(companies[1], link)
        assert [read_area_figures(desk) for desk in desks] == [SUBMITTED, SUBMITTED]

        officers[0].purge()
        officers[1].purge()  # is the same job, as long as it has not begun
        assert [officer.count_drafts() for officer in officers] == [2, 2]
        assert all(len(jobs) == 1 and "Waiting" in jobs[0] for jobs in (officer.list_jobs() for officer in officers))
        with run_worker(environ, tmp_path / "worker.log"):
            assert edit_and_submit(companies[0], link) == receipt  # answers are taken while the worker works
            deadline = time.monotonic() + PATIENCE_S
            while "Done" not in officers[1].list_jobs()[0]:
                assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()
                time.sleep(0.1)
            assert officers[0].list_jobs() == officers[1].list_jobs()
        assert [officer.count_drafts() for officer in officers] == [0, 0]
        assert [read_area_figures(desk) for desk in reversed(desks)] == [EDITED, EDITED]
        assert [read_given(desk) for desk in desks] == [GIVEN, GIVEN]
        raw = run_export(environ, tmp_path / "raw.csv")
        assert [desk.read_file("raw.csv") for desk in desks] == [raw, raw]
    for log in ("one.log", "two.log", "worker.log"):
        assert "Traceback" not in (tmp_path / log).read_text()
