"""Log lines in which no answer, token, password or address of a person can stand, whoever writes them.

A line of ours is an event, which is a fixed sentence, and fields whose values the program itself chose. What libraries
say is cut to its constant part, because their messages quote what was sent. Of a fault a line holds its type and the
places in the code, never its message or a local value.

The process that watches over the workers writes such lines too; therefore this module needs nothing of the application.
"""

from __future__ import annotations

import logging
import re
import signal
import sys
import threading
import traceback
import warnings
from datetime import UTC, datetime
from typing import TextIO

import structlog
from structlog.stdlib import BoundLogger, ProcessorFormatter
from structlog.types import EventDict, Processor, WrappedLogger

from surveyapp.settings import LogFormat

OWN = "surveyapp"
_SIGNALS = frozenset(name.removeprefix("SIG").lower() for name in signal.Signals.__members__)
_PLACE = re.compile(r"%[-#0 +]*\d*(?:\.\d+)?[diouxXeEfFgGcrsa]")
_QUOTED = re.compile(r"[:=({\[<'\"`]")  # what a message puts before the values that were written into it beforehand
_HIDDEN = "***"


def open_logger(name: str) -> BoundLogger:
    """A logger whose calls are an event and its fields: `logger.info("round closed", round_id=3)`."""
    logger: BoundLogger = structlog.wrap_logger(
        logging.getLogger(name),
        processors=[structlog.stdlib.filter_by_level, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=BoundLogger,
    )
    return logger


def describe_fault(fault: BaseException) -> str:
    """Type and stack of a fault and of what caused it, without any message."""
    lines: list[str] = []
    seen: BaseException | None = fault
    while seen is not None:
        lines.append(f"{type(seen).__module__}.{type(seen).__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}" for frame in traceback.extract_tb(seen.__traceback__)
        ]
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "\n".join(lines)


def write_log_lines(log_format: LogFormat, *, stream: TextIO | None = None) -> None:
    """Let everything that is logged in this process leave as our lines, on standard error."""
    handler = build_handler(log_format, stream)
    logging.root.handlers[:] = [handler]
    logging.root.setLevel(logging.WARNING)
    logging.getLogger(OWN).setLevel(logging.INFO)
    logging.lastResort = None
    catch_faults()


def build_handler(log_format: LogFormat, stream: TextIO | None = None) -> logging.Handler:
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(build_formatter(log_format))
    return handler


def build_formatter(log_format: LogFormat) -> logging.Formatter:
    render: Processor = _render_text if log_format == "text" else structlog.processors.JSONRenderer()
    return ProcessorFormatter(
        foreign_pre_chain=[_cut_message, _replace_fault],
        processors=[structlog.contextvars.merge_contextvars, _put_in_order, render],
        use_get_message=False,
        pass_foreign_args=True,
    )


def catch_faults() -> None:
    """What Python itself would print with all its values – warnings, and faults that nobody caught – becomes a line."""
    logger = open_logger(f"{OWN}.process")

    def note_warning(
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        logger.warning("python warns", kind=category.__name__, place=f"{filename}:{lineno}")

    def note_fault(fault: BaseException | None) -> None:
        logger.error("a fault was not caught", fault="" if fault is None else describe_fault(fault))

    warnings.showwarning = note_warning
    threading.excepthook = lambda hooked: note_fault(hooked.exc_value)
    sys.unraisablehook = lambda hooked: note_fault(hooked.exc_value)


def _cut_message(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    """Of a message that was logged in the ordinary way: ours in full, of others the part that is always the same."""
    record: logging.LogRecord = fields["_record"]
    template, given = fields.pop("event"), fields.pop("positional_args")
    if record.name.partition(".")[0] == OWN:
        fields["event"] = template % given if given else template
        return fields
    if given:
        values = iter(given if isinstance(given, tuple) else ())
        fields["event"] = _PLACE.sub(lambda place: _show_harmless(next(values, _HIDDEN)), template)
    else:
        fields["event"] = _QUOTED.split(template)[0].strip()
        current = sys.exc_info()[0]
        if current is not None:
            fields["kind"] = current.__name__
    fields["source"] = record.name
    return fields


def _show_harmless(value: object) -> str:
    if isinstance(value, int | float):
        return str(value)
    return value if isinstance(value, str) and value.removeprefix("SIG").lower() in _SIGNALS else _HIDDEN


def _replace_fault(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    given = fields.pop("exc_info", None)
    fields.pop("stack_info", None)
    fault = given[1] if isinstance(given, tuple) else given
    if isinstance(fault, BaseException):
        fields["fault"] = describe_fault(fault)
    return fields


def _put_in_order(logger: WrappedLogger, method: str, fields: EventDict) -> EventDict:
    """Time, level and event first; what was not given is left out."""
    record: logging.LogRecord = fields.pop("_record")
    fields.pop("_from_structlog")
    written = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
    head = {
        "time": written.replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "event": fields.pop("event"),
    }
    return head | {name: value for name, value in fields.items() if value is not None}


def _write_value(value: object) -> str:
    return str(value) if str(value).isprintable() else repr(value)


def _render_text(logger: WrappedLogger, method: str, fields: EventDict) -> str:
    """One line for people, the stack of a fault below it."""
    fault = fields.pop("fault", "")
    line = f"{fields.pop('time')} {fields.pop('level'):<7} {fields.pop('event')}"
    line += "".join(f" {name}={_write_value(value)}" for name, value in fields.items())
    return f"{line}\n{fault}" if fault else line
