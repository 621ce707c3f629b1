"""The application as a process of its own, which can be killed, and a gate before it that breaks connections."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Literal

SERVE = "from surveyapp.commands import main; main()"
PATIENCE_S = 60
# What becomes of a post: passed on, refused before it arrives, done with its reply lost, or answered by somebody else.
Fault = Literal["none", "refused", "reply lost", "fault page", "portal"]
PAGES: dict[Fault, tuple[int, str]] = {
    "fault page": (502, "<!doctype html><title>Bad gateway</title><h1>502</h1>"),
    "portal": (200, "<!doctype html><title>Welcome</title><p>Please sign in to this network.</p>"),
}


@dataclass
class RealServer:
    """`surveyapp serve` on a port that stays the same from one start to the next."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    further: Mapping[str, str] = field(default_factory=dict)  # settings, as they stand in the environment

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environ(self) -> dict[str, str]:
        return {
            **os.environ,
            "SURVEYAPP_INSTANCE": str(self.folder),
            "SURVEYAPP_RATE_LIMIT_START": "1000 per minute",
            **self.further,
        }

    def start(self) -> None:
        environ = self.environ
        command = [sys.executable, "-c", SERVE, "serve", "--port", str(self.port)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environ, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if self._answers():
                return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "server.log").read_text(errors="replace"))

    def kill(self) -> None:
        """Without notice, with all its workers, as when the power goes."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


@contextmanager
def run_server(folder: Path, further: Mapping[str, str] | None = None) -> Iterator[RealServer]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    server = RealServer(folder, port, further=further or {})
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def run_worker(server: RealServer) -> Iterator[Path]:
    """`surveyapp worker` beside the server, which sends links that lead to it; the file of its log."""
    environ, log = {"SURVEYAPP_BASE_URL": server.url, **server.environ}, server.folder / "worker.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE, "worker"], env=environ, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield log
    finally:
        process.terminate()
        process.wait(PATIENCE_S)


# What a proxy that strips headers leaves of a request and of a reply: what the body cannot be read without.
LEFT_OF_REQUEST = frozenset({"host", "content-type", "content-length"})
LEFT_OF_REPLY = frozenset({"content-type", "location"})


class Gate(ThreadingHTTPServer):
    """A proxy between browser and server. `fault` is what happens to posts, `posts` the paths of those that came;
    with `strips` no more is passed on of the headers than is needed to read a body."""

    daemon_threads = True

    def __init__(self, server: RealServer) -> None:
        super().__init__(("127.0.0.1", 0), _PassOn)
        self.server = server
        self.fault: Fault = "none"
        self.posts: list[str] = []
        self.strips = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _PassOn(BaseHTTPRequestHandler):
    server: Gate

    def do_GET(self) -> None:
        self._ask_server(b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.posts.append(self.path)
        fault = self.server.fault
        if fault in PAGES:
            status, page = PAGES[fault]
            self._reply(status, [("Content-Type", "text/html; charset=utf-8")], page.encode())
        elif fault != "refused":
            self._ask_server(body, is_told=fault != "reply lost")
        self.close_connection = True

    def _ask_server(self, body: bytes, *, is_told: bool = True) -> None:
        onward = http.client.HTTPConnection("127.0.0.1", self.server.server.port, timeout=PATIENCE_S)
        try:
            headers = {name: value for name, value in self.headers.items() if self._passes(name, LEFT_OF_REQUEST)}
            onward.request(self.command, self.path, body or None, headers)
            reply = onward.getresponse()
            content = reply.read()
        except OSError:
            return
        finally:
            onward.close()
        if is_told:
            self._reply(reply.status, reply.getheaders(), content)

    def _reply(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in ("content-length", "transfer-encoding") and self._passes(name, LEFT_OF_REPLY):
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def _passes(self, name: str, left: frozenset[str]) -> bool:
        return name.lower() in left if self.server.strips else name.lower() != "connection"

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what matters is asserted."""

    def handle(self) -> None:
        with suppress(ConnectionError):  # a browser that was closed meanwhile
            super().handle()


@contextmanager
def open_gate(server: RealServer) -> Iterator[Gate]:
    with Gate(server) as gate:
        thread = threading.Thread(target=gate.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield gate
        finally:
            gate.shutdown()
            thread.join(10)
