"""From whatever goes wrong to a page with a status. What our own exceptions mean to a person is in `problems`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app, g, render_template, request
from flask_babel import force_locale, ngettext
from flask_babel import gettext as _
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateError
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from surveyapp.fieldwork.answering import (
    LinkUnknown,
)
from surveyapp.fieldwork.mail.declining import DeclineTokenUnknown
from surveyapp.log_lines import describe_fault, open_logger
from surveyapp.questionnaire.model import LANGUAGES, Language
from surveyapp.records.database import (
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
)
from surveyapp.web.csrf import ProofFault, find_page_to_show_again
from surveyapp.web.frame import Frame, build_frame
from surveyapp.web.limits import count_seconds_to_wait, count_unknown_link
from surveyapp.web.locale import find_language, find_language_urls
from surveyapp.web.metrics import find_metrics
from surveyapp.web.problems import (
    EXPLAINED,
    OUTAGE_SECONDS,
    Problem,
    explain_decline_unknown,
    explain_link_unknown,
    explain_proof_fault,
)
from surveyapp.web.request_log import find_route
from surveyapp.web.uploads import find_most_upload

logger = open_logger(__name__)

BUSY_SECONDS = 5  # a writer holds the database for less than this
DRAINED_BYTES = 64 * 1024 * 1024  # of a post that is too large, so that the browser reads our page and not a reset
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What templates/error.html shows."""

    frame: Frame
    title: str
    explanation: tuple[str, ...]
    request_id: str
    home_url: str
    elsewhere: tuple[Translated, ...] = ()


@dataclass(frozen=True, slots=True)
class Translated:
    """The words of a problem in a language that is not the page's."""

    language: Language
    title: str
    explanation: tuple[str, ...]


def show_problem(problem: Problem, *, elsewhere: tuple[Translated, ...] = ()) -> Response:
    """The page of a problem, with its status."""
    is_desk = request.path.startswith("/desk")
    home_url, site_name = ("/desk/", _("Survey desk")) if is_desk else ("/", _("Japan export survey"))
    page = ErrorPage(
        frame=build_frame(find_language(), site_name=site_name, language_urls=find_language_urls(), home_url=home_url),
        title=problem.title,
        explanation=problem.explanation,
        request_id=g.get("request_id", ""),
        home_url=home_url,
        elsewhere=elsewhere,
    )
    response = Response(_render_page(page), status=problem.status, mimetype="text/html")
    if problem.retry_after is not None:
        response.headers["Retry-After"] = str(problem.retry_after)
    return response


def _render_page(page: ErrorPage) -> str:
    """The page; where the template itself is at fault, the same words without it."""
    try:
        return render_template("error.html", page=page)
    except (TemplateError, OSError, LookupError) as fault:
        logger.error("error page cannot be drawn", fault=describe_fault(fault))
        paragraphs = "".join(f"<p>{escape(line)}</p>" for line in (*page.explanation, page.request_id))
        return (
            f'<!doctype html><html lang="{page.frame.language}"><head><meta charset="utf-8">'
            f"<title>{escape(page.title)}</title></head><body><h1>{escape(page.title)}</h1>{paragraphs}</body></html>"
        )


def explain_database_fault(fault: DatabaseFault) -> Problem:
    title = _("The service cannot be used at the moment")
    nothing_lost = _("Nothing was saved by this step, and what was saved before is safe.")
    if isinstance(fault, DatabaseBusy):
        reason = _("The database is busy with other work. Please try again in a few seconds.")
    elif isinstance(fault, DatabaseNotMigrated):
        reason = _("The database has not been prepared for this version. The operator has to run the set-up command.")
    elif isinstance(fault, DatabaseReadOnly):
        reason = _("The database can be read but not written. The operator has to make it writable.")
    elif isinstance(fault, DatabaseFull):
        reason = _("The storage of the database is full. The operator has to make room.")
    else:
        reason = _("The database cannot be reached. The operator has to look after it.")
    return Problem(503, title, (reason, nothing_lost), find_waiting_time(fault))


def find_waiting_time(fault: DatabaseFault) -> int:
    """Seconds after which it is worth trying again."""
    return BUSY_SECONDS if isinstance(fault, DatabaseBusy) else OUTAGE_SECONDS


def explain_rate_limit(seconds: int) -> Problem:
    wait = ngettext("Please wait %(num)d second and try again.", "Please wait %(num)d seconds and try again.", seconds)
    return Problem(
        429,
        _("Too many attempts"),
        (_("This was tried too often from your connection within a short time."), wait),
        seconds,
    )


def explain_large_file(most_bytes: int) -> Problem:
    return Problem(
        413,
        _("The file is too large"),
        (
            _("The file is larger than %(most)s MB. Save the list alone.", most=most_bytes // (1024 * 1024)),
            _("Nothing was saved by this step, and what was saved before is safe."),
        ),
    )


def explain_status(status: int) -> Problem:
    """The problem of a bare status: what Flask itself or a view refuses."""
    known: dict[int, Callable[[], Problem]] = {
        400: lambda: Problem(
            400, _("The request could not be understood"), (_("Please go back, reload the page and try again."),)
        ),
        403: lambda: Problem(
            403,
            _("You may not see this page"),
            (_("Your account does not have the role that this page needs. An administrator can change that."),),
        ),
        404: lambda: Problem(
            404, _("This page does not exist"), (_("Please check the address, or begin from the first page."),)
        ),
        405: lambda: Problem(
            405, _("This address cannot be used in that way"), (_("Please begin from the first page."),)
        ),
        413: lambda: Problem(
            413,
            _("Too much was sent at once"),
            (
                _("The form holds more than this service accepts. Please go back and shorten the longest texts."),
                _("Nothing was saved by this step, and what was saved before is safe."),
            ),
        ),
        415: lambda: Problem(415, _("This kind of content is not accepted"), (_("Please use the form on the page."),)),
    }
    if status in known:
        return known[status]()
    if 400 <= status < 500:
        return Problem(status, *_take_words(known[400]()))
    return Problem(
        status,
        _("Something went wrong on our side"),
        (
            _("The fault was recorded. What was saved before is safe. Please try again in a few minutes."),
            _("If it happens again, please tell the operator the number below."),
        ),
    )


def _take_words(problem: Problem) -> tuple[str, tuple[str, ...]]:
    return problem.title, problem.explanation


def _drain_post() -> None:
    """Read what is still being sent: a browser that cannot finish sending shows a lost connection, not our page."""
    stream = request.environ["wsgi.input"]
    left = min(request.content_length or 0, DRAINED_BYTES)
    while left > 0:
        chunk = stream.read(min(CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)


def _handle_http_exception(fault: HTTPException) -> Response:
    status = fault.code or 500
    if fault.response is not None or status < 400:  # redirects and replies that were made elsewhere
        return fault.get_response()
    if status == 413:
        _drain_post()
    most_upload = find_most_upload() if status == 413 else None
    response = show_problem(explain_status(status) if most_upload is None else explain_large_file(most_upload))
    if status == 405 and (allowed := fault.get_response().headers.get("Allow")):
        response.headers["Allow"] = allowed
    return response


def _handle_rate_limit(fault: RateLimitExceeded) -> Response:
    return show_problem(explain_rate_limit(count_seconds_to_wait()))


def _handle_link_unknown(fault: LinkUnknown) -> Response:
    """The one page for every link that is not known, in all languages: nothing tells which one its reader has."""
    seconds = count_unknown_link()
    if seconds:
        return show_problem(explain_rate_limit(seconds))
    elsewhere = []
    for language in LANGUAGES:
        if language != find_language():
            with force_locale(language):
                problem = explain_link_unknown(fault)
            elsewhere.append(Translated(language, problem.title, problem.explanation))
    return show_problem(explain_link_unknown(fault), elsewhere=tuple(elsewhere))


def _handle_decline_unknown(fault: DeclineTokenUnknown) -> Response:
    seconds = count_unknown_link()
    return show_problem(explain_rate_limit(seconds) if seconds else explain_decline_unknown(fault))


def _handle_csrf_error(fault: CSRFError) -> Any:
    """The desk's form comes back with what was typed, where its view says how; else a page that explains."""
    show_again = find_page_to_show_again()
    if show_again is not None:
        try:
            return show_again(**(request.view_args or {})), 400
        except Exception as other:  # what the page is about may be gone as well
            return current_app.handle_user_exception(other)
    return show_problem(explain_proof_fault(ProofFault()))


def _handle_unexpected(fault: Exception) -> Response:
    logger.error("request failed", route=find_route(), request_id=g.get("request_id"), fault=describe_fault(fault))
    return show_problem(explain_status(500))


def note_database_fault(fault: DatabaseFault) -> Problem:
    """Write the fault to the log and explain it, for whoever shows it on a page of its own."""
    kind = type(fault).__name__
    logger.error("the database failed", route=find_route(), request_id=g.get("request_id"), kind=kind)
    find_metrics().count_database_fault(kind)
    return explain_database_fault(fault)


def _handle_database_fault(fault: DatabaseFault) -> Response:
    return show_problem(note_database_fault(fault))


def set_up_errors(app: Flask) -> None:
    for kind, explain in EXPLAINED.items():
        app.register_error_handler(kind, lambda fault, explain=explain: show_problem(explain(fault)))
    app.register_error_handler(LinkUnknown, _handle_link_unknown)
    app.register_error_handler(DatabaseFault, _handle_database_fault)
    app.register_error_handler(RateLimitExceeded, _handle_rate_limit)
    app.register_error_handler(DeclineTokenUnknown, _handle_decline_unknown)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(Exception, _handle_unexpected)
