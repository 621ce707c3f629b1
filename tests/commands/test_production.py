"""`serve --production` as processes: no post is lost, nothing secret is logged, counters add up, odd input is borne."""

from __future__ import annotations

import http.client
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from sqlalchemy import select

from surveyapp.questionnaire.model import Questionnaire
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.account_changes import add_account
from surveyapp.records.database import open_database
from surveyapp.records.tables import response
from surveyapp.settings import Settings, create_secrets, load_settings
from surveyapp.web.password_links import make_password_link
from tests.benchmarks.returns import InventedReturn, draw_returns
from tests.load.http_company import Fields, HttpCompany, Reply, Wire, read_form
from tests.load.production_server import ProductionServer, run_production
from tests.respondent_visits import make_round

SLUG = "survey-2026"
METRICS_TOKEN = "a-token-of-the-metrics-1234567890"


def prepare_installation(folder: Path, migrated_file: Path) -> Settings:
    """An installation with one open round."""
    create_secrets(folder)
    shutil.copy(migrated_file, folder / "survey.sqlite3")
    settings = load_settings({}, folder)
    database = open_database(settings.database_url)
    make_round(database, load_builtin_questionnaire(), slug=SLUG)
    database.close()
    return settings


@pytest.fixture(scope="module")
def installed(migrated_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return prepare_installation(tmp_path_factory.mktemp("production"), migrated_file)


@pytest.fixture(scope="module")
def server(installed: Settings) -> Iterator[ProductionServer]:
    with run_production(installed.instance, environ={"SURVEYAPP_METRICS_TOKEN": METRICS_TOKEN}) as running:
        yield running


@pytest.fixture
def wire(server: ProductionServer) -> Iterator[Wire]:
    opened = Wire("127.0.0.1", server.port)
    yield opened
    opened.close()


# --- no post is lost


class StubbornClient:
    """Sends every request until it is answered, as people do; and notes which posts had to be sent again."""

    def __init__(self, port: int) -> None:
        self._wire = Wire("127.0.0.1", port, timeout=30)
        self.posts = 0
        self.repeated = 0

    def close(self) -> None:
        self._wire.close()

    def ask(self, method: str, path: str, fields: Fields | None) -> Reply:
        self.posts += method == "POST"
        while True:
            try:
                reply = self._wire.ask(method, path, fields)
                if reply.status < 500:
                    return reply
            except (OSError, http.client.HTTPException):
                pass
            self.repeated += method == "POST"
            time.sleep(0.05)


class Company(threading.Thread):
    """Gives one return after the other until it is told to stop; then finishes the one it is at."""

    def __init__(self, port: int, questionnaire: Questionnaire, place: int, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.client = StubbornClient(port)
        self.visitor = HttpCompany(self.client.ask, questionnaire, SLUG)
        self._returns = draw_returns(questionnaire, first=1 + 100 * place)
        self._told = stop
        self.given: list[InventedReturn] = []
        self.fault: BaseException | None = None

    def run(self) -> None:
        try:
            while not self._told.is_set():
                invented = next(self._returns)
                self.visitor.give_return(invented)
                self.given.append(invented)
        except BaseException as fault:
            self.fault = fault
        finally:
            self.client.close()


@pytest.mark.timeout(400)  # three starts of a server take long where much else is done
def test_no_post_is_lost_while_workers_come_and_go(
    migrated_file: Path, tmp_path: Path, questionnaire: Questionnaire
) -> None:
    settings = prepare_installation(tmp_path, migrated_file)
    stop = threading.Event()
    with run_production(tmp_path) as server:
        companies = [Company(server.port, questionnaire, place, stop) for place in range(4)]

        def work_on(pages: int = 10) -> None:
            wanted = sum(each.visitor.pages for each in companies) + pages
            server.wait_until(
                lambda: (
                    sum(each.visitor.pages for each in companies) >= wanted
                    or any(each.fault is not None for each in companies)
                ),
                "pages",
            )

        for company in companies:
            company.start()
        work_on()
        server.reload()
        work_on()
        server.kill_worker()
        work_on()
        assert server.stop() == 0
        server.start()
        work_on()
        stop.set()
        for company in companies:
            company.join(60)
    assert [each.fault for each in companies] == [None] * len(companies)

    given = [invented for each in companies for invented in each.given]
    database = open_database(settings.database_url)
    with database.read() as connection:
        rows = connection.execute(select(response.c.answers, response.c.texts, response.c.submit_key)).all()
    database.close()
    assert sum(each.visitor.submits for each in companies) == len(given) == len(rows) >= len(companies)
    assert len({row.submit_key for row in rows}) == len(rows)
    assert sum(each.client.repeated for each in companies) > 0  # or nothing was tried
    stored = sorted((sorted(map(repr, row.answers.items())), sorted(map(repr, row.texts.items()))) for row in rows)
    expected = sorted((sorted(map(repr, one.answers.items())), sorted(map(repr, one.texts.items()))) for one in given)
    assert stored == expected


# --- nothing secret is logged

CANARY = "canary"
PASSWORD = "Canary-password-7781-xyz"
EMAIL = "canary.staff@example.org"


class Desk:
    """A person of the staff with a browser that keeps cookies."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"
        self._browser = build_opener(HTTPCookieProcessor(CookieJar()))
        self._browser.addheaders = [("User-Agent", f"{CANARY}-agent"), ("Referer", f"http://{CANARY}.example/")]

    def ask(self, path: str, **fields: str) -> tuple[int, str]:
        body = urlencode(fields).encode() if fields else None
        request = Request(self._url + path, body, {"X-Request-ID": f"{CANARY}-0123456789abcdef"})  # noqa: S310
        try:
            with self._browser.open(request, timeout=30) as reply:
                return reply.status, reply.read().decode()
        except HTTPError as fault:
            return fault.code, fault.read().decode()

    def post(self, path: str, **fields: str) -> tuple[int, str]:
        """Post with the proof that the form at this address carries."""
        proof = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.ask(path)[1])
        assert proof is not None
        return self.ask(path, csrf_token=proof.group(1), **fields)


def plant_canaries(questionnaire: Questionnaire) -> InventedReturn:
    """A return with a canary in every field that takes a text and that a complete return can have."""
    invented = next(
        one
        for one in draw_returns(questionnaire)
        if "contact_phone" in one.contact and "company_name" in one.identity and len(one.texts) > 1
    )
    for place, compartment in enumerate((invented.texts, invented.identity, invented.contact)):
        for name in compartment:
            if questionnaire.by_name[name].kind == "text":
                compartment[name] = f"카나리아 {CANARY} {place} {name}"
    invented.contact["contact_email"] = f"{CANARY}@example.org"
    invented.contact["contact_phone"] = "02-9173-5519"
    return invented


def test_no_line_holds_what_was_typed_or_opens_a_return(
    server: ProductionServer, installed: Settings, wire: Wire, questionnaire: Questionnaire
) -> None:
    visitor = HttpCompany(lambda method, path, fields: wire.ask(method, path, fields), questionnaire, SLUG)
    token = visitor.give_return(plant_canaries(questionnaire))
    secrets = [token, PASSWORD, EMAIL, "02-9173-5519"]
    # what is refused: an unknown link, a forged proof, an unreadable number, a too large post, a wrong way
    assert wire.ask("GET", f"/r/{CANARY}-token/check?{CANARY}=1").status == 404
    assert wire.ask("POST", f"/r/{token}/check", [("csrf_token", CANARY)]).status == 400
    form = read_form(wire.ask("GET", f"/r/{token}/p/sec_japan").body)
    wrong = [pair for pair in form.fields if pair[0] != "jp_year"]
    assert wire.ask("POST", f"/r/{token}/p/sec_japan", [*wrong, ("jp_year", CANARY)]).status == 422
    assert wire.ask("POST", f"/r/{token}/p/sec_japan", [("ft_case", CANARY * 500_000)]).status == 413
    assert wire.ask("PUT", f"/r/{token}/check").status == 405
    assert wire.ask("CANARY", f"/r/{token}/check").status == 405
    assert wire.ask("GET", f"/{CANARY}").status == 404
    # the staff: a wrong password, a link that sets one, a file with every answer
    database = open_database(installed.database_url)
    with database.write() as connection:
        add_account(connection, email=EMAIL, role_name="manager", now=_now())
    link = make_password_link(installed, EMAIL).partition("/desk/")[2]
    secrets.append(link.rsplit("/", 1)[-1])
    desk = Desk(server.port)
    assert desk.post("/desk/sign-in", email=EMAIL, password=f"{CANARY}-wrong")[0] in (400, 401, 422)
    assert desk.post(f"/desk/{link}", password=PASSWORD, password_confirm=PASSWORD)[0] == 200
    assert desk.post("/desk/sign-in", email=EMAIL, password=PASSWORD)[0] == 200
    status, file = desk.ask(f"/desk/rounds/{SLUG}/export/raw.csv")
    assert (status, CANARY in file) == (200, True)
    assert desk.ask(f"/desk/rounds/{SLUG}/issues?{CANARY}=1")[0] == 400
    # faults: a table that is gone, and a value that cannot be read
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE draft RENAME TO draft_gone")
    assert wire.ask("GET", f"/r/{token}/p/sec_japan").status == 503
    with database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE draft_gone RENAME TO draft")
        kept = connection.exec_driver_sql("SELECT rowid, answers FROM draft WHERE state = 'submitted'").first()
        assert kept is not None
        connection.exec_driver_sql(f"UPDATE draft SET answers = '[\"{CANARY}' WHERE rowid = {kept[0]}")
    assert wire.ask("GET", f"/r/{token}/p/sec_japan").status == 500
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE draft SET answers = ? WHERE rowid = ?", (kept[1], kept[0]))
    database.close()
    # and all of it withdrawn
    form = read_form(wire.ask("GET", f"/r/{token}/withdraw").body)
    assert wire.ask("POST", f"/r/{token}/withdraw", form.fields).status == 303
    assert wire.ask("GET", f"/r/{token}/").status == 410

    log = server.read_log()
    for secret in (*secrets, "카나리아", r"\uce74\ub098\ub9ac\uc544"):
        assert secret not in log
    assert CANARY not in log.lower()
    lines = server.list_lines()
    requests = [line for line in lines if line["event"] == "request"]
    assert {"request_id", "method", "route", "endpoint", "status", "duration_ms", "role"} <= set(requests[-1])
    assert "127.0.0.1" not in "\n".join(map(str, lines))
    assert {line.get("route") for line in requests} >= {"/r/<token>/check", "/r/<token>/withdraw", "/desk/sign-in"}
    assert {line["role"] for line in requests} >= {"anyone", "link holder", "manager"}
    (failed,) = [line for line in lines if line["event"] == "request failed"]
    assert failed["fault"].startswith("json.decoder.JSONDecodeError\n")
    assert failed["request_id"] in {line["request_id"] for line in requests if line["status"] == 500}
    assert {line["kind"] for line in lines if line["event"] == "the database failed"} == {"DatabaseNotMigrated"}


# --- counters


def read_metrics(wire: Wire, server: ProductionServer) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    with closing(connection):
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        reply = connection.getresponse()
        assert reply.status == 200
        lines = [line for line in reply.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


ANSWERED = 'surveyapp_requests_total{endpoint="health.show_health",method="GET",status="200"}'


def test_counters_are_summed_over_the_workers_and_outlive_them(server: ProductionServer, wire: Wire) -> None:
    before = read_metrics(wire, server).get(ANSWERED, 0)
    folder = server.folder / "metrics"
    pause = time.monotonic() + 30
    asked = 0
    # Connections that are open at once are taken by both workers.
    while asked < 60 or (len(list(folder.glob("counter_*.db"))) < 2 and time.monotonic() < pause):
        wires = [Wire("127.0.0.1", server.port) for _ in range(12)]
        for each in wires:
            assert each.ask("GET", "/healthz").status == 200
        for each in wires:
            each.close()
        asked += len(wires)
    assert read_metrics(wire, server)[ANSWERED] == before + asked
    server.kill_worker()
    wire.close()
    assert wire.ask("GET", "/healthz").status == 200
    after = read_metrics(wire, server)
    assert after[ANSWERED] == before + asked + 1
    assert after["surveyapp_open_requests"] == 1  # that of this very page: the dead worker has none
    assert after['surveyapp_request_seconds_count{endpoint="health.show_health"}'] == before + asked + 1


def test_metrics_are_for_the_holder_of_the_token(server: ProductionServer, wire: Wire) -> None:
    assert wire.ask("GET", "/metrics").status == 401


# --- clients that misbehave


def speak(server: ProductionServer, said: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        connection.sendall(said)
        return connection.recv(65536)


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"414"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 9000 + b"\r\n\r\n", b"431"),
        (b"this is no request\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", b"400"),
        (b"GET /healthz HTTP/1.0\r\n\r\n", b"200"),  # a proxy that sends on no Host
        (b"HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"OPTIONS /healthz HTTP/1.1\r\nHost: x\r\n\r\n", b"200"),
        (b"GET /s/survey-2026/ HTTP/1.0\r\nX-Forwarded-For: a, b\r\nX-Forwarded-Proto: https\r\n\r\n", b"200"),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nScript-Name: /canary\r\n\r\n", b"200"),
    ],
    ids=["long", "large header", "nonsense", "folded", "no host", "head", "options", "forwarded", "script name"],
)
def test_odd_requests_get_a_plain_answer(server: ProductionServer, said: bytes, status: bytes) -> None:
    reply = speak(server, said)
    assert reply.split(b" ", 2)[1] == status
    assert b"Traceback" not in reply
    assert b"Strict-Transport-Security" not in reply  # nobody is believed that this was https


def test_slow_clients_hold_up_nobody_who_has_sent_a_request(server: ProductionServer, wire: Wire) -> None:
    """Connections that send nothing take no thread for long, and a few half-sent posts leave threads enough."""
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    half = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(3)]
    for each in half:
        each.sendall(
            b"POST /desk/sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            b"Content-Length: 100\r\n\r\nemail="
        )
    try:
        started = time.monotonic()
        assert wire.ask("GET", f"/s/{SLUG}/").status == 200
        assert time.monotonic() - started < 5
    finally:
        for each in (*idle, *half):
            each.close()


def test_a_worker_reads_new_code_and_settings_at_a_reload(server: ProductionServer, wire: Wire) -> None:
    """The parent has never loaded the application: what workers load is what there is when they start."""
    assert server.process is not None
    maps = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "pyroaring" not in maps and "lxml" not in maps


def _now() -> datetime:

    return datetime.now(UTC)
