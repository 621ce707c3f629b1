"""From the exceptions of the steps to pages with a status: the only module that knows which status belongs to which."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, g, render_template, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_limiter.errors import RateLimitExceeded
from flask_wtf.csrf import CSRFError
from jinja2 import TemplateError
from markupsafe import escape
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.fieldwork.answering import (
    ConsentMissing,
    LinkUnknown,
    OpenLinkOff,
    PageChangedMeanwhile,
    ReturnIncomplete,
    ReturnWithdrawn,
)
from surveyapp.fieldwork.rounds import RoundClosed, RoundNotOpen, RoundUnknown
from surveyapp.records.database import (
    DatabaseBusy,
    DatabaseFault,
    DatabaseFull,
    DatabaseNotMigrated,
    DatabaseReadOnly,
)
from surveyapp.records.encryption import VaultFault
from surveyapp.web.csrf import ProofFault, find_page_to_show_again
from surveyapp.web.frame import Frame, build_frame
from surveyapp.web.limits import count_seconds_to_wait
from surveyapp.web.locale import find_language, find_language_urls, show_time
from surveyapp.web.request_log import describe_fault, write_path

logger = logging.getLogger(__name__)

BUSY_SECONDS = 5  # a writer holds the database for less than this
OUTAGE_SECONDS = 120  # someone has to look after the machine
DRAINED_BYTES = 64 * 1024 * 1024  # of a post that is too large, so that the browser reads our page and not a reset
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Problem:
    """What went wrong, in the person's language."""

    status: int
    title: str
    explanation: tuple[str, ...]
    retry_after: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """What templates/error.html shows."""

    frame: Frame
    title: str
    explanation: tuple[str, ...]
    request_id: str
    home_url: str


def show_problem(problem: Problem) -> Response:
    """The page of a problem, with its status."""
    page = ErrorPage(
        frame=build_frame(
            find_language(), site_name=_("Japan export survey"), language_urls=find_language_urls(), home_url="/"
        ),
        title=problem.title,
        explanation=problem.explanation,
        request_id=g.get("request_id", ""),
        home_url="/desk/" if request.path.startswith("/desk") else "/",
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
        logger.error("error page cannot be drawn\n%s", describe_fault(fault))
        paragraphs = "".join(f"<p>{escape(line)}</p>" for line in page.explanation)
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


def explain_round_unknown(fault: RoundUnknown) -> Problem:
    return Problem(
        404,
        _("There is no such survey round"),
        (_("The address names a survey round that does not exist. Please check the link that you received."),),
    )


def explain_round_not_open(fault: RoundNotOpen) -> Problem:
    return Problem(
        403,
        _("This survey round is not open yet"),
        (_("It opens on %(time)s. You can use the same link then.", time=show_time(fault.opens_at)),),
    )


def explain_round_closed(fault: RoundClosed) -> Problem:
    return Problem(
        403,
        _("This survey round is closed"),
        (
            _("It closed on %(time)s. Answers can no longer be given or changed.", time=show_time(fault.closes_at)),
            _("A return that was submitted before then is kept."),
        ),
    )


def explain_open_link_off(fault: OpenLinkOff) -> Problem:
    return Problem(
        403,
        _("This survey round is open to invited companies only"),
        (_("Please use the personal link in your invitation."),),
    )


def explain_link_unknown(fault: LinkUnknown) -> Problem:
    return Problem(
        404,
        _("This link does not lead to a return"),
        (
            _("Please check that the whole link was copied. A link is long and is often cut at a line's end."),
            _("If the answers were erased at a company's request, the link no longer works."),
        ),
    )


def explain_return_withdrawn(fault: ReturnWithdrawn) -> Problem:
    return Problem(
        410,
        _("This return was withdrawn"),
        (_("Its answers were erased. A withdrawn return cannot be taken up again."),),
    )


def explain_page_changed(fault: PageChangedMeanwhile) -> Problem:
    return Problem(
        409,
        _("Somebody else changed this page in the meantime"),
        (_("Nothing was overwritten. Please open the page again, compare, and save what should stand."),),
    )


def explain_consent_missing(fault: ConsentMissing) -> Problem:
    return Problem(
        422,
        _("A return needs the consent to take part"),
        (_("Nothing is saved without it. Please go back and choose whether you agree."),),
    )


def explain_return_incomplete(fault: ReturnIncomplete) -> Problem:
    return Problem(
        422,
        _("The return is not complete yet"),
        (_("Some answers are missing or need to be changed. What was saved is kept."),),
    )


def explain_proof_fault(fault: ProofFault) -> Problem:
    return Problem(
        400,
        _("The form could not be recognised"),
        (_("Please go back, reload the page and send the form again."),),
    )


def explain_filter_unknown(fault: FilterUnknown) -> Problem:
    return Problem(
        400,
        _("This filter does not exist"),
        (_("The address names a question or an answer that this round does not have. Please choose the filter anew."),),
    )


def explain_vault_fault(fault: VaultFault) -> Problem:
    return Problem(
        503,
        _("The service cannot be used at the moment"),
        (_("A protected entry cannot be opened with this installation's keys. The operator has to look into it."),),
        OUTAGE_SECONDS,
    )


def explain_rate_limit(fault: RateLimitExceeded, seconds: int) -> Problem:
    wait = ngettext("Please wait %(num)d second and try again.", "Please wait %(num)d seconds and try again.", seconds)
    return Problem(
        429,
        _("Too many attempts"),
        (_("This was tried too often from your connection within a short time."), wait),
        seconds,
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
    response = show_problem(explain_status(status))
    if status == 405 and (allowed := fault.get_response().headers.get("Allow")):
        response.headers["Allow"] = allowed
    return response


def _handle_rate_limit(fault: RateLimitExceeded) -> Response:
    return show_problem(explain_rate_limit(fault, count_seconds_to_wait()))


def _handle_csrf_error(fault: CSRFError) -> Any:
    """The desk's form comes back with what was typed, where its view says how; else a page that explains."""
    show_again = find_page_to_show_again()
    if show_again is not None:
        return show_again(**(request.view_args or {})), 400
    return show_problem(explain_proof_fault(ProofFault()))


def _handle_unexpected(fault: Exception) -> Response:
    place = (g.get("request_id"), request.method, write_path(request.path))
    logger.error("%s %s %s failed\n%s", *place, describe_fault(fault))
    return show_problem(explain_status(500))


def note_database_fault(fault: DatabaseFault) -> Problem:
    """Write the fault to the log and explain it, for whoever shows it on a page of its own."""
    logger.error("%s %s: %s", g.get("request_id"), write_path(request.path), type(fault).__name__)
    return explain_database_fault(fault)


def _handle_database_fault(fault: DatabaseFault) -> Response:
    return show_problem(note_database_fault(fault))


def set_up_errors(app: Flask) -> None:
    explained: dict[type[Exception], Callable[[Any], Problem]] = {
        RoundUnknown: explain_round_unknown,
        RoundNotOpen: explain_round_not_open,
        RoundClosed: explain_round_closed,
        OpenLinkOff: explain_open_link_off,
        LinkUnknown: explain_link_unknown,
        ReturnWithdrawn: explain_return_withdrawn,
        PageChangedMeanwhile: explain_page_changed,
        ConsentMissing: explain_consent_missing,
        ReturnIncomplete: explain_return_incomplete,
        ProofFault: explain_proof_fault,
        FilterUnknown: explain_filter_unknown,
        VaultFault: explain_vault_fault,
    }
    for kind, explain in explained.items():
        app.register_error_handler(kind, lambda fault, explain=explain: show_problem(explain(fault)))
    app.register_error_handler(DatabaseFault, _handle_database_fault)
    app.register_error_handler(RateLimitExceeded, _handle_rate_limit)
    app.register_error_handler(CSRFError, _handle_csrf_error)
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(Exception, _handle_unexpected)
