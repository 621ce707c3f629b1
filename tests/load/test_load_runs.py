"""The load script runs from end to end, so that it cannot rot; no time is judged here."""

from __future__ import annotations

import json

import pytest

from tests.load.__main__ import main
from tests.load.clients import find_percentile


def test_whole_returns_are_driven_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--seconds", "3", "--clients", "2", "--only", "sqlite", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    (run,) = report["runs"]
    assert run["acknowledged"] == run["stored"] >= 2
    assert (run["errors"], run["first_errors"]) == (0, [])
    assert run["pages_per_s"] > 0 and run["page_p99_ms"] >= run["page_p50_ms"] > 0
    assert report["machine"]["cores"] >= 1


def test_percentiles() -> None:
    assert find_percentile([], 0.5) == 0
    assert find_percentile([1.0], 0.99) == 1
    assert find_percentile([float(value) for value in range(100)], 0.95) == 95
