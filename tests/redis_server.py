"""A Redis for the tests of job storage, where the machine has one; it is gone with the run, and keeps nothing.

Debian's redis-tools hold the server's program as redis-check-rdb: what it is depends on the name it is called by.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis
from redis.exceptions import RedisError

PROGRAM = shutil.which("redis-server") or shutil.which("redis-check-rdb")
PATIENCE_S = 30


@contextmanager
def open_redis_server() -> Iterator[str]:
    """Its address."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(prefix="surveyapp-redis-") as folder:
        socket = Path(folder) / "socket"
        options = {"port": "0", "unixsocket": str(socket), "save": "", "appendonly": "no", "dir": folder}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        process = subprocess.Popen(
            ["redis-server", *arguments], executable=PROGRAM, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            _wait_for(f"unix://{socket}", process)
            yield f"unix://{socket}"
        finally:
            process.terminate()
            process.wait(PATIENCE_S)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    with Redis.from_url(url) as client:
        while True:
            try:
                client.ping()
            except RedisError:
                assert process.poll() is None and time.monotonic() < deadline, "Redis did not start"
                time.sleep(0.02)
            else:
                return
