"""Companies in processes of their own, which give one whole return after the other for a while."""

from __future__ import annotations

import http.client
import multiprocessing
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from tests.benchmarks.returns import draw_returns
from tests.load.http_company import HttpCompany, Refused, Wire

BEFOREHAND = 1  # returns of each client before the clock starts, so that nothing is loaded while it runs
READY_WITHIN_S = 180


@dataclass
class Outcome:
    """What one client saw while the clock ran; `beforehand` are submits acknowledged before it started."""

    beforehand: int = 0
    submits: int = 0
    pages: int = 0
    requests: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    errors: list[str] = field(default_factory=list)


def run_clients(port: int, slug: str, *, clients: int, seconds: float, on_start: Callable[[], None]) -> list[Outcome]:
    """All clients at once against a server on this port. Each fills in other returns than the others.

    `on_start` is called when the clock starts.
    """
    context = multiprocessing.get_context("spawn")
    starting_line, results = context.Barrier(clients + 1), context.Queue()
    processes = [
        context.Process(target=_run_client, args=(port, slug, place, seconds, starting_line, results), daemon=True)
        for place in range(clients)
    ]
    for process in processes:
        process.start()
    starting_line.wait(READY_WITHIN_S)
    on_start()
    outcomes = [results.get(timeout=READY_WITHIN_S + 2 * seconds) for _ in processes]
    for process in processes:
        process.join(10)
    return outcomes


def _run_client(port: int, slug: str, place: int, seconds: float, starting_line: Any, results: Any) -> None:
    questionnaire = load_builtin_questionnaire()
    returns = draw_returns(questionnaire, first=1 + 10_000 * place)
    wire = Wire("127.0.0.1", port)
    outcome = Outcome()

    def note(what: str, took: float) -> None:
        outcome.seconds[what].append(took)

    def ask(method: str, path: str, fields: Any) -> Any:
        outcome.requests += 1
        return wire.ask(method, path, fields)

    first = HttpCompany(wire.ask, questionnaire, slug)
    for _ in range(BEFOREHAND):
        first.give_return(next(returns))
    starting_line.wait(READY_WITHIN_S)
    end = time.monotonic() + seconds
    company = HttpCompany(ask, questionnaire, slug, note=note, is_over=lambda: time.monotonic() > end)
    while time.monotonic() < end:
        try:
            company.give_return(next(returns))
        except (Refused, OSError, http.client.HTTPException) as fault:
            outcome.errors.append(f"{type(fault).__name__}: {fault}")
    wire.close()
    outcome.beforehand, outcome.submits, outcome.pages = first.submits, company.submits, company.pages
    outcome.seconds = dict(outcome.seconds)
    results.put(outcome)


def find_percentile(sorted_seconds: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; 0 where there are none."""
    if not sorted_seconds:
        return 0.0
    return sorted_seconds[min(len(sorted_seconds) - 1, int(share * len(sorted_seconds)))]
