"""Making the file that was composed: at once where it is small, by a job where it is large; and fetching it then.

A file is made whole before a header is sent, so that a failure is an error page and never half a file.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from flask import abort, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.fieldwork.left_files import was_taken_back_since
from surveyapp.fieldwork.rounds import Round, find_round
from surveyapp.records.audit import Detail, write_audit
from surveyapp.records.database import Connection
from surveyapp.records.job_queue import Job, JobPending, JobUnknown, add_job, find_job
from surveyapp.records.kept_files import FileGone, FileStore
from surveyapp.reports.exports.making import MadeFile, is_no_room, make_export, open_ground
from surveyapp.reports.exports.refusals import explain_refusal
from surveyapp.reports.exports.request import MAKE_EXPORT, MEDIA_TYPES, ExportFormat, ExportRequest, read_request
from surveyapp.reports.exports.row_table import ExportRefused
from surveyapp.web.access import ANALYST, MANAGER, allow, may
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.exporting.composer_page import find_source, is_made_by_job, read_options, show_composer
from surveyapp.web.desk.surroundings import find_actor, find_words
from surveyapp.web.file_names import name_sent_file
from surveyapp.web.frame import Notice, SummaryFault
from surveyapp.web.installation import find_installation

REASON_LENGTH = 10  # characters at least: enough for a purpose, too many for a dash
MOST_REASON = 500
_BLOCK = 1 << 18


def _show_again(slug: str) -> str:
    stale = _("The form had become stale. Please check what you typed and send it again.")
    return show_composer(slug, read_options(), notice=Notice(stale, "warning"))


@allow(ANALYST)
@show_again_with(_show_again)
def make_file(slug: str) -> Response | tuple[str, int]:
    """Send the file that was composed, or ask for the job that makes it."""
    return send_composed(slug, read_options(), action="export.file")


def send_composed(slug: str, chosen: ExportRequest, *, action: str) -> Response | tuple[str, int]:
    """The file, written to the audit trail as `action`; or the list of files, in which a job puts it.

    What names companies is for managers, who say why in the field `reason`.
    """
    reason = None
    if chosen.kind == "identified":
        if not may(MANAGER):
            abort(403)
        reason = " ".join(request.form.get("reason", "").split())
        if (fault := find_reason_fault(reason)) is not None:
            return show_composer(slug, chosen, faults=(fault,)), 422
    now = datetime.now(UTC)
    try:
        with ExitStack() as stack:
            file = stack.enter_context(tempfile.TemporaryFile())
            with open_ground(find_source(), slug) as ground:
                survey_round, by_job = ground.survey_round, is_made_by_job(ground, chosen)
                made = None if by_job else make_export(ground, chosen, file, actor=find_actor(), now=now)
            if made is None:
                _ask_for_job(survey_round, chosen, reason, now)
                return redirect(_find_list(slug, chosen), 303)
            name = chosen.name_file(survey_round.survey_id, survey_round, now)
            details = _describe_made(chosen, made, name, reason)
            with find_installation().database.write() as connection:
                _write_trace(connection, survey_round, action, details, now)
            file.seek(0)
            response = send_rows(iter(lambda: file.read(_BLOCK), b""), name, chosen.format)
            response.call_on_close(stack.pop_all().close)
            return response
    except ExportRefused as refused:
        what, advice = explain_refusal(find_words(), refused)
        return show_composer(slug, chosen, notice=Notice(advice, "warning", what)), 422
    except OSError as fault:
        if not is_no_room(fault):
            raise
        told = _("The disk of the server is full. Nothing was made. Please tell the operator, then try again.")
        return show_composer(slug, chosen, notice=Notice(told, "warning")), 503


@allow(ANALYST)
def fetch_export(slug: str, job_id: str) -> Response | tuple[str, int]:
    """A file that a job made. Each time it is fetched stands in the audit trail.

    Where a return was withdrawn or narrowed since, the file holds more than it may, and is erased.
    """
    installation, now = find_installation(), datetime.now(UTC)
    store = FileStore(installation.settings.instance, installation.vault)
    with installation.database.read() as connection:
        survey_round = find_round(connection, installation.settings.survey_id, slug)
        job = _find_file(connection, survey_round, job_id)
        chosen = read_request(job.arguments)
        if chosen.kind == "identified" and not may(MANAGER):
            abort(403)
        made_from = datetime.fromisoformat(str(job.result["made_from"]))
        made_until = job.finished_at or now
        is_stale = was_taken_back_since(
            connection, survey_round.survey_id, survey_round.round_id, made_from, submitted_until=made_until
        )
    if is_stale:
        store.discard(job_id)
        told = _("Please make the file again. The old one was erased, since it held more than it may now.")
        title = _("A return was withdrawn, or permits less, since the file was made")
        return show_composer(slug, chosen, notice=Notice(told, "warning", title)), 410
    try:
        content = store.read(job_id, now)
        first = next(content, b"")
    except FileGone:
        told = _("Its time is over. Please make the file again if it is still needed.")
        return show_composer(slug, chosen, notice=Notice(told, "warning", _("The file was erased"))), 410
    name = str(job.result["file"])
    details: dict[str, Detail] = {**chosen.list_details(), "job": job_id, "file": name}
    details["sha256"] = str(job.result["sha256"])
    with installation.database.write() as connection:
        _write_trace(connection, survey_round, "export.file", details, now)
    return send_rows(chain([first], content), name, chosen.format)


def _find_list(slug: str, chosen: ExportRequest) -> str:
    values: dict[str, Any] = {**chosen.describe(), "asked": 1}
    return url_for("desk.show_export", slug=slug, **values) + "#files"


def find_reason_fault(reason: str) -> SummaryFault | None:
    """What is wrong with the reason for a file that names companies."""
    if REASON_LENGTH <= len(reason) <= MOST_REASON:
        return None
    words = _("Say in %(least)s to %(most)s characters what the file is for.", least=REASON_LENGTH, most=MOST_REASON)
    return SummaryFault(words, "#reason")


def send_rows(content: Iterator[bytes], name: str, form: ExportFormat) -> Response:
    return name_sent_file(Response(content, mimetype=MEDIA_TYPES[form]), name)


def _ask_for_job(survey_round: Round, chosen: ExportRequest, reason: str | None, now: datetime) -> None:
    options = chosen.describe()
    key = ":".join((MAKE_EXPORT, survey_round.survey_id, str(survey_round.round_id), *options.values(), find_actor()))
    with find_installation().database.write() as connection, suppress(JobPending):  # pressing twice is asking once
        job_id = add_job(
            connection,
            kind=MAKE_EXPORT,
            arguments={"survey_id": survey_round.survey_id, "round_id": survey_round.round_id, **options},
            actor=find_actor(),
            now=now,
            survey_id=survey_round.survey_id,
            once_key=key,
        )
        details: dict[str, Detail] = {**chosen.list_details(), "job": job_id}
        if reason is not None:
            details["reason"] = reason
        _write_trace(connection, survey_round, "file.asked_for", details, now)


def _find_file(connection: Connection, survey_round: Round, job_id: str) -> Job:
    """Raises `JobUnknown` for a job of another kind or round, and one that is not done."""
    job = find_job(connection, job_id)
    is_ours = job.kind == MAKE_EXPORT and job.survey_id == survey_round.survey_id
    if not is_ours or job.arguments.get("round_id") != survey_round.round_id or job.state != "done":
        raise JobUnknown(job_id)
    return job


def _describe_made(chosen: ExportRequest, made: MadeFile, name: str, reason: str | None) -> dict[str, Detail]:
    details: dict[str, Detail] = {**chosen.list_details(), **made.list_details()}
    if reason is not None:
        details["reason"] = reason
    details["file"] = name
    return details


def _write_trace(
    connection: Connection, survey_round: Round, action: str, details: dict[str, Detail], now: datetime
) -> None:
    write_audit(
        connection,
        actor=find_actor(),
        action=action,
        at=now,
        survey_id=survey_round.survey_id,
        round_id=survey_round.round_id,
        details=details,
    )
