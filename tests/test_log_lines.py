"""Lines hold what the program chose to say; what libraries quote stays out."""

from __future__ import annotations

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from surveyapp.log_lines import build_formatter, build_handler, describe_fault, open_logger, write_log_lines

CANARY = "canary-of-an-answer-51c0"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What a process writes whose log was set up; everything is put back afterwards."""
    kept = (logging.root.handlers[:], logging.root.level, logging.getLogger("surveyapp").level, logging.lastResort)
    hooks = (warnings.showwarning, threading.excepthook, sys.unraisablehook)
    stream = io.StringIO()
    write_log_lines("json", stream=stream)
    yield stream
    logging.root.handlers[:], level, own_level, logging.lastResort = kept
    logging.root.setLevel(level)
    logging.getLogger("surveyapp").setLevel(own_level)
    warnings.showwarning, threading.excepthook, sys.unraisablehook = hooks


def read_lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_of_ours_has_time_level_event_and_fields(written: io.StringIO) -> None:
    open_logger("surveyapp.test").info("round closed", round_id=3, left_out=None)
    (line,) = read_lines(written)
    assert list(line) == ["time", "level", "event", "round_id"]
    assert (line["level"], line["event"], line["round_id"]) == ("info", "round closed", 3)
    assert line["time"].endswith("Z") and "T" in line["time"]


def test_messages_of_ours_in_the_ordinary_way_are_written_in_full(written: io.StringIO) -> None:
    logging.getLogger("surveyapp.analysis").warning("the index could not be kept in %s", "/var/lib/surveyapp")
    assert read_lines(written)[0]["event"] == "the index could not be kept in /var/lib/surveyapp"


@pytest.mark.parametrize(
    ("template", "given", "event"),
    [
        ("Error handling request %s %s", ("GET", f"/r/{CANARY}/"), "Error handling request *** ***"),
        ("Worker (pid:%s) was sent %s!", (4711, "SIGKILL"), "Worker (pid:4711) was sent SIGKILL!"),
        ("Handling signal: %s", ("hup",), "Handling signal: hup"),
        (f"Invalid request from ip=10.1.2.3: {CANARY}", (), "Invalid request from ip"),
        (f"cannot read '{CANARY}'", (), "cannot read"),
        ("%(name)s failed", ({"name": CANARY},), "%(name)s failed"),
    ],
)
def test_messages_of_libraries_are_cut_to_what_is_constant(
    written: io.StringIO, template: str, given: tuple[Any, ...], event: str
) -> None:
    logging.getLogger("library.part").error(template, *given)
    (line,) = read_lines(written)
    assert (line["event"], line["source"]) == (event, "library.part")
    assert CANARY not in written.getvalue()
    assert "10.1.2.3" not in written.getvalue()


def test_libraries_are_heard_only_when_something_is_wrong(written: io.StringIO) -> None:
    logging.getLogger("library").info("loaded")
    assert written.getvalue() == ""


def raise_canary() -> None:
    answer = CANARY
    try:
        raise ValueError(answer)
    except ValueError as cause:
        raise KeyError(answer) from cause


@pytest.mark.parametrize("name", ["library", "surveyapp.test"])
def test_a_fault_is_written_without_its_message_and_values(written: io.StringIO, name: str) -> None:
    try:
        raise_canary()
    except KeyError:
        logging.getLogger(name).exception("it failed")
    (line,) = read_lines(written)
    assert "builtins.KeyError" in line["fault"] and "builtins.ValueError" in line["fault"]
    assert "in raise_canary" in line["fault"]
    assert CANARY not in written.getvalue()


def test_what_python_would_print_becomes_a_line(written: io.StringIO) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning(UserWarning(CANARY), UserWarning, "module.py", 7)
    thread = threading.Thread(target=raise_canary)
    thread.start()
    thread.join()
    warned, failed = read_lines(written)
    assert (warned["kind"], warned["place"]) == ("UserWarning", "module.py:7")
    assert failed["fault"].startswith("builtins.KeyError")
    assert CANARY not in written.getvalue()


def test_no_value_forges_a_line(written: io.StringIO) -> None:
    open_logger("surveyapp.test").info("request", route='/x\n{"event": "forged"}\u2028')
    assert len(written.getvalue().splitlines()) == 1


def test_people_read_one_line_and_the_stack_below() -> None:
    stream = io.StringIO()
    handler = build_handler("text", stream)
    record = logging.LogRecord("surveyapp.test", logging.INFO, "", 0, "started with %d workers", (2,), None)
    handler.emit(record)
    assert stream.getvalue().rstrip().endswith("info    started with 2 workers")
    try:
        raise_canary()
    except KeyError as fault:
        expected = describe_fault(fault)
        record = logging.LogRecord("l", logging.ERROR, "", 0, "failed", (), (KeyError, fault, None))
    assert build_formatter("text").format(record).endswith("\n" + expected)
