"""`demo` and `serve` as processes: what `make run` shows a newcomer."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = "from surveyapp.commands import main; main()"
PATIENCE_S = 60


def find_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def fetch(url: str) -> tuple[int, str]:
    try:
        with urlopen(url, timeout=10) as reply:  # noqa: S310 - an address of this test
            return reply.status, reply.read().decode()
    except HTTPError as fault:
        return fault.code, fault.read().decode()


@contextmanager
def run_demo(folder: Path, log: Path) -> Iterator[str]:
    """The address at which the demonstration answers. Ends it as a service manager would."""
    port = find_port()
    command = [sys.executable, "-c", PROGRAM, "demo", "--port", str(port), "--first-administrator", "admin@example.com"]
    environ = {**os.environ, "SURVEYAPP_INSTANCE": str(folder), "PYTHONUNBUFFERED": "1"}
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=output, stderr=subprocess.STDOUT)
        try:
            wait_for(f"http://127.0.0.1:{port}/healthz", process, log)
            yield f"http://127.0.0.1:{port}"
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE_S) == 0
        finally:
            process.kill()
            process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if fetch(url)[0] == 200:
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    pytest.fail(f"{url} did not answer: {log.read_text()}")


def wait_for_worker(log: Path) -> int:
    """The process of the worker that runs jobs beside the server."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        if found := re.search(r"worker started worker=\S+:(\d+)", log.read_text()):
            return int(found[1])
        time.sleep(0.05)
    pytest.fail(f"no worker: {log.read_text()}")


def wait_for_end(process: int) -> None:
    """It is no child of ours, so it is watched by its number."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("the worker goes on without its server")


def test_a_newcomer_runs_it_twice(tmp_path: Path) -> None:
    folder, log = tmp_path / "instance", tmp_path / "log"
    with run_demo(folder, log) as url:
        shown = log.read_text()
        assert f"form:  {url}/s/trial/\n" in shown
        assert f"desk:  {url}/desk/\n" in shown
        (link,) = re.findall(rf"{re.escape(url)}/desk/reset/\S+", shown)
        assert fetch(f"{url}/readyz") == (200, "ready\n")
        status, form = fetch(f"{url}/s/trial/")
        assert status == 200
        assert '<html lang="ko">' in form
        assert fetch(link)[0] == 200
        worker = wait_for_worker(log)
        assert fetch(f"{url}/r/canary-token-of-nobody/")[0] == 404
    wait_for_end(worker)
    logged = log.read_text().replace(link, "")
    assert "method=GET route=/r/<token>/ endpoint=respondent.resume status=404" in logged
    assert "canary-token" not in logged
    assert link.rsplit("/", 1)[1] not in logged
    assert "Traceback" not in logged

    secrets_before = (folder / "secrets.json").read_bytes()
    with run_demo(folder, log) as url:
        assert "made the secrets" not in log.read_text()
        assert "/desk/reset/" in log.read_text()  # shown until it was used
        assert fetch(f"{url}/readyz")[0] == 200
    assert (folder / "secrets.json").read_bytes() == secrets_before
