"""Whether the process answers, and whether it can serve: for load balancers and service managers."""

from __future__ import annotations

from flask import Blueprint, Response

from surveyapp.records.database import DatabaseFault
from surveyapp.web.access import PUBLIC, allow
from surveyapp.web.errors import find_waiting_time
from surveyapp.web.installation import find_installation

health = Blueprint("health", __name__)


@health.get("/healthz")
@allow(PUBLIC)
def show_health() -> Response:
    return Response("ok\n", mimetype="text/plain")


@health.get("/readyz")
@allow(PUBLIC)
def show_readiness() -> Response:
    """200 when the database is migrated and writable, else 503 with the reason in plain English."""
    try:
        find_installation().database.check_ready()
    except DatabaseFault as fault:
        headers = {"Retry-After": str(find_waiting_time(fault))}
        return Response(f"{fault}\n", status=503, mimetype="text/plain", headers=headers)
    return Response("ready\n", mimetype="text/plain")
