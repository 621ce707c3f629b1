"""`/metrics` for Prometheus: for whoever shows the token of the settings, and not there at all where none is set."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime

from flask import Blueprint, abort, request
from prometheus_client import CONTENT_TYPE_LATEST
from werkzeug.wrappers import Response

from surveyapp.records.database import DatabaseFault
from surveyapp.records.job_claims import count_jobs
from surveyapp.web.access import TOKEN_HOLDER, allow
from surveyapp.web.errors import note_database_fault
from surveyapp.web.installation import find_installation
from surveyapp.web.metrics import find_metrics, write_job_gauges

metrics_page = Blueprint("metrics", __name__)


@metrics_page.get("/metrics")
@allow(TOKEN_HOLDER)
def show_metrics() -> Response:
    expected = find_installation().settings.metrics_token
    if not expected:
        abort(404)
    shown = request.authorization.token if request.authorization is not None else None
    if not hmac.compare_digest(expected.encode(), (shown or "").encode("utf-8", "replace")):
        headers = {"WWW-Authenticate": "Bearer"}
        return Response("the token of the settings is needed\n", 401, headers, mimetype="text/plain")
    return Response(find_metrics().write() + _write_jobs(), content_type=CONTENT_TYPE_LATEST)


def _write_jobs() -> bytes:
    """How the jobs stand, read when it is asked for; nothing where the database cannot be read."""
    now = datetime.now(UTC)
    try:
        with find_installation().database.read() as connection:
            counts = count_jobs(connection, now)
    except DatabaseFault as fault:
        note_database_fault(fault)
        return b""
    waited = 0.0 if counts.due_since is None else (now - counts.due_since).total_seconds()
    return write_job_gauges({"waiting": counts.waiting, "running": counts.running, "failed": counts.failed}, waited)
