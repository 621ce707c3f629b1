"""`surveyapp serve --production` as a process, and what an operator does to it."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVE = "from surveyapp.commands import main; main()"
PATIENCE_S = 90
BOOTED = re.compile(r"Booting worker with pid: (\d+)")


@dataclass
class ProductionServer:
    """On a port that stays the same from one start to the next. `log` has all that the processes wrote."""

    folder: Path
    port: int
    options: tuple[str, ...] = ("--workers", "2", "--threads", "4")
    environ: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def start(self) -> None:
        environ = {
            **{name: value for name, value in os.environ.items() if not name.startswith("SURVEYAPP_")},
            "SURVEYAPP_INSTANCE": str(self.folder),
            "SURVEYAPP_RATE_LIMIT_START": "1000000 per minute",
            **self.environ,
        }
        command = [sys.executable, "-c", SERVE, "serve", "--production", "--bind", f"127.0.0.1:{self.port}"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, *self.options], env=environ, stdout=log, stderr=log, start_new_session=True
            )
        self.wait_until(self.answers, "the server answers")

    def answers(self) -> bool:
        assert self.process is not None and self.process.poll() is None, self.read_log()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def reload(self) -> None:
        """SIGHUP, until every worker is a new one."""
        before = self.list_workers()
        self._signal(signal.SIGHUP)
        self.wait_until(lambda: len(self.list_workers()) >= len(before) + 2, "new workers")
        self.wait_until(lambda: not any(is_running(pid) for pid in before), "the old workers' end")

    def stop(self) -> int:
        """SIGTERM, until it has ended; its status."""
        assert self.process is not None
        self._signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)

    def kill_worker(self) -> None:
        """End one worker without notice, and wait for the next."""
        workers = self.list_workers()
        os.kill(next(pid for pid in workers if is_running(pid)), signal.SIGKILL)
        self.wait_until(lambda: len(self.list_workers()) > len(workers), "a new worker")

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def measure_cpu(self) -> float:
        """Seconds of a core that the workers of now have taken since they started."""
        return sum(map(_read_cpu, filter(is_running, self.list_workers())))

    def list_workers(self) -> list[int]:
        """Process numbers of all workers that there ever were."""
        return [int(number) for number in BOOTED.findall(self.read_log())]

    def read_log(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def list_lines(self) -> list[dict[str, Any]]:
        """The log lines; what the command itself said before it became a server is none."""
        return [json.loads(line) for line in self.read_log().splitlines() if line.startswith("{")]

    def wait_until(self, holds: Any, what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited in vain for {what}: {self.read_log()[-4000:]}")
            time.sleep(0.05)

    def _signal(self, number: int) -> None:
        assert self.process is not None
        os.kill(self.process.pid, number)


def _read_cpu(pid: int) -> float:
    """Seconds in user and system mode, by the kernel."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@contextmanager
def run_production(folder: Path, **settings: Any) -> Iterator[ProductionServer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    server = ProductionServer(folder, port, **settings)
    try:
        server.start()
        yield server
    finally:
        server.end()
