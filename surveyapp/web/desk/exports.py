"""The addresses that three CSV files have had from the beginning; each is made as if it had been composed."""

from __future__ import annotations

from flask import request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from surveyapp.analysis.masks import FilterUnknown
from surveyapp.reports.exports.request import ExportKind, ExportRequest, RequestUnknown, read_request
from surveyapp.web.access import ANALYST, MANAGER, allow
from surveyapp.web.csrf import show_again_with
from surveyapp.web.desk.exporting.composer_page import show_composer
from surveyapp.web.desk.exporting.sending import send_composed
from surveyapp.web.frame import Notice
from surveyapp.web.locale import PARAMETER, find_language

_PARAMETERS = frozenset({PARAMETER, "form", "language"})

Reply = Response | tuple[str, int]


@allow(ANALYST)
def send_raw(slug: str) -> Reply:
    """The raw file: names of choices, or labels in one language."""
    return _send(slug, "raw")


def _show_export_again(slug: str) -> str:
    notice = Notice(_("The form had become stale. Please check your reason and send it again."), "warning")
    return show_composer(slug, ExportRequest("identified"), notice=notice)


@allow(MANAGER)
@show_again_with(_show_export_again)
def send_identified(slug: str) -> Reply:
    """The raw file with what names the companies; a manager says why it is needed."""
    return _send(slug, "identified")


@allow(ANALYST)
def send_ministry(slug: str) -> Reply:
    """The ministry table: released figures only."""
    return _send(slug, "ministry")


def _send(slug: str, kind: ExportKind) -> Reply:
    return send_composed(slug, _read_request(kind), action="export.csv")


def _read_request(kind: ExportKind) -> ExportRequest:
    """Raises FilterUnknown for a parameter that means nothing here: a file that ignored a filter would mislead."""
    for name in request.args:
        if name not in _PARAMETERS:
            raise FilterUnknown(name)
    given = {"kind": kind, "cells": request.values.get("form"), "language": request.values.get("language")}
    try:
        return read_request(given, language=find_language())
    except RequestUnknown as unknown:
        name = "form" if unknown.name == "cells" else unknown.name
        raise FilterUnknown(name, request.values[name]) from unknown
