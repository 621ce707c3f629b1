"""How time is taken: always beside a yardstick in the same run, turn and turn about, and told as a ratio.

A machine drifts (other work, clock rates, caches), so two medians taken one after the other say little. Here
subject and yardstick are run alternately, the order changing every time, and the ratio is the median over the pairs.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

Action = Callable[[], object]
Measured = dict[str, float]

ROOT = Path(__file__).parents[2]

MOST_SECONDS = 60.0  # no further pairs after that, once there are FEWEST
FEWEST = 5
ENOUGH_SECONDS = 0.004  # what is quicker is run several times a sample


@dataclass(frozen=True, slots=True)
class Paired:
    """Times of two actions in seconds a run, and the ratio subject : yardstick with its quartiles over the pairs."""

    subject: float
    yardstick: float
    ratio: float
    low: float
    high: float
    pairs: int


def compare(subject: Action, yardstick: Action, *, repeats: int, warm_ups: int = 0) -> Paired:
    """Run both alternately, `repeats` samples each after `warm_ups` runs, and at least one, that do not count.

    What is quick is run several times a sample.
    """
    for _ in range(warm_ups):
        subject()
        yardstick()
    runs_subject, runs_yardstick = _find_runs(subject), _find_runs(yardstick)
    return _alternate(lambda: _take_time(subject, runs_subject), lambda: _take_time(yardstick, runs_yardstick), repeats)


def compare_prepared(
    prepare_subject: Callable[[], Action], prepare_yardstick: Callable[[], Action], *, repeats: int, warm_ups: int = 1
) -> Paired:
    """The same for actions that use something up: each is prepared anew, untimed, for its single run."""
    for _ in range(warm_ups):
        prepare_subject()()
        prepare_yardstick()()
    return _alternate(lambda: _take_time(prepare_subject(), 1), lambda: _take_time(prepare_yardstick(), 1), repeats)


def _alternate(sample_subject: Callable[[], float], sample_yardstick: Callable[[], float], repeats: int) -> Paired:
    of_subject: list[float] = []
    of_yardstick: list[float] = []
    begin = perf_counter()
    _set_apart()
    for turn in range(repeats):
        if turn >= FEWEST and perf_counter() - begin > MOST_SECONDS:
            break
        if turn % 2 == 0:
            of_subject.append(sample_subject())
            of_yardstick.append(sample_yardstick())
        else:
            of_yardstick.append(sample_yardstick())
            of_subject.append(sample_subject())
    return build_paired(of_subject, of_yardstick)


def _set_apart() -> None:
    """Keep what is there already, the invented returns above all, out of the sight of the garbage collector.

    It would walk through them while the subject runs, which no worker has to pay for. They stay apart until
    `let_collect`, so that the next figure has only to look through what came since.
    """
    gc.collect()
    gc.freeze()


@contextmanager
def let_collect() -> Iterator[None]:
    """After the block the garbage collector sees everything again that was set apart in it."""
    try:
        yield
    finally:
        gc.unfreeze()


def describe_environment() -> dict[str, str]:
    """For a process that is measured: compiled modules are used and kept, as on a server, whatever a test run says.

    Without them each start would compile our modules and none of the libraries'.
    """
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


def build_paired(of_subject: list[float], of_yardstick: list[float]) -> Paired:
    """The summary of times that were taken in pairs. Raises ValueError where the lists differ in length."""
    ratios = sorted(mine / other for mine, other in zip(of_subject, of_yardstick, strict=True))
    last = len(ratios) - 1
    return Paired(
        subject=median(of_subject),
        yardstick=median(of_yardstick),
        ratio=median(ratios),
        low=ratios[round(last * 0.25)],
        high=ratios[round(last * 0.75)],
        pairs=len(ratios),
    )


def _find_runs(action: Action) -> int:
    """How many runs make a sample long enough for the clock."""
    runs = 1
    while (seconds := _take_time(action, runs)) * runs < ENOUGH_SECONDS:
        runs = max(2 * runs, min(10 * runs, int(ENOUGH_SECONDS / max(seconds, 1e-9))))
    return runs


def _take_time(action: Action, runs: int) -> float:
    begin = perf_counter()
    for _ in range(runs):
        action()
    return (perf_counter() - begin) / runs


def run_in_child(task: str, folder: Path) -> Measured:
    """What a fresh process measured (`in_child`). Raises CalledProcessError where it failed."""
    command = [sys.executable, "-m", "tests.benchmarks.in_child", task, str(folder)]
    done = subprocess.run(command, cwd=ROOT, env=describe_environment(), check=True, stdout=subprocess.PIPE)
    measured: Measured = json.loads(done.stdout)
    return measured


def find_peak_memory() -> int:
    """The most memory that this process has held so far, in bytes.

    From the kernel's table of the process where there is one. `ru_maxrss`, used elsewhere, also counts what the parent
    held when it started this process, and is in kilobytes on Linux and in bytes on macOS.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        for line in status.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
