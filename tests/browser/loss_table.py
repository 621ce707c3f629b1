"""The table of docs/loss.md from tests that were really run: `python -m tests.browser.loss_table 10`.

Runs tests/browser/test_loss.py as often as told and counts, for each thing that was done, how often, how many answers
were typed, and how many of them the return did not hold in the end.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[2]
TESTS = "tests/browser/test_loss.py"
DOCUMENT = ROOT / "docs" / "loss.md"
BEGIN, END = "<!-- table: python -m tests.browser.loss_table -->\n", "<!-- end of table -->\n"


@dataclass
class Line:
    """One thing that was done, over all runs."""

    times: int = 0
    typed: int = 0
    lost: int = 0
    responses: int = 0


def run_tests(lines: Path) -> bool:
    environ = {**os.environ, "LOSS_LINES": str(lines)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TESTS]
    return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode == 0


def read_lines(path: Path) -> dict[str, Line]:
    found: defaultdict[str, Line] = defaultdict(Line)
    for written in path.read_text(encoding="utf-8").splitlines():
        entry = json.loads(written)
        line = found[entry["done"]]
        line.times += 1
        line.typed += entry["typed"]
        line.lost += entry["lost"]
        line.responses += entry["responses"]
    return dict(found)


def write_table(found: dict[str, Line]) -> str:
    rows = ["| what was done | times | answers typed | lost | responses |", "|---|---:|---:|---:|---:|"]
    for done, line in sorted(found.items()):
        responses = str(line.responses) if line.responses else "–"
        rows.append(f"| {done} | {line.times} | {line.typed or '–'} | {line.lost} | {responses} |")
    total = Line(*(sum(getattr(line, name) for line in found.values()) for name in ("times", "typed", "lost")))
    rows.append(f"| **all** | **{total.times}** | **{total.typed}** | **{total.lost}** | |")
    return "\n".join(rows) + "\n"


def main(times: int) -> None:
    with TemporaryDirectory() as folder:
        lines = Path(folder) / "lines.jsonl"
        passed = 0
        for run in range(1, times + 1):
            passed += run_tests(lines)
            runs = f"Runs of `{TESTS}`: {run}, of which {passed} passed.\n\n"
            replace_table(runs + write_table(read_lines(lines)))


def replace_table(table: str) -> None:
    before, _begin, rest = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    DOCUMENT.write_text(before + BEGIN + table + END + after, encoding="utf-8")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
