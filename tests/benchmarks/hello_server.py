"""`python -m tests.benchmarks.hello_server FOLDER FD`: our application and "hello", on one worker of gunicorn.

The settings of the server are those of `surveyapp serve`. `/hello/` is a bare Flask application; `/hello-in-frame` is a
view of ours, with all that happens around every page.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from surveyapp.commands.serving import THREADS
from surveyapp.log_lines import write_log_lines
from surveyapp.questionnaire.yaml_source import load_builtin_questionnaire
from surveyapp.web import create_app
from surveyapp.web.access import PUBLIC, allow
from tests.benchmarks.installation import build_settings


@allow(PUBLIC)
def say_hello() -> str:
    return "hello"


def build_application(instance: Path) -> Callable[..., Any]:
    app = create_app(build_settings(instance))
    app.add_url_rule("/hello-in-frame", view_func=say_hello)
    bare = Flask("hello")
    bare.add_url_rule("/", view_func=say_hello)
    return DispatcherMiddleware(app, {"/hello": bare})


class HelloServer(BaseApplication):  # type: ignore[misc] # the library has no types
    def __init__(self, instance: Path, descriptor: int) -> None:
        self._instance = instance
        self._descriptor = descriptor
        super().__init__()

    def load_config(self) -> None:
        options = {
            "bind": f"fd://{self._descriptor}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "keepalive": 30,
            "accesslog": None,
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        write_log_lines("json")
        load_builtin_questionnaire()
        return build_application(self._instance)


if __name__ == "__main__":
    folder, fd = sys.argv[1:]
    # gunicorn reads arguments of its own from the command line.
    sys.argv[1:] = []
    HelloServer(Path(folder), int(fd)).run()
