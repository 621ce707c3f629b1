"""How gunicorn runs our workers. gunicorn reads this file itself, by its path, and again at every SIGHUP.

The process that watches over the workers never imports the application: each worker does, after it was forked
(`preload_app` is off). So a reload brings new code, no thread, lock or connection is inherited, and an application that
does not start takes no open port with it. What the workers could share in memory is the price.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from typing import Any

from gunicorn.glogging import Logger
from prometheus_client.multiprocess import mark_process_dead

from surveyapp.log_lines import build_handler, catch_faults
from surveyapp.settings import LogFormat

LONGEST_START_S = 10  # of a client that has connected and sends nothing
LONGEST_SILENCE_S = 30  # of a client in the middle of sending its request
LONGEST_DEAFNESS_S = 120  # of a client that does not take what it asked for
MEMORY = "/dev/shm"  # noqa: S108 - gunicorn makes files without a name in it

log_format: LogFormat = "json" if os.environ.get("SURVEYAPP_LOG_FORMAT", "").strip() == "json" else "text"


class LineLogger(Logger):  # type: ignore[misc] # the library has no types
    """gunicorn's own messages as our lines, without what they quote."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers[:] = [build_handler(log_format)]
        # On one's own machine the pages are what one wants to read about.
        self.error_log.setLevel(logging.INFO if log_format == "json" else logging.WARNING)


worker_class = "gthread"
preload_app = False
timeout = 120  # without a sign of life; the main thread of a worker gives one each second, however long a request takes
graceful_timeout = 30  # for requests that are being answered when a worker is to end
keepalive = 15
max_requests = 20_000  # a worker that leaks is replaced before it matters
max_requests_jitter = 4_000
backlog = 512
limit_request_line = 8190  # a desk page with many filters
limit_request_fields = 64
limit_request_field_size = 8190
logger_class = LineLogger
accesslog = None  # the application writes a line a request, without what is secret in it
errorlog = "-"
# Where a heartbeat would wait for a disk, a busy disk would look like a dead worker.
worker_tmp_dir = MEMORY if os.access(MEMORY, os.W_OK) else None
control_socket_disable = True
# Proxies are trusted by SURVEYAPP_TRUSTED_PROXIES alone, also at a unix socket, whose peer gunicorn would always trust.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""

catch_faults()


def when_ready(server: Any) -> None:
    """Let no thread wait for a client that has not begun, nor for ever for one that stopped halfway.

    Connections inherit this from a TCP port. At a unix socket the proxy sees to it.
    """
    for listener in server.LISTENERS:
        if listener.sock.family != socket.AF_UNIX and hasattr(socket, "TCP_DEFER_ACCEPT"):
            listener.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, LONGEST_START_S)
        for option, seconds in ((socket.SO_RCVTIMEO, LONGEST_SILENCE_S), (socket.SO_SNDTIMEO, LONGEST_DEAFNESS_S)):
            listener.sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", seconds, 0))


def child_exit(server: Any, worker: Any) -> None:
    """A worker that is gone answers no requests; what it counted stays counted."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
