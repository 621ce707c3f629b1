"""What is counted for those who run the service: requests, what people did, faults. Never who, and no free value.

With `PROMETHEUS_MULTIPROC_DIR` set, as `surveyapp serve` sets it, each process counts in files of its own and whichever
is asked adds all of them up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, cast

from flask import Flask, current_app, g
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

EXTENSION = "surveyapp-metrics"
FOLDER_VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
Deed = Literal["started", "refused", "saved", "conflict", "submitted", "edited", "withdrawn"]
REQUEST_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
REFRESH_SECONDS = (0.005, 0.025, 0.1, 0.5, 1, 5, 30)


class Metrics:
    """The counters of one application."""

    def __init__(self) -> None:
        self._own = CollectorRegistry()
        self._requests = Counter(
            "surveyapp_requests",
            "Requests answered.",
            ("method", "endpoint", "status"),
            registry=self._own,
        )
        self._seconds = Histogram(
            "surveyapp_request_seconds",
            "Seconds until a request was answered and sent.",
            ("endpoint",),
            buckets=REQUEST_SECONDS,
            registry=self._own,
        )
        self._open = Gauge(
            "surveyapp_open_requests",
            "Requests that are being answered.",
            multiprocess_mode="livesum",
            registry=self._own,
        )
        self._deeds = Counter(
            "surveyapp_deeds",
            "What became of returns: started, refused, saved, conflict, submitted, edited, withdrawn.",
            ("deed",),
            registry=self._own,
        )
        self._database_faults = Counter(
            "surveyapp_database_faults",
            "Faults of the database that a person was told of.",
            ("kind",),
            registry=self._own,
        )
        self._refresh_seconds = Histogram(
            "surveyapp_index_refresh_seconds",
            "Seconds until the answer index was up to date.",
            buckets=REFRESH_SECONDS,
            registry=self._own,
        )

    def open_request(self) -> None:
        g.is_counted_open = True
        self._open.inc()

    def close_request(self) -> None:
        if g.pop("is_counted_open", False):
            self._open.dec()

    def count_request(self, method: str, endpoint: str, status: int, seconds: float, deeds: Iterable[Deed]) -> None:
        """`deeds` are counted only where the request came to a good end: before that they may be undone."""
        self._requests.labels(method, endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)
        if status < 500:
            for deed in deeds:
                self._deeds.labels(deed).inc()

    def count_database_fault(self, kind: str) -> None:
        self._database_faults.labels(kind).inc()

    @contextmanager
    def time_refresh(self) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self._refresh_seconds.observe(time.perf_counter() - started)

    def write(self) -> bytes:
        """All counters in Prometheus's text format, summed over the processes."""
        if FOLDER_VARIABLE not in os.environ:
            return generate_latest(self._own)
        summed = CollectorRegistry()
        MultiProcessCollector(summed)  # type: ignore[no-untyped-call]
        return generate_latest(summed)


def write_job_gauges(jobs: Mapping[str, int], waited_s: float) -> bytes:
    """How the jobs stand, in Prometheus's text format: they are the database's, and not this process's to add up."""
    registry = CollectorRegistry()
    states = Gauge("surveyapp_jobs", "Jobs by state: waiting, running, failed.", ("state",), registry=registry)
    for state, number in jobs.items():
        states.labels(state).set(number)
    age = "Seconds that the longest waiting of the jobs that are due has waited."
    Gauge("surveyapp_oldest_due_job_seconds", age, registry=registry).set(waited_s)
    return generate_latest(registry)


def set_up_metrics(app: Flask) -> Metrics:
    metrics = Metrics()
    app.extensions[EXTENSION] = metrics
    return metrics


def find_metrics() -> Metrics:
    """The counters of the application that serves the current request."""
    return cast(Metrics, current_app.extensions[EXTENSION])


def note_deed(deed: Deed) -> None:
    """Count what a person did, once the current request has come to a good end."""
    if "deeds" not in g:
        g.deeds = []
    g.deeds.append(deed)
